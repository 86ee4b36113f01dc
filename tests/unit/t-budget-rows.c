/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The budget's rows: through a restart, a clock set back, full tables, damage; what is dropped,
 * forgotten and shown. */
#include "tests/unit/budget-fixture.h"

#include <errno.h>

/* --- restart and clock --- */

struct file {
	char folder[32], path[64];
	struct db *db;
};

static int make_file(void **state)
{
	static const char folder[] = "/tmp/t-budget-XXXXXX";
	struct file *file = calloc(1, sizeof(*file));

	assert_non_null(file);
	memcpy(file->folder, folder, sizeof(folder));
	assert_non_null(mkdtemp(file->folder));
	(void)snprintf(file->path, sizeof(file->path), "%s/jauth.db", file->folder);
	assert_int_equal(db_open(file->path, &file->db), 0);
	*state = file;
	return 0;
}

static int drop_file(void **state)
{
	struct file *file = *state;

	(void)db_close(file->db);
	(void)unlink(file->path);
	(void)rmdir(file->folder);
	free(file);
	return 0;
}

static struct db *reopen(struct file *file)
{
	(void)db_close(file->db);
	assert_int_equal(db_open(file->path, &file->db), 0);
	return file->db;
}

/* Everything at once: full windows, pauses, a known source. */
static void fill_up(struct db *db)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	const struct budget_asker john = asker_at("john", "192.0.2.2");
	struct budget_asker jim = asker_at("jim", "192.0.2.3");

	login_granted(db, "jane", "tty1", START);
	for (int i = 0; i < 6; i++)
		assert_int_equal(try_code(db, &john, START), 0);
	for (int i = 0; i < 30; i++)
		login_failed(db, "192.0.2.9", START);
	jim.is_proved = true;
	for (int i = 0; i < 5; i++) {
		if (i < 3)
			assert_int_equal(send_to(db, &jane, START + i * MINUTE), 0);
		assert_int_equal(send_by(db, &defaults, &jim, "+4930123456", START + i * MINUTE,
					 NULL), 0);
	}
}

static void expect_full(struct db *db, int64_t now_s)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	const struct budget_asker john = asker_at("john", "192.0.2.2");
	const struct budget_asker home = asker_at("jane", "tty1");
	struct budget_asker jim = asker_at("jim", "192.0.2.3"), ann = asker_at("ann", "192.0.2.9");
	int64_t send;

	jim.is_proved = ann.is_proved = true;
	assert_in_range(send_to(db, &jane, now_s), HOUR - 10 * MINUTE, HOUR);
	assert_in_range(try_code(db, &john, now_s), DAY - 10 * MINUTE, DAY);
	assert_in_range(send_by(db, &defaults, &jim, "+4930123456", now_s, NULL),
			DAY - 10 * MINUTE, DAY);
	assert_in_range(send_by(db, &defaults, &ann, NULL, now_s, NULL), HOUR - 10 * MINUTE, HOUR);
	assert_int_equal(send_by(db, &defaults, &home, "+4930654321", now_s + MINUTE, &send), 0);
	assert_int_equal(budget_return(db, send), 0);
}

static void a_restart_gives_nothing_back(void **state)
{
	struct file *file = *state;

	fill_up(file->db);
	for (int i = 0; i < 5; i++)
		expect_full(reopen(file), START + 4 * MINUTE + i);
}

/* Neither an end of what was counted nor a wait as long as the step. */
static void a_clock_set_back_begins_all_waits_again(void **state)
{
	const int64_t year_ago_s = START - 365 * DAY;
	struct file *file = *state;

	fill_up(file->db);
	expect_full(file->db, year_ago_s);
	assert_int_equal(number_of(file->db, "SELECT max(time_s) FROM events"), year_ago_s);
	assert_int_equal(number_of(file->db, "SELECT last_s FROM known_sources"), year_ago_s);
	expect_full(reopen(file), year_ago_s + 5 * MINUTE);
	assert_int_equal(try_code(file->db, &(struct budget_asker){ "sms", "john", "192.0.2.2",
								     false },
				  year_ago_s + DAY), 0);
}

