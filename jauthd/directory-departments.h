/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The departments of one listing, found by id: what they were, and what is told of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"

struct department {
	char *id, *parent, *name;        /* "" for none */
	int64_t named_s;
	unsigned char digest[SHA256_BYTES];      /* of its members as they were applied */
	unsigned char new_digest[SHA256_BYTES];
	bool was_applied;                /* it is in round 0 */
	bool is_told, is_changed;        /* now; otherwise than it was */
	bool is_done, is_same;           /* its members were told of; as they were */
	bool is_kept;                    /* the store knows that it is done */
	bool is_pending;                 /* the store does not know all of it yet */
};

struct departments {
	struct department **rows;        /* in the order in which they came */
	size_t n, size;
	uint32_t *buckets;               /* hash → index + 1; 0: free */
	size_t n_buckets;                /* a power of two, more than twice n */
};

void departments_done(struct departments *departments);
struct department *departments_find(const struct departments *departments, const char *id);
/* The one of this id, made when there is none; NULL: there are DIRECTORY_DEPARTMENTS_MAX. */
struct department *departments_get(struct departments *departments, const char *id);
/* A department whose parents lead back to it; NULL: none. */
const struct department *departments_find_loop(const struct departments *departments);
