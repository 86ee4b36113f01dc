/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Somebody without an enrolment gets a stand-in, a key made for this one check, so that how long
 * the answer takes does not tell who has one. Whatever matches a stand-in, the answer is no.
 */
#include "jauthd/enrolments.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauthd/keyed-hash.h"

#define TOTP_PURPOSE     "totp"
#define RECOVERY_DOMAIN  "recovery"
#define RECOVERY_LEN_MAX 64
#define TOTP_KEY_MAX     64
#define TOTP_PERIOD_MAX  3600
#define STAND_IN_BYTES   20      /* RFC 4226 section 4, R6 */

/* What a check compares with. */
struct enrolment {
	bool is_real;
	struct secret *key;
	struct totp_rule rule;
	int64_t last_step;
};

static void enrolment_done(struct enrolment *enrolment)
{
	secret_free(enrolment->key);
}

static bool rule_is_right(const struct totp_rule *rule)
{
	return (rule->digest == DIGEST_SHA1 || rule->digest == DIGEST_SHA256 ||
		rule->digest == DIGEST_SHA512) &&
	       rule->digits >= TOTP_DIGITS_MIN && rule->digits <= TOTP_DIGITS_MAX &&
	       rule->period_s >= 1 && rule->period_s <= TOTP_PERIOD_MAX;
}

/* The uid is part of it: an earlier user's codes are nobody's. */
static int recovery_hash(const struct db *db, int64_t uid, const struct secret *code,
			 unsigned char ret_hash[SHA256_BYTES])
{
	_cleanup_(buf_done) struct buf data = BUF_INIT_SECRET(sizeof(uid) + RECOVERY_LEN_MAX);

	buf_add(&data, &uid, sizeof(uid));
	buf_add(&data, code->data, MIN(code->len, (size_t)RECOVERY_LEN_MAX));
	if (buf_failed(&data))
		return -ENOMEM;
	return keyed_hash(db, RECOVERY_DOMAIN, data.data, data.len, ret_hash);
}

/* --- set and remove --- */

static int set_key(struct db *db, const char *user, int64_t uid,
		   const struct totp_enrolment *enrolment, int64_t now_s)
{
	_cleanup_(buf_done) struct buf sealed = BUF_INIT(TOTP_KEY_MAX + SEAL_BYTES);
	struct query *query;
	int r;

	r = crypto_seal(db_key(db), TOTP_PURPOSE, enrolment->key->data, enrolment->key->len,
			&sealed);
	if (r < 0)
		return r;
	query = query_new(db, "INSERT OR REPLACE INTO totp (user, uid, key, digest, digits,"
			      " period_s, last_step, created_s, used_s)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0)");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	query_blob(query, 3, sealed.data, sealed.len);
	query_number(query, 4, enrolment->rule.digest);
	query_number(query, 5, enrolment->rule.digits);
	query_number(query, 6, enrolment->rule.period_s);
	query_number(query, 7, enrolment->step);
	query_number(query, 8, now_s);
	return query_run(query);
}

static int add_recovery(struct db *db, const char *user, int64_t uid, const struct secret *code)
{
	unsigned char hash[SHA256_BYTES];
	struct query *query;
	int r;

	r = recovery_hash(db, uid, code, hash);
	if (r < 0)
		return r;
	query = query_new(db, "INSERT INTO recovery (user, hash) VALUES (?1, ?2)");
	query_text(query, 1, user);
	query_blob(query, 2, hash, sizeof(hash));
	return query_run(query);
}

static int drop_recovery(struct db *db, const char *user)
{
	struct query *query = query_new(db, "DELETE FROM recovery WHERE user = ?1");

	query_text(query, 1, user);
	return query_run(query);
}

static bool is_right(const struct totp_enrolment *enrolment)
{
	if (!rule_is_right(&enrolment->rule) || enrolment->n_recovery > RECOVERY_CODES_MAX ||
	    !enrolment->key->len || enrolment->key->len > TOTP_KEY_MAX)
		return false;
	for (size_t i = 0; i < enrolment->n_recovery; i++)
		if (!enrolment->recovery[i]->len ||
		    enrolment->recovery[i]->len > RECOVERY_LEN_MAX)
			return false;
	return true;
}

int enrolment_set(struct db *db, const char *user, int64_t uid,
		  const struct totp_enrolment *enrolment, int64_t now_s)
{
	int r;

	if (!is_right(enrolment))
		return -EINVAL;
	db_make_durable(db);
	r = drop_recovery(db, user);
	if (r == 0)
		r = set_key(db, user, uid, enrolment, now_s);
	for (size_t i = 0; r == 0 && i < enrolment->n_recovery; i++)
		r = add_recovery(db, user, uid, enrolment->recovery[i]);
	return r;
}

int enrolment_remove(struct db *db, const char *user)
{
	struct query *query;
	int64_t n;
	int r;

	query = query_new(db, "DELETE FROM totp WHERE user = ?1");
	query_text(query, 1, user);
	db_make_durable(db);
	r = query_run(query);
	n = db_changes(db);
	if (r == 0)
		r = drop_recovery(db, user);
	return r == 0 && n == 0 ? -ENOENT : r;
}

/* --- check --- */

