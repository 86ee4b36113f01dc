/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Somebody without codes costs what somebody with codes costs: one hash, one DELETE.
 *
 * A clock that was set back does not make a span longer: what ends later than its whole length from
 * now is not open.
 */
#include "jauthd/glass.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/keyed-hash.h"

#define GLASS_DOMAIN "break-glass"

/* The uid is part of it: an earlier user's codes are nobody's. */
static int kept_hash(const struct db *db, int64_t uid, const struct glass_hash *hash,
		     unsigned char ret_kept[SHA256_BYTES])
{
	unsigned char data[sizeof(uid) + sizeof(hash->bytes)];
	int r;

	memcpy(data, &uid, sizeof(uid));
	memcpy(data + sizeof(uid), hash->bytes, sizeof(hash->bytes));
	r = keyed_hash(db, GLASS_DOMAIN, data, sizeof(data), ret_kept);
	explicit_bzero(data, sizeof(data));
	return r;
}

/* --- set and remove --- */

static int add_code(struct db *db, const char *user, int64_t uid, const struct glass_hash *hash,
		    int64_t until_s)
{
	unsigned char kept[SHA256_BYTES];
	struct query *query;
	int r;

	r = kept_hash(db, uid, hash, kept);
	if (r < 0)
		return r;
	query = query_new(db, "INSERT INTO glass_codes (user, hash, until_s) VALUES (?1, ?2, ?3)");
	query_text(query, 1, user);
	query_blob(query, 2, kept, sizeof(kept));
	query_number(query, 3, until_s);
	return query_run(query);
}

enum which { CODES, RECOVERY, BOTH };

static int drop_codes(struct db *db, const char *user, enum which which)
{
	struct query *query;

	query = query_new(db, "DELETE FROM glass_codes WHERE user = ?1"
			      " AND (?2 = 2 OR (until_s <> 0) = ?2)");
	query_text(query, 1, user);
	query_number(query, 2, which);
	return query_run(query);
}

/* The user's row; what an earlier user of the name had is gone with his. */
static int make_row(struct db *db, const char *user, int64_t uid)
{
	struct query *query;
	int r;

	query = query_new(db, "DELETE FROM glass WHERE user = ?1 AND uid <> ?2");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	r = query_run(query);
	if (r == 0 && db_changes(db))
		r = drop_codes(db, user, BOTH);
	if (r < 0)
		return r;
	query = query_new(db, "INSERT OR IGNORE INTO glass (user, uid, created_s, used_s,"
			      " link_until_s) VALUES (?1, ?2, 0, 0, 0)");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	return query_run(query);
}

static int set_created(struct db *db, const char *user, int64_t now_s)
{
	struct query *query = query_new(db, "UPDATE glass SET created_s = ?2 WHERE user = ?1");

	query_text(query, 1, user);
	query_number(query, 2, now_s);
	return query_run(query);
}

int glass_set(struct db *db, const char *user, int64_t uid, const struct glass_hash *hashes,
	      size_t n_hashes, int64_t now_s)
{
	int r;

	if (!n_hashes || n_hashes > GLASS_CODES_MAX)
		return -EINVAL;
	db_make_durable(db);
	r = make_row(db, user, uid);
	if (r == 0)
		r = drop_codes(db, user, CODES);
	if (r == 0)
		r = set_created(db, user, now_s);
	for (size_t i = 0; r == 0 && i < n_hashes; i++)
		r = add_code(db, user, uid, &hashes[i], 0);
	return r;
}

int glass_set_recovery(struct db *db, const char *user, int64_t uid,
		       const struct glass_hash *hash, int64_t now_s)
{
	int r;

	db_make_durable(db);
	r = make_row(db, user, uid);
	if (r == 0)
		r = drop_codes(db, user, RECOVERY);
	return r < 0 ? r : add_code(db, user, uid, hash, now_s + GLASS_RECOVERY_S);
}

int glass_remove(struct db *db, const char *user)
{
	struct query *query = query_new(db, "DELETE FROM glass WHERE user = ?1");
	int64_t n;
	int r;

	query_text(query, 1, user);
	db_make_durable(db);
	r = query_run(query);
	n = db_changes(db);
	if (r == 0)
		r = drop_codes(db, user, BOTH);
	return r == 0 && n == 0 ? -ENOENT : r;
}

/* --- take --- */

static int hash_entry(const struct secret *entry, struct glass_hash *ret_hash)
{
	struct digest digest;
	int r = crypto_digest(DIGEST_SHA256, entry->data, entry->len, &digest);

	if (r == 0)
		memcpy(ret_hash->bytes, digest.bytes, sizeof(ret_hash->bytes));
	explicit_bzero(&digest, sizeof(digest));
	return r;
}

