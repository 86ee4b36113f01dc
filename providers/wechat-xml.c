/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See wechat-xml.h. */
#include "providers/wechat-xml.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

#define ROOT          "xml"
#define CDATA_BEGIN   "<![CDATA["
#define CDATA_END     "]]>"

/* --- reading --- */

/* What is still to be read. */
struct cursor {
	const char *at, *end;
};

struct slice {
	const char *text;
	size_t len;
};

static void skip_blanks(struct cursor *cursor)
{
	while (cursor->at < cursor->end && strchr(" \t\r\n", *cursor->at))
		cursor->at++;
}

static bool take(struct cursor *cursor, const char *what, size_t len)
{
	if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, what, len) != 0)
		return false;
	cursor->at += len;
	return true;
}

static bool take_text(struct cursor *cursor, const char *what)
{
	return take(cursor, what, strlen(what));
}

static bool is_name_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

/* "<Name>" */
static bool take_begin(struct cursor *cursor, struct slice *ret_name)
{
	const char *name = cursor->at + 1;
	size_t len = 0;

	if (!take_text(cursor, "<"))
		return false;
	while (cursor->at < cursor->end && is_name_character(*cursor->at) &&
	       len <= WECHAT_XML_NAME_MAX) {
		cursor->at++;
		len++;
	}
	*ret_name = (struct slice){ name, len };
	return len >= 1 && len <= WECHAT_XML_NAME_MAX && take_text(cursor, ">");
}

static bool take_end(struct cursor *cursor, const struct slice *name)
{
	return take_text(cursor, "</") && take(cursor, name->text, name->len) &&
	       take_text(cursor, ">");
}

static bool take_cdata(struct cursor *cursor, struct slice *ret_text)
{
	size_t left = (size_t)(cursor->end - cursor->at);
	const char *end = memmem(cursor->at, left, CDATA_END, strlen(CDATA_END));

	if (!end)
		return false;
	*ret_text = (struct slice){ cursor->at, (size_t)(end - cursor->at) };
	cursor->at = end + strlen(CDATA_END);
	return true;
}

/* Without CDATA neither markup nor entities. */
static bool take_plain(struct cursor *cursor, struct slice *ret_text)
{
	const char *begin = cursor->at;

	while (cursor->at < cursor->end && !strchr("<>&", *cursor->at))
		cursor->at++;
	*ret_text = (struct slice){ begin, (size_t)(cursor->at - begin) };
	return true;
}

static bool take_element(struct cursor *cursor, struct slice *ret_name, struct slice *ret_text)
{
	if (!take_begin(cursor, ret_name))
		return false;
	if (take_text(cursor, CDATA_BEGIN))
		return take_cdata(cursor, ret_text) && take_end(cursor, ret_name);
	return take_plain(cursor, ret_text) && take_end(cursor, ret_name);
}

static bool is_named(const struct slice *name, const char *text)
{
	return name->len == strlen(text) && memcmp(name->text, text, name->len) == 0;
}

/* False: it was there before. */
static bool keep(const struct slice *name, const struct slice *text,
		 struct wechat_xml_field *fields, size_t n_fields)
{
	for (size_t i = 0; i < n_fields; i++) {
		if (!is_named(name, fields[i].name))
			continue;
		if (fields[i].text)
			return false;
		fields[i].text = text->text;
		fields[i].len = text->len;
	}
	return true;
}

static bool read_elements(struct cursor *cursor, const struct slice *root,
			  struct wechat_xml_field *fields, size_t n_fields)
{
	struct slice name = { NULL, 0 }, text = { NULL, 0 };

	for (unsigned n = 0; n <= WECHAT_XML_ELEMENTS_MAX; n++) {
		skip_blanks(cursor);
		if (take_end(cursor, root))
			return true;
		if (!take_element(cursor, &name, &text) || !keep(&name, &text, fields, n_fields))
			return false;
	}
	return false;
}

int wechat_xml_read(const char *text, size_t len, struct wechat_xml_field *fields, size_t n_fields)
{
	struct cursor cursor = { text, text + len };
	struct slice root = { NULL, 0 };
	bool is_good;

	for (size_t i = 0; i < n_fields; i++)
		fields[i].text = NULL;
	if (!text_is_utf8(text, len))
		return -EINVAL;
	skip_blanks(&cursor);
	is_good = take_begin(&cursor, &root) && is_named(&root, ROOT) &&
		  read_elements(&cursor, &root, fields, n_fields);
	skip_blanks(&cursor);
	if (is_good && cursor.at == cursor.end)
		return 0;
	for (size_t i = 0; i < n_fields; i++)
		fields[i].text = NULL;
	return -EINVAL;
}

bool wechat_xml_copy(const struct wechat_xml_field *field, char *ret_text, size_t size)
{
	if (!field->text || !field->len || field->len >= size ||
	    !text_is_line(field->text, field->len))
		return false;
	memcpy(ret_text, field->text, field->len);
	ret_text[field->len] = '\0';
	return true;
}

/* --- writing --- */

void wechat_xml_add(struct buf *buf, const char *name, const char *text)
{
	assert(!strstr(text, CDATA_END));
	buf_add_format(buf, "<%s>" CDATA_BEGIN "%s" CDATA_END "</%s>", name, text, name);
}

void wechat_xml_add_number(struct buf *buf, const char *name, int64_t number)
{
	buf_add_format(buf, "<%s>%lld</%s>", name, (long long)number, name);
}
