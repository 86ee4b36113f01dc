/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/phones.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauthd/keyed-hash.h"

#define PHONE_PURPOSE "phone"
#define PHONE_COLUMNS "id, user, uid, number, label, created_s, used_s, source"

void phone_record_done(struct phone_record *record)
{
	explicit_bzero(record, sizeof(*record));
}

/* A number that is there already does not count against the limit: it is refused as such. */
static int insert(struct db *db, const struct phone_record *record, const struct buf *sealed,
		  const unsigned char hash[SHA256_BYTES])
{
	struct query *query;
	int r;

	query = query_new(db, "INSERT INTO phones"
			      " (user, uid, number, number_hash, label, created_s, used_s,"
			      " source) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?9 WHERE"
			      " (SELECT count(*) FROM phones"
			      "  WHERE user = ?1 AND uid = ?2 AND number_hash <> ?4) < ?8");
	query_text(query, 1, record->user);
	query_number(query, 2, record->uid);
	query_blob(query, 3, sealed->data, sealed->len);
	query_blob(query, 4, hash, SHA256_BYTES);
	query_text(query, 5, record->label);
	query_number(query, 6, record->created_s);
	query_number(query, 7, record->used_s);
	query_number(query, 8, PHONES_PER_USER_MAX);
	query_text(query, 9, record->source);
	db_make_durable(db);
	r = query_run(query);
	return r == 0 && db_changes(db) == 0 ? -ENOSPC : r;
}

int phone_hash(struct db *db, const char *number, unsigned char ret_hash[SHA256_BYTES])
{
	return keyed_hash(db, PHONE_PURPOSE, number, strlen(number), ret_hash);
}

int phone_seal(struct db *db, const char *number, struct buf *ret_sealed)
{
	return crypto_seal(db_key(db), PHONE_PURPOSE, number, strlen(number), ret_sealed);
}

/* "" when it does not open. */
static void open_number(struct db *db, const void *sealed, size_t len, char ret_number[PHONE_SIZE])
{
	_cleanup_secret_ struct secret *number = crypto_open(db_key(db), PHONE_PURPOSE, sealed,
							     len);

	(void)text_into(ret_number, PHONE_SIZE, number ? number->data : "");
}

int phone_add(struct db *db, const struct phone_record *record, int64_t *ret_id)
{
	_cleanup_(buf_done) struct buf sealed = BUF_INIT(PHONE_SEALED_MAX);
	unsigned char hash[SHA256_BYTES];
	int r;

	r = phone_hash(db, record->number, hash);
	if (r == 0)
		r = phone_seal(db, record->number, &sealed);
	if (r == 0)
		r = insert(db, record, &sealed, hash);
	if (r == 0 && ret_id)
		*ret_id = db_last_id(db);
	return r;
}

int phone_remove(struct db *db, int64_t id)
{
	struct query *query = query_new(db, "DELETE FROM phones WHERE id = ?1");
	int r;

	query_number(query, 1, id);
	db_make_durable(db);
	r = query_run(query);
	return r == 0 && db_changes(db) == 0 ? -ENOENT : r;
}

int phone_used(struct db *db, int64_t id, int64_t now_s)
{
	struct query *query = query_new(db, "UPDATE phones SET used_s = ?2 WHERE id = ?1");
	int r;

	query_number(query, 1, id);
	query_number(query, 2, now_s);
	r = query_run(query);
	return r == 0 && db_changes(db) == 0 ? -ENOENT : r;
}

/* A number or text that is not as phone_add() wrote it is "". */
static void read_record(struct db *db, struct query *query, struct phone_record *ret_record)
{
	const void *sealed;
	size_t len;

	sealed = query_column_blob(query, 3, &len);
	open_number(db, sealed, len, ret_record->number);
	ret_record->id = query_column_number(query, 0);
	(void)text_into(ret_record->user, sizeof(ret_record->user), query_column_text(query, 1));
	ret_record->uid = query_column_number(query, 2);
	(void)text_into(ret_record->label, sizeof(ret_record->label), query_column_text(query, 4));
	ret_record->created_s = query_column_number(query, 5);
	ret_record->used_s = query_column_number(query, 6);
	(void)text_into(ret_record->source, sizeof(ret_record->source),
			query_column_text(query, 7));
}

