/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links in a file; see link-file.h. */
#include "jauthctl/link-file.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "jauthctl/table.h"

#define FIELD_BYTES_MAX 4096

enum column { COLUMN_ISSUER, COLUMN_SUBJECT, COLUMN_USER, COLUMN_NOTE, N_COLUMNS };
static const char *const column_names[] = { "issuer", "subject", "user", "note" };

#define CSV_FIELDS_MAX N_COLUMNS

struct reader {
	const char *name;
	struct conf_report *report;
	json_t *rows;
	const char *at, *end;
	unsigned line;                            /* of `at` */
	enum column order[CSV_FIELDS_MAX];        /* of the CSV's columns */
	size_t n_columns;                         /* 0: the header was not read yet */
};

/* One record; free with record_done(). */
struct record {
	unsigned line;
	struct buf fields[CSV_FIELDS_MAX];
	size_t n_fields;
};

static bool check_value(struct reader *reader, unsigned line, enum column column, const char *text)
{
	if (!*text && column != COLUMN_NOTE)
		conf_mistake(reader->report, reader->name, line, "\"%s\" is empty",
			     column_names[column]);
	else if (strlen(text) > LINK_TEXT_MAX || !text_is_line(text, strlen(text)))
		conf_mistake(reader->report, reader->name, line,
			     "\"%s\" must be UTF-8 text without control characters, "
			     "at most %d bytes",
			     column_names[column], LINK_TEXT_MAX);
	else
		return true;
	return false;
}

/* False: there are too many, stop reading. */
static bool add_row(struct reader *reader, unsigned line, const char *const values[N_COLUMNS])
{
	bool is_right = true;
	size_t i;
	json_t *row;

	for (i = 0; i < N_COLUMNS; i++)
		is_right = check_value(reader, line, (enum column)i, values[i]) && is_right;
	if (!is_right)
		return true;
	if (json_array_size(reader->rows) == LINK_FILE_ROWS_MAX) {
		conf_mistake(reader->report, reader->name, line,
			     "more than %d links; use several files", LINK_FILE_ROWS_MAX);
		return false;
	}
	row = json_object();
	for (i = 0; i < N_COLUMNS; i++)
		(void)json_object_set_new(row, column_names[i], json_string(values[i]));
	(void)json_array_append_new(reader->rows, row);
	return true;
}

/* CSV */

static void record_done(struct record *record)
{
	size_t i;

	for (i = 0; i < CSV_FIELDS_MAX; i++)
		buf_done(&record->fields[i]);
}

/* A field in quotes, the opening one behind us; leaves the position behind the closing one. */
static bool read_quoted(struct reader *reader, struct buf *field)
{
	while (reader->at < reader->end) {
		char c = *reader->at++;

		if (c == '\n')
			reader->line++;
		if (c != '"') {
			buf_add_char(field, c);
		} else if (reader->at < reader->end && *reader->at == '"') {
			buf_add_char(field, '"');
			reader->at++;
		} else {
			return true;
		}
	}
	return false;
}

/* A CR that no LF follows is a character like others, and refused as one. */
static bool at_line_end(const struct reader *reader)
{
	size_t left = (size_t)(reader->end - reader->at);

	return !left || *reader->at == '\n' ||
	       (*reader->at == '\r' && (left == 1 || reader->at[1] == '\n'));
}

static void read_plain(struct reader *reader, struct buf *field)
{
	while (!at_line_end(reader) && *reader->at != ',')
		buf_add_char(field, *reader->at++);
}

static void skip_line(struct reader *reader)
{
	while (reader->at < reader->end && *reader->at != '\n')
		reader->at++;
	if (reader->at < reader->end)
		reader->at++;
	reader->line++;
}

static const char *read_field(struct reader *reader, struct record *record)
{
	struct buf *field;

	if (record->n_fields == CSV_FIELDS_MAX)
		return "there are more fields than columns";
	field = &record->fields[record->n_fields++];
	*field = (struct buf)BUF_INIT(FIELD_BYTES_MAX);
	if (reader->at < reader->end && *reader->at == '"') {
		reader->at++;
		if (!read_quoted(reader, field))
			return "the quotes are not closed";
		if (!at_line_end(reader) && *reader->at != ',')
			return "after the closing quotes there must be a comma";
	} else {
		read_plain(reader, field);
	}
	if (buf_failed(field) || memchr(buf_text(field), '\0', field->len))
		return "a field is too long or holds a NUL byte";
	return NULL;
}

/* One record and the end of its line; NULL, or what is wrong with it. */
static const char *read_record(struct reader *reader, struct record *record)
{
	const char *wrong;

	record->line = reader->line;
	for (;;) {
		wrong = read_field(reader, record);
		if (wrong || at_line_end(reader))
			break;
		reader->at++;                     /* the comma */
	}
	skip_line(reader);
	return wrong;
}

