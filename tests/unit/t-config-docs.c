/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of keys, the sample jauthd.conf and jauthd.conf(5) say the same: every key stands in
 * both under its section, in the manual once, nothing else does, and the defaults are equal.
 *
 * In the sample, "#key = value" is a key switched off and "# text" a comment; where a key of a
 * section (or of a type of method) stands first, its value is the default. In the manual a key is
 *	.TP
 *	.B key
 * under .SS "[section]", .SS "[method ID], type = TYPE" or .SS "[sms ID], type = TYPE", and a
 * default is a line
 *	Default: \fBvalue\fR.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "jauthd/config.h"

#define SAMPLE TEST_SOURCE_DIR "/../conf/jauthd.conf"
#define MANUAL TEST_SOURCE_DIR "/../man/jauthd.conf.5"

#define ENTRIES_MAX 500
#define LINE_MAX_LEN 1024

struct entry {
	char section[32];        /* "general", "service", "method", "sms" */
	char type[32];           /* of the last two; "" for what all types have, and elsewhere */
	char key[64];
	char value[512];
	bool has_value;
	unsigned line;
};

struct document {
	const char *name;
	struct entry entries[ENTRIES_MAX];
	size_t n_entries;
	struct entry at;         /* while reading: section, type and line */
	bool key_follows;        /* the last line was .TP */
};

typedef void (*line_fn)(struct document *document, const char *line);

static void into(char *field, size_t size, const char *text, size_t len)
{
	assert_in_range(len, 0, size - 1);
	memcpy(field, text, len);
	field[len] = '\0';
}

static struct entry *add_entry(struct document *document, const char *key, size_t len)
{
	struct entry *entry = &document->entries[document->n_entries];

	assert_in_range(document->n_entries, 0, ENTRIES_MAX - 1);
	*entry = document->at;
	into(entry->key, sizeof(entry->key), key, len);
	document->n_entries++;
	return entry;
}

static struct document *read_document(const char *path, line_fn read_line)
{
	struct document *document = calloc(1, sizeof(*document));
	FILE *file = fopen(path, "re");
	char line[LINE_MAX_LEN];

	assert_non_null(document);
	if (!file)
		fail_msg("%s cannot be opened", path);
	document->name = path;
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		document->at.line++;
		read_line(document, line);
	}
	assert_int_equal(fclose(file), 0);
	return document;
}

/* --- the sample --- */

/* "[method ID]", "[sms ID]": the ID is the type until a key says otherwise. */
static void read_sample_header(struct entry *at, const char *line)
{
	const char *id;
	size_t len = strcspn(line + 1, " ]");

	into(at->section, sizeof(at->section), line + 1, len);
	id = line + 1 + len;
	id += *id == ' ';
	at->type[0] = '\0';
	if (text_equals(at->section, "method") || text_equals(at->section, "sms"))
		into(at->type, sizeof(at->type), id, strcspn(id, "]"));
}

static void read_sample_line(struct document *document, const char *line)
{
	struct entry *entry;
	const char *equals;

	line += *line == '#';
	if (*line == '[') {
		read_sample_header(&document->at, line);
		return;
	}
	equals = strstr(line, " = ");
	if (!equals ||
	    strspn(line, "abcdefghijklmnopqrstuvwxyz0123456789_") != (size_t)(equals - line))
		return;
	entry = add_entry(document, line, (size_t)(equals - line));
	into(entry->value, sizeof(entry->value), equals + 3, strlen(equals + 3));
	entry->has_value = true;
	if (text_equals(entry->key, "type"))
		into(document->at.type, sizeof(document->at.type), entry->value,
		     strlen(entry->value));
}

/* --- the manual --- */

static void read_manual_heading(struct entry *at, const char *line)
{
	static const char of_type[] = ", type = ";
	const char *type = strstr(line, of_type);
	size_t len = 0;

	into(at->section, sizeof(at->section), line, strcspn(line, " ]"));
	for (type = type ? type + strlen(of_type) : "\""; *type != '"'; type++)
		if (*type != '\\')
			at->type[len++] = *type;
	at->type[len] = '\0';
}

/* Up to "\fR."; a hyphen is written "\-". */
static void read_manual_default(struct entry *entry, const char *line)
{
	size_t len = 0;

	for (; *line && !text_equals(line, "\\fR."); line++)
		if (*line != '\\')
			entry->value[len++] = *line;
	assert_string_equal(line, "\\fR.");
	entry->has_value = true;
}

