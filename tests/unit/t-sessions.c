/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauthd/sessions.c: which grant opened a session, who must end, what the helper is asked; and the
 * helper's client against a helper of the test's. */
#include "jauthd/sessions.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/audit.h"
#include "jauthd/sessions-helper.h"

#define NOW    1000000
#define ISSUER "https://id.example.org"
#define BOOT   "0a1b2c3d-0000-4abc-9def-0123456789ab"
#define REQUEST "0123456789abcdef"

static int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

static void run(struct db *db, const char *sql)
{
	assert_int_equal(query_run(query_new(db, sql)), 0);
}

static int64_t number(struct db *db, const char *sql)
{
	struct query *query = query_new(db, sql);
	int64_t result;

	assert_int_equal(query_step(query), 1);
	result = query_column_number(query, 0);
	query_done(query);
	return result;
}

static struct session jane(void)
{
	return (struct session){
		.pid = 500, .start = BOOT "/777", .user = "jane", .uid = 70000, .service = "sshd",
		.source = "192.0.2.7", .logind = "c1", .request = REQUEST, .opened_s = NOW,
	};
}

static void add_grant(struct db *db, const char *kind, const char *outcome)
{
	struct audit_row row = { .time_s = NOW - 10, .uid = 70000 };

	(void)text_into(row.request, sizeof(row.request), REQUEST);
	(void)text_into(row.kind, sizeof(row.kind), kind);
	(void)text_into(row.user, sizeof(row.user), "jane");
	(void)text_into(row.service, sizeof(row.service), "sshd");
	(void)text_into(row.outcome, sizeof(row.outcome), outcome);
	(void)text_into(row.issuer, sizeof(row.issuer), ISSUER);
	(void)text_into(row.subject, sizeof(row.subject), "Sub-1");
	(void)text_into(row.mapped_method, sizeof(row.mapped_method), "work");
	assert_int_equal(audit_add(db, &row, NULL), 0);
}

static int keep_last(const struct session *session, void *context)
{
	*(struct session *)context = *session;
	return 0;
}

static struct session only_one(struct db *db)
{
	struct session session = { .id = 0 };

	assert_int_equal(session_each(db, NULL, keep_last, &session), 0);
	return session;
}

static struct session_due due[END_SESSION_LINES_MAX];

static size_t take(struct db *db, int64_t now_s)
{
	size_t n = 0;

	assert_int_equal(sessions_take_due(db, now_s, due, N_ELEMENTS(due), &n), 0);
	return n;
}

static void answer(struct db *db, enum end_answer what, int64_t now_s)
{
	assert_int_equal(session_answered(db, &due[0], what, now_s), 0);
}

/* --- the grant --- */

static void a_grant_is_matched_whole(void **state)
{
	static const struct {
		const char *what, *kind, *outcome;
		const char *user, *service;
		uint32_t uid;
		int64_t now_s;
		bool is_matched;
	} rows[] = {
		{ "the right one", "login", "granted", "jane", "sshd", 70000, NOW, true },
		{ "at the last moment", "login", "granted", "jane", "sshd", 70000,
		  NOW - 10 + LOGIN_ACCOUNT_WITHIN_S, true },
		{ "too old", "login", "granted", "jane", "sshd", 70000,
		  NOW - 9 + LOGIN_ACCOUNT_WITHIN_S, false },
		{ "from the future", "login", "granted", "jane", "sshd", 70000, NOW - 11, false },
		{ "denied", "login", "denied", "jane", "sshd", 70000, NOW, false },
		{ "not a login", "account", "granted", "jane", "sshd", 70000, NOW, false },
		{ "of another user", "login", "granted", "mary", "sshd", 70000, NOW, false },
		{ "of a user made again", "login", "granted", "jane", "sshd", 70001, NOW, false },
		{ "in another service", "login", "granted", "jane", "su", 70000, NOW, false },
	};
	struct db *db = *state;

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct session session = jane();

		run(db, "DELETE FROM audit");
		add_grant(db, rows[i].kind, rows[i].outcome);
		(void)text_into(session.user, sizeof(session.user), rows[i].user);
		(void)text_into(session.service, sizeof(session.service), rows[i].service);
		session.uid = rows[i].uid;
		assert_int_equal(session_match(db, rows[i].now_s, &session), 0);
		if (rows[i].is_matched != (session.subject[0] != '\0'))
			fail_msg("%s", rows[i].what);
		assert_string_equal(session.issuer, rows[i].is_matched ? ISSUER : "");
		assert_string_equal(session.method, rows[i].is_matched ? "work" : "");
		assert_string_equal(session.request, rows[i].is_matched ? REQUEST : "");
	}
}

