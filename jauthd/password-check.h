/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Checks or sets a user's password without holding up the loop: one operation that goes from the
 * store (count the attempt, read the account) to a hash thread (shadow entry, hash) and back to the
 * store (take the count back). The verdict is told on the loop, by numbers.
 *
 * A verdict waits for its count: nothing is compared before the attempt is in the database.
 * Everybody costs the same work: an unknown, locked, expired or paused user, or one without
 * password, has a hash compared that no password matches.
 */
#pragma once

#include <stdint.h>

#include "base/secret.h"
#include "jauthd/names.h"
#include "jauthd/password.h"
#include "jauthd/store.h"
#include "providers/provider.h"

struct operation;

typedef void (*password_done_fn)(void *context, uint64_t owner, uint32_t number,
				 enum password_result result);

/* Must outlive the operations. At the end stop the hashers, stop the store, then free: an
 * operation goes from one to the other. */
struct password_env {
	struct store *store;
	struct workers *hashers;
	const char *hash_prefix;         /* of new hashes; NULL: yescrypt */
	char dummy[PASSWORD_HASH_SIZE];  /* by password_hash_dummy() */
	struct operation *checks;        /* password-check.c's own: those that go on */
	password_done_fn done;           /* on the loop, exactly once for each operation */
	void *context;
};

struct password_request {
	uint64_t owner;                  /* come back with the result */
	uint32_t number;
	const struct unix_user *user;    /* who need not exist */
	const char *source;              /* address, tty or "uid N": counted with the user */
	const char *scope;               /* what is counted: "password" */
	char *const *sources;            /* PASSWORD_SOURCE_…; setting: not used */
	int64_t now_s;
	int64_t expires_s;               /* setting: when the new password is over; 0: never */
};

/* Everything is copied. 0 and a result later (RIGHT, WRONG, MUST_CHANGE, NOT_OURS, UNAVAILABLE),
 * or -errno and none. */
int password_check_start(struct password_env *env, const struct password_request *request,
			 const struct secret *password);
/* Hashes it and puts it into the user's account, must-change cleared. Results: CHANGED, NOT_OURS
 * (no account here), UNAVAILABLE. */
int password_set_start(struct password_env *env, const struct password_request *request,
		       const struct secret *password);
