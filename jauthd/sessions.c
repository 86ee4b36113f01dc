/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of sessions, and of who lingered; see sessions.h. */
#include "jauthd/sessions.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/login-protocol.h"
#include "jauthd/audit.h"

#define COLUMNS "id, pid, start, user, uid, service, source, logind, request, issuer, subject," \
		" method, opened_s, closed_s, ending, told_s"

/* Of a person `p`, and of anything with an identity. */
#define HAS_LOCKED_IDENTITY(row) "EXISTS (SELECT 1 FROM locked_identities AS l" \
	" WHERE l.issuer = " row ".issuer AND l.subject = " row ".subject)"
#define HAS_LEFT "(p.state <> 0 OR " HAS_LOCKED_IDENTITY("p") ")"
/* Of `sessions`: its identity may not log in, or its user has left: he is that one's alone. */
#define IS_LOCKED "(" HAS_LOCKED_IDENTITY("sessions") \
		  " OR EXISTS (SELECT 1 FROM people AS p WHERE p.uid = sessions.uid" \
		  " AND " HAS_LEFT "))"
#define LOCKED "the person may log in no more"

/* By now, or never: a clock that was set back must not make anything wait for more. */
#define IS_DUE "(look_s <= ?1 OR look_s > ?1 + ?3)"

#define LINGER_UNKNOWN (-1)              /* `was_on`; else 0 or 1 */

static int read_session(struct query *query, struct session *ret_session)
{
	struct session session = {
		.id = query_column_number(query, 0),
		.pid = (uint32_t)query_column_number(query, 1),
		.uid = (uint32_t)query_column_number(query, 4),
		.opened_s = query_column_number(query, 12),
		.closed_s = query_column_number(query, 13),
		.told_s = query_column_number(query, 15),
	};
	const struct {
		int column;
		char *field;
		size_t size;
	} texts[] = {
		{ 2, session.start, sizeof(session.start) },
		{ 3, session.user, sizeof(session.user) },
		{ 5, session.service, sizeof(session.service) },
		{ 6, session.source, sizeof(session.source) },
		{ 7, session.logind, sizeof(session.logind) },
		{ 8, session.request, sizeof(session.request) },
		{ 9, session.issuer, sizeof(session.issuer) },
		{ 10, session.subject, sizeof(session.subject) },
		{ 11, session.method, sizeof(session.method) },
		{ 14, session.ending, sizeof(session.ending) },
	};

	for (size_t i = 0; i < N_ELEMENTS(texts); i++)
		if (!text_into(texts[i].field, texts[i].size,
			       query_column_text(query, texts[i].column)))
			return -EUCLEAN;
	*ret_session = session;
	return 0;
}

/* --- open and closed --- */

static int request_is_used(struct db *db, const char *request, bool *ret_is_used)
{
	struct query *query = query_new(db, "SELECT 1 FROM sessions WHERE request = ?1 LIMIT 1");
	int r;

	query_text(query, 1, request);
	r = query_step(query);
	query_done(query);
	if (r < 0)
		return r;
	*ret_is_used = r == 1;
	return 0;
}

int session_match(struct db *db, int64_t now_s, struct session *session)
{
	struct audit_row row;
	bool is_used = false;
	int r = session->request[0] ? audit_find_granted(db, session->request, &row) : -ENOENT;

	if (r == 0)
		r = request_is_used(db, session->request, &is_used);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && !is_used && row.uid == session->uid && now_s >= row.time_s &&
	    now_s - row.time_s <= LOGIN_ACCOUNT_WITHIN_S && text_equals(row.user, session->user) &&
	    text_equals(row.service, session->service)) {
		(void)text_into(session->issuer, sizeof(session->issuer), row.issuer);
		(void)text_into(session->subject, sizeof(session->subject), row.subject);
		(void)text_into(session->method, sizeof(session->method), row.mapped_method);
		return 0;
	}
	session->request[0] = session->issuer[0] = session->subject[0] = session->method[0] = '\0';
	return 0;
}

