/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From one token to the next; see script-literal.h. */
#include "providers/script-literal.h"

#include <string.h>

#include "base/text.h"

#define SPACES  " \t\r\n"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$"
#define NUMBER  "0123456789+-.eE"

/* Behind the closing quote. */
static const char *add_text(const char *at, struct buf *json)
{
	char quote = *at++;

	buf_add_char(json, '"');
	for (; *at != quote; at++) {
		if ((unsigned char)*at < ' ')
			return NULL;
		if (*at == '\\' && at[1] == '\'') {
			at++;
		} else if (*at == '\\') {
			at++;
			if (!*at || !strchr("\"\\/bfnrtu", *at))
				return NULL;
			buf_add_char(json, '\\');
		} else if (*at == '"') {
			buf_add_char(json, '\\');
		}
		buf_add_char(json, *at);
	}
	buf_add_char(json, '"');
	return at + 1;
}

/* A name, which stands before a colon, or one of the words that are values. */
static const char *add_word(const char *at, struct buf *json)
{
	static const char *const values[] = { "true", "false", "null" };
	size_t len = strspn(at, LETTERS);

	if (!len)
		return NULL;
	if (at[len + strspn(at + len, SPACES)] == ':') {
		buf_add_char(json, '"');
		buf_add(json, at, len);
		buf_add_char(json, '"');
		return at + len;
	}
	for (size_t i = 0; i < N_ELEMENTS(values); i++) {
		if (strlen(values[i]) == len && memcmp(values[i], at, len) == 0) {
			buf_add(json, at, len);
			return at + len;
		}
	}
	return NULL;
}

static const char *add_number(const char *at, struct buf *json)
{
	size_t len = strspn(at, NUMBER);

	buf_add(json, at, len);
	return at + len;
}

/* Not the one behind the last member. */
static const char *add_comma(const char *at, struct buf *json)
{
	char next = at[1 + strspn(at + 1, SPACES)];

	if (next != '}' && next != ']')
		buf_add_char(json, ',');
	return at + 1;
}

static const char *add_token(const char *at, struct buf *json, unsigned *depth)
{
	switch (*at) {
	case '{':
	case '[':
		++*depth;
		break;
	case '}':
	case ']':
		--*depth;
		break;
	case ':':
		break;
	case ',':
		return add_comma(at, json);
	case '"':
	case '\'':
		return add_text(at, json);
	default:
		return strchr("-0123456789", *at) && *at ? add_number(at, json) :
							   add_word(at, json);
	}
	buf_add_char(json, *at);
	return at + 1;
}

const char *script_literal_to_json(const char *text, struct buf *json)
{
	unsigned depth = 0;

	if (*text != '{')
		return NULL;
	do {
		text = add_token(text + strspn(text, SPACES), json, &depth);
	} while (text && depth);
	return text;
}

/* Behind the `=` of "NAME = value", where a value begins; NULL: NAME is only read here. */
static const char *assigned(const char *behind_name)
{
	const char *at = behind_name + strspn(behind_name, SPACES);

	if (*at != '=' || at[1] == '=')
		return NULL;
	return at + 1 + strspn(at + 1, SPACES);
}

bool script_literal_find(const char *page, const char *name, struct buf *json)
{
	const char *value = NULL, *end;

	for (const char *at = page; (at = strstr(at, name)); at += strlen(name)) {
		const char *found = assigned(at + strlen(name));

		if (found && value)
			return false;
		if (found)
			value = found;
	}
	if (!value)
		return false;
	end = script_literal_to_json(value, json);
	/* The end of the statement: nothing is made of the literal. */
	return end && strchr(";<\r\n", end[strspn(end, " \t")]) && !buf_failed(json);
}
