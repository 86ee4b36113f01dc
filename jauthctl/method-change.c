/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method set, disable, enable, remove: changes of a method that is there. They go into the drop-in
 * of its ID, also when its section was written by hand elsewhere: later files win.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/setup-ask.h"
#include "jauthctl/setup-input.h"
#include "jauthctl/setup-service.h"

#define SERVICES_MAX (SETUP_FILES_MAX - 1)
#define TEXT_MAX     (64 * 1024)

struct change {
	struct ctl *ctl;
	struct wizard wizard;
	const char *id;
	json_t *types, *methods;
	struct conf conf;
	struct setup setup;
	char *name;                      /* of the drop-in */
	json_t *before;                  /* its sections */
	struct draft draft;
	/* Of set. */
	char **items;                    /* KEY=VALUE, or KEY to be asked for */
	char **unset, **secret_files;
};

/* --- finding it --- */

/* A section "[method]" gets its ID from its title; one with this ID would be another method. */
static bool has_own_id(const struct change *change, const char *type)
{
	for (size_t i = 0; i < change->conf.n_sections; i++) {
		const struct conf_section *section = &change->conf.sections[i];
		const struct conf_entry *entry = conf_find(section, "type");

		if (!text_equals(section->name, "method") || !entry ||
		    !text_equals(entry->value, type))
			continue;
		complain("\"%s\" has no ID of its own; write [method %s] into %s:%u first",
			 change->id, change->id, section->file, section->line);
		return false;
	}
	return true;
}

/* The draft is what our drop-in has of its section. */
static enum exit_code make_draft(struct change *change)
{
	const json_t *row = methods_find(change->methods, change->id);
	const struct conf_section *section = setup_conf_method(&change->conf, change->id);
	const json_t *type = types_find(change->types, "method", row_text(row, "type"));
	_cleanup_free_ char *name = NULL;

	if (!row || !type) {
		complain("there is no method \"%s\"; see jauthctl method list", change->id);
		return EXIT_NO;
	}
	if (!section && !has_own_id(change, row_text(row, "type")))
		return EXIT_NO;
	draft_init(&change->draft, section && text_has_prefix(section->name, "directory ") ?
		   "directory" : "method", type);
	(void)json_object_clear(change->draft.values);
	(void)text_into(change->draft.id, sizeof(change->draft.id), change->id);
	name = draft_section(&change->draft);
	(void)json_object_update(change->draft.values, json_object_get(change->before, name));
	return EXIT_DONE;
}

/* One who was killed before jauthd read what he had written. */
static enum exit_code catch_up(struct change *change)
{
	enum exit_code code;

	if (methods_find(change->methods, change->id) ||
	    !setup_conf_method(&change->conf, change->id))
		return EXIT_DONE;
	code = bus_admin(change->ctl, "Reload", json_array(), NULL);
	if (code != EXIT_DONE)
		return code;
	json_decref(change->methods);
	change->methods = NULL;
	return bus_admin(change->ctl, "ListMethods", json_array(), &change->methods);
}

static enum exit_code begin(struct change *change)
{
	const char *language = change->wizard.language ? change->wizard.language : "";
	enum exit_code code = bus_admin(change->ctl, "DescribeTypes", json_pack("[s]", language),
					&change->types);

	if (code == EXIT_DONE)
		code = bus_admin(change->ctl, "ListMethods", json_array(), &change->methods);
	if (code == EXIT_DONE)
		code = setup_check_writable();
	if (code == EXIT_DONE)
		code = setup_open(change->ctl, &change->setup);
	if (code != EXIT_DONE)
		return code;
	setup_conf_read(&change->conf);
	change->name = setup_drop_in_name("method", change->id);
	code = catch_up(change);
	if (code == EXIT_DONE)
		code = setup_drop_in_read(change->name, &change->before);
	return code == EXIT_DONE ? make_draft(change) : code;
}

static void change_done(struct change *change)
{
	setup_close(&change->setup);
	wizard_end(&change->wizard);
	draft_done(&change->draft);
	conf_done(&change->conf);
	json_decref(change->types);
	json_decref(change->methods);
	json_decref(change->before);
	list_free(change->unset);
	list_free(change->secret_files);
	free(change->name);
}

/* --- writing --- */

/* Another file that comes later wins: then the change is there and means nothing. */
static enum exit_code check_effect(const struct change *change)
{
	_cleanup_free_ char *path = text_format("%s/%s", SETUP_FOLDER, change->name);
	_cleanup_(conf_done) struct conf conf = { 0 };
	const struct conf_section *section;
	json_t *value;
	const char *key;

	setup_conf_read(&conf);
	section = setup_conf_method(&conf, change->id);
	json_object_foreach(change->draft.values, key, value) {
		const struct conf_entry *entry = conf_find(section, key);

		if (!entry || text_equals(entry->file, path) ||
		    text_equals(entry->value, json_string_value(value)))
			continue;
		complain("%s:%u overrides %s in %s", entry->file, entry->line, key, path);
		return EXIT_NO;
	}
	return EXIT_DONE;
}