static void read_manual_line(struct document *document, const char *line)
{
	static const char heading[] = ".SS \"[", key[] = ".B ", fallback[] = "Default: \\fB";
	bool is_key = document->key_follows && document->at.section[0] &&
		      text_has_prefix(line, key);

	document->key_follows = text_equals(line, ".TP");
	if (text_has_prefix(line, heading))
		read_manual_heading(&document->at, line + strlen(heading));
	else if (text_has_prefix(line, ".S"))
		document->at.section[0] = '\0';
	else if (is_key)
		add_entry(document, line + strlen(key), strlen(line + strlen(key)));
	else if (document->n_entries && text_has_prefix(line, fallback))
		read_manual_default(&document->entries[document->n_entries - 1],
				    line + strlen(fallback));
}

/* --- comparing --- */

static bool key_is(const struct conf_key *key, const char *written)
{
	size_t len = strlen(key->name);

	if (key->kind != CONF_SECRET)
		return text_equals(key->name, written);
	return text_has_prefix(written, key->name) && text_equals(written + len, "_file");
}

static const struct conf_key *find_key(const struct conf_key *keys, const char *written)
{
	for (; keys && keys->name; keys++)
		if (key_is(keys, written))
			return keys;
	return NULL;
}

static const struct conf_key *find_common(const struct entry *entry)
{
	const struct config_section_keys *row;

	for (row = config_sections; row->section; row++)
		if (text_equals(row->section, entry->section) && find_key(row->keys, entry->key))
			return find_key(row->keys, entry->key);
	return NULL;
}

static const struct conf_key *find_own(const struct entry *entry)
{
	const struct provider *provider = provider_find(entry->type);
	const struct sms_vendor *vendor = sms_vendor_find(entry->type);

	if (text_equals(entry->section, "sms"))
		return vendor ? find_key(vendor->keys, entry->key) : NULL;
	return provider ? find_key(provider->keys, entry->key) : NULL;
}

static void nothing_else_is_written(const struct document *document)
{
	size_t i;

	for (i = 0; i < document->n_entries; i++) {
		const struct entry *entry = &document->entries[i];

		if (!find_common(entry) && !find_own(entry))
			fail_msg("%s:%u: there is no key %s in [%s %s]", document->name,
				 entry->line, entry->key, entry->section, entry->type);
	}
}

static bool is_same_key(const struct entry *a, const struct entry *b)
{
	return text_equals(a->section, b->section) && text_equals(a->type, b->type) &&
	       text_equals(a->key, b->key);
}

static void nothing_is_written_twice(const struct document *document)
{
	size_t i, k;

	for (i = 0; i < document->n_entries; i++)
		for (k = 0; k < i; k++)
			if (is_same_key(&document->entries[i], &document->entries[k]))
				fail_msg("%s:%u: %s of [%s %s] stands in line %u, too",
					 document->name, document->entries[i].line,
					 document->entries[i].key, document->entries[i].section,
					 document->entries[i].type, document->entries[k].line);
}

/* The first place of the key; NULL: nowhere. Without a type one that all types have, and so not
 * where the word is a type's own. */
static const struct entry *first_of(const struct document *document, const char *section,
				    const char *type, const struct conf_key *key)
{
	size_t i;

	for (i = 0; i < document->n_entries; i++) {
		const struct entry *entry = &document->entries[i];

		if (key_is(key, entry->key) && text_equals(entry->section, section) &&
		    (type ? text_equals(entry->type, type) : !find_own(entry)))
			return entry;
	}
	return NULL;
}

static void keys_are_written(const struct document *document, const char *section,
			     const char *type, const struct conf_key *keys, bool examples)
{
	for (; keys && keys->name; keys++) {
		const struct entry *entry = first_of(document, section, type, keys);

		if (!entry)
			fail_msg("%s lacks %s of [%s %s]", document->name, keys->name, section,
				 type ? type : "");
		if (keys->fallback && !text_equals(entry->value, keys->fallback))
			fail_msg("%s:%u: the default of %s is %s", document->name, entry->line,
				 keys->name, keys->fallback);
		if (!keys->fallback && entry->has_value != examples)
			fail_msg("%s:%u: %s has no default", document->name, entry->line,
				 keys->name);
	}
}

