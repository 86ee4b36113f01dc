/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Accounts kept by jauth and the links from identities to Unix users. Store thread only.
 * A Unix user is always a name and a uid: a user made again under an old name is another one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "jauthd/limits.h"
#include "jauthd/store.h"

struct account {
	char user[USER_NAME_MAX + 1];
	int64_t uid;
	char hash[384];          /* crypt(5); "": no password. Wiped by account_done() */
	bool locked;
	bool must_change;
	int64_t expires_s;       /* wall clock; 0: never */
	int64_t password_expires_s;      /* 0: never */
	int64_t created_s, changed_s;
};

void account_done(struct account *account);
/* 0, -ENOENT, -errno. A row whose uid differs is -ESTALE: it belonged to an earlier user. */
int account_get(struct db *db, const char *user, int64_t uid, struct account *ret_account);
int account_add(struct db *db, const struct account *account);           /* -EEXIST */
int account_remove(struct db *db, const char *user);                     /* -ENOENT */
int account_set_hash(struct db *db, const char *user, int64_t uid, const char *hash,
		     bool must_change, int64_t now_s, int64_t password_expires_s);
int account_set_locked(struct db *db, const char *user, bool locked);
int account_set_must_change(struct db *db, const char *user, bool must_change);
int account_set_expiry(struct db *db, const char *user, int64_t expires_s);
/* Calls `each` in the order of the names until it returns non-zero, which is passed on. */
int account_each(struct db *db, int (*each)(const struct account *account, void *context),
		 void *context);

struct link {
	int64_t id;
	char *issuer, *subject;  /* compared as bytes, whole */
	char *user;
	int64_t uid;
	char *note;              /* sysadmin's; or "" */
	char *origin;            /* "admin", "import", "request", "self" */
	int64_t created_s, used_s;
	bool pending;            /* lets nobody in before its user confirms it, see requests.h */
	/* Of the login that asked for it, while it is pending; else "". Read only. */
	char *request, *method, *display, *source;
};

void link_done(struct link *link);
/* True when (issuer, subject) is linked to exactly this user and uid, and not only pending.
 * `ret_linked` on 0 only. */
int link_matches(struct db *db, const char *issuer, const char *subject, const char *user,
		 int64_t uid, bool *ret_linked);
int link_touch(struct db *db, const char *issuer, const char *subject, const char *user,
	       int64_t now_s);
/* -EEXIST. ret_id may be NULL. One in force takes the place of a pending one. */
int link_add(struct db *db, const struct link *link, int64_t *ret_id);
int link_get(struct db *db, int64_t id, struct link *ret_link);          /* -ENOENT */
/* From now on it is in force. -ENOENT: there is no pending one of exactly this user and uid. */
int link_confirm(struct db *db, int64_t id, const char *user, int64_t uid);
int link_remove(struct db *db, int64_t id);                              /* -ENOENT */
/* `user` NULL: all. */
int link_each(struct db *db, const char *user, int (*each)(const struct link *link, void *context),
	      void *context);
