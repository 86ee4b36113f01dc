/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the budget share: the default limits, and one call in one line. */
#pragma once

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

#define NUMBER  "+8613900001234"
#define BLOCKED ((int64_t)-1)

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

static inline struct budget_asker asker_at(const char *user, const char *source)
{
	return (struct budget_asker){ .scope = "sms", .user = user, .source = source };
}

static inline int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static inline int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

/* 0: the message may go and is counted; the seconds to wait; BLOCKED. */
static inline int64_t send_by(struct db *db, const struct budget_rules *rules,
			      const struct budget_asker *asker, const char *number, int64_t now_s,
			      int64_t *ret_send)
{
	enum send_verdict verdict = SEND_UNAVAILABLE;
	int64_t wait_s = -2, send = -2;

	assert_int_equal(budget_send(db, rules, asker, number, 1, now_s, &verdict, &wait_s, &send),
			 0);
	assert_int_equal(send != 0, verdict == SEND_ALLOWED);
	assert_int_equal(wait_s > 0, verdict == SEND_TOO_MANY);
	assert_int_not_equal(verdict, SEND_UNAVAILABLE);
	if (ret_send)
		*ret_send = send;
	return verdict == SEND_BLOCKED ? BLOCKED : wait_s;
}

static inline int64_t send_to(struct db *db, const struct budget_asker *asker, int64_t now_s)
{
	return send_by(db, &defaults, asker, NUMBER, now_s, NULL);
}

/* 0: the code may be compared and is counted as wrong; else as above. */
static inline int64_t try_by(struct db *db, const struct budget_rules *rules,
			     const struct budget_asker *asker, int64_t now_s)
{
	enum code_result result = CODE_RIGHT;
	int64_t wait_s = -2;

	assert_int_equal(budget_try(db, rules, asker, now_s, &result, &wait_s), 0);
	assert_true(result == CODE_WRONG || result == CODE_TOO_MANY || result == CODE_BLOCKED);
	assert_int_equal(wait_s > 0, result == CODE_TOO_MANY);
	return result == CODE_BLOCKED ? BLOCKED : wait_s;
}

static inline int64_t try_code(struct db *db, const struct budget_asker *asker, int64_t now_s)
{
	return try_by(db, &defaults, asker, now_s);
}

static inline void login_granted(struct db *db, const char *user, const char *source,
				 int64_t now_s)
{
	assert_int_equal(budget_granted(db, user, source, now_s), 0);
}

static inline void login_failed(struct db *db, const char *source, int64_t now_s)
{
	assert_int_equal(budget_failed(db, &defaults, source, now_s), 0);
}

/* The first column of the first row. */
static inline int64_t number_of(struct db *db, const char *sql)
{
	struct query *query = query_new(db, sql);
	int64_t number;

	assert_int_equal(query_step(query), 1);
	number = query_column_number(query, 0);
	query_done(query);
	return number;
}

#define BUDGET_TEST(function) cmocka_unit_test_setup_teardown(function, make_db, drop_db)
