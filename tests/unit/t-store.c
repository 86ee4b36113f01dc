/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store.c: what is in the file after each way in which things can end. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/audit.h"
#include "jauthd/store-schema.h"
#include "jauthd/store.h"
#include "jauthd/throttle.h"

#define KILL_ROUNDS 200

struct place {
	char folder[32];
	char path[64];
};

static int make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	(void)snprintf(place->folder, sizeof(place->folder), "/tmp/t-store-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	(void)snprintf(place->path, sizeof(place->path), "%s/jauth.db", place->folder);
	*state = place;
	return 0;
}

static int drop_place(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct place *place = *state;
	char path[80];

	for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", place->path, ends[i]);
		(void)unlink(path);
	}
	(void)rmdir(place->folder);
	free(place);
	return 0;
}

static struct db *open_db(const struct place *place)
{
	struct db *db = NULL;

	assert_int_equal(db_open(place->path, &db), 0);
	return db;
}

static int64_t one_number(struct db *db, const char *sql)
{
	struct query *query = query_new(db, sql);
	int64_t number;

	assert_int_equal(query_step(query), 1);
	number = query_column_number(query, 0);
	query_done(query);
	return number;
}

static void add_user(struct db *db, const char *name)
{
	struct account account = { .uid = 1000 };

	(void)snprintf(account.user, sizeof(account.user), "%s", name);
	assert_int_equal(account_add(db, &account), 0);
}

