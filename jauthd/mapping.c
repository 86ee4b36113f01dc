/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links and rules; see mapping.h. Every comparison is of whole strings, byte by byte. A link was
 * made by hand for one user, so it may reach anybody; a rule reaches whoever the provider's
 * attributes spell, so it stops at privileged users. The method's filters stand before both.
 */
#include "jauthd/mapping.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/people.h"

#define NAME_MAX_LEN 31          /* [a-z_][a-z0-9_-]{0,30} */
#define NAME_FIRST   "abcdefghijklmnopqrstuvwxyz_"
#define NAME_REST    NAME_FIRST "0123456789-"

#define MIN_RULE_UID 1000

static const char *const result_texts[] = {
	[MAPPING_NO] = "identity is not this user",
	[MAPPING_LINK] = "link",
	[MAPPING_RULE] = "rule",
	[MAPPING_PERSON] = "this identity's own user",
	[MAPPING_SELF] = "the user himself",
	[MAPPING_PRIVILEGED] = "rule may not reach a privileged user",
	[MAPPING_FILTERED] = "outside groups_allowed, mail_domains, identities_allowed or filters",
	[MAPPING_LOCKED] = "identity locked",
	[MAPPING_OTHER] = "somebody else's user, or the identity has another one",
};

const char *mapping_result_text(enum mapping_result result)
{
	return result_texts[result];
}

/* A part of a template: letters as they are, or the name of an attribute. */
struct part {
	const char *text;
	size_t len;
	bool is_attribute;
};

/* 1 and the next part, 0 at the end, -EINVAL when the braces are wrong. */
static int next_part(const char **template, struct part *ret_part)
{
	const char *text = *template;
	const char *end;

	if (!*text)
		return 0;
	if (*text != '{') {
		size_t len = strcspn(text, "{}");

		if (!len)
			return -EINVAL;
		*ret_part = (struct part){ text, len, false };
		*template = text + len;
		return 1;
	}
	end = text + 1 + strcspn(text + 1, "{}");
	if (*end != '}' || end == text + 1)
		return -EINVAL;
	*ret_part = (struct part){ text + 1, (size_t)(end - text - 1), true };
	*template = end + 1;
	return 1;
}

static bool is_named(const struct part *part, const char *name)
{
	return strlen(name) == part->len && memcmp(name, part->text, part->len) == 0;
}

/* Appends the attribute's value. -ENOENT when the identity lacks it or it is empty. */
static int add_attribute(const struct part *part, const struct identity *identity, struct buf *name)
{
	size_t i;

	/* From the very address that mail_domains looked at, not from what else a provider
	 * sends. */
	if (is_named(part, "mail_user")) {
		const char *at = identity->mail ? strrchr(identity->mail, '@') : NULL;

		if (!at || at == identity->mail)
			return -ENOENT;
		buf_add(name, identity->mail, (size_t)(at - identity->mail));
		return 0;
	}
	for (i = 0; i < identity->n_attributes; i++)
		if (is_named(part, identity->attributes[i].name)) {
			if (text_is_empty(identity->attributes[i].value))
				return -ENOENT;
			buf_add_text(name, identity->attributes[i].value);
			return 0;
		}
	return -ENOENT;
}

int mapping_expand(const char *template, const struct identity *identity, char *ret_user,
		   size_t size)
{
	_cleanup_(buf_done) struct buf name = BUF_INIT(NAME_MAX_LEN);
	struct part part;
	int r;

	while ((r = next_part(&template, &part)) > 0) {
		if (!part.is_attribute) {
			buf_add(&name, part.text, part.len);
			continue;
		}
		r = add_attribute(&part, identity, &name);
		if (r < 0)
			return r;
	}
	if (r < 0 || buf_failed(&name) || !name.len || !strchr(NAME_FIRST, name.data[0]) ||
	    strspn(name.data, NAME_REST) != name.len)
		return -EINVAL;
	return text_into(ret_user, size, buf_text(&name)) ? 0 : -EINVAL;
}

