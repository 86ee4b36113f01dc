/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauthd.conf: finds the sections and keeps the result; what each kind of section means stands in a
 * file of its own. The order is general, gateways, methods, services and groups, whatever their
 * places in the file, because services and groups refer to methods and methods to gateways.
 */
#include "jauthd/config.h"

#include <errno.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "jauthd/config-parts.h"

const struct config_section_keys config_sections[] = {
	{ "general", config_general_keys },
	{ "service", config_methods_keys },
	{ "service", config_service_keys },
	{ "sms", config_gateway_type_keys },
	{ "sms", config_gateway_keys },
	{ "method", config_type_keys },
	{ "method", config_method_keys },
	{ "method", config_offline_keys },
	{ "method", config_link_keys },
	{ "directory", config_directory_keys },
	{ "accounts", config_accounts_keys },
	{ "group", config_group_keys },
	{ "limits", config_limits_keys },
	{ "relay", config_relay_keys },
	{ "test", config_test_keys },
	{ NULL }
};

/* Sections of which there is one, and which need no name. `check` says what rows cannot. */
static const struct single_section {
	const char *name;
	const struct conf_key *keys;
	void (*check)(struct config_loader *loader, const struct conf_section *section);
} single_sections[] = {
	{ "general", config_general_keys, config_check_general },
	{ "accounts", config_accounts_keys, config_check_accounts },
	{ "limits", config_limits_keys, NULL },
	{ "relay", config_relay_keys, config_check_relay },
	{ "test", config_test_keys, config_check_test },
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

static void add_directories(struct config_loader *loader, const struct conf *conf)
{
	size_t i;

	for (i = 0; i < conf->n_sections; i++) {
		const char *id = name_after(&conf->sections[i], "directory");

		if (id)
			config_add_directory(loader, &conf->sections[i], id);
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

static void add_groups(struct config_loader *loader, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_sections; i++) {
		const char *name = name_after(&conf->sections[i], "group");

		if (name)
			config_add_group(loader, &conf->sections[i], name);
	}
}

static bool is_known(const struct conf_section *section)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(single_sections); i++)
		if (text_equals(section->name, single_sections[i].name))
			return true;
	return name_after(section, "method") || name_after(section, "service") ||
	       name_after(section, "sms") || name_after(section, "group") ||
	       name_after(section, "directory");
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
		       "[service SERVICE], [method ID], [directory ID], [sms ID], [accounts], "
		       "[group NAME], [relay], [limits] and [test]",
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
	config_accounts_done(&config->accounts);
	for (i = 0; i < config->n_groups; i++)
		config_group_done(&config->groups[i]);
	free(config->groups);
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
	add_directories(&loader, conf);
	add_methods(&loader, conf, false);
	config_check_apps(&loader);
	config_check_apart(&loader);
	config_add_default_method(&loader);
	config_check_kept_passwords(&loader);
	add_services(&loader, conf);
	add_groups(&loader, conf);
	list_free(loader.broken);
	if (report->n_mistakes) {
		qsort(report->mistakes, report->n_mistakes, sizeof(*report->mistakes), by_place);
		config_free(config);
		return -EINVAL;
	}
	*ret_config = config;
	return 0;
}

int config_load_with(const char *path, const struct conf_drop_in *drop_ins, size_t n_drop_ins,
		     struct config **ret_config, struct conf_report *report)
{
	_cleanup_(conf_done) struct conf conf = {
		.separate = "method", .drop_ins = drop_ins, .n_drop_ins = n_drop_ins,
	};
	int r;

	r = conf_read(path, &conf, report);
	if (r < 0)
		return r;
	return config_build(&conf, path, report, ret_config);
}

int config_load(const char *path, struct config **ret_config, struct conf_report *report)
{
	return config_load_with(path, NULL, 0, ret_config, report);
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
