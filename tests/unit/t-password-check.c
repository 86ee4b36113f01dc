/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * password-check.c on a real loop with a database in a file. The shadow database is a table here,
 * and calls of crypt_rn() are counted: everybody must cost one.
 */
#include <crypt.h>
#include <errno.h>
#include <setjmp.h>
#include <shadow.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/limits.h"
#include "jauthd/password-check.h"
#include "jauthd/throttle.h"

#define CHEAP    "$5$rounds=1000$"
#define NOW      1700000000
#define PASSWORD "secret horse"
/* PASSWORD, and "another horse". */
#define HASH  "$5$rounds=1000$0123456789abcdef$m5qZie1WNPo5z9NB2TPKtXoOym90k/epNMseHeVX3m5"
#define OTHER "$5$rounds=1000$fedcba9876543210$W.A9TW2n5mbsHQLneVNa2qZp9Y2eX2CHdZq9zCryib4"

static atomic_uint n_hashes;             /* a test's own: there is no other way into a wrapper */

char *__real_crypt_rn(const char *phrase, const char *setting, void *data, int size);
char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size);
int __wrap_getspnam_r(const char *name, struct spwd *entry, char *buffer, size_t size,
		      struct spwd **ret_found);

char *__wrap_crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	atomic_fetch_add(&n_hashes, 1);
	return __real_crypt_rn(phrase, setting, data, size);
}

static const struct {
	const char *name, *hash;
	long lstchg, expire;
} shadow[] = {
	{ "shadowy", HASH, 19000, -1 },
	{ "both", OTHER, 19000, -1 },
	{ "locked", "!" HASH, 19000, -1 },
	{ "empty", "", 19000, -1 },
	{ "over", HASH, 19000, 1 },
	{ "aged", HASH, 0, -1 },
	{ "ghost", HASH, 19000, -1 },    /* no such Unix user */
	{ "starred", "*", 19000, -1 },
};

int __wrap_getspnam_r(const char *name, struct spwd *entry, char *buffer, size_t size,
		      struct spwd **ret_found)
{
	*ret_found = NULL;
	if (strcmp(name, "unreadable") == 0)
		return EACCES;
	for (size_t i = 0; i < N_ELEMENTS(shadow); i++) {
		if (strcmp(shadow[i].name, name) != 0)
			continue;
		(void)snprintf(buffer, size, "%s%c%s", name, 0, shadow[i].hash);
		*entry = (struct spwd){
			.sp_namp = buffer, .sp_pwdp = buffer + strlen(name) + 1,
			.sp_lstchg = shadow[i].lstchg, .sp_min = -1, .sp_max = -1, .sp_warn = -1,
			.sp_inact = -1, .sp_expire = shadow[i].expire,
		};
		*ret_found = entry;
		return 0;
	}
	return 0;
}

/* Accounts kept by jauth; the uid of everybody is 1000. */
static const struct account accounts[] = {
	{ .user = "jane", .uid = 1000, .hash = HASH },
	{ .user = "both", .uid = 1000, .hash = HASH },
	{ .user = "locked-here", .uid = 1000, .hash = HASH, .locked = true },
	{ .user = "no-password", .uid = 1000 },
	{ .user = "must", .uid = 1000, .hash = HASH, .must_change = true },
	{ .user = "expired", .uid = 1000, .hash = HASH, .expires_s = NOW },
	{ .user = "not-yet", .uid = 1000, .hash = HASH, .expires_s = NOW + 1 },
	{ .user = "old-password", .uid = 1000, .hash = HASH, .password_expires_s = NOW },
	{ .user = "remade", .uid = 999, .hash = HASH },
	{ .user = "shadowy-locked", .uid = 1000, .hash = OTHER, .locked = true },
	{ .user = "broken", .uid = 1000, .hash = "*0" },
};

/* --- a daemon's worth of surroundings --- */

struct surroundings {
	char folder[40], path[64];
	sd_event *event;
	struct store *store;
	struct workers *hashers;
	struct password_env env;
	unsigned n_told;
	uint64_t owner;
	uint32_t number;
	enum password_result result;
};

static void tell(void *context, uint64_t owner, uint32_t number, enum password_result result)
{
	struct surroundings *around = context;

	around->n_told++;
	around->owner = owner;
	around->number = number;
	around->result = result;
}

/* A function of the test on the store's thread. */
struct store_job {
	struct job job;
	void (*function)(struct db *db);
	bool is_done;
};

static void store_job_run(struct job *job, void *db)
{
	container_of(job, struct store_job, job)->function(db);
}

static void store_job_done(struct job *job)
{
	container_of(job, struct store_job, job)->is_done = true;
}

