/* SPDX-License-Identifier: GPL-3.0-or-later */
/* [method ID] sections: which provider, its keys and the common ones, and what cannot be right. */
#include <string.h>

#include "base/text.h"
#include "jauthd/config-parts.h"
#include "jauthd/mapping.h"

#define DEFAULT_METHOD "password"
#define APP_NAME_MAX   512

/* What `type` is read into: a method keeps its provider, not the word. */
struct method_type {
	char *type;
};

const struct conf_key config_type_keys[] = {
	{ .name = "type", .kind = CONF_TEXT, .offset = offsetof(struct method_type, type),
	  .min = 1, .max = METHOD_ID_MAX,
	  .help = "the kind of login; without it the ID, when that is a kind" },
	{ NULL }
};

static const char *const digits_words[] = { "page", "app-message", NULL };

/* Of providers that can go by the relay, or are told by it; to others the words may mean something
 * else. */
const struct conf_key config_link_keys[] = {
	{ .name = "number_match", .kind = CONF_BOOL,
	  .offset = offsetof(struct method, number_match), .fallback = "yes",
	  .help = "no: who approved on the telephone need not type its two digits here" },
	{ .name = "digits", .kind = CONF_CHOICE, .offset = offsetof(struct method, digits),
	  .choices = digits_words, .fallback = "page",
	  .help = "where the telephone shows them: page, of the relay, or app-message, which the "
		  "relay cannot read" },
	{ NULL }
};

const struct conf_key config_method_keys[] = {
	{ .name = "title", .kind = CONF_TEXT, .offset = offsetof(struct method, title),
	  .min = 1, .max = 64,
	  .help = "name that people see in the menu; without it the kind's own" },
	{ .name = "enabled", .kind = CONF_BOOL, .offset = offsetof(struct method, enabled),
	  .fallback = "yes",
	  .help = "no: nobody logs in by this method; services go on with their other ways in" },
	{ .name = "device_flow_alone", .kind = CONF_BOOL,
	  .offset = offsetof(struct method, device_flow_alone), .fallback = "no",
	  .help = "yes: this method may be the only factor of a remote login although its link "
		  "can be forwarded to somebody else" },
	{ .name = "alone", .kind = CONF_BOOL, .offset = offsetof(struct method, alone),
	  .fallback = "no",
	  .help = "yes: a code sent by SMS may be the first or only factor of a login" },
	{ .name = "open_max", .kind = CONF_NUMBER,
	  .offset = offsetof(struct method, limits.open_max), .min = 0, .max = LOGINS_WAITING_MAX,
	  .help = "logins by this method at once, 0: unlimited; without it the kind's own limit" },
	{ .name = "starts_per_s", .kind = CONF_NUMBER,
	  .offset = offsetof(struct method, limits.starts_per_s), .min = 0, .max = 1000,
	  .help = "logins by this method begun in a second, 0: unlimited; without it the kind's "
		  "own limit" },
	{ .name = "starts_per_hour", .kind = CONF_NUMBER,
	  .offset = offsetof(struct method, limits.starts_per_hour), .min = 0, .max = 1000000,
	  .help = "logins by this method begun in an hour, 0: unlimited; without it the kind's "
		  "own limit" },
	{ .name = "map", .kind = CONF_TEXT, .offset = offsetof(struct method, map),
	  .min = 1, .max = 128,
	  .help = "rule that makes a user name of an identity, for example {mail_user}" },
	{ .name = "privileged", .kind = CONF_BOOL, .offset = offsetof(struct method, privileged),
	  .fallback = "no",
	  .help = "yes: the rule may reach uids below 1000 and members of privileged_groups" },
	{ .name = "registration", .kind = CONF_BOOL,
	  .offset = offsetof(struct method, registration),
	  .help = "yes: who is nobody yet becomes a new Unix user by the rule; without it yes as "
		  "soon as there is a rule, and only people of one organisation come this way" },
	{ .name = "structure", .kind = CONF_TEXT, .offset = offsetof(struct method, structure),
	  .min = 1, .max = 31,
	  .help = "group that new users are put into" },
	{ .name = "home", .kind = CONF_TEXT, .offset = offsetof(struct method, home),
	  .min = 1, .max = 128,
	  .help = "home of new users, with {user}; without it that of [accounts]" },
	{ .name = "shell", .kind = CONF_TEXT, .offset = offsetof(struct method, shell),
	  .min = 1, .max = 128,
	  .help = "shell of new users; without it that of [accounts]" },
	{ .name = "identities_allowed", .kind = CONF_LIST,
	  .offset = offsetof(struct method, identities_allowed), .max = 1000,
	  .help = "only identities with one of these subjects, as jauthctl log shows them" },
	{ .name = "groups_allowed", .kind = CONF_LIST,
	  .offset = offsetof(struct method, groups_allowed), .max = 256,
	  .help = "only identities in one of these groups of the provider" },
	{ .name = "mail_domains", .kind = CONF_LIST,
	  .offset = offsetof(struct method, mail_domains), .max = 256,
	  .help = "only identities with a verified mail address in one of these domains" },
	{ NULL }
};

