/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One struct goes through the stages; `run` of each works on a thread, its `done` sends it on.
 *
 *   check:  its turn → count (store) → compare (hash thread) → when right: clear (store) → told
 *   set:    hash (hash thread) → keep (store) → told
 *
 * Checks that count on the same key take turns: a right password that is still being compared
 * must not look like a failure to the next one, nor may guesses run side by side. A stage that
 * cannot be entered, or fails, ends in PASSWORD_UNAVAILABLE.
 */
#include "jauthd/password-check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/throttle.h"
#include "jauthd/worker.h"

#define SOURCES_MAX 2
#define DAY_S       86400

struct operation {
	struct job job;
	struct operation *next;          /* of the env's checks, oldest first */
	struct password_env *env;
	uint64_t owner;
	uint32_t number;
	char user[USER_NAME_MAX + 1];
	bool user_exists;
	int64_t uid;
	enum password_source sources[SOURCES_MAX];
	unsigned n_sources;
	int64_t now_s, expires_s;
	struct throttle_key key;
	struct secret *password;
	char *hash_prefix;
	char dummy[PASSWORD_HASH_SIZE];
	struct password_record account;  /* what jauth keeps; FROM_NOWHERE: nothing */
	bool is_barred;                  /* paused, locked or expired: whatever is typed */
	enum password_result result;
};

static const struct {
	const char *word;
	enum password_source source;
} source_words[SOURCES_MAX] = {
	{ PASSWORD_SOURCE_JAUTH, PASSWORD_FROM_JAUTH },
	{ PASSWORD_SOURCE_SHADOW, PASSWORD_FROM_SHADOW },
};

static struct operation *operation_free(struct operation *operation)
{
	if (!operation)
		return NULL;
	(void)secret_free(operation->password);
	free(operation->hash_prefix);
	explicit_bzero(operation, sizeof(*operation));
	free(operation);
	return NULL;
}

static void operation_free_pointer(struct operation **operation)
{
	*operation = operation_free(*operation);
}

#define _cleanup_operation_ _cleanup_(operation_free_pointer)

static struct operation *operation_new(struct password_env *env,
				       const struct password_request *request,
				       const struct secret *password)
{
	_cleanup_operation_ struct operation *operation = calloc(1, sizeof(*operation));

	if (!operation)
		return NULL;
	operation->env = env;
	operation->owner = request->owner;
	operation->number = request->number;
	operation->user_exists = request->user->exists &&
		text_into(operation->user, sizeof(operation->user), request->user->name);
	operation->uid = request->user->uid;
	operation->now_s = request->now_s;
	operation->expires_s = request->expires_s;
	operation->result = PASSWORD_UNAVAILABLE;
	operation->hash_prefix = text_copy(env->hash_prefix);
	operation->password = secret_new(password->data, password->len);
	if (!operation->password)
		return NULL;
	return steal(&operation);
}

static void operation_tell(struct operation *operation)
{
	const struct password_env *env = operation->env;
	uint64_t owner = operation->owner;
	uint32_t number = operation->number;
	enum password_result result = operation->result;

	(void)operation_free(operation);
	env->done(env->context, owner, number, result);
}

/* --- turns --- */

static bool same_key(const struct operation *a, const struct operation *b)
{
	return memcmp(a->key.bytes, b->key.bytes, sizeof(a->key.bytes)) == 0;
}

/* True when no earlier check counts on this key. */
static bool take_turn(struct operation *operation)
{
	struct operation **end = &operation->env->checks;
	bool is_first = true;

	for (; *end; end = &(*end)->next)
		if (same_key(*end, operation))
			is_first = false;
	*end = operation;
	return is_first;
}

/* The next one with this key, if there is one, when `operation` has left the list. */
static struct operation *leave(struct operation *operation)
{
	struct operation **place = &operation->env->checks, *next;

