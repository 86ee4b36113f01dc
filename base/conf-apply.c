/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a section's entries to the fields of a struct, by tables of keys; see conf.h.
 * One parser per kind of value; each says in words what would have been right.
 */
#include "base/conf.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/nearest.h"
#include "base/secret-file.h"
#include "base/text.h"
#include "base/url.h"

#define VALUE_BYTES_MAX 4096
#define FILE_SUFFIX       "_file"
#define CREDENTIAL_SUFFIX "_credential"

/* Parsers: write the field and return true, or say in `why` what the value must be. */

static bool has_bounds(const struct conf_key *key)
{
	return key->min != 0 || key->max != 0;
}

static bool parse_text(const struct conf_key *key, const char *text, void *field, struct buf *why)
{
	int64_t min = has_bounds(key) ? key->min : 1;
	int64_t max = has_bounds(key) ? key->max : VALUE_BYTES_MAX;
	int64_t len = (int64_t)strlen(text);

	if (len < min || len > max) {
		buf_add_format(why, "must be %" PRId64 " to %" PRId64 " bytes long", min, max);
		return false;
	}
	*(char **)field = text_copy(text);
	return true;
}

static bool parse_bool(const struct conf_key *key UNUSED, const char *text, void *field,
		       struct buf *why)
{
	if (!text_equals(text, "yes") && !text_equals(text, "no")) {
		buf_add_text(why, "must be yes or no");
		return false;
	}
	*(bool *)field = text_equals(text, "yes");
	return true;
}

static bool parse_number(const struct conf_key *key, const char *text, void *field,
			 struct buf *why)
{
	int64_t min = has_bounds(key) ? key->min : INT64_MIN;
	int64_t max = has_bounds(key) ? key->max : INT64_MAX;

	if (text_to_number(text, min, max, field) == 0)
		return true;
	buf_add_text(why, "must be a whole number");
	if (has_bounds(key))
		buf_add_format(why, " from %" PRId64 " to %" PRId64, min, max);
	return false;
}

/* Seconds, or -1. */
int64_t conf_duration_s(const char *text)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 } };
	size_t n_digits = strspn(text, "0123456789"), i;
	char digits[16];
	int64_t number;

	if (n_digits >= sizeof(digits))
		return -1;
	memcpy(digits, text, n_digits);
	digits[n_digits] = '\0';
	if (text_to_number(digits, 0, INT32_MAX, &number) < 0)
		return -1;
	for (i = 0; i < N_ELEMENTS(units); i++)
		if (text_equals(text + n_digits, units[i].name))
			return number * units[i].seconds;
	return -1;
}

static bool parse_duration(const struct conf_key *key, const char *text, void *field,
			   struct buf *why)
{
	int64_t seconds = conf_duration_s(text);

	if (seconds >= 0 && (!has_bounds(key) || (seconds >= key->min && seconds <= key->max))) {
		*(int64_t *)field = seconds;
		return true;
	}
	buf_add_text(why, "must be a duration such as 90s, 3min, 2h or 1d");
	if (has_bounds(key))
		buf_add_format(why, ", from %" PRId64 " to %" PRId64 " seconds",
			       key->min, key->max);
	return false;
}

static bool parse_choice(const struct conf_key *key, const char *text, void *field,
			 struct buf *why)
{
	int i;

	for (i = 0; key->choices[i]; i++) {
		if (text_equals(text, key->choices[i])) {
			*(int *)field = i;
			return true;
		}
	}
	buf_add_text(why, "must be one of");
	for (i = 0; key->choices[i]; i++)
		buf_add_format(why, "%s %s", i ? "," : "", key->choices[i]);
	return false;
}

/* Splits at commas; NULL when a part is empty. */
static char **split_list(const char *text)
{
	_cleanup_list_ char **list = NULL;

	for (;;) {
		size_t part_len, trimmed;
		_cleanup_free_ char *part = NULL;

		text += strspn(text, " ");
		part_len = trimmed = strcspn(text, ",");
		while (trimmed && text[trimmed - 1] == ' ')
			trimmed--;
		if (!trimmed)
			return NULL;
		part = text_format("%.*s", (int)trimmed, text);
		if (list_add(&list, part) < 0)
			abort();
		if (!text[part_len])
			return steal(&list);
		text += part_len + 1;
	}
}

