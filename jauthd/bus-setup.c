/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For who sets methods up: which types there are, what each needs and where the vendor's console
 * has it; and whether the configuration would be right with other files among its drop-ins. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/bus-admin.h"
#include "jauthd/bus-work.h"
#include "jauthd/config.h"
#include "jauthd/core.h"

#define LANGUAGE_MAX      32
#define DROP_IN_NAME_MAX  128
#define DROP_IN_LETTERS   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@-"

/* --- DescribeTypes --- */

/* What login types and vendors of messages have in common. */
struct described {
	const char *kind;                /* of its section: "method", "sms" */
	const char *type, *title;
	const struct guide *guide;
	const struct conf_key *tables[CONFIG_COMMON_TABLES_MAX + 1];     /* its own first */
	size_t n_tables;
};

struct reader {
	const struct catalogs *catalogs;
	const char *language;
};

static const char *const kind_words[] = {
	[CONF_TEXT] = "text",
	[CONF_BOOL] = "bool",
	[CONF_NUMBER] = "number",
	[CONF_DURATION] = "duration",
	[CONF_CHOICE] = "choice",
	[CONF_LIST] = "list",
	[CONF_URL] = "url",
	[CONF_SECRET] = "secret",
};

static void add_text(const struct reader *reader, DBusMessageIter *dict, const char *key,
		     const char *text)
{
	dict_text(dict, key, text ? catalogs_text(reader->catalogs, reader->language, text) : "");
}

static const struct conf_key *find_key(const struct described *described, const char *name)
{
	for (size_t i = 0; i < described->n_tables; i++)
		for (const struct conf_key *key = described->tables[i]; key && key->name; key++)
			if (text_equals(key->name, name))
				return key;
	return NULL;
}

static const struct guide_key *find_guide(const struct described *described, const char *name)
{
	const struct guide_key *row = described->guide->keys;

	for (; row && row->key; row++)
		if (text_equals(row->key, name))
			return row;
	return NULL;
}

static void add_choices(const struct conf_key *key, DBusMessageIter *dict)
{
	struct buf words = BUF_INIT(BUS_TEXT_MAX);

	for (size_t i = 0; key->choices && key->choices[i]; i++)
		buf_add_format(&words, "%s%s", i ? ", " : "", key->choices[i]);
	dict_text(dict, "choices", buf_text(&words));
	buf_done(&words);
}

/* `row` NULL: nobody is asked for this key. */
static void add_key(const struct reader *reader, const struct conf_key *key,
		    const struct guide_key *row, DBusMessageIter *rows)
{
	DBusMessageIter dict;

	dict_open(rows, &dict);
	dict_text(&dict, "key", key->name);
	dict_text(&dict, "kind", kind_words[key->kind]);
	dict_bool(&dict, "required", key->flags & CONF_REQUIRED);
	dict_number(&dict, "min", key->min);
	dict_number(&dict, "max", key->max);
	add_choices(key, &dict);
	dict_text(&dict, "fallback", key->fallback ? key->fallback : "");
	dict_text(&dict, "help", key->help ? key->help : "");
	dict_bool(&dict, "asked", row != NULL);
	dict_text(&dict, "label", row && row->label ? row->label : "");
	add_text(reader, &dict, "where", row ? row->where : NULL);
	dict_text(&dict, "when", row && row->when ? row->when : "");
	dict_close(rows, &dict);
}

/* What is asked for comes first, in the order of the questions. */
static void add_keys(const struct reader *reader, const struct described *described,
		     DBusMessageIter *dict)
{
	const struct guide_key *row = described->guide->keys;
	struct dict_rows rows;

	dict_rows_open(dict, "keys", &rows);
	for (; row && row->key; row++) {
		const struct conf_key *key = find_key(described, row->key);

		assert(key);             /* a test compares every guide with its tables */
		add_key(reader, key, row, &rows.rows);
	}
	for (size_t i = 0; i < described->n_tables; i++)
		for (const struct conf_key *key = described->tables[i]; key && key->name; key++)
			if (!find_guide(described, key->name))
				add_key(reader, key, NULL, &rows.rows);
	dict_rows_close(dict, &rows);
}

static void add_steps(const struct reader *reader, const struct described *described,
		      DBusMessageIter *dict)
{
	const struct guide_step *step = described->guide->steps;
	struct dict_rows rows;

	dict_rows_open(dict, "steps", &rows);
	for (; step && step->text; step++) {
		DBusMessageIter row;

		dict_open(&rows.rows, &row);
		add_text(reader, &row, "text", step->text);
		dict_text(&row, "when", step->when ? step->when : "");
		dict_close(&rows.rows, &row);
	}
	dict_rows_close(dict, &rows);
}

static void add_described(const struct reader *reader, const struct described *described,
			  DBusMessageIter *dict)
{
	dict_text(dict, "kind", described->kind);
	dict_text(dict, "type", described->type);
	add_text(reader, dict, "title", described->title);
	add_text(reader, dict, "about", described->guide->about);
	add_keys(reader, described, dict);
	add_steps(reader, described, dict);
}

static void add_login_type(const struct reader *reader, const struct provider *provider,
			   DBusMessageIter *rows)
{
	struct described described = {
		"method", provider->type, provider->title, provider->guide, { provider->keys }, 1,
	};
	DBusMessageIter dict;

	described.n_tables += config_common_keys(
		provider, provider->list || provider->list_file, described.tables + 1);
	dict_open(rows, &dict);
	add_described(reader, &described, &dict);
	dict_bool(&dict, "relay", provider->features & (PROVIDER_RELAY | PROVIDER_PUSHES));
	dict_bool(&dict, "test", provider->test != NULL);
	dict_bool(&dict, "restricted", provider->features & PROVIDER_RESTRICTED);
	dict_bool(&dict, "local-user", provider->features & PROVIDER_LOCAL_USER);
	dict_bool(&dict, "directory", provider->list != NULL);
	dict_bool(&dict, "gateways", provider->bind != NULL);
	dict_close(rows, &dict);
}

