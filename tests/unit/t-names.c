/* SPDX-License-Identifier: GPL-3.0-or-later */
/* names.c against the users every Debian system has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "jauthd/names.h"

static void known_users_are_found_with_their_groups(void **state UNUSED)
{
	static const struct {
		const char *name;
		uid_t uid;
		gid_t gid;
		const char *group;
	} cases[] = {
		{ "root", 0, 0, "root" },
		{ "daemon", 1, 1, "daemon" },
		{ "nobody", 65534, 65534, "nogroup" },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct unix_user user, again;

		assert_int_equal(unix_user_look_up(cases[i].name, &user), 0);
		assert_true(user.exists);
		assert_string_equal(user.name, cases[i].name);
		assert_int_equal(user.uid, cases[i].uid);
		assert_int_equal(user.gid, cases[i].gid);
		assert_string_equal(user.groups[0], cases[i].group);
		assert_true(unix_user_in_group(&user, cases[i].group));
		assert_false(unix_user_in_group(&user, "no-such-group"));
		assert_false(unix_user_in_group(&user, ""));
		assert_int_equal(unix_user_by_uid(cases[i].uid, &again), 0);
		assert_true(again.exists);
		assert_string_equal(again.name, cases[i].name);
		unix_user_done(&again);
		unix_user_done(&user);
		assert_null(user.groups);
	}
}

static void others_do_not_exist_and_are_no_fault(void **state UNUSED)
{
	static const char *const names[] = {
		"", "no-such-user-here", "Root", "root ", " root", "root\n", "0", "../root",
		"r\xc3\xb6ot",
	};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		struct unix_user user;

		assert_int_equal(unix_user_look_up(names[i], &user), 0);
		assert_false(user.exists);
		assert_string_equal(user.name, names[i]);
		assert_true(user.uid == (uid_t)-1);
		assert_null(user.groups);
		assert_false(unix_user_in_group(&user, "root"));
	}
}

static void a_name_too_long_does_not_exist(void **state UNUSED)
{
	char name[USER_NAME_MAX + 2] = "";
	struct unix_user user;

	memset(name, 'a', sizeof(name) - 1);
	assert_int_equal(unix_user_look_up(name, &user), 0);
	assert_false(user.exists);
	assert_string_equal(user.name, "");
}

static void unknown_uids_do_not_exist(void **state UNUSED)
{
	static const uid_t uids[] = { 4000000001u, (uid_t)-1 };

	for (size_t i = 0; i < N_ELEMENTS(uids); i++) {
		struct unix_user user;

		assert_int_equal(unix_user_by_uid(uids[i], &user), 0);
		assert_false(user.exists);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_users_are_found_with_their_groups),
		cmocka_unit_test(others_do_not_exist_and_are_no_fault),
		cmocka_unit_test(a_name_too_long_does_not_exist),
		cmocka_unit_test(unknown_uids_do_not_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
