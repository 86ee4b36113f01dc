/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows in a file; see row-file.h. */
#include "jauthctl/row-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "jauthctl/command.h"

#define FIELD_BYTES_MAX 4096

struct reader {
	const struct row_form *form;
	size_t n_form;                            /* its columns */
	const char *name;
	struct conf_report *report;
	json_t *rows;
	const char *at, *end;
	unsigned line;                            /* of `at` */
	size_t order[ROW_COLUMNS_MAX];            /* of the CSV's columns: which of the form's */
	size_t n_columns;                         /* 0: the header was not read yet */
};

/* One record; free with record_done(). */
struct record {
	unsigned line;
	struct buf fields[ROW_COLUMNS_MAX];
	size_t n_fields;
};

static bool check_value(struct reader *reader, unsigned line, size_t column, const char *text)
{
	const char *name = reader->form->columns[column];

	if (!*text && column < reader->form->n_required)
		conf_mistake(reader->report, reader->name, line, "\"%s\" is empty", name);
	else if (strlen(text) > ROW_TEXT_MAX || !text_is_line(text, strlen(text)))
		conf_mistake(reader->report, reader->name, line,
			     "\"%s\" must be UTF-8 text without control characters, "
			     "at most %d bytes", name, ROW_TEXT_MAX);
	else
		return true;
	return false;
}

/* False: there are too many, stop reading. */
static bool add_row(struct reader *reader, unsigned line, const char *const *values)
{
	bool is_right = true;
	json_t *row;

	for (size_t i = 0; i < reader->n_form; i++)
		is_right = check_value(reader, line, i, values[i]) && is_right;
	if (!is_right)
		return true;
	if (json_array_size(reader->rows) == ROW_FILE_ROWS_MAX) {
		conf_mistake(reader->report, reader->name, line,
			     "more than %d %s; use several files", ROW_FILE_ROWS_MAX,
			     reader->form->what);
		return false;
	}
	row = json_object();
	for (size_t i = 0; i < reader->n_form; i++)
		(void)json_object_set_new(row, reader->form->columns[i], json_string(values[i]));
	if (reader->form->with_lines)
		(void)json_object_set_new(row, ROW_LINE, json_integer(line));
	(void)json_array_append_new(reader->rows, row);
	return true;
}

/* "issuer,subject,user" */
static void add_columns(const struct reader *reader, size_t first, size_t end, struct buf *buf)
{
	for (size_t i = first; i < end; i++)
		buf_add_format(buf, "%s%s", i > first ? "," : "", reader->form->columns[i]);
}

/* CSV */

static void record_done(struct record *record)
{
	size_t i;

	for (i = 0; i < ROW_COLUMNS_MAX; i++)
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

	if (record->n_fields == reader->n_form)
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

static bool find_column(const struct reader *reader, const char *name, size_t *ret_column)
{
	for (size_t i = 0; i < reader->n_form; i++) {
		if (text_equals(name, reader->form->columns[i])) {
			*ret_column = i;
			return true;
		}
	}
	return false;
}

static void complain_of_header(const struct reader *reader, unsigned line)
{
	struct buf columns = BUF_INIT(FIELD_BYTES_MAX);

	add_columns(reader, 0, reader->n_form, &columns);
	if (reader->form->n_required < reader->n_form) {
		buf_add_text(&columns, " (");
		add_columns(reader, reader->form->n_required, reader->n_form, &columns);
		buf_add_text(&columns, " may be absent)");
	}
	conf_mistake(reader->report, reader->name, line,
		     "the first line must name the columns: %s", buf_text(&columns));
	buf_done(&columns);
}

/* False: without a header nothing else can be read. */
static bool take_header(struct reader *reader, const struct record *record)
{
	unsigned required = (1u << reader->form->n_required) - 1, seen = 0;
	size_t i;

	for (i = 0; i < record->n_fields; i++) {
		size_t *column = &reader->order[i];

		if (!find_column(reader, buf_text(&record->fields[i]), column) ||
		    seen & 1u << *column)
			break;
		seen |= 1u << *column;
	}
	if (i < record->n_fields || (seen & required) != required) {
		complain_of_header(reader, record->line);
		return false;
	}
	reader->n_columns = record->n_fields;
	return true;
}

static bool take_record(struct reader *reader, const struct record *record)
{
	const char *values[ROW_COLUMNS_MAX] = { "", "", "", "" };
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
	const char *values[ROW_COLUMNS_MAX] = { "", "", "", "" };
	const char *key;
	json_t *value;
	size_t column;

	json_object_foreach((json_t *)object, key, value) {
		if (!find_column(reader, key, &column) || !json_is_string(value)) {
			struct buf columns = BUF_INIT(FIELD_BYTES_MAX);

			add_columns(reader, 0, reader->n_form, &columns);
			conf_mistake(reader->report, reader->name, reader->line,
				     "\"%s\": the members are %s, each a string", key,
				     buf_text(&columns));
			buf_done(&columns);
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

json_t *row_file_read(const struct row_form *form, const char *text, size_t len, const char *name,
		      struct conf_report *report)
{
	struct reader reader = {
		.form = form,
		.n_form = list_length((char *const *)form->columns),
		.name = name,
		.report = report,
		.rows = json_array(),
		.at = text,
		.end = text + len,
		.line = 1,
	};

	if (len > ROW_FILE_BYTES_MAX)
		conf_mistake(report, name, 0, "the file is larger than %d MiB",
			     ROW_FILE_BYTES_MAX / 1024 / 1024);
	else if (len && *text == '{')
		read_json_lines(&reader);
	else
		read_csv(&reader);
	return reader.rows;
}

/* 0 or -errno; one byte more than allowed is enough for row_file_read() to refuse. */
static int load(const char *path, struct buf *ret_text)
{
	_cleanup_close_ int fd = -1;
	ssize_t n = 0;

	fd = text_equals(path, "-") ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	do {
		char part[16384];

		n = read(fd, part, sizeof(part));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			buf_add(ret_text, part, (size_t)n);
	} while (n != 0 && ret_text->len <= ROW_FILE_BYTES_MAX && !buf_failed(ret_text));
	return buf_failed(ret_text) ? -ENOMEM : 0;
}

json_t *row_file_load(const struct row_form *form, const char *path)
{
	struct buf text = BUF_INIT(ROW_FILE_BYTES_MAX + 65536);
	struct conf_report report = { 0 };
	json_t *rows = NULL;
	size_t i;
	int r;

	r = load(path, &text);
	if (r < 0)
		complain("%s: %s", path, strerror(-r));
	else
		rows = row_file_read(form, buf_text(&text), text.len, path, &report);
	for (i = 0; i < report.n_mistakes; i++)
		complain("%s:%u: %s", report.mistakes[i].file, report.mistakes[i].line,
			 report.mistakes[i].text);
	if (report.n_mistakes) {
		json_decref(rows);
		rows = NULL;
	}
	conf_report_done(&report);
	buf_done(&text);
	return rows;
}
