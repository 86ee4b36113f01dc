/* SPDX-License-Identifier: GPL-3.0-or-later */
/* phones.c: numbers of users, sealed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "db-files.h"
#include "jauthd/phones.h"

#define NUMBER "+8613900001234"

static int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

static int add(struct db *db, const char *user, int64_t uid, const char *number, int64_t *ret_id)
{
	struct phone_record record = { .uid = uid, .label = "desk", .created_s = 10, .used_s = 20 };

	assert_true(text_into(record.user, sizeof(record.user), user));
	assert_true(text_into(record.number, sizeof(record.number), number));
	return phone_add(db, &record, ret_id);
}

/* "user/uid/number " of each row. */
static int note_row(const struct phone_record *record, void *context)
{
	struct buf *rows = context;

	buf_add_format(rows, "%s/%lld/%s ", record->user, (long long)record->uid, record->number);
	return 0;
}

static void assert_rows(struct db *db, const char *user, int64_t uid, const char *expected)
{
	_cleanup_(buf_done) struct buf rows = BUF_INIT(4096);

	assert_int_equal(phone_each(db, user, uid, note_row, &rows), 0);
	assert_string_equal(buf_text(&rows), expected);
}

static int keep_row(const struct phone_record *record, void *context)
{
	*(struct phone_record *)context = *record;
	return 0;
}

static void what_is_added_is_read_back(void **state)
{
	struct phone_record record;
	int64_t id = 0;

	assert_int_equal(add(*state, "jane", 1001, NUMBER, &id), 0);
	assert_int_equal(phone_each(*state, "jane", 1001, keep_row, &record), 0);
	assert_int_equal(record.id, id);
	assert_string_equal(record.user, "jane");
	assert_int_equal(record.uid, 1001);
	assert_string_equal(record.number, NUMBER);
	assert_string_equal(record.label, "desk");
	assert_int_equal(record.created_s, 10);
	assert_int_equal(record.used_s, 20);
	phone_record_done(&record);
	assert_string_equal(record.number, "");
}

static void numbers_belong_to_a_name_and_a_uid(void **state)
{
	struct db *db = *state;

	assert_int_equal(add(db, "jane", 1001, "+4915200000001", NULL), 0);
	assert_int_equal(add(db, "joe", 1002, "+4915200000001", NULL), 0);
	assert_int_equal(add(db, "jane", 1001, "+4915200000002", NULL), 0);
	assert_int_equal(add(db, "jane", 2001, "+4915200000001", NULL), 0);
	assert_rows(db, "jane", 1001, "jane/1001/+4915200000001 jane/1001/+4915200000002 ");
	assert_rows(db, "jane", 2001, "jane/2001/+4915200000001 ");
	assert_rows(db, "jane", 3001, "");
	assert_rows(db, "jane", -1, "jane/1001/+4915200000001 jane/1001/+4915200000002 "
				    "jane/2001/+4915200000001 ");
	assert_rows(db, "Jane", -1, "");
	assert_rows(db, NULL, -1, "jane/1001/+4915200000001 joe/1002/+4915200000001 "
				  "jane/1001/+4915200000002 jane/2001/+4915200000001 ");
}

static void a_number_is_kept_once_for_a_user(void **state)
{
	int64_t id = 77;

	assert_int_equal(add(*state, "jane", 1001, NUMBER, NULL), 0);
	assert_int_equal(add(*state, "jane", 1001, NUMBER, &id), -EEXIST);
	assert_int_equal(id, 77);
	assert_rows(*state, "jane", 1001, "jane/1001/" NUMBER " ");
}

static void a_user_has_five_numbers_at_most(void **state)
{
	char number[PHONE_SIZE];

	for (int i = 0; i < PHONES_PER_USER_MAX; i++) {
		(void)snprintf(number, sizeof(number), "+491520000000%d", i);
		assert_int_equal(add(*state, "jane", 1001, number, NULL), 0);
	}
	assert_int_equal(add(*state, "jane", 1001, "+4915200000009", NULL), -ENOSPC);
	/* One of the five is there already, and not one too many. */
	assert_int_equal(add(*state, "jane", 1001, "+4915200000004", NULL), -EEXIST);
	assert_int_equal(add(*state, "jane", 2001, "+4915200000009", NULL), 0);
	assert_int_equal(add(*state, "joe", 1001, "+4915200000009", NULL), 0);
}