static int count_open(struct db *db, int64_t *ret_n)
{
	struct query *query = query_new(db, "SELECT count(*) FROM sessions WHERE over = 0");
	int r = query_step(query);

	if (r == 1)
		*ret_n = query_column_number(query, 0);
	query_done(query);
	return r == 1 ? 0 : r < 0 ? r : -EIO;
}

/* A process that opens another session for this user has nothing to do with its first one. */
static int forget_closed(struct db *db, const struct session *session)
{
	struct query *query = query_new(db, "UPDATE sessions SET over = 1 WHERE over = 0"
					    " AND closed_s <> 0 AND pid = ?1 AND start = ?2"
					    " AND user = ?3");

	query_number(query, 1, session->pid);
	query_text(query, 2, session->start);
	query_text(query, 3, session->user);
	return query_run(query);
}

int session_add(struct db *db, const struct session *session)
{
	struct query *query;
	int64_t n_open;
	int r = count_open(db, &n_open);

	if (r < 0)
		return r;
	if (n_open >= SESSIONS_MAX)
		return -ENOSPC;
	r = forget_closed(db, session);
	if (r < 0)
		return r;
	query = query_new(db, "INSERT INTO sessions (pid, start, user, uid, service, source,"
			      " logind, request, issuer, subject, method, opened_s, closed_s,"
			      " over, ending, told_s, look_s) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7,"
			      " ?8, ?9, ?10, ?11, ?12, 0, 0, '', 0, ?13)");
	query_number(query, 1, session->pid);
	query_text(query, 2, session->start);
	query_text(query, 3, session->user);
	query_number(query, 4, session->uid);
	query_text(query, 5, session->service);
	query_text(query, 6, session->source);
	query_text(query, 7, session->logind);
	query_text(query, 8, session->request);
	query_text(query, 9, session->issuer);
	query_text(query, 10, session->subject);
	query_text(query, 11, session->method);
	query_number(query, 12, session->opened_s);
	query_number(query, 13, session->opened_s + SESSIONS_ALIVE_S);
	r = query_run(query);
	return r == -EEXIST ? 0 : r;
}

int session_is_locked(struct db *db, const struct session *session, bool *ret_is_locked)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT " IS_LOCKED " FROM (SELECT ?1 AS issuer, ?2 AS subject,"
			      " ?3 AS uid) AS sessions");
	query_text(query, 1, session->issuer);
	query_text(query, 2, session->subject);
	query_number(query, 3, session->uid);
	r = query_step(query);
	if (r == 1)
		*ret_is_locked = query_column_number(query, 0) != 0;
	query_done(query);
	return r == 1 ? 0 : r < 0 ? r : -EIO;
}

int session_close(struct db *db, const struct session *which, int64_t now_s)
{
	struct query *query;
	int r;

	/* Without logind nobody could tell what it has left behind. */
	query = query_new(db, "UPDATE sessions SET closed_s = ?4, over = logind = '', look_s = ?5"
			      " WHERE over = 0 AND closed_s = 0 AND pid = ?1 AND start = ?2"
			      " AND user = ?3");
	query_number(query, 1, which->pid);
	query_text(query, 2, which->start);
	query_text(query, 3, which->user);
	query_number(query, 4, now_s);
	query_number(query, 5, now_s + SESSIONS_LOOK_S);
	r = query_run(query);
	if (r < 0)
		return r;
	return db_changes(db) ? 0 : -ENOENT;
}

