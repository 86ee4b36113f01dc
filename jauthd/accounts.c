/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts and links; every change a sysadmin asks for goes to the disk before it is confirmed. */
#include "jauthd/accounts.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"

#define ACCOUNT_COLUMNS \
	"user, uid, hash, locked, must_change, expires_s, password_expires_s, created_s, changed_s"
/* Those of its request last. */
#define LINK_COLUMNS \
	"l.id, l.issuer, l.subject, l.user, l.uid, l.note, l.origin, l.created_s, l.used_s," \
	" l.pending, r.request, r.method, r.display, r.source"
#define LINK_TABLES "links l LEFT JOIN requests r ON r.link_id = l.id"

/* --- accounts --- */

void account_done(struct account *account)
{
	explicit_bzero(account, sizeof(*account));
}

/* A field too long for the struct was not written by us. */
static int account_read(struct query *query, struct account *ret_account)
{
	if (!text_into(ret_account->user, sizeof(ret_account->user), query_column_text(query, 0)) ||
	    !text_into(ret_account->hash, sizeof(ret_account->hash), query_column_text(query, 2)))
		return -EUCLEAN;
	ret_account->uid = query_column_number(query, 1);
	ret_account->locked = query_column_number(query, 3) != 0;
	ret_account->must_change = query_column_number(query, 4) != 0;
	ret_account->expires_s = query_column_number(query, 5);
	ret_account->password_expires_s = query_column_number(query, 6);
	ret_account->created_s = query_column_number(query, 7);
	ret_account->changed_s = query_column_number(query, 8);
	return 0;
}

int account_get(struct db *db, const char *user, int64_t uid, struct account *ret_account)
{
	_cleanup_(account_done) struct account account = { 0 };
	struct query *query;
	int r;

	query = query_new(db, "SELECT " ACCOUNT_COLUMNS " FROM accounts WHERE user = ?1");
	query_text(query, 1, user);
	r = query_step(query);
	if (r == 1)
		r = account_read(query, &account);
	else if (r == 0)
		r = -ENOENT;
	query_done(query);
	if (r == 0 && account.uid != uid)
		r = -ESTALE;
	if (r == 0)
		*ret_account = account;
	return r;
}

