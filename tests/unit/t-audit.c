/* SPDX-License-Identifier: GPL-3.0-or-later */
/* audit.c: rows, their log line, and what is kept. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "jauthd/audit.h"

#define DAY 86400

static const struct audit_row granted = {
	.time_s = 1000, .request = "0123456789abcdef", .kind = "login", .user = "jane", .uid = 1001,
	.service = "sshd", .origin = "remote", .source = "192.0.2.1", .method = "password + work",
	.outcome = "granted", .reason = "link", .issuer = "https://id.example.org",
	.subject = "s-1",
	.display = "Jane", .note = "aliyun: sent, 9006^0",
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

static int64_t add(struct db *db, const struct audit_row *row)
{
	int64_t id = -1;

	assert_int_equal(audit_add(db, row, &id), 0);
	assert_true(id > 0);
	return id;
}

static void a_row_is_read_back_whole(void **state)
{
	struct audit_row row;
	int64_t id = add(*state, &granted);

	assert_int_equal(audit_find_granted(*state, granted.request, &row), 0);
	assert_int_equal(row.id, id);
	assert_int_equal(row.time_s, 1000);
	assert_int_equal(row.uid, 1001);
	assert_string_equal(row.request, granted.request);
	assert_string_equal(row.kind, granted.kind);
	assert_string_equal(row.user, granted.user);
	assert_string_equal(row.service, granted.service);
	assert_string_equal(row.origin, granted.origin);
	assert_string_equal(row.source, granted.source);
	assert_string_equal(row.method, granted.method);
	assert_string_equal(row.outcome, granted.outcome);
	assert_string_equal(row.reason, granted.reason);
	assert_string_equal(row.issuer, granted.issuer);
	assert_string_equal(row.subject, granted.subject);
	assert_string_equal(row.display, granted.display);
	assert_string_equal(row.note, granted.note);
}

static void only_a_granted_login_is_found_as_such(void **state)
{
	struct audit_row row = granted, found = { .id = -1 };

	(void)snprintf(row.outcome, sizeof(row.outcome), "denied");
	(void)add(*state, &row);
	row = granted;
	(void)snprintf(row.kind, sizeof(row.kind), "password");
	(void)add(*state, &row);
	assert_int_equal(audit_find_granted(*state, granted.request, &found), -ENOENT);
	assert_int_equal(found.id, -1);
	(void)add(*state, &granted);
	assert_int_equal(audit_find_granted(*state, "0123456789abcdeF", &found), -ENOENT);
	assert_int_equal(audit_find_granted(*state, "", &found), -ENOENT);
	assert_int_equal(audit_find_granted(*state, granted.request, &found), 0);
}

static int note_id(const struct audit_row *row, void *context)
{
	char *ids = context;
	size_t len = strlen(ids);

	(void)snprintf(ids + len, 64 - len, "%d ", (int)row->id);
	return 0;
}

static void filters_combine_and_the_newest_stay(void **state)
{
	static const struct {
		struct audit_filter filter;
		const char *expected;
	} cases[] = {
		{ { .limit = 100 }, "1 2 3 4 " },
		{ { .limit = 2 }, "3 4 " },
		{ { .limit = 0 }, "" },
		{ { .limit = -1 }, "" },
		{ { .limit = 100, .user = "jane" }, "1 3 " },
		{ { .limit = 1, .user = "jane" }, "3 " },
		{ { .limit = 100, .user = "Jane" }, "" },
		{ { .limit = 100, .service = "sudo" }, "2 3 " },
		{ { .limit = 100, .service = "sudo", .user = "john" }, "2 " },
		{ { .limit = 100, .outcome = "denied" }, "4 " },
		{ { .limit = 100, .request = "request-3" }, "3 " },
		{ { .limit = 100, .since_s = 102 }, "2 3 4 " },
		{ { .limit = 100, .after_id = 3 }, "4 " },
	};
	static const struct { const char *user, *service, *outcome; } rows[] = {
		{ "jane", "sshd", "granted" }, { "john", "sudo", "granted" },
		{ "jane", "sudo", "granted" }, { "mary", "sshd", "denied" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct audit_row row = granted;

		row.time_s = 101 + (int64_t)i;
		(void)snprintf(row.request, sizeof(row.request), "request-%d", (int)i + 1);
		(void)snprintf(row.user, sizeof(row.user), "%s", rows[i].user);
		(void)snprintf(row.service, sizeof(row.service), "%s", rows[i].service);
		(void)snprintf(row.outcome, sizeof(row.outcome), "%s", rows[i].outcome);
		(void)add(*state, &row);
	}
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		char ids[64] = "";

		assert_int_equal(audit_each(*state, &cases[i].filter, note_id, ids), 0);
		assert_string_equal(ids, cases[i].expected);
	}
}

static void old_rows_and_too_many_go(void **state)
{
	const struct audit_filter all = { .limit = 100 };
	char ids[64] = "";

	for (int i = 0; i < 10; i++) {
		struct audit_row row = granted;

		row.time_s = (int64_t)i * DAY;
		(void)add(*state, &row);
	}
	assert_int_equal(audit_trim(*state, 9 * DAY, 6, 1000), 0);
	assert_int_equal(audit_each(*state, &all, note_id, ids), 0);
	assert_string_equal(ids, "4 5 6 7 8 9 10 ");
	assert_int_equal(audit_trim(*state, 9 * DAY, 6, 3), 0);
	ids[0] = '\0';
	assert_int_equal(audit_each(*state, &all, note_id, ids), 0);
	assert_string_equal(ids, "8 9 10 ");
	/* An id is never given twice, not even the last one's. */
	assert_int_equal(audit_trim(*state, 9 * DAY, 6, 0), 0);
	assert_int_equal(add(*state, &granted), 11);
}

