/* SPDX-License-Identifier: GPL-3.0-or-later */
/* [service SERVICE] and [service SERVICE LABEL] sections: conditions, alternatives, and what policy
 * refuses to be configured. */
#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "jauthd/config-parts.h"

#define SERVICE_NAME_MAX 63      /* what fits a line of the audit */

/* The keys that are parsed further before they go into the rule. */
struct service_lists {
	char **methods, **source;
};

static const char *const origin_words[] = { "any", "local", "remote", NULL };
static const char *const ssh_key_words[] = { "any", "accepted", "none", NULL };

/* Services whose logins come over the network whatever else is said. */
static const char *const remote_services[] = { "sshd", "ssh" };

const struct conf_key config_methods_keys[] = {
	{ .name = "methods", .kind = CONF_LIST, .offset = offsetof(struct service_lists, methods),
	  .max = 64, .fallback = "password",
	  .help = "ways in, split at commas; + joins factors, asked in this order; none: nobody" },
	{ .name = "source", .kind = CONF_LIST, .offset = offsetof(struct service_lists, source),
	  .max = 64,
	  .help = "holds for logins from these addresses, 192.0.2.0/24 or 2001:db8::/32" },
	{ NULL }
};

const struct conf_key config_service_keys[] = {
	{ .name = "origin", .kind = CONF_CHOICE, .offset = offsetof(struct service_rule, origin),
	  .choices = origin_words, .fallback = "any",
	  .help = "holds for logins at the machine (local) or from elsewhere (remote)" },
	{ .name = "ssh_key", .kind = CONF_CHOICE, .offset = offsetof(struct service_rule, ssh_key),
	  .choices = ssh_key_words, .fallback = "any",
	  .help = "holds when sshd has accepted a key before (accepted) or has not (none)" },
	{ .name = "number_match", .kind = CONF_BOOL,
	  .offset = offsetof(struct service_rule, number_match), .fallback = "yes",
	  .help = "no: who approved on the telephone need not type its two digits here" },
	{ .name = "users", .kind = CONF_LIST, .offset = offsetof(struct service_rule, users),
	  .max = 1000,
	  .help = "holds for these users; with groups either is enough" },
	{ .name = "groups", .kind = CONF_LIST, .offset = offsetof(struct service_rule, groups),
	  .max = 256,
	  .help = "holds for members of these groups; with users either is enough" },
	{ NULL }
};

static void add_sources(struct config_loader *loader, const struct conf_section *section,
			char *const *source, struct service_rule *rule)
{
	rule->sources = config_allocate(list_length(source), sizeof(*rule->sources));
	for (; source && *source; source++) {
		int r = address_range_parse(*source, &rule->sources[rule->n_sources]);

		if (!r)
			rule->n_sources++;
		else if (r == -ERANGE)
			config_mistake(loader, section, "source", "\"%s\" has bits set behind its "
				       "prefix; write the first address of the range, or a longer "
				       "prefix", *source);
		else
			config_mistake(loader, section, "source", "\"%s\" is no address; write "
				       "192.0.2.7, 192.0.2.0/24 or 2001:db8::/32", *source);
	}
}

static void unknown_method(struct config_loader *loader, const struct conf_section *section,
			   const char *id)
{
	const struct config *config = loader->config;
	_cleanup_(buf_done) struct buf ids = BUF_INIT(512);
	_cleanup_free_ char *hint = NULL;
	struct nearest nearest = { .typed = id };
	unsigned i;

	if (list_has(loader->broken, id))
		return;
	for (i = 0; i < config->n_methods; i++) {
		nearest_try(&nearest, config->methods[i]->id);
		buf_add_format(&ids, "%s%s", i ? ", " : "", config->methods[i]->id);
	}
	hint = config_hint(&nearest);
	config_mistake(loader, section, "methods",
		       "unknown method \"%s\" in methods; %sdefined are: %s", id, hint,
		       buf_text(&ids));
}

static bool has_factor(const struct alternative *alternative, const struct method *method)
{
	unsigned i;

	for (i = 0; i < alternative->n_factors; i++)
		if (alternative->factors[i] == method)
			return true;
	return false;
}

