/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Output: aligned tables for people, JSON for programs.
 *
 * For people, a value is shown by its kind and its key: booleans as yes and no, moments (the keys
 * in table.c) in local time, nothing as "-". Foreign text is cleaned; in a locale without
 * UTF-8 only ASCII is shown.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#define TABLE_COLUMNS_MAX 16

/* Columns only grow, so that rows that come later stay aligned. Start with { .keys = … }. */
struct table {
	const char *const *keys;         /* NULL-terminated: the columns */
	size_t widths[TABLE_COLUMNS_MAX];
	bool has_header;
};

/* Prints the rows, an array of objects, and before the first ones the header. */
void table_print(struct table *table, const json_t *rows, FILE *out);

/* The text, and blanks up to that many columns of the terminal. */
void table_print_padded(FILE *out, const char *text, size_t width);

/* "key  value" lines; a text of several lines goes on below its first, an array of objects follows
 * as a table under its key. */
void table_print_object(const json_t *object, FILE *out);

/* The value as JSON in ASCII, indented, and a newline. */
void table_print_json(const json_t *value, FILE *out);
/* The same in one line. */
void table_print_json_line(const json_t *value, FILE *out);
