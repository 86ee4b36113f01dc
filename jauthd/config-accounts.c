/* SPDX-License-Identifier: GPL-3.0-or-later */
/* [accounts] and [group NAME]: of Unix users that jauth makes, and the groups they are in. */
#include <string.h>

#include "base/snapshot.h"
#include "base/text.h"
#include "jauthd/config-parts.h"
#include "jauthd/people.h"

#define FLEET_KEY_MIN 32
#define FLEET_KEY_MAX 1024
#define GROUP_FROM_MAX 256

static const char *const uids_words[] = { "local", "fleet", NULL };

#define ACCOUNTS_KEY(field_) .offset = offsetof(struct config, accounts.field_)

const struct conf_key config_accounts_keys[] = {
	{ .name = "uids", .kind = CONF_CHOICE, ACCOUNTS_KEY(uids), .choices = uids_words,
	  .fallback = "local",
	  .help = "numbers of new users: local, the next one of 65536 to 199999, or fleet, one "
		  "that is the same on every host with the same fleet_key" },
	{ .name = "fleet_key", .kind = CONF_SECRET, ACCOUNTS_KEY(fleet_key),
	  .min = FLEET_KEY_MIN, .max = FLEET_KEY_MAX,
	  .help = "the key that all hosts of a fleet share, at least 32 bytes" },
	{ .name = "uid_overrides", .kind = CONF_TEXT, ACCOUNTS_KEY(overrides), .min = 1,
	  .max = 1024,
	  .help = "file of numbers that were settled by hand, the same on every host of a fleet" },
	{ .name = "primary_group", .kind = CONF_TEXT, ACCOUNTS_KEY(primary_group), .min = 1,
	  .max = PERSON_NAME_MAX, .fallback = "jauth-users",
	  .help = "the primary group of all of them, which jauth serves" },
	{ .name = "home", .kind = CONF_TEXT, ACCOUNTS_KEY(home), .min = 1, .max = 200,
	  .fallback = "/home/{user}",
	  .help = "home of a new user" },
	{ .name = "shell", .kind = CONF_TEXT, ACCOUNTS_KEY(shell), .min = 1, .max = 200,
	  .fallback = "/bin/bash",
	  .help = "shell of a new user" },
	{ .name = "reserved_names", .kind = CONF_LIST, ACCOUNTS_KEY(reserved_names), .max = 1000,
	  .help = "names that no new user gets, beyond those that are reserved anyway" },
	{ NULL }
};

const struct conf_key config_group_keys[] = {
	{ .name = "local", .kind = CONF_BOOL, .offset = offsetof(struct group_rule, is_local),
	  .fallback = "no",
	  .help = "yes: it is one of the host's own groups, such as docker" },
	{ .name = "from", .kind = CONF_LIST, .offset = offsetof(struct group_rule, from),
	  .flags = CONF_REQUIRED, .min = 1, .max = GROUP_FROM_MAX,
	  .help = "groups of providers whose members are in it, each METHOD/ID" },
	{ NULL }
};

/* --- [accounts] --- */

static bool path_is_right(const char *path)
{
	return path[0] == '/' && !strchr(path, ':') && !strstr(path, "/../") &&
	       !text_has_suffix(path, "/..");
}

void config_check_home(struct config_loader *loader, const struct conf_section *section,
		       const char *home)
{
	const char *place = strstr(home, PERSON_HOME_USER);

	if (!path_is_right(home))
		config_mistake(loader, section, "home", "\"%s\" cannot be a home; write "
			       "/home/{user}", home);
	else if (!place || strpbrk(place + strlen(PERSON_HOME_USER), "{}") ||
		 strcspn(home, "{}") != (size_t)(place - home))
		config_mistake(loader, section, "home", "\"%s\" needs {user} once, else all would "
			       "have one home; write /home/{user}", home);
}

void config_check_shell(struct config_loader *loader, const struct conf_section *section,
			const char *shell)
{
	if (!path_is_right(shell))
		config_mistake(loader, section, "shell", "\"%s\" cannot be a shell; write one as "
			       "/bin/bash", shell);
}

bool config_check_group_name(struct config_loader *loader, const struct conf_section *section,
			     const char *key, const char *name)
{
	if (!person_name_is_right(name)) {
		config_mistake(loader, section, key, "\"%s\" cannot be a group of jauth; write "
			       "a-z, then a-z, 0-9, _ and -, at most %d", name, PERSON_NAME_MAX);
		return false;
	}
	if (list_has(loader->config->privileged_groups, name)) {
		config_mistake(loader, section, key, "\"%s\" is a privileged group, which jauth "
			       "does not serve; [group %s] with local = yes puts people into the "
			       "host's", name, name);
		return false;
	}
	return true;
}

