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

#define NAME_MAX_LEN 31          /* [a-z_][a-z0-9_-]{0,30} */
#define NAME_FIRST   "abcdefghijklmnopqrstuvwxyz_"
#define NAME_REST    NAME_FIRST "0123456789-"

#define MIN_RULE_UID 1000

static const char *const result_texts[] = {
	[MAPPING_NO] = "identity is not this user",
	[MAPPING_LINK] = "link",
	[MAPPING_RULE] = "rule",
	[MAPPING_SELF] = "the user himself",
	[MAPPING_PRIVILEGED] = "rule may not reach a privileged user",
	[MAPPING_FILTERED] = "outside groups_allowed or mail_domains",
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

/* A password proves the user himself, and only a method that asks for him may say so. */
static bool is_self(const struct method *method, const char *subject, const struct unix_user *user)
{
	return method->features & PROVIDER_LOCAL_USER && text_equals(subject, user->name);
}

static enum mapping_result check_rule(const struct config *config, const struct method *method,
				      const struct identity *identity,
				      const struct unix_user *user)
{
	char name[NAME_MAX_LEN + 1];

	if (!method->map || mapping_expand(method->map, identity, name, sizeof(name)) < 0)
		return MAPPING_NO;
	if (!text_equals(name, user->name))
		return MAPPING_NO;
	if (mapping_is_privileged(config, user) && !method->privileged)
		return MAPPING_PRIVILEGED;
	return MAPPING_RULE;
}

int mapping_check(struct db *db, const struct config *config, const struct method *method,
		  const struct identity *identity, const struct unix_user *user,
		  enum mapping_result *ret_result)
{
	bool is_linked;
	int r;

	if (!user->exists || text_is_empty(identity->issuer) || text_is_empty(identity->subject)) {
		*ret_result = MAPPING_NO;
		return 0;
	}
	if (!groups_allow(method, identity) || !domains_allow(method, identity)) {
		*ret_result = MAPPING_FILTERED;
		return 0;
	}
	if (text_equals(identity->issuer, ISSUER_UNIX)) {
		*ret_result = is_self(method, identity->subject, user) ? MAPPING_SELF : MAPPING_NO;
		return 0;
	}
	r = link_matches(db, identity->issuer, identity->subject,
			 user->name, user->uid, &is_linked);
	if (r < 0)
		return r;
	*ret_result = is_linked ? MAPPING_LINK : check_rule(config, method, identity, user);
	return 0;
}

int mapping_still_holds(struct db *db, const struct config *config,
			const struct mapping_past *past, const struct unix_user *user,
			bool *ret_holds)
{
	const struct method *method = config_method(config, past->method_id);
	bool holds = false;
	int r;

	if (method && user->exists)
		switch (past->result) {
		case MAPPING_LINK:
			r = link_matches(db, past->issuer, past->subject,
					 user->name, user->uid, &holds);
			if (r < 0)
				return r;
			break;
		case MAPPING_RULE:
			holds = method->map && (method->privileged ||
						!mapping_is_privileged(config, user));
			break;
		case MAPPING_SELF:
			holds = text_equals(past->issuer, ISSUER_UNIX) &&
				is_self(method, past->subject, user);
			break;
		case MAPPING_NO:
		case MAPPING_PRIVILEGED:
		case MAPPING_FILTERED:
			break;
		}
	*ret_holds = holds;
	return 0;
}
