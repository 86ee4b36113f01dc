/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See directory-member.h. */
#include "jauthd/directory-member.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* --- reading --- */

/* Not another directory's. What one left behind that the configuration has no more is ours, and so
 * is whom a login made. */
static bool is_ours(const struct directory_pass *pass, const char *source)
{
	const struct method *method = config_method(pass->config, source);

	return text_equals(source, pass->method->id) || !method || !method->directory;
}

static int read_lock(struct directory_pass *pass, struct member *member)
{
	struct query *query;
	int r;

	query = query_new(pass->db, "SELECT source FROM locked_identities"
				    " WHERE issuer = ?1 AND subject = ?2");
	query_text(query, 1, member->new.issuer);
	query_text(query, 2, member->new.subject);
	r = query_step(query);
	member->is_locked = r == 1;
	member->is_locked_by_us = r == 1 &&
				  !text_equals(query_column_text(query, 0), IDENTITY_LOCK_ADMIN) &&
				  is_ours(pass, query_column_text(query, 0));
	query_done(query);
	return r < 0 ? r : 0;
}

static int read_person(struct directory_pass *pass, struct member *member)
{
	int r = person_by_identity(pass->db, member->new.issuer, member->new.subject,
				   &member->person);

	member->has_person = r == 0;
	return r == -ENOENT ? 0 : r;
}

int member_read_identity(struct directory_pass *pass, struct member *member)
{
	int r = read_lock(pass, member);

	return r == 0 ? read_person(pass, member) : r;
}

static bool tells_the_same(const struct stage_member *a, const struct stage_member *b)
{
	return text_equals(a->issuer, b->issuer) && text_equals(a->display, b->display) &&
	       text_equals(a->mark, b->mark) && a->state == b->state;
}

/* Told anew for one department and as before for another one: one of the two is not true. */
static int check_told(struct directory_pass *pass, const struct member *member)
{
	if (!member->has_old || !member->n_same || tells_the_same(&member->old, &member->new) ||
	    member->old.state == MEMBER_FILTERED)
		return 0;
	(void)text_into(pass->fault, sizeof(pass->fault),
			"a member was told of in two ways, for two departments");
	return -EBADMSG;
}

/* In the order of departments, for what they are compared with. */
static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Without a round 1 he is where he was. */
static int copy_places(struct member *member)
{
	member->new_places = list_free(member->new_places);
	for (size_t i = 0; member->old_places && member->old_places[i]; i++)
		if (list_add(&member->new_places, member->old_places[i]) < 0)
			abort();
	return 0;
}

int member_read(struct directory_pass *pass, const char *subject, struct member *member)
{
	const char *id = pass->method->id;
	int r = stage_get_places(pass->db, id, subject, &member->old_places, &member->new_places,
				 &member->n_same);
	bool is_told;

	if (r == 0 && pass->retries)
		r = copy_places(member);
	if (r < 0)
		return r;
	if (member->new_places)
		qsort(member->new_places, list_length(member->new_places), sizeof(char *),
		      by_text);
	r = stage_get_member(pass->db, id, 0, subject, &member->old);
	member->has_old = r == 0;
	if (r < 0 && r != -ENOENT)
		return r;
	r = pass->retries ? -ENOENT : stage_get_member(pass->db, id, 1, subject, &member->new);
	is_told = r == 0;
	if (r < 0 && r != -ENOENT)
		return r;
	if (!is_told && !member->has_old)
		return -ENOENT;
	r = is_told ? check_told(pass, member) : 0;
	if (!is_told)
		member->new = member->old;
	member->is_there = member->new_places != NULL;
	member->was_active = member->has_old && member->old.state == MEMBER_ACTIVE;
	return r == 0 ? member_read_identity(pass, member) : r;
}

void member_done(struct member *member)
{
	list_free(member->old_places);
	list_free(member->new_places);
}

/* --- what it means --- */

/* He is in the organisation, but neither he nor any department that he is in may. */
static bool is_filtered(const struct directory_pass *pass, const struct member *member)
{
	char *const *identities = pass->method->identities_allowed;
	char *const *allowed = pass->method->groups_allowed;

	if (identities && !list_has(identities, member->new.subject))
		return true;
	for (size_t i = 0; allowed && member->new_places && member->new_places[i]; i++)
		if (list_has(allowed, member->new_places[i]))
			return false;
	return allowed != NULL;
}

int member_state(const struct directory_pass *pass, const struct member *member)
{
	if (!member->is_there)
		return MEMBER_LEFT;
	if (member->new.state == MEMBER_FILTERED)
		return is_filtered(pass, member) ? MEMBER_FILTERED : MEMBER_ACTIVE;
	if (member->new.state == MEMBER_ACTIVE && is_filtered(pass, member))
		return MEMBER_FILTERED;
	return member->new.state;
}

bool member_has_our_person(const struct directory_pass *pass, const struct member *member,
			   enum person_state state)
{
	return member->has_person && member->person.state == state &&
	       is_ours(pass, member->person.source);
}

/* A vendor without an id that outlives a subject tells his name, and names change; numbers of a
 * list do, too. Only of somebody who was there all the time, and whose name or number that was, it
 * is believed. */
static bool is_renamed(const struct member *member)
{
	const struct stage_member *old = &member->old;

	if (old->number_len && member->new.number_len)
		return member->was_active && text_equals(old->mark, old->holder);
	return member->was_active && text_equals(old->mark, old->holder) &&
	       text_equals(old->mark, old->display) &&
	       text_equals(member->new.mark, member->new.display);
}

bool member_is_somebody_else(const struct member *member)
{
	const char *holder = member->has_person && member->person.mark[0] ? member->person.mark :
			     member->has_old ? member->old.holder : "";

	return holder[0] && member->new.mark[0] && !text_equals(holder, member->new.mark) &&
	       !is_renamed(member);
}
