/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauth-end-session/ over a /proc and a logind of the test's: who is ended, and who never. */
#include "jauth-end-session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"

#define BOOT       "0a1b2c3d-0000-4abc-9def-0123456789ab"
#define OTHER_BOOT "1a1b2c3d-0000-4abc-9def-0123456789ab"
#define NO_LOGIN   4294967295u
#define JANE       1001u
#define LEADER     500u
#define TICKS      "777"

/* --- the world --- */

/* What happened, as words: "500:HUP". */
static char said[4096];
static char proc[256], linger[256], passwd[256];
static struct logind_session logind_session;
static int logind_result, terminate_result, linger_result;
static uint32_t logind_uid;              /* whose lingering it is asked to change */
static bool stubborn;            /* only SIGKILL ends a process */
static bool orphaned;            /* 400 becomes a child of init when its parent is signalled */

PRINTF_LIKE(2, 3)
static void write_file(const char *text, const char *format, ...)
{
	char path[512];
	va_list args;
	FILE *file;

	va_start(args, format);
	(void)vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

struct fake {
	unsigned pid, parent, uid, login;
	const char *name, *ticks;
	char state;
};

static void add_process(const struct fake *fake)
{
	char folder[300], text[512];

	(void)snprintf(folder, sizeof(folder), "%s/%u", proc, fake->pid);
	assert_int_equal(mkdir(folder, 0755), 0);
	(void)snprintf(text, sizeof(text), "%u (%s) %c %u 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0"
		       " 1 0 %s 1000 2000 18446744073709551615\n", fake->pid,
		       fake->name ? fake->name : "sh", fake->state ? fake->state : 'S',
		       fake->parent, fake->ticks ? fake->ticks : TICKS);
	write_file(text, "%s/stat", folder);
	(void)snprintf(text, sizeof(text), "Name:\t%s\nUmask:\t0022\n"
		       "Uid:\t%u\t%u\t%u\t%u\nGid:\t0\n",
		       fake->name ? fake->name : "sh", fake->uid, fake->uid, fake->uid, fake->uid);
	write_file(text, "%s/status", folder);
	(void)snprintf(text, sizeof(text), "%u", fake->login);
	write_file(text, "%s/loginuid", folder);
}

static void remove_process(unsigned pid)
{
	static const char *const names[] = { "stat", "status", "loginuid" };
	char path[400];

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%u/%s", proc, pid, names[i]);
		(void)unlink(path);
	}
	(void)snprintf(path, sizeof(path), "%s/%u", proc, pid);
	assert_int_equal(rmdir(path), 0);
}

static int fake_signal(const struct helper *helper UNUSED, uint32_t pid, uint64_t ticks, int number)
{
	size_t len = strlen(said);

	assert_int_equal(ticks, 777);
	(void)snprintf(said + len, sizeof(said) - len, "%s%u:%s", len ? " " : "", pid,
		       sigabbrev_np(number));
	if (number == SIGKILL || (number == SIGTERM && !stubborn))
		remove_process(pid);
	else if (number == SIGHUP && pid == 502 && orphaned)
		write_file("400 (low pid) S 1 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 777 1 1\n",
			   "%s/400/stat", proc);
	return 0;
}

static void fake_pause(unsigned ms UNUSED)
{
}

static int fake_find(const char *session, struct logind_session *ret_session)
{
	assert_string_equal(session, "c1");
	if (logind_result == 0)
		*ret_session = logind_session;
	return logind_result;
}

static int fake_terminate(const char *session)
{
	assert_string_equal(session, "c1");
	(void)snprintf(said, sizeof(said), "terminate");
	return terminate_result;
}

static int fake_kill_all(const char *session)
{
	assert_string_equal(session, "c1");
	(void)snprintf(said, sizeof(said), "kill all");
	return terminate_result;
}

static int fake_set_linger(uint32_t uid, bool is_on)
{
	assert_int_equal(uid, logind_uid);
	(void)snprintf(said, sizeof(said), "linger %s", is_on ? "on" : "off");
	return linger_result;
}

static const struct logind fake_logind = {
	fake_find, fake_terminate, fake_kill_all, fake_set_linger
};
static const struct helper helper = {
	.proc = proc, .linger = linger, .passwd = passwd, .logind = &fake_logind,
	.signal = fake_signal, .pause = fake_pause,
};