/* 1: there was this code, and it is gone; 0: there was none. */
static int take_code(struct db *db, const char *user, int64_t uid,
		     const unsigned char kept[SHA256_BYTES], int64_t now_s, int64_t *ret_until_s)
{
	struct query *query;
	int r;

	query = query_new(db, "DELETE FROM glass_codes WHERE user = ?1 AND hash = ?2"
			      " AND (until_s = 0 OR (until_s > ?3 AND until_s <= ?3 + ?4))"
			      " AND EXISTS (SELECT 1 FROM glass WHERE user = ?1 AND uid = ?5)"
			      " RETURNING until_s");
	query_text(query, 1, user);
	query_blob(query, 2, kept, SHA256_BYTES);
	query_number(query, 3, now_s);
	query_number(query, 4, GLASS_RECOVERY_S);
	query_number(query, 5, uid);
	r = query_step(query);
	if (r == 1)
		*ret_until_s = query_column_number(query, 0);
	query_done(query);
	return r;
}

static int note_use(struct db *db, const char *user, int64_t now_s, bool may_link)
{
	struct query *query;

	query = query_new(db, "UPDATE glass SET used_s = ?2,"
			      " link_until_s = iif(?3, ?2 + ?4, link_until_s) WHERE user = ?1");
	query_text(query, 1, user);
	query_number(query, 2, now_s);
	query_number(query, 3, may_link);
	query_number(query, 4, GLASS_LINK_S);
	return query_run(query);
}

int glass_take(struct db *db, const char *user, int64_t uid, const struct secret *entry,
	       int64_t now_s, enum glass_match *ret_match)
{
	unsigned char kept[SHA256_BYTES];
	struct glass_hash hash;
	int64_t until_s = 0;
	int r = hash_entry(entry, &hash);

	if (r == 0)
		r = kept_hash(db, uid, &hash, kept);
	explicit_bzero(&hash, sizeof(hash));
	if (r < 0)
		return r;
	r = take_code(db, user, uid, kept, now_s, &until_s);
	if (r == 1) {
		db_make_durable(db);
		r = note_use(db, user, now_s, until_s != 0);
		if (r == 0)
			*ret_match = until_s ? GLASS_RECOVERY : GLASS_CODE;
	} else if (r == 0) {
		*ret_match = GLASS_NO;
	}
	return r;
}

/* --- one link after a recovery --- */

int glass_may_link(struct db *db, const char *user, int64_t uid, int64_t now_s, bool *ret_may)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT 1 FROM glass WHERE user = ?1 AND uid = ?2"
			      " AND link_until_s > ?3 AND link_until_s <= ?3 + ?4");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	query_number(query, 3, now_s);
	query_number(query, 4, GLASS_LINK_S);
	r = query_step(query);
	query_done(query);
	if (r < 0)
		return r;
	*ret_may = r == 1;
	return 0;
}

int glass_linked(struct db *db, const char *user, int64_t uid, int64_t now_s)
{
	struct query *query;
	int r;

	query = query_new(db, "UPDATE glass SET link_until_s = 0 WHERE user = ?1 AND uid = ?2"
			      " AND link_until_s > ?3 AND link_until_s <= ?3 + ?4");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	query_number(query, 3, now_s);
	query_number(query, 4, GLASS_LINK_S);
	r = query_run(query);
	return r == 0 && db_changes(db) != 1 ? -ENOENT : r;
}

/* --- list --- */

int glass_each(struct db *db, const char *user, int64_t now_s,
	       int (*each)(const struct glass_row *row, void *context), void *context)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT user, uid, created_s, used_s, (SELECT count(*) FROM"
			      "  glass_codes AS c WHERE c.user = glass.user AND until_s = 0),"
			      " (SELECT coalesce(max(until_s), 0) FROM glass_codes AS c"
			      "  WHERE c.user = glass.user AND until_s > ?2) FROM glass"
			      " WHERE ?1 IS NULL OR user = ?1 ORDER BY user");
	query_text(query, 1, user);
	query_number(query, 2, now_s);
	while ((r = query_step(query)) == 1) {
		struct glass_row row = {
			.uid = query_column_number(query, 1),
			.created_s = query_column_number(query, 2),
			.used_s = query_column_number(query, 3),
			.n_codes = query_column_number(query, 4),
			.recovery_until_s = query_column_number(query, 5),
		};

		r = text_into(row.user, sizeof(row.user), query_column_text(query, 0)) ?
		    each(&row, context) : -EUCLEAN;
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}
