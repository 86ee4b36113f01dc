/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Everybody is put down under the uid that he should have, and people also under the one that they
 * have or had; sorted by uid, those who meet stand side by side.
 */
#include "jauthd/people-collisions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"

enum claim_kind {
	CLAIM_WANTED,                    /* by the fleet's rule or an override */
	CLAIM_HELD,                      /* a person has it */
	CLAIM_TOMBSTONE,                 /* somebody had it */
};

struct claim {
	uint32_t uid, held;              /* `held` of CLAIM_WANTED: 0, he is nobody yet */
	enum claim_kind kind;
	char *name, *issuer, *subject;
};

struct collisions {
	const struct config *config;
	const struct host_ids *host;
	struct claim *claims;
	size_t n, size;
	uint32_t last_uid;               /* of the people that were added */
	unsigned n_slice;
};

struct collisions *collisions_new(const struct config *config, const struct host_ids *host)
{
	struct collisions *collisions = calloc(1, sizeof(*collisions));

	if (!collisions)
		abort();
	collisions->config = config;
	collisions->host = host;
	return collisions;
}

struct collisions *collisions_free(struct collisions *collisions)
{
	if (!collisions)
		return NULL;
	for (size_t i = 0; i < collisions->n; i++) {
		free(collisions->claims[i].name);
		free(collisions->claims[i].issuer);
		free(collisions->claims[i].subject);
	}
	free(collisions->claims);
	free(collisions);
	return NULL;
}

/* --- claims --- */

static void put_down(struct collisions *collisions, const struct claim *claim)
{
	struct claim *copy;

	if (collisions->n == collisions->size) {
		collisions->size = collisions->size ? collisions->size * 2 : 64;
		collisions->claims = reallocarray(collisions->claims, collisions->size,
						  sizeof(*claim));
		if (!collisions->claims)
			abort();
	}
	copy = &collisions->claims[collisions->n++];
	*copy = *claim;
	copy->name = text_copy(claim->name);
	copy->issuer = text_copy(claim->issuer);
	copy->subject = text_copy(claim->subject);
}

static int want(struct collisions *collisions, struct claim claim)
{
	int r = person_fleet_uid(collisions->config, claim.issuer, claim.subject, &claim.uid);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	claim.kind = CLAIM_WANTED;
	put_down(collisions, &claim);
	return 0;
}

int collisions_add(struct collisions *collisions, const char *name, const char *issuer,
		   const char *subject)
{
	return want(collisions, (struct claim){
		.name = (char *)name, .issuer = (char *)issuer, .subject = (char *)subject,
	});
}

static int add_person(const struct person *person, void *context)
{
	struct collisions *collisions = context;
	bool is_gone = person->state == PERSON_GONE;
	struct claim claim = {
		.uid = person->uid, .kind = is_gone ? CLAIM_TOMBSTONE : CLAIM_HELD,
		.name = (char *)person->name, .issuer = (char *)person->issuer,
		.subject = (char *)person->subject,
	};

	collisions->last_uid = person->uid;
	collisions->n_slice++;
	put_down(collisions, &claim);
	claim.held = person->uid;
	return is_gone ? 0 : want(collisions, claim);
}

int collisions_add_people(struct collisions *collisions, struct db *db, unsigned n)
{
	int r;

	collisions->n_slice = 0;
	r = person_slice_with_gone(db, collisions->last_uid, n, add_person, collisions);
	return r < 0 ? r : collisions->n_slice == n;
}

/* --- who meets --- */

static int compare_identities(const struct claim *a, const struct claim *b)
{
	int order = strcmp(a->issuer, b->issuer);

	return order ? order : strcmp(a->subject, b->subject);
}

/* Of one identity's claims the one that knows what he holds comes first. */
static int by_uid(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;
	int order;

	if (left->uid != right->uid)
		return left->uid < right->uid ? -1 : 1;
	if (left->kind != right->kind)
		return (int)left->kind - (int)right->kind;
	order = compare_identities(left, right);
	return order ? order : (right->held > left->held) - (right->held < left->held);
}

static bool is_same_again(const struct collisions *collisions, size_t i)
{
	const struct claim *claim = &collisions->claims[i], *before = claim - 1;

	return i > 0 && before->uid == claim->uid && before->kind == claim->kind &&
	       compare_identities(before, claim) == 0;
}

/* Another identity that has or should have the uid, or else one that had it, be it his own. */
static const struct claim *find_other(const struct collisions *collisions, size_t i, bool is_living)
{
	const struct claim *claim = &collisions->claims[i];
	size_t at = i;

	while (at > 0 && collisions->claims[at - 1].uid == claim->uid)
		at--;
	for (; at < collisions->n && collisions->claims[at].uid == claim->uid; at++) {
		const struct claim *other = &collisions->claims[at];

		if (is_living ? other->kind != CLAIM_TOMBSTONE &&
				compare_identities(other, claim) != 0 :
				other->kind == CLAIM_TOMBSTONE)
			return other;
	}
	return NULL;
}

/* False: nothing is wrong. Both of those who meet are told of: either may be settled. */
static bool find_fault(const struct collisions *collisions, size_t i, struct collision *ret_found)
{
	const struct claim *claim = &collisions->claims[i];
	const struct claim *other = find_other(collisions, i, true);
	const struct claim *tombstone = find_other(collisions, i, false);
	char *fault = ret_found->fault;
	const size_t size = sizeof(ret_found->fault);

	if (other)
		(void)snprintf(fault, size, "%s uid of %s, too",
			       other->kind == CLAIM_HELD ? "is the" : "is to be the", other->name);
	else if (claim->held && claim->held != claim->uid)
		(void)snprintf(fault, size, "is not his uid, which is %u", claim->held);
	else if (!claim->held && tombstone)
		(void)snprintf(fault, size, "was the uid of %s", tombstone->name);
	else if (!claim->held && host_ids_has_id(collisions->host, claim->uid))
		(void)snprintf(fault, size, "is a number of the host's own");
	else
		return false;
	ret_found->uid = claim->uid;
	ret_found->name = claim->name;
	ret_found->issuer = claim->issuer;
	ret_found->subject = claim->subject;
	return true;
}

int collisions_each(struct collisions *collisions,
		    int (*each)(const struct collision *collision, void *context), void *context)
{
	struct collision found;
	int r = 0;

	if (collisions->n)
		qsort(collisions->claims, collisions->n, sizeof(*collisions->claims), by_uid);
	for (size_t i = 0; r == 0 && i < collisions->n; i++)
		if (collisions->claims[i].kind == CLAIM_WANTED && !is_same_again(collisions, i) &&
		    find_fault(collisions, i, &found))
			r = each(&found, context);
	return r;
}
