/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauthd.conf: finds the sections, fills what is general, keeps the result. Gateways, methods and
 * services have files of their own. The order is general, gateways, methods, services, whatever
 * their places in the file, because services refer to methods and methods to gateways.
 */
#include "jauthd/config.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "base/phone.h"
#include "base/text.h"
#include "jauthd/config-parts.h"
#include "jauthd/mapping.h"

#define MISTAKE_MAX 1024

static const struct conf_key general_keys[] = {
	{ .name = "host", .kind = CONF_TEXT, .offset = offsetof(struct config, host),
	  .min = 1, .max = 64,
	  .help = "name of this machine as people see it; without it the machine's own" },
	{ .name = "language", .kind = CONF_TEXT, .offset = offsetof(struct config, language),
	  .min = 2, .max = 32, .fallback = "en",
	  .help = "language of texts when the client names none: en, zh_CN" },
	{ .name = "inverted", .kind = CONF_BOOL, .offset = offsetof(struct config, inverted),
	  .fallback = "no",
	  .help = "draw QR codes for dark text on a light ground" },
	{ .name = "country", .kind = CONF_TEXT, .offset = offsetof(struct config, country),
	  .min = 2, .max = 32,
	  .help = "what telephone numbers without a calling code mean: CN, or the rule itself as "
		  "+86 0 11" },
	{ .name = "lockers", .kind = CONF_LIST, .offset = offsetof(struct config, lockers),
	  .max = 64,
	  .fallback = "i3lock, swaylock, xscreensaver, xsecurelock, kde, gnome-screensaver, "
		      "cinnamon-screensaver, mate-screensaver, xfce4-screensaver, physlock, vlock",
	  .help = "PAM services in which a user may authenticate himself without root; "
		  "none: nobody" },
	{ .name = "privileged_groups", .kind = CONF_LIST,
	  .offset = offsetof(struct config, privileged_groups), .max = 256,
	  .fallback = "root, sudo, wheel, admin, adm, shadow, disk, kmem, staff, backup, docker, "
		      "lxd, incus, incus-admin, libvirt, systemd-journal, jauth",
	  .help = "who is in one of these groups is reached by a mapping rule only with "
		  "privileged = yes; none: only uids below 1000 count as privileged" },
	{ NULL }
};

static const struct conf_key test_keys[] = {
	{ .name = "fail_delay_ms", .kind = CONF_NUMBER,
	  .offset = offsetof(struct config, fail_delay_ms), .min = 0, .max = 60000,
	  .fallback = TEXT_OF(LOGIN_FAIL_DELAY_MS),
	  .help = "milliseconds between a wrong answer and the refusal" },
	{ .name = "hash_prefix", .kind = CONF_TEXT, .offset = offsetof(struct config, hash_prefix),
	  .min = 1, .max = 64,
	  .help = "crypt(5) setting for new password hashes; without it yescrypt" },
	{ NULL }
};

const struct config_section_keys config_sections[] = {
	{ "general", general_keys },
	{ "service", config_methods_keys },
	{ "service", config_service_keys },
	{ "sms", config_gateway_type_keys },
	{ "sms", config_gateway_keys },
	{ "method", config_type_keys },
	{ "method", config_method_keys },
	{ "limits", config_limits_keys },
	{ "test", test_keys },
	{ NULL }
};

void *config_allocate(size_t n, size_t size)
{
	void *memory = calloc(n, MAX(size, (size_t)1));

	if (!memory)
		abort();
	return memory;
}

void config_mistake(struct config_loader *loader, const struct conf_section *section,
		    const char *key, const char *format, ...)
{
	const struct conf_entry *entry = key ? conf_find(section, key) : NULL;
	_cleanup_(buf_done) struct buf text = BUF_INIT(MISTAKE_MAX);
	va_list args;

	va_start(args, format);
	buf_add_format_list(&text, format, args);
	va_end(args);
	conf_mistake(loader->report, entry ? entry->file : section->file,
		     entry ? entry->line : section->line, "%s",
		     buf_failed(&text) ? "this is wrong, in too many words to say" :
		     buf_text(&text));
}

char *config_hint(const struct nearest *nearest)
{
	return nearest->word ? text_format("did you mean \"%s\"? ", nearest->word) : text_copy("");
}

/* Blanks and what separates names in our own lists and in passwd(5) cannot be part of one. */
bool config_is_name(const char *text)
{
	size_t len = strlen(text), i;

	if (!len || len > USER_NAME_MAX)
		return false;
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || strchr(":/,+", text[i]))
			return false;
	return true;
}

void config_check_names(struct config_loader *loader, const struct conf_section *section,
			const char *key, char *const *list)
{
	for (; list && *list; list++)
		if (!config_is_name(*list))
			config_mistake(loader, section, key, "\"%s\" in %s cannot be a name; "
				       "names have no blanks and none of : / +", *list, key);
}

