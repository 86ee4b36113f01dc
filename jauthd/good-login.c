/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/good-login.h"

#include <errno.h>

#include "base/macro.h"
#include "base/text.h"

/* None is of use to anybody once it is so old. */
static int forget_old(struct db *db, int64_t now_s)
{
	struct query *query = query_new(db, "DELETE FROM good_logins WHERE time_s < ?1");

	query_number(query, 1, now_s - OFFLINE_FOR_MAX_S);
	return query_run(query);
}

int good_login_keep(struct db *db, const struct unix_user *user, const struct good_login *login)
{
	struct query *query;
	int r = forget_old(db, login->time_s);

	if (r < 0)
		return r;
	query = query_new(db, "INSERT OR REPLACE INTO good_logins"
			      " (user, uid, method, issuer, subject, mapping, time_s)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
	query_text(query, 1, user->name);
	query_number(query, 2, user->uid);
	query_text(query, 3, login->method);
	query_text(query, 4, login->issuer);
	query_text(query, 5, login->subject);
	query_text(query, 6, login->mapping);
	query_number(query, 7, login->time_s);
	return query_run(query);
}

static int read_row(struct query *query, struct good_login *ret_login)
{
	struct good_login login = { .time_s = query_column_number(query, 4) };

	if (!text_into(login.method, sizeof(login.method), query_column_text(query, 0)) ||
	    !text_into(login.issuer, sizeof(login.issuer), query_column_text(query, 1)) ||
	    !text_into(login.subject, sizeof(login.subject), query_column_text(query, 2)) ||
	    !text_into(login.mapping, sizeof(login.mapping), query_column_text(query, 3)))
		return -EUCLEAN;
	*ret_login = login;
	return 0;
}

int good_login_get(struct db *db, const struct unix_user *user, const char *method,
		   struct good_login *ret_login)
{
	struct query *query = query_new(db, "SELECT method, issuer, subject, mapping, time_s"
					    " FROM good_logins"
					    " WHERE user = ?1 AND uid = ?2 AND method = ?3");
	int r;

	query_text(query, 1, user->name);
	query_number(query, 2, user->uid);
	query_text(query, 3, method);
	r = query_step(query);
	if (r == 1)
		r = read_row(query, ret_login);
	else if (r == 0)
		r = -ENOENT;
	query_done(query);
	return r;
}
