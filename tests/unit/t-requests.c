/* SPDX-License-Identifier: GPL-3.0-or-later */
/* requests.c: what strangers ask for, how much of it is kept and for how long. */
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
#include "db-files.h"
#include "jauthd/accounts.h"
#include "jauthd/audit.h"
#include "jauthd/requests.h"

#define ISSUER "https://id.example.org"
#define NOW    1000000
#define DAY    86400

static int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

static const struct link_request jane = {
	.request = "0123456789abcdef", .method = "work", .issuer = ISSUER, .subject = "Sub-1",
	.display = "Jane Doe", .user = "jane", .uid = 1001, .source = "192.0.2.7", .time_s = NOW,
};

/* Number `n` of its kind, so that ids differ. */
static struct link_request variant(const char *subject, const char *user, const char *source, int n)
{
	struct link_request request = jane;

	(void)snprintf(request.request, sizeof(request.request), "%016x", (unsigned)n);
	(void)snprintf(request.subject, sizeof(request.subject), "%s", subject);
	(void)snprintf(request.user, sizeof(request.user), "%s", user);
	(void)snprintf(request.source, sizeof(request.source), "%s", source);
	return request;
}

static int count_one(const struct link_request *request UNUSED, void *context)
{
	++*(int *)context;
	return 0;
}

static int n_open(struct db *db, int64_t now_s)
{
	int n = 0;

	assert_int_equal(requests_each(db, now_s, count_one, &n), 0);
	return n;
}

static bool is_kept(struct db *db, const char *id)
{
	struct link_request request;
	int r = requests_get(db, id, &request);

	assert_true(r == 0 || r == -ENOENT);
	return r == 0;
}

static int64_t accept(struct db *db, const struct link_request *request)
{
	int64_t id = 0;

	assert_int_equal(requests_accept(db, request, "", NOW + 5, &id), 0);
	return id;
}

static bool lets_in(struct db *db, const struct link_request *request)
{
	bool linked = false;

	assert_int_equal(link_matches(db, request->issuer, request->subject, request->user,
				      request->uid, &linked), 0);
	return linked;
}

/* --- open --- */

static void what_is_added_is_read_back(void **state)
{
	struct link_request got;

	assert_int_equal(requests_add(*state, &jane), 0);
	assert_int_equal(requests_get(*state, jane.request, &got), 0);
	assert_string_equal(got.request, jane.request);
	assert_string_equal(got.method, jane.method);
	assert_string_equal(got.issuer, jane.issuer);
	assert_string_equal(got.subject, jane.subject);
	assert_string_equal(got.display, jane.display);
	assert_string_equal(got.user, jane.user);
	assert_string_equal(got.source, jane.source);
	assert_int_equal(got.uid, jane.uid);
	assert_int_equal(got.time_s, jane.time_s);
	assert_int_equal(got.link_id, 0);
	assert_string_equal(got.linked, "");
	assert_int_equal(requests_get(*state, "0123456789ABCDEF", &got), -ENOENT);
	assert_int_equal(requests_get(*state, "", &got), -ENOENT);
}

static void it_is_open_for_an_hour_whatever_the_clock_does(void **state)
{
	static const struct { int64_t now_s; bool is_over; } cases[] = {
		{ NOW, false }, { NOW + 3599, false }, { NOW - 3599, false },
		{ NOW + 3600, true }, { NOW + DAY, true }, { NOW - 3600, true },
		{ NOW - 30 * DAY, true },
	};

	assert_int_equal(requests_add(*state, &jane), 0);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_int_equal(requests_is_over(&jane, cases[i].now_s), cases[i].is_over);
		assert_int_equal(n_open(*state, cases[i].now_s), cases[i].is_over ? 0 : 1);
	}
	assert_true(is_kept(*state, jane.request));
	assert_int_equal(requests_trim(*state, NOW + 3599), 0);
	assert_true(is_kept(*state, jane.request));
	assert_int_equal(requests_trim(*state, NOW + 3600), 0);
	assert_false(is_kept(*state, jane.request));
}

