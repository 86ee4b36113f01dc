/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * People: Unix users that jauth made and serves, one for one identity. Store thread only.
 *
 *   ACTIVE    may log in
 *   LOCKED    may not, until what locked him is over: a directory no longer has him, or a sysadmin
 *   GONE      nobody: name and identity may be somebody's again, the uid never
 *
 * Every function works in the caller's transaction. Only people*.c write these tables. After a
 * commit that changed something: publish_now(), so that name sources tell of it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/url.h"
#include "jauthd/config.h"
#include "jauthd/host-ids.h"
#include "jauthd/limits.h"
#include "jauthd/names.h"
#include "jauthd/store.h"

#define PERSON_NAME_MAX 31               /* [a-z][a-z0-9_-]{0,30} */
#define PERSON_HOME_USER "{user}"        /* in a home: his name */

enum person_state {
	PERSON_ACTIVE,
	PERSON_LOCKED,
	PERSON_GONE,
};

struct person {
	uint32_t uid;
	char name[PERSON_NAME_MAX + 1];
	char issuer[URL_MAX + 1], subject[IDENTITY_TEXT_MAX + 1];
	/* What stays the same for one human being when his subject could be given to another one:
	 * a union id, else the name in the directory; "": not known. */
	char mark[IDENTITY_TEXT_MAX + 1];
	char real_name[IDENTITY_TEXT_MAX + 1];   /* for the record's comment: no ':' or control
						  * characters; chosen by the person */
	char home[256], shell[256];      /* absolute */
	char source[METHOD_ID_MAX + 1];
	char structure[PERSON_NAME_MAX + 1];
	enum person_state state;
	char reason[AUDIT_TEXT_MAX];     /* of PERSON_LOCKED */
	int64_t created_s, changed_s;
};

/* [a-z][a-z0-9_-]{0,30} */
bool person_name_is_right(const char *name);

/* None of these finds one who is gone. 0, -ENOENT, -errno. */
int person_by_name(struct db *db, const char *name, struct person *ret_person);
int person_by_uid(struct db *db, uint32_t uid, struct person *ret_person);
int person_by_identity(struct db *db, const char *issuer, const char *subject,
		       struct person *ret_person);

/* Fills in what the configuration says of a new one whose name is there: home, shell, structure and
 * source. -EINVAL: the home is too long. */
int person_set_rule(const struct config *config, const struct method *method,
		    struct person *person);
/* A name that a person chose, cut and cleaned: nothing in it ends a field or a line. NULL is "". */
void person_set_real_name(struct person *person, const char *text);

/* Makes a new one, of everything but uid, state and times, which are filled in: the uid by the
 * configuration's rule. His primary group and structure get their numbers, too. The name was looked
 * at before: name_claim_fault(). 0, or
 *   -EEXIST      name or identity are somebody's already
 *   -EADDRINUSE  the uid is another one's, be he gone, or the host's own: an override must settle
 *                it; or the primary group is one of the host's own
 *   -ENOSPC      local: no uid is left
 *   -EINVAL      a name, home or text that could not stand in a line of passwd(5)
 * and then he is not there; groups that were made stay. */
int person_add(struct db *db, const struct config *config, const struct host_ids *host,
	       int64_t now_s, struct person *person);
/* The uid that person_add() would take; changes nothing. The same results: an override's, else by
 * the rule, which for one identity, in a fleet, is the same on every host and at every time. */
int person_choose_uid(struct db *db, const struct config *config, const struct host_ids *host,
		      const char *issuer, const char *subject, uint32_t *ret_uid);
/* What it is on every host of a fleet, whether it is free or not. -ENOENT: the configuration does
 * not settle it. */
int person_fleet_uid(const struct config *config, const char *issuer, const char *subject,
		     uint32_t *ret_uid);
/* Real name, home, shell, structure and mark of the person with this uid; 0 also when nothing
 * changes, and then nothing is written. */
