/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links in a file; see link-file.h. */
#include "jauthctl/link-file.h"

#include <string.h>

#include "base/macro.h"
#include "jauthctl/table.h"

static const char *const columns[] = { "issuer", "subject", "user", "note", NULL };

const struct row_form link_form = { .columns = columns, .n_required = 3, .what = "links" };

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
	size_t i;

	fputs("issuer,subject,user,note\n", out);
	json_array_foreach(rows, i, row) {
		for (size_t j = 0; columns[j]; j++) {
			const char *text = json_string_value(json_object_get(row, columns[j]));

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
	size_t i;

	json_array_foreach(rows, i, row) {
		json_t *object = json_object();

		for (size_t j = 0; columns[j]; j++)
			(void)json_object_set(object, columns[j],
					      json_object_get(row, columns[j]));
		table_print_json_line(object, out);
		json_decref(object);
	}
}