static void a_new_one_drops_those_that_are_over(void **state)
{
	struct link_request late = variant("Sub-2", "john", "192.0.2.8", 2);

	late.time_s = NOW + 3600;
	assert_int_equal(requests_add(*state, &jane), 0);
	assert_int_equal(requests_add(*state, &late), 0);
	assert_false(is_kept(*state, jane.request));
	assert_true(is_kept(*state, late.request));
}

static void other_users_of_the_identity_are_told(void **state)
{
	struct link link = { .issuer = (char *)ISSUER, .subject = (char *)"Sub-1",
			     .note = (char *)"", .origin = (char *)"admin", .uid = 1 };
	struct link_request got;

	assert_int_equal(requests_add(*state, &jane), 0);
	link.user = (char *)"john";
	assert_int_equal(link_add(*state, &link, NULL), 0);
	link.user = (char *)"mary";
	link.pending = true;
	assert_int_equal(link_add(*state, &link, NULL), 0);
	assert_int_equal(requests_get(*state, jane.request, &got), 0);
	assert_string_equal(got.linked, "john");
}

/* --- how many --- */

/* A crowd whose members differ in the number at each #; one honest request was there before. */
static const struct crowd {
	const char *what, *subject, *user, *source;
	int n, kept;
	bool newest_is_kept;
} crowds[] = {
	{ "one person, many times", "x", "user#", "198.51.100.#", 50, REQUESTS_PER_IDENTITY,
	  true },
	{ "one address", "x#", "user#", "198.51.100.1", 50, REQUESTS_PER_NETWORK, true },
	{ "one network", "x#", "user#", "2001:db8:1:#::1", 50, REQUESTS_PER_NETWORK, true },
	{ "one terminal", "x#", "user#", "tty1", 50, REQUESTS_PER_NETWORK, true },
	/* Jane's own is one of those. */
	{ "all at one user, from everywhere", "x#", "jane", "10.0.1.#", 50,
	  REQUESTS_PER_USER - 1, false },
	{ "all at one user, from one address", "x#", "jane", "10.0.1.1", 50,
	  REQUESTS_PER_USER - 1, true },
	{ "everybody", "x#", "user#", "2001:db8:#::1", REQUESTS_MAX + 50, REQUESTS_MAX - 1,
	  false },
};

static char *numbered(const char *pattern, int n)
{
	size_t len = strcspn(pattern, "#");

	if (!pattern[len])
		return text_copy(pattern);
	return text_format("%.*s%d%s", (int)len, pattern, n, pattern + len + 1);
}

static void nobody_pushes_out_what_others_asked_for(void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(crowds); i++) {
		const struct crowd *crowd = &crowds[i];
		char last[17] = "";

		assert_int_equal(requests_add(*state, &jane), 0);
		for (int n = 1; n <= crowd->n; n++) {
			_cleanup_free_ char *subject = numbered(crowd->subject, n);
			_cleanup_free_ char *user = numbered(crowd->user, n);
			_cleanup_free_ char *source = numbered(crowd->source, n);
			struct link_request request = variant(subject, user, source, n);

			assert_int_equal(requests_add(*state, &request), 0);
			memcpy(last, request.request, sizeof(last));
		}
		if (n_open(*state, NOW) != crowd->kept + 1 || !is_kept(*state, jane.request) ||
		    is_kept(*state, last) != crowd->newest_is_kept)
			fail_msg("%s: %d are open", crowd->what, n_open(*state, NOW));
		assert_int_equal(query_run(query_new(*state, "DELETE FROM requests")), 0);
	}
}

static void accepted_ones_take_no_room(void **state)
{
	for (int n = 0; n < 2 * REQUESTS_PER_USER; n++) {
		_cleanup_free_ char *subject = text_format("x%d", n);
		struct link_request request = variant(subject, "jane", "10.0.0.1", n);

		assert_int_equal(requests_add(*state, &request), 0);
		(void)accept(*state, &request);
	}
	assert_int_equal(n_open(*state, NOW), 0);
	for (int n = 0; n < 2 * REQUESTS_PER_USER; n++) {
		_cleanup_free_ char *id = text_format("%016x", (unsigned)n);

		assert_true(is_kept(*state, id));
	}
}