int session_each(struct db *db, const char *user,
		 int (*each)(const struct session *session, void *context), void *context)
{
	struct query *query;
	struct session session;
	int r;

	query = query_new(db, "SELECT " COLUMNS " FROM sessions WHERE over = 0"
			      " AND (?1 IS NULL OR user = ?1) ORDER BY id");
	query_text(query, 1, user);
	while ((r = query_step(query)) == 1) {
		r = read_session(query, &session);
		if (r == 0)
			r = each(&session, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

/* Also one that is over, when that is wanted. */
static int find_session(struct db *db, int64_t id, bool may_be_over, struct session *ret_session)
{
	struct query *query = query_new(db, "SELECT " COLUMNS " FROM sessions WHERE id = ?1"
					    " AND over <= ?2");
	int r;

	query_number(query, 1, id);
	query_number(query, 2, may_be_over);
	r = query_step(query);
	if (r == 1)
		r = read_session(query, ret_session);
	else if (r == 0)
		r = -ENOENT;
	query_done(query);
	return r;
}

int session_end(struct db *db, int64_t id, const char *why, int64_t now_s,
		struct session *ret_session)
{
	struct session session;
	struct query *query;
	int r = find_session(db, id, false, &session);

	if (r < 0)
		return r;
	query = query_new(db, "UPDATE sessions SET ending = ?2, look_s = ?3 WHERE id = ?1");
	query_number(query, 1, id);
	query_text(query, 2, why);
	query_number(query, 3, now_s);
	r = query_run(query);
	if (r == 0 && ret_session)
		*ret_session = session;
	return r;
}

/* --- what is due --- */

int sessions_revive(struct db *db, int64_t now_s)
{
	struct query *query = query_new(db, "UPDATE sessions SET look_s = ?1 WHERE over = 0");

	query_number(query, 1, now_s);
	return query_run(query);
}

static int run_with_time(struct query *query, int64_t now_s)
{
	query_number(query, 1, now_s);
	return query_run(query);
}

/* Who was locked since, and who was let in again. */
static int compare_sessions(struct db *db, int64_t now_s)
{
	int r;

	r = run_with_time(query_new(db, "UPDATE sessions SET ending = '" LOCKED "', look_s = ?1"
					" WHERE over = 0 AND ending = '' AND " IS_LOCKED), now_s);
	if (r < 0)
		return r;
	return query_run(query_new(db, "UPDATE sessions SET ending = ''"
				       " WHERE over = 0 AND ending = '" LOCKED "'"
				       " AND NOT " IS_LOCKED));
}

/* Of those who left lately. The file of a name is that of its holder of today. */
static int add_leavers(struct db *db, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "INSERT INTO lingering (uid, name, was_on, since_s, look_s)"
			      " SELECT uid, name, -1, ?1, ?1 FROM (SELECT uid, name FROM people"
			      " WHERE state <> 0 AND changed_s >= ?2 UNION SELECT p.uid, p.name"
			      " FROM locked_identities AS l JOIN people AS p"
			      " ON p.issuer = l.issuer AND p.subject = l.subject AND p.state <> 2"
			      " WHERE l.locked_s >= ?2) AS p"
			      " WHERE NOT EXISTS (SELECT 1 FROM lingering AS g"
			      " WHERE g.uid = p.uid) AND NOT EXISTS (SELECT 1 FROM people AS q"
			      " WHERE q.name = p.name AND q.state <> 2 AND q.uid <> p.uid)"
			      " LIMIT 10000");
	query_number(query, 1, now_s);
	query_number(query, 2, now_s - SESSIONS_LINGER_S);
	return query_run(query);
}

/* Who never lingered is forgotten when he returns, or in the end. */
static int drop_returned(struct db *db, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "DELETE FROM lingering WHERE was_on <> 1 AND (since_s < ?1"
			      " OR EXISTS (SELECT 1 FROM people AS p WHERE p.uid = lingering.uid"
			      " AND NOT " HAS_LEFT "))");
	query_number(query, 1, now_s - 2 * SESSIONS_LINGER_S);
	return query_run(query);
}

static int compare_lingering(struct db *db, int64_t now_s)
{
	int r = add_leavers(db, now_s);

	if (r == 0)
		r = drop_returned(db, now_s);
	/* Locked again before it was switched on again. */
	if (r == 0)
		r = query_run(query_new(db, "UPDATE lingering SET look_s = 0 WHERE was_on = 1"
					    " AND look_s <> 0 AND EXISTS (SELECT 1 FROM people"
					    " AS p WHERE p.uid = lingering.uid AND " HAS_LEFT
					    ")"));
	if (r < 0)
		return r;
	return run_with_time(query_new(db, "UPDATE lingering SET look_s = ?1 WHERE was_on = 1"
					   " AND look_s = 0 AND EXISTS (SELECT 1 FROM people AS p"
					   " WHERE p.uid = lingering.uid AND NOT " HAS_LEFT
					   ")"), now_s);
}

static int trim(struct db *db, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions"
			      " WHERE over = 1 AND (opened_s < ?1 OR id <= (SELECT max(id)"
			      " FROM sessions) - ?2) LIMIT ?3)");
	query_number(query, 1, now_s - SESSIONS_KEEP_S);
	query_number(query, 2, SESSIONS_ROWS_MAX);
	query_number(query, 3, AUDIT_TRIM_ROWS);
	return query_run(query);
}

