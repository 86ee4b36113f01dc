/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a directory tells, in the store: round 0 as it was applied, round 1 as the listing under way
 * has it. Store thread only; every function works in the caller's transaction.
 *
 * Round 1 holds departments whose members are not those of round 0, whole. All other departments
 * that were told of are marked as the same. So a listing without changes writes nothing, and
 * killed at any moment it goes on with the departments that it has.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "jauthd/limits.h"
#include "jauthd/phones.h"
#include "jauthd/store.h"
#include "providers/provider.h"

enum directory_stage {
	DIRECTORY_IDLE,
	DIRECTORY_LISTING,
	DIRECTORY_LISTED,        /* whole; a sysadmin is asked whether it counts */
	DIRECTORY_APPLYING,      /* it counts; killed now, it goes on after `at` */
};

/* Beyond the states that providers know. */
enum { MEMBER_FILTERED = MEMBER_LEFT + 1 };

struct directory_row {
	enum directory_stage stage;
	int64_t began_s, tried_s, synced_s;
	unsigned char seed[SHA256_BYTES];
	char at[IDENTITY_TEXT_MAX + 1];
	char result[AUDIT_TEXT_MAX];
};

struct stage_department {
	const char *id, *parent, *name;
	int64_t named_s;
};

struct stage_member {
	char subject[IDENTITY_TEXT_MAX + 1], issuer[IDENTITY_TEXT_MAX + 1];
	char name[32];                   /* by the rule; "": it makes none */
	char display[IDENTITY_TEXT_MAX + 1], mark[IDENTITY_TEXT_MAX + 1];
	char holder[IDENTITY_TEXT_MAX + 1];
	int state;                       /* enum member_state, or MEMBER_FILTERED */
	char fault[AUDIT_TEXT_MAX];
	/* Of one who stands in a list: his telephone number as phone_seal() has it. The mark is
	 * then what it is found by, so that two numbers are told apart by that. */
	unsigned char number[PHONE_SEALED_MAX];
	size_t number_len;               /* 0: none */
};

/* Zeroed when there is none yet. */
int stage_get(struct db *db, const char *directory, struct directory_row *ret_row);
int stage_set(struct db *db, const char *directory, const struct directory_row *row);
/* Drops round 1, so many members and places at most. 1: there may be more, which nothing counts for
 * any more and the next listing must drop before it begins. */
int stage_clear(struct db *db, const char *directory, size_t n_max);

/* Into round 1. Again: the later one counts. */
int stage_add_department(struct db *db, const char *directory,
			 const struct stage_department *department);
/* -EBADMSG: told otherwise for another department. */
int stage_add_member(struct db *db, const char *directory, const struct stage_member *member);
int stage_add_place(struct db *db, const char *directory, const char *subject,
		    const char *department);
/* Before the members of a department are added some of whom may have been kept before. */
int stage_clear_department(struct db *db, const char *directory, const char *department);
int stage_mark_done(struct db *db, const char *directory, const char *department, bool is_same,
		    const unsigned char digest[SHA256_BYTES]);

/* Departments of a round with their digests, and those that are done. */
int stage_each_department(struct db *db, const char *directory, int round,
			  int (*each)(const struct stage_department *department,
				      const unsigned char *digest, void *context), void *context);
int stage_each_done(struct db *db, const char *directory,
		    int (*each)(const char *department, bool is_same, void *context),
		    void *context);
/* All departments of round 1 become those of round 0, which keeps its others only when they were
 * told of; then round 1 is dropped. */
int stage_finish(struct db *db, const char *directory);

/* How far places of round 0 were looked through for those whom round 1 affects, so that none is
 * looked at twice, and how many more may be: whoever waits for the store waits for them. Zeroed but
 * for `n_rows`. It holds while nothing behind the subjects that were returned is changed. */
struct stage_scan {
	size_t n_rows;
	enum stage_scan_end {
		STAGE_SCAN_NONE,
		STAGE_SCAN_FOUND,        /* `to` is affected */
		STAGE_SCAN_CUT,          /* nobody is up to `to`, behind it may be more */
		STAGE_SCAN_ALL,          /* nobody is beyond `from` */
	} end;
	char from[IDENTITY_TEXT_MAX + 1], to[IDENTITY_TEXT_MAX + 1];
};

/* Whom round 1 may have changed, in order, beyond `after`; also those of round 0 with a fault.
 * 1: one is written; 0: none is left; 2: nobody is up to the one that is written, who may be
 * `after`, and `scan` has no more rows. */
int stage_next_affected(struct db *db, const char *directory, const char *after,
			struct stage_scan *scan, char ret_subject[IDENTITY_TEXT_MAX + 1]);
/* The same of those with a fault alone. */
int stage_next_faulty(struct db *db, const char *directory, const char *after,
		      char ret_subject[IDENTITY_TEXT_MAX + 1]);
/* -ENOENT. */
int stage_get_member(struct db *db, const char *directory, int round, const char *subject,
		     struct stage_member *ret_member);
/* Writes nothing when it is there already. */
int stage_put_member(struct db *db, const char *directory, const struct stage_member *member);
/* Departments of round 0, and those that he is in by round 1 and what is the same. The caller frees
 * the lists. `ret_n_same`: places of round 0 that stay. */
int stage_get_places(struct db *db, const char *directory, const char *subject, char ***ret_old,
		     char ***ret_new, size_t *ret_n_same);
/* He is done with: nothing of him is left in round 1, so that there is little to drop at its
 * end. */
int stage_drop_member(struct db *db, const char *directory, const char *subject);
/* Round 0 from now on. */
int stage_put_places(struct db *db, const char *directory, const char *subject,
		     char *const *old_places, char *const *new_places);
/* Of the next `n_max` members of round 0 of all directories behind `at`, which is moved on, those
 * who are Unix users or are to become some. 1: there may be more; else 0, -errno, or what `each`
 * returned. */
struct stage_at {
	char directory[METHOD_ID_MAX + 1], subject[IDENTITY_TEXT_MAX + 1];
};
int stage_each_user(struct db *db, struct stage_at *at, size_t n_max,
		    int (*each)(const char *name, const char *issuer, const char *subject,
				void *context), void *context);
/* The directory that knows the identity as one who may not log in. -ENOENT: none does. */
int stage_find_locking(struct db *db, const char *issuer, const char *subject,
		       char ret_directory[METHOD_ID_MAX + 1]);
/* Members of round 0 who may log in. */
int stage_count_active(struct db *db, const char *directory, int64_t *ret_n);
