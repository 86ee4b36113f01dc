/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host's files take from new people: names in whatever case, numbers, and whole ranges. */
#include "jauthd/host-ids.h"

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
#include "host-files.h"

static const struct host_file usual[] = {
	{ "/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"
			 "\n# a comment\nJane:x:1001:1001::/home/jane:/bin/sh\n"
			 "broken\nnumberless:x::100::/:/bin/sh\nlast:x:70000:70007::/:/bin/sh" },
	{ "/etc/group", "root:x:0:\nStaff:x:50:jane,root\nbig:x:70001:\n" },
	{ "/etc/subuid", "jane:100000:65536\n1002:300000:10\n#off:400000:10\njane:500000:0\n"
			 "jane:nothing:1\njane:4294967290:100\n" },
	{ "/etc/subgid", "jane:165530:20\n" },
	{ NULL }
};

static struct host_ids *read_host(const struct host_file *files)
{
	struct host_ids *host = NULL;
	char *root = host_files_make(files);

	assert_int_equal(host_ids_read_below(root, &host), 0);
	host_files_drop(root);
	return host;
}

static void names_are_taken_in_whatever_case(void **state UNUSED)
{
	static const struct {
		const char *name;
		bool is_taken;
	} cases[] = {
		{ "root", true }, { "Root", true }, { "jane", true }, { "JANE", true },
		{ "staff", true }, { "sTAFF", true }, { "broken", true }, { "numberless", true },
		{ "last", true }, { "big", true },
		{ "jan", false }, { "janee", false }, { "", false }, { "off", false },
		{ "# a comment", false }, { "x", false },
	};
	struct host_ids *host = read_host(usual);

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if (host_ids_has_name(host, cases[i].name) != cases[i].is_taken)
			fail_msg("\"%s\"", cases[i].name);
	host_ids_free(host);
}

static void numbers_and_ranges_are_taken_to_their_ends(void **state UNUSED)
{
	static const struct {
		uint32_t id;
		bool is_taken;
	} cases[] = {
		{ 0, true }, { 1, false }, { 50, true }, { 1001, true }, { 1000, false },
		{ 100, true },                               /* a primary group without a name */
		{ 70000, true }, { 70001, true }, { 70002, false }, { 70007, true },
		{ 99999, false }, { 100000, true }, { 165529, true }, { 165535, true },
		{ 165549, true }, { 165550, false },         /* two ranges that overlap */
		{ 299999, false }, { 300000, true }, { 300009, true }, { 300010, false },
		{ 400000, false }, { 500000, false },
		{ 4294967289u, false }, { 4294967290u, true }, { 4294967295u, true },
	};
	struct host_ids *host = read_host(usual);

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		if (host_ids_has_id(host, cases[i].id) != cases[i].is_taken)
			fail_msg("%u", cases[i].id);
	host_ids_free(host);
}

static void a_user_and_a_group_are_told_apart_exactly(void **state UNUSED)
{
	struct host_ids *host = read_host(usual);

	assert_true(host_ids_has_user(host, "Jane", 5));
	assert_true(host_ids_has_user(host, "nobody-here", 1001));
	assert_false(host_ids_has_user(host, "jane", 5));        /* another user than Jane */
	assert_false(host_ids_has_user(host, "Staff", 50));
	assert_false(host_ids_has_user(host, "anybody", 100000));        /* of a range */
	assert_true(host_ids_has_group(host, "Staff", 5));
	assert_true(host_ids_has_group(host, "anything", 70001));
	assert_false(host_ids_has_group(host, "Jane", 1001));
	host_ids_free(host);
}

static void sssd_takes_its_range_where_it_is_set_up(void **state UNUSED)
{
	static const struct {
		const char *config;
		uint32_t free_below, first, last, free_above;
	} cases[] = {
		{ "[sssd]\n", 199999, 200000, 2000199999, 2000200000 },
		{ "ldap_idmap_range_min = 100000\nldap_idmap_range_max=120000\n",
		  99999, 100000, 119999, 120000 },
		{ "  ldap_idmap_range_min = x\n# ldap_idmap_range_max = 5\n"
		  "ldap_idmap_range_size = 7\n", 199999, 200000, 2000199999, 2000200000 },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		const struct host_file files[] = {
			usual[0], usual[1], { "/etc/sssd/sssd.conf", cases[i].config }, { NULL }
		};
		struct host_ids *host = read_host(files);

		assert_false(host_ids_has_id(host, cases[i].free_below));
		assert_true(host_ids_has_id(host, cases[i].first));
		assert_true(host_ids_has_id(host, cases[i].last));
		assert_false(host_ids_has_id(host, cases[i].free_above));
		host_ids_free(host);
	}
}

static void sssd_that_lets_nobody_read_counts_by_its_default(void **state UNUSED)
{
	const struct host_file files[] = {
		usual[0], usual[1], { "/etc/sssd/sssd.conf", "ldap_idmap_range_min = 1\n" },
		{ NULL }
	};
	_cleanup_free_ char *root = host_files_make(files);
	struct host_ids *host = NULL;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/etc/sssd/sssd.conf", root);
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(host_ids_read_below(root, &host), 0);
	/* root reads it all the same */
	assert_int_equal(host_ids_has_id(host, 150000), geteuid() == 0);
	assert_true(host_ids_has_id(host, 200000));
	host_ids_free(host);
	host_files_drop(strdup(root));
}

static void a_host_without_users_is_a_fault(void **state UNUSED)
{
	for (size_t i = 0; i < 2; i++) {
		const struct host_file files[] = { usual[i], { NULL } };
		struct host_ids *host = NULL;
		char *root = host_files_make(files);

		assert_int_equal(host_ids_read_below(root, &host), -ENOENT);
		assert_null(host);
		host_files_drop(root);
	}
}

static void what_other_sources_say_of_a_name_is_kept(void **state UNUSED)
{
	static const struct host_file bare[] = {
		{ "/etc/passwd", "root:x:0:0::/root:/bin/sh\n" },
		{ "/etc/group", "root:x:0:\n" },
		{ NULL }
	};
	struct host_ids *host = read_host(bare);

	assert_false(host_ids_has_name(host, "daemon"));
	assert_false(host_ids_has_id(host, 1));
	assert_int_equal(host_ids_look_up(host, "no-such-name-here"), 0);
	assert_int_equal(host_ids_look_up(host, "daemon"), 0);   /* of this very system */
	assert_int_equal(host_ids_look_up(host, "daemon"), 0);
	assert_true(host_ids_has_name(host, "daemon"));
	assert_true(host_ids_has_user(host, "daemon", 9));
	assert_true(host_ids_has_group(host, "daemon", 9));
	assert_true(host_ids_has_id(host, 1));
	assert_false(host_ids_has_name(host, "no-such-name-here"));
	host_ids_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_taken_in_whatever_case),
		cmocka_unit_test(numbers_and_ranges_are_taken_to_their_ends),
		cmocka_unit_test(a_user_and_a_group_are_told_apart_exactly),
		cmocka_unit_test(sssd_takes_its_range_where_it_is_set_up),
		cmocka_unit_test(sssd_that_lets_nobody_read_counts_by_its_default),
		cmocka_unit_test(a_host_without_users_is_a_fault),
		cmocka_unit_test(what_other_sources_say_of_a_name_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