static void a_grant_opens_one_session(void **state)
{
	struct db *db = *state;
	struct session session = jane(), other = jane();

	add_grant(db, "login", "granted");
	assert_int_equal(session_match(db, NOW, &session), 0);
	assert_int_equal(session_add(db, &session), 0);
	other.pid = 501;
	assert_int_equal(session_match(db, NOW, &other), 0);
	assert_string_equal(other.request, "");
	assert_string_equal(other.subject, "");
}

/* --- open, closed, over --- */

static void told_twice_it_is_kept_once(void **state)
{
	struct db *db = *state;
	struct session session = jane();

	assert_int_equal(session_add(db, &session), 0);
	assert_int_equal(session_add(db, &session), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM sessions"), 1);
	assert_int_equal(session_close(db, &session, NOW + 5), 0);
	assert_int_equal(session_close(db, &session, NOW + 6), -ENOENT);
	assert_int_equal(only_one(db).closed_s, NOW + 5);
	/* The same process goes on with another one. */
	session.opened_s = NOW + 7;
	assert_int_equal(session_add(db, &session), 0);
	assert_int_equal(only_one(db).closed_s, 0);
	assert_int_equal(number(db, "SELECT count(*) FROM sessions WHERE over = 0"), 1);
}

static void the_end_of_another_one_closes_nothing(void **state)
{
	struct db *db = *state;
	struct session session = jane(), other = jane();

	assert_int_equal(session_add(db, &session), 0);
	other.pid = 501;
	assert_int_equal(session_close(db, &other, NOW), -ENOENT);
	other = jane();
	(void)text_into(other.start, sizeof(other.start), BOOT "/778");
	assert_int_equal(session_close(db, &other, NOW), -ENOENT);
	other = jane();
	(void)text_into(other.user, sizeof(other.user), "mary");
	assert_int_equal(session_close(db, &other, NOW), -ENOENT);
	assert_int_equal(only_one(db).closed_s, 0);
}

static void what_logind_may_hold_is_not_over_with_its_end(void **state)
{
	struct db *db = *state;
	struct session session = jane();

	assert_int_equal(session_add(db, &session), 0);
	assert_int_equal(session_close(db, &session, NOW), 0);
	assert_int_equal(only_one(db).closed_s, NOW);
	assert_int_equal(take(db, NOW + SESSIONS_LOOK_S), 1);
	assert_int_equal(due[0].order.verb, VERB_LOOK);
	answer(db, SAYS_GONE, NOW + SESSIONS_LOOK_S);
	assert_int_equal(only_one(db).id, 0);
	session.logind[0] = '\0';
	session.pid = 501;
	assert_int_equal(session_add(db, &session), 0);
	assert_int_equal(session_close(db, &session, NOW), 0);
	assert_int_equal(only_one(db).id, 0);
}

static void too_many_are_refused(void **state)
{
	struct db *db = *state;
	struct session session = jane();

	run(db, "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
		" INSERT INTO sessions SELECT i, i + 1000, 'x', 'u', 1000, '', '', '', '', '', '',"
		" '', 0, 0, 0, '', 0, 9000000 FROM n");
	assert_int_equal(number(db, "SELECT count(*) FROM sessions"), SESSIONS_MAX);
	assert_int_equal(session_add(db, &session), -ENOSPC);
	run(db, "UPDATE sessions SET over = 1 WHERE id = 5");
	assert_int_equal(session_add(db, &session), 0);
}

/* --- who must end --- */

static void add_person(struct db *db, const char *name, int uid, int state_)
{
	struct query *query = query_new(db, "INSERT INTO people VALUES (?1, ?2, '" ISSUER "', ?2,"
					    " '', '', '/', '/', 'work', '', ?3, '', 0, 1000000)");

	query_number(query, 1, uid);
	query_text(query, 2, name);
	query_number(query, 3, state_);
	assert_int_equal(query_run(query), 0);
}

static const char lock_identity[] =
	"INSERT INTO locked_identities VALUES ('" ISSUER "', 'Sub-1', 'work', 'left', 0)";

static void whoever_is_locked_must_end_until_he_returns(void **state)
{
	static const struct {
		const char *what, *lock, *unlock;
		bool must_end;
	} rows[] = {
		{ "his identity", lock_identity, "DELETE FROM locked_identities", true },
		{ "his user", "UPDATE people SET state = 1 WHERE uid = 70000",
		  "UPDATE people SET state = 0 WHERE uid = 70000", true },
		{ "his user is gone", "UPDATE people SET state = 2 WHERE uid = 70000",
		  "UPDATE people SET state = 0 WHERE uid = 70000", true },
		{ "his user's identity, by which he did not log in", "INSERT INTO"
		  " locked_identities VALUES ('" ISSUER "', 'jane', 'work', 'left', 0)",
		  "DELETE FROM locked_identities", true },
		{ "another identity", "INSERT INTO locked_identities VALUES ('" ISSUER "', 'Sub-2',"
		  " 'work', 'left', 0)", "DELETE FROM locked_identities", false },
		{ "the same subject elsewhere", "INSERT INTO locked_identities VALUES"
		  " ('https://x.example', 'Sub-1', 'work', 'left', 0)",
		  "DELETE FROM locked_identities", false },
		{ "another user", "UPDATE people SET state = 1 WHERE uid = 70001",
		  "UPDATE people SET state = 0 WHERE uid = 70001", false },
	};
	struct db *db = *state;
	struct session session = jane();
	bool is_locked;

	add_person(db, "jane", 70000, 0);
	add_person(db, "mary", 70001, 0);
	run(db, "UPDATE people SET subject = 'other'  WHERE uid = 70001");
	add_grant(db, "login", "granted");
	assert_int_equal(session_match(db, NOW, &session), 0);
	assert_int_equal(session_add(db, &session), 0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		run(db, rows[i].lock);
		assert_int_equal(session_is_locked(db, &session, &is_locked), 0);
		assert_int_equal(is_locked, rows[i].must_end);
		(void)take(db, NOW);
		if ((only_one(db).ending[0] != '\0') != rows[i].must_end)
			fail_msg("%s", rows[i].what);
		if (rows[i].must_end) {
			assert_int_equal(due[0].order.verb, VERB_END);
			assert_int_equal(due[0].order.uid, 70000);
			assert_int_equal(due[0].order.pid, 500);
			assert_string_equal(due[0].order.session, "c1");
			assert_string_equal(due[0].order.start, BOOT "/777");
		}
		run(db, rows[i].unlock);
		(void)take(db, NOW);
		assert_string_equal(only_one(db).ending, "");
	}
}

static void an_end_is_told_until_nothing_is_left(void **state)
{
	struct db *db = *state;
	struct session session = jane();
	int64_t id;

	assert_int_equal(session_add(db, &session), 0);
	id = only_one(db).id;
	assert_int_equal(take(db, NOW), 0);
	assert_int_equal(session_end(db, id, "a sysadmin", NOW, &session), 0);
	assert_string_equal(session.user, "jane");
	assert_int_equal(take(db, NOW), 1);
	assert_int_equal(due[0].order.verb, VERB_END);
	answer(db, SAYS_ENDED, NOW);
	assert_int_equal(take(db, NOW), 0);
	assert_int_equal(take(db, NOW + SESSIONS_ENDING_S), 1);
	answer(db, SAYS_ENDED, NOW + SESSIONS_ENDING_S);
	/* Said once. */
	assert_int_equal(number(db, "SELECT count(*) FROM audit WHERE kind = 'session'"), 1);
	assert_int_equal(only_one(db).told_s, NOW);
	assert_int_equal(take(db, NOW + 2 * SESSIONS_ENDING_S), 1);
	answer(db, SAYS_GONE, NOW + 2 * SESSIONS_ENDING_S);
	assert_int_equal(only_one(db).id, 0);
	assert_int_equal(session_end(db, id, "again", NOW, NULL), -ENOENT);
	assert_int_equal(session_answered(db, &due[0], SAYS_ENDED, NOW), 0);
	assert_int_equal(only_one(db).id, 0);
}

static void an_end_is_recorded_though_the_session_was_faster(void **state)
{
	struct db *db = *state;
	struct session session = jane();

	session.logind[0] = '\0';
	assert_int_equal(session_add(db, &session), 0);
	assert_int_equal(session_end(db, only_one(db).id, "a sysadmin", NOW, NULL), 0);
	assert_int_equal(take(db, NOW), 1);
	assert_int_equal(session_close(db, &session, NOW), 0);
	answer(db, SAYS_ENDED, NOW);
	assert_int_equal(number(db, "SELECT count(*) FROM audit WHERE kind = 'session'"), 1);
	assert_int_equal(only_one(db).id, 0);
	/* Trimmed meanwhile. */
	run(db, "DELETE FROM sessions");
	answer(db, SAYS_ENDED, NOW);
	assert_int_equal(number(db, "SELECT count(*) FROM audit WHERE kind = 'session'"), 1);
}

static void answers_say_when_to_look_again(void **state)
{
	static const struct {
		enum end_answer answer;
		int64_t after_s;
	} rows[] = {
		{ SAYS_ALIVE, SESSIONS_ALIVE_S }, { SAYS_ENDED, SESSIONS_ENDING_S },
		{ SAYS_REFUSED, SESSIONS_ALIVE_S }, { SAYS_FAILED, SESSIONS_LOOK_S },
		{ SAYS_WAS_ON, SESSIONS_LOOK_S },
	};
	struct db *db = *state;
	struct session session = jane();
	int64_t now_s = NOW, next_s;

	assert_int_equal(session_add(db, &session), 0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		assert_int_equal(sessions_revive(db, now_s), 0);
		assert_int_equal(take(db, now_s), 1);
		answer(db, rows[i].answer, now_s);
		assert_int_equal(take(db, now_s + rows[i].after_s - 1), 0);
		assert_int_equal(sessions_next(db, now_s, &next_s), 0);
		assert_int_equal(next_s, now_s + MIN(rows[i].after_s, SESSIONS_LOOK_S));
		assert_int_equal(take(db, now_s + rows[i].after_s), 1);
		now_s += rows[i].after_s;
	}
}

static void who_must_end_is_asked_about_before_all_others(void **state)
{
	struct db *db = *state;
	struct session session = jane();
	size_t n = 0;

	for (unsigned i = 0; i < 3; i++) {
		session.pid = 500 + i;
		assert_int_equal(session_add(db, &session), 0);
	}
	assert_int_equal(session_end(db, only_one(db).id, "a sysadmin", NOW + 1, NULL), 0);
	assert_int_equal(sessions_revive(db, NOW + 1), 0);
	assert_int_equal(sessions_take_due(db, NOW + 1, due, 1, &n), 0);
	assert_int_equal(n, 1);
	assert_int_equal(due[0].order.verb, VERB_END);
	assert_int_equal(due[0].order.pid, 502);
}

static void a_clock_that_was_set_back_stops_nothing(void **state)
{
	struct db *db = *state;
	struct session session = jane();

	add_person(db, "mary", 70001, 1);
	session.opened_s = NOW + 86400;
	assert_int_equal(session_add(db, &session), 0);
	assert_int_equal(session_end(db, only_one(db).id, "a sysadmin", NOW + 86400, NULL), 0);
	assert_int_equal(take(db, NOW + 86400), 2);
	assert_int_equal(due[0].order.verb, VERB_END);
	assert_int_equal(due[1].order.verb, VERB_LINGER_OFF);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(session_answered(db, &due[i], SAYS_FAILED, NOW + 86400), 0);
	assert_int_equal(take(db, NOW), 2);
}

static void old_ones_are_forgotten_but_none_that_is_open(void **state)
{
	struct db *db = *state;
	struct session session = jane();

	assert_int_equal(session_add(db, &session), 0);
	run(db, "INSERT INTO sessions SELECT 7, 600, start, user, uid, service, source, logind, '',"
		" '', '', '', opened_s, 1, 1, '', 0, 0 FROM sessions");
	(void)take(db, NOW + SESSIONS_KEEP_S);
	assert_int_equal(number(db, "SELECT count(*) FROM sessions"), 2);
	(void)take(db, NOW + SESSIONS_KEEP_S + 1);
	assert_int_equal(number(db, "SELECT count(*) FROM sessions"), 1);
	assert_int_equal(only_one(db).pid, 500);
}

/* --- lingering --- */

static void lingering_goes_with_the_lock_and_comes_back(void **state)
{
	struct db *db = *state;

	add_person(db, "jane", 70000, 0);
	assert_int_equal(take(db, NOW), 0);
	run(db, "UPDATE people SET state = 1");
	assert_int_equal(take(db, NOW), 1);
	assert_int_equal(due[0].order.verb, VERB_LINGER_OFF);
	assert_int_equal(due[0].order.uid, 70000);
	assert_string_equal(due[0].order.user, "jane");
	answer(db, SAYS_FAILED, NOW);
	assert_int_equal(take(db, NOW), 0);
	assert_int_equal(take(db, NOW + SESSIONS_LOOK_S), 1);
	answer(db, SAYS_WAS_ON, NOW + SESSIONS_LOOK_S);
	assert_int_equal(take(db, NOW + 100000), 0);
	run(db, "UPDATE people SET state = 0");
	assert_int_equal(take(db, NOW + 100000), 1);
	assert_int_equal(due[0].order.verb, VERB_LINGER_ON);
	answer(db, SAYS_FAILED, NOW + 100000);
	/* Locked again before that was done. */
	run(db, "UPDATE people SET state = 1");
	assert_int_equal(take(db, NOW + 200000), 0);
	run(db, "UPDATE people SET state = 0");
	assert_int_equal(take(db, NOW + 200000), 1);
	assert_int_equal(due[0].order.verb, VERB_LINGER_ON);
	answer(db, SAYS_DONE, NOW + 200000);
	assert_int_equal(number(db, "SELECT count(*) FROM lingering"), 0);
	/* By his identity alone. */
	run(db, "INSERT INTO locked_identities VALUES ('" ISSUER "', 'jane', 'work', '', 1000000)");
	assert_int_equal(take(db, NOW + 100000), 1);
	assert_int_equal(due[0].order.verb, VERB_LINGER_OFF);
	answer(db, SAYS_WAS_ON, NOW + 100000);
	assert_int_equal(take(db, NOW + 100000), 0);
	run(db, "DELETE FROM locked_identities");
	assert_int_equal(take(db, NOW + 100000), 1);
	assert_int_equal(due[0].order.verb, VERB_LINGER_ON);
	answer(db, SAYS_DONE, NOW + 100000);
	/* Who never lingered does not begin to. */
	run(db, "UPDATE people SET state = 1");
	assert_int_equal(take(db, NOW + 100000), 1);
	answer(db, SAYS_WAS_OFF, NOW + 100000);
	run(db, "UPDATE people SET state = 0");
	assert_int_equal(take(db, NOW + 200000), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM lingering"), 0);
}

static void who_left_long_ago_is_asked_about_no_more(void **state)
{
	struct db *db = *state;
	size_t n;

	add_person(db, "jane", 70000, 1);
	n = take(db, NOW + SESSIONS_LINGER_S + 1);
	assert_int_equal(n, 0);
	assert_int_equal(take(db, NOW + SESSIONS_LINGER_S), 1);
	answer(db, SAYS_WAS_OFF, NOW + SESSIONS_LINGER_S);
	assert_int_equal(number(db, "SELECT count(*) FROM lingering"), 1);
	assert_int_equal(take(db, NOW + 3 * SESSIONS_LINGER_S + 1), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM lingering"), 0);
}

static void the_next_holder_of_a_name_keeps_his_lingering(void **state)
{
	struct db *db = *state;

	add_person(db, "jane", 70000, 2);
	add_person(db, "jane", 70001, 0);
	assert_int_equal(take(db, NOW), 0);
}

/* --- the helper's client --- */

struct talk {
	sd_event *event;
	struct helper_result result;
	int n_done;
};

static void on_done(void *context, const struct helper_result *result)
{
	struct talk *talk = context;

	talk->result = *result;
	talk->n_done++;
	(void)sd_event_exit(talk->event, 0);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	(void)unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void what_the_helper_says_is_taken_line_by_line(void **state UNUSED)
{
	static const struct {
		const char *says;
		size_t n_answers;
		int error;
	} rows[] = {
		{ "ended\ngone\n", 2, 0 },
		{ "ended\nrefused not his\n", 2, 0 },
		{ "ended\n", 1, -ECONNRESET },
		{ "", 0, -ECONNRESET },
		{ "ended", 0, -ECONNRESET },
		{ "yes\n", 0, -EBADMSG },
		{ "ended\n\n", 1, -EBADMSG },
		{ "ended\ngone\nended\n", 2, 0 },
	};
	char path[64];

	(void)snprintf(path, sizeof(path), "/tmp/t-sessions-%d", (int)getpid());
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct end_order order = { .verb = VERB_END, .uid = 1000, .pid = 2,
					   .start = BOOT "/1" };
		const struct end_order *const orders[] = { &order, &order };
		struct talk talk = { 0 };
		struct helper_call *call;
		char lines[1024] = "";
		int listener = listen_at(path), fd;
		size_t len = 0;
		ssize_t n;

		assert_true(sd_event_new(&talk.event) >= 0);
		assert_int_equal(helper_call_new(talk.event, path, orders, 2, on_done, &talk,
						 &call), 0);
		fd = accept(listener, NULL, NULL);
		while ((n = read(fd, lines + len, sizeof(lines) - 1 - len)) > 0)
			len += (size_t)n;
		assert_string_equal(lines, "end 1000 2 " BOOT "/1 -\nend 1000 2 " BOOT "/1 -\n");
		assert_int_equal(write(fd, rows[i].says, strlen(rows[i].says)),
				 strlen(rows[i].says));
		assert_int_equal(close(fd), 0);
		assert_true(sd_event_loop(talk.event) >= 0);
		assert_int_equal(talk.n_done, 1);
		assert_int_equal(talk.result.n_answers, rows[i].n_answers);
		assert_int_equal(talk.result.error, rows[i].error);
		assert_null(helper_call_free(call));
		sd_event_unref(talk.event);
		assert_int_equal(close(listener), 0);
	}
	assert_int_equal(unlink(path), 0);
}

static void a_helper_that_is_not_there_is_an_error(void **state UNUSED)
{
	struct end_order order = { .verb = VERB_END, .uid = 1000, .pid = 2, .start = BOOT "/1" };
	const struct end_order *const orders[] = { &order };
	struct talk talk = { 0 };
	struct helper_call *call = NULL;

	assert_true(sd_event_new(&talk.event) >= 0);
	assert_int_equal(helper_call_new(talk.event, "/nowhere/socket", orders, 1, on_done, &talk,
					 &call), -ENOENT);
	assert_null(call);
	sd_event_unref(talk.event);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_db, drop_db)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_grant_is_matched_whole),
		CASE(a_grant_opens_one_session),
		CASE(told_twice_it_is_kept_once),
		CASE(the_end_of_another_one_closes_nothing),
		CASE(what_logind_may_hold_is_not_over_with_its_end),
		CASE(too_many_are_refused),
		CASE(whoever_is_locked_must_end_until_he_returns),
		CASE(an_end_is_told_until_nothing_is_left),
		CASE(an_end_is_recorded_though_the_session_was_faster),
		CASE(answers_say_when_to_look_again),
		CASE(who_must_end_is_asked_about_before_all_others),
		CASE(a_clock_that_was_set_back_stops_nothing),
		CASE(old_ones_are_forgotten_but_none_that_is_open),
		CASE(lingering_goes_with_the_lock_and_comes_back),
		CASE(who_left_long_ago_is_asked_about_no_more),
		CASE(the_next_holder_of_a_name_keeps_his_lingering),
		cmocka_unit_test(what_the_helper_says_is_taken_line_by_line),
		cmocka_unit_test(a_helper_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
