/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which snapshot counts when reading one fails. Its timers run faster than they are asked to, and
 * reading fails as a test says. */
#include "jauth-userdb/source.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"

#define FASTER 100
#define ROUNDS 12                        /* of 50 ms, as long as a check takes here */

static char folder[] = "/tmp/t-userdb-source-XXXXXX";
static const char path[] = "./snapshot";
/* What the next readings give, 0 for the truth; by a thread, but one at a time. */
static int errors[4], lasting_error;
static unsigned n_read, reading_ms;

int __real_snapshot_open(const char *file, struct snapshot **ret_snapshot);
int __wrap_snapshot_open(const char *file, struct snapshot **ret_snapshot);
int __real_sd_event_add_time_relative(sd_event *event, sd_event_source **ret_source,
				      clockid_t clock, uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t handler, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret_source,
				      clockid_t clock, uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t handler, void *userdata);
int __real_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);
int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);

int __wrap_snapshot_open(const char *file, struct snapshot **ret_snapshot)
{
	int error = n_read < N_ELEMENTS(errors) ? errors[n_read] : 0;

	n_read++;
	(void)usleep(reading_ms * 1000);
	if (error == 0)
		error = lasting_error;
	return error ? error : __real_snapshot_open(file, ret_snapshot);
}

int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **ret_source,
				      clockid_t clock, uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t handler, void *userdata)
{
	return __real_sd_event_add_time_relative(event, ret_source, clock, usec / FASTER,
						 accuracy / FASTER, handler, userdata);
}

int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec)
{
	return __real_sd_event_source_set_time_relative(source, usec / FASTER);
}

struct fixture {
	sd_event *event;
	struct source *source;
	unsigned n_changes;
};

static int make_folder(void **state UNUSED)
{
	return mkdtemp(folder) ? chdir(folder) : -1;
}

static int drop_folder(void **state UNUSED)
{
	return chdir("/") == 0 ? rmdir(folder) : -1;
}

static int prepare(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	memset(errors, 0, sizeof(errors));
	lasting_error = 0;
	n_read = reading_ms = 0;
	*state = fixture;
	return sd_event_new(&fixture->event);
}

static int clean(void **state)
{
	struct fixture *fixture = *state;

	source_free(fixture->source);
	sd_event_unref(fixture->event);
	free(fixture);
	(void)unlink(path);
	return 0;
}

static void write_user(const char *name)
{
	struct snapshot_writer *writer = snapshot_writer_new();
	struct snapshot_user user = {
		.name = name, .home = "/", .shell = "/bin/sh", .uid = 65540, .gid = 100,
	};

	assert_int_equal(snapshot_add_user(writer, &user), 0);
	assert_int_equal(snapshot_write(writer, path), 0);
	snapshot_writer_free(writer);
}

static void on_changed(void *context)
{
	((struct fixture *)context)->n_changes++;
}

static void start(struct fixture *fixture)
{
	assert_int_equal(source_new(fixture->event, path, on_changed, fixture, &fixture->source),
			 0);
}

static bool has_user(struct fixture *fixture, const char *name)
{
	struct held *held = source_hold(fixture->source);
	struct snapshot_user user;
	bool has = held && snapshot_user_by_name(held_snapshot(held), name, &user);

	held_drop(held);
	return has;
}

/* Runs the loop until this user is there, or for as long as some checks take. */
static bool comes(struct fixture *fixture, const char *name)
{
	for (unsigned i = 0; i < ROUNDS && !has_user(fixture, name); i++)
		assert_true(sd_event_run(fixture->event, 50000) >= 0);
	return has_user(fixture, name);
}

static void without_a_file_there_is_nobody(void **state)
{
	struct fixture *fixture = *state;
	struct held *held;

	start(fixture);
	assert_int_equal(source_state(fixture->source), SOURCE_NOBODY);
	assert_false(has_user(fixture, "jane"));
	held = source_hold(fixture->source);
	assert_int_equal(snapshot_n_users(held_snapshot(held)), 0);
	held_drop(held);
	assert_int_equal(n_read, 0);
	write_user("jane");
	assert_true(comes(fixture, "jane"));
	assert_int_equal(source_state(fixture->source), SOURCE_READY);
}

static void what_could_not_be_read_is_tried_again_as_it_is(void **state)
{
	struct fixture *fixture = *state;

	errors[0] = -EMFILE;
	errors[1] = -EIO;
	write_user("jane");
	start(fixture);
	assert_int_equal(source_state(fixture->source), SOURCE_BROKEN);
	assert_null(source_hold(fixture->source));
	assert_true(comes(fixture, "jane"));
	assert_int_equal(n_read, 3);
}