int account_add(struct db *db, const struct account *account)
{
	struct query *query;

	query = query_new(db, "INSERT INTO accounts (" ACCOUNT_COLUMNS ")"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
	query_text(query, 1, account->user);
	query_number(query, 2, account->uid);
	query_text(query, 3, account->hash);
	query_number(query, 4, account->locked);
	query_number(query, 5, account->must_change);
	query_number(query, 6, account->expires_s);
	query_number(query, 7, account->password_expires_s);
	query_number(query, 8, account->created_s);
	query_number(query, 9, account->changed_s);
	db_make_durable(db);
	return query_run(query);
}

/* Runs a change of one row; -ENOENT when there was none. */
static int change_one(struct db *db, struct query *query)
{
	int r;

	db_make_durable(db);
	r = query_run(query);
	if (r == 0 && db_changes(db) == 0)
		r = -ENOENT;
	return r;
}

int account_remove(struct db *db, const char *user)
{
	struct query *query = query_new(db, "DELETE FROM accounts WHERE user = ?1");

	query_text(query, 1, user);
	return change_one(db, query);
}

int account_set_hash(struct db *db, const char *user, int64_t uid, const char *hash,
		     bool must_change, int64_t now_s, int64_t password_expires_s)
{
	struct query *query;

	query = query_new(db, "UPDATE accounts SET hash = ?3, must_change = ?4, changed_s = ?5,"
			      " password_expires_s = ?6 WHERE user = ?1 AND uid = ?2");
	query_text(query, 1, user);
	query_number(query, 2, uid);
	query_text(query, 3, hash);
	query_number(query, 4, must_change);
	query_number(query, 5, now_s);
	query_number(query, 6, password_expires_s);
	return change_one(db, query);
}

int account_set_locked(struct db *db, const char *user, bool locked)
{
	struct query *query = query_new(db, "UPDATE accounts SET locked = ?2 WHERE user = ?1");

	query_text(query, 1, user);
	query_number(query, 2, locked);
	return change_one(db, query);
}

int account_set_must_change(struct db *db, const char *user, bool must_change)
{
	struct query *query = query_new(db, "UPDATE accounts SET must_change = ?2 WHERE user = ?1");

	query_text(query, 1, user);
	query_number(query, 2, must_change);
	return change_one(db, query);
}

int account_set_expiry(struct db *db, const char *user, int64_t expires_s)
{
	struct query *query = query_new(db, "UPDATE accounts SET expires_s = ?2 WHERE user = ?1");

	query_text(query, 1, user);
	query_number(query, 2, expires_s);
	return change_one(db, query);
}

int account_each(struct db *db, int (*each)(const struct account *account, void *context),
		 void *context)
{
	_cleanup_(account_done) struct account account = { 0 };
	struct query *query;
	int r;

	query = query_new(db, "SELECT " ACCOUNT_COLUMNS " FROM accounts ORDER BY user");
	while ((r = query_step(query)) == 1) {
		r = account_read(query, &account);
		if (r == 0)
			r = each(&account, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

/* --- links --- */

void link_done(struct link *link)
{
	free(link->issuer);
	free(link->subject);
	free(link->user);
	free(link->note);
	free(link->origin);
	free(link->request);
	free(link->method);
	free(link->display);
	free(link->source);
	*link = (struct link){ 0 };
}

int link_matches(struct db *db, const char *issuer, const char *subject, const char *user,
		 int64_t uid, bool *ret_linked)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT 1 FROM links WHERE issuer = ?1 AND subject = ?2"
			      " AND user = ?3 AND uid = ?4 AND pending = 0");
	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	query_text(query, 3, user);
	query_number(query, 4, uid);
	r = query_step(query);
	query_done(query);
	if (r < 0)
		return r;
	*ret_linked = r == 1;
	return 0;
}

int link_touch(struct db *db, const char *issuer, const char *subject, const char *user,
	       int64_t now_s)
{
	struct query *query;

	query = query_new(db, "UPDATE links SET used_s = ?4 WHERE issuer = ?1 AND subject = ?2"
			      " AND user = ?3 AND pending = 0");
	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	query_text(query, 3, user);
	query_number(query, 4, now_s);
	return query_run(query);
}

static int remove_pending(struct db *db, const struct link *link)
{
	struct query *query;

	query = query_new(db, "DELETE FROM links WHERE issuer = ?1 AND subject = ?2"
			      " AND user = ?3 AND uid = ?4 AND pending = 1");
	query_text(query, 1, link->issuer);
	query_text(query, 2, link->subject);
	query_text(query, 3, link->user);
	query_number(query, 4, link->uid);
	return query_run(query);
}

int link_add(struct db *db, const struct link *link, int64_t *ret_id)
{
	struct query *query;
	int r = link->pending ? 0 : remove_pending(db, link);

	if (r < 0)
		return r;
	query = query_new(db, "INSERT INTO links (issuer, subject, user, uid, note, origin,"
			      " created_s, used_s, pending)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
	query_text(query, 1, link->issuer);
	query_text(query, 2, link->subject);
	query_text(query, 3, link->user);
	query_number(query, 4, link->uid);
	query_text(query, 5, link->note);
	query_text(query, 6, link->origin);
	query_number(query, 7, link->created_s);
	query_number(query, 8, link->used_s);
	query_number(query, 9, link->pending);
	db_make_durable(db);
	r = query_run(query);
	if (r == 0 && ret_id)
		*ret_id = db_last_id(db);
	return r;
}

int link_remove(struct db *db, int64_t id)
{
	struct query *query = query_new(db, "DELETE FROM links WHERE id = ?1");

	query_number(query, 1, id);
	return change_one(db, query);
}

int link_confirm(struct db *db, int64_t id, const char *user, int64_t uid)
{
	struct query *query;
	int r;

	query = query_new(db, "UPDATE links SET pending = 0"
			      " WHERE id = ?1 AND user = ?2 AND uid = ?3 AND pending = 1");
	query_number(query, 1, id);
	query_text(query, 2, user);
	query_number(query, 3, uid);
	r = change_one(db, query);
	if (r < 0)
		return r;
	query = query_new(db, "DELETE FROM requests WHERE link_id = ?1");
	query_number(query, 1, id);
	return query_run(query);
}

static void link_read(struct query *query, struct link *ret_link)
{
	*ret_link = (struct link){
		.id = query_column_number(query, 0),
		.issuer = text_copy(query_column_text(query, 1)),
		.subject = text_copy(query_column_text(query, 2)),
		.user = text_copy(query_column_text(query, 3)),
		.uid = query_column_number(query, 4),
		.note = text_copy(query_column_text(query, 5)),
		.origin = text_copy(query_column_text(query, 6)),
		.created_s = query_column_number(query, 7),
		.used_s = query_column_number(query, 8),
		.pending = query_column_number(query, 9) != 0,
		.request = text_copy(query_column_text(query, 10)),
		.method = text_copy(query_column_text(query, 11)),
		.display = text_copy(query_column_text(query, 12)),
		.source = text_copy(query_column_text(query, 13)),
	};
}

int link_get(struct db *db, int64_t id, struct link *ret_link)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT " LINK_COLUMNS " FROM " LINK_TABLES " WHERE l.id = ?1");
	query_number(query, 1, id);
	r = query_step(query);
	if (r == 1)
		link_read(query, ret_link);
	query_done(query);
	return r == 1 ? 0 : r < 0 ? r : -ENOENT;
}

int link_each(struct db *db, const char *user, int (*each)(const struct link *link, void *context),
	      void *context)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT " LINK_COLUMNS " FROM " LINK_TABLES
			      " WHERE ?1 IS NULL OR l.user = ?1 ORDER BY l.user, l.id");
	query_text(query, 1, user);
	while ((r = query_step(query)) == 1) {
		_cleanup_(link_done) struct link link = { 0 };

		link_read(query, &link);
		r = each(&link, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}
