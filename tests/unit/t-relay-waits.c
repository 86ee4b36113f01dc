/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who waits looks again after every change, also one during a look, and a last time. */
#include "jauth-relay/waits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/macro.h"

#define KEY   "AAAAAAAAAAAAAAAAAAAAAA"
#define OTHER "BBBBBBBBBBBBBBBBBBBBBB"

/* A waiter whose looks the test ends by hand. */
struct person {
	struct waiter waiter;
	unsigned n_looks;
	bool is_looking;
};

static void on_look(struct waiter *waiter)
{
	struct person *person = container_of(waiter, struct person, waiter);

	assert_false(person->is_looking);
	person->n_looks++;
	person->is_looking = true;
}

static void start(struct waits *waits, struct person *person, const char *key, unsigned seconds)
{
	*person = (struct person){ .waiter.look = on_look };
	waiter_start(waits, &person->waiter, key, seconds);
}

static void stay(struct person *person)
{
	person->is_looking = false;
	waiter_stay(&person->waiter);
}

struct world {
	sd_event *event;
	struct waits *waits;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_int_equal(sd_event_new(&world->event), 0);
	world->waits = waits_new(world->event);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	waits_free(world->waits);
	sd_event_unref(world->event);
	free(world);
	return 0;
}

/* All that is due, without waiting for time. */
static void turn(struct world *world)
{
	while (sd_event_run(world->event, 0) > 0)
		;
}

static void a_change_is_looked_at(void **state)
{
	struct world *world = *state;
	struct person one, two;

	start(world->waits, &one, KEY, 60);
	start(world->waits, &two, OTHER, 60);
	stay(&one);
	stay(&two);
	turn(world);
	assert_int_equal(one.n_looks, 1);
	waits_wake(world->waits, KEY);
	waits_wake(world->waits, KEY);
	assert_int_equal(one.n_looks, 1);        /* never inside the call that woke it */
	turn(world);
	assert_int_equal(one.n_looks, 2);
	assert_int_equal(two.n_looks, 1);
	assert_int_equal(waits_count(world->waits), 2);
	waiter_done(&one.waiter);
	waiter_done(&one.waiter);
	waits_wake(world->waits, NULL);
	turn(world);
	assert_int_equal(one.n_looks, 2);
	assert_int_equal(two.n_looks, 2);
	waiter_done(&two.waiter);
	assert_int_equal(waits_count(world->waits), 0);
}

static void a_change_during_a_look_is_not_lost(void **state)
{
	struct world *world = *state;
	struct person one;

	start(world->waits, &one, KEY, 60);
	waits_wake(world->waits, KEY);
	turn(world);
	assert_int_equal(one.n_looks, 1);
	stay(&one);
	turn(world);
	assert_int_equal(one.n_looks, 2);
	stay(&one);
	turn(world);
	assert_int_equal(one.n_looks, 2);
	waiter_done(&one.waiter);
}

static void who_does_not_wait_looks_once(void **state)
{
	struct world *world = *state;
	struct person one;

	start(world->waits, &one, KEY, 0);
	assert_true(one.waiter.is_last);
	waiter_done(&one.waiter);
	turn(world);
	assert_int_equal(one.n_looks, 1);
}

static void an_end_is_a_last_look(void **state)
{
	struct world *world = *state;
	struct person one, two;

	start(world->waits, &one, KEY, 60);
	start(world->waits, &two, OTHER, 60);
	stay(&one);
	stay(&two);
	waits_end(world->waits, KEY);
	turn(world);
	assert_true(one.waiter.is_last);
	assert_false(two.waiter.is_last);
	assert_int_equal(one.n_looks, 2);
	waits_end(world->waits, NULL);
	turn(world);
	assert_true(two.waiter.is_last);
	waiter_done(&one.waiter);
	waiter_done(&two.waiter);
}

static void one_key_has_few_places(void **state)
{
	struct world *world = *state;
	struct person people[WAITERS_PER_KEY + 2], other;

	start(world->waits, &other, OTHER, 60);
	stay(&other);
	for (size_t i = 0; i < N_ELEMENTS(people); i++) {
		start(world->waits, &people[i], KEY, 60);
		stay(&people[i]);
	}
	turn(world);
	for (size_t i = 0; i < N_ELEMENTS(people); i++) {
		assert_int_equal(people[i].waiter.is_last, i < 2);       /* the oldest */
		assert_int_equal(people[i].n_looks, i < 2 ? 2 : 1);
		waiter_done(&people[i].waiter);
	}
	assert_int_equal(other.n_looks, 1);
	waiter_done(&other.waiter);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_change_is_looked_at, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_change_during_a_look_is_not_lost, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(who_does_not_wait_looks_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_end_is_a_last_look, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_key_has_few_places, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
