/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Output for people and programs; see table.h. */
#include "jauthctl/table.h"

#include <ctype.h>
#include <inttypes.h>
#include <langinfo.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"
#include "jauthctl/moment.h"

#define CELL_CHARS_MAX 1024
#define GAP            2

/* Numbers under these keys are seconds since 1970. */
static const char *const moments[] = {
	"time", "since", "created", "made", "altered", "identity-locked", "changed", "used",
	"expires", "password-expires", "last", "synced", "tried",
	"wait-until", "until", "recovery-until", NULL
};

static bool is_moment(const char *key)
{
	return list_has((char *const *)moments, key);
}

static void add_clean(struct buf *cell, const char *text)
{
	if (text_equals(nl_langinfo(CODESET), "UTF-8"))
		text_add_clean(cell, text, CELL_CHARS_MAX);
	else
		text_add_ascii(cell, text, CELL_CHARS_MAX);
}

static void add_number(struct buf *cell, const char *key, int64_t number)
{
	char moment[MOMENT_SIZE];

	if (!is_moment(key)) {
		buf_add_format(cell, "%" PRId64, number);
		return;
	}
	moment_format(number, moment);
	buf_add_text(cell, moment);
}

/* One value in one line. */
static void add_value(struct buf *cell, const char *key, const json_t *value)
{
	if (json_is_string(value) && *json_string_value(value))
		add_clean(cell, json_string_value(value));
	else if (json_is_integer(value))
		add_number(cell, key, json_integer_value(value));
	else if (json_is_boolean(value))
		buf_add_text(cell, json_is_true(value) ? "yes" : "no");
	else
		buf_add_char(cell, '-');
}

/* Columns of the terminal that a cleaned text takes. */
static size_t width_of(const char *text)
{
	size_t left = strlen(text), width = 0;
	mbstate_t state = { 0 };

	while (left) {
		wchar_t character;
		size_t len = mbrtowc(&character, text, left, &state);

		if (len == 0 || len > left)
			return width + left;    /* not of this locale: one column a byte */
		width += (size_t)MAX(wcwidth(character), 0);
		text += len;
		left -= len;
	}
	return width;
}

void table_print_padded(FILE *out, const char *text, size_t width)
{
	size_t used = width_of(text);

	fprintf(out, "%s%*s", text, (int)(width > used ? width - used : 0), "");
}

static void row_cell(struct buf *cell, const json_t *row, const char *key)
{
	*cell = (struct buf)BUF_INIT(8 * CELL_CHARS_MAX);
	add_value(cell, key, json_object_get(row, key));
}

static void widen(struct table *table, const json_t *rows)
{
	size_t column, i;
	json_t *row;

	for (column = 0; table->keys[column] && column < TABLE_COLUMNS_MAX; column++) {
		size_t *width = &table->widths[column];

		*width = MAX(*width, strlen(table->keys[column]));
		json_array_foreach(rows, i, row) {
			struct buf cell;

			row_cell(&cell, row, table->keys[column]);
			*width = MAX(*width, width_of(buf_text(&cell)));
			buf_done(&cell);
		}
	}
}

static void print_header(struct table *table, FILE *out)
{
	size_t column;

	for (column = 0; table->keys[column] && column < TABLE_COLUMNS_MAX; column++) {
		const char *key = table->keys[column];
		size_t i, padding = table->widths[column] + GAP - strlen(key);

		for (i = 0; key[i]; i++)
			fputc(toupper((unsigned char)key[i]), out);
		fprintf(out, "%*s", table->keys[column + 1] ? (int)padding : 0, "");
	}
	fputc('\n', out);
	table->has_header = true;
}

static void print_row(const struct table *table, const json_t *row, FILE *out)
{
	size_t column;

	for (column = 0; table->keys[column] && column < TABLE_COLUMNS_MAX; column++) {
		struct buf cell;

		row_cell(&cell, row, table->keys[column]);
		if (table->keys[column + 1])
			table_print_padded(out, buf_text(&cell), table->widths[column] + GAP);
		else
			fputs(buf_text(&cell), out);
		buf_done(&cell);
	}
	fputc('\n', out);
}

void table_print(struct table *table, const json_t *rows, FILE *out)
{
	json_t *row;
	size_t i;

	widen(table, rows);
	if (!table->has_header && json_array_size(rows))
		print_header(table, out);
	json_array_foreach(rows, i, row)
		print_row(table, row, out);
}

/* The columns are the keys of the first row, in their order. */
static void print_nested(const char *key, const json_t *rows, FILE *out)
{
	const char *keys[TABLE_COLUMNS_MAX + 1] = { NULL };
	struct table table = { .keys = keys };
	const char *column;
	json_t *value;
	size_t n = 0;

	json_object_foreach(json_array_get(rows, 0), column, value)
		if (n < TABLE_COLUMNS_MAX)
			keys[n++] = column;
	fprintf(out, "\n%s\n", key);
	table_print(&table, rows, out);
}

static void print_line(const char *key, const char *text, size_t width, FILE *out)
{
	table_print_padded(out, key, width + GAP);
	fprintf(out, "%s\n", text);
}

/* Splits a text at its newlines. */
static void print_lines(const char *key, const char *text, size_t width, FILE *out)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		_cleanup_free_ char *line = text_format("%.*s", (int)len, text);
		struct buf cell = BUF_INIT(8 * CELL_CHARS_MAX);

		add_clean(&cell, line);
		print_line(key, buf_text(&cell), width, out);
		buf_done(&cell);
		text += text[len] ? len + 1 : len;
		key = "";
	}
}

static void print_member(const char *key, const json_t *value, size_t width, FILE *out)
{
	struct buf cell = BUF_INIT(8 * CELL_CHARS_MAX);

	if (json_is_string(value) && strchr(json_string_value(value), '\n')) {
		print_lines(key, json_string_value(value), width, out);
		return;
	}
	add_value(&cell, key, value);
	print_line(key, buf_text(&cell), width, out);
	buf_done(&cell);
}

void table_print_object(const json_t *object, FILE *out)
{
	size_t width = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
		if (!json_is_array(value))
			width = MAX(width, strlen(key));
	json_object_foreach((json_t *)object, key, value)
		if (!json_is_array(value))
			print_member(key, value, width, out);
	json_object_foreach((json_t *)object, key, value)
		if (json_array_size(value))
			print_nested(key, value, out);
}

/* ASCII, so that no character of a foreign text acts on a terminal. */
void table_print_json(const json_t *value, FILE *out)
{
	(void)json_dumpf(value, out, JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	fputc('\n', out);
}

void table_print_json_line(const json_t *value, FILE *out)
{
	(void)json_dumpf(value, out, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	fputc('\n', out);
}