	while (*place && *place != operation)
		place = &(*place)->next;
	if (!*place)
		return NULL;             /* not a check */
	*place = operation->next;
	for (next = operation->env->checks; next; next = next->next)
		if (same_key(next, operation))
			return next;
	return NULL;
}

/* Tells, and lets the next one with the same key begin. */
static void operation_end(struct operation *operation)
{
	struct operation *next = leave(operation);

	operation_tell(operation);
	while (next && store_add(next->env->store, &next->job) < 0) {
		struct operation *after = leave(next);

		operation_tell(next);
		next = after;
	}
}

static void on_last_stage(struct job *job)
{
	operation_end(container_of(job, struct operation, job));
}

/* --- check --- */

static void run_clear(struct job *job, void *db)
{
	struct operation *operation = container_of(job, struct operation, job);

	if (throttle_clear(db, &operation->key) < 0)
		operation->result = PASSWORD_UNAVAILABLE;
}

static void on_compared(struct job *job)
{
	struct operation *operation = container_of(job, struct operation, job);

	if (operation->result == PASSWORD_WRONG || operation->result == PASSWORD_UNAVAILABLE) {
		operation_end(operation);
		return;
	}
	job->run = run_clear;
	job->done = on_last_stage;
	if (store_add(operation->env->store, job) < 0) {
		operation->result = PASSWORD_UNAVAILABLE;
		operation_end(operation);
	}
}

/* The record of the first source that knows the user; FROM_NOWHERE when none does. */
static int find_record(struct operation *operation, struct password_record *ret_record)
{
	for (unsigned i = 0; i < operation->n_sources; i++) {
		int r = -ENOENT;

		if (operation->sources[i] == PASSWORD_FROM_SHADOW)
			r = password_shadow_look_up(operation->user, operation->now_s / DAY_S,
						    ret_record);
		else if (operation->account.source == PASSWORD_FROM_JAUTH) {
			*ret_record = operation->account;
			r = 0;
		}
		if (r != -ENOENT)
			return r;
	}
	return 0;
}

static enum password_result right_result(const struct password_record *record)
{
	if (!record->must_change)
		return PASSWORD_RIGHT;
	return record->source == PASSWORD_FROM_JAUTH ? PASSWORD_MUST_CHANGE : PASSWORD_NOT_OURS;
}

/* One hash in every case. */
static void run_compare(struct job *job, void *context UNUSED)
{
	struct operation *operation = container_of(job, struct operation, job);
	_cleanup_(password_record_done) struct password_record record = { 0 };
	bool is_usable, is_match;
	int r;

	r = find_record(operation, &record);
	is_usable = r == 0 && record.usable && operation->user_exists && !operation->is_barred;
	is_match = password_hash_matches(is_usable ? record.hash : operation->dummy,
					 operation->password);
	operation->password = secret_free(operation->password);
	if (r < 0) {
		log_error("password: shadow entry cannot be read: %s", strerror(-r));
		operation->result = PASSWORD_UNAVAILABLE;
	} else {
		operation->result = is_usable && is_match ? right_result(&record) : PASSWORD_WRONG;
	}
}

static void on_counted(struct job *job)
{
	struct operation *operation = container_of(job, struct operation, job);

	/* run_count() leaves PASSWORD_WRONG: not yet right, but counted. */
	if (operation->result != PASSWORD_UNAVAILABLE) {
		job->run = run_compare;
		job->done = on_compared;
		if (workers_add(operation->env->hashers, job) == 0)
			return;
		operation->result = PASSWORD_UNAVAILABLE;
	}
	operation_end(operation);
}

