/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One member in a pass of directory-apply.h: what the store has of him, and what is told of him. */
#pragma once

#include "jauthd/directory-apply.h"
#include "jauthd/people.h"

struct member {
	struct stage_member old, new;    /* `new` as told, then as it will be kept */
	bool has_old, is_there;
	char **old_places, **new_places;
	size_t n_same;
	struct person person;
	bool has_person;
	bool is_locked, is_locked_by_us; /* the identity */
	bool was_active;
};

/* -ENOENT: there is no such member. -EBADMSG: the listing contradicts itself, pass->fault says how.
 * Whatever comes, member_done(). */
int member_read(struct directory_pass *pass, const char *subject, struct member *member);
/* Only the lock of the identity in `new`, and its person. */
int member_read_identity(struct directory_pass *pass, struct member *member);
void member_done(struct member *member);

/* MEMBER_*, as he is to be kept: gone, and outside what the method allows, too. */
int member_state(const struct directory_pass *pass, const struct member *member);
/* In this state, and nobody else decides it. */
bool member_has_our_person(const struct directory_pass *pass, const struct member *member,
			   enum person_state state);
/* The id belongs to another human than before. */
bool member_is_somebody_else(const struct member *member);