/* Keys about foreign identities: a provider that names the Unix user himself has none. */
static const char *const foreign_keys[] = {
	"map", "privileged", "groups_allowed", "mail_domains", "registration", "structure", "home",
	"shell", "identities_allowed",
};

static const struct provider *find_type(struct config_loader *loader,
					const struct conf_section *section, const char *id)
{
	const char *type = config_type_word(section, id);
	const struct provider *provider = type ? provider_find(type) : NULL;
	_cleanup_list_ char **types = NULL;
	size_t i;

	if (provider)
		return provider;
	for (i = 0; providers[i]; i++)
		if (list_add(&types, providers[i]->type) < 0)
			abort();
	config_unknown_type(loader, section, type, types);
	return NULL;
}

/* From the title, else from the type; with a number behind when there is one like it. */
static void make_id(const struct config *config, struct method *method)
{
	char base[METHOD_ID_MAX + 1];
	unsigned n;

	text_into_id(method->title ? method->title : "", base, sizeof(base));
	if (!*base || text_equals(base, "none"))
		text_into_id(method->provider->type, base, sizeof(base));
	(void)text_into(method->id, sizeof(method->id), base);   /* the same size */
	base[METHOD_ID_MAX - 3] = '\0';                          /* room for "-32" */
	for (n = 2; config_method(config, method->id); n++) {
		_cleanup_free_ char *numbered = text_format("%s-%u", base, n);

		(void)text_into(method->id, sizeof(method->id), numbered);
	}
}

/* Absent keys mean the provider's limits, which differ from 0. */
static void default_limits(const struct conf_section *section, struct method *method)
{
	const struct provider *provider = method->provider;
	const struct provider_limits *limits = provider->limits_of ?
					       provider->limits_of(method->config) :
					       &provider->limits;

	if (!conf_find(section, "open_max"))
		method->limits.open_max = limits->open_max;
	if (!conf_find(section, "starts_per_s"))
		method->limits.starts_per_s = limits->starts_per_s;
	if (!conf_find(section, "starts_per_hour"))
		method->limits.starts_per_hour = limits->starts_per_hour;
}

static void check_rule(struct config_loader *loader, const struct conf_section *section,
		       const struct method *method)
{
	const char *mistake;

	if (!method->map) {
		if (method->privileged)
			config_mistake(loader, section, "privileged",
				       "privileged = yes speaks of the rule, and there is none; "
				       "add map or drop privileged");
		return;
	}
	mistake = mapping_template_mistake(method->map);
	if (mistake)
		config_mistake(loader, section, "map", "map = %s cannot be right: %s", method->map,
			       mistake);
	/* The part before the @ says nothing unless it is known who gives it out. */
	if (strstr(method->map, "{mail_user}") && !method->mail_domains)
		config_mistake(loader, section, "map",
			       "map with {mail_user} lets every mail domain choose the user; "
			       "add mail_domains = example.org");
}

static bool is_domain(const char *text)
{
	size_t len = strlen(text);

	return len <= 253 && strspn(text, ID_CHARACTERS ".") == len && strchr(text, '.') &&
	       text[0] != '.' && text[len - 1] != '.' && !strstr(text, "..");
}

static bool has_link_keys(const struct provider *provider)
{
	return provider->callback || provider->pushed;
}

size_t config_common_keys(const struct provider *provider, bool is_directory,
			  const struct conf_key *ret_tables[CONFIG_COMMON_TABLES_MAX])
{
	size_t n = 0;

	ret_tables[n++] = config_method_keys;
	ret_tables[n++] = config_offline_keys;
	if (has_link_keys(provider))
		ret_tables[n++] = config_link_keys;
	if (is_directory)
		ret_tables[n++] = config_directory_keys;
	return n;
}

