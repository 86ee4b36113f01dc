/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glass.c: each code is taken once, by its user, in time; one link after a recovery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/glass.h"

#define NOW  INT64_C(1800000000)
#define JANE "jane", 1001
#define ONE  "ACDEFHJKMNPRTWXYACDE"
#define TWO  "AAAAAAAAAAAAAAAAAAAA"
#define LOST "YYYYYYYYYYYYYYYYYYYY"

static int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

static struct glass_hash hash_of(const char *code)
{
	struct glass_hash hash;
	struct digest digest;

	assert_int_equal(crypto_digest(DIGEST_SHA256, code, strlen(code), &digest), 0);
	memcpy(hash.bytes, digest.bytes, sizeof(hash.bytes));
	return hash;
}

static void set_two(struct db *db, const char *user, int64_t uid)
{
	const struct glass_hash hashes[] = { hash_of(ONE), hash_of(TWO) };

	assert_int_equal(glass_set(db, user, uid, hashes, N_ELEMENTS(hashes), NOW), 0);
}

static void recover(struct db *db, const char *user, int64_t uid, const char *code)
{
	const struct glass_hash hash = hash_of(code);

	assert_int_equal(glass_set_recovery(db, user, uid, &hash, NOW), 0);
}

static enum glass_match take(struct db *db, const char *user, int64_t uid, const char *code,
			     int64_t now_s)
{
	_cleanup_secret_ struct secret *entry = secret_from_text(code);
	enum glass_match match = GLASS_RECOVERY;

	assert_int_equal(glass_take(db, user, uid, entry, now_s, &match), 0);
	return match;
}

static bool may_link(struct db *db, const char *user, int64_t uid, int64_t now_s)
{
	bool may = !now_s;

	assert_int_equal(glass_may_link(db, user, uid, now_s, &may), 0);
	return may;
}

static void a_code_is_right_once(void **state)
{
	set_two(*state, JANE);
	assert_int_equal(take(*state, JANE, ONE, NOW), GLASS_CODE);
	assert_int_equal(take(*state, JANE, ONE, NOW), GLASS_NO);
	assert_int_equal(take(*state, JANE, LOST, NOW), GLASS_NO);
	assert_int_equal(take(*state, JANE, TWO, NOW + 999999999), GLASS_CODE);
	assert_false(may_link(*state, JANE, NOW));
}

static void it_is_nobody_elses(void **state)
{
	set_two(*state, JANE);
	assert_int_equal(take(*state, "joe", 1001, ONE, NOW), GLASS_NO);
	assert_int_equal(take(*state, "jane", 1002, ONE, NOW), GLASS_NO);
	assert_int_equal(take(*state, "jane", -2, ONE, NOW), GLASS_NO);
	assert_int_equal(take(*state, JANE, ONE, NOW), GLASS_CODE);
}

static void new_codes_replace_the_old_ones_and_no_recovery(void **state)
{
	const struct glass_hash hash = hash_of(TWO);

	recover(*state, JANE, LOST);
	set_two(*state, JANE);
	assert_int_equal(glass_set(*state, JANE, &hash, 1, NOW), 0);
	assert_int_equal(take(*state, JANE, ONE, NOW), GLASS_NO);
	assert_int_equal(take(*state, JANE, TWO, NOW), GLASS_CODE);
	assert_int_equal(take(*state, JANE, LOST, NOW), GLASS_RECOVERY);
}

static void a_remade_user_has_none(void **state)
{
	set_two(*state, JANE);
	recover(*state, "jane", 1002, LOST);
	assert_int_equal(take(*state, JANE, ONE, NOW), GLASS_NO);
	assert_int_equal(take(*state, "jane", 1002, ONE, NOW), GLASS_NO);
	assert_int_equal(take(*state, "jane", 1002, LOST, NOW), GLASS_RECOVERY);
}

static void numbers_have_bounds(void **state)
{
	struct glass_hash hashes[GLASS_CODES_MAX + 1] = { 0 };

	assert_int_equal(glass_set(*state, JANE, hashes, 0, NOW), -EINVAL);
	assert_int_equal(glass_set(*state, JANE, hashes, N_ELEMENTS(hashes), NOW), -EINVAL);
}

static void a_recovery_is_over_after_a_day(void **state)
{
	static const struct { int64_t after_s; enum glass_match expected; } rows[] = {
		{ 86400, GLASS_NO }, { 999999, GLASS_NO },
		{ -1, GLASS_NO },                /* the clock was set back */
		{ 86399, GLASS_RECOVERY },
	};

	recover(*state, JANE, LOST);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_int_equal(take(*state, JANE, LOST, NOW + rows[i].after_s),
				 rows[i].expected);
	assert_int_equal(take(*state, JANE, LOST, NOW), GLASS_NO);
}