static void what_is_damaged_is_read_once(void **state)
{
	struct fixture *fixture = *state;

	errors[0] = -EBADMSG;
	write_user("jane");
	start(fixture);
	assert_false(comes(fixture, "jane"));
	assert_int_equal(n_read, 1);
	assert_int_equal(source_state(fixture->source), SOURCE_BROKEN);
	write_user("jane");
	assert_true(comes(fixture, "jane"));
}

static void a_failure_leaves_the_old_one(void **state)
{
	struct fixture *fixture = *state;

	errors[1] = -EBADMSG;
	errors[2] = -EIO;
	write_user("jane");
	start(fixture);
	assert_true(has_user(fixture, "jane"));
	write_user("carol");
	assert_false(comes(fixture, "carol"));
	assert_int_equal(n_read, 2);
	write_user("dave");
	assert_true(comes(fixture, "dave"));
	assert_int_equal(n_read, 4);
	assert_int_equal(fixture->n_changes, 3);
	assert_int_equal(source_state(fixture->source), SOURCE_READY);
}

static void what_stays_unreadable_is_tried_once_a_check(void **state)
{
	struct fixture *fixture = *state;

	write_user("jane");
	start(fixture);
	lasting_error = -EACCES;
	write_user("carol");
	assert_false(comes(fixture, "carol"));
	for (unsigned i = 0; i < 100; i++)
		source_refresh(fixture->source);
	assert_in_range(n_read, 3, 3 + ROUNDS);
	assert_true(has_user(fixture, "jane"));
	lasting_error = 0;
	assert_true(comes(fixture, "carol"));
}

/* Without a turn of the loop. */
static void after_a_refresh_the_new_one_counts(void **state)
{
	struct fixture *fixture = *state;

	start(fixture);
	source_refresh(fixture->source);
	assert_int_equal(source_state(fixture->source), SOURCE_NOBODY);
	for (unsigned i = 0; i < 20; i++) {
		char name[] = { 'a', (char)('a' + i), '\0' };

		write_user(name);
		source_refresh(fixture->source);
		if (!has_user(fixture, name))    /* a busy machine */
			assert_true(comes(fixture, name));
		else if (i > 0)
			return;
	}
	fail_msg("a refresh never brings the new one");
}

static int64_t now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void one_that_takes_long_is_not_waited_for(void **state)
{
	struct fixture *fixture = *state;
	int64_t begin_ms;

	write_user("jane");
	start(fixture);
	reading_ms = 400;
	write_user("carol");
	begin_ms = now_ms();
	for (unsigned i = 0; i < 100; i++)
		source_refresh(fixture->source);
	assert_in_range(now_ms() - begin_ms, 0, 200);
	assert_true(has_user(fixture, "jane"));
	assert_true(comes(fixture, "carol"));
	assert_int_equal(n_read, 2);
}

static void one_in_use_outlives_its_successor(void **state)
{
	struct fixture *fixture = *state;
	struct snapshot_user user;
	struct held *held;

	write_user("jane");
	start(fixture);
	held = source_hold(fixture->source);
	assert_int_equal(source_age(fixture->source, held), 0);
	write_user("carol");
	assert_true(comes(fixture, "carol"));
	assert_int_equal(source_age(fixture->source, held), 1);
	assert_true(snapshot_user_by_name(held_snapshot(held), "jane", &user));
	assert_string_equal(user.home, "/");
	held_drop(held);
}

/* The thread is waited for, and what it read is dropped. */
static void it_may_end_while_it_reads(void **state)
{
	struct fixture *fixture = *state;

	start(fixture);
	write_user("jane");
	for (unsigned i = 0; i < ROUNDS && n_read == 0; i++)
		assert_true(sd_event_run(fixture->event, 0) >= 0);
	fixture->source = source_free(fixture->source);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, prepare, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_a_file_there_is_nobody),
		TEST(what_could_not_be_read_is_tried_again_as_it_is),
		TEST(what_is_damaged_is_read_once),
		TEST(a_failure_leaves_the_old_one),
		TEST(what_stays_unreadable_is_tried_once_a_check),
		TEST(after_a_refresh_the_new_one_counts),
		TEST(one_that_takes_long_is_not_waited_for),
		TEST(one_in_use_outlives_its_successor),
		TEST(it_may_end_while_it_reads),
	};

	return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