static void on_store(struct surroundings *around, void (*function)(struct db *db))
{
	struct store_job job = {
		.job = { .run = store_job_run, .done = store_job_done },
		.function = function,
	};

	assert_int_equal(store_add(around->store, &job.job), 0);
	while (!job.is_done)
		assert_true(sd_event_run(around->event, 5000000) > 0);
}

static void add_accounts(struct db *db)
{
	for (size_t i = 0; i < N_ELEMENTS(accounts); i++)
		assert_int_equal(account_add(db, &accounts[i]), 0);
}

static int make_surroundings(void **state)
{
	struct surroundings *around = calloc(1, sizeof(*around));

	(void)snprintf(around->folder, sizeof(around->folder), "/tmp/t-password-check-XXXXXX");
	if (!mkdtemp(around->folder))
		return -1;
	(void)snprintf(around->path, sizeof(around->path), "%s/jauth.db", around->folder);
	assert_true(sd_event_new(&around->event) >= 0);
	assert_int_equal(store_new(around->event, around->path, &around->store), 0);
	assert_int_equal(workers_new(around->event, "hash", 1, 8, NULL, &around->hashers), 0);
	around->env = (struct password_env){
		.store = around->store, .hashers = around->hashers, .hash_prefix = CHEAP,
		.done = tell, .context = around,
	};
	assert_int_equal(password_hash_dummy(CHEAP, around->env.dummy, sizeof(around->env.dummy)),
			 0);
	on_store(around, add_accounts);
	*state = around;
	return 0;
}

static int drop_surroundings(void **state)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	struct surroundings *around = *state;
	char path[80];

	(void)workers_free(around->hashers);
	(void)store_free(around->store);
	sd_event_unref(around->event);
	for (size_t i = 0; i < N_ELEMENTS(ends); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", around->path, ends[i]);
		(void)unlink(path);
	}
	(void)rmdir(around->folder);
	free(around);
	return 0;
}

/* --- asking --- */

struct question {
	const char *user;
	bool is_nobody;                  /* no such Unix user */
	const char *password;
	const char *sources;             /* NULL: jauth, shadow */
	int64_t later_s;
};

typedef int (*start_fn)(struct password_env *env, const struct password_request *request,
			const struct secret *password);

static void wait_for(struct surroundings *around, unsigned n_told)
{
	while (around->n_told < n_told)
		assert_true(sd_event_run(around->event, 5000000) > 0);
}

static int start(struct surroundings *around, start_fn function, const struct question *question)
{
	_cleanup_secret_ struct secret *password = secret_from_text(question->password);
	_cleanup_list_ char **sources = NULL;
	struct unix_user user = { .exists = !question->is_nobody,
				  .uid = question->is_nobody ? (uid_t)-1 : 1000 };
	struct password_request request = {
		.owner = 0x123456789a, .number = 42, .user = &user, .source = "192.0.2.1",
		.scope = "password", .now_s = NOW + question->later_s, .expires_s = NOW + 99,
	};
	const char *words = question->sources ? question->sources : "jauth shadow";

	for (const char *word = words; *word; word += strspn(word, " ")) {
		_cleanup_free_ char *one = text_format("%.*s", (int)strcspn(word, " "), word);

		assert_int_equal(list_add(&sources, one), 0);
		word += strcspn(word, " ");
	}
	request.sources = sources;
	(void)snprintf(user.name, sizeof(user.name), "%s", question->user);
	return function(&around->env, &request, password);
}

/* The operation's one result. */
static enum password_result ask_by(struct surroundings *around, start_fn function,
				   const struct question *question)
{
	unsigned n_told = around->n_told;

	assert_int_equal(start(around, function, question), 0);
	assert_int_equal(around->n_told, n_told);
	wait_for(around, n_told + 1);
	assert_true(around->owner == 0x123456789a);
	assert_int_equal(around->number, 42);
	return around->result;
}

static enum password_result ask(struct surroundings *around, const struct question *question)
{
	return ask_by(around, password_check_start, question);
}

static enum password_result ask_later(struct surroundings *around, const char *password,
				      int64_t later_s)
{
	const struct question question = { .user = "jane", .password = password,
					   .later_s = later_s };

	return ask(around, &question);
}

