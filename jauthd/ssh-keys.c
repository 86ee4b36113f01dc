/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/ssh-keys.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/snapshot.h"
#include "base/text.h"

static_assert(SSH_KEYS_TEXT_MAX <= SNAPSHOT_KEYS_MAX, "all of them go into the user's record");

/* Identities that lead to somebody who may log in: his own, and those linked to him. */
#define WANTED \
	"(SELECT issuer, subject FROM people WHERE state = 0" \
	" UNION SELECT l.issuer, l.subject FROM links l JOIN people p" \
	" ON p.uid = l.uid AND p.name = l.user AND p.state = 0 WHERE l.pending = 0)"

int ssh_keys_find_due(struct db *db, const char *issuer, int64_t now_s, char *ret_subject)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT w.subject FROM " WANTED " w"
			      " LEFT JOIN ssh_keys k USING (issuer, subject)"
			      " WHERE w.issuer = ?1 AND (k.due_s IS NULL OR k.due_s <= ?2"
			      " OR k.due_s > ?2 + ?3) ORDER BY coalesce(k.due_s, 0) LIMIT 1");
	query_text(query, 1, issuer);
	query_number(query, 2, now_s);
	query_number(query, 3, SSH_KEYS_EVERY_S);        /* a clock that was ahead */
	r = query_step(query);
	if (r == 1 && !text_into(ret_subject, IDENTITY_TEXT_MAX + 1, query_column_text(query, 0)))
		r = -EUCLEAN;
	query_done(query);
	return r;
}

static int put(struct db *db, const char *issuer, const char *subject, const char *keys,
	       int64_t now_s)
{
	struct query *query;

	query = query_new(db, "INSERT INTO ssh_keys (issuer, subject, keys, fetched_s, due_s)"
			      " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET"
			      " keys = excluded.keys, fetched_s = excluded.fetched_s,"
			      " due_s = excluded.due_s");
	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	query_text(query, 3, keys);
	query_number(query, 4, now_s);
	query_number(query, 5, now_s + SSH_KEYS_EVERY_S);
	return query_run(query);
}

/* 1: so they are already. */
static int is_same(struct db *db, const char *issuer, const char *subject, const char *keys)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT coalesce((SELECT keys FROM ssh_keys WHERE issuer = ?1"
			      " AND subject = ?2), '') = ?3");
	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	query_text(query, 3, keys);
	r = query_step(query);
	if (r == 1)
		r = query_column_number(query, 0) != 0;
	query_done(query);
	return r;
}

int ssh_keys_set(struct db *db, const char *issuer, const char *subject, const char *keys,
		 int64_t now_s, bool *ret_changed)
{
	int is_known = is_same(db, issuer, subject, keys);
	int r = is_known < 0 ? is_known : put(db, issuer, subject, keys, now_s);

	if (r == 0)
		*ret_changed = !is_known;
	return r;
}

int ssh_keys_failed(struct db *db, const char *issuer, const char *subject, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "INSERT INTO ssh_keys (issuer, subject, keys, fetched_s, due_s)"
			      " VALUES (?1, ?2, '', 0, ?3) ON CONFLICT DO UPDATE SET"
			      " due_s = excluded.due_s");
	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	query_number(query, 3, now_s + SSH_KEYS_AGAIN_S);
	return query_run(query);
}

/* To both sides: a clock that was ahead must not keep keys for years. */
int ssh_keys_drop_old(struct db *db, int64_t now_s, bool *ret_changed)
{
	struct query *query;
	int r;

	query = query_new(db, "UPDATE ssh_keys SET keys = '' WHERE keys <> ''"
			      " AND abs(fetched_s - ?1) >= ?2");
	query_number(query, 1, now_s);
	query_number(query, 2, SSH_KEYS_KEPT_S);
	r = query_run(query);
	if (r == 0)
		*ret_changed = db_changes(db) > 0;
	return r;
}

static int drop_unwanted(struct db *db, bool *ret_changed)
{
	int r = query_run(query_new(db, "DELETE FROM ssh_keys WHERE (issuer, subject) NOT IN "
					WANTED));

	*ret_changed = r == 0 && db_changes(db) > 0;
	return r;
}

static int find_issuer(struct db *db, const char *after, char ret_issuer[URL_MAX + 1])
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT issuer FROM ssh_keys WHERE issuer > ?1"
			      " ORDER BY issuer LIMIT 1");
	query_text(query, 1, after);
	r = query_step(query);
	if (r == 1 && !text_into(ret_issuer, URL_MAX + 1, query_column_text(query, 0)))
		r = -EUCLEAN;
	query_done(query);
	return r;
}

static int drop_issuer(struct db *db, const char *issuer)
{
	struct query *query = query_new(db, "DELETE FROM ssh_keys WHERE issuer = ?1");

	query_text(query, 1, issuer);
	return query_run(query);
}

int ssh_keys_keep_only(struct db *db, char *const *issuers, bool *ret_changed)
{
	char issuer[URL_MAX + 1], after[URL_MAX + 1] = "";
	bool is_changed = false;
	int r = drop_unwanted(db, &is_changed);

	while (r >= 0 && (r = find_issuer(db, after, issuer)) == 1) {
		(void)text_into(after, sizeof(after), issuer);
		if (list_has(issuers, issuer))
			continue;
		is_changed = true;
		r = drop_issuer(db, issuer);
	}
	if (r == 0)
		*ret_changed = is_changed;
	return r;
}

/* A line that is there already says nothing new. */
static void add_lines(struct buf *buf, const char *keys)
{
	while (*keys) {
		size_t len = strcspn(keys, "\n") + 1;
		_cleanup_free_ char *line = text_format("%.*s", (int)len, keys);

		if (keys[len - 1] != '\n')
			return;
		if (!strstr(buf_text(buf), line) && buf->len + len <= SSH_KEYS_TEXT_MAX)
			buf_add(buf, line, len);
		keys += len;
	}
}

int ssh_keys_add_of(struct db *db, const struct person *person, struct buf *buf)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT k.keys FROM ssh_keys k WHERE k.keys <> ''"
			      " AND ((k.issuer, k.subject) = (?1, ?2) OR (k.issuer, k.subject) IN"
			      " (SELECT issuer, subject FROM links WHERE user = ?3 AND uid = ?4"
			      " AND pending = 0))"
			      " AND (k.issuer, k.subject) NOT IN"
			      " (SELECT issuer, subject FROM locked_identities)"
			      " ORDER BY k.issuer, k.subject");
	query_text(query, 1, person->issuer);
	query_text(query, 2, person->subject);
	query_text(query, 3, person->name);
	query_number(query, 4, person->uid);
	while ((r = query_step(query)) == 1)
		add_lines(buf, query_column_text(query, 0));
	query_done(query);
	return r;
}