static void add_vendor(const struct reader *reader, const struct sms_vendor *vendor,
		       DBusMessageIter *rows)
{
	const struct described described = {
		"sms", vendor->type, vendor->title, vendor->guide, { vendor->keys }, 1,
	};
	DBusMessageIter dict;

	dict_open(rows, &dict);
	add_described(reader, &described, &dict);
	dict_close(rows, &dict);
}

static void handle_describe(struct bus *bus, DBusMessage *call,
			    const struct bus_caller *caller UNUSED)
{
	const struct core *core = bus_context(bus);
	struct reader reader = { .catalogs = core->catalogs };
	DBusMessageIter iter, rows;
	DBusMessage *reply;

	dbus_message_iter_init(call, &iter);
	dbus_message_iter_get_basic(&iter, &reader.language);
	if (strlen(reader.language) > LANGUAGE_MAX) {
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID, "this is no language");
		return;
	}
	reply = dbus_message_new_method_return(call);
	if (!reply)
		abort();
	dbus_message_iter_init_append(reply, &iter);
	rows_open(&iter, &rows);
	for (const struct provider *const *provider = providers; *provider; provider++)
		add_login_type(&reader, *provider, &rows);
	for (const struct sms_vendor *const *vendor = sms_vendors; *vendor; vendor++)
		add_vendor(&reader, *vendor, &rows);
	dict_close(&iter, &rows);
	bus_send(bus, reply);
}

/* --- CheckDropIns --- */

/* Files that are to be written together. */
struct drop_ins {
	struct conf_drop_in rows[BUS_DROP_INS_MAX];
	size_t n;
};

static bool is_drop_in_name(const char *name)
{
	size_t len = strlen(name);

	return len <= DROP_IN_NAME_MAX && strspn(name, DROP_IN_LETTERS) == len && *name != '.' &&
	       text_has_suffix(name, ".conf");
}

/* The texts are lent by the message. */
static bool read_drop_in(DBusMessageIter *entries, struct drop_ins *drop_ins)
{
	struct conf_drop_in row = { 0 };
	DBusMessageIter entry, value;

	dbus_message_iter_recurse(entries, &entry);
	dbus_message_iter_get_basic(&entry, &row.name);
	dbus_message_iter_next(&entry);
	dbus_message_iter_recurse(&entry, &value);
	if (dbus_message_iter_get_arg_type(&value) != DBUS_TYPE_STRING)
		return false;
	dbus_message_iter_get_basic(&value, &row.text);
	row.len = strlen(row.text);
	if (drop_ins->n == BUS_DROP_INS_MAX || row.len > BUS_DROP_IN_MAX ||
	    !is_drop_in_name(row.name))
		return false;
	if (!row.len)
		row.text = NULL;
	drop_ins->rows[drop_ins->n++] = row;
	return true;
}

static int compare_drop_ins(const void *a, const void *b)
{
	const struct conf_drop_in *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static bool read_drop_ins(DBusMessage *call, struct drop_ins *ret_drop_ins)
{
	DBusMessageIter iter, entries;

	dbus_message_iter_init(call, &iter);
	for (dbus_message_iter_recurse(&iter, &entries);
	     dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&entries))
		if (!read_drop_in(&entries, ret_drop_ins))
			return false;
	qsort(ret_drop_ins->rows, ret_drop_ins->n, sizeof(ret_drop_ins->rows[0]),
	      compare_drop_ins);
	return true;
}

static void add_mistakes(const struct conf_report *report, DBusMessageIter *rows)
{
	for (size_t i = 0; i < report->n_mistakes; i++) {
		const struct conf_mistake *mistake = &report->mistakes[i];
		DBusMessageIter dict;

		dict_open(rows, &dict);
		dict_text(&dict, "file", mistake->file);
		dict_number(&dict, "line", mistake->line);
		dict_text(&dict, "text", mistake->text);
		dict_close(rows, &dict);
	}
}

static void handle_check(struct bus *bus, DBusMessage *call,
			 const struct bus_caller *caller UNUSED)
{
	const struct core *core = bus_context(bus);
	struct conf_report report = { 0 };
	struct drop_ins drop_ins = { 0 };
	struct config *config = NULL;
	DBusMessageIter iter, rows;
	DBusMessage *reply;
	int r;

	if (!read_drop_ins(call, &drop_ins)) {
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID,
				"these are not names and texts of drop-ins, or they are too long");
		return;
	}
	r = config_load_with(core->config_path, drop_ins.rows, drop_ins.n, &config, &report);
	if (r < 0 && !report.n_mistakes)
		conf_mistake(&report, core->config_path, 0, "it cannot be read: %s", strerror(-r));
	config_unref(config);
	reply = dbus_message_new_method_return(call);
	if (!reply)
		abort();
	dbus_message_iter_init_append(reply, &iter);
	rows_open(&iter, &rows);
	add_mistakes(&report, &rows);
	dict_close(&iter, &rows);
	conf_report_done(&report);
	bus_send(bus, reply);
}

const struct bus_method bus_setup_methods[] = {
	{ ADMIN_INTERFACE, "DescribeTypes", "s", BUS_ROOT, handle_describe },
	{ ADMIN_INTERFACE, "CheckDropIns", "a{sv}", BUS_ROOT, handle_check },
	{ 0 }
};