static int64_t count(struct db *db)
{
	struct query *query = query_new(db, "SELECT count(*) FROM audit");
	int64_t n;

	assert_int_equal(query_step(query), 1);
	n = query_column_number(query, 0);
	query_done(query);
	return n;
}

/* Nobody's login waits for a million rows to go. */
static void much_is_deleted_in_parts(void **state)
{
	for (int i = 0; i < AUDIT_TRIM_ROWS + 5; i++)
		(void)add(*state, &granted);
	assert_int_equal(audit_trim(*state, 0, 1, 2), 0);
	assert_int_equal(count(*state), 5);
	assert_int_equal(audit_trim(*state, 0, 1, 2), 0);
	assert_int_equal(count(*state), 2);
}

/* What audit_log() writes to stderr for this row. */
static void logged(const struct audit_row *row, char *ret_line, size_t size)
{
	int ends[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	(void)fflush(stderr);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	audit_log(row);
	(void)fflush(stderr);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(ends[1]);
	n = read(ends[0], ret_line, size - 1);
	assert_true(n >= 0);
	ret_line[n] = '\0';
	close(ends[0]);
	close(saved);
}

static void the_log_line_names_every_field(void **state UNUSED)
{
	char line[4096];

	logged(&granted, line, sizeof(line));
	assert_non_null(strstr(line, "audit: request=\"0123456789abcdef\" kind=\"login\""
				     " user=\"jane\" service=\"sshd\" origin=\"remote\""
				     " source=\"192.0.2.1\" method=\"password + work\""
				     " outcome=\"granted\" reason=\"link\""
				     " issuer=\"https://id.example.org\" subject=\"s-1\""
				     " display=\"Jane\" note=\"aliyun: sent, 9006^0\"\n"));
}

static void foreign_text_cannot_forge_a_line_or_a_field(void **state UNUSED)
{
	struct audit_row row = granted;
	char line[4096];

	(void)snprintf(row.display, sizeof(row.display),
		       "x\" outcome=\"granted\\\naudit: request=\"f\033[31m");
	(void)snprintf(row.outcome, sizeof(row.outcome), "denied");
	logged(&row, line, sizeof(line));
	assert_null(strstr(line, "outcome=\"granted"));
	assert_null(strchr(line, '\033'));
	assert_null(strchr(line, '\\'));
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void a_field_that_does_not_fit_is_damage(void **state)
{
	const struct audit_filter all = { .limit = 100 };
	struct audit_row row;
	char ids[64] = "";

	(void)add(*state, &granted);
	assert_int_equal(query_run(query_new(*state,
		"UPDATE audit SET service = printf('%.*c', 64, 'x')")), 0);
	assert_int_equal(audit_find_granted(*state, granted.request, &row), -EUCLEAN);
	assert_int_equal(audit_each(*state, &all, note_id, ids), -EUCLEAN);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_db, drop_db)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_row_is_read_back_whole),
		TEST(only_a_granted_login_is_found_as_such),
		TEST(filters_combine_and_the_newest_stay),
		TEST(old_rows_and_too_many_go),
		TEST(much_is_deleted_in_parts),
		cmocka_unit_test(the_log_line_names_every_field),
		cmocka_unit_test(foreign_text_cannot_forge_a_line_or_a_field),
		TEST(a_field_that_does_not_fit_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