static void a_clock_set_back_does_not_make_a_source_known_for_longer(void **state)
{
	const struct budget_asker jane = asker_at("jane", "tty1");
	const int64_t year_ago_s = START - 365 * DAY;

	login_granted(*state, "jane", "tty1", START);
	for (int i = 0; i < 4; i++)
		assert_int_equal(send_to(*state, &jane, year_ago_s + i * MINUTE), 0);
	assert_int_equal(budget_right(*state, &jane), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(send_to(*state, &jane, year_ago_s + 30 * DAY + i * MINUTE), 0);
	assert_true(send_to(*state, &jane, year_ago_s + 30 * DAY + 3 * MINUTE) > 0);
}

/* --- full tables --- */

static void add_events(struct db *db, int64_t n, int64_t time_s)
{
	struct query *query;

	query = query_new(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
			      " WHERE i < ?1) INSERT INTO events"
			      " (kind, key, user_hash, send, time_s, cost)"
			      " SELECT 9, CAST(printf('%032d', i) AS BLOB), 'filler', 0, ?2, 0"
			      " FROM n");
	query_number(query, 1, n);
	query_number(query, 2, time_s);
	assert_int_equal(query_run(query), 0);
}

/* Or else whoever fills the table could wash out what was counted against him. */
static void a_full_table_stops_strangers_and_forgets_nothing(void **state)
{
	struct budget_asker stranger = asker_at("jane", "192.0.2.1"), proved = stranger;

	proved.is_proved = true;
	assert_int_equal(send_to(*state, &stranger, START), 0);
	add_events(*state, BUDGET_ROWS_MAX - 9, START);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM events"), BUDGET_ROWS_MAX - 2);
	assert_int_equal(try_code(*state, &stranger, START), 0);
	assert_int_equal(try_code(*state, &stranger, START), HOUR);
	assert_int_equal(send_by(*state, &defaults, &stranger, "+4930123456", START + MINUTE, NULL),
			 HOUR);
	login_failed(*state, "192.0.2.1", START);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM events WHERE kind = 11"), 0);
	assert_int_equal(try_code(*state, &proved, START), 0);
	assert_int_equal(send_to(*state, &proved, START + MINUTE), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM events WHERE kind = 1"), 2);
	/* What no rule looks at any more takes no room, dropped or not. */
	assert_int_equal(try_code(*state, &stranger, START + DAY), 0);
	assert_int_equal(budget_trim(*state, START + DAY + HOUR), 0);
	assert_in_range(number_of(*state, "SELECT count(*) FROM events"),
			BUDGET_ROWS_MAX - AUDIT_TRIM_ROWS - 10, BUDGET_ROWS_MAX + 10 -
			AUDIT_TRIM_ROWS);
}

static void a_full_table_of_stops_keeps_those_that_count(void **state)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	const struct budget_asker john = asker_at("john", "192.0.2.2");
	struct query *query;

	for (int i = 0; i < 6; i++)
		assert_int_equal(try_code(*state, &jane, START), 0);
	query = query_new(*state, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
				  " WHERE i < ?1) INSERT INTO stops SELECT"
				  " CAST(printf('%032d', i) AS BLOB), 'filler', 'sms', 1, 0, 0, 0,"
				  " 0 FROM n");
	query_number(query, 1, BUDGET_ROWS_MAX + AUDIT_TRIM_ROWS);
	assert_int_equal(query_run(query), 0);
	assert_int_equal(try_code(*state, &john, START), 0);
	assert_int_equal(budget_trim(*state, START), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM stops"), BUDGET_ROWS_MAX + 3);
	assert_int_equal(budget_trim(*state, START), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM stops"), BUDGET_ROWS_MAX);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM stops WHERE wrong_row = 6"), 1);
	assert_int_equal(try_code(*state, &jane, START), DAY);
}

static void the_oldest_known_source_goes(void **state)
{
	struct query *query;

	query = query_new(*state, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
				  " WHERE i < ?1) INSERT INTO known_sources SELECT"
				  " CAST(printf('%032d', i) AS BLOB), ?2 + i FROM n");
	query_number(query, 1, BUDGET_ROWS_MAX);
	query_number(query, 2, START);
	assert_int_equal(query_run(query), 0);
	login_granted(*state, "jane", "tty1", START + DAY * 7);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM known_sources"), BUDGET_ROWS_MAX);
	assert_int_equal(number_of(*state, "SELECT min(last_s) FROM known_sources"), START + 2);
	assert_int_equal(number_of(*state, "SELECT max(last_s) FROM known_sources"),
			 START + DAY * 7);
}

/* --- damage --- */

static void damaged_rows_stop_their_account_only(void **state)
{
	static const char *const damages[] = {
		"UPDATE stops SET wrong_row = -1",
		"UPDATE stops SET wrong_row = 9223372036854775807",
		"UPDATE stops SET n_pauses = -1",
		"UPDATE stops SET n_pauses = 9223372036854775807",
		"UPDATE stops SET unanswered = -1",
		"UPDATE stops SET wait_until_s = -1",
		"UPDATE stops SET unanswered_until_s = -9223372036854775807",
	};
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	const struct budget_asker john = asker_at("john", "192.0.2.2");
	enum send_verdict verdict = SEND_BLOCKED;
	enum code_result result = CODE_BLOCKED;
	int64_t wait_s = -2, send = -2, n;

	for (size_t i = 0; i < N_ELEMENTS(damages); i++) {
		assert_int_equal(try_code(*state, &jane, START), 0);
		assert_int_equal(query_run(query_new(*state, damages[i])), 0);
		assert_int_equal(budget_send(*state, &defaults, &jane, NUMBER, 0, START, &verdict,
					     &wait_s, &send), -EUCLEAN);
		assert_int_equal(budget_try(*state, &defaults, &jane, START, &result, &wait_s),
				 -EUCLEAN);
		assert_int_equal(try_code(*state, &john, START), 0);
		assert_int_equal(budget_unlock(*state, NULL, &n), 0);
	}
	assert_int_equal(verdict, SEND_BLOCKED);
	assert_int_equal(result, CODE_BLOCKED);
	assert_int_equal(wait_s, -2);
	assert_int_equal(send, -2);
}

static void times_out_of_reason_do_not_overflow(void **state)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");

	for (int i = 0; i < 6; i++)
		assert_int_equal(try_code(*state, &jane, START), 0);
	assert_int_equal(query_run(query_new(*state, "UPDATE stops SET"
		" wait_until_s = 9223372036854775807, unanswered_until_s = 9223372036854775807")),
		0);
	assert_int_equal(query_run(query_new(*state,
		"UPDATE events SET time_s = 9223372036854775807")), 0);
	assert_int_equal(send_to(*state, &jane, START), DAY);
	assert_int_equal(query_run(query_new(*state,
		"UPDATE events SET time_s = -9223372036854775807")), 0);
	assert_int_equal(try_code(*state, &jane, START), HOUR);
}