static void tables_are_written(const struct document *document, bool examples)
{
	const struct config_section_keys *row;
	size_t i;

	for (row = config_sections; row->section; row++)
		keys_are_written(document, row->section, NULL, row->keys, examples);
	for (i = 0; providers[i]; i++)
		keys_are_written(document, "method", providers[i]->type, providers[i]->keys,
				 examples);
	for (i = 0; sms_vendors[i]; i++)
		keys_are_written(document, "sms", sms_vendors[i]->type, sms_vendors[i]->keys,
				 examples);
}

static void the_sample_has_every_key_and_its_default(void **state UNUSED)
{
	struct document *sample = read_document(SAMPLE, read_sample_line);

	nothing_else_is_written(sample);
	tables_are_written(sample, true);
	free(sample);
}

static void the_manual_has_every_key_and_its_default(void **state UNUSED)
{
	struct document *manual = read_document(MANUAL, read_manual_line);

	nothing_else_is_written(manual);
	nothing_is_written_twice(manual);
	tables_are_written(manual, false);
	free(manual);
}

/* Limits without a key are the provider's; what the sample shows must be those. */
static void the_sample_shows_the_limits_of_its_type(void **state UNUSED)
{
	struct document *sample = read_document(SAMPLE, read_sample_line);
	size_t i, n = 0;

	for (i = 0; i < sample->n_entries; i++) {
		const struct entry *entry = &sample->entries[i];
		const struct provider *provider = provider_find(entry->type);
		const struct {
			const char *key;
			int64_t limit;
		} limits[] = {
			{ "open_max", provider ? provider->limits.open_max : 0 },
			{ "starts_per_s", provider ? provider->limits.starts_per_s : 0 },
			{ "starts_per_hour", provider ? provider->limits.starts_per_hour : 0 },
		};
		size_t k;

		for (k = 0; k < N_ELEMENTS(limits); k++)
			if (text_equals(entry->key, limits[k].key)) {
				assert_int_equal(atoll(entry->value), limits[k].limit);
				n++;
			}
	}
	assert_int_equal(n, 3);
	free(sample);
}

/* What an example of the manual leaves out: a method that another one defines. */
static const char work[] = "[method work]\ntype = oidc\nissuer = https://id.example.org\n"
			   "client_id = hosts\n";

/* Secrets lie on another machine; everything else must be right. */
static void assert_example(const char *example)
{
	struct conf_report report = { NULL };
	struct config *config = NULL;
	_cleanup_free_ char *text = text_format("%s%s",
						strstr(example, "[method work]") ? "" : work,
						example);
	size_t i;

	(void)config_load_text(text, strlen(text), &config, &report);    /* the report says it */
	for (i = 0; i < report.n_mistakes; i++)
		if (!strstr(report.mistakes[i].text, "cannot be opened"))
			fail_msg("%s\n%u: %s", text, report.mistakes[i].line,
				 report.mistakes[i].text);
	conf_report_done(&report);
	config_unref(config);
}

/* The blocks of .SH EXAMPLES between .RS and .RE. */
static void the_examples_of_the_manual_are_right(void **state UNUSED)
{
	_cleanup_(buf_done) struct buf example = BUF_INIT(4096);
	FILE *file = fopen(MANUAL, "re");
	char line[LINE_MAX_LEN];
	bool in_block = false;
	size_t n = 0;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (text_equals(line, ".RS\n")) {
			in_block = true;
		} else if (text_equals(line, ".RE\n")) {
			assert_example(buf_text(&example));
			buf_done(&example);
			in_block = false;
			n++;
		} else if (in_block) {
			buf_add_text(&example, line);
		}
	}
	assert_int_equal(fclose(file), 0);
	assert_int_equal(n, 5);
}

static void the_sample_as_shipped_lets_passwords_in_over_ssh(void **state UNUSED)
{
	struct conf_report report = { NULL };
	struct config *config = NULL;

	assert_int_equal(config_load(SAMPLE, &config, &report), 0);
	assert_int_equal(config->n_services, 1);
	assert_string_equal(config->services[0].service, "sshd");
	assert_null(config->services[0].label);
	assert_int_equal(config->services[0].n_alternatives, 1);
	assert_string_equal(config->services[0].alternatives[0].factors[0]->provider->type,
			    "password");
	config_unref(config);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_has_every_key_and_its_default),
		cmocka_unit_test(the_manual_has_every_key_and_its_default),
		cmocka_unit_test(the_sample_shows_the_limits_of_its_type),
		cmocka_unit_test(the_examples_of_the_manual_are_right),
		cmocka_unit_test(the_sample_as_shipped_lets_passwords_in_over_ssh),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
