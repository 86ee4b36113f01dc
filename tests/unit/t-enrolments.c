/* SPDX-License-Identifier: GPL-3.0-or-later */
/* enrolments.c: TOTP keys and recovery codes, each code taken once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "db-files.h"
#include "jauthd/enrolments.h"

#define KEY       "12345678901234567890"        /* RFC 6238 appendix B */
#define NOW_S     ((int64_t)1700000000)
#define STEP      (NOW_S / 30)
#define RECOVERY  "ABCD2345EFGH6723"
#define RECOVERY2 "ZZZZ2345EFGH6723"

static const struct totp_rule rule = { DIGEST_SHA1, 6, 30 };

static int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

/* Two recovery codes, and the step of an hour ago is taken. */
static int enrol(struct db *db, const char *user, int64_t uid, const char *key)
{
	_cleanup_secret_ struct secret *bytes = secret_from_text(key);
	_cleanup_secret_ struct secret *first = secret_from_text(RECOVERY);
	_cleanup_secret_ struct secret *second = secret_from_text(RECOVERY2);
	struct secret *const recovery[] = { first, second };
	const struct totp_enrolment enrolment = {
		.key = bytes, .rule = rule, .step = STEP - 120, .recovery = recovery,
		.n_recovery = N_ELEMENTS(recovery),
	};

	return enrolment_set(db, user, uid, &enrolment, NOW_S);
}

static enum enrolment_match check_text(struct db *db, const char *user, int64_t uid,
				       const char *text, int64_t now_s)
{
	_cleanup_secret_ struct secret *entry = secret_from_text(text);
	enum enrolment_match match = ENROLMENT_NO;

	assert_int_equal(enrolment_check(db, user, uid, entry, 1, now_s, &match), 0);
	return match;
}

/* The code that the app shows at the step. */
static enum enrolment_match check_step(struct db *db, const char *user, int64_t uid, int64_t step,
				       int64_t now_s)
{
	_cleanup_secret_ struct secret *key = secret_from_text(KEY);
	char code[TOTP_CODE_SIZE];

	assert_int_equal(totp_code(&rule, key, step, code), 0);
	return check_text(db, user, uid, code, now_s);
}

static void codes_of_the_window_are_right(void **state)
{
	static const struct {
		int64_t step;
		enum enrolment_match expected;
	} cases[] = {
		{ STEP - 2, ENROLMENT_NO },
		{ STEP + 2, ENROLMENT_NO },
		{ STEP - 1, ENROLMENT_CODE },
		{ STEP, ENROLMENT_CODE },
		{ STEP + 1, ENROLMENT_CODE },
	};

	assert_int_equal(enrol(*state, "jane", 1001, KEY), 0);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		assert_int_equal(check_step(*state, "jane", 1001, cases[i].step, NOW_S),
				 cases[i].expected);
}

static void a_code_is_taken_once_and_none_before_it_again(void **state)
{
	struct db *db = *state;

	assert_int_equal(enrol(db, "jane", 1001, KEY), 0);
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S), ENROLMENT_CODE);
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S), ENROLMENT_NO);
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S + 30), ENROLMENT_NO);
	assert_int_equal(check_step(db, "jane", 1001, STEP - 1, NOW_S), ENROLMENT_NO);
	/* The clock was set back. */
	assert_int_equal(check_step(db, "jane", 1001, STEP - 50, NOW_S - 1500), ENROLMENT_NO);
	assert_int_equal(check_step(db, "jane", 1001, STEP + 1, NOW_S), ENROLMENT_CODE);
}

static void the_code_that_confirmed_the_key_is_taken(void **state)
{
	assert_int_equal(enrol(*state, "jane", 1001, KEY), 0);
	assert_int_equal(check_step(*state, "jane", 1001, STEP - 120, NOW_S - 3600), ENROLMENT_NO);
	assert_int_equal(check_step(*state, "jane", 1001, STEP - 119, NOW_S - 3600),
			 ENROLMENT_CODE);
}

static void a_recovery_code_is_right_once(void **state)
{
	struct db *db = *state;

	assert_int_equal(enrol(db, "jane", 1001, KEY), 0);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_RECOVERY);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_NO);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY2, NOW_S), ENROLMENT_RECOVERY);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY2, NOW_S), ENROLMENT_NO);
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S), ENROLMENT_CODE);
}

static void what_is_undone_can_be_used_again(void **state)
{
	struct db *db = *state;

	assert_int_equal(enrol(db, "jane", 1001, KEY), 0);
	assert_int_equal(db_begin(db), 0);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_RECOVERY);
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S), ENROLMENT_CODE);
	db_rollback(db);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_RECOVERY);
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S), ENROLMENT_CODE);
}

