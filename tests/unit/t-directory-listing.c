/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory-listing.c with a store of its own, in memory: what is told gets there, whole, and
 * whoever else waits for the store has his turn after each slice. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/directory-listing.h"

#define ID     "corp"
#define ISSUER "wecom:ww1"
#define NOW_S  1767323045
#define MANY   (3 * DIRECTORY_KEEP + 7)

/* Somebody else who needs the store, again and again until `last`. */
struct probe {
	struct job job;
	struct fixture *fixture;
	unsigned n_runs;
	size_t n_members, n_marks, step_max;
	bool is_marked_early, is_last;
};

struct fixture {
	sd_event *event;
	struct store *store;
	struct config config;
	struct method method;
	struct listing *listing;
	struct probe probe;
	unsigned n_ready, n_kept;
	char display[2];                 /* of everybody */
	char map[16];
};

static size_t count(struct db *db, const char *sql)
{
	struct query *query = query_new(db, sql);
	size_t n = 0;

	if (query_step(query) == 1)
		n = (size_t)query_column_number(query, 0);
	query_done(query);
	return n;
}

static size_t count_members(struct db *db)
{
	return count(db, "SELECT count(*) FROM directory_members WHERE round = 1");
}

static size_t count_marks(struct db *db)
{
	return count(db, "SELECT count(*) FROM directory_done");
}

static void run_probe(struct job *job, void *context)
{
	struct probe *probe = container_of(job, struct probe, job);
	size_t n = count_members(context);

	probe->step_max = MAX(probe->step_max, n - probe->n_members);
	probe->n_members = n;
	probe->n_marks = count_marks(context);
	/* The large department is told of first. */
	probe->is_marked_early = probe->is_marked_early || (probe->n_marks && n < MANY);
	probe->n_runs++;
}

static void on_probed(struct job *job)
{
	struct probe *probe = container_of(job, struct probe, job);

	if (!probe->fixture->n_kept)
		assert_int_equal(store_add(probe->fixture->store, job), 0);
	else
		probe->is_last = true;
}

static void start_probe(struct fixture *fixture)
{
	fixture->probe = (struct probe){ .job = { .run = run_probe, .done = on_probed },
					 .fixture = fixture };
	assert_int_equal(store_add(fixture->store, &fixture->probe.job), 0);
}

static void on_ready(void *context, int error)
{
	struct fixture *fixture = context;

	assert_int_equal(error, 0);
	fixture->n_ready++;
}

static void on_kept(void *context)
{
	struct fixture *fixture = context;

	fixture->n_kept++;
}

static int64_t now_ms(void *context UNUSED)
{
	return 1;
}

static void turn(struct fixture *fixture)
{
	assert_true(sd_event_run(fixture->event, 10 * 1000 * 1000) > 0);
}

static void begin(struct fixture *fixture)
{
	const struct listing_start start = {
		.store = fixture->store, .config = &fixture->config, .method = &fixture->method,
		.now_s = NOW_S, .ready = on_ready, .kept = on_kept, .now_ms = now_ms,
		.context = fixture,
	};

	fixture->n_ready = fixture->n_kept = 0;
	assert_int_equal(listing_new(&start, &fixture->listing), 0);
	while (!fixture->n_ready)
		turn(fixture);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	assert_true(sd_event_new(&fixture->event) >= 0);
	assert_int_equal(store_new(fixture->event, ":memory:", &fixture->store), 0);
	fixture->config.n_refs = 1;
	fixture->display[0] = 'x';
	(void)text_into(fixture->map, sizeof(fixture->map), "{userid}");
	fixture->method = (struct method){ .id = ID, .map = fixture->map };
	begin(fixture);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	listing_free(fixture->listing);
	store_stop(fixture->store);
	store_free(fixture->store);
	sd_event_unref(fixture->event);
	free(fixture);
	return 0;
}

static void tell_members(struct fixture *fixture, const char *department, unsigned from,
			 unsigned n)
{
	for (unsigned i = from; i < from + n; i++) {
		char subject[16];
		const struct identity identity = {
			.issuer = (char []){ ISSUER }, .subject = subject,
			.display = fixture->display,
		};

		(void)snprintf(subject, sizeof(subject), "p%05u", i);
		listing_member(fixture->listing, &(struct listed_member){
			.identity = &identity, .department = department, .mark = "x",
			.state = MEMBER_ACTIVE,
		});
	}
	listing_done(fixture->listing, department);
}

