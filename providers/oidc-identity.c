/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From claims to an identity. A claim is taken from the ID token, or else from userinfo, which was
 * compared with it before; the mail and its email_verified always from the same of the two.
 */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/oidc.h"

/* What is collected for login_identify(), which copies. */
struct person {
	struct identity identity;
	const char *groups[IDENTITY_GROUPS_MAX + 1];
	char mail_user[IDENTITY_TEXT_MAX + 1];
};

bool oidc_needs_userinfo(const struct oidc_config *config, const struct oidc_login *own)
{
	return (config->group_claim && !json_has(own->claims, config->group_claim)) ||
	       (config->username_claim && !json_has(own->claims, config->username_claim)) ||
	       (list_has(config->scopes, "email") && !json_has(own->claims, "email"));
}

/* Which of the two says something about the claim; NULL: neither. */
static const struct json_t *source_of(const struct oidc_login *own, const char *claim)
{
	if (json_has(own->claims, claim))
		return own->claims;
	return own->userinfo && json_has(own->userinfo, claim) ? own->userinfo : NULL;
}

static const char *claim_text(const struct oidc_login *own, const char *claim)
{
	const struct json_t *source = source_of(own, claim);

	return source ? json_text(source, claim, IDENTITY_TEXT_MAX) : NULL;
}

static void add_attribute(struct identity *identity, const char *name, const char *value)
{
	if (value)
		identity->attributes[identity->n_attributes++] =
			(struct identity_attribute) { name, value };
}

/* Only an address the provider has verified, as a boolean, is one. */
static void take_mail(const struct oidc_login *own, struct person *person)
{
	const struct json_t *source = source_of(own, "email");
	const char *mail = source ? json_text(source, "email", IDENTITY_TEXT_MAX) : NULL;
	const char *at = mail ? strrchr(mail, '@') : NULL;
	bool verified = false;

	if (!at || at == mail || !at[1])
		return;
	if (json_bool(source, "email_verified", &verified) < 0 || !verified)
		return;
	memcpy(person->mail_user, mail, (size_t)(at - mail));
	person->identity.mail = mail;
	add_attribute(&person->identity, "mail", mail);
	add_attribute(&person->identity, "mail_user", person->mail_user);
}

/* Entra leaves the groups out when there are many and names another place in _claim_names. */
static bool groups_are_elsewhere(const struct json_t *claims, const char *claim)
{
	const struct json_t *names = json_object_at(claims, "_claim_names");

	return names && json_has(names, claim);
}

/* An array of texts, or one text. False: not to be read whole, so not to be relied on. */
static bool take_groups(const struct oidc_login *own, const char *claim, struct person *person)
{
	const struct json_t *source = source_of(own, claim);
	const struct json_t *groups = source ? json_array_at(source, claim) : NULL;
	size_t n = groups ? json_array_length(groups) : 0;

	if (groups_are_elsewhere(own->claims, claim) || n > IDENTITY_GROUPS_MAX)
		return false;
	person->identity.groups = person->groups;
	if (source && !groups) {
		person->groups[0] = json_text(source, claim, IDENTITY_TEXT_MAX);
		return person->groups[0] != NULL;
	}
	for (size_t i = 0; i < n; i++) {
		person->groups[i] = json_array_text(groups, i, IDENTITY_TEXT_MAX);
		if (!person->groups[i])
			return false;
	}
	return true;
}

/* By the signed token alone: a consumer account has no such claim, an address proves nothing. */
static bool hosted_domain_is_right(const struct oidc_config *config, const struct oidc_login *own)
{
	const char *domain = json_text(own->claims, "hd", IDENTITY_TEXT_MAX);

	return !config->hosted_domains || (domain && list_has(config->hosted_domains, domain));
}

static const char *const subject_claims[] = {
	[OIDC_SUBJECT_SUB] = "sub",
	[OIDC_SUBJECT_OID] = "oid",
};

void oidc_identify(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_login *own = login_own(login);
	struct person person = { .identity = {
		.issuer = config->issuer,
		.subject = json_text(own->claims, subject_claims[config->subject_claim],
				     IDENTITY_TEXT_MAX),
		.display = claim_text(own, "name"),
	} };

	if (!person.identity.subject) {
		login_deny(login, DENY_INVALID, "the ID token has no usable subject");
		return;
	}
	if (!hosted_domain_is_right(config, own)) {
		login_deny(login, DENY_FILTERED, "not an account of the configured hosted domains");
		return;
	}
	if (config->group_claim && !take_groups(own, config->group_claim, &person)) {
		login_deny(login, DENY_FILTERED, "the groups cannot be read whole");
		return;
	}
	add_attribute(&person.identity, subject_claims[config->subject_claim],
		      person.identity.subject);
	take_mail(own, &person);
	if (config->username_claim)
		add_attribute(&person.identity, "username",
			      claim_text(own, config->username_claim));
	login_identify(login, &person.identity);
}
