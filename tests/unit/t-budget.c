/* SPDX-License-Identifier: GPL-3.0-or-later */
/* budget.c: every row of the table in budget.h, by a clock that the test moves. */
#include "tests/unit/budget-fixture.h"

/* --- windows; full ones: t-budget-windows.c --- */

/* A part of a limit that was made smaller is smaller too, but never nothing. */
static void the_share_of_strangers_follows_the_limit(void **state)
{
	static const struct {
		int64_t hour;
		int n;
	} rows[] = { { 1, 1 }, { 2, 1 }, { 4, 2 }, { 5, 3 } };
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	struct budget_rules rules = defaults;
	int64_t now_s = START;

	for (size_t i = 0; i < N_ELEMENTS(rows); i++, now_s += 2 * DAY) {
		rules.number_hour = rows[i].hour;
		for (int n = 0; n < rows[i].n; n++)
			assert_int_equal(send_by(*state, &rules, &jane, NUMBER,
						 now_s + n * MINUTE, NULL), 0);
		assert_true(send_by(*state, &rules, &jane, NUMBER, now_s + 5 * MINUTE, NULL) > 0);
		assert_int_equal(budget_right(*state, &jane), 0);
	}
}

static void the_longest_wait_is_told(void **state)
{
	struct budget_asker jane = asker_at("jane", "192.0.2.1");

	jane.is_proved = true;
	login_granted(*state, "jane", "192.0.2.1", START);
	for (int i = 0; i < 5; i++)
		assert_int_equal(send_to(*state, &jane, START + i * MINUTE), 0);
	assert_int_equal(send_to(*state, &jane, START + 4 * MINUTE + 1), HOUR - 4 * MINUTE - 1);
}

/* Where more went out than the limit says, the first ones to leave do not make room yet. */
static void the_wait_is_until_there_is_room(void **state)
{
	struct budget_asker proved = asker_at("jane", "192.0.2.1");
	const struct budget_asker stranger = asker_at("john", "192.0.2.2");
	struct budget_rules rules = defaults;

	rules.total_hour = 2;
	proved.is_proved = true;
	for (int i = 0; i < 4; i++)
		assert_int_equal(send_by(*state, &rules, &proved, NUMBER, START + i * MINUTE, NULL),
				 0);
	assert_int_equal(send_by(*state, &rules, &stranger, NULL, START + 3 * MINUTE, NULL),
			 HOUR - MINUTE);
}

static void only_ipv6_has_networks(void **state)
{
	static const char *const sources[] = {
		"192.0.2.1", "::ffff:192.0.2.2", "::ffff:192.0.2.3", "tty1", "2001:db8:1::1",
		"2001:db8:2::1",
	};
	struct budget_rules rules = defaults;

	rules.network_day = 1;
	for (size_t i = 0; i < N_ELEMENTS(sources); i++) {
		const struct budget_asker asker = asker_at(sources[i], sources[i]);

		assert_int_equal(send_by(*state, &rules, &asker, NULL, START, NULL), 0);
	}
	assert_int_equal(send_by(*state, &rules, &(struct budget_asker){ "sms", "jane",
				 "2001:db8:2:ffff::1", false }, NULL, START, NULL), DAY);
}

static void cost_is_capped_for_everybody(void **state)
{
	struct budget_asker jane = asker_at("jane", "192.0.2.1");
	struct budget_rules rules = defaults;
	enum send_verdict verdict;
	int64_t wait_s, send;

	rules.cost_day = 100;
	jane.is_proved = true;
	login_granted(*state, "jane", "192.0.2.1", START);
	assert_int_equal(budget_send(*state, &rules, &jane, NUMBER, 60, START, &verdict, &wait_s,
				     &send), 0);
	assert_int_equal(verdict, SEND_ALLOWED);
	assert_int_equal(budget_send(*state, &rules, &jane, NUMBER, 41, START + HOUR, &verdict,
				     &wait_s, &send), 0);
	assert_int_equal(verdict, SEND_TOO_MANY);
	assert_int_equal(wait_s, DAY - HOUR);
	assert_int_equal(budget_send(*state, &rules, &jane, NUMBER, 40, START + HOUR, &verdict,
				     &wait_s, &send), 0);
	assert_int_equal(verdict, SEND_ALLOWED);
	/* One that costs more than a day may cost never goes out. */
	assert_int_equal(budget_send(*state, &rules, &jane, NUMBER, 101, START + 9 * DAY, &verdict,
				     &wait_s, &send), 0);
	assert_int_equal(verdict, SEND_TOO_MANY);
	rules.cost_day = 0;
	assert_int_equal(budget_send(*state, &rules, &jane, NUMBER, 1000000, START + 9 * DAY,
				     &verdict, &wait_s, &send), 0);
	assert_int_equal(verdict, SEND_ALLOWED);
}

