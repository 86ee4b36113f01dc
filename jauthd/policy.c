/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first section that holds decides: those with a label in the order of the file, then the plain
 * one. What is not known never makes a condition hold: a source that is no address is in no range,
 * an unknown origin is remote (the caller sees to that). A name that belongs to nobody is compared
 * with `users` like any other, so a stranger sees the same question for every name that is written
 * there; it is in no group, like most users.
 */
#include "jauthd/policy.h"

#include <string.h>

#include "base/text.h"

static bool origin_holds(const struct service_rule *rule, const struct policy_facts *facts)
{
	switch (rule->origin) {
	case ORIGIN_ANY:
		return true;
	case ORIGIN_LOCAL:
		return !facts->is_remote;
	case ORIGIN_REMOTE:
		return facts->is_remote;
	}
	return false;
}

static bool ssh_key_holds(const struct service_rule *rule, const struct policy_facts *facts)
{
	switch (rule->ssh_key) {
	case SSH_KEY_ANY:
		return true;
	case SSH_KEY_ACCEPTED:
		return facts->ssh_key_accepted;
	case SSH_KEY_NONE:
		return !facts->ssh_key_accepted;
	}
	return false;
}

static bool source_holds(const struct service_rule *rule, const struct policy_facts *facts)
{
	size_t i;

	for (i = 0; i < rule->n_sources; i++)
		if (address_range_has(&rule->sources[i], facts->source))
			return true;
	return rule->n_sources == 0;
}

static bool is_in_groups(const struct unix_user *user, char *const *groups)
{
	for (; groups && *groups; groups++)
		if (unix_user_in_group(user, *groups))
			return true;
	return false;
}

static bool user_holds(const struct service_rule *rule, const struct policy_facts *facts)
{
	if (!rule->users && !rule->groups)
		return true;
	return list_has(rule->users, facts->user->name) || is_in_groups(facts->user, rule->groups);
}

static const struct condition {
	bool (*holds)(const struct service_rule *rule, const struct policy_facts *facts);
	const char *otherwise;
} conditions[] = {
	{ origin_holds, "origin is another" },
	{ source_holds, "source is in none of its ranges" },
	{ user_holds, "user is neither in users nor in groups" },
	{ ssh_key_holds, "ssh_key is not as asked for" },
};

/* NULL when every condition holds. */
static const char *why_not(const struct service_rule *rule, const struct policy_facts *facts)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(conditions); i++)
		if (!conditions[i].holds(rule, facts))
			return conditions[i].otherwise;
	return NULL;
}

/* The section of the service that is tried after `rule` (NULL: the first). */
static const struct service_rule *next_rule(const struct config *config, const char *service,
					    const struct service_rule *rule)
{
	bool labelled = !rule || rule->label;
	unsigned i = rule ? (unsigned)(rule - config->services) + 1 : 0;

	for (;;) {
		for (; i < config->n_services; i++) {
			const struct service_rule *next = &config->services[i];

			if (!next->label != labelled && text_equals(next->service, service))
				return next;
		}
		if (!labelled)
			return NULL;
		labelled = false;
		i = 0;
	}
}

bool policy_is_exempt(const struct config *config, const struct unix_user *user)
{
	return config->break_glass_group &&
	       unix_user_in_group(user, config->break_glass_group);
}

enum policy_scope policy_find(const struct config *config, const struct policy_facts *facts,
			      const struct service_rule **ret_rule)
{
	const struct service_rule *rule = next_rule(config, facts->service, NULL);

	if (policy_is_exempt(config, facts->user))
		rule = NULL;
	while (rule && why_not(rule, facts))
		rule = next_rule(config, facts->service, rule);
	*ret_rule = rule;
	return rule ? POLICY_INSIDE : POLICY_OUTSIDE;
}

void policy_alternative_text(const struct alternative *alternative, struct buf *buf)
{
	unsigned i;

	for (i = 0; i < alternative->n_factors; i++)
		buf_add_format(buf, "%s%s", i ? " + " : "", alternative->factors[i]->id);
}

static void add_alternatives(const struct service_rule *rule, struct buf *buf)
{
	unsigned i;

	if (!rule->n_alternatives)
		buf_add_text(buf, "nobody (methods = none)");
	for (i = 0; i < rule->n_alternatives; i++) {
		buf_add_text(buf, i ? ", " : "");
		policy_alternative_text(&rule->alternatives[i], buf);
	}
}

void policy_explain(const struct config *config, const struct policy_facts *facts,
		    struct buf *buf)
{
	const struct service_rule *rule = next_rule(config, facts->service, NULL);
	bool is_decided = false;

	if (policy_is_exempt(config, facts->user)) {
		buf_add_format(buf, "member of break_glass_group %s: outside of jauth, ignored\n",
			       config->break_glass_group);
		return;
	}
	if (!rule)
		buf_add_text(buf, "no section for this service: outside of jauth, ignored\n");
	for (; rule; rule = next_rule(config, facts->service, rule)) {
		const char *otherwise = why_not(rule, facts);

		buf_add_format(buf, "[service %s%s%s] (%s:%u): ", rule->service,
			       rule->label ? " " : "", rule->label ? rule->label : "", rule->file,
			       rule->line);
		if (is_decided) {
			buf_add_text(buf, "not reached");
		} else if (otherwise) {
			buf_add_format(buf, "does not hold: %s", otherwise);
		} else {
			buf_add_text(buf, "holds: ");
			add_alternatives(rule, buf);
			is_decided = true;
		}
		buf_add_char(buf, '\n');
		if (!is_decided && !next_rule(config, facts->service, rule))
			buf_add_text(buf, "no section holds: outside of jauth, ignored\n");
	}
}

bool policy_method_allowed(const struct service_rule *rule, const char *method_id)
{
	unsigned i, k;

	for (i = 0; i < rule->n_alternatives; i++)
		for (k = 0; k < rule->alternatives[i].n_factors; k++)
			if (text_equals(rule->alternatives[i].factors[k]->id, method_id))
				return true;
	return false;
}

bool policy_ssh_key_accepted(const char *ssh_auth_info)
{
	static const char word[] = "publickey ";
	const char *line = ssh_auth_info;

	while (line && *line) {
		/* A key has to follow: the word alone proves nothing. */
		if (text_has_prefix(line, word) && (unsigned char)line[strlen(word)] > ' ')
			return true;
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return false;
}
