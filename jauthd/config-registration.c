/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which methods make new Unix users, and what cannot be right about that: whom a method can make
 * must be bounded, and no name may come from two people, so not from two methods either. An
 * organisation has one directory.
 */
#include <string.h>

#include "base/text.h"
#include "jauthd/config-parts.h"
#include "jauthd/mapping.h"

#define ISSUER_NAME_MAX 1024

/* What says something of new users. */
static const char *const new_user_keys[] = { "structure", "home", "shell" };

/* Only some people, whom somebody chose, can be identified by it. */
static bool is_bounded(const struct method *method)
{
	const struct provider *provider = method->provider;

	return method->groups_allowed || method->mail_domains || method->identities_allowed ||
	       (provider->is_bounded && provider->is_bounded(method->config));
}

static void check_wish(struct config_loader *loader, const struct conf_section *section,
		       const struct method *method)
{
	const char *key = method->provider->bound_key;

	if (!method->registration)
		return;
	if (!method->map)
		config_mistake(loader, section, "registration", "registration = yes needs the rule "
			       "that names new users; add map");
	if (!is_bounded(method))
		config_mistake(loader, section, "registration", "registration = yes would make a "
			       "Unix user of everybody who has an account there; add %s%s"
			       "groups_allowed, mail_domains or identities_allowed",
			       key ? key : "", key ? ", " : "");
}

void config_check_list_wish(struct config_loader *loader, const struct conf_section *section,
			    const struct method *method)
{
	const char *key = method->provider->list_key;

	if (method->registration)
		config_mistake(loader, section, "registration", "registration = yes would make a "
			       "Unix user of whoever has a number; add %s, a file that pairs "
			       "numbers with names", key);
}

/* It makes its members itself, before they log in. */
static void check_directory(struct config_loader *loader, const struct conf_section *section,
			    struct method *method)
{
	const char *key = method->provider->list_key;

	if (!conf_find(section, "registration")) {
		method->registration = false;
		return;
	}
	if (method->provider->list_file && !method->registration)
		config_mistake(loader, section, "registration", "who stands in %s becomes a Unix "
			       "user; drop one of the two", key);
	else if (!method->provider->list_file)
		config_mistake(loader, section, "registration", "a directory makes users of its "
			       "members before they log in, and of nobody else; drop registration");
	method->registration = false;
}

void config_check_registration(struct config_loader *loader, const struct conf_section *section,
			       struct method *method)
{
	if (method->directory)
		check_directory(loader, section, method);
	else if (conf_find(section, "registration"))
		check_wish(loader, section, method);
	else
		method->registration = method->map && is_bounded(method) &&
				       !(method->features & PROVIDER_LOCAL_USER);
	for (size_t i = 0; !method_makes_people(method) && i < N_ELEMENTS(new_user_keys); i++)
		if (conf_find(section, new_user_keys[i]))
			config_mistake(loader, section, new_user_keys[i], "%s speaks of new users, "
				       "and this method makes none; add registration = yes or drop "
				       "it", new_user_keys[i]);
	if (method->structure)
		(void)config_check_group_name(loader, section, "structure", method->structure);
	if (method->home)
		config_check_home(loader, section, method->home);
	if (method->shell)
		config_check_shell(loader, section, method->shell);
}

/* --- one name, one method --- */

static bool is_same_list(char *const *a, char *const *b)
{
	size_t n = list_length(a);

	if (n != list_length(b))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!list_has(b, a[i]))
			return false;
	return true;
}

static bool is_same_issuer(const struct method *a, const struct method *b)
{
	struct buf name_a = BUF_INIT(ISSUER_NAME_MAX), name_b = BUF_INIT(ISSUER_NAME_MAX);
	bool is_same = false;

	if (a->provider->name_issuer && b->provider->name_issuer) {
		a->provider->name_issuer(a->config, &name_a);
		b->provider->name_issuer(b->config, &name_b);
		is_same = name_a.len && text_equals(buf_text(&name_a), buf_text(&name_b));
	}
	buf_done(&name_a);
	buf_done(&name_b);
	return is_same;
}

/* Then both give a name to the same person; what stands before the @ is one person's only within
 * the same domains. */
static bool is_same_rule(const struct method *a, const struct method *b)
{
	return text_equals(a->map, b->map) && is_same_issuer(a, b) &&
	       (!strstr(a->map, "{mail_user}") || is_same_list(a->mail_domains, b->mail_domains));
}

/* What follows the letters before the first attribute may be anything. */
static bool could_make_one_name(const struct method *a, const struct method *b)
{
	size_t len = MIN(strcspn(a->map, "{"), strcspn(b->map, "{"));

	return strncmp(a->map, b->map, len) == 0;
}

static bool are_lists(const struct method *a, const struct method *b)
{
	return a->directory && b->directory && a->provider->list_file && b->provider->list_file;
}

static void check_names(struct config_loader *loader, const struct method *a,
			const struct method *b)
{
	if (!method_makes_people(a) || !method_makes_people(b) || !a->map || !b->map ||
	    are_lists(a, b) || is_same_rule(a, b) || !could_make_one_name(a, b))
		return;
	conf_mistake(loader->report, a->file, a->line, "map = %s of \"%s\" and map = %s of "
		     "\"%s\" could give two people one name; let each begin with letters of its "
		     "own, for example %s-%s, or write registration = no in one of them",
		     b->map, b->id, a->map, a->id, a->id, a->map);
}

/* An identity is locked or not, for all. */
static void check_organisations(struct config_loader *loader, const struct method *a,
				const struct method *b)
{
	if (are_lists(a, b))
		conf_mistake(loader->report, a->file, a->line, "\"%s\" and \"%s\" both have %s, "
			     "and each would lock whom it does not see; keep one", b->id, a->id,
			     a->provider->list_key);
	else if (a->directory && b->directory && is_same_issuer(a, b))
		conf_mistake(loader->report, a->file, a->line, "directories \"%s\" and \"%s\" "
			     "are of one organisation, and each would lock whom it does not see; "
			     "keep one, whose app sees all", b->id, a->id);
}

void config_check_apart(struct config_loader *loader)
{
	const struct config *config = loader->config;

	for (unsigned i = 0; i < config->n_methods; i++)
		for (unsigned k = 0; k < i; k++) {
			check_names(loader, config->methods[i], config->methods[k]);
			check_organisations(loader, config->methods[i], config->methods[k]);
		}
}