static bool find_column(const char *name, enum column *ret_column)
{
	size_t i;

	for (i = 0; i < N_COLUMNS; i++) {
		if (text_equals(name, column_names[i])) {
			*ret_column = (enum column)i;
			return true;
		}
	}
	return false;
}

/* False: without a header nothing else can be read. */
static bool take_header(struct reader *reader, const struct record *record)
{
	unsigned required = 1u << COLUMN_ISSUER | 1u << COLUMN_SUBJECT | 1u << COLUMN_USER;
	unsigned seen = 0;
	size_t i;

	for (i = 0; i < record->n_fields; i++) {
		enum column *column = &reader->order[i];

		if (!find_column(buf_text(&record->fields[i]), column) || seen & 1u << *column)
			break;
		seen |= 1u << *column;
	}
	if (i < record->n_fields || (seen & required) != required) {
		conf_mistake(reader->report, reader->name, record->line,
			     "the first line must name the columns: issuer,subject,user,note "
			     "(note may be absent)");
		return false;
	}
	reader->n_columns = record->n_fields;
	return true;
}

static bool take_record(struct reader *reader, const struct record *record)
{
	const char *values[N_COLUMNS] = { "", "", "", "" };
	size_t i;

	if (!reader->n_columns)
		return take_header(reader, record);
	if (record->n_fields != reader->n_columns) {
		conf_mistake(reader->report, reader->name, record->line,
			     "%zu fields where the first line has %zu", record->n_fields,
			     reader->n_columns);
		return true;
	}
	for (i = 0; i < record->n_fields; i++)
		values[reader->order[i]] = buf_text(&record->fields[i]);
	return add_row(reader, record->line, values);
}

static void read_csv(struct reader *reader)
{
	bool going_on = true;

	while (going_on && reader->at < reader->end) {
		struct record record = { 0 };
		const char *wrong;

		if (at_line_end(reader)) {
			skip_line(reader);
			continue;
		}
		wrong = read_record(reader, &record);
		if (wrong)
			conf_mistake(reader->report, reader->name, record.line, "%s", wrong);
		going_on = wrong ? reader->n_columns > 0 : take_record(reader, &record);
		record_done(&record);
	}
	if (!reader->n_columns && reader->report->n_mistakes == 0)
		conf_mistake(reader->report, reader->name, 0, "the file is empty");
}

/* JSON lines */

static bool take_object(struct reader *reader, const json_t *object)
{
	const char *values[N_COLUMNS] = { "", "", "", "" };
	enum column column;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		if (!find_column(key, &column) || !json_is_string(value)) {
			conf_mistake(reader->report, reader->name, reader->line,
				     "\"%s\": the members are issuer, subject, user and note, "
				     "each a string",
				     key);
			return true;
		}
		values[column] = json_string_value(value);
	}
	return add_row(reader, reader->line, values);
}

static void read_json_lines(struct reader *reader)
{
	bool going_on = true;

	while (going_on && reader->at < reader->end) {
		const char *line = reader->at;
		const char *newline = memchr(line, '\n', (size_t)(reader->end - line));
		size_t len = (size_t)((newline ? newline : reader->end) - line);
		_cleanup_json_ json_t *object = json_read_object(line, len);

		if (object)
			going_on = take_object(reader, object);
		else if (len && !(len == 1 && *line == '\r'))
			conf_mistake(reader->report, reader->name, reader->line,
				     "the line is not one JSON object");
		skip_line(reader);
	}
}

json_t *link_file_read(const char *text, size_t len, const char *name, struct conf_report *report)
{
	struct reader reader = {
		.name = name,
		.report = report,
		.rows = json_array(),
		.at = text,
		.end = text + len,
		.line = 1,
	};

	if (len > LINK_FILE_BYTES_MAX)
		conf_mistake(report, name, 0, "the file is larger than %d MiB",
			     LINK_FILE_BYTES_MAX / 1024 / 1024);
	else if (len && *text == '{')
		read_json_lines(&reader);
	else
		read_csv(&reader);
	return reader.rows;
}

/* Writing */

static void write_field(const char *text, FILE *out)
{
	if (!strpbrk(text, ",\" ")) {
		fputs(text, out);
		return;
	}
	fputc('"', out);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

void link_file_write_csv(const json_t *rows, FILE *out)
{
	json_t *row;
	size_t i, j;

	fputs("issuer,subject,user,note\n", out);
	json_array_foreach(rows, i, row) {
		for (j = 0; j < N_COLUMNS; j++) {
			const char *text = json_string_value(json_object_get(row, column_names[j]));

			if (j)
				fputc(',', out);
			write_field(text ? text : "", out);
		}
		fputc('\n', out);
	}
}

void link_file_write_json(const json_t *rows, FILE *out)
{
	json_t *row;
	size_t i, j;

	json_array_foreach(rows, i, row) {
		json_t *object = json_object();

		for (j = 0; j < N_COLUMNS; j++)
			(void)json_object_set(object, column_names[j],
					      json_object_get(row, column_names[j]));
		table_print_json_line(object, out);
		json_decref(object);
	}
}
