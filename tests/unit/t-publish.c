/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The snapshot is written after changes, holds what was committed before, and nobody beside the
 * host's own. Threads, loop, store and file are the real ones; the host is this very system. */
#include "jauthd/publish.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/snapshot.h"
#include "base/text.h"
#include "fake-providers.h"
#include "host-files.h"

#define ISSUER "wecom:ww1"
#define MANY   1203              /* more than two slices, and not a whole number of them */

static const char house_text[] =
	"[method work]\ntype = scan\nmap = {login}\n"
	"[group t-engineers]\nfrom = work/17, work/18\n"
	"[group t-empty]\nfrom = work/none\n"
	"[group daemon]\nfrom = work/17\n"
	"[group t-docker]\nlocal = yes\nfrom = work/17\n"
	"[group t-both]\nlocal = yes\nfrom = work/17, work/18\n";

int __real_snapshot_add_user(struct snapshot_writer *writer, const struct snapshot_user *user);
int __wrap_snapshot_add_user(struct snapshot_writer *writer, const struct snapshot_user *user);

/* There is no room for this one. */
int __wrap_snapshot_add_user(struct snapshot_writer *writer, const struct snapshot_user *user)
{
	return text_equals(user->name, "t-toomany") ? -ENOSPC :
						      __real_snapshot_add_user(writer, user);
}

struct house {
	sd_event *event;
	struct store *store;
	struct workers *names;
	struct config *config;
	struct host_ids *host;
	struct publish *publish;
	char folder[32];
	char *path;
};

static int build_house(void **state)
{
	struct house *house = calloc(1, sizeof(*house));
	struct conf_report report = { NULL };
	struct publish_env env;

	assert_non_null(house);
	if (config_load_text(house_text, strlen(house_text), &house->config, &report) < 0)
		fail_msg("%s", report.mistakes[0].text);
	(void)text_into(house->folder, sizeof(house->folder), "/tmp/t-publish-XXXXXX");
	assert_non_null(mkdtemp(house->folder));
	house->path = text_format("%s/snapshot", house->folder);
	assert_true(sd_event_new(&house->event) >= 0);
	assert_int_equal(store_new(house->event, ":memory:", &house->store), 0);
	assert_int_equal(workers_new(house->event, "names", 2, 64, NULL, &house->names), 0);
	house->host = host_files_read("", "");
	env = (struct publish_env){
		.event = house->event, .store = house->store, .names = house->names,
		.path = house->path, .host_folder = house->folder,
	};
	assert_int_equal(publish_new(&env, house->config, &house->publish), 0);
	*state = house;
	return 0;
}

static void stop(struct house *house)
{
	workers_stop(house->names);
	store_stop(house->store);
	house->publish = publish_free(house->publish);
}

static int raze_house(void **state)
{
	struct house *house = *state;

	stop(house);
	workers_free(house->names);
	store_free(house->store);
	config_unref(house->config);
	host_ids_free(house->host);
	sd_event_unref(house->event);
	(void)unlink(house->path);
	assert_int_equal(rmdir(house->folder), 0);
	free(house->path);
	free(house);
	return 0;
}

/* --- on the store's thread --- */

struct work {
	struct job job;
	struct house *house;
	void (*act)(struct house *house, struct db *db);
	bool is_done;
};

static void run_work(struct job *job, void *context)
{
	struct work *work = container_of(job, struct work, job);

	assert_int_equal(db_begin(context), 0);
	work->act(work->house, context);
	assert_int_equal(db_commit(context), 0);
}

static void on_worked(struct job *job)
{
	container_of(job, struct work, job)->is_done = true;
}

static void run_until(struct house *house, const bool *flag)
{
	while (!*flag)
		assert_true(sd_event_run(house->event, 10 * 1000000ull) > 0);
}

static void change(struct house *house, void (*act)(struct house *house, struct db *db))
{
	struct work work = { .house = house, .act = act };

	work.job = (struct job){ .run = run_work, .done = on_worked };
	assert_int_equal(store_add(house->store, &work.job), 0);
	run_until(house, &work.is_done);
}

