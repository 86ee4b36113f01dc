/* SPDX-License-Identifier: GPL-3.0-or-later */
/* budget.c: windows that are full, up to the 2000 messages of a day: whom each one stops. */
#include "tests/unit/budget-fixture.h"

/* --- windows: so many go, the next waits until the first one is old enough --- */

enum {
	SAME_NUMBER = 1 << 0,
	SAME_USER = 1 << 1,
	SAME_SOURCE = 1 << 2,
	SAME_NETWORK = 1 << 3,
};

enum {
	STRANGER = 1 << 0,
	KNOWN = 1 << 1,
	PROVED = 1 << 2,
	BOTH = 1 << 3,           /* known and proved */
	EVERYBODY = STRANGER | KNOWN | PROVED | BOTH,
};

static const struct window_case {
	const char *name;
	unsigned same;           /* what all the messages have in common */
	unsigned by;             /* who asks for them */
	unsigned stops;
	int64_t step_s, window_s;
	int n;                   /* that go */
} window_cases[] = {
	{ "number, gap", SAME_NUMBER, BOTH, EVERYBODY, 1, MINUTE, 1 },
	{ "number, hour", SAME_NUMBER, BOTH, EVERYBODY, MINUTE, HOUR, 5 },
	{ "number, day", SAME_NUMBER, BOTH, EVERYBODY, HOUR / 5, DAY, 10 },
	{ "number, hour, strangers", SAME_NUMBER, STRANGER, STRANGER, MINUTE, HOUR, 3 },
	{ "number, day, strangers", SAME_NUMBER, STRANGER, STRANGER, HOUR / 3, DAY, 6 },
	{ "account, gap", SAME_USER, BOTH, EVERYBODY, 1, MINUTE, 1 },
	{ "account, hour", SAME_USER, BOTH, EVERYBODY, MINUTE, HOUR, 5 },
	{ "account, day", SAME_USER, BOTH, EVERYBODY, HOUR / 5, DAY, 10 },
	{ "account, hour, strangers", SAME_USER, STRANGER, STRANGER, MINUTE, HOUR, 3 },
	{ "account, day, strangers", SAME_USER, STRANGER, STRANGER, HOUR / 3, DAY, 6 },
	{ "source, hour", SAME_SOURCE, BOTH, EVERYBODY, 1, HOUR, 10 },
	{ "source, day", SAME_SOURCE, BOTH, EVERYBODY, HOUR / 10, DAY, 30 },
	{ "network, day", SAME_NETWORK, BOTH, EVERYBODY, 20, DAY, 100 },
	{ "strangers, hour", 0, STRANGER, STRANGER, 1, HOUR, 60 },
	{ "total, hour", 0, KNOWN, STRANGER | KNOWN, 1, HOUR, 300 },
	{ "total, day", 0, KNOWN, STRANGER | KNOWN, HOUR / 300, DAY, 2000 },
};

/* Message `i` of a case, and what it is asked by. */
struct message {
	char number[32], user[32], source[48];
	struct budget_asker asker;
};

static void set_message(struct db *db, const struct window_case *row, unsigned i, unsigned by,
			int64_t now_s, struct message *ret_message)
{
	struct message *message = ret_message;

	(void)snprintf(message->number, sizeof(message->number), "+86139%08u",
		       row->same & SAME_NUMBER ? 0 : i);
	(void)snprintf(message->user, sizeof(message->user), "user%u",
		       row->same & SAME_USER ? 0 : i);
	if (row->same & SAME_SOURCE)
		(void)snprintf(message->source, sizeof(message->source), "192.0.2.1");
	else if (row->same & SAME_NETWORK)
		(void)snprintf(message->source, sizeof(message->source), "2001:db8:7:%x::1", i);
	else
		(void)snprintf(message->source, sizeof(message->source), "2001:db8:%x::1", i);
	message->asker = asker_at(message->user, message->source);
	message->asker.is_proved = by & (PROVED | BOTH);
	if (by & (KNOWN | BOTH))
		login_granted(db, message->user, message->source, now_s);
}

/* With the pause for unanswered messages, which has a test of its own, out of the way. */
static int64_t ask(struct db *db, const struct message *message, int64_t now_s, int64_t *ret_send)
{
	struct budget_rules rules = defaults;

	rules.unanswered = 1000000;
	return send_by(db, &rules, &message->asker, message->number, now_s, ret_send);
}

/* Each by one of its own source, so that nobody is known by chance. */
static void expect_stops(struct db *db, const struct window_case *row, int64_t now_s)
{
	struct message message;
	int64_t send;

	for (unsigned by = STRANGER, i = 10000; by <= BOTH; by <<= 1, i++) {
		set_message(db, row, i, by, now_s, &message);
		if ((row->same & SAME_SOURCE) && by == STRANGER)
			(void)snprintf(message.user, sizeof(message.user), "nobody-known");
		if (ask(db, &message, now_s, &send) > 0) {
			assert_true(row->stops & by);
			continue;
		}
		assert_false(row->stops & by);
		assert_int_equal(budget_return(db, send), 0);
	}
}

static void fill_window(struct db *db, const struct window_case *row)
{
	const int64_t last_s = START + (row->n - 1) * row->step_s;
	struct message message;
	int64_t send;

	for (int i = 0; i < row->n; i++) {
		const int64_t now_s = START + i * row->step_s;

		set_message(db, row, (unsigned)i, row->by, now_s, &message);
		assert_int_equal(ask(db, &message, now_s, NULL), 0);
	}
	set_message(db, row, 5000, row->by, last_s, &message);
	assert_int_equal(ask(db, &message, START + row->window_s - 1, NULL), 1);
	assert_int_equal(ask(db, &message, START + row->window_s, &send), 0);
	assert_int_equal(budget_return(db, send), 0);
	expect_stops(db, row, START + row->window_s - 1);
}

static void a_full_window_stops_whom_it_should(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(window_cases); i++) {
		struct db *db = NULL;

		print_message("%s\n", window_cases[i].name);
		assert_int_equal(db_open(":memory:", &db), 0);
		assert_int_equal(db_begin(db), 0);
		fill_window(db, &window_cases[i]);
		assert_int_equal(db_commit(db), 0);
		db_close(db);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_window_stops_whom_it_should),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