static void nothing_else_is_right(void **state)
{
	static const char *const entries[] = {
		"", "0", "00000", "0000000", "ABCD2345EFGH672", "ABCD2345EFGH67233",
		"abcd2345efgh6723", "ABCD2345EFGH6724", "' OR 1=1 --",
	};

	assert_int_equal(enrol(*state, "jane", 1001, KEY), 0);
	for (size_t i = 0; i < N_ELEMENTS(entries); i++)
		assert_int_equal(check_text(*state, "jane", 1001, entries[i], NOW_S), ENROLMENT_NO);
}

static void nobody_else_is_let_in_by_them(void **state)
{
	static const struct {
		const char *user;
		int64_t uid;
	} others[] = { { "jane", 1002 }, { "jane", -1 }, { "Jane", 1001 }, { "joe", 1001 } };
	struct db *db = *state;

	assert_int_equal(enrol(db, "jane", 1001, KEY), 0);
	assert_int_equal(enrol(db, "joe", 1002, "another key, another"), 0);
	for (size_t i = 0; i < N_ELEMENTS(others); i++) {
		assert_int_equal(check_step(db, others[i].user, others[i].uid, STEP, NOW_S),
				 ENROLMENT_NO);
		assert_int_equal(check_text(db, others[i].user, others[i].uid, RECOVERY, NOW_S),
				 ENROLMENT_NO);
	}
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S), ENROLMENT_CODE);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_RECOVERY);
	/* Equal codes of two users are two rows. */
	assert_int_equal(check_text(db, "joe", 1002, RECOVERY, NOW_S), ENROLMENT_RECOVERY);
}

static void a_new_key_takes_the_place_of_the_old_one(void **state)
{
	struct db *db = *state;

	assert_int_equal(enrol(db, "jane", 1001, KEY), 0);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_RECOVERY);
	assert_int_equal(enrol(db, "jane", 1001, "another key, another"), 0);
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S), ENROLMENT_NO);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_RECOVERY);
}

static void a_user_made_again_has_none_of_the_old_codes(void **state)
{
	struct db *db = *state;

	assert_int_equal(enrol(db, "jane", 1001, "another key, another"), 0);
	assert_int_equal(enrol(db, "jane", 2001, KEY), 0);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_NO);
	assert_int_equal(check_text(db, "jane", 2001, RECOVERY, NOW_S), ENROLMENT_RECOVERY);
}

static void what_was_removed_is_gone(void **state)
{
	struct db *db = *state;

	assert_int_equal(enrolment_remove(db, "jane"), -ENOENT);
	assert_int_equal(enrol(db, "jane", 1001, KEY), 0);
	assert_int_equal(enrolment_remove(db, "jane"), 0);
	assert_int_equal(enrolment_remove(db, "jane"), -ENOENT);
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S), ENROLMENT_NO);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_NO);
}

static const char *const damages[] = {
	"UPDATE totp SET key = zeroblob(0)",
	"UPDATE totp SET key = zeroblob(48)",
	"UPDATE totp SET key = substr(key, 1, 30)",
	"UPDATE totp SET key = CAST(key || x'00' AS BLOB)",
	"UPDATE totp SET digest = 2",                    /* no TOTP with SHA-384 */
	"UPDATE totp SET digest = 77",
	"UPDATE totp SET digits = 5",
	"UPDATE totp SET digits = 9",
	"UPDATE totp SET period_s = 0",
	"UPDATE totp SET period_s = -30",
};

static void a_damaged_enrolment_lets_nobody_in(void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(damages); i++) {
		assert_int_equal(enrol(*state, "jane", 1001, KEY), 0);
		assert_int_equal(query_run(query_new(*state, damages[i])), 0);
		assert_int_equal(check_step(*state, "jane", 1001, STEP, NOW_S), ENROLMENT_NO);
		assert_int_equal(check_text(*state, "jane", 1001, RECOVERY, NOW_S), ENROLMENT_NO);
		drop_db(state);
		assert_int_equal(make_db(state), 0);
	}
}

static void a_key_sealed_otherwise_lets_nobody_in(void **state)
{
	static const unsigned char other_key[32] = { 1 };
	const struct {
		const unsigned char *key;
		const char *purpose;
		enum enrolment_match expected;
	} cases[] = {
		{ db_key(*state), "phone", ENROLMENT_NO },
		{ other_key, "totp", ENROLMENT_NO },
		{ db_key(*state), "totp", ENROLMENT_CODE },      /* so the sealing counts */
	};

	assert_int_equal(enrol(*state, "jane", 1001, "another key, another"), 0);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		_cleanup_(buf_done) struct buf sealed = BUF_INIT(256);
		struct query *query = query_new(*state, "UPDATE totp SET key = ?1");

		assert_int_equal(crypto_seal(cases[i].key, cases[i].purpose, KEY, strlen(KEY),
					     &sealed), 0);
		query_blob(query, 1, sealed.data, sealed.len);
		assert_int_equal(query_run(query), 0);
		assert_int_equal(check_step(*state, "jane", 1001, STEP, NOW_S), cases[i].expected);
	}
}