static uint32_t add_to(struct house *house, struct db *db, const char *name,
		       const char *structure, const char *const *groups)
{
	struct person person = { .home = "/home/x", .shell = "/bin/sh", .source = "work" };
	size_t n = 0;

	(void)text_into(person.name, sizeof(person.name), name);
	(void)text_into(person.issuer, sizeof(person.issuer), ISSUER);
	(void)text_into(person.subject, sizeof(person.subject), name);
	(void)text_into(person.real_name, sizeof(person.real_name), "Real Name");
	(void)text_into(person.structure, sizeof(person.structure), structure);
	assert_int_equal(person_add(db, house->config, house->host, 1, &person), 0);
	while (groups && groups[n])
		n++;
	assert_int_equal(person_set_groups(db, person.uid, "work", groups, n), 0);
	return person.uid;
}

/* --- waiting --- */

struct wait {
	bool is_done;
	unsigned n;
	int error;
};

static void on_published(void *data, int error)
{
	struct wait *wait = data;

	wait->is_done = true;
	wait->n++;
	wait->error = error;
}

static void publish(struct house *house)
{
	struct wait wait = { false };

	publish_wait(house->publish, on_published, &wait);
	assert_false(wait.is_done);
	run_until(house, &wait.is_done);
	assert_int_equal(wait.error, 0);
}

static struct snapshot *open_snapshot(struct house *house)
{
	struct snapshot *snapshot = NULL;

	assert_int_equal(snapshot_open(house->path, &snapshot), 0);
	return snapshot;
}

static void check_groups(const struct snapshot *snapshot, const char *user, const char *expected)
{
	char text[256] = "";
	const char *group;

	for (size_t i = 0; snapshot_nth_group_of(snapshot, user, i, &group); i++) {
		size_t len = strlen(text);

		(void)snprintf(text + len, sizeof(text) - len, "%s ", group);
	}
	assert_string_equal(text, expected);
}

/* --- tests --- */