int phone_get(struct db *db, int64_t id, struct phone_record *ret_record)
{
	struct query *query = query_new(db, "SELECT " PHONE_COLUMNS " FROM phones WHERE id = ?1");
	int r;

	query_number(query, 1, id);
	r = query_step(query);
	if (r == 1)
		read_record(db, query, ret_record);
	query_done(query);
	return r < 0 ? r : r == 1 ? 0 : -ENOENT;
}

int phone_each(struct db *db, const char *user, int64_t uid,
	       int (*each)(const struct phone_record *record, void *context), void *context)
{
	_cleanup_(phone_record_done) struct phone_record record = { 0 };
	struct query *query;
	int r;

	query = query_new(db, "SELECT " PHONE_COLUMNS " FROM phones"
			      " WHERE (?1 IS NULL OR user = ?1) AND (?2 = -1 OR uid = ?2)"
			      " ORDER BY id");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	while ((r = query_step(query)) == 1) {
		read_record(db, query, &record);
		/* One damaged row keeps nobody from his other numbers. */
		if (!phone_is_valid(record.number) || !record.user[0]) {
			log_error("store: phone %" PRId64 " is damaged and left out; remove it",
				  record.id);
			continue;
		}
		r = each(&record, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

/* --- numbers that a list has --- */

static struct query *of_list(struct db *db, const char *sql, const struct phone_record *record,
			     const unsigned char hash[SHA256_BYTES])
{
	struct query *query = query_new(db, sql);

	query_text(query, 1, record->user);
	query_number(query, 2, record->uid);
	query_text(query, 3, record->source);
	query_blob(query, 4, hash, SHA256_BYTES);
	return query;
}

/* 1: the list's number of this user is this one, and no other. */
static int is_listed(struct db *db, const struct phone_record *record,
		     const unsigned char hash[SHA256_BYTES])
{
	struct query *query = of_list(db, "SELECT 1 WHERE EXISTS (SELECT 1 FROM phones"
					  " WHERE user = ?1 AND uid = ?2 AND source = ?3"
					  " AND number_hash = ?4) AND NOT EXISTS"
					  " (SELECT 1 FROM phones WHERE user = ?1 AND uid = ?2"
					  " AND source = ?3 AND number_hash <> ?4)", record, hash);
	int r = query_step(query);

	query_done(query);
	return r;
}

/* What was added by hand before is the list's from now on. */
static int replace(struct db *db, const struct phone_record *record,
		   const unsigned char hash[SHA256_BYTES])
{
	int r = query_run(of_list(db, "DELETE FROM phones WHERE user = ?1 AND uid = ?2"
				      " AND source = ?3 AND number_hash <> ?4", record, hash));

	if (r == 0)
		r = query_run(of_list(db, "UPDATE phones SET source = ?3 WHERE user = ?1"
					  " AND uid = ?2 AND number_hash = ?4", record, hash));
	if (r < 0 || db_changes(db) > 0)
		return r;
	return phone_add(db, record, NULL);
}

int phone_set_listed(struct db *db, const struct phone_record *record, const void *sealed,
		     size_t len)
{
	_cleanup_(phone_record_done) struct phone_record whole = *record;
	unsigned char hash[SHA256_BYTES];
	int r;

	open_number(db, sealed, len, whole.number);
	if (!phone_is_valid(whole.number))
		return -EUCLEAN;
	r = phone_hash(db, whole.number, hash);
	if (r < 0)
		return r;
	r = is_listed(db, &whole, hash);
	return r == 0 ? replace(db, &whole, hash) : MIN(r, 0);
}

int phone_drop_listed(struct db *db, const char *user, int64_t uid, const char *source)
{
	struct query *query = query_new(db, "DELETE FROM phones WHERE user = ?1 AND uid = ?2"
					    " AND source = ?3");

	query_text(query, 1, user);
	query_number(query, 2, uid);
	query_text(query, 3, source);
	return query_run(query);
}