static bool add_factor(struct config_loader *loader, const struct conf_section *section,
		       const char *id, struct alternative *alternative)
{
	struct method *method = config_method(loader->config, id);

	if (!method) {
		unknown_method(loader, section, id);
		return false;
	}
	if (has_factor(alternative, method)) {
		config_mistake(loader, section, "methods",
			       "\"%s\" stands twice in one alternative; a factor counts once", id);
		return false;
	}
	if (alternative->n_factors == FACTORS_MAX) {
		config_mistake(loader, section, "methods", "\"%s\" is one factor too many; an "
			       "alternative has at most %d", id, FACTORS_MAX);
		return false;
	}
	alternative->factors[alternative->n_factors++] = method;
	return true;
}

/* "password + work"; false after a mistake, then with the factors that were right. */
static bool parse_alternative(struct config_loader *loader, const struct conf_section *section,
			      const char *text, struct alternative *ret_alternative)
{
	_cleanup_free_ char *copy = text_copy(text);
	char *rest = copy, *part;
	bool is_right = true;

	while ((part = strsep(&rest, "+"))) {
		size_t len;

		part += strspn(part, " \t");
		for (len = strlen(part); len && strchr(" \t", part[len - 1]); len--)
			part[len - 1] = '\0';
		if (*part) {
			is_right &= add_factor(loader, section, part, ret_alternative);
			continue;
		}
		config_mistake(loader, section, "methods",
			       "\"%s\" lacks a method beside its +; "
			       "write for example password + work", text);
		is_right = false;
	}
	return is_right;
}

static bool has_alternative(const struct service_rule *rule, const struct alternative *wanted)
{
	unsigned i, k;

	for (i = 0; i < rule->n_alternatives; i++) {
		const struct alternative *alternative = &rule->alternatives[i];

		for (k = 0; k < wanted->n_factors; k++)
			if (alternative->factors[k] != wanted->factors[k])
				break;
		if (k == wanted->n_factors && k == alternative->n_factors)
			return true;
	}
	return false;
}

static bool can_be_remote(const struct service_rule *rule)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(remote_services); i++)
		if (text_equals(rule->service, remote_services[i]))
			return true;
	return rule->origin != ORIGIN_LOCAL;
}

/* A link that can be forwarded is a login for whoever started it, unless something that only the
 * person at this terminal can do came before. */
static void check_confirmation(struct config_loader *loader, const struct conf_section *section,
			       const struct service_rule *rule,
			       const struct alternative *alternative)
{
	bool is_confirmed = rule->ssh_key == SSH_KEY_ACCEPTED || !can_be_remote(rule);
	unsigned i;

	for (i = 0; i < alternative->n_factors; i++) {
		const struct method *method = alternative->factors[i];

		if (method->features & PROVIDER_CONFIRMS_HERE)
			is_confirmed = true;
		else if (!is_confirmed && !method->device_flow_alone)
			config_mistake(loader, section, "methods",
				       "\"%s\" has no factor before it, and its link can be "
				       "forwarded to somebody else; put one before it "
				       "(password + %s), or set ssh_key = accepted here%s, or "
				       "device_flow_alone = yes in its section",
				       method->id, method->id,
				       can_be_remote(rule) && rule->origin != ORIGIN_LOCAL ?
				       " or origin = local" : "");
	}
}

/* A message is read by whoever has the number at this moment: a lost telephone, a new SIM card, a
 * leak at the carrier. And what comes first is sent for everybody who knocks. */
static void check_restricted(struct config_loader *loader, const struct conf_section *section,
			     const struct service_rule *rule,
			     const struct alternative *alternative)
{
	const struct method *first = alternative->factors[0];

	if (!(first->features & PROVIDER_RESTRICTED) || first->alone ||
	    rule->ssh_key == SSH_KEY_ACCEPTED)
		return;
	config_mistake(loader, section, "methods",
		       "\"%s\" has no factor before it: a lost telephone, a new SIM card or a "
		       "leak at the carrier would be enough to log in, and strangers could make "
		       "this machine send messages; write password + %s instead, or set ssh_key = "
		       "accepted here, or alone = yes in its section if that is enough for you",
		       first->id, first->id);
}

/* Without digits and without a question of the provider's, opening a link would be enough, whoever
 * sent it. */
static void check_match(struct config_loader *loader, const struct conf_section *section,
			const struct service_rule *rule, const struct alternative *alternative)
{
	for (unsigned i = 0; i < alternative->n_factors; i++) {
		const struct method *method = alternative->factors[i];

		if (!(method->features & (PROVIDER_RELAY | PROVIDER_PUSHES)) ||
		    !(method->features & PROVIDER_SILENT) || !can_be_remote(rule) ||
		    (method->number_match && rule->number_match))
			continue;
		config_mistake(loader, section, method->number_match ? "number_match" : "methods",
			       "\"%s\" asks nobody at the provider, so a link that was sent to "
			       "somebody else would be a login; drop number_match = no, or write "
			       "origin = local here", method->id);
	}
}