/* --- messages that nobody answers --- */

static void unanswered_messages_pause_all_but_the_known(void **state)
{
	struct budget_asker jane = asker_at("jane", "192.0.2.1"), home = asker_at("jane", "tty1");
	const int64_t fifth_s = START + 4 * 3 * HOUR;

	jane.is_proved = true;
	login_granted(*state, "jane", "tty1", START);
	for (int i = 0; i < 5; i++)
		assert_int_equal(send_to(*state, &jane, START + i * 3 * HOUR), 0);
	assert_int_equal(send_to(*state, &jane, fifth_s + DAY - 1), 1);
	assert_int_equal(send_to(*state, &home, fifth_s + HOUR), 0);
	/* The pause is over, and not made longer by the known one: a new row begins. */
	for (int i = 0; i < 5; i++)
		assert_int_equal(send_to(*state, &jane, fifth_s + DAY + i * 3 * HOUR), 0);
	assert_int_equal(send_to(*state, &jane, fifth_s + DAY + 15 * HOUR), 21 * HOUR);
}

static void a_right_code_answers_them(void **state)
{
	struct budget_asker jane = asker_at("jane", "192.0.2.1");

	jane.is_proved = true;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(send_to(*state, &jane, START + i * 3 * HOUR), 0);
		if (i % 5 == 4)
			assert_int_equal(budget_right(*state, &jane), 0);
	}
}

static void a_message_given_back_was_never_counted(void **state)
{
	struct budget_asker jane = asker_at("jane", "192.0.2.1");
	int64_t first, second;

	jane.is_proved = true;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(send_by(*state, &defaults, &jane, NUMBER, START, &first), 0);
		assert_int_equal(budget_return(*state, first), 0);
	}
	assert_int_equal(number_of(*state, "SELECT count(*) FROM events"), 0);
	assert_int_equal(send_by(*state, &defaults, &jane, NUMBER, START, &first), 0);
	assert_int_equal(send_by(*state, &defaults, &jane, NUMBER, START + HOUR, &second), 0);
	assert_int_equal(budget_return(*state, second), 0);
	assert_int_equal(budget_return(*state, second), 0);
	assert_int_equal(send_to(*state, &jane, START + 59), 1);
	/* A wrong code is no message. */
	assert_int_equal(try_code(*state, &jane, START + 59), 0);
	assert_int_equal(budget_return(*state, 0), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM events WHERE kind = 9"), 1);
	/* The fifth in a row, which begins the pause, ends it when it comes back. */
	for (int i = 1; i < 4; i++)
		assert_int_equal(send_to(*state, &jane, START + i * 3 * HOUR), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send_by(*state, &defaults, &jane, NUMBER, START + 13 * HOUR,
					 &second), 0);
		assert_true(send_to(*state, &jane, START + 16 * HOUR) > 0);
		assert_int_equal(budget_return(*state, second), 0);
	}
}

/* --- failed logins --- */