static void the_file_is_its_owners_alone(void **state)
{
	const struct place *place = *state;
	struct db *db = open_db(place);
	char wal[80];
	struct stat st;

	add_user(db, "jane");
	(void)snprintf(wal, sizeof(wal), "%s-wal", place->path);
	assert_int_equal(stat(place->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(wal, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	db_close(db);
}

static void a_missing_folder_or_a_link_is_refused(void **state)
{
	const struct place *place = *state;
	struct db *db = NULL;

	assert_int_equal(db_open("/tmp/t-store-no-such-folder/x.db", &db), -ENOENT);
	assert_int_equal(symlink("/tmp/t-store-target", place->path), 0);
	assert_int_equal(db_open(place->path, &db), -ELOOP);
	assert_null(db);
}

static void settings_hold(void **state)
{
	struct db *db = open_db(*state);
	struct query *query = query_new(db, "PRAGMA journal_mode");

	assert_int_equal(query_step(query), 1);
	assert_string_equal(query_column_text(query, 0), "wal");
	query_done(query);
	assert_int_equal(one_number(db, "PRAGMA synchronous"), 1);
	assert_int_equal(one_number(db, "PRAGMA secure_delete"), 1);
	assert_int_equal(one_number(db, "PRAGMA foreign_keys"), 1);
	assert_int_equal(one_number(db, "PRAGMA user_version"), store_schema_version);
	db_close(db);
}

static void the_key_is_made_once(void **state)
{
	static const unsigned char zeros[32];
	struct db *db = open_db(*state);
	unsigned char key[32];

	memcpy(key, db_key(db), sizeof(key));
	assert_memory_not_equal(key, zeros, sizeof(key));
	db_close(db);
	db = open_db(*state);
	assert_memory_equal(db_key(db), key, sizeof(key));
	db_close(db);
}

static void a_key_of_another_length_is_damage(void **state)
{
	const struct place *place = *state;
	struct db *db = open_db(place);

	assert_int_equal(query_run(query_new(db,
		"UPDATE meta SET value = x'00' WHERE name = 'key'")), 0);
	db_close(db);
	db = NULL;
	assert_int_equal(db_open(place->path, &db), -EUCLEAN);
	assert_null(db);
}

/* Both at once: what was there stays, what is new works. */
static void every_older_schema_is_upgraded(void **state)
{
	const struct place *place = *state;

	assert_true(store_schema_version >= 2);
	for (int version = 1; version < store_schema_version; version++) {
		struct audit_row row = { .request = "0123456789abcdef", .kind = "login" };
		struct throttle_key key;
		struct account account;
		struct db *db = NULL;
		unsigned char kept[32];
		int64_t wait_s, id;

		assert_int_equal(db_open_version(place->path, version, &db), 0);
		assert_int_equal(one_number(db, "PRAGMA user_version"), version);
		add_user(db, "jane");
		memcpy(kept, db_key(db), sizeof(kept));
		db_close(db);

		db = open_db(place);
		assert_int_equal(one_number(db, "PRAGMA user_version"), store_schema_version);
		assert_int_equal(account_get(db, "jane", 1000, &account), 0);
		assert_memory_equal(db_key(db), kept, sizeof(kept));
		throttle_key_make(db_key(db), "password", "jane", "::1", &key);
		assert_int_equal(throttle_attempt(db, &key, 1000, &wait_s), 0);
		assert_int_equal(audit_add(db, &row, &id), 0);
		db_close(db);
		(void)unlink(place->path);
	}
}

/* From before there were people: rows of every kind are as they were, and of use. */
static void rows_of_before_people_stay(void **state)
{
	static const char *const rows[] = {
		"INSERT INTO links (issuer, subject, user, uid, note, origin, created_s, used_s)"
		" VALUES ('https://op.example.org', '4711', 'jane', 1000, '', 'admin', 1, 2)",
		"INSERT INTO links (issuer, subject, user, uid, note, origin, created_s, used_s,"
		" pending) VALUES ('https://op.example.org', '4712', 'jane', 1000, '', 'request',"
		" 1, 0, 1)",
		"INSERT INTO requests (request, method, issuer, subject, display, user, uid,"
		" source, network, time_s, link_id) VALUES ('0123456789abcdef', 'far',"
		" 'https://op.example.org', '4712', '', 'jane', 1000, '', '', 1, 2)",
		"INSERT INTO phones (user, uid, number, number_hash, label, created_s, used_s)"
		" VALUES ('jane', 1000, x'01', x'02', '', 1, 0)",
		"INSERT INTO totp VALUES ('jane', 1000, x'01', 1, 6, 30, 0, 1, 0)",
		"INSERT INTO recovery VALUES ('jane', x'01')",
		"INSERT INTO audit VALUES (7, 1, '0123456789abcdef', 'login', 'jane', 1000, 'sshd',"
		" 'remote', '', 'far', 'granted', '', '', '', '', '', '', '')",
	};
	static const char *const tables[] = {
		"links WHERE pending = 0", "links WHERE pending = 1", "requests WHERE link_id = 2",
		"phones", "totp", "recovery", "audit WHERE id = 7",
	};
	const struct place *place = *state;
	struct db *db = NULL;
	bool is_linked = false;

	assert_int_equal(db_open_version(place->path, 4, &db), 0);
	add_user(db, "jane");
	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_int_equal(query_run(query_new(db, rows[i])), 0);
	db_close(db);
	db = open_db(place);
	for (size_t i = 0; i < N_ELEMENTS(tables); i++) {
		_cleanup_free_ char *sql = text_format("SELECT count(*) FROM %s", tables[i]);

		assert_int_equal(one_number(db, sql), 1);
	}
	assert_int_equal(link_matches(db, "https://op.example.org", "4711", "jane", 1000,
				      &is_linked), 0);
	assert_true(is_linked);
	assert_int_equal(link_confirm(db, 2, "jane", 1000), 0);
	assert_int_equal(one_number(db, "SELECT count(*) FROM requests"), 0);
	assert_int_equal(one_number(db, "SELECT count(*) FROM people"), 0);
	db_close(db);
}

static void a_newer_schema_is_refused_and_left_alone(void **state)
{
	const struct place *place = *state;
	struct db *db = open_db(place);

	add_user(db, "jane");
	assert_int_equal(query_run(query_new(db, "PRAGMA user_version = 1000")), 0);
	db_close(db);
	db = NULL;
	assert_int_equal(db_open(place->path, &db), -EPROTO);
	assert_null(db);
	assert_int_equal(db_open_version(place->path, 1000, &db), 0);
	assert_int_equal(one_number(db, "SELECT count(*) FROM accounts"), 1);
	db_close(db);
}

static void overwrite(const char *path, off_t offset, size_t len)
{
	char rubbish[4096];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	memset(rubbish, 0x5a, sizeof(rubbish));
	assert_true(fd >= 0 && len <= sizeof(rubbish));
	assert_int_equal(pwrite(fd, rubbish, len, offset), len);
	close(fd);
}

/* The whole header, a page of a table, and a file that never was a database. */
static void damage_is_found_at_open(void **state)
{
	static const struct {
		off_t offset;
		size_t len;
	} cases[] = { { 0, 100 }, { 4096, 64 }, { 8192, 4096 }, { 12288, 4096 } };
	const struct place *place = *state;

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct db *db = open_db(place);

		for (int n = 0; n < 100; n++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "user%d", n);
			add_user(db, name);
		}
		db_close(db);
		overwrite(place->path, cases[i].offset, cases[i].len);
		db = NULL;
		assert_int_equal(db_open(place->path, &db), -EUCLEAN);
		assert_null(db);
		(void)unlink(place->path);
	}
}

static int see_row(const struct audit_row *row UNUSED, void *context UNUSED)
{
	return 0;
}

/* The audit is not read through at open; who needs the damaged part is told. */
static void damage_in_the_audit_is_found_by_its_readers(void **state)
{
	const struct audit_filter all = { .limit = INT64_MAX };
	struct audit_row row = { .request = "0123456789abcdef", .kind = "login" };
	const struct place *place = *state;
	struct db *db = open_db(place);
	struct account account;
	struct stat st;
	int64_t id, n_pages;

	add_user(db, "jane");
	n_pages = one_number(db, "PRAGMA page_count");
	for (int n = 0; n < 2000; n++)
		assert_int_equal(audit_add(db, &row, &id), 0);
	db_close(db);
	assert_int_equal(stat(place->path, &st), 0);
	for (off_t page = n_pages; page < st.st_size / 4096; page++)
		overwrite(place->path, page * 4096, 4096);
	db = open_db(place);
	assert_int_equal(account_get(db, "jane", 1000, &account), 0);
	assert_int_equal(audit_each(db, &all, see_row, NULL), -EUCLEAN);
	assert_int_equal(audit_find_granted(db, row.request, &row), -EUCLEAN);
	db_close(db);
}

static void a_cut_file_is_damage(void **state)
{
	const struct place *place = *state;
	struct db *db = open_db(place);

	for (int n = 0; n < 100; n++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "user%d", n);
		add_user(db, name);
	}
	db_close(db);
	assert_int_equal(truncate(place->path, 3 * 4096), 0);
	db = NULL;
	assert_int_equal(db_open(place->path, &db), -EUCLEAN);
	assert_null(db);
}

