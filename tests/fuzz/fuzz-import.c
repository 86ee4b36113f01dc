/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of rows, CSV and JSON lines: links that are read are written and read back the same; rows
 * of another form have their columns and their line. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "jauthctl/link-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const json_t *rows, void (*write)(const json_t *rows, FILE *out))
{
	struct conf_report report = { 0 };
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	json_t *again;

	if (!out)
		abort();
	write(rows, out);
	fclose(out);
	again = row_file_read(&link_form, text, len, "again", &report);
	if (report.n_mistakes || !json_equal(rows, again))
		abort();
	json_decref(again);
	free(text);
}

static json_t *read_rows(const struct row_form *form, const uint8_t *data, size_t size)
{
	struct conf_report report = { 0 };
	json_t *rows = row_file_read(form, (const char *)data, size, "fuzz", &report);

	if (!rows || json_array_size(rows) > ROW_FILE_ROWS_MAX)
		abort();
	conf_report_done(&report);
	return rows;
}

static void check_numbers(const uint8_t *data, size_t size)
{
	static const char *const columns[] = { "user", "number", "label", NULL };
	static const struct row_form form = {
		.columns = columns, .n_required = 2, .what = "numbers", .with_lines = true,
	};
	json_t *rows = read_rows(&form, data, size), *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (json_object_size(row) != 4 ||
		    !*json_string_value(json_object_get(row, "number")) ||
		    json_integer_value(json_object_get(row, ROW_LINE)) < 1)
			abort();
	json_decref(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *rows = read_rows(&link_form, data, size);

	if (json_array_size(rows)) {
		check_again(rows, link_file_write_csv);
		check_again(rows, link_file_write_json);
	}
	json_decref(rows);
	check_numbers(data, size);
	return 0;
}