static void a_broken_store_lets_nothing_go_on(void **state)
{
	static const char *const breaks[] = {
		"ALTER TABLE known_sources RENAME TO a", "ALTER TABLE stops RENAME TO b",
		"ALTER TABLE events RENAME TO c",
	};
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	enum send_verdict verdict;
	enum code_result result;
	int64_t wait_s, send;

	for (size_t i = 0; i < N_ELEMENTS(breaks); i++) {
		assert_int_equal(query_run(query_new(*state, breaks[i])), 0);
		assert_true(budget_send(*state, &defaults, &jane, NUMBER, 0, START, &verdict,
					&wait_s, &send) < 0);
		assert_true(budget_try(*state, &defaults, &jane, START, &result, &wait_s) < 0);
	}
	assert_true(budget_right(*state, &jane) < 0);
	assert_true(budget_return(*state, 1) < 0);
	assert_true(budget_failed(*state, &defaults, "192.0.2.1", START) < 0);
	assert_true(budget_granted(*state, "jane", "192.0.2.1", START) < 0);
	assert_true(budget_trim(*state, START) < 0);
	assert_true(budget_unlock(*state, NULL, &wait_s) < 0);
}

/* --- dropped and forgotten --- */

static void trimming_drops_only_what_no_rule_looks_at(void **state)
{
	fill_up(*state);
	assert_int_equal(budget_trim(*state, START + 5 * MINUTE), 0);
	expect_full(*state, START + 5 * MINUTE);
	assert_int_equal(budget_trim(*state, START + 2 * DAY), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM events"), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM known_sources"), 1);
	/* Codes in a row stay, the pause of a source does not. */
	assert_int_equal(number_of(*state, "SELECT sum(wrong_row) FROM stops"), 6);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM stops WHERE user_hash = ''"), 0);
	assert_int_equal(budget_right(*state, &(struct budget_asker){ "sms", "john", "", false }),
			 0);
	assert_int_equal(budget_trim(*state, START + KNOWN_SOURCE_DAYS * DAY), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM known_sources"), 0);
	assert_int_equal(number_of(*state, "SELECT sum(wrong_row) FROM stops"), 0);
}

static void unlocking_frees_one_user_or_everybody(void **state)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	const struct budget_asker john = asker_at("john", "192.0.2.2");
	const struct budget_asker ann = asker_at("ann", "192.0.2.9");
	char hash[17];
	int64_t n = 0;

	fill_up(*state);
	throttle_user_hash(db_key(*state), "jane", hash);
	assert_int_equal(budget_unlock(*state, hash, &n), 0);
	/* Three messages, each an event of number and account, and of their strangers; a stop. */
	assert_int_equal(n, 3 * 4 + 1);
	assert_int_equal(send_to(*state, &jane, START + 4 * MINUTE), 0);
	assert_true(try_code(*state, &john, START + 4 * MINUTE) > 0);
	assert_true(send_by(*state, &defaults, &ann, NULL, START + 4 * MINUTE, NULL) > 0);
	assert_int_equal(budget_unlock(*state, NULL, &n), 0);
	assert_true(n > 0);
	assert_int_equal(try_code(*state, &john, START + 4 * MINUTE), 0);
	assert_int_equal(send_by(*state, &defaults, &ann, NULL, START + 4 * MINUTE, NULL), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM known_sources"), 1);
}

