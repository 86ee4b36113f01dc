/* SPDX-License-Identifier: GPL-3.0-or-later */
/* accounts.c: accounts, by name and uid. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "jauthd/accounts.h"

static const struct account jane = {
	.user = "jane", .uid = 1001, .hash = "$y$j9T$salt$digest", .must_change = true,
	.expires_s = 5000, .password_expires_s = 4000, .created_s = 10, .changed_s = 20,
};

static int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

static void what_is_added_is_read_back(void **state)
{
	struct account account;

	assert_int_equal(account_add(*state, &jane), 0);
	assert_int_equal(account_get(*state, "jane", 1001, &account), 0);
	assert_string_equal(account.user, jane.user);
	assert_string_equal(account.hash, jane.hash);
	assert_int_equal(account.uid, jane.uid);
	assert_false(account.locked);
	assert_true(account.must_change);
	assert_int_equal(account.expires_s, jane.expires_s);
	assert_int_equal(account.password_expires_s, jane.password_expires_s);
	assert_int_equal(account.created_s, jane.created_s);
	assert_int_equal(account.changed_s, jane.changed_s);
	account_done(&account);
	assert_string_equal(account.hash, "");
}

static void only_the_exact_name_and_uid_are_found(void **state)
{
	static const struct {
		const char *user;
		int64_t uid;
		int expected;
	} cases[] = {
		{ "jane", 1001, 0 },
		{ "jane", 1002, -ESTALE },
		{ "jane", -1, -ESTALE },
		{ "Jane", 1001, -ENOENT },
		{ "jan", 1001, -ENOENT },
		{ "jane ", 1001, -ENOENT },
		{ "", 1001, -ENOENT },
		{ "jane' OR '1'='1", 1001, -ENOENT },
	};
	struct account account = { .user = "untouched" };

	assert_int_equal(account_add(*state, &jane), 0);
	for (size_t i = 1; i < N_ELEMENTS(cases); i++) {
		assert_int_equal(account_get(*state, cases[i].user, cases[i].uid, &account),
				 cases[i].expected);
		assert_string_equal(account.user, "untouched");
	}
	assert_int_equal(account_get(*state, cases[0].user, cases[0].uid, &account), 0);
}

static void a_second_account_of_that_name_is_refused(void **state)
{
	struct account other = jane;

	assert_int_equal(account_add(*state, &jane), 0);
	assert_int_equal(account_add(*state, &jane), -EEXIST);
	other.uid = 2000;
	assert_int_equal(account_add(*state, &other), -EEXIST);
}

static void changes_reach_the_right_row_only(void **state)
{
	struct account john = { .user = "john", .uid = 1002 }, account;

	assert_int_equal(account_add(*state, &jane), 0);
	assert_int_equal(account_add(*state, &john), 0);
	assert_int_equal(account_set_hash(*state, "jane", 1001, "$y$new", false, 99, 199), 0);
	assert_int_equal(account_set_locked(*state, "jane", true), 0);
	assert_int_equal(account_set_expiry(*state, "jane", 77), 0);
	assert_int_equal(account_get(*state, "jane", 1001, &account), 0);
	assert_string_equal(account.hash, "$y$new");
	assert_false(account.must_change);
	assert_true(account.locked);
	assert_int_equal(account.changed_s, 99);
	assert_int_equal(account.password_expires_s, 199);
	assert_int_equal(account.expires_s, 77);
	assert_int_equal(account_get(*state, "john", 1002, &account), 0);
	assert_string_equal(account.hash, "");
	assert_false(account.locked);
	assert_int_equal(account_set_locked(*state, "jane", false), 0);
	assert_int_equal(account_get(*state, "jane", 1001, &account), 0);
	assert_false(account.locked);
}

static void changes_of_nobody_are_told(void **state)
{
	assert_int_equal(account_add(*state, &jane), 0);
	assert_int_equal(account_set_hash(*state, "jane", 2000, "x", false, 0, 0), -ENOENT);
	assert_int_equal(account_set_hash(*state, "john", 1001, "x", false, 0, 0), -ENOENT);
	assert_int_equal(account_set_locked(*state, "john", true), -ENOENT);
	assert_int_equal(account_set_expiry(*state, "john", 1), -ENOENT);
	assert_int_equal(account_remove(*state, "john"), -ENOENT);
}

static void a_removed_account_is_gone(void **state)
{
	struct account account;

	assert_int_equal(account_add(*state, &jane), 0);
	assert_int_equal(account_remove(*state, "jane"), 0);
	assert_int_equal(account_get(*state, "jane", 1001, &account), -ENOENT);
	assert_int_equal(account_add(*state, &jane), 0);
}

static int note_name(const struct account *account, void *context)
{
	char *names = context;
	size_t len = strlen(names);

	(void)snprintf(names + len, 64 - len, "%s ", account->user);
	return strcmp(account->user, "mary") == 0 ? -ECANCELED : 0;
}

static void each_goes_by_name_and_may_stop(void **state)
{
	static const char *const users[] = { "john", "zoe", "jane", "mary" };
	char names[64] = "";

	assert_int_equal(account_each(*state, note_name, names), 0);
	for (size_t i = 0; i < N_ELEMENTS(users); i++) {
		struct account account = { .uid = 1000 };

		(void)snprintf(account.user, sizeof(account.user), "%s", users[i]);
		assert_int_equal(account_add(*state, &account), 0);
	}
	assert_int_equal(account_each(*state, note_name, names), -ECANCELED);
	assert_string_equal(names, "jane john mary ");
}

static void a_hash_that_does_not_fit_is_damage(void **state)
{
	struct account account;

	assert_int_equal(account_add(*state, &jane), 0);
	assert_int_equal(query_run(query_new(*state,
		"UPDATE accounts SET hash = printf('%.*c', 400, 'x')")), 0);
	assert_int_equal(account_get(*state, "jane", 1001, &account), -EUCLEAN);
	assert_int_equal(account_each(*state, note_name, NULL), -EUCLEAN);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_db, drop_db)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_added_is_read_back),
		TEST(only_the_exact_name_and_uid_are_found),
		TEST(a_second_account_of_that_name_is_refused),
		TEST(changes_reach_the_right_row_only),
		TEST(changes_of_nobody_are_told),
		TEST(a_removed_account_is_gone),
		TEST(each_goes_by_name_and_may_stop),
		TEST(a_hash_that_does_not_fit_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