static bool parse_list(const struct conf_key *key, const char *text, void *field, struct buf *why)
{
	_cleanup_list_ char **list = split_list(text);
	int64_t n = (int64_t)list_length(list);

	if (n && (!has_bounds(key) || (n >= key->min && n <= key->max))) {
		*(char ***)field = steal(&list);
		return true;
	}
	buf_add_text(why, "must be a list such as \"a, b\" without empty parts");
	if (has_bounds(key))
		buf_add_format(why, ", of %" PRId64 " to %" PRId64, key->min, key->max);
	return false;
}

static bool parse_url(const struct conf_key *key UNUSED, const char *text, void *field,
		      struct buf *why)
{
	if (!url_is_valid(text, URL_MAX)) {
		buf_add_text(why, "must be a URL such as https://id.example.org/path");
		return false;
	}
	*(char **)field = text_copy(text);
	return true;
}

static void release_text(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

static void release_list(void *field)
{
	*(char ***)field = list_free(*(char ***)field);
}

static void release_secret(void *field)
{
	*(struct secret **)field = secret_free(*(struct secret **)field);
}

/* What to do with each kind. CONF_SECRET has no parser: its value stands elsewhere. */
static const struct kind {
	bool (*parse)(const struct conf_key *key, const char *text, void *field, struct buf *why);
	void (*release)(void *field);
} kinds[] = {
	[CONF_TEXT]     = { parse_text, release_text },
	[CONF_BOOL]     = { parse_bool, NULL },
	[CONF_NUMBER]   = { parse_number, NULL },
	[CONF_DURATION] = { parse_duration, NULL },
	[CONF_CHOICE]   = { parse_choice, NULL },
	[CONF_LIST]     = { parse_list, release_list },
	[CONF_URL]      = { parse_url, release_text },
	[CONF_SECRET]   = { NULL, release_secret },
};

/* Secrets */

/* The entry of "NAME_file" or "NAME_credential". */
static const struct conf_entry *find_suffixed(const struct conf_section *section,
					      const char *name, const char *suffix)
{
	_cleanup_free_ char *key = text_format("%s%s", name, suffix);

	return conf_find(section, key);
}

static void load_secret(const struct conf_key *key, const struct conf_entry *entry,
			enum secret_place place, void *field, struct conf_report *report)
{
	struct secret_file file = {
		.place = place,
		.name = entry->value,
		.min = has_bounds(key) ? (size_t)key->min : 1,
		.max = has_bounds(key) ? (size_t)key->max : VALUE_BYTES_MAX,
	};
	struct buf why = BUF_INIT(8192);

	if (secret_file_read(&file, field, &why) < 0)
		conf_mistake(report, entry->file, entry->line, "\"%s\": %s", entry->key,
			     buf_text(&why));
	buf_done(&why);
}

static void apply_secret(const struct conf_section *section, const struct conf_key *key,
			 void *field, struct conf_report *report)
{
	const struct conf_entry *file = find_suffixed(section, key->name, FILE_SUFFIX);
	const struct conf_entry *credential = find_suffixed(section, key->name, CREDENTIAL_SUFFIX);
	const struct conf_entry *plain = conf_find(section, key->name);

	if (plain)
		conf_mistake(report, plain->file, plain->line,
			     "\"%s\" must not stand in this file; write \"%s_file = /path\" or "
			     "\"%s_credential = ID\"", key->name, key->name, key->name);
	if (file && credential)
		conf_mistake(report, credential->file, credential->line,
			     "\"%s\" and \"%s\" are both given; keep one of the two",
			     file->key, credential->key);
	else if (file)
		load_secret(key, file, SECRET_IN_FILE, field, report);
	else if (credential)
		load_secret(key, credential, SECRET_IN_CREDENTIAL, field, report);
	else if (section && !plain && (key->flags & CONF_REQUIRED))
		conf_mistake(report, section->file, section->line,
			     "[%s] needs \"%s_file = /path\" or \"%s_credential = ID\"",
			     section->name, key->name, key->name);
}

/* Sections */

/* A fallback that does not fit its own row is our mistake, which every test meets. */
static void apply_fallback(const struct conf_key *key, void *field)
{
	struct buf why = BUF_INIT(VALUE_BYTES_MAX);

	if (key->fallback && !kinds[key->kind].parse(key, key->fallback, field, &why))
		assert(!"a key's fallback must be a value it allows");
	buf_done(&why);
}

static void apply_value(const struct conf_section *section, const struct conf_key *key,
			void *field, struct conf_report *report)
{
	const struct conf_entry *entry = conf_find(section, key->name);
	struct buf why = BUF_INIT(VALUE_BYTES_MAX);

	if (entry && kinds[key->kind].parse(key, entry->value, field, &why)) {
		buf_done(&why);
		return;
	}
	if (entry)
		conf_mistake(report, entry->file, entry->line, "\"%s\" %s", key->name,
			     buf_text(&why));
	else if (section && (key->flags & CONF_REQUIRED))
		conf_mistake(report, section->file, section->line, "[%s] needs \"%s\": %s",
			     section->name, key->name, key->help ? key->help : "it is missing");
	buf_done(&why);
	apply_fallback(key, field);
}

static bool key_matches(const struct conf_key *key, const char *name)
{
	size_t len = strlen(key->name);

	if (text_equals(key->name, name))
		return true;
	return key->kind == CONF_SECRET && text_has_prefix(name, key->name) &&
	       (text_equals(name + len, FILE_SUFFIX) ||
		text_equals(name + len, CREDENTIAL_SUFFIX));
}

static bool is_known(const char *name, const struct conf_table *tables, size_t n_tables)
{
	const struct conf_key *key;
	size_t i;

	for (i = 0; i < n_tables; i++)
		for (key = tables[i].keys; key->name; key++)
			if (key_matches(key, name))
				return true;
	return false;
}

static void report_unknown(const struct conf_section *section, const struct conf_entry *entry,
			   const struct conf_table *tables, size_t n_tables,
			   struct conf_report *report)
{
	struct buf names = BUF_INIT(64 * 1024);
	struct nearest nearest = { .typed = entry->key };
	const struct conf_key *key;
	size_t i;

	for (i = 0; i < n_tables; i++)
		for (key = tables[i].keys; key->name; key++) {
			nearest_try(&nearest, key->name);
			buf_add_format(&names, "%s%s%s", names.len ? ", " : "", key->name,
				       key->kind == CONF_SECRET ? FILE_SUFFIX : "");
		}
	if (nearest.word)
		conf_mistake(report, entry->file, entry->line,
			     "\"%s\" is no key of [%s]; did you mean \"%s\"?", entry->key,
			     section->name, nearest.word);
	else
		conf_mistake(report, entry->file, entry->line,
			     "\"%s\" is no key of [%s]; there are: %s", entry->key, section->name,
			     buf_text(&names));
	buf_done(&names);
}

void conf_apply(const struct conf_section *section, const struct conf_table *tables,
		size_t n_tables, struct conf_report *report)
{
	const struct conf_key *key;
	size_t i;

	for (i = 0; i < n_tables; i++) {
		for (key = tables[i].keys; key->name; key++) {
			void *field = (char *)tables[i].target + key->offset;

			if (key->kind == CONF_SECRET)
				apply_secret(section, key, field, report);
			else
				apply_value(section, key, field, report);
		}
	}
	for (i = 0; section && i < section->n_entries; i++)
		if (!is_known(section->entries[i].key, tables, n_tables))
			report_unknown(section, &section->entries[i], tables, n_tables, report);
}

void conf_release(const struct conf_key *keys, void *target)
{
	for (; keys->name; keys++)
		if (kinds[keys->kind].release)
			kinds[keys->kind].release((char *)target + keys->offset);
}
