/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows in a file, as the import commands read them.
 *
 * CSV (RFC 4180): the first line names the columns, in any order. Or JSON lines: one object a line
 * with those members as strings; a file whose first character is "{" is taken for that. Lines
 * without anything are skipped.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/conf.h"

#define ROW_FILE_BYTES_MAX (8 * 1024 * 1024)
#define ROW_FILE_ROWS_MAX  10000
#define ROW_TEXT_MAX       1024
#define ROW_COLUMNS_MAX    4
#define ROW_LINE           "line"

struct row_form {
	const char *const *columns;      /* at most ROW_COLUMNS_MAX; NULL-terminated */
	size_t n_required;               /* the first so many; the others are "" where they lack */
	const char *what;                /* for people: "links" */
	bool with_lines;                 /* each row says as ROW_LINE where it stands */
};

/* An array of objects with the columns as members, the caller's to free; every mistake goes into
 * the report under `name`. */
json_t *row_file_read(const struct row_form *form, const char *text, size_t len, const char *name,
		      struct conf_report *report);
/* Those of a file, "-": of standard input. NULL after complaining, of each mistake. */
json_t *row_file_load(const struct row_form *form, const char *path);
