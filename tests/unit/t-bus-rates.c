/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bus-rates.c: a burst, then so many a second, and nobody pays for another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"
#include "jauthd/bus-rates.h"

#define NOW INT64_C(1000000)

static struct bus_rates rates;

static int set_up(void **state)
{
	(void)state;
	rates = (struct bus_rates){ { { .is_used = false } } };
	return 0;
}

static int count(uid_t uid, int64_t now_ms)
{
	int n = 0;

	while (n < 10 * BUS_RATE_BURST && bus_rates_take(&rates, uid, now_ms))
		n++;
	return n;
}

static void a_burst_and_then_so_many_a_second(void **state)
{
	(void)state;
	assert_int_equal(count(1001, NOW), BUS_RATE_BURST);
	assert_int_equal(count(1001, NOW), 0);
	assert_int_equal(count(1001, NOW + 1000), BUS_RATE_PER_S);
	assert_int_equal(count(1001, NOW + 1000), 0);
	assert_int_equal(count(1001, NOW + 1000000), BUS_RATE_BURST);
}

static void nobody_pays_for_another(void **state)
{
	(void)state;
	assert_int_equal(count(1001, NOW), BUS_RATE_BURST);
	assert_int_equal(count(1002, NOW), BUS_RATE_BURST);
	assert_int_equal(count(1001, NOW), 0);
}

static void trying_costs_nothing(void **state)
{
	(void)state;
	(void)count(1001, NOW);
	for (int i = 0; i < 1000; i++)
		(void)bus_rates_take(&rates, 1001, NOW + i / 10);
	assert_int_equal(count(1001, NOW + 1000), BUS_RATE_PER_S);
}

static void a_clock_that_stands_or_goes_back_gives_nothing(void **state)
{
	(void)state;
	(void)count(1001, NOW);
	assert_int_equal(count(1001, NOW - 5000), 0);
}

/* Many who call once each do not make the one forgotten who calls too often. */
static void who_calls_too_often_is_remembered(void **state)
{
	(void)state;
	assert_int_equal(count(1001, NOW), BUS_RATE_BURST);
	for (uid_t uid = 2000; uid < 2000 + 3 * BUS_RATE_UIDS; uid++)
		assert_true(bus_rates_take(&rates, uid, NOW));
	assert_int_equal(count(1001, NOW), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_burst_and_then_so_many_a_second, set_up),
		cmocka_unit_test_setup(nobody_pays_for_another, set_up),
		cmocka_unit_test_setup(trying_costs_nothing, set_up),
		cmocka_unit_test_setup(a_clock_that_stands_or_goes_back_gives_nothing, set_up),
		cmocka_unit_test_setup(who_calls_too_often_is_remembered, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
