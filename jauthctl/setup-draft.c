/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A section that is being filled in; see setup-draft.h. */
#include "jauthctl/setup-draft.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"

#define ID_CHARACTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define WHY_MAX       8192
#define SECRET_MAX    4096

void draft_init(struct draft *draft, const char *kind, const json_t *type)
{
	*draft = (struct draft){
		.kind = kind, .type = type, .values = json_object(), .known = json_object(),
	};
	/* Without it the ID would be the type. */
	(void)json_object_set_new(draft->values, "type", json_string(row_text(type, "type")));
}

void draft_done(struct draft *draft)
{
	for (size_t i = 0; i < draft->n_secrets; i++)
		secret_free(draft->secrets[i].value);
	json_decref(draft->values);
	json_decref(draft->known);
	*draft = (struct draft){ 0 };
}

char *draft_section(const struct draft *draft)
{
	return text_format("%s %s", draft->kind, draft->id);
}

bool draft_id_is_right(const char *id)
{
	size_t len = strlen(id);

	return len && len <= DRAFT_ID_MAX && strspn(id, ID_CHARACTERS) == len &&
	       !text_equals(id, "none");
}

/* --- rows of jauthd --- */

const char *row_text(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

bool row_is(const json_t *row, const char *key)
{
	return json_is_true(json_object_get(row, key));
}

const json_t *types_find(const json_t *types, const char *kind, const char *type)
{
	json_t *row;
	size_t i;

	json_array_foreach(types, i, row)
		if (text_equals(row_text(row, "kind"), kind) &&
		    text_equals(row_text(row, "type"), type))
			return row;
	return NULL;
}

const json_t *methods_find(const json_t *methods, const char *id)
{
	json_t *row;
	size_t i;

	json_array_foreach(methods, i, row)
		if (text_equals(row_text(row, "method"), id))
			return row;
	return NULL;
}

const json_t *type_key(const json_t *type, const char *name)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(type, "keys"), i, row)
		if (text_equals(row_text(row, "key"), name))
			return row;
	return NULL;
}

/* --- values --- */

static struct draft_secret *find_secret(const struct draft *draft, const char *name)
{
	for (size_t i = 0; i < draft->n_secrets; i++)
		if (text_equals(draft->secrets[i].key, name))
			return (struct draft_secret *)&draft->secrets[i];
	return NULL;
}

const char *draft_value(const struct draft *draft, const char *name)
{
	const char *value = json_string_value(json_object_get(draft->values, name));

	return value ? value : row_text(type_key(draft->type, name), "fallback");
}

/* A secret may also be said by the file or the credential that holds it. */
bool draft_has(const struct draft *draft, const char *name)
{
	_cleanup_free_ char *file = text_format("%s_file", name);
	_cleanup_free_ char *credential = text_format("%s_credential", name);

	return json_object_get(draft->values, name) || find_secret(draft, name) ||
	       json_object_get(draft->values, file) || json_object_get(draft->values, credential);
}

void draft_set(struct draft *draft, const char *name, const char *value)
{
	(void)json_object_set_new(draft->known, name, json_true());
	if (value)
		(void)json_object_set_new(draft->values, name, json_string(value));
	else
		(void)json_object_del(draft->values, name);
}

int draft_set_secret(struct draft *draft, const char *name, struct secret *secret)
{
	const json_t *key = type_key(draft->type, name);
	struct draft_secret *old = find_secret(draft, name);

	(void)json_object_set_new(draft->known, name, json_true());
	if (old) {
		secret_free(old->value);
		old->value = secret;
		return 0;
	}
	if (draft->n_secrets == DRAFT_SECRETS_MAX)
		return -ENOSPC;
	draft->secrets[draft->n_secrets++] =
		(struct draft_secret){ row_text(key, "key"), secret };
	return 0;
}

bool draft_when(const struct draft *draft, const char *when)
{
	const char *equals = strchr(when, '=');
	_cleanup_free_ char *name = NULL;
	const char *value, *word;
	size_t len;

	if (!equals)
		return true;
	name = text_format("%.*s", (int)(equals - when), when);
	value = draft_value(draft, name);
	for (word = equals + 1;; word += len + 1) {
		len = strcspn(word, "|");
		if (strlen(value) == len && strncmp(word, value, len) == 0)
			return true;
		if (!word[len])
			return false;
	}
}

void draft_add_missing(const struct draft *draft, struct buf *ret_text)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(draft->type, "keys"), i, row) {
		const char *name = row_text(row, "key"), *label = row_text(row, "label");

		if (!row_is(row, "required") || draft_has(draft, name))
			continue;
		buf_add_format(ret_text, "%s%s", ret_text->len ? ", " : "", name);
		if (*label)
			buf_add_format(ret_text, " (%s)", label);
	}
}

/* --- mistakes --- */

/* Kinds by their words, of which a parser says whether a text is right. */
static const struct kind {
	const char *word;
	enum conf_kind kind;
} kinds[] = {
	{ "text", CONF_TEXT },
	{ "bool", CONF_BOOL },
	{ "number", CONF_NUMBER },
	{ "duration", CONF_DURATION },
	{ "choice", CONF_CHOICE },
	{ "list", CONF_LIST },
	{ "url", CONF_URL },
};