static void failed_logins_stop_all_messages_from_their_source(void **state)
{
	struct budget_asker jane = asker_at("jane", "192.0.2.1");
	struct budget_asker john = asker_at("john", "192.0.2.2");
	const int64_t last_s = START + 29 * MINUTE;

	jane.is_proved = true;
	login_granted(*state, "jane", "192.0.2.1", START);
	for (int i = 0; i < 29; i++)
		login_failed(*state, "192.0.2.1", START + i * MINUTE);
	assert_int_equal(send_to(*state, &jane, last_s - 1), 0);
	login_failed(*state, "192.0.2.1", last_s);
	/* More of them do not make it longer. */
	for (int i = 0; i < 100; i++)
		login_failed(*state, "192.0.2.1", last_s + i);
	assert_int_equal(send_to(*state, &jane, last_s + HOUR - 1), 1);
	assert_int_equal(try_code(*state, &jane, last_s + 1), 0);
	assert_int_equal(send_by(*state, &defaults, &john, NULL, last_s + HOUR - 1, NULL), 0);
	assert_int_equal(send_to(*state, &jane, last_s + HOUR), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM events WHERE kind = 11"), 30);
	/* Nor is the next pause longer. */
	for (int i = 0; i < 30; i++)
		login_failed(*state, "192.0.2.1", last_s + 2 * HOUR);
	assert_int_equal(send_to(*state, &jane, last_s + 2 * HOUR), HOUR);
}

static void failed_logins_far_apart_stop_nothing(void **state)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");

	for (int i = 0; i < 290; i++)
		login_failed(*state, "192.0.2.1", START + i * (HOUR / 29 + 1));
	assert_int_equal(send_to(*state, &jane, START + 290 * (HOUR / 29 + 1)), 0);
}

/* --- wrong codes --- */

static void wrong_codes_of_strangers_leave_some_to_the_others(void **state)
{
	struct budget_asker proved = asker_at("jane", "192.0.2.1"), stranger = proved;
	int64_t now_s = START;

	proved.is_proved = true;
	for (int i = 0; i < 6; i++)
		assert_int_equal(try_code(*state, &stranger, now_s++), 0);
	assert_int_equal(try_code(*state, &stranger, now_s), START + DAY - now_s);
	assert_int_equal(send_to(*state, &stranger, now_s), START + DAY - now_s);
	assert_int_equal(send_to(*state, &proved, now_s), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(try_code(*state, &proved, now_s++), 0);
	assert_int_equal(try_code(*state, &proved, now_s), START + DAY - now_s);
	assert_int_equal(send_to(*state, &proved, now_s + HOUR), START + DAY - now_s - HOUR);
}

static void wrong_codes_are_counted_apart(void **state)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	struct budget_asker totp = jane, john = asker_at("john", "192.0.2.1");

	totp.scope = "totp";
	for (int i = 0; i < 6; i++)
		assert_int_equal(try_code(*state, &jane, START), 0);
	assert_int_equal(try_code(*state, &jane, START), DAY);
	assert_int_equal(try_code(*state, &totp, START), 0);
	assert_int_equal(try_code(*state, &john, START), 0);
}

/* The window alone would let one in again after a second. */
static void the_pause_is_an_hour_and_doubles(void **state)
{
	static const int64_t hours[] = { 1, 2, 4, 8, 16, 24, 24, 24 };
	struct budget_asker jane = asker_at("jane", "192.0.2.1");
	struct budget_rules rules = defaults;
	int64_t now_s = START;

	rules.wrong_row = BUDGET_WRONG_ROW_MAX;
	jane.is_proved = true;
	/* Nine that leave the window one by one, a pause apart. */
	for (int i = 0; i < 9; i++)
		assert_int_equal(try_by(*state, &rules, &jane, now_s++), 0);
	now_s = START + DAY - 2;
	for (size_t i = 0; i < N_ELEMENTS(hours); i++) {
		int64_t wait_s = 0;

		/* Up to ten in the window again. */
		while (wait_s == 0)
			wait_s = try_by(*state, &rules, &jane, now_s);
		assert_in_range(wait_s, hours[i] * HOUR, DAY);
		assert_int_equal(number_of(*state, "SELECT wait_until_s FROM stops"),
				 now_s + hours[i] * HOUR);
		now_s += wait_s;
	}
}

static void a_right_code_forgets_the_wrong_ones(void **state)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");

	for (int day = 0; day < 20; day++) {
		for (int i = 0; i < 6; i++)
			assert_int_equal(try_code(*state, &jane, START + i), 0);
		assert_true(try_code(*state, &jane, START + 6) > 0);
		assert_int_equal(budget_right(*state, &jane), 0);
	}
	assert_int_equal(number_of(*state, "SELECT sum(wrong_row + n_pauses) FROM stops"), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM events"), 0);
}