static void a_second_recovery_replaces_the_first(void **state)
{
	recover(*state, JANE, ONE);
	recover(*state, JANE, LOST);
	assert_int_equal(take(*state, JANE, ONE, NOW), GLASS_NO);
	assert_int_equal(take(*state, JANE, LOST, NOW), GLASS_RECOVERY);
}

static void after_it_one_link_may_be_made_for_a_while(void **state)
{
	struct db *db = *state;

	recover(db, JANE, LOST);
	assert_false(may_link(db, JANE, NOW));
	assert_int_equal(glass_linked(db, JANE, NOW), -ENOENT);
	assert_int_equal(take(db, JANE, LOST, NOW), GLASS_RECOVERY);
	assert_true(may_link(db, JANE, NOW));
	assert_true(may_link(db, JANE, NOW + 899));
	assert_false(may_link(db, JANE, NOW + 900));
	assert_false(may_link(db, JANE, NOW - 1));
	assert_false(may_link(db, "jane", 1002, NOW));
	assert_false(may_link(db, "joe", 1001, NOW));
	assert_int_equal(glass_linked(db, JANE, NOW + 900), -ENOENT);
	assert_int_equal(glass_linked(db, JANE, NOW + 10), 0);
	assert_false(may_link(db, JANE, NOW + 10));
	assert_int_equal(glass_linked(db, JANE, NOW + 10), -ENOENT);
}

static void a_common_code_leaves_the_chance_to_link(void **state)
{
	set_two(*state, JANE);
	recover(*state, JANE, LOST);
	assert_int_equal(take(*state, JANE, LOST, NOW), GLASS_RECOVERY);
	assert_int_equal(take(*state, JANE, ONE, NOW + 5), GLASS_CODE);
	assert_true(may_link(*state, JANE, NOW + 899));
	assert_false(may_link(*state, JANE, NOW + 900));
}

static int keep_row(const struct glass_row *row, void *context)
{
	*(struct glass_row *)context = *row;
	return 0;
}

static void rows_tell_what_is_left(void **state)
{
	struct glass_row row = { .n_codes = -1 };

	set_two(*state, JANE);
	recover(*state, JANE, LOST);
	(void)take(*state, JANE, ONE, NOW + 7);
	assert_int_equal(glass_each(*state, "jane", NOW + 8, keep_row, &row), 0);
	assert_string_equal(row.user, "jane");
	assert_int_equal(row.uid, 1001);
	assert_int_equal(row.created_s, NOW);
	assert_int_equal(row.used_s, NOW + 7);
	assert_int_equal(row.n_codes, 1);
	assert_int_equal(row.recovery_until_s, NOW + 86400);
	assert_int_equal(glass_each(*state, NULL, NOW + 86400, keep_row, &row), 0);
	assert_int_equal(row.recovery_until_s, 0);
}

static void what_is_removed_is_no_way_in(void **state)
{
	set_two(*state, JANE);
	recover(*state, JANE, LOST);
	assert_int_equal(take(*state, JANE, LOST, NOW), GLASS_RECOVERY);
	assert_int_equal(glass_remove(*state, "jane"), 0);
	assert_int_equal(glass_remove(*state, "jane"), -ENOENT);
	assert_int_equal(take(*state, JANE, ONE, NOW), GLASS_NO);
	assert_false(may_link(*state, JANE, NOW));
}

static void what_is_undone_can_be_used_again(void **state)
{
	set_two(*state, JANE);
	assert_int_equal(db_begin(*state), 0);
	assert_int_equal(take(*state, JANE, ONE, NOW), GLASS_CODE);
	db_rollback(*state);
	assert_int_equal(take(*state, JANE, ONE, NOW), GLASS_CODE);
}

#define WITH_DB(test) cmocka_unit_test_setup_teardown(test, make_db, drop_db)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WITH_DB(a_code_is_right_once),
		WITH_DB(it_is_nobody_elses),
		WITH_DB(new_codes_replace_the_old_ones_and_no_recovery),
		WITH_DB(a_remade_user_has_none),
		WITH_DB(numbers_have_bounds),
		WITH_DB(a_recovery_is_over_after_a_day),
		WITH_DB(a_second_recovery_replaces_the_first),
		WITH_DB(after_it_one_link_may_be_made_for_a_while),
		WITH_DB(a_common_code_leaves_the_chance_to_link),
		WITH_DB(rows_tell_what_is_left),
		WITH_DB(what_is_removed_is_no_way_in),
		WITH_DB(what_is_undone_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