static void what_is_out_of_bounds_is_not_kept(void **state)
{
	_cleanup_secret_ struct secret *key = secret_from_text(KEY);
	_cleanup_secret_ struct secret *none = secret_from_text("");
	_cleanup_secret_ struct secret *code = secret_from_text(RECOVERY);
	struct secret *recovery[RECOVERY_CODES_MAX + 1], *empty[] = { none };
	const struct totp_enrolment cases[] = {
		{ .key = none, .rule = rule },
		{ .key = key, .rule = { DIGEST_SHA384, 6, 30 } },
		{ .key = key, .rule = { DIGEST_SHA1, 5, 30 } },
		{ .key = key, .rule = { DIGEST_SHA1, 9, 30 } },
		{ .key = key, .rule = { DIGEST_SHA1, 6, 0 } },
		{ .key = key, .rule = rule, .recovery = recovery,
		  .n_recovery = RECOVERY_CODES_MAX + 1 },
		{ .key = key, .rule = rule, .recovery = empty, .n_recovery = 1 },
	};

	for (size_t i = 0; i < N_ELEMENTS(recovery); i++)
		recovery[i] = code;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		assert_int_equal(enrolment_set(*state, "jane", 1001, &cases[i], NOW_S), -EINVAL);
		assert_int_equal(enrolment_remove(*state, "jane"), -ENOENT);
	}
}

static int keep_row(const struct enrolment_row *row, void *context)
{
	*(struct enrolment_row *)context = *row;
	return 0;
}

static void the_list_counts_codes_left_and_says_when(void **state)
{
	struct enrolment_row row = { .uid = -7 };
	struct db *db = *state;

	assert_int_equal(enrolment_each(db, NULL, keep_row, &row), 0);
	assert_int_equal(row.uid, -7);
	assert_int_equal(enrol(db, "jane", 1001, KEY), 0);
	assert_int_equal(enrolment_each(db, "joe", keep_row, &row), 0);
	assert_int_equal(row.uid, -7);
	assert_int_equal(enrolment_each(db, "jane", keep_row, &row), 0);
	assert_string_equal(row.user, "jane");
	assert_int_equal(row.uid, 1001);
	assert_int_equal(row.created_s, NOW_S);
	assert_int_equal(row.used_s, 0);
	assert_int_equal(row.n_recovery, 2);
	assert_int_equal(check_text(db, "jane", 1001, RECOVERY, NOW_S + 5), ENROLMENT_RECOVERY);
	assert_int_equal(enrolment_each(db, NULL, keep_row, &row), 0);
	assert_int_equal(row.used_s, NOW_S + 5);
	assert_int_equal(row.n_recovery, 1);
	assert_int_equal(check_step(db, "jane", 1001, STEP, NOW_S + 9), ENROLMENT_CODE);
	assert_int_equal(enrolment_each(db, NULL, keep_row, &row), 0);
	assert_int_equal(row.used_s, NOW_S + 9);
}

static void neither_key_nor_recovery_code_stands_in_the_files(void **state UNUSED)
{
	static const char *const parts[] = { KEY, "0123456789", RECOVERY, RECOVERY2 };
	struct db_files files;

	db_files_make(&files);
	assert_int_equal(enrol(files.db, "jane-of-the-test", 1001, KEY), 0);
	for (size_t i = 0; i < N_ELEMENTS(parts); i++)
		assert_false(db_files_have(&files, parts[i]));
	assert_true(db_files_have(&files, "jane-of-the-test"));  /* so the row was looked at */
	db_files_drop(&files);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_db, drop_db)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(codes_of_the_window_are_right),
		TEST(a_code_is_taken_once_and_none_before_it_again),
		TEST(the_code_that_confirmed_the_key_is_taken),
		TEST(a_recovery_code_is_right_once),
		TEST(what_is_undone_can_be_used_again),
		TEST(nothing_else_is_right),
		TEST(nobody_else_is_let_in_by_them),
		TEST(a_new_key_takes_the_place_of_the_old_one),
		TEST(a_user_made_again_has_none_of_the_old_codes),
		TEST(what_was_removed_is_gone),
		TEST(a_damaged_enrolment_lets_nobody_in),
		TEST(a_key_sealed_otherwise_lets_nobody_in),
		TEST(what_is_out_of_bounds_is_not_kept),
		TEST(the_list_counts_codes_left_and_says_when),
		cmocka_unit_test(neither_key_nor_recovery_code_stands_in_the_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
