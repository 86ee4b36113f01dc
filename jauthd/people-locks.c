/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Locked identities; see people.h. */
#include <errno.h>

#include "base/text.h"
#include "jauthd/people.h"

int identity_lock(struct db *db, const char *issuer, const char *subject, const char *source,
		  const char *reason, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "INSERT INTO locked_identities"
			      " (issuer, subject, source, reason, locked_s)"
			      " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (issuer, subject) DO UPDATE"
			      " SET source = ?3, reason = ?4, locked_s = ?5"
			      " WHERE ?3 = '" IDENTITY_LOCK_ADMIN "' AND source <> ?3");
	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	query_text(query, 3, source);
	query_text(query, 4, reason);
	query_number(query, 5, now_s);
	return query_run(query);
}

int identity_unlock(struct db *db, const char *issuer, const char *subject)
{
	struct query *query = query_new(db, "DELETE FROM locked_identities"
					    " WHERE issuer = ?1 AND subject = ?2");
	int r;

	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	r = query_run(query);
	return r == 0 && db_changes(db) == 0 ? -ENOENT : r;
}

int identity_lock_get(struct db *db, const char *issuer, const char *subject,
		      struct identity_lock *ret_lock)
{
	struct query *query = query_new(db, "SELECT source, reason, locked_s FROM locked_identities"
					    " WHERE issuer = ?1 AND subject = ?2");
	struct identity_lock lock = { .locked_s = 0 };
	int r;

	query_text(query, 1, issuer);
	query_text(query, 2, subject);
	r = query_step(query);
	if (r == 1) {
		/* What does not fit is left out: that it is locked is what counts. */
		(void)text_into(lock.source, sizeof(lock.source), query_column_text(query, 0));
		(void)text_into(lock.reason, sizeof(lock.reason), query_column_text(query, 1));
		lock.locked_s = query_column_number(query, 2);
	}
	query_done(query);
	if (r == 1)
		*ret_lock = lock;
	return r < 0 ? r : r == 1 ? 0 : -ENOENT;
}

int identity_is_locked(struct db *db, const char *issuer, const char *subject, bool *ret_locked)
{
	struct identity_lock lock = { .locked_s = 0 };
	int r = identity_lock_get(db, issuer, subject, &lock);

	if (r == 0 || r == -ENOENT)
		*ret_locked = r == 0;
	return r == -ENOENT ? 0 : r;
}
