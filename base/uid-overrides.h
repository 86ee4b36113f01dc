/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Uids that were settled by hand, one file for all hosts of a fleet:
 *
 *   # comment
 *   ISSUER SUBJECT UID
 *   group NAME GID
 *
 * The issuer has no blanks, the uid stands behind the last ones, the subject is what is between
 * (and may have some). Read strictly: no identity and no number twice, no number outside what jauth
 * gives out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/conf.h"

/* The numbers that jauth gives out, on one host and in a fleet. */
#define UID_LOCAL_FIRST 65536u
#define UID_LOCAL_LAST  199999u
#define UID_FLEET_FIRST 0x78000000u
#define UID_FLEET_LAST  0x7ffffffeu

#define UID_OVERRIDES_MAX       10000
#define UID_OVERRIDES_BYTES_MAX (8 * 1024 * 1024)
#define UID_OVERRIDES_GROUP     "group"  /* what an issuer cannot be called */

struct uid_overrides;

bool uid_is_ours(int64_t uid);

/* What is right of `text`; each mistake goes into the report under `name`. The caller frees. */
struct uid_overrides *uid_overrides_parse(const char *text, size_t len, const char *name,
					  struct conf_report *report);
/* A regular file, not writable by others than its owner, who is root or us. 0, or -errno with a
 * sentence in the report. */
int uid_overrides_read(const char *path, struct uid_overrides **ret_overrides,
		       struct conf_report *report);
struct uid_overrides *uid_overrides_free(struct uid_overrides *overrides);       /* NULL is fine */
size_t uid_overrides_count(const struct uid_overrides *overrides);
/* False: nothing is settled for it. `overrides` may be NULL. */
bool uid_overrides_find(const struct uid_overrides *overrides, const char *issuer,
			const char *subject, uint32_t *ret_uid);

/* `text` with this row instead of the identity's own, or behind the others; comments stay.
 * -EINVAL: an issuer or subject that no row can hold. */
int uid_overrides_set(const char *text, size_t len, const char *issuer, const char *subject,
		      uint32_t uid, struct buf *ret_text);