static void an_empty_one_is_written_at_the_start(void **state)
{
	struct house *house = *state;
	struct snapshot_group group;
	struct publish_status status;
	struct snapshot *snapshot;
	struct stat st;

	do {
		assert_true(sd_event_run(house->event, 10 * 1000000ull) > 0);
		publish_get_status(house->publish, &status);
	} while (!status.n_written);
	snapshot = open_snapshot(house);
	assert_int_equal(snapshot_n_users(snapshot), 0);
	assert_true(snapshot_group_by_name(snapshot, "jauth-users", &group));
	assert_int_equal(stat(house->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	snapshot_close(snapshot);
}

static const char *const in_17[] = { "17", NULL };
static const char *const in_17_18[] = { "17", "18", NULL };

static void add_some(struct house *house, struct db *db)
{
	uint32_t uid;

	(void)add_to(house, db, "t-zhang", "t-company", in_17_18);
	(void)add_to(house, db, "t-li", "", NULL);
	(void)add_to(house, db, "t-ops", "t-docker", NULL);
	uid = add_to(house, db, "t-locked", "", in_17);
	assert_int_equal(person_set_state(db, uid, PERSON_LOCKED, "left", 2), 0);
	uid = add_to(house, db, "t-gone", "", in_17);
	assert_int_equal(person_set_state(db, uid, PERSON_GONE, NULL, 2), 0);
	(void)add_to(house, db, "daemon", "", in_17);    /* the host has one, too */
}

static void people_are_in_it_with_their_groups(void **state)
{
	struct house *house = *state;
	struct publish_status status;
	struct snapshot *snapshot;
	struct snapshot_group group;
	struct snapshot_user user;

	change(house, add_some);
	publish(house);
	snapshot = open_snapshot(house);
	assert_int_equal(snapshot_n_users(snapshot), 4);
	assert_true(snapshot_user_by_name(snapshot, "t-zhang", &user));
	assert_string_equal(user.real_name, "Real Name");
	assert_string_equal(user.home, "/home/x");
	assert_string_equal(user.shell, "/bin/sh");
	assert_string_equal(user.ssh_keys, "");
	assert_false(user.is_locked);
	assert_true(snapshot_group_by_name(snapshot, "jauth-users", &group));
	assert_int_equal(user.gid, group.gid);
	check_groups(snapshot, "t-zhang", "t-both t-company t-docker t-engineers ");
	check_groups(snapshot, "t-li", "");
	check_groups(snapshot, "t-ops", "");     /* a structure gives no group of the host */
	assert_true(snapshot_user_by_name(snapshot, "t-locked", &user));
	assert_true(user.is_locked);
	assert_false(snapshot_user_by_name(snapshot, "t-gone", &user));
	assert_false(snapshot_user_by_name(snapshot, "daemon", &user));
	assert_true(snapshot_group_by_name(snapshot, "t-empty", &group));
	assert_false(snapshot_group_by_name(snapshot, "daemon", &group));
	assert_false(snapshot_group_by_name(snapshot, "t-docker", &group));
	publish_get_status(house->publish, &status);
	assert_int_equal(status.n_users, 4);
	assert_int_equal(status.n_left_out, 1);
	snapshot_close(snapshot);
}

static void add_too_many(struct house *house, struct db *db)
{
	(void)add_to(house, db, "t-toomany", "", NULL);
	add_some(house, db);
}

static void who_has_no_room_is_in_nobodys_way(void **state)
{
	struct house *house = *state;
	struct publish_status status;
	struct snapshot *snapshot;
	struct snapshot_user user;

	change(house, add_too_many);
	publish(house);
	snapshot = open_snapshot(house);
	assert_false(snapshot_user_by_name(snapshot, "t-toomany", &user));
	assert_true(snapshot_user_by_name(snapshot, "t-locked", &user));
	assert_true(user.is_locked);
	publish_get_status(house->publish, &status);
	assert_int_equal(status.n_users, 4);
	assert_int_equal(status.n_left_out, 2);
	snapshot_close(snapshot);
}

static void add_many(struct house *house, struct db *db)
{
	for (int i = 0; i < MANY; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "t-%d", i);
		(void)add_to(house, db, name, "", in_17);
	}
}

static void many_slices_make_one_whole(void **state)
{
	struct house *house = *state;
	struct snapshot *snapshot;
	struct snapshot_user user;

	change(house, add_many);
	publish(house);
	snapshot = open_snapshot(house);
	assert_int_equal(snapshot_n_users(snapshot), MANY);
	assert_true(snapshot_user_by_name(snapshot, "t-0", &user));
	assert_true(snapshot_user_by_name(snapshot, "t-1202", &user));
	check_groups(snapshot, "t-700", "t-both t-docker t-engineers ");
	snapshot_close(snapshot);
}

static void add_li(struct house *house, struct db *db)
{
	(void)add_to(house, db, "t-li", "", NULL);
}

/* Asked for while a run goes on, and from within the answer of another. */
static void who_waits_gets_what_was_committed_before(void **state)
{
	struct house *house = *state;
	struct wait first = { false }, second = { false }, third = { false };
	struct publish_status status;
	struct snapshot *snapshot;
	struct snapshot_user user;

	publish_wait(house->publish, on_published, &first);
	assert_true(sd_event_run(house->event, 10 * 1000000ull) > 0);    /* it has begun */
	change(house, add_li);
	publish_wait(house->publish, on_published, &second);
	publish_wait(house->publish, on_published, &third);
	run_until(house, &second.is_done);
	snapshot = open_snapshot(house);
	assert_true(snapshot_user_by_name(snapshot, "t-li", &user));
	snapshot_close(snapshot);
	assert_true(first.is_done);
	assert_true(third.is_done);              /* one snapshot for both */
	publish_get_status(house->publish, &status);
	assert_in_range(status.n_written, 2, 3);
	assert_int_equal(first.n + second.n + third.n, 3);
}

static void changes_in_a_row_are_one_snapshot(void **state)
{
	struct house *house = *state;
	struct publish_status before, after;

	publish(house);
	publish_get_status(house->publish, &before);
	for (int i = 0; i < 100; i++)
		publish_now(house->publish);
	publish(house);
	publish_get_status(house->publish, &after);
	assert_int_equal(after.n_written, before.n_written + 1);
}

static void what_cannot_be_written_is_told_and_tried_again(void **state)
{
	struct house *house = *state;
	_cleanup_free_ char *aside = text_format("%s.aside", house->folder);
	struct publish_status status;
	struct wait wait = { false };

	assert_int_equal(rename(house->folder, aside), 0);
	publish_wait(house->publish, on_published, &wait);
	run_until(house, &wait.is_done);
	assert_int_equal(wait.error, -ENOENT);
	publish_get_status(house->publish, &status);
	assert_int_equal(status.error, -ENOENT);
	assert_int_equal(rename(aside, house->folder), 0);
	publish(house);                          /* waits for the pause of a second */
	publish_get_status(house->publish, &status);
	assert_int_equal(status.error, 0);
	assert_int_equal(status.n_written, 1);
}

static void another_configuration_changes_the_groups(void **state)
{
	static const char text[] =
		"[method work]\ntype = scan\nmap = {login}\n"
		"[group t-docker]\nlocal = yes\nfrom = work/18\n";
	struct house *house = *state;
	struct conf_report report = { NULL };
	struct config *config = NULL;
	struct snapshot *snapshot;
	struct snapshot_group group;

	change(house, add_some);
	publish(house);
	assert_int_equal(config_load_text(text, strlen(text), &config, &report), 0);
	publish_set_config(house->publish, config);
	config_unref(config);
	publish(house);
	snapshot = open_snapshot(house);
	check_groups(snapshot, "t-zhang", "t-company t-docker ");
	check_groups(snapshot, "t-locked", "");
	assert_false(snapshot_group_by_name(snapshot, "t-engineers", &group));
	snapshot_close(snapshot);
}

static void write_host_file(const struct house *house, const char *name, bool is_renamed)
{
	_cleanup_free_ char *path = text_format("%s/%s", house->folder, name);
	_cleanup_free_ char *beside = text_format("%s+", path);
	FILE *file = fopen(is_renamed ? beside : path, "w");

	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	if (is_renamed)
		assert_int_equal(rename(beside, path), 0);
}

static void drop_host_file(const struct house *house, const char *name)
{
	_cleanup_free_ char *path = text_format("%s/%s", house->folder, name);

	(void)unlink(path);
}

static void run_for_ms(struct house *house, int ms)
{
	for (; ms > 0; ms -= 20)
		assert_true(sd_event_run(house->event, 20000) >= 0);
}

static void a_change_of_the_hosts_own_users_publishes(void **state)
{
	static const struct {
		const char *name;
		bool is_renamed, publishes;
	} rows[] = {
		{ "passwd", true, true },
		{ "passwd", false, true },
		{ "group", true, true },
		{ "shadow", true, false },
	};
	struct house *house = *state;
	struct publish_status before, after;

	publish(house);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		run_for_ms(house, 100);
		publish_get_status(house->publish, &before);
		write_host_file(house, rows[i].name, rows[i].is_renamed);
		for (int n = 0; n < (rows[i].publishes ? 250 : 10); n++) {
			assert_true(sd_event_run(house->event, 20000) >= 0);
			publish_get_status(house->publish, &after);
			if (after.n_written != before.n_written)
				break;
		}
		assert_int_equal(after.n_written > before.n_written, rows[i].publishes);
		drop_host_file(house, rows[i].name);
	}
}

