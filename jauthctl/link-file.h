/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links in a file, as jauthctl link import reads and link export writes them.
 *
 * CSV (RFC 4180): the first line names the columns issuer, subject, user and perhaps note, in any
 * order. Or JSON lines: one object a line with those members as strings; a file whose first
 * character is "{" is taken for that. Lines without anything are skipped.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include "base/conf.h"

#define LINK_FILE_BYTES_MAX (8 * 1024 * 1024)
#define LINK_FILE_ROWS_MAX  10000
#define LINK_TEXT_MAX       1024

/* An array of objects with issuer, subject, user and note, the caller's to free; every mistake
 * goes into the report under `name`. */
json_t *link_file_read(const char *text, size_t len, const char *name, struct conf_report *report);

/* Rows that have those four members. */
void link_file_write_csv(const json_t *rows, FILE *out);
void link_file_write_json(const json_t *rows, FILE *out);