/* One department of MANY, nine of one each. */
static void tell(struct fixture *fixture)
{
	char id[16];

	for (unsigned i = 1; i <= 10; i++) {
		(void)snprintf(id, sizeof(id), "%u", i);
		listing_department(fixture->listing, &(struct listed_department){
			.id = id, .parent = i == 1 ? NULL : "1", .name = "x" });
	}
	tell_members(fixture, "1", 0, MANY);
	for (unsigned i = 2; i <= 10; i++) {
		(void)snprintf(id, sizeof(id), "%u", i);
		tell_members(fixture, id, MANY + i, 1);
	}
	assert_null(listing_fault(fixture->listing));
}

static void others_have_their_turn_after_each_slice(void **state)
{
	struct fixture *fixture = *state;
	const struct probe *probe = &fixture->probe;

	tell(fixture);
	start_probe(fixture);
	listing_end(fixture->listing, NULL);
	while (!probe->is_last)
		turn(fixture);
	assert_int_equal(fixture->n_kept, 1);
	assert_null(listing_fault(fixture->listing));
	assert_int_equal(probe->n_members, MANY + 9);
	assert_int_equal(probe->n_marks, 10);
	assert_in_range(probe->step_max, 1, DIRECTORY_KEEP);
	assert_false(probe->is_marked_early);
	assert_true(probe->n_runs >= 5);
}

/* As a process that is killed between two slices: the next listing asks for the department again,
 * and takes what is true then. */
static void a_part_of_a_department_is_told_of_anew(void **state)
{
	struct fixture *fixture = *state;

	tell(fixture);
	start_probe(fixture);
	while (!fixture->probe.n_members)
		turn(fixture);
	listing_free(steal(&fixture->listing));
	fixture->n_kept = 1;                     /* for the probe: no more */
	while (!fixture->probe.is_last)
		turn(fixture);
	assert_in_range(fixture->probe.n_members, 1, MANY - 1);
	assert_int_equal(fixture->probe.n_marks, 0);
	begin(fixture);
	assert_int_equal(listing_row(fixture->listing)->stage, DIRECTORY_LISTING);
	assert_false(listing_is_done(fixture->listing, "1"));
	fixture->display[0] = 'y';
	tell(fixture);
	start_probe(fixture);
	listing_end(fixture->listing, NULL);
	while (!fixture->probe.is_last)
		turn(fixture);
	assert_null(listing_fault(fixture->listing));
	assert_int_equal(fixture->probe.n_members, MANY + 9);
	assert_int_equal(fixture->probe.n_marks, 10);
}

static void run_alter(struct job *job UNUSED, void *context)
{
	struct query *query = query_new(context, "UPDATE directory_members SET display = 'y'"
						 " WHERE round = 1 AND subject = 'p00001'");

	(void)query_run(query);
}

static void on_altered(struct job *job UNUSED)
{
}

/* What contradicts itself in a later slice is found, and the rest is kept all the same. */
static void a_contradiction_is_told(void **state)
{
	struct job alter = { .run = run_alter, .done = on_altered };
	struct fixture *fixture = *state;

	tell(fixture);
	assert_int_equal(store_add(fixture->store, &alter), 0);
	tell_members(fixture, "", 1, 1);
	start_probe(fixture);
	listing_end(fixture->listing, NULL);
	while (!fixture->probe.is_last)
		turn(fixture);
	assert_int_equal(fixture->n_kept, 1);
	assert_non_null(listing_fault(fixture->listing));
	assert_true(listing_is_bad(fixture->listing));
	assert_int_equal(fixture->probe.n_marks, 10);
}

/* At the end of the daemon no job is taken any more: a fault, and nothing waits for ever. */
static void a_store_that_takes_no_more_is_a_fault(void **state)
{
	struct fixture *fixture = *state;

	tell(fixture);
	store_stop(fixture->store);
	assert_non_null(listing_fault(fixture->listing));
	listing_end(fixture->listing, NULL);
	assert_int_equal(fixture->n_kept, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(others_have_their_turn_after_each_slice),
		CASE(a_part_of_a_department_is_told_of_anew),
		CASE(a_contradiction_is_told),
		CASE(a_store_that_takes_no_more_is_a_fault),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
