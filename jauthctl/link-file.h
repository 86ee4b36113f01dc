/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links in a file, as jauthctl link import reads and link export writes them. */
#pragma once

#include <stdio.h>

#include "jauthctl/row-file.h"

/* issuer, subject, user and perhaps note. */
extern const struct row_form link_form;

/* Rows that have those four members. */
void link_file_write_csv(const json_t *rows, FILE *out);
void link_file_write_json(const json_t *rows, FILE *out);