int person_update(struct db *db, const struct person *person, int64_t now_s);
/* `reason` for LOCKED. Nothing is written when he is in that state for that reason. GONE takes his
 * groups, too. -ENOENT: there is none, or he is gone already. */
int person_set_state(struct db *db, uint32_t uid, enum person_state state, const char *reason,
		     int64_t now_s);
/* Gives him another uid; the old one stays a tombstone. -ENOENT; -EADDRINUSE: it is or was
 * somebody's; -EINVAL: jauth gives out no such number. Whether the host has it is the caller's to
 * look at. */
int person_set_uid(struct db *db, uint32_t old_uid, uint32_t new_uid, int64_t now_s);
/* The provider's groups of a person from one source, instead of those he had from it, in any order.
 * Nothing is written when they are the same. -E2BIG: more than PERSON_GROUPS_MAX. */
int person_set_groups(struct db *db, uint32_t uid, const char *source, const char *const *ids,
		      size_t n_ids);
/* In the order of uids at most `n` of those behind `after_uid`, so that who goes through all of
 * them does not hold the thread. Until `each` returns non-zero, which is passed on. `each` changes
 * no people. */
int person_slice(struct db *db, uint32_t after_uid, unsigned n,
		 int (*each)(const struct person *person, void *context), void *context);
/* Also those that are gone. */
int person_slice_with_gone(struct db *db, uint32_t after_uid, unsigned n,
			   int (*each)(const struct person *person, void *context), void *context);
/* Of one person; `source` NULL: from all. */
int person_each_group(struct db *db, uint32_t uid, const char *source,
		      int (*each)(const char *source, const char *id, void *context),
		      void *context);

/* The groups of Unix that he is in, primary first: ours that have a number, and the host's own that
 * a [group NAME] gives. The caller frees with list_free(). */
int person_groups(struct db *db, const struct config *config, const struct person *person,
		  char ***ret_groups);
/* As name sources give him, groups by [group NAME] and [accounts] included, also when he is locked.
 * `host_groups`: in which the host itself has him (struct unix_user), copied. The caller frees with
 * unix_user_done(). -ENOENT. */
int person_unix_user(struct db *db, const struct config *config, const char *name,
		     char *const *host_groups, struct unix_user *ret_user);

/* --- groups that jauth serves --- */

/* The number of the group, made when it has none yet. -EADDRINUSE: the host has such a group or
 * number; -ENOSPC. */
int served_group_make(struct db *db, const struct config *config, const struct host_ids *host,
		      const char *name, uint32_t *ret_gid);
int served_group_get(struct db *db, const char *name, uint32_t *ret_gid);        /* -ENOENT */
/* All that ever got a number, by name. */
int served_group_each(struct db *db, int (*each)(const char *name, uint32_t gid, void *context),
		      void *context);
/* Whether [group NAME] gives the group to who has this group of that source. */
bool group_rule_takes(const struct group_rule *rule, const char *source, const char *id);

/* --- locked identities --- */

/* Source of what a sysadmin locked; no ID of a directory. */
#define IDENTITY_LOCK_ADMIN "(sysadmin)"

/* -EEXIST is 0: the first reason stays, but for IDENTITY_LOCK_ADMIN, which takes its place: what a
 * sysadmin locked no directory unlocks. */
int identity_lock(struct db *db, const char *issuer, const char *subject, const char *source,
		  const char *reason, int64_t now_s);
int identity_unlock(struct db *db, const char *issuer, const char *subject);     /* -ENOENT */
int identity_is_locked(struct db *db, const char *issuer, const char *subject, bool *ret_locked);
/* He is, or his identity, whoever locked it. */
int person_is_locked(struct db *db, const struct person *person, bool *ret_locked);
struct identity_lock {
	char source[METHOD_ID_MAX + 1];
	char reason[AUDIT_TEXT_MAX];
	int64_t locked_s;
};
int identity_lock_get(struct db *db, const char *issuer, const char *subject,
		      struct identity_lock *ret_lock);           /* -ENOENT */
