/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which grant opened which session, so that a session can be ended when its identity may log in no
 * more: by root's helper (base/end-session.h), because we can neither see nor signal processes.
 *
 *   open     the module told of it
 *   closed   the module told of its end, or nobody did and the process that ran PAM is gone.
 *            logind may still hold processes of it, which somebody left running
 *   over     nothing of it is left, as far as anybody knows
 *
 * Nobody has to be told that a session must end: who is locked is looked up again and again, and
 * at once after sessions_look(). So neither a crash nor a forgotten call leaves one alive for
 * longer than SESSIONS_LOOK_S. The same holds for lingering of people who are locked, which is put
 * back when they return.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/end-session.h"
#include "base/url.h"
#include "jauthd/limits.h"
#include "jauthd/store.h"

struct session {
	int64_t id;
	uint32_t pid;                            /* of the process that ran PAM */
	char start[END_SESSION_START_MAX + 1];   /* when it began */
	char user[USER_NAME_MAX + 1];
	uint32_t uid;
	char service[64], source[64];
	char logind[END_SESSION_ID_MAX + 1];     /* ""; not known to logind */
	/* Of the login that was granted; "": by another module, or it cannot be known. */
	char request[17];
	char issuer[AUDIT_TEXT_MAX], subject[AUDIT_TEXT_MAX];
	char method[METHOD_ID_MAX + 1];
	int64_t opened_s, closed_s;              /* closed_s 0: open */
	char ending[AUDIT_TEXT_MAX];             /* why it must end; "": it need not */
	int64_t told_s;                          /* when it was told to, first; 0: not yet */
};

/* --- store thread; in the caller's transaction --- */

/* Fills in what the grant of session->request says, if it is of this user, uid and service, was
 * made within LOGIN_ACCOUNT_WITHIN_S, and opened no other session; else the request is cleared. */
int session_match(struct db *db, int64_t now_s, struct session *session);
/* Keeps a new one; what the module tells twice is kept once. 0; -ENOSPC: too many are open. */
int session_add(struct db *db, const struct session *session);
/* Must it end at once? */
int session_is_locked(struct db *db, const struct session *session, bool *ret_is_locked);
/* Of `pid`, `start` and `user`. -ENOENT: not known, or closed already. */
int session_close(struct db *db, const struct session *which, int64_t now_s);
/* Those that are not over, of one user or of all (NULL), the oldest first. */
int session_each(struct db *db, const char *user,
		 int (*each)(const struct session *session, void *context), void *context);
/* -ENOENT: no such one, or over. ret_session may be NULL. */
int session_end(struct db *db, int64_t id, const char *why, int64_t now_s,
		struct session *ret_session);

/* What the helper is to be asked: a session, or somebody's lingering. */
struct session_due {
	int64_t id;                              /* of the session, or the uid */
	struct end_order order;
};
/* All that are not over are looked at again: after a start, which may be one of the machine. */
int sessions_revive(struct db *db, int64_t now_s);
/* Compares with who is locked now, forgets what is old; then what is due, *n of it. */
int sessions_take_due(struct db *db, int64_t now_s, struct session_due *ret_due, size_t max,
		      size_t *ret_n);
int session_answered(struct db *db, const struct session_due *due, enum end_answer answer,
		     int64_t now_s);
/* When sessions_take_due() finds the next one; now_s + SESSIONS_LOOK_S at most. */
int sessions_next(struct db *db, int64_t now_s, int64_t *ret_s);

/* --- loop --- */

struct sessions;
/* `socket`: the helper's. */
int sessions_new(sd_event *event, struct store *store, const char *socket,
		 struct sessions **ret_sessions);
struct sessions *sessions_free(struct sessions *sessions);       /* NULL is fine */
/* Somebody was locked or let in again, and that is committed: sees to it now. */
void sessions_look(struct sessions *sessions);
