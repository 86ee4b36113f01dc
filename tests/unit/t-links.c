/* SPDX-License-Identifier: GPL-3.0-or-later */
/* accounts.c: links, compared whole. */
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

#define ISSUER "https://id.example.org/realm"

static int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

static int64_t add_link(struct db *db, const char *subject, const char *user, int64_t uid)
{
	char issuer[] = ISSUER, note[] = "a note", origin[] = "admin", subject_copy[64], name[64];
	struct link link = {
		.issuer = issuer, .subject = subject_copy, .user = name, .uid = uid,
		.note = note, .origin = origin, .created_s = 10,
	};
	int64_t id = -1;

	(void)snprintf(subject_copy, sizeof(subject_copy), "%s", subject);
	(void)snprintf(name, sizeof(name), "%s", user);
	assert_int_equal(link_add(db, &link, &id), 0);
	return id;
}

static void only_the_whole_link_matches(void **state)
{
	static const struct {
		const char *issuer, *subject, *user;
		int64_t uid;
		bool expected;
	} cases[] = {
		{ ISSUER, "Sub-1", "jane", 1001, true },
		{ ISSUER, "sub-1", "jane", 1001, false },
		{ ISSUER, "Sub-", "jane", 1001, false },
		{ ISSUER, "Sub-12", "jane", 1001, false },
		{ ISSUER, "Sub-1 ", "jane", 1001, false },
		{ ISSUER, "%", "jane", 1001, false },
		{ ISSUER, "", "jane", 1001, false },
		{ ISSUER "/", "Sub-1", "jane", 1001, false },
		{ "https://ID.example.org/realm", "Sub-1", "jane", 1001, false },
		{ "https://id.example.com/realm", "Sub-1", "jane", 1001, false },
		{ ISSUER, "Sub-1", "john", 1001, false },
		{ ISSUER, "Sub-1", "Jane", 1001, false },
		{ ISSUER, "Sub-1", "jane", 1002, false },
		{ ISSUER, "Sub-1", "jane", 0, false },
	};

	(void)add_link(*state, "Sub-1", "jane", 1001);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		bool linked = !cases[i].expected;

		assert_int_equal(link_matches(*state, cases[i].issuer, cases[i].subject,
					      cases[i].user, cases[i].uid, &linked), 0);
		assert_int_equal(linked, cases[i].expected);
	}
}

static void identities_and_users_go_many_to_many(void **state)
{
	static const struct { const char *subject, *user; int64_t uid; } links[] = {
		{ "1", "jane", 1001 }, { "1", "deploy", 1002 }, { "2", "deploy", 1002 },
		{ "1", "jane", 5001 },           /* jane was made again with another uid */
	};
	bool linked;

	for (size_t i = 0; i < N_ELEMENTS(links); i++)
		(void)add_link(*state, links[i].subject, links[i].user, links[i].uid);
	for (size_t i = 0; i < N_ELEMENTS(links); i++) {
		assert_int_equal(link_matches(*state, ISSUER, links[i].subject, links[i].user,
					      links[i].uid, &linked), 0);
		assert_true(linked);
	}
	assert_int_equal(link_matches(*state, ISSUER, "2", "jane", 1001, &linked), 0);
	assert_false(linked);
}

static void the_same_link_twice_is_refused(void **state)
{
	char issuer[] = ISSUER, subject[] = "1", user[] = "jane", empty[] = "";
	struct link link = { .issuer = issuer, .subject = subject, .user = user, .uid = 1001,
			     .note = empty, .origin = empty };
	int64_t id = -1;

	(void)add_link(*state, "1", "jane", 1001);
	assert_int_equal(link_add(*state, &link, &id), -EEXIST);
	assert_int_equal(id, -1);
}

static void a_removed_link_is_gone_and_its_id_too(void **state)
{
	int64_t first = add_link(*state, "1", "jane", 1001);
	bool linked = true;

	assert_int_equal(link_remove(*state, first), 0);
	assert_int_equal(link_remove(*state, first), -ENOENT);
	assert_int_equal(link_matches(*state, ISSUER, "1", "jane", 1001, &linked), 0);
	assert_false(linked);
	assert_true(add_link(*state, "1", "jane", 1001) > first);
}

struct seen {
	unsigned n;
	int64_t used_s;
	int stop;
};

static int see(const struct link *link, void *context)
{
	struct seen *seen = context;

	assert_string_equal(link->issuer, ISSUER);
	assert_string_equal(link->note, "a note");
	assert_string_equal(link->origin, "admin");
	assert_int_equal(link->created_s, 10);
	seen->n++;
	seen->used_s = link->used_s;
	return seen->stop;
}

static void each_shows_one_user_or_all(void **state)
{
	struct seen seen = { 0 };

	(void)add_link(*state, "1", "jane", 1001);
	(void)add_link(*state, "2", "jane", 1001);
	(void)add_link(*state, "3", "john", 1002);
	assert_int_equal(link_each(*state, "jane", see, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(link_each(*state, "nobody", see, &seen), 0);
	assert_int_equal(seen.n, 2);
	assert_int_equal(link_each(*state, NULL, see, &seen), 0);
	assert_int_equal(seen.n, 5);
	seen.stop = -ECANCELED;
	assert_int_equal(link_each(*state, NULL, see, &seen), -ECANCELED);
	assert_int_equal(seen.n, 6);
}

static void use_is_noted(void **state)
{
	struct seen seen = { 0 };

	(void)add_link(*state, "1", "jane", 1001);
	assert_int_equal(link_touch(*state, ISSUER, "1", "jane", 555), 0);
	assert_int_equal(link_each(*state, "jane", see, &seen), 0);
	assert_int_equal(seen.used_s, 555);
	/* A link that is gone meanwhile, or a rule that let him in: nothing to note. */
	assert_int_equal(link_touch(*state, ISSUER, "9", "jane", 556), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_db, drop_db)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_the_whole_link_matches),
		TEST(identities_and_users_go_many_to_many),
		TEST(the_same_link_twice_is_refused),
		TEST(a_removed_link_is_gone_and_its_id_too),
		TEST(each_shows_one_user_or_all),
		TEST(use_is_noted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
