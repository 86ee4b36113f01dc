/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Break-glass codes of Unix users, for the day the usual ways fail, and the one code a sysadmin
 * gives to somebody who lost his. Store thread only. What comes in as a code's hash is the SHA-256
 * of its letters, so that whoever makes codes need not let them out; what is kept is a keyed hash
 * of that. All changes touch several rows and belong into the caller's transaction.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/secret.h"
#include "jauthd/limits.h"
#include "jauthd/store.h"

struct glass_hash {
	unsigned char bytes[SHA256_BYTES];
};

/* Instead of any earlier ones of this name; the code of a recovery stays. -EINVAL: none, or too
 * many. */
int glass_set(struct db *db, const char *user, int64_t uid, const struct glass_hash *hashes,
	      size_t n_hashes, int64_t now_s);
/* One more code, for GLASS_RECOVERY_S, instead of an earlier one of the kind. */
int glass_set_recovery(struct db *db, const char *user, int64_t uid,
		       const struct glass_hash *hash, int64_t now_s);
/* All codes, and what a recovery let him do. -ENOENT */
int glass_remove(struct db *db, const char *user);

enum glass_match {
	GLASS_NO,                        /* wrong, used, over, or no such user: one answer */
	GLASS_CODE,                      /* and it is gone */
	GLASS_RECOVERY,                  /* the same; from now on he may link once, see below */
};
/* `entry`: the letters, as they were made. */
int glass_take(struct db *db, const char *user, int64_t uid, const struct secret *entry,
	       int64_t now_s, enum glass_match *ret_match);

/* Whether a recovery lets this user link an identity without proving himself: for GLASS_LINK_S
 * after its code was taken, until he has linked one. */
int glass_may_link(struct db *db, const char *user, int64_t uid, int64_t now_s, bool *ret_may);
/* He has. -ENOENT: he may not. */
int glass_linked(struct db *db, const char *user, int64_t uid, int64_t now_s);

struct glass_row {
	char user[USER_NAME_MAX + 1];
	int64_t uid, created_s, used_s;          /* 0: never */
	int64_t n_codes;                         /* left */
	int64_t recovery_until_s;                /* that code is open; 0: none */
};
/* `user` NULL: everybody's, by name. */
int glass_each(struct db *db, const char *user, int64_t now_s,
	       int (*each)(const struct glass_row *row, void *context), void *context);
