/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Uids that a fleet's rule or an override gives to two, or to somebody beside the host's own, or
 * that somebody should have and has not. Computed over people, and over whoever else is told of:
 * members of a directory who are nobody yet. They are read slice by slice; who changes in between
 * counts as he was or as he is. One thread at a time; the store's where it has a database.
 */
#pragma once

#include "jauthd/people.h"

struct collisions;

struct collision {
	uint32_t uid;
	const char *name, *issuer, *subject;     /* lent */
	char fault[AUDIT_TEXT_MAX];      /* "is the uid of zhang, too" */
};

/* `config` and `host` are lent until collisions_free(). */
struct collisions *collisions_new(const struct config *config, const struct host_ids *host);
struct collisions *collisions_free(struct collisions *collisions);       /* NULL is fine */
/* Who is no person yet; `name` by the rule. Told twice is told once. 0 or -errno. */
int collisions_add(struct collisions *collisions, const char *name, const char *issuer,
		   const char *subject);
/* The next `n` people, and those who are gone. 1: there may be more. */
int collisions_add_people(struct collisions *collisions, struct db *db, unsigned n);
/* By uid, until `each` returns non-zero, which is passed on. */
int collisions_each(struct collisions *collisions,
		    int (*each)(const struct collision *collision, void *context), void *context);
