/* SPDX-License-Identifier: GPL-3.0-or-later */
/* throttle.c: pauses that grow, by a clock that the test moves. */
#include <errno.h>
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
#include "jauthd/limits.h"
#include "jauthd/throttle.h"

#define START 1700000000

static int make_db(void **state)
{
	return db_open(":memory:", (struct db **)state);
}

static int drop_db(void **state)
{
	(void)db_close(*state);
	return 0;
}

static struct throttle_key key_of(struct db *db, const char *user, const char *source)
{
	struct throttle_key key;

	throttle_key_make(db_key(db), "password", user, source, &key);
	return key;
}

/* The wait of one attempt; 0: it went on. */
static int64_t attempt(struct db *db, const struct throttle_key *key, int64_t now_s)
{
	int64_t wait_s = -1;

	assert_int_equal(throttle_attempt(db, key, now_s, &wait_s), 0);
	return wait_s;
}

static void the_pause_doubles_up_to_its_maximum(void **state)
{
	static const int64_t pauses[] = { 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900,
					  900, 900 };
	struct throttle_key key = key_of(*state, "jane", "192.0.2.1");
	int64_t now_s = START;

	for (size_t i = 0; i < N_ELEMENTS(pauses); i++) {
		assert_int_equal(attempt(*state, &key, now_s), 0);
		if (pauses[i] > 0) {
			assert_int_equal(attempt(*state, &key, now_s), pauses[i]);
			assert_int_equal(attempt(*state, &key, now_s + pauses[i] - 1), 1);
		}
		now_s += pauses[i];
	}
}

