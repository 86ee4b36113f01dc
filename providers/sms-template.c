/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts with holes, read piece by piece; see sms-template.h. */
#include "providers/sms-template.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz_"

/* One piece of a template, pointing into it. */
struct piece {
	enum { PIECE_END, PIECE_TEXT, PIECE_HOLE, PIECE_BROKEN } kind;
	const char *start;               /* of the text, or of the name */
	size_t len;
};

static struct piece next_brace(const char **at)
{
	const char *brace = *at;
	size_t len = strspn(brace + 1, NAME_CHARACTERS);

	if (brace[1] == brace[0]) {
		*at = brace + 2;
		return (struct piece){ PIECE_TEXT, brace, 1 };
	}
	if (brace[0] == '}' || !len || brace[1 + len] != '}')
		return (struct piece){ PIECE_BROKEN, brace, strlen(brace) };
	*at = brace + len + 2;
	return (struct piece){ PIECE_HOLE, brace + 1, len };
}

static struct piece next_piece(const char **at)
{
	const char *start = *at;
	size_t len = strcspn(start, "{}");

	if (!*start)
		return (struct piece){ PIECE_END, start, 0 };
	if (!len)
		return next_brace(at);
	*at = start + len;
	return (struct piece){ PIECE_TEXT, start, len };
}

static bool is_named(const struct piece *hole, const char *name)
{
	return strlen(name) == hole->len && memcmp(hole->start, name, hole->len) == 0;
}

static const struct sms_variable *find(const struct sms_variable *variables,
				       const struct piece *hole)
{
	for (; variables->name; variables++)
		if (is_named(hole, variables->name))
			return variables;
	return NULL;
}

static void add_json(struct buf *buf, const char *value)
{
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\')
			buf_add_format(buf, "\\%c", c);
		else if (c < 0x20)
			buf_add_format(buf, "\\u%04x", c);
		else
			buf_add_char(buf, *value);
	}
}

static int add_value(struct buf *buf, const char *value, enum sms_encoding encoding)
{
	switch (encoding) {
	case SMS_AS_LINE:
		if (!text_is_line(value, strlen(value)))
			return -EINVAL;
		buf_add_text(buf, value);
		return 0;
	case SMS_AS_URL:
		url_encode_segment(buf, value);
		return 0;
	case SMS_AS_FORM:
		form_encode(buf, value, strlen(value));
		return 0;
	case SMS_AS_JSON:
		if (!text_is_utf8(value, strlen(value)))
			return -EINVAL;
		add_json(buf, value);
		return 0;
	}
	return -EINVAL;
}

int sms_template_expand(const char *template, const struct sms_variable *variables,
			enum sms_encoding encoding, struct buf *buf)
{
	for (;;) {
		struct piece piece = next_piece(&template);
		const struct sms_variable *variable;
		int r;

		switch (piece.kind) {
		case PIECE_END:
			return buf_failed(buf) ? -E2BIG : 0;
		case PIECE_BROKEN:
			return -EINVAL;
		case PIECE_TEXT:
			buf_add(buf, piece.start, piece.len);
			break;
		case PIECE_HOLE:
			variable = find(variables, &piece);
			if (!variable)
				return -ENOENT;
			r = add_value(buf, variable->value, encoding);
			if (r < 0)
				return r;
			break;
		}
	}
}

static void say_unknown(const struct piece *hole, const struct sms_variable *variables,
			struct buf *why)
{
	buf_add_text(why, "knows no {");
	buf_add(why, hole->start, hole->len);
	buf_add_text(why, "}; there are");
	for (; variables->name; variables++)
		buf_add_format(why, " {%s}", variables->name);
}

bool sms_template_check(const char *template, const struct sms_variable *variables,
			struct buf *why)
{
	for (;;) {
		struct piece piece = next_piece(&template);

		switch (piece.kind) {
		case PIECE_END:
			return true;
		case PIECE_TEXT:
			break;
		case PIECE_BROKEN:
			buf_add_text(why, "has a brace without its other half at \"");
			text_add_clean(why, piece.start, 20);
			buf_add_text(why, "\"; a literal one is written twice");
			return false;
		case PIECE_HOLE:
			if (!find(variables, &piece)) {
				say_unknown(&piece, variables, why);
				return false;
			}
			break;
		}
	}
}

bool sms_template_has(const char *template, const char *name)
{
	for (;;) {
		struct piece piece = next_piece(&template);

		if (piece.kind == PIECE_END || piece.kind == PIECE_BROKEN)
			return false;
		if (piece.kind == PIECE_HOLE && is_named(&piece, name))
			return true;
	}
}