static void say_mistake(const struct wizard *wizard, enum conf_kind kind, const json_t *key,
			struct buf *why)
{
	long long min = json_integer_value(json_object_get(key, "min"));
	long long max = json_integer_value(json_object_get(key, "max"));

	switch (kind) {
	case CONF_TEXT:
	case CONF_SECRET:
		buf_add_format(why, say(wizard, "That must be %lld to %lld bytes long."),
			       MAX(min, 1), max ? max : SECRET_MAX);
		break;
	case CONF_BOOL:
		buf_add_text(why, say(wizard, "That must be yes or no."));
		break;
	case CONF_NUMBER:
		buf_add_text(why, say(wizard, "That must be a whole number."));
		if (min || max)
			buf_add_format(why, " %lld … %lld", min, max);
		break;
	case CONF_DURATION:
		buf_add_text(why, say(wizard, "That must be a duration such as 90s, 3min, 2h or "
					      "1d."));
		if (min || max)
			buf_add_format(why, " %llds … %llds", min, max);
		break;
	case CONF_CHOICE:
		buf_add_format(why, say(wizard, "That must be one of: %s"),
			       row_text(key, "choices"));
		break;
	case CONF_LIST:
		buf_add_text(why, say(wizard, "That must be a list such as \"a, b\", without empty "
					      "parts."));
		break;
	case CONF_URL:
		buf_add_text(why, say(wizard, "That must be a URL such as "
					      "https://id.example.org/path."));
		break;
	}
}

/* The words of "relay, poll"; the caller frees both. */
static char **split_choices(const char *text)
{
	_cleanup_free_ char *copy = text_copy(text);
	char **choices = NULL, *rest = copy, *word;

	while ((word = strsep(&rest, ","))) {
		word += strspn(word, " ");
		if (*word && list_add(&choices, word) < 0)
			abort();
	}
	return choices;
}

/* By the parser that jauthd has, on a section of this one key. */
static bool parses(const struct kind *kind, const json_t *key, const char *text)
{
	_cleanup_list_ char **choices = split_choices(row_text(key, "choices"));
	_cleanup_free_ char *line = text_format("[x]\n%s = %s\n", row_text(key, "key"), text);
	_cleanup_(conf_report_done) struct conf_report report = { 0 };
	_cleanup_(conf_done) struct conf conf = { 0 };
	const struct conf_key keys[] = {
		{ .name = row_text(key, "key"), .kind = kind->kind,
		  .min = json_integer_value(json_object_get(key, "min")),
		  .max = json_integer_value(json_object_get(key, "max")),
		  .choices = (const char *const *)choices },
		{ 0 }
	};
	int64_t field = 0;
	const struct conf_table table = { keys, &field };

	conf_read_text(line, strlen(line), "x", &conf, &report);
	if (!report.n_mistakes)
		conf_apply(conf.sections, &table, 1, &report);
	conf_release(keys, &field);
	return !report.n_mistakes;
}

bool draft_mistake(const struct wizard *wizard, const json_t *key, const char *text, size_t len,
		   struct buf *ret_why)
{
	long long min = json_integer_value(json_object_get(key, "min"));
	long long max = json_integer_value(json_object_get(key, "max"));

	if (text_equals(row_text(key, "kind"), "secret")) {
		if ((long long)len >= MAX(min, 1) && (long long)len <= (max ? max : SECRET_MAX))
			return false;
		say_mistake(wizard, CONF_SECRET, key, ret_why);
		return true;
	}
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++) {
		if (!text_equals(row_text(key, "kind"), kinds[i].word))
			continue;
		if (parses(&kinds[i], key, text))
			return false;
		say_mistake(wizard, kinds[i].kind, key, ret_why);
		return true;
	}
	return false;
}

/* --- writing --- */

static enum exit_code write_secrets(const struct draft *draft, struct setup *setup,
				    json_t *entries)
{
	for (size_t i = 0; setup && i < draft->n_secrets; i++) {
		const struct draft_secret *secret = &draft->secrets[i];
		_cleanup_free_ char *key = text_format("%s_file", secret->key);
		_cleanup_free_ char *name = text_format("%s%s-%s",
							text_equals(draft->kind, "sms") ? "sms." :
							"", draft->id, secret->key);
		_cleanup_free_ char *path = NULL;
		enum exit_code code = setup_secret_write(setup, name, secret->value, &path);

		if (code != EXIT_DONE)
			return code;
		(void)json_object_set_new(entries, key, json_string(path));
	}
	return EXIT_DONE;
}

enum exit_code draft_write(const struct draft *draft, struct setup *setup, json_t *sections)
{
	_cleanup_free_ char *name = draft_section(draft);
	json_t *entries = json_copy(draft->values);

	(void)json_object_set_new(sections, name, entries);
	return write_secrets(draft, setup, entries);
}
