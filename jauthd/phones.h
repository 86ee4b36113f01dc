/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Telephone numbers of Unix users. Store thread only. A number is kept sealed under db_key() and
 * found by a keyed hash, so that neither the page cache nor a core shows it, and leaves the daemon
 * only towards a vendor; everybody else sees it masked.
 */
#pragma once

#include <stdint.h>

#include "base/phone.h"
#include "jauthd/limits.h"
#include "jauthd/store.h"

#define PHONE_LABEL_MAX 32

struct phone_record {
	int64_t id;                      /* never used again */
	char user[USER_NAME_MAX + 1];
	int64_t uid;
	char number[PHONE_SIZE];         /* wiped by phone_record_done() */
	char label[PHONE_LABEL_MAX + 1];
	int64_t created_s, used_s;
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
