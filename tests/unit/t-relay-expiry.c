/* SPDX-License-Identifier: GPL-3.0-or-later */
/* expiry.c: what ends first comes first, whatever was put in and taken out before. */
#include "jauth-relay/expiry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/macro.h"

#define THINGS 500

/* The same numbers in every run, without order. */
static unsigned next_number(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 16;
}

static int64_t take_first(struct expiries *expiries)
{
	struct expiry *first = expiries_first(expiries, INT64_MAX);

	assert_non_null(first);
	expiries_remove(expiries, first);
	return first->at_s;
}

static void they_come_out_in_their_order(void **state UNUSED)
{
	struct expiries expiries = { 0 };
	struct expiry things[THINGS];
	unsigned number = 1;
	int64_t last = 0;

	for (size_t i = 0; i < THINGS; i++) {
		things[i].at_s = next_number(&number) % 100;
		expiries_add(&expiries, &things[i]);
	}
	for (size_t i = 0; i < THINGS; i++) {
		int64_t at_s = take_first(&expiries);

		assert_true(at_s >= last);
		last = at_s;
	}
	assert_null(expiries_first(&expiries, INT64_MAX));
	expiries_done(&expiries);
}

static void what_is_taken_out_early_leaves_the_order_alone(void **state UNUSED)
{
	for (unsigned seed = 1; seed < 50; seed++) {
		struct expiries expiries = { 0 };
		struct expiry things[THINGS];
		unsigned number = seed;
		int64_t last = 0;
		size_t n = 0;

		for (size_t i = 0; i < THINGS; i++) {
			things[i].at_s = next_number(&number) % 1000;
			expiries_add(&expiries, &things[i]);
		}
		for (size_t i = 0; i < THINGS; i++) {
			if (next_number(&number) % 2)
				expiries_remove(&expiries, &things[i]);
			else
				n++;
		}
		assert_int_equal(expiries.n, n);
		while (n--) {
			int64_t at_s = take_first(&expiries);

			assert_true(at_s >= last);
			last = at_s;
		}
		expiries_done(&expiries);
	}
}

static void what_has_not_ended_is_not_first(void **state UNUSED)
{
	struct expiries expiries = { 0 };
	struct expiry thing = { .at_s = 10 };

	assert_null(expiries_first(&expiries, 10));
	expiries_add(&expiries, &thing);
	assert_null(expiries_first(&expiries, 9));
	assert_ptr_equal(expiries_first(&expiries, 10), &thing);
	expiries_done(&expiries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_come_out_in_their_order),
		cmocka_unit_test(what_is_taken_out_early_leaves_the_order_alone),
		cmocka_unit_test(what_has_not_ended_is_not_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