static void check_relay(struct config_loader *loader, const struct conf_section *section,
			const struct method *method)
{
	static const char *const keys[] = { "number_match", "digits" };

	if (method->features & (PROVIDER_RELAY | PROVIDER_PUSHES)) {
		if (!loader->config->relay_url)
			config_mistake(loader, section, NULL, "\"%s\" needs a relay, and there is "
				       "none; write a section [relay], see jauthctl relay enrol",
				       method->id);
		if (method->digits == DIGITS_APP_MESSAGE && !(method->features & PROVIDER_DELIVERS))
			config_mistake(loader, section, "digits", "type %s sends no messages; drop "
				       "digits = app-message", method->provider->type);
		if (method->digits == DIGITS_PAGE && (method->features & PROVIDER_PUSHES) &&
		    conf_find(section, "digits"))
			config_mistake(loader, section, "digits", "\"%s\" has no page, its digits "
				       "come by a message; drop digits = page", method->id);
		return;
	}
	for (size_t i = 0; has_link_keys(method->provider) && i < N_ELEMENTS(keys); i++)
		if (conf_find(section, keys[i]))
			config_mistake(loader, section, keys[i], "%s speaks of the relay's page, "
				       "which this method does not use; drop it", keys[i]);
}

void config_check_says_groups(struct config_loader *loader, const struct conf_section *section,
			      const char *key, const struct method *method)
{
	const struct provider *provider = method->provider;

	if (!provider->says_groups || provider->says_groups(method->config))
		return;
	if (provider->groups_key)
		config_mistake(loader, section, key, "nobody has groups by method \"%s\"; add %s "
			       "to its section", method->id, provider->groups_key);
	else
		config_mistake(loader, section, key, "nobody has groups by method \"%s\", type "
			       "%s knows none; drop %s", method->id, provider->type, key);
}

static void check_method(struct config_loader *loader, const struct conf_section *section,
			 struct method *method)
{
	const struct provider *provider = method->provider;
	size_t i;

	if (method->directory)
		config_check_directory(loader, section, method);
	check_rule(loader, section, method);
	check_relay(loader, section, method);
	if (!(method->features & PROVIDER_LOCAL_USER))
		config_check_registration(loader, section, method);
	if (method->groups_allowed)
		config_check_says_groups(loader, section, "groups_allowed", method);
	config_check_offline(loader, section, method);
	for (i = 0; method->mail_domains && method->mail_domains[i]; i++)
		if (!is_domain(method->mail_domains[i]))
			config_mistake(loader, section, "mail_domains", "\"%s\" is no mail domain; "
				       "write it in lower case as example.org",
				       method->mail_domains[i]);
	for (i = 0; method->features & PROVIDER_LOCAL_USER && i < N_ELEMENTS(foreign_keys); i++)
		if (conf_find(section, foreign_keys[i]))
			config_mistake(loader, section, foreign_keys[i],
				       "%s has no meaning with type %s, which asks for the user "
				       "himself; drop it", foreign_keys[i], provider->type);
	if (!(method->features & PROVIDER_RESTRICTED) && conf_find(section, "alone"))
		config_mistake(loader, section, "alone", "alone has no meaning with type %s, which "
			       "may be a login's first factor anyway; drop it", provider->type);
	if (provider->check)
		provider->check(method->config, section, loader->report);
	/* Where a gateway was not made its mistake is told, and not that a method names it. */
	if (provider->bind && !loader->lacks_gateways)
		provider->bind(method->config,
			       (const struct sms_gateway *const *)loader->config->gateways,
			       section, loader->report);
}

static void fill_method(struct config_loader *loader, const struct conf_section *section,
			struct method *method)
{
	struct method_type type = { NULL };
	const struct conf_key *common[CONFIG_COMMON_TABLES_MAX];
	size_t n_common = config_common_keys(method->provider, method->directory, common), n = 0;
	struct conf_table tables[CONFIG_COMMON_TABLES_MAX + 2];

	tables[n++] = (struct conf_table){ config_type_keys, &type };
	for (size_t i = 0; i < n_common; i++)
		tables[n++] = (struct conf_table){
			common[i], common[i] == config_directory_keys ? (void *)method->directory :
									(void *)method,
		};
	if (method->provider->keys)
		tables[n++] = (struct conf_table){ method->provider->keys, method->config };
	conf_apply(section, tables, n, loader->report);
	conf_release(config_type_keys, &type);
	default_limits(section, method);
	method->features = method->provider->features_of ?
			   method->provider->features_of(method->config) :
			   method->provider->features;
	method->app = method->provider->app_of ? method->provider->app_of(method->config) :
						 method->provider->app;
}