static int make_stand_in(struct enrolment *ret_enrolment)
{
	unsigned char bytes[STAND_IN_BYTES];
	int r = random_bytes(bytes, sizeof(bytes));

	if (r < 0)
		return r;
	*ret_enrolment = (struct enrolment){
		.key = secret_new(bytes, sizeof(bytes)),
		.rule = { DIGEST_SHA1, TOTP_DIGITS_MIN, 30 },
	};
	return ret_enrolment->key ? 0 : -ENOMEM;
}

/* False when this is not what enrolment_set() wrote. */
static bool read_enrolment(struct db *db, struct query *query, struct enrolment *ret_enrolment)
{
	size_t len;
	const void *sealed = query_column_blob(query, 0, &len);
	const struct totp_rule rule = {
		.digest = (enum digest_kind)query_column_number(query, 1),
		.digits = (unsigned)query_column_number(query, 2),
		.period_s = query_column_number(query, 3),
	};
	_cleanup_secret_ struct secret *key = crypto_open(db_key(db), TOTP_PURPOSE, sealed, len);

	if (!key || !key->len || !rule_is_right(&rule))
		return false;
	*ret_enrolment = (struct enrolment){
		.is_real = true,
		.key = steal(&key),
		.rule = rule,
		.last_step = query_column_number(query, 4),
	};
	return true;
}

static int find_enrolment(struct db *db, const char *user, int64_t uid,
			  struct enrolment *ret_enrolment)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT key, digest, digits, period_s, last_step FROM totp"
			      " WHERE user = ?1 AND uid = ?2");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	r = query_step(query);
	if (r == 1 && !read_enrolment(db, query, ret_enrolment)) {
		log_error("store: the TOTP key of uid %lld is damaged; enrol anew",
			  (long long)uid);
		r = 0;
	}
	query_done(query);
	if (r == 0)
		return make_stand_in(ret_enrolment);
	return r < 0 ? r : 0;
}

/* From now on this step and all before it are taken. */
static int take_step(struct db *db, const char *user, int64_t uid, int64_t step, int64_t now_s)
{
	struct query *query;
	int r;

	query = query_new(db, "UPDATE totp SET last_step = ?3, used_s = ?4"
			      " WHERE user = ?1 AND uid = ?2 AND last_step < ?3");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	query_number(query, 3, step);
	query_number(query, 4, now_s);
	r = query_run(query);
	return r == 0 && db_changes(db) != 1 ? -EUCLEAN : r;
}

/* 1: there was this code, and it is gone. 0: there was none. */
static int take_recovery(struct db *db, const char *user, int64_t uid,
			 const struct secret *entry, bool is_real)
{
	unsigned char hash[SHA256_BYTES];
	struct query *query;
	int r;

	r = recovery_hash(db, uid, entry, hash);
	if (r < 0)
		return r;
	query = query_new(db, "DELETE FROM recovery WHERE user = ?1 AND hash = ?2 AND ?3");
	query_text(query, 1, user);
	query_blob(query, 2, hash, sizeof(hash));
	query_number(query, 3, is_real);
	r = query_run(query);
	return r < 0 ? r : db_changes(db) == 1;
}

static int touch(struct db *db, const char *user, int64_t now_s)
{
	struct query *query = query_new(db, "UPDATE totp SET used_s = ?2 WHERE user = ?1");

	query_text(query, 1, user);
	query_number(query, 2, now_s);
	return query_run(query);
}

int enrolment_check(struct db *db, const char *user, int64_t uid, const struct secret *entry,
		    int64_t window, int64_t now_s, enum enrolment_match *ret_match)
{
	_cleanup_(enrolment_done) struct enrolment enrolment = { 0 };
	enum enrolment_match match = ENROLMENT_NO;
	int64_t step = 0;
	int r;

	r = find_enrolment(db, user, uid, &enrolment);
	if (r < 0)
		return r;
	r = totp_find(&enrolment.rule, enrolment.key, entry, totp_step(&enrolment.rule, now_s),
		      window, enrolment.last_step, &step);
	if (r == 0 && enrolment.is_real) {
		match = ENROLMENT_CODE;
		r = take_step(db, user, uid, step, now_s);
	} else if (r == 0 || r == -ENOENT) {
		r = take_recovery(db, user, uid, entry, enrolment.is_real);
		if (r == 1) {
			match = ENROLMENT_RECOVERY;
			r = touch(db, user, now_s);
		}
	}
	if (r == 0)
		*ret_match = match;
	return r;
}

/* --- list --- */

int enrolment_each(struct db *db, const char *user,
		   int (*each)(const struct enrolment_row *row, void *context), void *context)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT user, uid, created_s, used_s, (SELECT count(*) FROM recovery"
			      "  WHERE recovery.user = totp.user) FROM totp"
			      " WHERE ?1 IS NULL OR user = ?1 ORDER BY user");
	query_text(query, 1, user);
	while ((r = query_step(query)) == 1) {
		struct enrolment_row row = {
			.uid = query_column_number(query, 1),
			.created_s = query_column_number(query, 2),
			.used_s = query_column_number(query, 3),
			.n_recovery = query_column_number(query, 4),
		};

		r = text_into(row.user, sizeof(row.user), query_column_text(query, 0)) ?
		    each(&row, context) : -EUCLEAN;
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}