/* The account of an earlier user of that name is not this user's: as if there were none. */
static int read_account(struct db *db, struct operation *operation)
{
	_cleanup_(account_done) struct account account = { 0 };
	struct password_record *record = &operation->account;
	int64_t now_s = operation->now_s;
	int r;

	r = account_get(db, operation->user, operation->uid, &account);
	if (r == -ENOENT || r == -ESTALE)
		return 0;
	if (r < 0)
		return r;
	if (!text_into(record->hash, sizeof(record->hash), account.hash))
		return -EUCLEAN;
	record->source = PASSWORD_FROM_JAUTH;
	record->usable = password_hash_is_usable(account.hash);
	record->must_change = account.must_change ||
		(account.password_expires_s > 0 && now_s >= account.password_expires_s);
	if (account.locked || (account.expires_s > 0 && now_s >= account.expires_s))
		operation->is_barred = true;
	return 0;
}

static void run_count(struct job *job, void *db)
{
	struct operation *operation = container_of(job, struct operation, job);
	int64_t wait_s = 0;

	if (throttle_attempt(db, &operation->key, operation->now_s, &wait_s) < 0)
		return;
	if (wait_s > 0)
		operation->is_barred = true;
	if (read_account(db, operation) < 0)
		return;
	operation->result = PASSWORD_WRONG;
}

static int read_sources(struct operation *operation, char *const *words)
{
	for (; words && *words; words++) {
		enum password_source source = PASSWORD_FROM_NOWHERE;

		for (unsigned i = 0; i < SOURCES_MAX; i++)
			if (text_equals(*words, source_words[i].word))
				source = source_words[i].source;
		if (source == PASSWORD_FROM_NOWHERE || operation->n_sources == SOURCES_MAX)
			return -EINVAL;
		operation->sources[operation->n_sources++] = source;
	}
	return operation->n_sources > 0 ? 0 : -EINVAL;
}

int password_check_start(struct password_env *env, const struct password_request *request,
			 const struct secret *password)
{
	_cleanup_operation_ struct operation *operation = NULL;
	int r;

	operation = operation_new(env, request, password);
	if (!operation)
		return -ENOMEM;
	r = read_sources(operation, request->sources);
	if (r < 0)
		return r;
	memcpy(operation->dummy, env->dummy, sizeof(operation->dummy));
	throttle_key_make(store_key(env->store), request->scope, request->user->name,
			  request->source, &operation->key);
	operation->job.run = run_count;
	operation->job.done = on_counted;
	r = take_turn(operation) ? store_add(env->store, &operation->job) : 0;
	if (r == 0)
		(void)steal(&operation);
	else
		(void)leave(operation);
	return r;
}

/* --- set --- */

static void run_keep(struct job *job, void *db)
{
	struct operation *operation = container_of(job, struct operation, job);
	int r;

	r = account_set_hash(db, operation->user, operation->uid, operation->account.hash, false,
			     operation->now_s, operation->expires_s);
	if (r == 0)
		operation->result = PASSWORD_CHANGED;
	else if (r == -ENOENT)
		operation->result = PASSWORD_NOT_OURS;
}

static void on_hashed(struct job *job)
{
	struct operation *operation = container_of(job, struct operation, job);

	job->run = run_keep;
	job->done = on_last_stage;
	if (operation->account.usable && store_add(operation->env->store, job) == 0)
		return;
	operation_end(operation);
}

static void run_hash(struct job *job, void *context UNUSED)
{
	struct operation *operation = container_of(job, struct operation, job);
	int r;

	r = password_hash_make(operation->password, operation->hash_prefix,
			       operation->account.hash, sizeof(operation->account.hash));
	operation->password = secret_free(operation->password);
	operation->account.usable = r == 0;
	if (r < 0)
		log_error("password: cannot be hashed: %s", strerror(-r));
}

int password_set_start(struct password_env *env, const struct password_request *request,
		       const struct secret *password)
{
	_cleanup_operation_ struct operation *operation = NULL;
	int r;

	if (!request->user->exists)
		return -ENOENT;
	operation = operation_new(env, request, password);
	if (!operation)
		return -ENOMEM;
	operation->job.run = run_hash;
	operation->job.done = on_hashed;
	r = workers_add(env->hashers, &operation->job);
	if (r == 0)
		(void)steal(&operation);
	return r;
}
