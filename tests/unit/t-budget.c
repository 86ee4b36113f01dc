/* SPDX-License-Identifier: GPL-3.0-or-later */
/* budget.c: each row of its table, by a clock that the test moves. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "jauthd/budget.h"
#include "jauthd/limits.h"
#include "jauthd/throttle.h"

#define START  ((int64_t)1700000000)
#define MINUTE ((int64_t)60)
#define HOUR   ((int64_t)3600)
#define DAY    ((int64_t)86400)

#define NUMBER "+8613900001234"

static const struct budget_rules defaults = {
	.number_gap_s = BUDGET_NUMBER_GAP_S,
	.number_hour = BUDGET_NUMBER_HOUR,
	.number_day = BUDGET_NUMBER_DAY,
	.source_hour = BUDGET_SOURCE_HOUR,
	.source_day = BUDGET_SOURCE_DAY,
	.network_day = BUDGET_NETWORK_DAY,
	.strangers_hour = BUDGET_STRANGERS_HOUR,
	.total_hour = BUDGET_TOTAL_HOUR,
	.total_day = BUDGET_TOTAL_DAY,
	.unanswered = BUDGET_UNANSWERED,
	.failed_hour = BUDGET_FAILED_HOUR,
	.wrong_day = BUDGET_WRONG_DAY,
	.wrong_row = BUDGET_WRONG_ROW,
};

static int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

static const struct budget_asker jane = {
	.scope = "sms", .user = "jane", .source = "192.0.2.1",
};

static void a_message_a_minute(void **state)
{
	enum send_verdict verdict;
	int64_t wait_s, send;

	assert_int_equal(budget_send(*state, &defaults, &jane, NUMBER, 0, START, &verdict, &wait_s,
				     &send), 0);
	assert_int_equal(verdict, SEND_ALLOWED);
	assert_true(send != 0);
	assert_int_equal(budget_send(*state, &defaults, &jane, NUMBER, 0, START + 59, &verdict,
				     &wait_s, &send), 0);
	assert_int_equal(verdict, SEND_TOO_MANY);
	assert_int_equal(wait_s, 1);
	assert_int_equal(budget_send(*state, &defaults, &jane, NUMBER, 0, START + 60, &verdict,
				     &wait_s, &send), 0);
	assert_int_equal(verdict, SEND_ALLOWED);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_db, drop_db)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_a_minute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
