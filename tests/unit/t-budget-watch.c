/* SPDX-License-Identifier: GPL-3.0-or-later */
/* budget-watch.c: what the log says while messages are counted. */
#include <fcntl.h>

#include "tests/unit/budget-fixture.h"

#define LOG_MAX 4096

/* stderr, between begin and end. */
struct capture {
	int saved, ends[2];
};

static void capture_begin(struct capture *capture)
{
	assert_int_equal(pipe2(capture->ends, O_CLOEXEC | O_NONBLOCK), 0);
	(void)fflush(stderr);
	capture->saved = dup(STDERR_FILENO);
	assert_true(dup2(capture->ends[1], STDERR_FILENO) >= 0);
}

static void capture_end(struct capture *capture, char ret_log[LOG_MAX])
{
	ssize_t n;

	(void)fflush(stderr);
	assert_true(dup2(capture->saved, STDERR_FILENO) >= 0);
	close(capture->ends[1]);
	n = read(capture->ends[0], ret_log, LOG_MAX - 1);
	ret_log[MAX(n, 0)] = '\0';
	close(capture->ends[0]);
	close(capture->saved);
}

/* `n` messages, a minute between them, each to another number and user; every `answered`th gets its
 * right code (0: none). */
static void send_many(struct db *db, const struct budget_rules *rules, int n, int answered,
		      int64_t *now_s)
{
	for (int i = 0; i < n; i++, *now_s += MINUTE) {
		char user[32], number[32], source[32];
		struct budget_asker asker;

		(void)snprintf(user, sizeof(user), "user%lld", (long long)*now_s);
		(void)snprintf(number, sizeof(number), "+1%010lld", (long long)*now_s);
		(void)snprintf(source, sizeof(source), "2001:db8:%x::1", i);
		asker = asker_at(user, source);
		asker.is_proved = true;
		assert_int_equal(send_by(db, rules, &asker, number, *now_s, NULL), 0);
		if (answered && i % answered == 0)
			assert_int_equal(budget_right(db, &asker), 0);
	}
}

static unsigned count_in(const char *log, const char *text)
{
	unsigned n = 0;

	for (; (log = strstr(log, text)); log += strlen(text))
		n++;
	return n;
}

static void few_answers_are_told_once_an_hour(void **state)
{
	static const struct {
		int n, answered;
		unsigned said;
	} rows[] = {
		{ 50, 0, 0 },            /* too few to judge */
		{ 51, 0, 1 },
		{ 51, 2, 0 },            /* half */
		{ 51, 3, 1 },
		{ 51 + 59, 0, 1 },
		{ 51 + 61, 0, 2 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct capture capture;
		char log[LOG_MAX];
		int64_t now_s = START;

		capture_begin(&capture);
		send_many(*state, &defaults, rows[i].n, rows[i].answered, &now_s);
		capture_end(&capture, log);
		if (count_in(log, "of the last 50 only") != rows[i].said)
			fail_msg("row %zu: %s", i, log);
		assert_int_equal(budget_unlock(*state, NULL, &now_s), 0);
	}
}

static void a_total_is_told_when_it_is_used_up(void **state)
{
	struct budget_rules rules = defaults;
	int64_t now_s = START;
	struct capture capture;
	char log[LOG_MAX];

	rules.total_hour = 3;
	rules.cost_day = 5;
	capture_begin(&capture);
	send_many(*state, &rules, 2, 1, &now_s);
	capture_end(&capture, log);
	assert_string_equal(log, "");
	capture_begin(&capture);
	send_many(*state, &rules, 1, 1, &now_s);
	capture_end(&capture, log);
	assert_non_null(strstr(log, "the limit of \"all messages, 1 h\" is reached: 3"));
	capture_begin(&capture);
	send_many(*state, &rules, 2, 1, &now_s);
	capture_end(&capture, log);
	assert_null(strstr(log, "all messages, 1 h"));
	assert_int_equal(count_in(log, "the limit of \"cost of all messages, 1 d\" is reached: 5"),
			 1);
}

/* A TOTP code answers no message, nor does somebody else's. */
static void only_the_answered_message_is_marked(void **state)
{
	struct budget_asker jane = asker_at("jane", "192.0.2.1"), other = jane;

	assert_int_equal(send_to(*state, &jane, START), 0);
	other.scope = "totp";
	assert_int_equal(budget_right(*state, &other), 0);
	other = asker_at("john", "192.0.2.1");
	assert_int_equal(budget_right(*state, &other), 0);
	assert_int_equal(number_of(*state, "SELECT sum(answered) FROM events"), 0);
	assert_int_equal(budget_right(*state, &jane), 0);
	assert_int_equal(number_of(*state, "SELECT sum(answered) FROM events"), 1);
}

/* A sysadmin tries his vendors until one works: that is no account's row of unanswered messages. */
static void test_messages_stand_in_no_row(void **state)
{
	struct budget_asker nobody = asker_at("", "uid 0");
	struct budget_rules rules = defaults;
	int64_t now_s = START;

	nobody.is_proved = true;
	rules.number_hour = rules.number_day = 20;
	for (int i = 0; i < BUDGET_UNANSWERED + 2; i++, now_s += MINUTE)
		assert_int_equal(send_by(*state, &rules, &nobody, NUMBER, now_s, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUDGET_TEST(few_answers_are_told_once_an_hour),
		BUDGET_TEST(a_total_is_told_when_it_is_used_up),
		BUDGET_TEST(only_the_answered_message_is_marked),
		BUDGET_TEST(test_messages_stand_in_no_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