static enum exit_code write_draft(struct change *change)
{
	_cleanup_free_ char *section = draft_section(&change->draft);
	json_t *sections = json_deep_copy(change->before);
	enum exit_code code = draft_write(&change->draft, &change->setup, sections);

	if (!json_object_size(json_object_get(sections, section)))
		(void)json_object_del(sections, section);
	if (code == EXIT_DONE) {
		setup_change(&change->setup, change->name, sections);
		code = setup_apply(&change->setup);
	}
	json_decref(sections);
	if (code != EXIT_DONE)
		return code;
	setup_secrets_forget(change->before);
	return check_effect(change);
}

/* --- set --- */

static enum exit_code ask_for(struct change *change, const char *name)
{
	const json_t *key = type_key(change->draft.type, name);
	struct asking asking = {
		.ctl = change->ctl, .wizard = &change->wizard, .name = change->name,
		.base = change->before, .drafts = { &change->draft }, .n_drafts = 1,
	};

	if (!key || !change->wizard.asks) {
		complain(key ? "%s: nobody can be asked; write KEY=VALUE, or --secret-file KEY=PATH"
			     : "\"%s\" is no key of this method; see jauthd.conf(5)", name);
		return EXIT_USAGE;
	}
	if (ask_key(&asking, &change->draft, key) == WIZARD_DONE)
		return EXIT_DONE;
	wizard_tell("\n%s", say(&change->wizard, "Nothing was changed."));
	return asking.code != EXIT_DONE ? asking.code : EXIT_NO;
}

static enum exit_code unset_key(struct change *change, const char *name)
{
	const struct conf_section *section = setup_conf_method(&change->conf, change->id);
	static const char *const endings[] = { "", "_file", "_credential" };
	const struct conf_entry *entry = NULL;

	for (size_t i = 0; i < N_ELEMENTS(endings); i++) {
		_cleanup_free_ char *key = text_format("%s%s", name, endings[i]);

		if (json_object_del(change->draft.values, key) == 0)
			return EXIT_DONE;
		if (!entry)
			entry = conf_find(section, key);
	}
	if (entry)
		complain("%s stands in %s:%u; take it out there", name, entry->file, entry->line);
	else
		complain("%s is not set", name);
	return EXIT_NO;
}

static enum exit_code take_items(struct change *change)
{
	enum exit_code code = EXIT_DONE;

	for (char **name = change->unset; name && *name && code == EXIT_DONE; name++)
		code = unset_key(change, *name);
	for (char **text = change->items; *text && code == EXIT_DONE; text++) {
		if (!strchr(*text, '='))
			code = ask_for(change, *text);
		else if (!input_assign(&change->wizard, &change->draft, *text))
			code = EXIT_USAGE;
	}
	for (char **text = change->secret_files; text && *text && code == EXIT_DONE; text++)
		if (!input_secret(&change->wizard, &change->draft, *text))
			code = EXIT_USAGE;
	return code;
}

enum exit_code run_method_set(struct ctl *ctl, int argc, char **argv)
{
	struct change change = { .ctl = ctl, .setup = { .folder = -1 } };
	const struct arg options[] = {
		{ "unset", ARG_TEXTS, &change.unset },
		{ "secret-file", ARG_TEXTS, &change.secret_files },
		{ 0 }
	};
	struct args args = { .options = options, .min = 1, .max = ARGS_UNBOUNDED };
	enum exit_code code;

	if (args_parse(ctl, argc, argv, &args, &code)) {
		change.id = args.rest[0];
		change.items = args.rest + 1;    /* getopt leaves argv's NULL behind them */
		wizard_begin(&change.wizard, ctl->json);
		if (args.n_rest == 1 && !change.unset && !change.secret_files) {
			complain("say what: KEY=VALUE, --unset KEY or --secret-file KEY=PATH");
			code = EXIT_USAGE;
		} else {
			code = begin(&change);
		}
		if (code == EXIT_DONE)
			code = take_items(&change);
		if (code == EXIT_DONE)
			code = write_draft(&change);
	}
	change_done(&change);
	return code;
}

/* --- disable, enable --- */

