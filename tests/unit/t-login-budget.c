/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the end of a login means for the budget: which sources become known, which failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/macro.h"
#include "base/text.h"
#include "logins-fixture.h"

static const char config_text[] =
	"[method near]\ntype = near\n"
	"[service near]\nmethods = near\n"
	"[service shut]\nmethods = none\n"
	"[limits]\nsms_source_failed_hour = 5\n"
	"[test]\nfail_delay_ms = 0\n";

static int set_up(void **state)
{
	(void)world_set_up(state, config_text, TEST_ISSUER, "4711");
	world_link(*state, TEST_ISSUER, "4711");
	return 0;
}

static struct {
	int64_t known, failures, pauses;
} seen;

static int64_t number_of(struct db *db, const char *sql)
{
	struct query *query = query_new(db, sql);
	int64_t number;

	assert_int_equal(query_step(query), 1);
	number = query_column_number(query, 0);
	query_done(query);
	return number;
}

static int look(struct db *db)
{
	seen.known = number_of(db, "SELECT count(*) FROM known_sources");
	seen.failures = number_of(db, "SELECT count(*) FROM events");
	seen.pauses = number_of(db, "SELECT count(*) FROM stops");
	return 0;
}

static const struct end_case {
	const char *name, *service;
	enum login_phase phase;
	enum script_act act;
	bool has_address;
	enum login_state outcome;
	int64_t known, failures;
} end_cases[] = {
	{ "granted", "near", LOGIN_AUTHENTICATE, SCRIPT_IDENTIFY, true, LOGIN_GRANTED, 1, 0 },
	{ "granted on a console", "near", LOGIN_AUTHENTICATE, SCRIPT_IDENTIFY, false,
	  LOGIN_GRANTED, 1, 0 },
	{ "denied", "near", LOGIN_AUTHENTICATE, SCRIPT_DENY, true, LOGIN_DENIED, 0, 1 },
	{ "denied on a console", "near", LOGIN_AUTHENTICATE, SCRIPT_DENY, false, LOGIN_DENIED,
	  0, 0 },
	{ "not the person's fault", "near", LOGIN_AUTHENTICATE, SCRIPT_FAIL, true, LOGIN_FAILED,
	  0, 0 },
	{ "no way in", "shut", LOGIN_AUTHENTICATE, SCRIPT_NOTHING, true, LOGIN_DENIED, 0, 1 },
	{ "outside", "other", LOGIN_AUTHENTICATE, SCRIPT_NOTHING, true, LOGIN_IGNORED, 0, 0 },
	{ "account granted", "near", LOGIN_ACCOUNT, SCRIPT_NOTHING, true, LOGIN_GRANTED, 0, 0 },
	{ "account locked", "shut", LOGIN_ACCOUNT, SCRIPT_NOTHING, true, LOGIN_LOCKED, 0, 0 },
};

static void log_in(struct world *world, const struct end_case *row)
{
	struct login_facts facts = world_facts();

	script_now->act = row->act;
	script_now->deny = DENY_REFUSED;
	facts.phase = row->phase;
	facts.has_address = row->has_address;
	(void)text_into(facts.service, sizeof(facts.service), row->service);
	assert_int_equal(world_begin(world, &facts), 0);
	assert_true(world_step(world));
	assert_string_equal(login_state_names[world->step.state], login_state_names[row->outcome]);
}

static void the_end_of_a_login_is_told_to_the_budget(void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(end_cases); i++) {
		print_message("%s\n", end_cases[i].name);
		log_in(*state, &end_cases[i]);
		world_change(*state, look);
		assert_int_equal(seen.known, end_cases[i].known);
		assert_int_equal(seen.failures, end_cases[i].failures);
		assert_int_equal(world_tear_down(state), 0);
		assert_int_equal(set_up(state), 0);
	}
}

static void the_configured_number_of_failures_begins_a_pause(void **state)
{
	for (int i = 1; i <= 7; i++) {
		log_in(*state, &end_cases[2]);
		world_change(*state, look);
		assert_int_equal(seen.failures, MIN(i, 5));
		assert_int_equal(seen.pauses, i >= 5);
	}
}

/* Counted and recorded together, or not at all. */
static int break_budget(struct db *db)
{
	return query_run(query_new(db, "DROP TABLE known_sources"));
}

static int count_granted(struct db *db)
{
	seen.known = number_of(db, "SELECT count(*) FROM audit WHERE outcome = 'granted'");
	return 0;
}

static void what_cannot_be_told_is_not_granted(void **state)
{
	struct end_case row = end_cases[0];

	world_change(*state, break_budget);
	row.outcome = LOGIN_FAILED;
	log_in(*state, &row);
	world_change(*state, count_granted);
	assert_int_equal(seen.known, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, world_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_end_of_a_login_is_told_to_the_budget),
		TEST(the_configured_number_of_failures_begins_a_pause),
		TEST(what_cannot_be_told_is_not_granted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