/* Six a day as long as it takes. */
static void fifty_in_a_row_need_a_sysadmin(void **state)
{
	struct budget_asker jane = asker_at("jane", "192.0.2.1");
	int64_t now_s = START, n = 0, wait_s;
	char hash[17];

	while ((wait_s = try_code(*state, &jane, now_s)) != BLOCKED) {
		n += wait_s == 0;
		now_s += wait_s;
	}
	assert_int_equal(n, 50);
	login_granted(*state, "jane", "192.0.2.1", now_s);
	jane.is_proved = true;
	assert_int_equal(send_to(*state, &jane, now_s + 365 * DAY), BLOCKED);
	assert_int_equal(try_code(*state, &jane, now_s + 365 * DAY), BLOCKED);
	throttle_user_hash(db_key(*state), "jane", hash);
	assert_int_equal(budget_unlock(*state, hash, &n), 0);
	assert_int_equal(send_to(*state, &jane, now_s), 0);
	assert_int_equal(try_code(*state, &jane, now_s), 0);
}

static void no_configuration_allows_more_than_a_hundred(void **state)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	struct budget_rules rules = defaults;

	rules.wrong_day = rules.wrong_row = 1000000;
	for (int i = 0; i < 100; i++)
		assert_int_equal(try_by(*state, &rules, &jane, START), 0);
	assert_int_equal(try_by(*state, &rules, &jane, START), BLOCKED);
}

/* --- who is known --- */

static bool is_known(struct db *db, const char *user, const char *source, int64_t now_s)
{
	const struct budget_asker asker = asker_at(user, source);
	int n;

	for (n = 0; n < 5 && send_to(db, &asker, now_s + n * MINUTE) == 0; n++)
		;
	assert_int_equal(budget_unlock(db, NULL, &(int64_t){ 0 }), 0);
	assert_true(n == 3 || n == 5);
	return n == 5;
}

static void a_source_is_known_for_its_user(void **state)
{
	login_granted(*state, "jane", "2001:db8:1:2::1", START);
	assert_true(is_known(*state, "jane", "2001:db8:1:2::1", START));
	assert_true(is_known(*state, "jane", "2001:db8:1:2:ffff::9", START));
	assert_false(is_known(*state, "jane", "2001:db8:1:3::1", START));
	assert_false(is_known(*state, "john", "2001:db8:1:2::1", START));
	assert_false(is_known(*state, "jane", "tty1", START));
	login_granted(*state, "jane", "tty1", START);
	assert_true(is_known(*state, "jane", "tty1", START));
}

static void a_source_is_forgotten_after_a_month(void **state)
{
	const int64_t month = KNOWN_SOURCE_DAYS * DAY;

	login_granted(*state, "jane", "192.0.2.1", START);
	assert_true(is_known(*state, "jane", "192.0.2.1", START + month - HOUR));
	assert_false(is_known(*state, "jane", "192.0.2.1", START + month));
	/* It is written again at most once a day. */
	login_granted(*state, "jane", "192.0.2.1", START + DAY - 1);
	assert_int_equal(number_of(*state, "SELECT last_s FROM known_sources"), START);
	login_granted(*state, "jane", "192.0.2.1", START + DAY);
	assert_int_equal(number_of(*state, "SELECT last_s FROM known_sources"), START + DAY);
	assert_true(is_known(*state, "jane", "192.0.2.1", START + month));
}

/* --- nobody learns who exists --- */

static void without_a_number_everything_is_counted_alike(void **state)
{
	struct budget_asker jane = asker_at("jane", "192.0.2.1");
	struct budget_asker nobody = asker_at("nobody-here", "192.0.2.2");
	struct budget_asker another = asker_at("nor-here", "192.0.2.3");

	for (int64_t now_s = START; now_s < START + 3 * DAY; now_s += 7 * MINUTE) {
		const int64_t wait_s = send_by(*state, &defaults, &jane, NUMBER, now_s, NULL);

		assert_int_equal(send_by(*state, &defaults, &nobody, NULL, now_s, NULL), wait_s);
		assert_int_equal(try_code(*state, &nobody, now_s), try_code(*state, &jane, now_s));
	}
	assert_int_equal(number_of(*state, "SELECT count(DISTINCT user_hash) FROM stops"), 2);
	assert_int_equal(send_by(*state, &defaults, &another, NULL, START + 3 * DAY, NULL), 0);
}