/* With our drop-in as it would be without its word on it. */
static bool is_disabled_elsewhere(const struct change *change)
{
	_cleanup_free_ char *name = draft_section(&change->draft);
	json_t *sections = json_deep_copy(change->before);
	_cleanup_(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
	_cleanup_(conf_report_done) struct conf_report report = { 0 };
	struct conf_drop_in drop_in = { .name = change->name };
	_cleanup_(conf_done) struct conf conf = {
		.separate = "method", .drop_ins = &drop_in, .n_drop_ins = 1,
	};
	const struct conf_entry *entry;

	(void)json_object_del(json_object_get(sections, name), "enabled");
	setup_drop_in_text(sections, &text);
	json_decref(sections);
	drop_in.text = buf_text(&text);
	drop_in.len = text.len;
	(void)conf_read(SETUP_CONFIG, &conf, &report);
	entry = conf_find(setup_conf_method(&conf, change->id), "enabled");
	return entry && text_equals(entry->value, "no");
}

/* It is no reason to refuse: what must be stopped now must be. */
static void tell_closed_services(const struct change *change)
{
	_cleanup_(buf_done) struct buf services = BUF_INIT(TEXT_MAX);

	services_of(&change->conf, change->id, SERVICES_WITHOUT_OTHERS, &services);
	if (services.len)
		complain("note: it is the only way in of %s, where jauth lets nobody in now",
			 buf_text(&services));
}

static enum exit_code switch_method(struct ctl *ctl, int argc, char **argv, bool on)
{
	struct change change = { .ctl = ctl, .setup = { .folder = -1 } };
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;

	if (args_parse(ctl, argc, argv, &args, &code)) {
		change.id = args.rest[0];
		wizard_begin(&change.wizard, true);
		code = begin(&change);
		if (code == EXIT_DONE) {
			draft_set(&change.draft, "enabled",
				  !on ? "no" : is_disabled_elsewhere(&change) ? "yes" : NULL);
			code = write_draft(&change);
			if (code == EXIT_DONE && !on)
				tell_closed_services(&change);
		}
	}
	change_done(&change);
	return code;
}

enum exit_code run_method_disable(struct ctl *ctl, int argc, char **argv)
{
	return switch_method(ctl, argc, argv, false);
}

enum exit_code run_method_enable(struct ctl *ctl, int argc, char **argv)
{
	return switch_method(ctl, argc, argv, true);
}

/* --- remove --- */

/* All of its section is ours to take away. */
static enum exit_code check_ours(const struct change *change)
{
	const struct conf_section *section = setup_conf_method(&change->conf, change->id);
	_cleanup_free_ char *path = text_format("%s/%s", SETUP_FOLDER, change->name);
	const char *file = section ? section->file : NULL;
	unsigned line = section ? section->line : 0;

	if (!section) {
		complain("\"%s\" is built in; see jauthctl method disable", change->id);
		return EXIT_NO;
	}
	for (size_t i = 0; i < section->n_entries && text_equals(file, path); i++) {
		file = section->entries[i].file;
		line = section->entries[i].line;
	}
	if (text_equals(file, path))
		return EXIT_DONE;
	complain("\"%s\" stands in %s:%u; take it out there, or see jauthctl method disable",
		 change->id, file, line);
	return EXIT_NO;
}

static enum exit_code confirm_removal(struct change *change, bool yes)
{
	_cleanup_(buf_done) struct buf services = BUF_INIT(TEXT_MAX);
	_cleanup_free_ char *prompt = NULL;
	bool sure = yes;

	if (yes)
		return EXIT_DONE;
	if (!change->wizard.asks) {
		complain("--yes says that you are sure, where nobody can be asked");
		return EXIT_USAGE;
	}
	services_of(&change->conf, change->id, SERVICES_ALL, &services);
	if (services.len)
		wizard_tell(say(&change->wizard, "Services that have it: %s"),
			    buf_text(&services));
	prompt = text_format(say(&change->wizard, "Take \"%s\" and its secrets away?"),
			     change->id);
	if (wizard_ask_yes(&change->wizard, prompt, false, &sure) == WIZARD_DONE && sure)
		return EXIT_DONE;
	wizard_tell("%s", say(&change->wizard, "Nothing was changed."));
	return EXIT_NO;
}

/* Services first: what they name must be there. */
static enum exit_code remove_it(struct change *change)
{
	struct service_change services[SERVICES_MAX];
	json_t *nothing = json_object();
	size_t n;
	enum exit_code code = services_forget(&change->conf, change->id, services, SERVICES_MAX,
					      &n);

	if (code == EXIT_DONE) {
		for (size_t i = 0; i < n; i++)
			setup_change(&change->setup, services[i].name, services[i].sections);
		setup_change(&change->setup, change->name, nothing);
		code = setup_apply(&change->setup);
	}
	for (size_t i = 0; i < n; i++)
		service_change_done(&services[i]);
	json_decref(nothing);
	if (code == EXIT_DONE)
		setup_secrets_forget(change->before);
	return code;
}

enum exit_code run_method_remove(struct ctl *ctl, int argc, char **argv)
{
	struct change change = { .ctl = ctl, .setup = { .folder = -1 } };
	bool yes = false;
	const struct arg options[] = { { "yes", ARG_FLAG, &yes }, { 0 } };
	struct args args = { .options = options, .min = 1, .max = 1 };
	enum exit_code code;

	if (args_parse(ctl, argc, argv, &args, &code)) {
		change.id = args.rest[0];
		wizard_begin(&change.wizard, yes || ctl->json);
		code = begin(&change);
		if (code == EXIT_DONE)
			code = check_ours(&change);
		if (code == EXIT_DONE)
			code = confirm_removal(&change, yes);
		if (code == EXIT_DONE)
			code = remove_it(&change);
	}
	change_done(&change);
	return code;
}