static int take_sessions(struct db *db, int64_t now_s, struct session_due *due, size_t max,
			 size_t *n)
{
	struct query *query;
	struct session session;
	int r;

	/* After a start all are due: whoever must end does not wait for the others. */
	query = query_new(db, "SELECT " COLUMNS " FROM sessions WHERE over = 0 AND " IS_DUE
			      " ORDER BY ending = '', look_s LIMIT ?2");
	query_number(query, 1, now_s);
	query_number(query, 2, (int64_t)(max - *n));
	query_number(query, 3, SESSIONS_ALIVE_S);
	while ((r = query_step(query)) == 1) {
		struct session_due *next = &due[*n];

		r = read_session(query, &session);
		if (r < 0)
			break;
		*next = (struct session_due){
			.id = session.id,
			.order = {
				.verb = session.ending[0] ? VERB_END : VERB_LOOK,
				.uid = session.uid,
				.pid = session.pid,
			},
		};
		(void)text_into(next->order.start, sizeof(next->order.start), session.start);
		(void)text_into(next->order.session, sizeof(next->order.session), session.logind);
		(*n)++;
	}
	query_done(query);
	return r;
}

static int take_lingering(struct db *db, int64_t now_s, struct session_due *due, size_t max,
			  size_t *n)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT uid, name, was_on FROM lingering WHERE look_s <> 0 AND "
			      IS_DUE " ORDER BY look_s LIMIT ?2");
	query_number(query, 1, now_s);
	query_number(query, 2, (int64_t)(max - *n));
	query_number(query, 3, SESSIONS_ALIVE_S);
	while ((r = query_step(query)) == 1) {
		struct session_due *next = &due[*n];

		*next = (struct session_due){
			.id = query_column_number(query, 0),
			.order = {
				.verb = query_column_number(query, 2) == LINGER_UNKNOWN
					? VERB_LINGER_OFF : VERB_LINGER_ON,
				.uid = (uint32_t)query_column_number(query, 0),
			},
		};
		if (text_into(next->order.user, sizeof(next->order.user),
			      query_column_text(query, 1)))
			(*n)++;
	}
	query_done(query);
	return r;
}

int sessions_take_due(struct db *db, int64_t now_s, struct session_due *ret_due, size_t max,
		      size_t *ret_n)
{
	size_t n = 0;
	int r = compare_sessions(db, now_s);

	if (r == 0)
		r = compare_lingering(db, now_s);
	if (r == 0)
		r = trim(db, now_s);
	if (r == 0)
		r = take_sessions(db, now_s, ret_due, max, &n);
	if (r == 0)
		r = take_lingering(db, now_s, ret_due, max, &n);
	if (r == 0)
		*ret_n = n;
	return r;
}

int sessions_next(struct db *db, int64_t now_s, int64_t *ret_s)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT min(look_s) FROM (SELECT min(look_s) AS look_s FROM sessions"
			      " WHERE over = 0 UNION ALL SELECT min(look_s) FROM lingering"
			      " WHERE look_s <> 0)");
	r = query_step(query);
	if (r == 1)
		*ret_s = query_column_is_null(query, 0) ? now_s + SESSIONS_LOOK_S :
			 MIN(query_column_number(query, 0), now_s + SESSIONS_LOOK_S);
	query_done(query);
	return r == 1 ? 0 : r < 0 ? r : -EIO;
}

/* --- what the helper says --- */