/* --- accepted --- */

static void an_accepted_one_lets_nobody_in_before_it_is_confirmed(void **state)
{
	struct link_request got;
	struct link link = { 0 };
	int64_t id;

	assert_int_equal(requests_add(*state, &jane), 0);
	id = accept(*state, &jane);
	assert_false(lets_in(*state, &jane));
	assert_int_equal(requests_get(*state, jane.request, &got), 0);
	assert_int_equal(got.link_id, id);
	assert_int_equal(link_get(*state, id, &link), 0);
	assert_true(link.pending);
	assert_string_equal(link.request, jane.request);
	assert_string_equal(link.method, "work");
	assert_string_equal(link.display, "Jane Doe");
	assert_string_equal(link.source, "192.0.2.7");
	assert_string_equal(link.origin, "request");
	link_done(&link);
	assert_int_equal(link_confirm(*state, id, "jane", 1001), 0);
	assert_true(lets_in(*state, &jane));
	assert_false(is_kept(*state, jane.request));
	assert_int_equal(link_get(*state, id, &link), 0);
	assert_false(link.pending);
	assert_string_equal(link.display, "");
	link_done(&link);
}

static void only_its_user_and_uid_confirm_it(void **state)
{
	static const struct { const char *user; int64_t uid; int64_t add; } cases[] = {
		{ "john", 1002, 0 }, { "jane", 1002, 0 }, { "john", 1001, 0 }, { "Jane", 1001, 0 },
		{ "root", 0, 0 }, { "", 1001, 0 }, { "jane", 1001, 1 }, { "jane", 1001, -1 },
	};
	int64_t id;

	assert_int_equal(requests_add(*state, &jane), 0);
	id = accept(*state, &jane);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_int_equal(link_confirm(*state, id + cases[i].add, cases[i].user,
					      cases[i].uid), -ENOENT);
		assert_false(lets_in(*state, &jane));
	}
	assert_int_equal(link_confirm(*state, id, "jane", 1001), 0);
	assert_int_equal(link_confirm(*state, id, "jane", 1001), -ENOENT);
}

static void it_is_accepted_once(void **state)
{
	int64_t id = -1;

	assert_int_equal(requests_add(*state, &jane), 0);
	(void)accept(*state, &jane);
	assert_int_equal(requests_accept(*state, &jane, "", NOW, &id), -EEXIST);
	/* Not by a request that is not there either; the transaction undoes the link. */
	assert_int_equal(db_begin(*state), 0);
	assert_int_equal(query_run(query_new(*state, "DELETE FROM links")), 0);
	assert_int_equal(requests_accept(*state, &jane, "", NOW, &id), -ENOENT);
	assert_int_equal(id, -1);
	db_rollback(*state);
}

static void two_requests_for_a_user_are_two_links(void **state)
{
	struct link_request other = variant("Sub-2", "jane", "192.0.2.8", 2);
	int64_t first, second;

	assert_int_equal(requests_add(*state, &jane), 0);
	assert_int_equal(requests_add(*state, &other), 0);
	first = accept(*state, &jane);
	second = accept(*state, &other);
	assert_int_not_equal(first, second);
	assert_int_equal(link_confirm(*state, second, "jane", 1001), 0);
	assert_false(lets_in(*state, &jane));
	assert_true(lets_in(*state, &other));
	assert_true(is_kept(*state, jane.request));
}

static void a_link_in_force_takes_the_place_of_a_pending_one(void **state)
{
	struct link link = { .issuer = (char *)ISSUER, .subject = (char *)"Sub-1",
			     .user = (char *)"jane", .uid = 1001, .note = (char *)"",
			     .origin = (char *)"admin" };
	int64_t id, pending;

	assert_int_equal(requests_add(*state, &jane), 0);
	pending = accept(*state, &jane);
	assert_int_equal(link_add(*state, &link, &id), 0);
	assert_true(id > pending);
	assert_true(lets_in(*state, &jane));
	assert_false(is_kept(*state, jane.request));
	assert_int_equal(link_confirm(*state, pending, "jane", 1001), -ENOENT);
	/* And the other way round there is nothing to ask for. */
	assert_int_equal(requests_add(*state, &jane), 0);
	assert_int_equal(requests_accept(*state, &jane, "", NOW, &id), -EEXIST);
	assert_true(lets_in(*state, &jane));
}