static void a_removed_id_is_never_used_again(void **state)
{
	int64_t first = 0, second = 0;

	assert_int_equal(add(*state, "jane", 1001, NUMBER, &first), 0);
	assert_int_equal(phone_remove(*state, first), 0);
	assert_int_equal(phone_remove(*state, first), -ENOENT);
	assert_rows(*state, NULL, -1, "");
	assert_int_equal(add(*state, "jane", 1001, NUMBER, &second), 0);
	assert_true(second > first);
}

static void one_is_found_by_its_id(void **state)
{
	struct phone_record record = { .user = "untouched" };
	int64_t id = 0;

	assert_int_equal(phone_get(*state, 1, &record), -ENOENT);
	assert_string_equal(record.user, "untouched");
	assert_int_equal(add(*state, "joe", 1002, "+4915200000001", NULL), 0);
	assert_int_equal(add(*state, "jane", 1001, NUMBER, &id), 0);
	assert_int_equal(phone_get(*state, id, &record), 0);
	assert_string_equal(record.user, "jane");
	assert_string_equal(record.number, NUMBER);
}

static void a_use_is_noted_for_that_number_only(void **state)
{
	struct phone_record record;
	int64_t first = 0;

	assert_int_equal(add(*state, "jane", 1001, NUMBER, &first), 0);
	assert_int_equal(add(*state, "joe", 1002, NUMBER, NULL), 0);
	assert_int_equal(phone_used(*state, first, 500), 0);
	assert_int_equal(phone_used(*state, first + 4711, 500), -ENOENT);
	assert_int_equal(phone_each(*state, "jane", 1001, keep_row, &record), 0);
	assert_int_equal(record.used_s, 500);
	assert_int_equal(phone_each(*state, "joe", 1002, keep_row, &record), 0);
	assert_int_equal(record.used_s, 20);
}

static int stop_at_once(const struct phone_record *record UNUSED, void *context)
{
	(*(int *)context)++;
	return -ECANCELED;
}

static void each_stops_when_told(void **state)
{
	int n = 0;

	assert_int_equal(add(*state, "jane", 1001, "+4915200000001", NULL), 0);
	assert_int_equal(add(*state, "jane", 1001, "+4915200000002", NULL), 0);
	assert_int_equal(phone_each(*state, NULL, -1, stop_at_once, &n), -ECANCELED);
	assert_int_equal(n, 1);
}

static const char *const damages[] = {
	"UPDATE phones SET number = zeroblob(0) WHERE id = 1",
	"UPDATE phones SET number = zeroblob(42) WHERE id = 1",
	"UPDATE phones SET number = substr(number, 1, 20) WHERE id = 1",
	"UPDATE phones SET number = CAST(number || x'00' AS BLOB) WHERE id = 1",
};

static void a_damaged_number_is_left_out_and_no_other(void **state)
{
	struct phone_record record;

	for (size_t i = 0; i < N_ELEMENTS(damages); i++) {
		assert_int_equal(add(*state, "jane", 1001, "+4915200000001", NULL), 0);
		assert_int_equal(add(*state, "jane", 1001, "+4915200000002", NULL), 0);
		assert_int_equal(query_run(query_new(*state, damages[i])), 0);
		assert_rows(*state, "jane", 1001, "jane/1001/+4915200000002 ");
		/* It can be removed all the same. */
		assert_int_equal(phone_get(*state, 1, &record), 0);
		assert_string_equal(record.user, "jane");
		assert_string_equal(record.number, "");
		drop_db(state);
		assert_int_equal(make_db(state), 0);
	}
}

/* --- numbers of a list --- */

static int set(struct db *db, const char *user, const char *source, const char *number)
{
	struct phone_record record = { .uid = 1001, .created_s = 30 };
	struct buf sealed = BUF_INIT(PHONE_SEALED_MAX);
	int r;

	assert_true(text_into(record.user, sizeof(record.user), user));
	assert_true(text_into(record.source, sizeof(record.source), source));
	assert_int_equal(phone_seal(db, number, &sealed), 0);
	r = phone_set_listed(db, &record, sealed.data, sealed.len);
	buf_done(&sealed);
	return r;
}

