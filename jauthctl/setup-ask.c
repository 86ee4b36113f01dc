/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions about the keys of a section; see setup-ask.h. */
#include "jauthctl/setup-ask.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

#define WHY_MAX  8192
#define TEXT_MAX (64 * 1024)

#define KEY_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_"

/* --- types --- */

static const json_t *pick_type(const json_t *types, const char *kind, const char *answer)
{
	const json_t *named = types_find(types, kind, answer);
	int64_t number = 0, n = 0;
	json_t *row;
	size_t i;

	if (named || text_to_number(answer, 1, INT32_MAX, &number) < 0)
		return named;
	json_array_foreach(types, i, row)
		if (text_equals(row_text(row, "kind"), kind) && ++n == number)
			return row;
	return NULL;
}

enum wizard_end ask_type(struct wizard *wizard, const json_t *types, const char *kind,
			 const json_t **ret_type)
{
	_cleanup_free_ char *prompt = text_format("%s ", say(wizard, "Number or name:"));
	struct line line;
	json_t *row;
	size_t i;
	int n = 0;

	json_array_foreach(types, i, row)
		if (text_equals(row_text(row, "kind"), kind))
			wizard_tell("%3d  %-24s %s", ++n, row_text(row, "type"),
				    row_text(row, "title"));
	for (;;) {
		if (wizard_ask(wizard, prompt, true, &line) == WIZARD_LEFT)
			return WIZARD_LEFT;
		*ret_type = pick_type(types, kind, line.text);
		if (*ret_type)
			return WIZARD_DONE;
		wizard_tell("%s", say(wizard, "There is none of that number or name."));
	}
}

/* --- what jauthd says of a value --- */

/* Of the key in the section, in a file's text; 0: it is not there. */
static int64_t line_of(const char *text, const char *section, const char *key)
{
	_cleanup_free_ char *head = text_format("[%s]\n", section);
	_cleanup_free_ char *start = text_format("%s = ", key);
	bool is_inside = false;
	int64_t number = 1;

	for (; *text; number++) {
		size_t len = strcspn(text, "\n");

		if (*text == '[')
			is_inside = text_has_prefix(text, head);
		else if (is_inside && text_has_prefix(text, start))
			return number;
		text += text[len] ? len + 1 : len;
	}
	return 0;
}

/* As a key and not as a word of the language: "digits", digits = 6, app_secret_file. */
static bool names_key(const char *mistake, const char *key)
{
	size_t len = strlen(key);
	const char *at = mistake;

	for (; (at = strstr(at, key)); at += len) {
		bool is_start = at == mistake || !strchr(KEY_LETTERS, at[-1]);
		bool is_quoted = at > mistake && at[-1] == '"';

		if (is_start && (is_quoted || strchr(key, '_') ||
				 text_has_prefix(at + len, " = ")))
			return true;
	}
	return false;
}

/* A mistake that names a key which is still to come, or a secret, which jauthd cannot see yet, need
 * not be one of this value. */
static bool may_pass(const struct draft *draft, const char *name, const char *mistake)
{
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(draft->type, "keys"), i, row) {
		const char *other = row_text(row, "key");

		if (!text_equals(other, name) && names_key(mistake, other) &&
		    (!json_object_get(draft->known, other) ||
		     text_equals(row_text(row, "kind"), "secret")))
			return true;
	}
	return false;
}

static json_t *all_sections(const struct asking *asking)
{
	json_t *sections = asking->base ? json_deep_copy(asking->base) : json_object();

	for (size_t i = 0; i < asking->n_drafts; i++)
		(void)draft_write(asking->drafts[i], NULL, sections);
	return sections;
}

static void pick_mistake(const struct asking *asking, const struct draft *draft, const char *name,
			 const char *text, const json_t *rows, struct buf *why)
{
	_cleanup_free_ char *section = draft_section(draft);
	_cleanup_free_ char *file = text_format("%s/%s", SETUP_FOLDER, asking->name);
	int64_t line = line_of(text, section, name);
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		const char *mistake = row_text(row, "text");

		if (!why->len && line && text_equals(row_text(row, "file"), file) &&
		    json_integer_value(json_object_get(row, "line")) == line &&
		    !may_pass(draft, name, mistake))
			buf_add_text(why, mistake);
	}
}