bool config_id_is_right(struct config_loader *loader, const struct conf_section *section,
			const char *id, const char *of)
{
	size_t len = strlen(id);

	static_assert(METHOD_ID_MAX == SMS_ID_MAX, "one rule for both");
	if (len && len <= METHOD_ID_MAX && strspn(id, ID_CHARACTERS) == len &&
	    !text_equals(id, "none"))
		return true;
	config_mistake(loader, section, NULL, "\"%s\" cannot be the ID of %s; write at most %d of "
		       "a-z, 0-9 and -, and not \"none\"", id, of, METHOD_ID_MAX);
	return false;
}

const char *config_type_word(const struct conf_section *section, const char *id)
{
	const struct conf_entry *entry = conf_find(section, "type");

	return entry ? entry->value : id;
}

void config_unknown_type(struct config_loader *loader, const struct conf_section *section,
			 const char *word, char *const *types)
{
	_cleanup_(buf_done) struct buf names = BUF_INIT(512);
	struct nearest nearest = { .typed = word ? word : "" };
	_cleanup_free_ char *hint = NULL;

	for (; *types; types++) {
		nearest_try(&nearest, *types);
		buf_add_format(&names, "%s%s", names.len ? ", " : "", *types);
	}
	hint = config_hint(&nearest);
	if (conf_find(section, "type"))
		config_mistake(loader, section, "type", "unknown type \"%s\"; %stypes are: %s",
			       word, hint, buf_text(&names));
	else
		config_mistake(loader, section, NULL, "[%s] has no type; %swrite type = one of: %s",
			       section->name, hint, buf_text(&names));
}

/* "none" as the only part is how a list with a default is emptied. */
static void empty_if_none(char ***list)
{
	if (list_length(*list) == 1 && text_equals((*list)[0], "none"))
		*list = list_free(*list);
}

static bool is_language(const char *text)
{
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_.-@0123456789") ==
	       strlen(text);
}

static void check_country(struct config_loader *loader, const struct conf_section *section)
{
	struct config *config = loader->config;
	_cleanup_(buf_done) struct buf names = BUF_INIT(512);

	if (!config->country || phone_country_parse(config->country, &config->phone_country) == 0)
		return;
	phone_country_names(&names);
	config_mistake(loader, section, "country",
		       "\"%s\" is no country here; write one of %s, or the rule itself: calling "
		       "code, trunk prefix or -, digits after it, as in +86 0 11",
		       config->country, buf_text(&names));
}

static void check_general(struct config_loader *loader, const struct conf_section *section)
{
	struct config *config = loader->config;

	empty_if_none(&config->lockers);
	empty_if_none(&config->privileged_groups);
	config_check_names(loader, section, "lockers", config->lockers);
	config_check_names(loader, section, "privileged_groups", config->privileged_groups);
	if (config->language && !is_language(config->language))
		config_mistake(loader, section, "language",
			       "\"%s\" is no language; write one as in LANG, for example zh_CN",
			       config->language);
	check_country(loader, section);
}

static void check_test(struct config_loader *loader, const struct conf_section *section)
{
	const char *prefix = loader->config->hash_prefix;

	if (prefix && prefix[0] != '$')
		config_mistake(loader, section, "hash_prefix",
			       "\"%s\" is no crypt(5) setting; write one as $5$rounds=1000$",
			       prefix);
}

/* Sections of which there is one, and which need no name. `check` says what rows cannot. */
static const struct single_section {
	const char *name;
	const struct conf_key *keys;
	void (*check)(struct config_loader *loader, const struct conf_section *section);
} single_sections[] = {
	{ "general", general_keys, check_general },
	{ "limits", config_limits_keys, NULL },
	{ "test", test_keys, check_test },
};

/* An absent section still fills its defaults, and its checks need one to point at. */
static void fill_single(struct config_loader *loader, const struct conf *conf,
			const struct single_section *single)
{
	struct conf_section absent = { .file = loader->config->path };
	const struct conf_section *section = &absent;
	const struct conf_table table = { single->keys, loader->config };
	size_t i;

	for (i = 0; i < conf->n_sections; i++)
		if (text_equals(conf->sections[i].name, single->name))
			section = &conf->sections[i];
	conf_apply(section, &table, 1, loader->report);
	if (single->check)
		single->check(loader, section);
}

/* What follows "WORD" in the section's name: "" for the word alone, NULL for another word. */
static const char *name_after(const struct conf_section *section, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(section->name, word, len) != 0)
		return NULL;
	if (!section->name[len])
		return section->name + len;
	return section->name[len] == ' ' ? section->name + len + 1 : NULL;
}

