/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ssh-keys.c: whose keys are wanted, when they are due, how long they count, whom they let in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/ssh-keys.h"

#define NOW    INT64_C(1800000000)
#define ISSUER "https://github.example.org"
#define OTHER  "https://op.example.org"

/* Rows as people.c writes them; the state is the last number. */
#define PERSON(uid, name, issuer, subject, state) \
	"INSERT INTO people VALUES (" uid ", '" name "', '" issuer "', '" subject "', '', ''," \
	" '/home/" name "', '/bin/bash', 'work', '', " state ", '', 0, 0)"

static int set_up(void **state)
{
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", &db), 0);
	assert_int_equal(query_run(query_new(db, PERSON("70001", "jane", ISSUER, "1", "0"))), 0);
	assert_int_equal(query_run(query_new(db, PERSON("70002", "ravi", OTHER, "2", "0"))), 0);
	assert_int_equal(query_run(query_new(db, PERSON("70003", "left", ISSUER, "3", "1"))), 0);
	assert_int_equal(query_run(query_new(db, PERSON("70004", "gone", ISSUER, "4", "2"))), 0);
	*state = db;
	return 0;
}

static int tear_down(void **state)
{
	(void)db_close(*state);
	return 0;
}

static void link_to(struct db *db, const char *subject, const char *user, int64_t uid,
		    bool pending)
{
	const struct link link = {
		.issuer = (char *)ISSUER, .subject = (char *)subject, .user = (char *)user,
		.uid = uid, .note = (char *)"", .origin = (char *)"self", .pending = pending,
	};

	assert_int_equal(link_add(db, &link, NULL), 0);
}

/* The subjects that are due, in their order, each fetched in between: "1 2 ". */
static char *due(struct db *db, int64_t now_s)
{
	char subject[IDENTITY_TEXT_MAX + 1];
	struct buf all = BUF_INIT(1000);
	bool changed;
	int r;

	while ((r = ssh_keys_find_due(db, ISSUER, now_s, subject)) == 1) {
		buf_add_format(&all, "%s ", subject);
		assert_int_equal(ssh_keys_set(db, ISSUER, subject, "", now_s, &changed), 0);
	}
	assert_int_equal(r, 0);
	return buf_steal(&all);
}

static void assert_due(struct db *db, int64_t now_s, const char *wanted)
{
	_cleanup_free_ char *subjects = due(db, now_s);

	assert_string_equal(subjects ? subjects : "", wanted);
}

static void set(struct db *db, const char *subject, const char *keys, int64_t now_s,
		bool is_change)
{
	bool changed = !is_change;

	assert_int_equal(ssh_keys_set(db, ISSUER, subject, keys, now_s, &changed), 0);
	assert_int_equal(changed, is_change);
}

/* What this person may log in by. */
static void assert_keys(struct db *db, const char *name, const char *wanted)
{
	struct buf buf = BUF_INIT(SSH_KEYS_TEXT_MAX);
	struct person person;

	assert_int_equal(person_by_name(db, name, &person), 0);
	assert_int_equal(ssh_keys_add_of(db, &person, &buf), 0);
	assert_string_equal(buf_text(&buf), wanted);
	buf_done(&buf);
}

static void only_of_people_who_may_log_in(void **state)
{
	struct db *db = *state;

	link_to(db, "5", "ravi", 70002, false);
	link_to(db, "6", "ravi", 70002, true);           /* waits for his yes */
	link_to(db, "7", "ravi", 1000, false);           /* somebody else of that name */
	link_to(db, "8", "hostuser", 1001, false);       /* of the host's own */
	link_to(db, "9", "left", 70003, false);
	assert_due(db, NOW, "1 5 ");
}

static void due_again_after_a_while(void **state)
{
	assert_due(*state, NOW, "1 ");
	assert_due(*state, NOW + SSH_KEYS_EVERY_S - 1, "");
	assert_due(*state, NOW + SSH_KEYS_EVERY_S, "1 ");
	assert_due(*state, NOW - 400 * 86400, "1 ");     /* the clock was ahead */
}

static void who_waits_longest_comes_first(void **state)
{
	struct db *db = *state;

	link_to(db, "5", "ravi", 70002, false);
	set(db, "1", "", NOW, false);
	assert_int_equal(ssh_keys_failed(db, ISSUER, "5", NOW), 0);
	assert_due(db, NOW + 2 * SSH_KEYS_EVERY_S, "5 1 ");
}

static void changes_are_told(void **state)
{
	struct db *db = *state;

	set(db, "1", "ssh-ed25519 AAAA\n", NOW, true);
	set(db, "1", "ssh-ed25519 AAAA\n", NOW + 1, false);
	set(db, "1", "", NOW + 2, true);
}

