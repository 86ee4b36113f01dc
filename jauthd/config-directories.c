/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * [directory ID] sections: methods whose provider also tells of the whole organisation, so that its
 * members become Unix users before they log in. They are made by a sync, never by a login.
 */
#include "base/text.h"
#include "jauthd/config-parts.h"

#define DEFAULT_MAP "{userid}"

const struct conf_key config_directory_keys[] = {
	{ .name = "sync_every", .kind = CONF_DURATION,
	  .offset = offsetof(struct directory_rule, interval_s),
	  .min = 0, .max = DIRECTORY_INTERVAL_MAX_S,
	  .help = "how often the organisation's members are asked for, 0: by hand only; without it "
		  "what the vendor's limits allow" },
	{ .name = "removals_max", .kind = CONF_NUMBER,
	  .offset = offsetof(struct directory_rule, removals_max), .min = 0, .max = 100,
	  .fallback = TEXT_OF(DIRECTORY_REMOVALS_PERCENT),
	  .help = "when more than so many percent of the members would lose access in one sync, it "
		  "stops and asks" },
	{ NULL }
};

struct directory_rule *config_make_directory(void)
{
	return config_allocate(1, sizeof(struct directory_rule));
}

struct directory_rule *config_free_directory(struct directory_rule *rule)
{
	free(rule);
	return NULL;
}

void config_check_directory(struct config_loader *loader, const struct conf_section *section,
			    struct method *method)
{
	struct directory_rule *rule = method->directory;
	bool is_section_of_its_own = text_has_prefix(section->name, "directory ");

	if (!method->provider->list && !method->provider->list_file)
		config_mistake(loader, section, "type", "type %s tells of no members, so it cannot "
			       "be a directory; write [method %s]", method->provider->type,
			       method->id);
	else if (!method->provider->list && is_section_of_its_own)
		config_mistake(loader, section, "type", "type %s is no directory by itself, but by "
			       "%s; write [method %s]", method->provider->type,
			       method->provider->list_key, method->id);
	if (!conf_find(section, "sync_every"))
		rule->interval_s = method->provider->list_interval_s;
	else if (rule->interval_s && rule->interval_s < DIRECTORY_INTERVAL_MIN_S)
		config_mistake(loader, section, "sync_every", "that is too often for what is "
			       "asked; write at least %dmin, or 0 for by hand only",
			       DIRECTORY_INTERVAL_MIN_S / 60);
	/* A list of members has no addresses that somebody verified. */
	if (method->mail_domains)
		config_mistake(loader, section, "mail_domains", "members of a directory come "
			       "without mail addresses, so nobody would be left; drop "
			       "mail_domains");
	if (!method->map)
		method->map = text_copy(DEFAULT_MAP);
}