const char *mapping_template_mistake(const char *template)
{
	const char *rest = template;
	size_t literal = 0;
	bool has_attribute = false;
	struct part part;
	int r;

	while ((r = next_part(&rest, &part)) > 0) {
		const char *allowed = part.is_attribute || part.text != template ?
				      NAME_REST : NAME_FIRST;

		if (!strchr(allowed, part.text[0]) || strspn(part.text, NAME_REST) < part.len)
			return "names of users and attributes are made of a-z, 0-9, _ and -, users "
			       "begin with a letter or _";
		has_attribute |= part.is_attribute;
		literal += part.is_attribute ? 0 : part.len;
	}
	if (r < 0)
		return "every { needs a name and a }, as in {mail_user}";
	if (!has_attribute)
		return "without an attribute such as {mail_user} everybody would be the same user";
	if (literal >= NAME_MAX_LEN)
		return "user names have at most 31 characters";
	return NULL;
}

bool mapping_is_privileged(const struct config *config, const struct unix_user *user)
{
	char *const *group;

	if (user->uid < MIN_RULE_UID)
		return true;
	for (group = config->privileged_groups; group && *group; group++)
		if (unix_user_in_group(user, *group))
			return true;
	return false;
}

static bool groups_allow(const struct method *method, const struct identity *identity)
{
	const char *const *group;

	if (!method->groups_allowed)
		return true;
	for (group = identity->groups; group && *group; group++)
		if (list_has(method->groups_allowed, *group))
			return true;
	return false;
}

/* Domains are configured in lower case; mail addresses come in any. */
static bool domains_allow(const struct method *method, const struct identity *identity)
{
	const char *at = identity->mail ? strrchr(identity->mail, '@') : NULL;
	char *const *domain;

	if (!method->mail_domains)
		return true;
	for (domain = method->mail_domains; at && *domain; domain++)
		if (strcasecmp(at + 1, *domain) == 0)
			return true;
	return false;
}

static bool filters_allow(const struct method *method, const struct identity *identity)
{
	if (identity->is_outside)
		return false;
	if (method->identities_allowed && !list_has(method->identities_allowed, identity->subject))
		return false;
	return groups_allow(method, identity) && domains_allow(method, identity);
}

/* A password proves the user himself, and only a method that asks for him may say so. */
static bool is_self(const struct method *method, const char *subject, const struct unix_user *user)
{
	return method->features & PROVIDER_LOCAL_USER && text_equals(subject, user->name);
}

static bool rule_makes(const struct method *method, const struct identity *identity,
		       const char *name)
{
	char made[NAME_MAX_LEN + 1];

	return method->map && mapping_expand(method->map, identity, made, sizeof(made)) == 0 &&
	       text_equals(made, name);
}

/* The one whom jauth made and who is this user: 0 or -ENOENT, or -errno. */
static int find_person(struct db *db, const struct unix_user *user, struct person *ret_person)
{
	int r = person_by_uid(db, user->uid, ret_person);

	return r == 0 && !text_equals(ret_person->name, user->name) ? -ENOENT : r;
}

/* Whether the identity has a user whom jauth made. */
static int has_person(struct db *db, const struct identity *identity, bool *ret_has)
{
	struct person person;
	int r = person_by_identity(db, identity->issuer, identity->subject, &person);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret_has = r == 0;
	return 0;
}

/* The user himself; but not one of its own list whom a group has given rights that the method may
 * not reach. */
static int check_self(struct db *db, const struct config *config, const struct method *method,
		      const char *subject, const struct unix_user *user,
		      enum mapping_result *ret_result)
{
	struct person person;
	int r;

	*ret_result = is_self(method, subject, user) ? MAPPING_SELF : MAPPING_NO;
	if (*ret_result == MAPPING_NO || !method->directory || method->privileged ||
	    !mapping_is_privileged(config, user))
		return 0;
	r = find_person(db, user, &person);
	if (r == 0 && text_equals(person.source, method->id))
		*ret_result = MAPPING_PRIVILEGED;
	return r == -ENOENT ? 0 : r;
}

static bool is_persons(const struct person *person, const char *issuer, const char *subject)
{
	return text_equals(person->issuer, issuer) && text_equals(person->subject, subject);
}

static int check_rule(struct db *db, const struct config *config, const struct method *method,
		      const struct identity *identity, const struct unix_user *user,
		      enum mapping_result *ret_result)
{
	enum mapping_result result = MAPPING_NO;
	struct person person;
	bool is_taken;
	int r = method->map ? find_person(db, user, &person) : -ENOENT;

	if (r < 0 && r != -ENOENT)
		return r;
	is_taken = r == 0;
	if (is_taken && is_persons(&person, identity->issuer, identity->subject)) {
		result = MAPPING_PERSON;
	} else if (rule_makes(method, identity, user->name)) {
		r = is_taken ? 0 : has_person(db, identity, &is_taken);
		if (r < 0)
			return r;
		result = is_taken ? MAPPING_OTHER : MAPPING_RULE;
	}
	if (mapping_is_yes(result) && mapping_is_privileged(config, user) && !method->privileged)
		result = MAPPING_PRIVILEGED;
	*ret_result = result;
	return 0;
}