static void with_its_link_a_request_is_gone(void **state)
{
	assert_int_equal(requests_add(*state, &jane), 0);
	assert_int_equal(link_remove(*state, accept(*state, &jane)), 0);
	assert_false(is_kept(*state, jane.request));
}

static int keep_row(const struct audit_row *row, void *context)
{
	*(struct audit_row *)context = *row;
	return 0;
}

static void what_nobody_confirms_ends_after_a_week(void **state)
{
	const struct audit_filter filter = { .limit = 10 };
	struct audit_row row = { 0 };
	int64_t accepted = NOW + 5;

	assert_int_equal(requests_add(*state, &jane), 0);
	(void)accept(*state, &jane);
	assert_int_equal(requests_trim(*state, accepted + 7 * DAY - 1), 0);
	assert_true(is_kept(*state, jane.request));
	assert_false(requests_link_is_over(accepted, accepted + 7 * DAY - 1));
	assert_true(requests_link_is_over(accepted, accepted + 7 * DAY));
	assert_true(requests_link_is_over(accepted, accepted - 7 * DAY));
	assert_int_equal(requests_trim(*state, accepted + 7 * DAY), 0);
	assert_false(is_kept(*state, jane.request));
	assert_int_equal(link_confirm(*state, 1, "jane", 1001), -ENOENT);
	assert_int_equal(audit_each(*state, &filter, keep_row, &row), 0);
	assert_string_equal(row.request, jane.request);
	assert_string_equal(row.outcome, "expired");
	assert_string_equal(row.user, "jane");
	assert_string_equal(row.subject, "Sub-1");
	assert_non_null(strstr(row.reason, "not confirmed in time"));
}

static void a_week_does_not_end_a_confirmed_link(void **state)
{
	assert_int_equal(requests_add(*state, &jane), 0);
	assert_int_equal(link_confirm(*state, accept(*state, &jane), "jane", 1001), 0);
	assert_int_equal(requests_trim(*state, NOW + 700 * DAY), 0);
	assert_true(lets_in(*state, &jane));
}

/* --- older files --- */

static void links_of_an_older_file_are_in_force(void **state UNUSED)
{
	struct db_files files = { 0 };
	struct query *query;
	struct link link = { 0 };

	db_files_make(&files);
	files.db = db_close(files.db);
	assert_int_equal(remove(files.path), 0);
	assert_int_equal(db_open_version(files.path, 3, &files.db), 0);
	query = query_new(files.db, "INSERT INTO links VALUES (7, '" ISSUER "', 'Sub-1', 'jane',"
				    " 1001, '', 'admin', 1, 0)");
	assert_int_equal(query_run(query), 0);
	files.db = db_close(files.db);
	assert_int_equal(db_open(files.path, &files.db), 0);
	assert_true(lets_in(files.db, &jane));
	assert_int_equal(link_get(files.db, 7, &link), 0);
	assert_false(link.pending);
	link_done(&link);
	assert_int_equal(requests_add(files.db, &jane), 0);
	db_files_drop(&files);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_db, drop_db)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_added_is_read_back),
		TEST(it_is_open_for_an_hour_whatever_the_clock_does),
		TEST(a_new_one_drops_those_that_are_over),
		TEST(other_users_of_the_identity_are_told),
		TEST(nobody_pushes_out_what_others_asked_for),
		TEST(accepted_ones_take_no_room),
		TEST(an_accepted_one_lets_nobody_in_before_it_is_confirmed),
		TEST(only_its_user_and_uid_confirm_it),
		TEST(it_is_accepted_once),
		TEST(two_requests_for_a_user_are_two_links),
		TEST(a_link_in_force_takes_the_place_of_a_pending_one),
		TEST(with_its_link_a_request_is_gone),
		TEST(what_nobody_confirms_ends_after_a_week),
		TEST(a_week_does_not_end_a_confirmed_link),
		cmocka_unit_test(links_of_an_older_file_are_in_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