static void an_attempt_that_waits_is_not_counted(void **state)
{
	struct throttle_key key = key_of(*state, "jane", "192.0.2.1");

	for (int i = 0; i < THROTTLE_FREE_FAILURES + 1; i++)
		assert_int_equal(attempt(*state, &key, START), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(attempt(*state, &key, START), 1);
	assert_int_equal(attempt(*state, &key, START + 1), 0);
	assert_int_equal(attempt(*state, &key, START + 1), 2);
}

static void success_clears_its_own_key_only(void **state)
{
	struct throttle_key jane = key_of(*state, "jane", "192.0.2.1");
	struct throttle_key other = key_of(*state, "jane", "192.0.2.2");

	for (int i = 0; i < THROTTLE_FREE_FAILURES + 1; i++) {
		assert_int_equal(attempt(*state, &jane, START), 0);
		assert_int_equal(attempt(*state, &other, START), 0);
	}
	assert_int_equal(throttle_clear(*state, &jane), 0);
	assert_int_equal(attempt(*state, &jane, START), 0);
	assert_int_equal(attempt(*state, &other, START), 1);
}

static void a_day_without_failure_forgets(void **state)
{
	struct throttle_key key = key_of(*state, "jane", "192.0.2.1");
	int64_t now_s = START;

	for (int i = 0; i < 10; i++, now_s += THROTTLE_PAUSE_MAX_S)
		assert_int_equal(attempt(*state, &key, now_s), 0);
	now_s += THROTTLE_FORGET_S + 1;
	for (int i = 0; i < THROTTLE_FREE_FAILURES; i++)
		assert_int_equal(attempt(*state, &key, now_s), 0);
	assert_int_equal(attempt(*state, &key, now_s), 0);
	assert_int_equal(attempt(*state, &key, now_s), 1);
}

/* Neither an end of the pause nor a pause as long as the step. */
static void a_clock_set_back_begins_the_pause_again(void **state)
{
	struct throttle_key key = key_of(*state, "jane", "192.0.2.1");
	const int64_t year_ago_s = START - 365 * 86400;

	for (int i = 0; i < 5; i++)
		assert_int_equal(attempt(*state, &key, START + i), 0);
	assert_int_equal(attempt(*state, &key, year_ago_s), 2);
	assert_int_equal(attempt(*state, &key, year_ago_s + 1), 1);
	assert_int_equal(attempt(*state, &key, year_ago_s + 2), 0);
	assert_int_equal(attempt(*state, &key, year_ago_s + 2), 4);
}

static void numbers_out_of_reason_do_not_overflow(void **state)
{
	struct throttle_key key = key_of(*state, "jane", "192.0.2.1");

	assert_int_equal(attempt(*state, &key, START), 0);
	assert_int_equal(query_run(query_new(*state,
		"UPDATE throttle SET failures = 9223372036854775807")), 0);
	assert_int_equal(attempt(*state, &key, START), 0);
	assert_int_equal(attempt(*state, &key, START), THROTTLE_PAUSE_MAX_S);
	assert_int_equal(query_run(query_new(*state, "UPDATE throttle SET failures = -5,"
		" wait_until_s = 0")), 0);
	assert_int_equal(attempt(*state, &key, START), 0);
}

static bool same_key(struct db *db, const char *source_a, const char *source_b)
{
	struct throttle_key a = key_of(db, "jane", source_a), b = key_of(db, "jane", source_b);

	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static void keys_keep_their_parts_apart(void **state)
{
	struct throttle_key key = key_of(*state, "jane", "a"), other;
	static const unsigned char another_db[32] = { 1 };

	throttle_key_make(db_key(*state), "password", "jan", "ea", &other);
	assert_memory_not_equal(key.bytes, other.bytes, sizeof(key.bytes));
	throttle_key_make(db_key(*state), "digits", "jane", "a", &other);
	assert_memory_not_equal(key.bytes, other.bytes, sizeof(key.bytes));
	throttle_key_make(another_db, "password", "jane", "a", &other);
	assert_memory_not_equal(key.bytes, other.bytes, sizeof(key.bytes));
	throttle_key_make(db_key(*state), "password", "jane", "a", &other);
	assert_memory_equal(key.bytes, other.bytes, sizeof(key.bytes));
}

static void an_ipv6_network_is_one_source(void **state)
{
	assert_true(same_key(*state, "2001:db8:1:2::1", "2001:db8:1:2:ffff::9"));
	assert_false(same_key(*state, "2001:db8:1:2::1", "2001:db8:1:3::1"));
	assert_false(same_key(*state, "192.0.2.1", "192.0.2.2"));
	assert_true(same_key(*state, "::ffff:192.0.2.1", "192.0.2.1"));
	assert_true(same_key(*state, "::ffff:c000:201", "192.0.2.1"));
	assert_false(same_key(*state, "::ffff:192.0.2.1", "::ffff:192.0.2.2"));
	assert_false(same_key(*state, "tty1", "tty2"));
}

static void names_are_not_in_the_database(void **state)
{
	struct throttle_key key = key_of(*state, "jane", "192.0.2.1");
	char hash[17];

	throttle_user_hash(db_key(*state), "jane", hash);
	assert_int_equal(strlen(hash), 16);
	assert_int_equal(strspn(hash, "0123456789abcdef"), 16);
	assert_string_equal(key.user_hash, hash);
	assert_string_equal(key.scope, "password");
	throttle_user_hash(db_key(*state), "john", hash);
	assert_string_not_equal(key.user_hash, hash);
}

static int count_row(const struct throttle_row *row, void *context)
{
	assert_string_equal(row->scope, "password");
	assert_int_equal(row->last_s, START);
	*(int64_t *)context += row->failures;
	return 0;
}

static void a_name_of_any_length_is_counted(void **state)
{
	static const size_t lengths[] = { 0, 4095, 4096, 4097, 100000 };
	char hash[17];

	for (size_t i = 0; i < N_ELEMENTS(lengths); i++) {
		_cleanup_free_ char *name = malloc(lengths[i] + 1);
		struct throttle_key key;

		memset(name, 'j', lengths[i]);
		name[lengths[i]] = '\0';
		throttle_key_make(db_key(*state), "password", name, name, &key);
		assert_int_equal(attempt(*state, &key, START), 0);
		throttle_user_hash(db_key(*state), name, hash);
		assert_int_equal(strlen(hash), 16);
	}
}

static void unlock_frees_one_user_or_all(void **state)
{
	struct throttle_key jane_1 = key_of(*state, "jane", "192.0.2.1");
	struct throttle_key jane_2 = key_of(*state, "jane", "192.0.2.2");
	struct throttle_key john = key_of(*state, "john", "192.0.2.1");
	int64_t n = 0, failures = 0;

	(void)attempt(*state, &jane_1, START);
	(void)attempt(*state, &jane_1, START);
	(void)attempt(*state, &jane_2, START);
	(void)attempt(*state, &john, START);
	assert_int_equal(throttle_each(*state, jane_1.user_hash, count_row, &failures), 0);
	assert_int_equal(failures, 3);
	assert_int_equal(throttle_unlock(*state, jane_1.user_hash, &n), 0);
	assert_int_equal(n, 2);
	failures = 0;
	assert_int_equal(throttle_each(*state, NULL, count_row, &failures), 0);
	assert_int_equal(failures, 1);
	assert_int_equal(throttle_unlock(*state, NULL, &n), 0);
	assert_int_equal(n, 1);
}

/* Rows by the thousand in one statement; then one more pushes the oldest out. */
static void rows_are_capped_and_the_oldest_go(void **state)
{
	struct throttle_key key = key_of(*state, "jane", "192.0.2.1");
	struct query *query;

	query = query_new(*state, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
				  " WHERE i < ?1) INSERT INTO throttle SELECT printf('%032d', i),"
				  " 'filler', 'password', 9, ?2 + i / 1000, ?2 FROM n");
	query_number(query, 1, THROTTLE_ROWS_MAX);
	query_number(query, 2, START);
	/* The key column is a blob; text of that length is refused by a strict table. */
	assert_int_equal(query_run(query), -EINVAL);
	query = query_new(*state, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
				  " WHERE i < ?1) INSERT INTO throttle SELECT"
				  " CAST(printf('%032d', i) AS BLOB), 'filler', 'password', 9,"
				  " ?2 + i / 1000, ?2 FROM n");
	query_number(query, 1, THROTTLE_ROWS_MAX);
	query_number(query, 2, START);
	assert_int_equal(query_run(query), 0);
	assert_int_equal(attempt(*state, &key, START + 200), 0);
	query = query_new(*state, "SELECT count(*), min(CAST(key AS TEXT)) FROM throttle");
	assert_int_equal(query_step(query), 1);
	assert_int_equal(query_column_number(query, 0), THROTTLE_ROWS_MAX);
	query_done(query);
	query = query_new(*state, "SELECT count(*) FROM throttle WHERE last_s = ?1");
	query_number(query, 1, START);
	assert_int_equal(query_step(query), 1);
	assert_int_equal(query_column_number(query, 0), 998);
	query_done(query);
	/* Once they are all too old the next new key clears them away. */
	key = key_of(*state, "john", "192.0.2.1");
	assert_int_equal(attempt(*state, &key, START + 2 * THROTTLE_FORGET_S), 0);
	query = query_new(*state, "SELECT count(*) FROM throttle WHERE user_hash = 'filler'");
	assert_int_equal(query_step(query), 1);
	assert_int_equal(query_column_number(query, 0), 0);
	query_done(query);
}

static void a_pause_survives_closing_the_database(void **state UNUSED)
{
	char folder[] = "/tmp/t-throttle-XXXXXX", path[64];
	struct throttle_key key;
	struct db *db = NULL;

	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/jauth.db", folder);
	assert_int_equal(db_open(path, &db), 0);
	key = key_of(db, "jane", "192.0.2.1");
	for (int i = 0; i < 6; i++)
		assert_int_equal(attempt(db, &key, START + i * 10), 0);
	db_close(db);
	assert_int_equal(db_open(path, &db), 0);
	key = key_of(db, "jane", "192.0.2.1");
	assert_int_equal(attempt(db, &key, START + 51), 3);
	db_close(db);
	(void)unlink(path);
	(void)rmdir(folder);
}

static void a_broken_store_lets_nothing_go_on(void **state)
{
	struct throttle_key key = key_of(*state, "jane", "192.0.2.1");
	int64_t wait_s = -1;

	assert_int_equal(query_run(query_new(*state, "DROP TABLE throttle")), 0);
	assert_true(throttle_attempt(*state, &key, START, &wait_s) < 0);
	assert_int_equal(wait_s, -1);
	assert_true(throttle_clear(*state, &key) < 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_db, drop_db)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_pause_doubles_up_to_its_maximum),
		TEST(an_attempt_that_waits_is_not_counted),
		TEST(success_clears_its_own_key_only),
		TEST(a_day_without_failure_forgets),
		TEST(a_clock_set_back_begins_the_pause_again),
		TEST(numbers_out_of_reason_do_not_overflow),
		TEST(keys_keep_their_parts_apart),
		TEST(an_ipv6_network_is_one_source),
		TEST(names_are_not_in_the_database),
		TEST(a_name_of_any_length_is_counted),
		TEST(unlock_frees_one_user_or_all),
		TEST(rows_are_capped_and_the_oldest_go),
		cmocka_unit_test(a_pause_survives_closing_the_database),
		TEST(a_broken_store_lets_nothing_go_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