static void check_fleet(struct config_loader *loader, const struct conf_section *section)
{
	const struct account_rules *rules = &loader->config->accounts;

	/* Where the key's file cannot be read that is told, and not that there is no key. */
	if (rules->uids == UIDS_FLEET && !rules->fleet_key &&
	    !conf_find(section, "fleet_key_file") && !conf_find(section, "fleet_key_credential"))
		config_mistake(loader, section, "uids", "uids = fleet needs fleet_key_file; make a "
			       "key by: openssl rand -hex 32, and give every host the same");
	if (rules->uids != UIDS_FLEET && rules->fleet_key)
		config_mistake(loader, section, "uids", "fleet_key_file says nothing without uids "
			       "= fleet; add that, or drop it");
}

void config_check_accounts(struct config_loader *loader, const struct conf_section *section)
{
	struct account_rules *rules = &loader->config->accounts;

	check_fleet(loader, section);
	config_check_names(loader, section, "reserved_names", rules->reserved_names);
	if (rules->overrides && rules->overrides[0] != '/')
		config_mistake(loader, section, "uid_overrides", "\"%s\" must start with \"/\"",
			       rules->overrides);
	else if (rules->overrides)
		(void)uid_overrides_read(rules->overrides, &rules->override_rows, loader->report);
	if (rules->primary_group)
		(void)config_check_group_name(loader, section, "primary_group",
					      rules->primary_group);
	if (rules->home)
		config_check_home(loader, section, rules->home);
	if (rules->shell)
		config_check_shell(loader, section, rules->shell);
}

void config_accounts_done(struct account_rules *rules)
{
	rules->override_rows = uid_overrides_free(rules->override_rows);
}

/* --- [group NAME] --- */

static void unknown_source(struct config_loader *loader, const struct conf_section *section,
			   const char *from, const char *id)
{
	const struct config *config = loader->config;
	struct nearest nearest = { .typed = id };
	_cleanup_free_ char *hint = NULL;

	if (list_has(loader->broken, id))
		return;
	for (unsigned i = 0; i < config->n_methods; i++)
		nearest_try(&nearest, config->methods[i]->id);
	hint = config_hint(&nearest);
	config_mistake(loader, section, "from", "\"%s\" names no method or directory; %swrite "
		       "METHOD/ID", from, hint);
}

static void check_from(struct config_loader *loader, const struct conf_section *section,
		       const char *from)
{
	_cleanup_free_ char *id = text_copy(from);
	char *slash = strchr(id, '/');
	const struct method *method;

	if (!slash || !slash[1]) {
		config_mistake(loader, section, "from", "\"%s\" lacks the group; write METHOD/ID, "
			       "where ID is the provider's, as in work/1024", from);
		return;
	}
	*slash = '\0';
	method = config_method(loader->config, id);
	if (method)
		config_check_says_groups(loader, section, "from", method);
	else
		unknown_source(loader, section, from, id);
}

/* The host's own may be privileged: that is what `local` is asked for. But not root's. */
static bool name_is_right(struct config_loader *loader, const struct conf_section *section,
			  const struct group_rule *rule)
{
	const struct config *config = loader->config;

	if (rule->is_local && text_equals(rule->name, "root")) {
		config_mistake(loader, section, NULL, "nobody is put into root's group");
		return false;
	}
	if (rule->is_local && snapshot_name_is_right(rule->name) &&
	    strlen(rule->name) <= PERSON_NAME_MAX)
		return true;
	if (text_equals(rule->name, config->accounts.primary_group)) {
		config_mistake(loader, section, NULL, "\"%s\" is the primary group, which "
			       "everybody has; drop [group %s]", rule->name, rule->name);
		return false;
	}
	return config_check_group_name(loader, section, NULL, rule->name);
}

void config_add_group(struct config_loader *loader, const struct conf_section *section,
		      const char *name)
{
	struct config *config = loader->config;
	struct group_rule rule = { .line = section->line };
	const struct conf_table table = { config_group_keys, &rule };

	if (config->n_groups == GROUPS_MAX) {
		config_mistake(loader, section, NULL, "one [group NAME] too many; there may be %d",
			       GROUPS_MAX);
		return;
	}
	rule.name = text_copy(name);
	rule.file = text_copy(section->file);
	conf_apply(section, &table, 1, loader->report);
	if (!name_is_right(loader, section, &rule)) {
		config_group_done(&rule);
		return;
	}
	for (char *const *from = rule.from; from && *from; from++)
		check_from(loader, section, *from);
	if (!config->groups)
		config->groups = config_allocate(GROUPS_MAX, sizeof(rule));
	config->groups[config->n_groups++] = rule;
}

void config_group_done(struct group_rule *rule)
{
	conf_release(config_group_keys, rule);
	free(rule->name);
	free(rule->file);
}