static bool is_enabled(const struct alternative *alternative)
{
	for (unsigned i = 0; i < alternative->n_factors; i++)
		if (!alternative->factors[i]->enabled)
			return false;
	return true;
}

/* What is disabled is checked like the rest, so that it can be enabled again. */
static void add_alternatives(struct config_loader *loader, const struct conf_section *section,
			     char *const *methods, struct service_rule *rule)
{
	if (list_length(methods) == 1 && text_equals(methods[0], "none"))
		return;
	for (; methods && *methods; methods++) {
		struct alternative alternative = { .n_factors = 0 };

		if (!parse_alternative(loader, section, *methods, &alternative))
			continue;
		if (has_alternative(rule, &alternative)) {
			config_mistake(loader, section, "methods",
				       "\"%s\" stands twice in methods; drop one", *methods);
			continue;
		}
		if (rule->n_alternatives == ALTERNATIVES_MAX) {
			config_mistake(loader, section, "methods", "\"%s\" is one alternative too "
				       "many; there may be %d", *methods, ALTERNATIVES_MAX);
			return;
		}
		check_confirmation(loader, section, rule, &alternative);
		check_restricted(loader, section, rule, &alternative);
		check_match(loader, section, rule, &alternative);
		if (is_enabled(&alternative))
			rule->alternatives[rule->n_alternatives++] = alternative;
	}
}

static bool has_condition(const struct service_rule *rule)
{
	return rule->origin != ORIGIN_ANY || rule->ssh_key != SSH_KEY_ANY || rule->n_sources ||
	       rule->users || rule->groups;
}

static bool set_names(struct config_loader *loader, const struct conf_section *section,
		      const char *name, struct service_rule *rule)
{
	_cleanup_free_ char *service = text_copy(name);
	char *label = strchr(service, ' ');

	if (label)
		*label++ = '\0';
	if (!config_is_name(service) || strlen(service) > SERVICE_NAME_MAX) {
		config_mistake(loader, section, NULL, "[%s] lacks the name of a PAM service; write "
			       "[service sshd]", section->name);
		return false;
	}
	if (label && !config_is_name(label)) {
		config_mistake(loader, section, NULL, "the label in [%s] must be one word; write "
			       "[service %s my-label]", section->name, service);
		return false;
	}
	rule->service = steal(&service);
	rule->label = text_copy(label);
	return true;
}

static void fill_rule(struct config_loader *loader, const struct conf_section *section,
		      struct service_rule *rule)
{
	struct service_lists lists = { NULL };
	const struct conf_table tables[] = {
		{ config_methods_keys, &lists },
		{ config_service_keys, rule },
	};

	conf_apply(section, tables, N_ELEMENTS(tables), loader->report);
	config_check_names(loader, section, "users", rule->users);
	config_check_names(loader, section, "groups", rule->groups);
	add_sources(loader, section, lists.source, rule);
	add_alternatives(loader, section, lists.methods, rule);
	if (rule->label && !conf_find(section, "source") && !has_condition(rule))
		config_mistake(loader, section, NULL,
			       "[%s] always holds and hides what comes after it; give it a "
			       "condition (origin, source, users, groups or ssh_key), or drop its "
			       "label", section->name);
	conf_release(config_methods_keys, &lists);
}

void config_add_service(struct config_loader *loader, const struct conf_section *section,
			const char *name)
{
	struct config *config = loader->config;
	struct service_rule rule = { .line = section->line };

	if (!set_names(loader, section, name, &rule))
		return;
	if (config->n_services == SERVICES_MAX) {
		config_mistake(loader, section, NULL,
			       "one service section too many; there may be %d", SERVICES_MAX);
		config_service_done(&rule);
		return;
	}
	rule.file = text_copy(section->file);
	fill_rule(loader, section, &rule);
	if (!config->services)
		config->services = config_allocate(SERVICES_MAX, sizeof(rule));
	config->services[config->n_services++] = rule;
}

void config_service_done(struct service_rule *rule)
{
	conf_release(config_service_keys, rule);
	free(rule->service);
	free(rule->label);
	free(rule->sources);
	free(rule->file);
}