static void who_waits_at_the_end_is_told(void **state)
{
	struct house *house = *state;
	struct wait before = { false }, after = { false };

	publish_wait(house->publish, on_published, &before);
	assert_true(sd_event_run(house->event, 10 * 1000000ull) > 0);
	publish_wait(house->publish, on_published, &after);
	stop(house);
	assert_int_equal(before.n, 1);
	assert_int_equal(after.n, 1);
	assert_true(after.error < 0);
}

static int add_keys(struct db *db, const struct person *person, struct buf *keys)
{
	assert_non_null(db);
	buf_add_format(keys, "ssh-ed25519 AAAA %s\n", person->name);
	return 0;
}

static void keys_come_from_who_has_them(void **state)
{
	struct house *house = *state;
	const struct publish_env env = {
		.event = house->event, .store = house->store, .names = house->names,
		.path = house->path, .host_folder = "/none", .add_keys = add_keys,
	};
	struct snapshot *snapshot;
	struct snapshot_user user;
	struct publish *second = NULL, *first = house->publish;

	change(house, add_li);
	publish(house);
	assert_int_equal(publish_new(&env, house->config, &second), 0);
	house->publish = second;
	publish(house);
	snapshot = open_snapshot(house);
	assert_true(snapshot_user_by_name(snapshot, "t-li", &user));
	assert_string_equal(user.ssh_keys, "ssh-ed25519 AAAA t-li\n");
	snapshot_close(snapshot);
	(void)publish_free(first);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, build_house, raze_house)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_one_is_written_at_the_start),
		TEST(people_are_in_it_with_their_groups),
		TEST(who_has_no_room_is_in_nobodys_way),
		TEST(many_slices_make_one_whole),
		TEST(who_waits_gets_what_was_committed_before),
		TEST(changes_in_a_row_are_one_snapshot),
		TEST(what_cannot_be_written_is_told_and_tried_again),
		TEST(another_configuration_changes_the_groups),
		TEST(a_change_of_the_hosts_own_users_publishes),
		TEST(who_waits_at_the_end_is_told),
		TEST(keys_come_from_who_has_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