static void a_rollback_leaves_nothing(void **state)
{
	struct db *db = open_db(*state);

	assert_int_equal(db_begin(db), 0);
	add_user(db, "jane");
	assert_int_equal(one_number(db, "SELECT count(*) FROM accounts"), 1);
	db_rollback(db);
	assert_int_equal(one_number(db, "SELECT count(*) FROM accounts"), 0);
	/* Nothing is open: neither call does harm. */
	db_rollback(db);
	assert_int_equal(db_begin(db), 0);
	assert_int_equal(db_commit(db), 0);
	db_close(db);
}

static void constraints_and_mistakes_are_told_apart(void **state)
{
	struct db *db = open_db(*state);
	struct account account = { .user = "jane", .uid = 1000 };

	add_user(db, "jane");
	assert_int_equal(account_add(db, &account), -EEXIST);
	assert_int_equal(query_run(query_new(db, "UPDATE accounts SET locked = 7")), -EINVAL);
	assert_null(query_new(db, "SELECT nonsense FROM nowhere"));
	assert_int_equal(query_run(NULL), -EIO);
	db_close(db);
}

static void a_statement_is_not_used_inside_itself(void **state)
{
	static const char sql[] = "SELECT 1";
	struct db *db = open_db(*state);
	struct query *query = query_new(db, sql);

	assert_int_equal(query_step(query), 1);
	assert_null(query_new(db, sql));
	query_done(query);
	query = query_new(db, sql);
	assert_int_equal(query_step(query), 1);
	query_done(query);
	db_close(db);
}

