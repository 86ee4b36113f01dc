/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One listing of a directory, on the loop: takes what a provider tells (login_list_…), finds out
 * which departments are as they were, and hands the others to the store, one at a time and whole.
 *
 * Whatever cannot be right ends it with a fault: then nothing of it counts.
 */
#pragma once

#include "jauthd/config.h"
#include "jauthd/directory-stage.h"
#include "jauthd/store.h"
#include "providers/provider.h"

struct listing;

struct listing_start {
	struct store *store;
	struct config *config;           /* a reference is taken */
	const struct method *method;     /* of it, with a directory's rule */
	int64_t now_s;
	bool takes_listed;               /* one that a sysadmin was asked about counts */
	bool begins_anew;                /* an earlier one that counts not yet is dropped */
	/* Called once, on the loop, when it may begin: 0, or -errno of the store. */
	void (*ready)(void *context, int error);
	/* Called once after listing_end(), when all is in the store. */
	void (*kept)(void *context);
	int64_t (*now_ms)(void *context);
	void *context;
};

/* Reads what is known; `ready` is called later. -ENOBUFS. */
int listing_new(const struct listing_start *start, struct listing **ret_listing);
/* Also while jobs are under way: they end by themselves, and call nobody. NULL is fine. */
struct listing *listing_free(struct listing *listing);

/* What the store had, from `ready` on. */
const struct directory_row *listing_row(const struct listing *listing);

/* The provider's: see provider.h. After a fault they do nothing. */
void listing_department(struct listing *listing, const struct listed_department *department);
void listing_member(struct listing *listing, const struct listed_member *member);
/* The same of somebody in a list: with his number, and what that is found by as his mark. */
struct listing_number {
	const unsigned char *sealed;
	size_t len;
};
void listing_numbered_member(struct listing *listing, const struct listed_member *member,
			     const struct listing_number *number);
void listing_done(struct listing *listing, const char *department);
bool listing_is_done(const struct listing *listing, const char *department);
const char *listing_name(const struct listing *listing, const char *department);

/* NULL: none so far. */
const char *listing_fault(const struct listing *listing);
/* The fault lies in what was told: it is not to be gone on with. */
bool listing_is_bad(const struct listing *listing);
/* The provider ended: `fault` or NULL. */
void listing_end(struct listing *listing, const char *fault);
/* After `kept` and without a fault: some department is not as it was, or gone. Otherwise nothing
 * was written. */
bool listing_has_changes(const struct listing *listing);

struct listing_progress {
	size_t n_departments, n_done, n_members;
};
void listing_get_progress(const struct listing *listing, struct listing_progress *ret_progress);

/* What departments and members depend on in the configuration. */
int listing_seed(const struct config *config, const struct method *method,
		 unsigned char ret_seed[SHA256_BYTES]);