static void add_gateways(struct config_loader *loader, const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->n_sections; i++) {
		const char *id = name_after(&conf->sections[i], "sms");

		if (id)
			config_add_gateway(loader, &conf->sections[i], id);
	}
}

static void add_methods(struct config_loader *loader, const struct conf *conf, bool with_id)
{
	size_t i;

	for (i = 0; i < conf->n_sections; i++) {
		const char *id = name_after(&conf->sections[i], "method");

		if (id && !text_is_empty(id) == with_id)
			config_add_method(loader, &conf->sections[i], with_id ? id : NULL);
	}
}

static void add_services(struct config_loader *loader, const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->n_sections; i++) {
		const char *name = name_after(&conf->sections[i], "service");

		if (name)
			config_add_service(loader, &conf->sections[i], name);
	}
}

static bool is_known(const struct conf_section *section)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(single_sections); i++)
		if (text_equals(section->name, single_sections[i].name))
			return true;
	return name_after(section, "method") || name_after(section, "service") ||
	       name_after(section, "sms");
}

static void refuse_unknown(struct config_loader *loader, const struct conf_section *section)
{
	_cleanup_free_ char *word = text_copy(section->name);
	_cleanup_free_ char *hint = NULL;
	struct nearest nearest = { .typed = word };
	size_t i;

	if (is_known(section))
		return;
	word[strcspn(word, " ")] = '\0';
	for (i = 0; config_sections[i].section; i++)
		nearest_try(&nearest, config_sections[i].section);
	hint = config_hint(&nearest);
	config_mistake(loader, section, NULL, "unknown section [%s]; %ssections are [general], "
		       "[service SERVICE], [method ID], [sms ID], [limits] and [test]",
		       section->name, hint);
}

static struct config *config_free(struct config *config)
{
	unsigned i;

	for (i = 0; i < N_ELEMENTS(single_sections); i++)
		conf_release(single_sections[i].keys, config);
	for (i = 0; i < config->n_services; i++)
		config_service_done(&config->services[i]);
	free(config->services);
	for (i = 0; i < config->n_methods; i++)
		config_free_method(config->methods[i]);
	for (i = 0; i < config->n_gateways; i++)
		config_free_gateway(config->gateways[i]);
	free(config->path);
	free(config);
	return NULL;
}

/* As one reads: by file and line, whatever the order in which they were found. */
static int by_place(const void *a, const void *b)
{
	const struct conf_mistake *left = a, *right = b;
	int order = strcmp(left->file, right->file);

	return order ? order : (left->line > right->line) - (left->line < right->line);
}

/* Nothing leaves unless it is all right: neither syntax nor meaning may have added a mistake. */
static int config_build(const struct conf *conf, const char *path, struct conf_report *report,
			struct config **ret_config)
{
	struct config *config = config_allocate(1, sizeof(*config));
	struct config_loader loader = { .config = config, .report = report };
	size_t i;

	config->n_refs = 1;
	config->path = text_copy(path);
	for (i = 0; i < conf->n_sections; i++)
		refuse_unknown(&loader, &conf->sections[i]);
	for (i = 0; i < N_ELEMENTS(single_sections); i++)
		fill_single(&loader, conf, &single_sections[i]);
	add_gateways(&loader, conf);
	/* An id made from a title gives way to one that was written. */
	add_methods(&loader, conf, true);
	add_methods(&loader, conf, false);
	config_add_default_method(&loader);
	add_services(&loader, conf);
	list_free(loader.broken);
	if (report->n_mistakes) {
		qsort(report->mistakes, report->n_mistakes, sizeof(*report->mistakes), by_place);
		config_free(config);
		return -EINVAL;
	}
	*ret_config = config;
	return 0;
}

int config_load(const char *path, struct config **ret_config, struct conf_report *report)
{
	_cleanup_(conf_done) struct conf conf = { .separate = "method" };
	int r;

	r = conf_read(path, &conf, report);
	if (r < 0)
		return r;
	return config_build(&conf, path, report, ret_config);
}

int config_load_text(const char *text, size_t len, struct config **ret_config,
		     struct conf_report *report)
{
	_cleanup_(conf_done) struct conf conf = { .separate = "method" };

	conf_read_text(text, len, "text", &conf, report);
	return config_build(&conf, "text", report, ret_config);
}

struct config *config_ref(struct config *config)
{
	config->n_refs++;
	return config;
}

struct config *config_unref(struct config *config)
{
	if (config && --config->n_refs == 0)
		config_free(config);
	return NULL;
}

struct method *config_method(const struct config *config, const char *id)
{
	unsigned i;

	for (i = 0; i < config->n_methods; i++)
		if (text_equals(config->methods[i]->id, id))
			return config->methods[i];
	return NULL;
}