static void a_list_has_one_number_for_a_user(void **state)
{
	assert_int_equal(add(*state, "jane", 1001, "+8613900000001", NULL), 0);
	assert_int_equal(set(*state, "jane", "list", NUMBER), 0);
	assert_int_equal(set(*state, "john", "list", NUMBER), 0);
	assert_rows(*state, "jane", -1, "jane/1001/+8613900000001 jane/1001/" NUMBER " ");
	assert_int_equal(set(*state, "jane", "list", "+8613900005678"), 0);
	assert_rows(*state, "jane", -1, "jane/1001/+8613900000001 jane/1001/+8613900005678 ");
	assert_int_equal(set(*state, "jane", "other", NUMBER), 0);
	assert_int_equal(phone_drop_listed(*state, "jane", 1001, "list"), 0);
	assert_rows(*state, NULL, -1, "jane/1001/+8613900000001 john/1001/" NUMBER
				      " jane/1001/" NUMBER " ");
	assert_int_equal(phone_drop_listed(*state, "john", 1002, "list"), 0);
	assert_int_equal(phone_drop_listed(*state, "john", 1001, "other"), 0);
	assert_rows(*state, "john", -1, "john/1001/" NUMBER " ");
}

/* Also when it was used; and what was added by hand before goes with the list. */
static void the_same_number_again_is_the_same_row(void **state)
{
	struct phone_record record;
	int64_t id;

	assert_int_equal(add(*state, "jane", 1001, NUMBER, &id), 0);
	assert_int_equal(set(*state, "jane", "list", NUMBER), 0);
	assert_int_equal(phone_used(*state, id, 77), 0);
	assert_int_equal(set(*state, "jane", "list", NUMBER), 0);
	assert_int_equal(phone_get(*state, id, &record), 0);
	assert_int_equal(record.used_s, 77);
	assert_string_equal(record.source, "list");
	assert_int_equal(phone_drop_listed(*state, "jane", 1001, "list"), 0);
	assert_rows(*state, NULL, -1, "");
}

static void what_does_not_open_is_no_number(void **state)
{
	struct phone_record record = { .user = "jane", .uid = 1001, .source = "list" };
	struct buf sealed = BUF_INIT(PHONE_SEALED_MAX);

	assert_int_equal(phone_seal(*state, NUMBER, &sealed), 0);
	sealed.data[3] ^= 1;
	assert_int_equal(phone_set_listed(*state, &record, sealed.data, sealed.len), -EUCLEAN);
	assert_int_equal(phone_set_listed(*state, &record, "", 0), -EUCLEAN);
	assert_rows(*state, NULL, -1, "");
	buf_done(&sealed);
}

static void the_number_stands_nowhere_in_the_files(void **state UNUSED)
{
	static const char *const parts[] = { NUMBER, "8613900001234", "13900001234", "0001234" };
	struct db_files files;

	db_files_make(&files);
	assert_int_equal(add(files.db, "jane-of-the-test", 1001, NUMBER, NULL), 0);
	for (size_t i = 0; i < N_ELEMENTS(parts); i++)
		assert_false(db_files_have(&files, parts[i]));
	assert_true(db_files_have(&files, "jane-of-the-test"));  /* so the row was looked at */
	db_files_drop(&files);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_db, drop_db)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_added_is_read_back),
		TEST(numbers_belong_to_a_name_and_a_uid),
		TEST(a_number_is_kept_once_for_a_user),
		TEST(a_user_has_five_numbers_at_most),
		TEST(a_removed_id_is_never_used_again),
		TEST(one_is_found_by_its_id),
		TEST(a_use_is_noted_for_that_number_only),
		TEST(each_stops_when_told),
		TEST(a_damaged_number_is_left_out_and_no_other),
		TEST(a_list_has_one_number_for_a_user),
		TEST(the_same_number_again_is_the_same_row),
		TEST(what_does_not_open_is_no_number),
		cmocka_unit_test(the_number_stands_nowhere_in_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