static void copy_file(const char *from_path, const char *to_path)
{
	static char bytes[1 << 20];
	int from = open(from_path, O_RDONLY | O_CLOEXEC);
	int to = open(to_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ssize_t n = read(from, bytes, sizeof(bytes));

	assert_true(n > 0 && n < (ssize_t)sizeof(bytes));
	assert_int_equal(write(to, bytes, (size_t)n), n);
	close(from);
	close(to);
}

/* The file without its log is the worst that a power cut could leave. */
static void what_is_durable_is_in_the_file_itself(void **state)
{
	const struct place *place = *state;
	struct db *db = open_db(place), *copy = NULL;
	char path[80];

	add_user(db, "jane");
	(void)snprintf(path, sizeof(path), "%s.copy", place->path);
	copy_file(place->path, path);
	assert_int_equal(db_open(path, &copy), 0);
	assert_int_equal(one_number(copy, "SELECT count(*) FROM accounts"), 1);
	db_close(copy);
	db_close(db);
	(void)unlink(path);
}

/* --- kill -9 --- */

static void die(int signal_number UNUSED)
{
	(void)kill(getpid(), SIGKILL);
}

/* Pairs of users, each in one transaction, and a count of what was confirmed. */
static void write_until_killed(const char *path, useconds_t after_us, volatile int64_t *n_confirmed)
{
	const struct itimerval timer = { .it_value = { .tv_usec = after_us } };
	struct account account = { .uid = 1000 };
	struct db *db = NULL;

	(void)signal(SIGALRM, die);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
	if (db_open(path, &db) < 0)
		_exit(1);
	for (int64_t n = *n_confirmed;; n++) {
		int r = db_begin(db);

		for (int half = 0; half < 2 && r == 0; half++) {
			(void)snprintf(account.user, sizeof(account.user), "%c%lld",
				       half ? 'b' : 'a', (long long)n);
			r = account_add(db, &account);
		}
		if (r == 0)
			r = db_commit(db);
		/* What the last child committed and could not confirm any more is there already. */
		if (r == -EEXIST)
			db_rollback(db);
		else if (r < 0)
			_exit(1);
		*n_confirmed = n + 1;
	}
}

static void kill_9_leaves_whole_transactions(void **state)
{
	const struct place *place = *state;
	volatile int64_t *n_confirmed = mmap(NULL, sizeof(int64_t), PROT_READ | PROT_WRITE,
					     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(n_confirmed != MAP_FAILED);
	for (unsigned round = 0; round < KILL_ROUNDS; round++) {
		pid_t child = fork();
		struct db *db;
		int64_t n;
		int status;

		assert_true(child >= 0);
		if (child == 0)
			/* Different moments, the same in every run: 50 µs to 12 ms. */
			write_until_killed(place->path, 50 + round * 7919 % 12000, n_confirmed);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		db = open_db(place);
		n = one_number(db, "SELECT count(*) FROM accounts WHERE user LIKE 'a%'");
		assert_int_equal(n, one_number(db, "SELECT count(*) FROM accounts"
						   " WHERE user LIKE 'b%'"));
		assert_true(n >= *n_confirmed && n <= *n_confirmed + 1);
		db_close(db);
	}
	assert_true(*n_confirmed > 0);
	(void)munmap((void *)n_confirmed, sizeof(int64_t));
}

/* --- the thread --- */

struct count_job {
	struct job job;
	int64_t n;
	int *n_done;
};

static void count_run(struct job *job, void *db)
{
	struct count_job *count = container_of(job, struct count_job, job);

	add_user(db, "jane");
	count->n = one_number(db, "SELECT count(*) FROM accounts");
}

static void count_done(struct job *job)
{
	++*container_of(job, struct count_job, job)->n_done;
}

static void the_store_hands_its_database_to_jobs(void **state)
{
	const struct place *place = *state;
	struct store *store = NULL;
	sd_event *event = NULL;
	int n_done = 0;
	struct count_job count = {
		.job = { .run = count_run, .done = count_done },
		.n_done = &n_done,
	};

	assert_true(sd_event_new(&event) >= 0);
	assert_int_equal(store_new(event, place->path, &store), 0);
	assert_int_equal(store_add(store, &count.job), 0);
	while (!n_done)
		assert_true(sd_event_run(event, 5000000) > 0);
	assert_int_equal(count.n, 1);
	assert_non_null(store_key(store));
	assert_null(store_free(store));
	assert_null(store_free(NULL));
	assert_true(store_new(event, "/tmp/t-store-no-such-folder/x.db", &store) < 0);
	sd_event_unref(event);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_place, drop_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_file_is_its_owners_alone),
		TEST(a_missing_folder_or_a_link_is_refused),
		TEST(settings_hold),
		TEST(the_key_is_made_once),
		TEST(a_key_of_another_length_is_damage),
		TEST(every_older_schema_is_upgraded),
		TEST(rows_of_before_people_stay),
		TEST(a_newer_schema_is_refused_and_left_alone),
		TEST(damage_is_found_at_open),
		TEST(damage_in_the_audit_is_found_by_its_readers),
		TEST(a_cut_file_is_damage),
		TEST(a_rollback_leaves_nothing),
		TEST(constraints_and_mistakes_are_told_apart),
		TEST(a_statement_is_not_used_inside_itself),
		TEST(what_is_durable_is_in_the_file_itself),
		TEST(kill_9_leaves_whole_transactions),
		TEST(the_store_hands_its_database_to_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