static int make_world(void **state)
{
	char folder[] = "/tmp/t-end-session-XXXXXX";

	assert_non_null(mkdtemp(folder));
	*state = strdup(folder);
	(void)snprintf(proc, sizeof(proc), "%s/proc", folder);
	(void)snprintf(linger, sizeof(linger), "%s/linger", folder);
	(void)snprintf(passwd, sizeof(passwd), "%s/passwd", folder);
	assert_int_equal(mkdir(proc, 0755), 0);
	assert_int_equal(mkdir(linger, 0755), 0);
	for (size_t i = 0; i < 3; i++) {
		static const char *const parts[] = { "sys", "sys/kernel", "sys/kernel/random" };
		char path[300];

		(void)snprintf(path, sizeof(path), "%s/%s", proc, parts[i]);
		assert_int_equal(mkdir(path, 0755), 0);
	}
	write_file(BOOT "\n", "%s/sys/kernel/random/boot_id", proc);
	add_process(&(struct fake){ 1, 0, 0, NO_LOGIN, .name = "systemd" });
	write_file("root:x:0:0:root:/root:/bin/bash\nmary:x:1002:1002::/home/mary:/bin/sh\n", "%s",
		   passwd);
	said[0] = '\0';
	stubborn = orphaned = false;
	logind_session = (struct logind_session){ JANE, LEADER, false };
	logind_result = terminate_result = linger_result = 0;
	logind_uid = JANE;
	return 0;
}

