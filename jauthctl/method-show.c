/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method show: what the configuration says of a method, and where; never what is secret. */
#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/setup-draft.h"
#include "jauthctl/setup-service.h"
#include "jauthctl/table.h"

#define TEXT_MAX 8192

static json_t *keys_of(const struct conf_section *section)
{
	json_t *keys = json_array();

	for (size_t i = 0; section && i < section->n_entries; i++) {
		const struct conf_entry *entry = &section->entries[i];
		_cleanup_free_ char *where = text_format("%s:%u", entry->file, entry->line);

		(void)json_array_append_new(keys, json_pack("{s:s, s:s, s:s}", "key", entry->key,
							    "value", entry->value, "where",
							    where));
	}
	return keys;
}

/* What jauthd says of it, and what the files do. */
static json_t *describe(const json_t *row, const char *id)
{
	_cleanup_(buf_done) struct buf services = BUF_INIT(TEXT_MAX);
	_cleanup_(conf_done) struct conf conf = { 0 };
	const struct conf_section *section;
	json_t *object = json_copy((json_t *)row);

	setup_conf_read(&conf);
	section = setup_conf_method(&conf, id);
	services_of(&conf, id, SERVICES_ALL, &services);
	(void)json_object_set_new(object, "services", json_string(buf_text(&services)));
	(void)json_object_set_new(object, "section", json_string(section ? section->name : ""));
	(void)json_object_set_new(object, "keys", keys_of(section));
	return object;
}

enum exit_code run_method_show(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;
	const json_t *row;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = bus_admin(ctl, "ListMethods", json_array(), &rows);
	if (code != EXIT_DONE)
		return code;
	row = methods_find(rows, args.rest[0]);
	if (row) {
		json_t *object = describe(row, args.rest[0]);

		if (ctl->json)
			table_print_json(object, stdout);
		else
			table_print_object(object, stdout);
		json_decref(object);
	} else {
		complain("there is no method \"%s\"; see jauthctl method list", args.rest[0]);
		code = EXIT_NO;
	}
	json_decref(rows);
	return code;
}