/* EXIT_DONE: `why` is empty or has the mistake. */
static enum exit_code ask_jauthd(struct asking *asking, const struct draft *draft,
				 const char *name, struct buf *why)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
	struct setup_change change = { asking->name, all_sections(asking) };
	enum exit_code code;
	json_t *rows;

	setup_drop_in_text(change.sections, &text);
	code = setup_mistakes(asking->ctl, &change, 1, &rows);
	json_decref(change.sections);
	if (code != EXIT_DONE)
		return code;
	pick_mistake(asking, draft, name, buf_text(&text), rows, why);
	json_decref(rows);
	return EXIT_DONE;
}

/* --- keys --- */

/* Once the answer is an answer: takes it, or says why not. False: ask again, unless *ret_end is
 * WIZARD_LEFT. */
static bool take_value(struct asking *asking, struct draft *draft, const json_t *key,
		       const struct line *line, enum wizard_end *ret_end)
{
	_cleanup_(buf_done) struct buf why = BUF_INIT(WHY_MAX);
	const char *name = row_text(key, "key");
	_cleanup_free_ char *before =
		text_copy(json_string_value(json_object_get(draft->values, name)));

	*ret_end = WIZARD_DONE;
	if (draft_mistake(asking->wizard, key, line->text, line->len, &why)) {
		wizard_print(buf_text(&why), 2);
		return false;
	}
	if (text_equals(row_text(key, "kind"), "secret")) {
		struct secret *secret = secret_new(line->text, line->len);

		if (!secret || draft_set_secret(draft, name, secret) < 0)
			abort();
		return true;
	}
	draft_set(draft, name, line->text);
	asking->code = ask_jauthd(asking, draft, name, &why);
	if (asking->code == EXIT_DONE && !why.len)
		return true;
	draft_set(draft, name, before);
	if (asking->code != EXIT_DONE)
		*ret_end = WIZARD_LEFT;
	else
		wizard_print(buf_text(&why), 2);
	return false;
}

static char *make_prompt(const struct asking *asking, const struct draft *draft,
			 const json_t *key)
{
	const char *name = row_text(key, "key"), *choices = row_text(key, "choices");
	_cleanup_(buf_done) struct buf prompt = BUF_INIT(TEXT_MAX);
	const char *value = draft_value(draft, name);

	buf_add_text(&prompt, name);
	if (text_equals(row_text(key, "kind"), "bool"))
		choices = "yes, no";
	if (*choices)
		buf_add_format(&prompt, " (%s)", choices);
	if (*value)
		buf_add_format(&prompt, " [%s]", value);
	else if (!row_is(key, "required") && !draft_has(draft, name))
		buf_add_format(&prompt, " %s", say(asking->wizard, "(Enter: none)"));
	buf_add_text(&prompt, ": ");
	return buf_steal(&prompt);
}

static void explain_key(const json_t *key)
{
	const char *label = row_text(key, "label"), *where = row_text(key, "where");

	wizard_tell("\n%s%s%s", *label ? label : row_text(key, "key"), *label ? " = " : "",
		    *label ? row_text(key, "key") : "");
	wizard_print(*where ? where : row_text(key, "help"), 2);
}

enum wizard_end ask_key(struct asking *asking, struct draft *draft, const json_t *key)
{
	const char *name = row_text(key, "key");
	bool is_secret = text_equals(row_text(key, "kind"), "secret");
	enum wizard_end end = WIZARD_DONE;
	bool is_done = false;

	explain_key(key);
	while (!is_done && end == WIZARD_DONE) {
		_cleanup_free_ char *prompt = make_prompt(asking, draft, key);
		struct line line;

		if (wizard_ask(asking->wizard, prompt, !is_secret, &line) == WIZARD_LEFT)
			return WIZARD_LEFT;
		if (line.len && !(text_equals(line.text, "-") && draft_has(draft, name))) {
			is_done = take_value(asking, draft, key, &line, &end);
		} else if (!line.len && row_is(key, "required") && !draft_has(draft, name)) {
			wizard_print(say(asking->wizard, "This is needed."), 2);
		} else {
			if (line.len)
				draft_set(draft, name, NULL);
			(void)json_object_set_new(draft->known, name, json_true());
			is_done = true;
		}
		line_wipe(&line);
	}
	return end;
}

enum wizard_end ask_keys(struct asking *asking, struct draft *draft)
{
	json_t *key;
	size_t i;

