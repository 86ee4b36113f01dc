/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * identity → may it be this Unix user? Candidates are links ∪ rule; the requested user must be one
 * of them, name and uid, compared whole. Doubt is no.
 *
 * A user whom jauth made is one identity's: its rule leads to him whatever the attributes spell
 * today, and to nobody else; and the rule of another one never leads to him. A locked identity
 * leads to nobody.
 */
#pragma once

#include "jauthd/config.h"
#include "jauthd/names.h"
#include "jauthd/store.h"

enum mapping_result {
	MAPPING_NO,              /* the identity is not this user */
	MAPPING_LINK,
	MAPPING_RULE,
	MAPPING_PERSON,          /* the same, and jauth made the user for this very identity */
	MAPPING_SELF,            /* ISSUER_UNIX from a PROVIDER_LOCAL_USER method */
	MAPPING_PRIVILEGED,      /* a rule reaches a privileged user without privileged = yes: no */
	MAPPING_FILTERED,        /* outside groups_allowed, mail_domains, identities_allowed, or
				  * is_outside: no */
	MAPPING_LOCKED,          /* the identity is locked: no */
	MAPPING_OTHER,           /* the rule makes the name of somebody else's user, or the identity
				  * has another one: no */
};

static inline bool mapping_is_yes(enum mapping_result result)
{
	return result == MAPPING_LINK || result == MAPPING_RULE || result == MAPPING_PERSON ||
	       result == MAPPING_SELF;
}

/* Expands a rule's template, "{mail_user}" or "u-{sub}": the name, or -ENOENT (an attribute is
 * missing), -EINVAL (not [a-z_][a-z0-9_-]{0,30} afterwards: nothing is folded or cut). */
int mapping_expand(const char *template, const struct identity *identity, char *ret_user,
		   size_t size);
/* Mistake text for a template that cannot be right, or NULL. */
const char *mapping_template_mistake(const char *template);
/* uid < 1000, or in one of the groups. */
bool mapping_is_privileged(const struct config *config, const struct unix_user *user);
/* Store thread. 0 or -errno. `user` must exist. */
int mapping_check(struct db *db, const struct config *config, const struct method *method,
		  const struct identity *identity, const struct unix_user *user,
		  enum mapping_result *ret_result);
/* Store thread. 0 or -errno. May the identity become a new user of this name, which nobody has? The
 * method makes users, and its rule gives this name: MAPPING_RULE. MAPPING_OTHER: it has a user of
 * another name. */
int mapping_check_new(struct db *db, const struct method *method, const struct identity *identity,
		      const char *name, enum mapping_result *ret_result);
/* The account phase's second look, by what is known of the login. A rule cannot be expanded again
 * without its attributes: a login that was MAPPING_RULE needs its method and rule to be there
 * still, and a privileged user the method's permission. A login by link needs that link, whatever
 * rules there are. None of them holds when the identity was locked meanwhile. */
struct mapping_past {
	const char *method_id;           /* of the factor that was mapped */
	const char *issuer, *subject;
	enum mapping_result result;
};
/* Store thread. 0 or -errno. */
int mapping_still_holds(struct db *db, const struct config *config,
			const struct mapping_past *past, const struct unix_user *user,
			bool *ret_holds);
const char *mapping_result_text(enum mapping_result result);
