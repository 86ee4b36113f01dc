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
#define PHONE_COLUMNS "id, user, uid, number, label, created_s, used_s"

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
			      " (user, uid, number, number_hash, label, created_s, used_s)"
			      " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE"
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
	db_make_durable(db);
	r = query_run(query);
	return r == 0 && db_changes(db) == 0 ? -ENOSPC : r;
}

int phone_add(struct db *db, const struct phone_record *record, int64_t *ret_id)
{
	_cleanup_(buf_done) struct buf sealed = BUF_INIT(PHONE_SIZE + SEAL_BYTES);
	unsigned char hash[SHA256_BYTES];
	size_t len = strlen(record->number);
	int r;

	r = keyed_hash(db, PHONE_PURPOSE, record->number, len, hash);
	if (r == 0)
		r = crypto_seal(db_key(db), PHONE_PURPOSE, record->number, len, &sealed);
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
	_cleanup_secret_ struct secret *number = NULL;
	const void *sealed;
	size_t len;

	sealed = query_column_blob(query, 3, &len);
	number = crypto_open(db_key(db), PHONE_PURPOSE, sealed, len);
	ret_record->id = query_column_number(query, 0);
	(void)text_into(ret_record->user, sizeof(ret_record->user), query_column_text(query, 1));
	ret_record->uid = query_column_number(query, 2);
	(void)text_into(ret_record->number, sizeof(ret_record->number), number ? number->data : "");
	(void)text_into(ret_record->label, sizeof(ret_record->label), query_column_text(query, 4));
	ret_record->created_s = query_column_number(query, 5);
	ret_record->used_s = query_column_number(query, 6);
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
