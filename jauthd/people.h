/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * People: Unix users that jauth made and serves, one for one identity. Store thread only.
 *
 *   ACTIVE    may log in
 *   LOCKED    may not, until what locked him is over: a directory no longer has him, or a sysadmin
 *   GONE      nobody: name and identity may be somebody's again, the uid never
 *
 * Every function works in the caller's transaction. Only people.c writes these tables.
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

/* None of these finds one who is gone. 0, -ENOENT, -errno. */
int person_by_name(struct db *db, const char *name, struct person *ret_person);
int person_by_uid(struct db *db, uint32_t uid, struct person *ret_person);
int person_by_identity(struct db *db, const char *issuer, const char *subject,
		       struct person *ret_person);

/* Makes a new one, of everything but uid, state and times, which are filled in: the uid by the
 * configuration's rule. The name was looked at before: name_claim_fault(). 0, or
 *   -EEXIST      name or identity are somebody's already
 *   -EADDRINUSE  fleet: the uid is another one's; an override must settle it
 *   -ENOSPC      local: no uid is left */
int person_add(struct db *db, const struct config *config, const struct host_ids *host,
	       int64_t now_s, struct person *person);
/* The uid that person_add() would take; changes nothing. The same results. */
int person_choose_uid(struct db *db, const struct config *config, const struct host_ids *host,
		      const char *issuer, const char *subject, uint32_t *ret_uid);
/* Real name, home, shell, structure and mark of the person with this uid; 0 also when nothing
 * changes, and then nothing is written. */
int person_update(struct db *db, const struct person *person, int64_t now_s);
/* `reason` for LOCKED. Nothing is written when he is in that state for that reason. -ENOENT. */
int person_set_state(struct db *db, uint32_t uid, enum person_state state, const char *reason,
		     int64_t now_s);
/* The provider's groups of a person from one source, instead of those he had from it. Nothing is
 * written when they are the same. */
int person_set_groups(struct db *db, uint32_t uid, const char *source, const char *const *ids,
		      size_t n_ids);
/* `source` NULL: all. In the order of uids; also those that are gone with `with_gone`. Until `each`
 * returns non-zero, which is passed on. */
int person_each(struct db *db, const char *source, bool with_gone,
		int (*each)(const struct person *person, void *context), void *context);

/* As name sources give him, groups by [group NAME] and [accounts] included. The caller frees with
 * unix_user_done(). -ENOENT. */
int person_unix_user(struct db *db, const struct config *config, const char *name,
		     struct unix_user *ret_user);

/* Locked identities. -EEXIST is 0: the first reason stays. */
int identity_lock(struct db *db, const char *issuer, const char *subject, const char *source,
		  const char *reason, int64_t now_s);
int identity_unlock(struct db *db, const char *issuer, const char *subject);     /* -ENOENT */
int identity_is_locked(struct db *db, const char *issuer, const char *subject, bool *ret_locked);
