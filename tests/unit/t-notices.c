/* SPDX-License-Identifier: GPL-3.0-or-later */
/* notices.c: told at several logins and not for ever, sent once, to the right user, in bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/notices.h"

#define NOW  INT64_C(1800000000)
#define USER "jane"
#define UID  1001

static int set_up(void **state)
{
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", &db), 0);
	*state = db;
	return 0;
}

static int tear_down(void **state)
{
	(void)db_close(*state);
	return 0;
}

static void add_at(struct db *db, const char *user, int64_t uid, const char *subject,
		   int64_t time_s)
{
	struct notice notice = notice_make(NOTICE_LINKED, user, uid);

	notice_set_identity(&notice, "https://op.example.org", subject, "Jane Doe");
	notice.time_s = time_s;
	assert_int_equal(notice_add(db, &notice), 0);
}

static void add(struct db *db, const char *subject)
{
	add_at(db, USER, UID, subject, NOW);
}

static struct notices tell(struct db *db, int64_t now_s)
{
	struct notices notices;

	assert_int_equal(notices_tell(db, USER, UID, now_s, &notices), 0);
	return notices;
}

static void told_for_some_days_after_the_first_time(void **state)
{
	add(*state, "1");
	assert_int_equal(tell(*state, NOW + 30 * 86400).n, 1);   /* on holiday until then */
	assert_int_equal(tell(*state, NOW + 30 * 86400 + 1).n, 1);
	assert_int_equal(tell(*state, NOW + 30 * 86400 + NOTICE_TOLD_S - 1).n, 1);
	assert_int_equal(tell(*state, NOW + 30 * 86400 + NOTICE_TOLD_S).n, 0);
}

static void a_clock_that_was_ahead_does_not_tell_for_years(void **state)
{
	add(*state, "1");
	assert_int_equal(tell(*state, NOW + 400 * 86400).n, 1);
	assert_int_equal(tell(*state, NOW).n, 0);
}

static void only_to_this_user_name_and_uid(void **state)
{
	struct notices notices;

	add_at(*state, USER, UID + 1, "1", NOW);
	add_at(*state, "janet", UID, "2", NOW);
	assert_int_equal(tell(*state, NOW).n, 0);
	assert_int_equal(notices_tell(*state, "janet", UID, NOW, &notices), 0);
	assert_int_equal(notices.n, 1);
	assert_string_equal(notices.rows[0].subject, "2");
}

static void the_newest_are_told_oldest_first(void **state)
{
	struct notices notices;
	char subject[16];

	for (int i = 0; i < NOTICES_SHOWN_MAX + 3; i++) {
		(void)snprintf(subject, sizeof(subject), "%d", i);
		add(*state, subject);
	}
	notices = tell(*state, NOW);
	assert_int_equal(notices.n, NOTICES_SHOWN_MAX);
	assert_int_equal(notices.n_more, 3);
	assert_string_equal(notices.rows[0].subject, "3");
	assert_string_equal(notices.rows[NOTICES_SHOWN_MAX - 1].subject, subject);
}

static void a_user_has_so_many_at_most(void **state)
{
	int64_t n = 0;

	add_at(*state, "ravi", 1002, "his", NOW);
	for (int i = 0; i < NOTICES_PER_USER_MAX + 5; i++)
		add(*state, "1");
	assert_int_equal(notices_count_day(*state, USER, UID, NOW, &n), 0);
	assert_int_equal(n, NOTICES_PER_USER_MAX);
	assert_int_equal(notices_count_day(*state, "ravi", 1002, NOW, &n), 0);
	assert_int_equal(n, 1);
}

static void a_day_is_counted(void **state)
{
	int64_t n = 0;

	add_at(*state, USER, UID, "1", NOW - 86400);
	add_at(*state, USER, UID, "2", NOW - 86399);
	add_at(*state, USER, UID, "3", NOW);
	assert_int_equal(notices_count_day(*state, USER, UID, NOW, &n), 0);
	assert_int_equal(n, 2);
}

static void sent_once(void **state)
{
	struct notice notice = notice_make(NOTICE_LINKED, USER, UID);

	notice_set_identity(&notice, "https://op.example.org", "imported", NULL);
	notice.is_sent = true;
	assert_int_equal(notice_add(*state, &notice), 0);
	add(*state, "1");
	add(*state, "2");
	assert_int_equal(notice_take_unsent(*state, &notice), 0);
	assert_string_equal(notice.subject, "1");
	assert_int_equal(notice_take_unsent(*state, &notice), 0);
	assert_string_equal(notice.subject, "2");
	assert_int_equal(notice_take_unsent(*state, &notice), -ENOENT);
	assert_int_equal(tell(*state, NOW).n, 3);        /* told all the same */
}

static void old_ones_go(void **state)
{
	add_at(*state, USER, UID, "1", NOW - NOTICE_KEPT_S);
	add_at(*state, USER, UID, "2", NOW - NOTICE_KEPT_S + 1);
	assert_int_equal(notices_trim(*state, NOW), 0);
	assert_string_equal(tell(*state, NOW).rows[0].subject, "2");
	assert_int_equal(tell(*state, NOW).n, 1);
}

static void a_name_that_is_too_long_is_cut_in_whole_characters(void **state)
{
	struct notice notice = notice_make(NOTICE_LINKED, USER, UID);
	char name[2048];

	(void)state;
	memset(name, 0, sizeof(name));
	for (size_t i = 0; i + 3 < sizeof(name); i += 3)
		memcpy(name + i, "\xe5\xbc\xa0", 3);
	notice_set_identity(&notice, "https://op.example.org", "1", name);
	assert_true(notice.display[0] && strlen(notice.display) <= IDENTITY_TEXT_MAX);
	assert_true(text_is_utf8(notice.display, strlen(notice.display)));
}

static void words_for_a_terminal_that_takes_ascii_only(void **state)
{
	const struct notice_style ascii = { .ascii = true }, utf8 = { .host = "web1" };
	struct notice notice = notice_make(NOTICE_UNLINKED, USER, UID);
	struct buf text = BUF_INIT(4096);

	(void)state;
	notice_set_identity(&notice, "https://op.example.org", "1", "\xe5\xbc\xa0\xe4\xb8\x89");
	notice.time_s = NOW;
	notice_text(&notice, &ascii, &text);
	assert_true(text_is_printable_ascii(buf_text(&text), text.len));
	assert_non_null(strstr(buf_text(&text), "1, https://op.example.org"));
	buf_done(&text);
	notice_text(&notice, &utf8, &text);
	assert_non_null(strstr(buf_text(&text), "\xe5\xbc\xa0\xe4\xb8\x89"));
	assert_non_null(strstr(buf_text(&text), "User jane on web1: "));
	buf_done(&text);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(told_for_some_days_after_the_first_time),
		CASE(a_clock_that_was_ahead_does_not_tell_for_years),
		CASE(only_to_this_user_name_and_uid),
		CASE(the_newest_are_told_oldest_first),
		CASE(a_user_has_so_many_at_most),
		CASE(a_day_is_counted),
		CASE(sent_once),
		CASE(old_ones_go),
		CASE(a_name_that_is_too_long_is_cut_in_whole_characters),
		CASE(words_for_a_terminal_that_takes_ascii_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