static void names_and_numbers_are_not_in_the_file(void **state)
{
	static const char *const words[] = { "jane", "13900001234", "192.0.2.1", "tty1" };
	_cleanup_free_ char *bytes = NULL;
	struct file *file = *state;
	size_t size;
	FILE *stream;

	fill_up(file->db);
	(void)reopen(file);
	stream = fopen(file->path, "re");
	assert_non_null(stream);
	assert_int_equal(fseek(stream, 0, SEEK_END), 0);
	size = (size_t)ftell(stream);
	rewind(stream);
	bytes = malloc(size);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, size, stream), size);
	(void)fclose(stream);
	assert_non_null(memmem(bytes, size, "sms", 3));
	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		assert_null(memmem(bytes, size, words[i], strlen(words[i])));
}

/* --- shown --- */

struct shown {
	char text[4096];
	size_t len;
};

static int add_shown(const struct budget_row *row, void *context)
{
	struct shown *shown = context;
	int n = snprintf(shown->text + shown->len, sizeof(shown->text) - shown->len,
			 "%s|%s|%s|%d/%d|%d\n", row->what, row->scope,
			 row->user_hash[0] ? "user" : "", (int)row->count, (int)row->limit,
			 row->wait_until_s > 0 ? (int)(row->wait_until_s - START)
					       : (int)row->wait_until_s);

	assert_true(n > 0 && (size_t)n < sizeof(shown->text) - shown->len);
	shown->len += (size_t)n;
	return 0;
}

static void rows_say_what_stands(void **state)
{
	static const char expected[] =
		"all messages of strangers, 1 h|||3/60|0\n"
		"all messages, 1 h|||8/300|0\n"
		"all messages, 1 d|||8/2000|0\n"
		"messages, gap|sms|user|1/1|180\n"
		"messages, 1 h|sms|user|3/5|0\n"
		"messages, 1 d|sms|user|3/10|0\n"
		"messages of strangers, 1 h|sms|user|3/3|3600\n"
		"messages of strangers, 1 d|sms|user|3/6|0\n"
		"messages without a right code, in a row|sms|user|3/5|0\n"
		"messages to a number, gap||user|1/1|180\n"
		"messages of strangers to a number, 1 h||user|3/3|3600\n";
	struct shown shown = { .len = 0 };
	char hash[17];

	fill_up(*state);
	throttle_user_hash(db_key(*state), "jane", hash);
	assert_int_equal(budget_each(*state, &defaults, hash, START + 2 * MINUTE, add_shown,
				     &shown), 0);
	assert_string_equal(shown.text, expected);
}