/* --- number match --- */

static int64_t match_wait(struct db *db, const char *scope, const char *user, int64_t now_s)
{
	const struct budget_asker asker = { .scope = scope, .user = user, .source = "192.0.2.1" };
	int64_t wait_s = -2;

	assert_int_equal(budget_match_wait(db, &defaults, &asker, now_s, &wait_s), 0);
	return wait_s;
}

static void three_wrong_matches_close_a_method_for_a_day(void **state)
{
	struct budget_asker asker = { .scope = "wecom", .user = "jane" };

	for (int i = 0; i < MATCH_WRONG_DAY; i++) {
		assert_int_equal(match_wait(*state, "wecom", "jane", START + i * HOUR), 0);
		asker.source = i ? "tty1" : "192.0.2.7";         /* from wherever */
		asker.is_proved = i % 2;
		assert_int_equal(budget_match_wrong(*state, &asker, START + i * HOUR), 0);
	}
	assert_int_equal(match_wait(*state, "wecom", "jane", START + 2 * HOUR), DAY - 2 * HOUR);
	assert_int_equal(match_wait(*state, "wecom", "jane", START + DAY - 1), 1);
	assert_int_equal(match_wait(*state, "wecom", "john", START + 2 * HOUR), 0);
	assert_int_equal(match_wait(*state, "dingtalk", "jane", START + 2 * HOUR), 0);
	/* The first is a day old: one more, and no more than that. */
	assert_int_equal(match_wait(*state, "wecom", "jane", START + DAY), 0);
	assert_int_equal(budget_match_wrong(*state, &asker, START + DAY), 0);
	assert_int_equal(match_wait(*state, "wecom", "jane", START + DAY), HOUR);
}

static void wrong_matches_and_wrong_codes_are_counted_apart(void **state)
{
	const struct budget_asker asker = asker_at("jane", "192.0.2.1");

	for (int i = 0; i < MATCH_WRONG_DAY; i++)
		assert_int_equal(budget_match_wrong(*state, &asker, START), 0);
	assert_int_equal(budget_right(*state, &asker), 0);       /* of a code */
	assert_true(match_wait(*state, "sms", "jane", START) > 0);
	assert_int_equal(try_code(*state, &asker, START), 0);
	assert_int_equal(send_to(*state, &asker, START), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		BUDGET_TEST(the_share_of_strangers_follows_the_limit),
		BUDGET_TEST(the_longest_wait_is_told),
		BUDGET_TEST(the_wait_is_until_there_is_room),
		BUDGET_TEST(only_ipv6_has_networks),
		BUDGET_TEST(cost_is_capped_for_everybody),
		BUDGET_TEST(unanswered_messages_pause_all_but_the_known),
		BUDGET_TEST(a_right_code_answers_them),
		BUDGET_TEST(a_message_given_back_was_never_counted),
		BUDGET_TEST(failed_logins_stop_all_messages_from_their_source),
		BUDGET_TEST(failed_logins_far_apart_stop_nothing),
		BUDGET_TEST(wrong_codes_of_strangers_leave_some_to_the_others),
		BUDGET_TEST(wrong_codes_are_counted_apart),
		BUDGET_TEST(the_pause_is_an_hour_and_doubles),
		BUDGET_TEST(a_right_code_forgets_the_wrong_ones),
		BUDGET_TEST(fifty_in_a_row_need_a_sysadmin),
		BUDGET_TEST(no_configuration_allows_more_than_a_hundred),
		BUDGET_TEST(a_source_is_known_for_its_user),
		BUDGET_TEST(a_source_is_forgotten_after_a_month),
		BUDGET_TEST(without_a_number_everything_is_counted_alike),
		BUDGET_TEST(three_wrong_matches_close_a_method_for_a_day),
		BUDGET_TEST(wrong_matches_and_wrong_codes_are_counted_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