static int drop_world(void **state)
{
	const char *const argv[] = { "rm", "-rf", *state, NULL };
	pid_t pid = fork();

	if (pid == 0) {
		(void)execv("/bin/rm", (char *const *)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	free(*state);
	return 0;
}

static struct end_order order_of(enum end_verb verb, const char *session)
{
	struct end_order order = { .verb = verb, .uid = JANE, .pid = LEADER,
				   .start = BOOT "/" TICKS };

	(void)snprintf(order.session, sizeof(order.session), "%s", session);
	return order;
}

/* --- by processes --- */

/* sshd of root, its child that is jane's, her shell with a job, a root shell by sudo, others. */
static const struct fake ssh[] = {
	{ 2, 1, 0, NO_LOGIN, .name = "sshd" },
	{ LEADER, 2, 0, JANE, .name = "sshd: jane [priv]" },
	{ 501, LEADER, JANE, JANE, .name = "sshd: jane@pts/0" },
	{ 502, 501, JANE, JANE, .name = "bash) S 1 (x" },
	{ 400, 502, JANE, JANE, .name = "low pid" },
	{ 503, 502, 0, JANE, .name = "sudo" },
	{ 504, 502, JANE, JANE, .name = "zombie", .state = 'Z' },
	/* Another session of hers, and other people. */
	{ 600, 2, 0, JANE, .name = "sshd: jane [priv]" },
	{ 601, 600, JANE, JANE },
	{ 700, 2, 0, 1002 },
	{ 701, 700, 1002, 1002 },
};

static void add_ssh(void)
{
	for (size_t i = 0; i < N_ELEMENTS(ssh); i++)
		add_process(&ssh[i]);
}

static void assert_answer(struct answer answer, enum end_answer want)
{
	if (answer.what != want)
		fail_msg("%s (%s) instead of %s", end_answer_names[answer.what],
			 answer.why ? answer.why : "", end_answer_names[want]);
	assert_int_equal(!answer.why, want != SAYS_REFUSED && want != SAYS_FAILED);
}

static void only_what_is_below_the_leader_and_his_is_ended(void **state UNUSED)
{
	struct end_order order = order_of(VERB_END, "");

	add_ssh();
	assert_answer(session_obey(&helper, &order), SAYS_ENDED);
	/* root's sshd sees its child end, and closes the session. */
	assert_string_equal(said, "400:HUP 501:HUP 502:HUP 503:HUP "
				  "400:TERM 501:TERM 502:TERM 503:TERM");
}

/* su to oneself. */
static void a_leader_that_is_his_ends_too(void **state UNUSED)
{
	struct end_order order = order_of(VERB_END, "");

	order.pid = 502;
	add_ssh();
	assert_answer(session_obey(&helper, &order), SAYS_ENDED);
	assert_string_equal(said, "400:HUP 502:HUP 503:HUP 400:TERM 502:TERM 503:TERM");
}

static void what_does_not_end_by_itself_is_killed(void **state UNUSED)
{
	struct end_order order = order_of(VERB_END, "");

	stubborn = true;
	add_ssh();
	assert_answer(session_obey(&helper, &order), SAYS_ENDED);
	assert_non_null(strstr(said, "503:CONT"));
	assert_null(strstr(said, "500:"));
	assert_non_null(strstr(said, "502:KILL"));
	assert_null(strstr(said, "601:"));
	assert_null(strstr(said, "701:"));
	assert_null(strstr(said, " 2:"));
}

static void whose_parents_have_ended_does_not_get_away(void **state UNUSED)
{
	struct end_order order = order_of(VERB_END, "");

	stubborn = orphaned = true;
	add_ssh();
	assert_answer(session_obey(&helper, &order), SAYS_ENDED);
	assert_non_null(strstr(said, "400:KILL"));
	assert_null(strstr(said, "601:"));
}

/* What may look like the session of the record and is not. */
static void lookalikes_are_left_alone(void **state UNUSED)
{
	static const struct {
		const char *what, *start;
		uint32_t uid, pid;
		enum end_answer look, end;
	} rows[] = {
		{ "the same", BOOT "/777", JANE, LEADER, SAYS_ALIVE, SAYS_ENDED },
		{ "the number was used again", BOOT "/776", JANE, LEADER, SAYS_GONE, SAYS_GONE },
		{ "in another boot", OTHER_BOOT "/777", JANE, LEADER, SAYS_GONE, SAYS_GONE },
		{ "no such process", BOOT "/777", JANE, 499, SAYS_GONE, SAYS_GONE },
		{ "a zombie", BOOT "/777", JANE, 504, SAYS_GONE, SAYS_GONE },
		{ "another user's session", BOOT "/777", JANE, 700, SAYS_ALIVE, SAYS_REFUSED },
		{ "another uid", BOOT "/777", 1003, LEADER, SAYS_ALIVE, SAYS_REFUSED },
		{ "root", BOOT "/777", 0, 2, SAYS_REFUSED, SAYS_REFUSED },
		{ "a uid below 1000", BOOT "/777", 999, LEADER, SAYS_REFUSED, SAYS_REFUSED },
		{ "no start", "", JANE, LEADER, SAYS_REFUSED, SAYS_REFUSED },
	};

	add_ssh();
	for (size_t i = N_ELEMENTS(rows); i-- > 0;) {
		struct end_order order = order_of(VERB_LOOK, "");

		order.uid = rows[i].uid;
		order.pid = rows[i].pid;
		(void)snprintf(order.start, sizeof(order.start), "%s", rows[i].start);
		assert_answer(session_obey(&helper, &order), rows[i].look);
		assert_string_equal(said, "");
		order.verb = VERB_END;
		assert_answer(session_obey(&helper, &order), rows[i].end);
		if (rows[i].end != SAYS_ENDED && said[0])
			fail_msg("%s: %s", rows[i].what, said);
	}
	assert_true(said[0]);
}

/* The sshd that all sessions come from is no leader of hers: of what is below it hers is ended, but
 * nothing of others. */
static void a_hostile_leader_reaches_nobody_else(void **state UNUSED)
{
	struct end_order order = order_of(VERB_END, "");

	order.pid = 2;
	add_ssh();
	assert_answer(session_obey(&helper, &order), SAYS_ENDED);
	assert_non_null(strstr(said, "601:TERM"));
	assert_null(strstr(said, "700:"));
	assert_null(strstr(said, "701:"));
	assert_true(strncmp(said, "2:", 2) != 0 && !strstr(said, " 2:"));
}

static void a_process_without_a_proper_record_is_nobody(void **state UNUSED)
{
	static const char *const texts[] = {
		"", "500", "500 (sh", "500 (sh)", "500 (sh) ", "500 (sh) S", "500 (sh) S x 1",
		"500 (sh) S 1 1 1 0 -1 1 1 2 3 4 5 6 7 8 20 0 1 0",
		"500 (sh) S 1 1 1 0 -1 1 1 2 3 4 5 6 7 8 20 0 1 0 -777 1",
		"500 (sh) S 1 1 1 0 -1 1 1 2 3 4 5 6 7 8 20 0 1 0 777x 1",
		"500 (sh) S 1 1 1 0 -1 1 1 2 3 4 5 6 7 8 20 0 1 0 99999999999999999999 1",
	};
	struct end_order order = order_of(VERB_END, "");

	add_ssh();
	for (size_t i = 0; i < N_ELEMENTS(texts); i++) {
		write_file(texts[i], "%s/500/stat", proc);
		assert_answer(session_obey(&helper, &order), SAYS_FAILED);
	}
	assert_string_equal(said, "");
}

static void what_proc_hides_is_not_gone(void **state UNUSED)
{
	struct end_order order = order_of(VERB_LOOK, "");

	assert_answer(session_obey(&helper, &order), SAYS_GONE);
	remove_process(1);
	assert_answer(session_obey(&helper, &order), SAYS_FAILED);
	order.verb = VERB_END;
	assert_answer(session_obey(&helper, &order), SAYS_FAILED);
}

static void without_a_boot_id_nothing_is_done(void **state UNUSED)
{
	struct end_order order = order_of(VERB_END, "");
	char path[300];

	add_ssh();
	(void)snprintf(path, sizeof(path), "%s/sys/kernel/random/boot_id", proc);
	assert_int_equal(unlink(path), 0);
	assert_answer(session_obey(&helper, &order), SAYS_FAILED);
	assert_string_equal(said, "");
}

/* --- by logind --- */

static void logind_ends_what_it_holds(void **state UNUSED)
{
	static const struct {
		struct logind_session session;
		int find, terminate;
		bool has_process;
		enum end_answer look, end;
		const char *said;
	} rows[] = {
		{ { JANE, LEADER }, 0, 0, true, SAYS_ALIVE, SAYS_ENDED, "terminate" },
		/* Told to end before, or left behind by its leader. */
		{ { JANE, LEADER, true }, 0, 0, true, SAYS_ALIVE, SAYS_ENDED, "kill all" },
		{ { JANE, LEADER, true }, 0, 0, false, SAYS_ALIVE, SAYS_ENDED, "kill all" },
		{ { JANE, LEADER, true }, 0, -ENOENT, false, SAYS_ALIVE, SAYS_GONE, "kill all" },
		{ { 1002, LEADER, true }, 0, 0, false, SAYS_GONE, SAYS_GONE, "" },
		/* The leader has gone, which logind has not seen yet. */
		{ { JANE, LEADER }, 0, 0, false, SAYS_ALIVE, SAYS_ENDED, "terminate" },
		{ { JANE, LEADER }, 0, -ENOENT, false, SAYS_ALIVE, SAYS_GONE, "terminate" },
		{ { JANE, LEADER }, 0, -EACCES, true, SAYS_ALIVE, SAYS_FAILED, "terminate" },
		/* Another user's, or by another process: not the one. */
		{ { 1002, LEADER }, 0, 0, false, SAYS_GONE, SAYS_GONE, "" },
		{ { JANE, 600 }, 0, 0, false, SAYS_GONE, SAYS_GONE, "" },
		{ { 0, LEADER }, 0, 0, false, SAYS_GONE, SAYS_GONE, "" },
		{ { 0, 0 }, -ENOENT, 0, false, SAYS_GONE, SAYS_GONE, "" },
		/* Away or silent: it may hold something. */
		{ { 0, 0 }, -ENOTCONN, 0, false, SAYS_FAILED, SAYS_FAILED, "" },
		{ { 0, 0 }, -ETIMEDOUT, 0, false, SAYS_FAILED, SAYS_FAILED, "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct end_order order = order_of(VERB_LOOK, "c1");

		said[0] = '\0';
		logind_session = rows[i].session;
		logind_result = rows[i].find;
		terminate_result = rows[i].terminate;
		if (rows[i].has_process)
			add_process(&ssh[1]);
		assert_answer(session_obey(&helper, &order), rows[i].look);
		order.verb = VERB_END;
		assert_answer(session_obey(&helper, &order), rows[i].end);
		assert_string_equal(said, rows[i].said);
		if (rows[i].has_process)
			remove_process(LEADER);
	}
}

static void su_in_the_session_of_somebody_else_ends_alone(void **state UNUSED)
{
	struct end_order order = order_of(VERB_END, "c1");

	logind_session = (struct logind_session){ 1002, 600, false };
	add_ssh();
	assert_answer(session_obey(&helper, &order), SAYS_ENDED);
	assert_non_null(strstr(said, "501:TERM"));
	assert_null(strstr(said, "601:"));
}

/* --- lingering --- */

static void lingering_is_switched_and_told(void **state UNUSED)
{
	static const struct {
		enum end_verb verb;
		bool is_on;
		int logind;
		enum end_answer want;
		const char *said;
		bool is_on_then;         /* the file; logind's own change is not made here */
	} rows[] = {
		{ VERB_LINGER_OFF, false, 0, SAYS_WAS_OFF, "", false },
		{ VERB_LINGER_OFF, true, 0, SAYS_WAS_ON, "linger off", true },
		{ VERB_LINGER_OFF, true, -ENOTCONN, SAYS_WAS_ON, "linger off", false },
		{ VERB_LINGER_OFF, true, -EACCES, SAYS_FAILED, "linger off", true },
		{ VERB_LINGER_ON, false, 0, SAYS_DONE, "linger on", false },
		{ VERB_LINGER_ON, false, -ENOTCONN, SAYS_DONE, "linger on", true },
		{ VERB_LINGER_ON, true, 0, SAYS_DONE, "", true },
		{ VERB_LINGER_ON, false, -ETIMEDOUT, SAYS_FAILED, "linger on", false },
	};
	char path[300];

	(void)snprintf(path, sizeof(path), "%s/jane", linger);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct end_order order = { .verb = rows[i].verb, .uid = JANE, .user = "jane" };

		said[0] = '\0';
		(void)unlink(path);
		if (rows[i].is_on)
			write_file("", "%s", path);
		linger_result = rows[i].logind;
		assert_answer(linger_obey(&helper, &order), rows[i].want);
		assert_string_equal(said, rows[i].said);
		assert_int_equal(access(path, F_OK) == 0, rows[i].is_on_then);
	}
}

static void lingering_of_a_local_user_of_that_name_stays(void **state UNUSED)
{
	static const struct {
		const char *user;
		uint32_t uid;
		enum end_answer off, on;
	} rows[] = {
		{ "mary", 1002, SAYS_WAS_ON, SAYS_DONE },
		{ "mary", JANE, SAYS_REFUSED, SAYS_REFUSED },
		{ "root", JANE, SAYS_REFUSED, SAYS_REFUSED },
		{ "jane", JANE, SAYS_WAS_ON, SAYS_DONE },
	};
	struct end_order jane = { .verb = VERB_LINGER_OFF, .uid = JANE, .user = "jane" };

	linger_result = -ENOTCONN;
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct end_order order = { .verb = VERB_LINGER_OFF, .uid = rows[i].uid };
		char path[300];

		(void)snprintf(order.user, sizeof(order.user), "%s", rows[i].user);
		(void)snprintf(path, sizeof(path), "%s/%s", linger, rows[i].user);
		write_file("", "%s", path);
		logind_uid = rows[i].uid;
		assert_answer(linger_obey(&helper, &order), rows[i].off);
		assert_int_equal(access(path, F_OK) == 0, rows[i].off == SAYS_REFUSED);
		(void)unlink(path);
		order.verb = VERB_LINGER_ON;
		assert_answer(linger_obey(&helper, &order), rows[i].on);
		assert_int_equal(access(path, F_OK) == 0, rows[i].on == SAYS_DONE);
	}
	assert_int_equal(unlink(passwd), 0);
	assert_answer(linger_obey(&helper, &jane), SAYS_FAILED);
}

static void nobody_lingers_without_the_folder(void **state UNUSED)
{
	struct end_order order = { .verb = VERB_LINGER_OFF, .uid = JANE, .user = "jane" };

	assert_int_equal(rmdir(linger), 0);
	assert_answer(linger_obey(&helper, &order), SAYS_WAS_OFF);
	order.verb = VERB_LINGER_ON;
	assert_answer(linger_obey(&helper, &order), SAYS_DONE);
	assert_string_equal(said, "");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, make_world, drop_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_what_is_below_the_leader_and_his_is_ended),
		CASE(a_leader_that_is_his_ends_too),
		CASE(what_does_not_end_by_itself_is_killed),
		CASE(whose_parents_have_ended_does_not_get_away),
		CASE(lookalikes_are_left_alone),
		CASE(a_hostile_leader_reaches_nobody_else),
		CASE(a_process_without_a_proper_record_is_nobody),
		CASE(what_proc_hides_is_not_gone),
		CASE(without_a_boot_id_nothing_is_done),
		CASE(logind_ends_what_it_holds),
		CASE(su_in_the_session_of_somebody_else_ends_alone),
		CASE(lingering_is_switched_and_told),
		CASE(lingering_of_a_local_user_of_that_name_stays),
		CASE(nobody_lingers_without_the_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
