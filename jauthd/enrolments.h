/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * TOTP keys and recovery codes of Unix users. Store thread only. Keys are kept sealed, recovery
 * codes as keyed hashes. A user has one enrolment at a time; that of an earlier user of his name
 * (another uid) is none. All changes touch several rows and belong into the caller's transaction.
 */
#pragma once

#include <stdint.h>

#include "base/totp.h"
#include "jauthd/limits.h"
#include "jauthd/store.h"
#include "providers/provider.h"

/* Instead of any earlier one. -EINVAL: a rule or number of codes out of bounds, an empty key. */
int enrolment_set(struct db *db, const char *user, int64_t uid,
		  const struct totp_enrolment *enrolment, int64_t now_s);
int enrolment_remove(struct db *db, const char *user);           /* -ENOENT */

enum enrolment_match {
	ENROLMENT_NO,
	ENROLMENT_CODE,          /* its step is taken from now on */
	ENROLMENT_RECOVERY,      /* that recovery code is gone */
};
/* Uses up what matches. `entry` is a code's digits, or a recovery code letter by letter as it was
 * set: the provider has folded what was typed. Without an enrolment, or with one that does not
 * open, the same work is done, and the answer is ENROLMENT_NO. */
int enrolment_check(struct db *db, const char *user, int64_t uid, const struct secret *entry,
		    int64_t window, int64_t now_s, enum enrolment_match *ret_match);

struct enrolment_row {
	char user[USER_NAME_MAX + 1];
	int64_t uid, created_s, used_s;
	int64_t n_recovery;              /* codes left */
};
/* `user` NULL: everybody's, by name. */
int enrolment_each(struct db *db, const char *user,
		   int (*each)(const struct enrolment_row *row, void *context), void *context);