static bool has_room(struct config_loader *loader, const struct conf_section *section)
{
	if (loader->config->n_methods < METHODS_MAX)
		return true;
	config_mistake(loader, section, NULL, "one method too many; there may be %d", METHODS_MAX);
	return false;
}

/* Services would not know which of the two they refer to. */
static bool is_taken(struct config_loader *loader, const struct conf_section *section,
		     const char *id)
{
	if (!config_method(loader->config, id))
		return false;
	config_mistake(loader, section, NULL, "there is [method %s] already; the directory is a "
		       "method, too: drop [method %s], or call one of them otherwise", id, id);
	return true;
}

static void add_method(struct config_loader *loader, const struct conf_section *section,
		       const char *id, bool is_directory)
{
	const struct provider *provider = find_type(loader, section, id);
	struct config *config = loader->config;
	struct method *method;

	if (!provider || !has_room(loader, section) ||
	    (is_directory && is_taken(loader, section, id)) ||
	    (id && !config_id_is_right(loader, section, id, "a method"))) {
		if (id && list_add(&loader->broken, id) < 0)
			abort();
		return;
	}
	method = config_allocate(1, sizeof(*method));
	method->provider = provider;
	method->file = text_copy(section->file);
	method->line = section->line;
	method->config = config_allocate(1, provider->config_size);
	method->shared = config_allocate(1, provider->shared_size);
	method->directory = is_directory ? config_make_directory() : NULL;
	fill_method(loader, section, method);
	if (id)
		(void)text_into(method->id, sizeof(method->id), id);     /* its ID is right */
	else
		make_id(config, method);
	config->methods[config->n_methods++] = method;
	check_method(loader, section, method);
}

void config_add_method(struct config_loader *loader, const struct conf_section *section,
		       const char *id)
{
	add_method(loader, section, id, false);
}

void config_add_directory(struct config_loader *loader, const struct conf_section *section,
			  const char *id)
{
	add_method(loader, section, id, true);
}

static bool is_same_app(const struct method *a, const struct method *b)
{
	struct buf name_a = BUF_INIT(APP_NAME_MAX), name_b = BUF_INIT(APP_NAME_MAX);
	bool is_same = false;

	if (a->provider == b->provider && a->provider->name_app) {
		a->provider->name_app(a->config, &name_a);
		b->provider->name_app(b->config, &name_b);
		is_same = name_a.len && text_equals(buf_text(&name_a), buf_text(&name_b));
	}
	buf_done(&name_a);
	buf_done(&name_b);
	return is_same;
}

/* What a vendor pushes is no code that could be brought elsewhere. */
static bool is_past_relay(const struct method *method)
{
	return !(method->features & (PROVIDER_RELAY | PROVIDER_PUSHES));
}

static bool is_conflict(const struct method *a, const struct method *b)
{
	return ((is_past_relay(a) && (b->features & PROVIDER_RELAY)) ||
		(is_past_relay(b) && (a->features & PROVIDER_RELAY))) && is_same_app(a, b);
}

void config_check_apps(struct config_loader *loader)
{
	const struct config *config = loader->config;

	for (unsigned i = 0; i < config->n_methods; i++)
		for (unsigned k = 0; k < i; k++) {
			const struct method *a = config->methods[i], *b = config->methods[k];

			if (is_conflict(a, b))
				conf_mistake(loader->report, a->file, a->line,
					     "\"%s\" and \"%s\" are of one app, one by the relay "
					     "and one past it: codes of the one could be brought "
					     "into logins by the other; drop one of them",
					     b->id, a->id);
		}
}

void config_add_default_method(struct config_loader *loader)
{
	struct conf_section section = {
		.name = (char []){ "method " DEFAULT_METHOD },
		.file = loader->config->path,
	};

	if (!config_method(loader->config, DEFAULT_METHOD) && provider_find(DEFAULT_METHOD))
		config_add_method(loader, &section, DEFAULT_METHOD);
}

struct method *config_free_method(struct method *method)
{
	const struct provider *provider = method->provider;

	if (provider->release)
		provider->release(method->shared);
	if (provider->keys)
		conf_release(provider->keys, method->config);
	conf_release(config_method_keys, method);
	config_free_directory(method->directory);
	free(method->file);
	free(method->shared);
	free(method->config);
	free(method);
	return NULL;
}