static int record_end(struct db *db, const struct session *session, int64_t now_s)
{
	struct audit_row row = { .time_s = now_s, .uid = session->uid };
	int r = 0;

	if (!text_into(row.request, sizeof(row.request), session->request) || !row.request[0])
		r = random_hex(row.request, (sizeof(row.request) - 1) / 2);
	if (r < 0)
		return r;
	(void)text_into(row.kind, sizeof(row.kind), "session");
	(void)text_into(row.user, sizeof(row.user), session->user);
	(void)text_into(row.service, sizeof(row.service), session->service);
	(void)text_into(row.source, sizeof(row.source), session->source);
	(void)text_into(row.method, sizeof(row.method), session->method);
	(void)text_into(row.outcome, sizeof(row.outcome), login_state_names[LOGIN_DENIED]);
	(void)snprintf(row.reason, sizeof(row.reason), "session %" PRId64 " ended: %.200s",
		       session->id, session->ending);
	(void)text_into(row.issuer, sizeof(row.issuer), session->issuer);
	(void)text_into(row.subject, sizeof(row.subject), session->subject);
	r = audit_add(db, &row, NULL);
	if (r == 0)
		audit_log(&row);
	return r;
}

static int update_session(struct db *db, int64_t id, bool is_over, int64_t told_s, int64_t now_s,
			  int64_t look_s)
{
	struct query *query;

	query = query_new(db, "UPDATE sessions SET over = max(over, ?2), told_s = ?3, look_s = ?5,"
			      " closed_s = CASE WHEN ?2 AND closed_s = 0 THEN ?4 ELSE closed_s END"
			      " WHERE id = ?1");
	query_number(query, 1, id);
	query_number(query, 2, is_over);
	query_number(query, 3, told_s);
	query_number(query, 4, now_s);
	query_number(query, 5, look_s);
	return query_run(query);
}

static int session_said(struct db *db, const struct session *session, enum end_answer answer,
			int64_t now_s)
{
	int64_t look_s = now_s + SESSIONS_LOOK_S, told_s = session->told_s;
	int r = 0;

	switch (answer) {
	case SAYS_ALIVE:
	case SAYS_REFUSED:
		look_s = now_s + SESSIONS_ALIVE_S;
		break;
	case SAYS_ENDED:
		look_s = now_s + SESSIONS_ENDING_S;
		told_s = told_s ? told_s : now_s;
		break;
	case SAYS_GONE:
	case SAYS_WAS_ON:
	case SAYS_WAS_OFF:
	case SAYS_DONE:
	case SAYS_FAILED:
	case END_N_ANSWERS:
		break;
	}
	if (told_s != session->told_s)
		r = record_end(db, session, now_s);
	if (r < 0)
		return r;
	return update_session(db, session->id, answer == SAYS_GONE, told_s, now_s, look_s);
}

static int linger_said(struct db *db, int64_t uid, enum end_answer answer, int64_t now_s)
{
	struct query *query;

	if (answer == SAYS_DONE) {
		query = query_new(db, "DELETE FROM lingering WHERE uid = ?1");
		query_number(query, 1, uid);
		return query_run(query);
	}
	if (answer == SAYS_WAS_ON || answer == SAYS_WAS_OFF) {
		query = query_new(db, "UPDATE lingering SET was_on = ?2, look_s = 0"
				      " WHERE uid = ?1");
		query_number(query, 2, answer == SAYS_WAS_ON);
	} else {
		query = query_new(db, "UPDATE lingering SET look_s = ?2 WHERE uid = ?1");
		query_number(query, 2, now_s + (answer == SAYS_REFUSED ? SESSIONS_ALIVE_S
								      : SESSIONS_LOOK_S));
	}
	query_number(query, 1, uid);
	return query_run(query);
}

int session_answered(struct db *db, const struct session_due *due, enum end_answer answer,
		     int64_t now_s)
{
	struct session session;
	int r;

	if (due->order.verb == VERB_LINGER_OFF || due->order.verb == VERB_LINGER_ON)
		return linger_said(db, due->id, answer, now_s);
	/* It may have told of its end before the helper did, or was forgotten meanwhile. */
	r = find_session(db, due->id, true, &session);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : session_said(db, &session, answer, now_s);
}