/* MAPPING_LOCKED or MAPPING_FILTERED, or MAPPING_NO: nothing stands before the rule. */
static int check_identity(struct db *db, const struct method *method,
			  const struct identity *identity, enum mapping_result *ret_result)
{
	bool is_locked;
	int r = identity_is_locked(db, identity->issuer, identity->subject, &is_locked);

	if (r < 0)
		return r;
	if (is_locked)
		*ret_result = MAPPING_LOCKED;
	else
		*ret_result = filters_allow(method, identity) ? MAPPING_NO : MAPPING_FILTERED;
	return 0;
}

int mapping_check_new(struct db *db, const struct method *method, const struct identity *identity,
		      const char *name, enum mapping_result *ret_result)
{
	enum mapping_result result;
	bool is_taken;
	int r = check_identity(db, method, identity, &result);

	if (r < 0)
		return r;
	if (result == MAPPING_NO && method->registration && rule_makes(method, identity, name)) {
		r = has_person(db, identity, &is_taken);
		if (r < 0)
			return r;
		result = is_taken ? MAPPING_OTHER : MAPPING_RULE;
	}
	*ret_result = result;
	return 0;
}

int mapping_check(struct db *db, const struct config *config, const struct method *method,
		  const struct identity *identity, const struct unix_user *user,
		  enum mapping_result *ret_result)
{
	enum mapping_result result;
	bool is_linked;
	int r;

	if (!user->exists || text_is_empty(identity->issuer) || text_is_empty(identity->subject)) {
		*ret_result = MAPPING_NO;
		return 0;
	}
	r = check_identity(db, method, identity, &result);
	if (r < 0)
		return r;
	if (result != MAPPING_NO) {
		*ret_result = result;
		return 0;
	}
	if (text_equals(identity->issuer, ISSUER_UNIX))
		return check_self(db, config, method, identity->subject, user, ret_result);
	r = link_matches(db, identity->issuer, identity->subject,
			 user->name, user->uid, &is_linked);
	if (r < 0)
		return r;
	if (!is_linked)
		return check_rule(db, config, method, identity, user, ret_result);
	*ret_result = MAPPING_LINK;
	return 0;
}

static int person_still_holds(struct db *db, const struct mapping_past *past,
			      const struct unix_user *user, bool *ret_holds)
{
	struct person person;
	int r = find_person(db, user, &person);

	if (r < 0 && r != -ENOENT)
		return r;
	*ret_holds = r == 0 && is_persons(&person, past->issuer, past->subject);
	return 0;
}

static bool rule_still_holds(const struct config *config, const struct method *method,
			     const struct unix_user *user)
{
	return method->map && (method->privileged || !mapping_is_privileged(config, user));
}

int mapping_still_holds(struct db *db, const struct config *config,
			const struct mapping_past *past, const struct unix_user *user,
			bool *ret_holds)
{
	const struct method *method = config_method(config, past->method_id);
	enum mapping_result self = MAPPING_NO;
	bool holds = false, is_locked;
	int r = identity_is_locked(db, past->issuer, past->subject, &is_locked);

	if (r < 0)
		return r;
	if (method && user->exists && !is_locked)
		switch (past->result) {
		case MAPPING_LINK:
			r = link_matches(db, past->issuer, past->subject,
					 user->name, user->uid, &holds);
			if (r < 0)
				return r;
			break;
		case MAPPING_RULE:
			holds = rule_still_holds(config, method, user);
			break;
		case MAPPING_PERSON:
			r = person_still_holds(db, past, user, &holds);
			if (r < 0)
				return r;
			holds = holds && rule_still_holds(config, method, user);
			break;
		case MAPPING_SELF:
			if (text_equals(past->issuer, ISSUER_UNIX))
				r = check_self(db, config, method, past->subject, user, &self);
			if (r < 0)
				return r;
			holds = self == MAPPING_SELF;
			break;
		case MAPPING_NO:
		case MAPPING_PRIVILEGED:
		case MAPPING_FILTERED:
		case MAPPING_LOCKED:
		case MAPPING_OTHER:
			break;
		}
	*ret_holds = holds;
	return 0;
}