static void drop_old(struct db *db, int64_t now_s, bool is_change)
{
	bool changed = !is_change;

	assert_int_equal(ssh_keys_drop_old(db, now_s, &changed), 0);
	assert_int_equal(changed, is_change);
}

/* Also when it is nobody's turn for so long: there may be many, and the provider away. */
static void what_cannot_be_fetched_counts_for_a_day(void **state)
{
	struct db *db = *state;

	set(db, "1", "ssh-ed25519 AAAA\n", NOW, true);
	assert_int_equal(ssh_keys_failed(db, ISSUER, "1", NOW + SSH_KEYS_KEPT_S - 1), 0);
	drop_old(db, NOW + SSH_KEYS_KEPT_S - 1, false);
	assert_keys(db, "jane", "ssh-ed25519 AAAA\n");
	drop_old(db, NOW + SSH_KEYS_KEPT_S, true);
	assert_keys(db, "jane", "");
	drop_old(db, NOW + SSH_KEYS_KEPT_S + 1, false);
	set(db, "1", "ssh-ed25519 AAAA\n", NOW, true);
	drop_old(db, NOW - SSH_KEYS_KEPT_S, true);       /* the clock was ahead */
}

static void of_all_his_identities_each_once(void **state)
{
	struct db *db = *state;

	link_to(db, "5", "ravi", 70002, false);
	link_to(db, "6", "ravi", 70002, false);
	link_to(db, "1", "ravi", 70002, true);
	set(db, "1", "ssh-rsa JANE\n", NOW, true);
	set(db, "5", "ssh-ed25519 A\nssh-rsa B\n", NOW, true);
	set(db, "6", "ssh-rsa B\nssh-rsa C\n", NOW, true);
	assert_keys(db, "ravi", "ssh-ed25519 A\nssh-rsa B\nssh-rsa C\n");
	assert_keys(db, "jane", "ssh-rsa JANE\n");
}

static void nothing_by_a_locked_identity(void **state)
{
	struct db *db = *state;

	link_to(db, "5", "jane", 70001, false);
	set(db, "1", "ssh-rsa A\n", NOW, true);
	set(db, "5", "ssh-rsa B\n", NOW, true);
	assert_int_equal(identity_lock(db, ISSUER, "1", "work", "left", NOW), 0);
	assert_keys(db, "jane", "ssh-rsa B\n");
	assert_int_equal(identity_unlock(db, ISSUER, "1"), 0);
	assert_keys(db, "jane", "ssh-rsa A\nssh-rsa B\n");
}

static void what_nobody_wants_is_forgotten(void **state)
{
	char *const both[] = { (char *)OTHER, (char *)ISSUER, NULL };
	char *const other[] = { (char *)OTHER, NULL };
	struct db *db = *state;
	bool changed = true;

	set(db, "1", "ssh-rsa A\n", NOW, true);
	assert_int_equal(ssh_keys_keep_only(db, both, &changed), 0);
	assert_false(changed);
	set(db, "77", "ssh-rsa NOBODYS\n", NOW, true);
	assert_int_equal(ssh_keys_keep_only(db, both, &changed), 0);
	assert_true(changed);
	assert_keys(db, "jane", "ssh-rsa A\n");
	assert_int_equal(ssh_keys_keep_only(db, other, &changed), 0);
	assert_true(changed);
	assert_keys(db, "jane", "");
	set(db, "1", "ssh-rsa A\n", NOW, true);
	assert_int_equal(ssh_keys_keep_only(db, NULL, &changed), 0);
	assert_true(changed);
	assert_keys(db, "jane", "");
}

static void no_more_than_there_is_room_for(void **state)
{
	struct buf keys = BUF_INIT(2 * SSH_KEYS_TEXT_MAX), buf = BUF_INIT(SSH_KEYS_TEXT_MAX);
	struct db *db = *state;
	struct person person;

	for (int i = 0; i < SSH_KEYS_TEXT_MAX / 20; i++)
		buf_add_format(&keys, "ssh-rsa %020d\n", i);
	set(db, "1", buf_text(&keys), NOW, true);
	assert_int_equal(person_by_name(db, "jane", &person), 0);
	assert_int_equal(ssh_keys_add_of(db, &person, &buf), 0);
	assert_false(buf_failed(&buf));
	assert_true(buf.len <= SSH_KEYS_TEXT_MAX && buf.data[buf.len - 1] == '\n');
	buf_done(&keys);
	buf_done(&buf);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_of_people_who_may_log_in),
		CASE(due_again_after_a_while),
		CASE(who_waits_longest_comes_first),
		CASE(changes_are_told),
		CASE(what_cannot_be_fetched_counts_for_a_day),
		CASE(of_all_his_identities_each_once),
		CASE(nothing_by_a_locked_identity),
		CASE(what_nobody_wants_is_forgotten),
		CASE(no_more_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