static void the_first_source_that_knows_the_user_decides(void **state)
{
	static const struct {
		struct question question;
		enum password_result expected;
	} cases[] = {
		{ { "jane", false, PASSWORD, NULL, 0 }, PASSWORD_RIGHT },
		{ { "jane", false, "Secret horse", NULL, 0 }, PASSWORD_WRONG },
		{ { "jane", false, PASSWORD, "jauth", 0 }, PASSWORD_RIGHT },
		{ { "jane", false, PASSWORD, "shadow", 0 }, PASSWORD_WRONG },
		{ { "shadowy", false, PASSWORD, NULL, 0 }, PASSWORD_RIGHT },
		{ { "shadowy", false, "wrong", NULL, 0 }, PASSWORD_WRONG },
		{ { "shadowy", false, PASSWORD, "shadow", 0 }, PASSWORD_RIGHT },
		{ { "shadowy", false, PASSWORD, "jauth", 0 }, PASSWORD_WRONG },
		{ { "both", false, PASSWORD, NULL, 0 }, PASSWORD_RIGHT },
		{ { "both", false, "another horse", NULL, 0 }, PASSWORD_WRONG },
		{ { "both", false, PASSWORD, "shadow jauth", 0 }, PASSWORD_WRONG },
		{ { "both", false, "another horse", "shadow jauth", 0 }, PASSWORD_RIGHT },
		/* a password kept nowhere */
		{ { "no-password", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "broken", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "empty", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "starred", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "unknown", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		/* right, and yet not */
		{ { "ghost", true, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "jane", true, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "locked", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "locked-here", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "shadowy-locked", false, PASSWORD, "shadow jauth", 0 }, PASSWORD_WRONG },
		{ { "over", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "expired", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		{ { "not-yet", false, PASSWORD, NULL, 0 }, PASSWORD_RIGHT },
		{ { "remade", false, PASSWORD, NULL, 0 }, PASSWORD_WRONG },
		/* must change */
		{ { "must", false, PASSWORD, NULL, 0 }, PASSWORD_MUST_CHANGE },
		{ { "must", false, "wrong", NULL, 0 }, PASSWORD_WRONG },
		{ { "old-password", false, PASSWORD, NULL, 0 }, PASSWORD_MUST_CHANGE },
		{ { "aged", false, PASSWORD, NULL, 0 }, PASSWORD_NOT_OURS },
		{ { "aged", false, "wrong", NULL, 0 }, PASSWORD_WRONG },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		enum password_result result;

		atomic_store(&n_hashes, 0);
		result = ask(*state, &cases[i].question);
		if (result != cases[i].expected)
			fail_msg("row %zu, %s: %d", i, cases[i].question.user, (int)result);
		/* Everybody costs the same. */
		assert_int_equal(atomic_load(&n_hashes), 1);
	}
}

static void a_paused_user_is_wrong_even_when_right(void **state)
{
	for (int i = 0; i < THROTTLE_FREE_FAILURES + 1; i++)
		assert_int_equal(ask_later(*state, "wrong", 0), PASSWORD_WRONG);
	atomic_store(&n_hashes, 0);
	assert_int_equal(ask_later(*state, PASSWORD, 0), PASSWORD_WRONG);
	assert_int_equal(atomic_load(&n_hashes), 1);
	assert_int_equal(ask_later(*state, PASSWORD, 1), PASSWORD_RIGHT);
}

static void a_right_password_takes_the_count_back(void **state)
{
	for (int i = 0; i < 4 * THROTTLE_FREE_FAILURES; i++) {
		assert_int_equal(ask_later(*state, "wrong", 0), PASSWORD_WRONG);
		assert_int_equal(ask_later(*state, "wrong", 0), PASSWORD_WRONG);
		assert_int_equal(ask_later(*state, PASSWORD, 0), PASSWORD_RIGHT);
	}
}

static void a_user_nobody_knows_is_paused_all_the_same(void **state)
{
	const struct question question = { .user = "typo", .is_nobody = true, .password = "x" };
	struct surroundings *around = *state;
	struct throttle_key key;
	struct db *db = NULL;
	int64_t wait_s = -1;

	for (int i = 0; i < THROTTLE_FREE_FAILURES + 1; i++)
		assert_int_equal(ask(around, &question), PASSWORD_WRONG);
	around->store = store_free(around->store);
	assert_int_equal(db_open(around->path, &db), 0);
	throttle_key_make(db_key(db), "password", "typo", "192.0.2.1", &key);
	assert_int_equal(throttle_attempt(db, &key, NOW, &wait_s), 0);
	assert_int_equal(wait_s, 1);
	db_close(db);
}

static void drop_throttle(struct db *db)
{
	assert_int_equal(query_run(query_new(db, "DROP TABLE throttle")), 0);
}

static void drop_accounts(struct db *db)
{
	assert_int_equal(query_run(query_new(db, "DROP TABLE accounts")), 0);
}

static void what_cannot_be_counted_is_not_compared(void **state)
{
	on_store(*state, drop_throttle);
	atomic_store(&n_hashes, 0);
	assert_int_equal(ask_later(*state, PASSWORD, 0), PASSWORD_UNAVAILABLE);
	assert_int_equal(atomic_load(&n_hashes), 0);
}

static void a_source_that_fails_lets_nobody_in(void **state)
{
	const struct question unreadable = { .user = "unreadable", .password = PASSWORD };

	assert_int_equal(ask(*state, &unreadable), PASSWORD_UNAVAILABLE);
	on_store(*state, drop_accounts);
	assert_int_equal(ask_later(*state, PASSWORD, 0), PASSWORD_UNAVAILABLE);
}

static void wrong_sources_are_refused_at_once(void **state)
{
	static const char *const sources[] = { "", "ldap", "jauth ldap", "Jauth",
					       "jauth shadow jauth" };
	struct surroundings *around = *state;

	for (size_t i = 0; i < N_ELEMENTS(sources); i++) {
		const struct question question = { .user = "jane", .password = PASSWORD,
						   .sources = sources[i] };

		assert_int_equal(start(around, password_check_start, &question), -EINVAL);
	}
	assert_int_equal(around->n_told, 0);
}

static void too_many_at_once_are_refused_or_told(void **state)
{
	const struct question question = { .user = "jane", .password = PASSWORD };
	struct surroundings *around = *state;
	unsigned n = 0;

	/* The hash queue takes eight; the rest is told that nothing could be checked. */
	while (n < 50 && start(around, password_check_start, &question) == 0)
		n++;
	assert_int_equal(n, 50);
	wait_for(around, n);
	assert_int_equal(around->n_told, n);
}

static void the_end_tells_every_operation_once(void **state)
{
	const struct question question = { .user = "jane", .password = PASSWORD };
	struct surroundings *around = *state;

	for (int i = 0; i < 5; i++)
		assert_int_equal(start(around, password_check_start, &question), 0);
	workers_stop(around->hashers);
	store_stop(around->store);
	assert_int_equal(around->n_told, 5);
	assert_int_equal(around->result, PASSWORD_UNAVAILABLE);
}

static void a_set_password_counts_from_now_on(void **state)
{
	const struct question new_one = { .user = "must", .password = "new horse 1" };
	const struct question old_one = { .user = "must", .password = PASSWORD };

	assert_int_equal(ask(*state, &old_one), PASSWORD_MUST_CHANGE);
	assert_int_equal(ask_by(*state, password_set_start, &new_one), PASSWORD_CHANGED);
	assert_int_equal(ask(*state, &old_one), PASSWORD_WRONG);
	assert_int_equal(ask(*state, &new_one), PASSWORD_RIGHT);
	{
		struct question over = new_one;

		over.later_s = 99;
		assert_int_equal(ask(*state, &over), PASSWORD_MUST_CHANGE);
	}
}

static void only_an_account_of_ours_gets_a_password(void **state)
{
	const struct question shadowy = { .user = "shadowy", .password = "new horse 1" };
	const struct question remade = { .user = "remade", .password = "new horse 1" };
	const struct question nobody = { .user = "jane", .is_nobody = true, .password = "new 1" };

	assert_int_equal(ask_by(*state, password_set_start, &shadowy), PASSWORD_NOT_OURS);
	assert_int_equal(ask_by(*state, password_set_start, &remade), PASSWORD_NOT_OURS);
	assert_int_equal(start(*state, password_set_start, &nobody), -ENOENT);
	on_store(*state, drop_accounts);
	assert_int_equal(ask_by(*state, password_set_start, &shadowy), PASSWORD_UNAVAILABLE);
}

static void a_password_that_cannot_be_hashed_is_not_set(void **state)
{
	const struct question empty = { .user = "jane", .password = "" };
	const struct question good = { .user = "jane", .password = "new horse 1" };
	struct surroundings *around = *state;

	assert_int_equal(ask_by(around, password_set_start, &empty), PASSWORD_UNAVAILABLE);
	around->env.hash_prefix = "$nonsense$";
	assert_int_equal(ask_by(around, password_set_start, &good), PASSWORD_UNAVAILABLE);
	assert_int_equal(ask_later(around, PASSWORD, 0), PASSWORD_RIGHT);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, make_surroundings, drop_surroundings)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_source_that_knows_the_user_decides),
		TEST(a_paused_user_is_wrong_even_when_right),
		TEST(a_right_password_takes_the_count_back),
		TEST(a_user_nobody_knows_is_paused_all_the_same),
		TEST(what_cannot_be_counted_is_not_compared),
		TEST(a_source_that_fails_lets_nobody_in),
		TEST(wrong_sources_are_refused_at_once),
		TEST(too_many_at_once_are_refused_or_told),
		TEST(the_end_tells_every_operation_once),
		TEST(a_set_password_counts_from_now_on),
		TEST(only_an_account_of_ours_gets_a_password),
		TEST(a_password_that_cannot_be_hashed_is_not_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