	json_array_foreach(json_object_get(draft->type, "keys"), i, key) {
		const char *name = row_text(key, "key");

		if (!row_is(key, "asked") || json_object_get(draft->known, name) ||
		    draft_has(draft, name) || !draft_when(draft, row_text(key, "when")))
			continue;
		if (ask_key(asking, draft, key) == WIZARD_LEFT)
			return WIZARD_LEFT;
	}
	return WIZARD_DONE;
}

/* --- KEY=VALUE --- */

/* NAME_file, NAME_credential: of a secret. */
static const json_t *find_suffixed(const json_t *type, const char *name)
{
	static const char *const suffixes[] = { "_file", "_credential" };

	for (size_t i = 0; i < N_ELEMENTS(suffixes); i++) {
		_cleanup_free_ char *base = NULL;
		const json_t *key;

		if (!text_has_suffix(name, suffixes[i]))
			continue;
		base = text_format("%.*s", (int)(strlen(name) - strlen(suffixes[i])), name);
		key = type_key(type, base);
		if (key && text_equals(row_text(key, "kind"), "secret"))
			return key;
	}
	return NULL;
}

static void complain_of_key(const json_t *type, const char *name)
{
	struct nearest nearest = { .typed = name };
	json_t *row;
	size_t i;

	json_array_foreach(json_object_get(type, "keys"), i, row)
		nearest_try(&nearest, row_text(row, "key"));
	if (nearest.word)
		complain("\"%s\" is no key of type %s; did you mean \"%s\"?", name,
			 row_text(type, "type"), nearest.word);
	else
		complain("\"%s\" is no key of type %s; see jauthd.conf(5)", name,
			 row_text(type, "type"));
}

const json_t *ask_assignment(const json_t *type, const char *text, char **ret_name,
			     const char **ret_value)
{
	const char *equals = strchr(text, '=');
	_cleanup_free_ char *name = NULL;
	const json_t *key, *suffixed;
	size_t len;

	if (!equals) {
		complain("\"%s\" is not of the form KEY=VALUE", text);
		return NULL;
	}
	for (len = (size_t)(equals - text); len && text[len - 1] == ' '; len--)
		;
	name = text_format("%.*s", (int)len, text);
	key = type_key(type, name);
	suffixed = key ? NULL : find_suffixed(type, name);
	if (!key && !suffixed) {
		complain_of_key(type, name);
		return NULL;
	}
	if (key && text_equals(row_text(key, "kind"), "secret")) {
		complain("%s is secret, and a command line is not: write --secret-file %s=PATH",
			 name, name);
		return NULL;
	}
	*ret_name = steal(&name);
	*ret_value = equals + 1 + strspn(equals + 1, " ");
	return key ? key : suffixed;
}

static void list_keys(const struct draft *draft)
{
	json_t *key;
	size_t i;

	json_array_foreach(json_object_get(draft->type, "keys"), i, key)
		if (!json_object_get(draft->values, row_text(key, "key")))
			wizard_tell("  %-24s %s", row_text(key, "key"), row_text(key, "help"));
}

/* One line of them. */
static enum wizard_end take_more(struct asking *asking, struct draft *draft,
				 const struct line *line)
{
	_cleanup_free_ char *name = NULL;
	enum wizard_end end = WIZARD_DONE;
	struct line value = { 0 };
	const char *text;
	const json_t *key = ask_assignment(draft->type, line->text, &name, &text);

	if (!key)
		return WIZARD_DONE;
	if (!text_equals(name, row_text(key, "key"))) {
		draft_set(draft, name, text);    /* the file or credential of a secret */
		return WIZARD_DONE;
	}
	value.len = strlen(text);
	if (text_into(value.text, sizeof(value.text), text))
		(void)take_value(asking, draft, key, &value, &end);
	return end;
}

enum wizard_end ask_more(struct asking *asking, struct draft *draft)
{
	_cleanup_free_ char *prompt =
		text_format("\n%s ", say(asking->wizard, "Other keys as KEY=VALUE, ? lists them "
							 "(Enter: none):"));
	struct line line;

	for (;;) {
		if (wizard_ask(asking->wizard, prompt, true, &line) == WIZARD_LEFT)
			return WIZARD_LEFT;
		if (!line.len)
			return WIZARD_DONE;
		if (text_equals(line.text, "?"))
			list_keys(draft);
		else if (take_more(asking, draft, &line) == WIZARD_LEFT)
			return WIZARD_LEFT;
	}
}
