/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who must be done by when: in order, once, and not when he is done. */
#include "jauth-relay/slow.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"

struct person {
	struct slow_entry entry;
	char name;
	char **late;                     /* where the names of the late ones are written */
};

static void on_late(struct slow_entry *entry)
{
	struct person *person = container_of(entry, struct person, entry);

	*(*person->late)++ = person->name;
}

struct world {
	sd_event *event;
	struct slow *slow;
	struct person people[3];
	char names[8], *end;
};

static void make(struct world *world, unsigned seconds)
{
	*world = (struct world){ .end = world->names };
	assert_int_equal(sd_event_new(&world->event), 0);
	assert_int_equal(slow_new(world->event, seconds, on_late, &world->slow), 0);
	for (unsigned i = 0; i < N_ELEMENTS(world->people); i++) {
		world->people[i].name = (char)('a' + i);
		world->people[i].late = &world->end;
		slow_add(world->slow, &world->people[i].entry);
	}
}

static void unmake(struct world *world)
{
	slow_free(world->slow);
	sd_event_unref(world->event);
}

static void the_first_goes_first(void **state UNUSED)
{
	struct world world;

	make(&world, 60);
	assert_true(slow_drop_first(world.slow));
	assert_string_equal(world.names, "a");
	slow_add(world.slow, &world.people[0].entry);
	slow_add(world.slow, &world.people[1].entry);            /* anew: behind the others */
	for (unsigned i = 0; i < 3; i++)
		assert_true(slow_drop_first(world.slow));
	assert_string_equal(world.names, "acab");
	assert_false(slow_drop_first(world.slow));
	unmake(&world);
}

static void who_is_done_is_not_late(void **state UNUSED)
{
	static const unsigned orders[][3] = { { 0, 1, 2 }, { 1, 0, 2 }, { 2, 1, 0 }, { 1, 2, 0 } };
	struct world world;

	for (size_t i = 0; i < N_ELEMENTS(orders); i++) {
		make(&world, 60);
		for (unsigned k = 0; k < 3; k++) {
			slow_remove(world.slow, &world.people[orders[i][k]].entry);
			slow_remove(world.slow, &world.people[orders[i][k]].entry);
		}
		assert_false(slow_drop_first(world.slow));
		unmake(&world);
	}
}

static void when_the_time_is_over_all_are_late(void **state UNUSED)
{
	struct world world;

	make(&world, 0);
	slow_remove(world.slow, &world.people[1].entry);
	while (world.end - world.names < 2)
		assert_true(sd_event_run(world.event, UINT64_MAX) > 0);
	assert_string_equal(world.names, "ac");
	assert_false(world.people[0].entry.is_queued);
	assert_false(slow_drop_first(world.slow));
	unmake(&world);
}

static void a_long_time_is_not_over_at_once(void **state UNUSED)
{
	struct world world;

	make(&world, 3600);
	while (sd_event_run(world.event, 0) > 0)
		;
	assert_string_equal(world.names, "");
	unmake(&world);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_goes_first),
		cmocka_unit_test(who_is_done_is_not_late),
		cmocka_unit_test(when_the_time_is_over_all_are_late),
		cmocka_unit_test(a_long_time_is_not_over_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