/* Though nothing is wrong with them any more. */
static void messages_are_shown_after_a_right_code(void **state)
{
	const struct budget_asker jane = asker_at("jane", "192.0.2.1");
	struct shown shown = { .len = 0 };

	assert_int_equal(send_to(*state, &jane, START), 0);
	assert_int_equal(budget_right(*state, &jane), 0);
	assert_int_equal(budget_trim(*state, START + HOUR / 2), 0);
	assert_int_equal(budget_each(*state, &defaults, NULL, START + HOUR / 2, add_shown, &shown),
			 0);
	assert_non_null(strstr(shown.text, "messages, 1 h|sms|user|1/5|0\n"));
	assert_int_equal(budget_trim(*state, START + DAY), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM stops"), 0);
}

static void rows_say_who_is_stopped(void **state)
{
	const int64_t now_s = START + 4 * MINUTE;
	struct shown shown = { .len = 0 };
	char hash[17];

	fill_up(*state);
	throttle_user_hash(db_key(*state), "john", hash);
	assert_int_equal(budget_each(*state, &defaults, hash, now_s, add_shown, &shown), 0);
	assert_non_null(strstr(shown.text, "wrong codes, 1 d|sms|user|6/10|0\n"));
	assert_non_null(strstr(shown.text, "wrong codes of strangers, 1 d|sms|user|6/6|86400\n"));
	assert_non_null(strstr(shown.text, "wrong codes in a row|sms|user|6/50|0\n"));
	assert_non_null(strstr(shown.text,
			       "pause of strangers after wrong codes|sms|user|1/0|3600\n"));
	assert_int_equal(query_run(query_new(*state, "UPDATE stops SET wrong_row = 50"
						     " WHERE wrong_row = 6")), 0);
	shown.len = 0;
	assert_int_equal(budget_each(*state, &defaults, NULL, now_s, add_shown, &shown), 0);
	assert_non_null(strstr(shown.text, "wrong codes in a row|sms|user|50/50|-1\n"));
	assert_non_null(strstr(shown.text, "in a row|sms|user|5/5|86640\n"));
}

static void wrong_matches(struct db *db, const struct budget_asker *asker, int n)
{
	for (int i = 0; i < n; i++)
		assert_int_equal(budget_match_wrong(db, asker, START + i * HOUR), 0);
}

static void rows_say_who_typed_wrong_digits(void **state)
{
	const struct budget_asker jane = { .scope = "wecom", .user = "jane", .source = "tty1" };
	struct shown shown = { .len = 0 };
	char hash[17];

	wrong_matches(*state, &jane, 2);
	throttle_user_hash(db_key(*state), "jane", hash);
	assert_int_equal(budget_each(*state, &defaults, hash, START + 2 * HOUR, add_shown, &shown),
			 0);
	assert_non_null(strstr(shown.text, "wrong digits, 1 d|wecom|user|2/3|0\n"));
	wrong_matches(*state, &jane, 1);
	shown.len = 0;
	assert_int_equal(budget_each(*state, &defaults, NULL, START + 2 * HOUR, add_shown, &shown),
			 0);
	assert_non_null(strstr(shown.text, "wrong digits, 1 d|wecom|user|3/3|86400\n"));
}

/* The row by which they are listed and found goes with the last of them. */
static void wrong_digits_outlive_trimming_for_a_day(void **state)
{
	const struct budget_asker jane = { .scope = "wecom", .user = "jane", .source = "tty1" };
	struct shown shown = { .len = 0 };
	int64_t wait_s = 0;

	wrong_matches(*state, &jane, MATCH_WRONG_DAY);
	for (int i = 0; i < 3; i++)
		assert_int_equal(budget_trim(*state, START + DAY - 1), 0);
	assert_int_equal(budget_match_wait(*state, &defaults, &jane, START + DAY - 1, &wait_s), 0);
	assert_int_equal(wait_s, 1);
	assert_int_equal(budget_each(*state, &defaults, NULL, START + DAY - 1, add_shown, &shown),
			 0);
	assert_non_null(strstr(shown.text, "wrong digits, 1 d|wecom|user|3/3|86400\n"));
	for (int i = 0; i < 3; i++)
		assert_int_equal(budget_trim(*state, START + 3 * DAY), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM events"), 0);
	assert_int_equal(number_of(*state, "SELECT count(*) FROM stops"), 0);
}

static int stop_at_once(const struct budget_row *row UNUSED, void *context)
{
	++*(int *)context;
	return -ECANCELED;
}

static void a_listing_ends_when_it_is_told_to(void **state)
{
	int n = 0;

	fill_up(*state);
	assert_int_equal(budget_each(*state, &defaults, NULL, START, stop_at_once, &n), -ECANCELED);
	assert_int_equal(n, 1);
}

#define FILE_TEST(function) cmocka_unit_test_setup_teardown(function, make_file, drop_file)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILE_TEST(a_restart_gives_nothing_back),
		FILE_TEST(a_clock_set_back_begins_all_waits_again),
		BUDGET_TEST(a_clock_set_back_does_not_make_a_source_known_for_longer),
		BUDGET_TEST(a_full_table_stops_strangers_and_forgets_nothing),
		BUDGET_TEST(a_full_table_of_stops_keeps_those_that_count),
		BUDGET_TEST(the_oldest_known_source_goes),
		BUDGET_TEST(damaged_rows_stop_their_account_only),
		BUDGET_TEST(times_out_of_reason_do_not_overflow),
		BUDGET_TEST(a_broken_store_lets_nothing_go_on),
		BUDGET_TEST(trimming_drops_only_what_no_rule_looks_at),
		BUDGET_TEST(unlocking_frees_one_user_or_everybody),
		FILE_TEST(names_and_numbers_are_not_in_the_file),
		BUDGET_TEST(rows_say_what_stands),
		BUDGET_TEST(messages_are_shown_after_a_right_code),
		BUDGET_TEST(rows_say_who_is_stopped),
		BUDGET_TEST(rows_say_who_typed_wrong_digits),
		BUDGET_TEST(wrong_digits_outlive_trimming_for_a_day),
		BUDGET_TEST(a_listing_ends_when_it_is_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
