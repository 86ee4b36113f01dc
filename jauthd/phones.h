/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Telephone numbers of Unix users. Store thread only. A number is kept sealed under db_key() and
 * found by a keyed hash, so that neither the page cache nor a core shows it, and leaves the daemon
 * only towards a vendor; everybody else sees it masked.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/phone.h"
#include "jauthd/limits.h"
#include "jauthd/store.h"

#define PHONE_LABEL_MAX  32
#define PHONE_SEALED_MAX (PHONE_SIZE + SEAL_BYTES)

struct phone_record {
	int64_t id;                      /* never used again */
	char user[USER_NAME_MAX + 1];
	int64_t uid;
	char number[PHONE_SIZE];         /* wiped by phone_record_done() */
	char label[PHONE_LABEL_MAX + 1];
	int64_t created_s, used_s;
	char source[METHOD_ID_MAX + 1];  /* method whose list has it; "": none, added by hand */
};

void phone_record_done(struct phone_record *record);
/* -EEXIST: the user has it already. ret_id may be NULL. At most PHONES_PER_USER_MAX: -ENOSPC. */
int phone_add(struct db *db, const struct phone_record *record, int64_t *ret_id);
int phone_remove(struct db *db, int64_t id);                     /* -ENOENT */
/* -ENOENT. A number that does not open is "". */
int phone_get(struct db *db, int64_t id, struct phone_record *ret_record);
int phone_used(struct db *db, int64_t id, int64_t now_s);         /* -ENOENT */
/* `user` NULL: everybody's. With `uid` -1 whatever the uid. The oldest first, until `each` returns
 * non-zero, which is passed on. A number that does not open is logged and left out. */
int phone_each(struct db *db, const char *user, int64_t uid,
	       int (*each)(const struct phone_record *record, void *context), void *context);

/* A number as it is kept, and what it is found by: the same for one number in one database. */
int phone_seal(struct db *db, const char *number, struct buf *ret_sealed);
int phone_hash(struct db *db, const char *number, unsigned char ret_hash[SHA256_BYTES]);
/* In the caller's transaction: the number that `source` has for the user, sealed, instead of any
 * other that it had. User, uid, source, label and created_s of `record` count. Nothing is written
 * when it is so already. -ENOSPC: he has too many; -EUCLEAN: it does not open. */
int phone_set_listed(struct db *db, const struct phone_record *record, const void *sealed,
		     size_t len);
int phone_drop_listed(struct db *db, const char *user, int64_t uid, const char *source);
