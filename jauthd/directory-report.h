/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What one pass over a directory's members changed, or would. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum directory_change {
	CHANGE_ADD,              /* becomes a Unix user */
	CHANGE_RENAME,           /* his name as the directory has it */
	CHANGE_MOVE,             /* other departments */
	CHANGE_NUMBER,           /* another telephone number */
	CHANGE_LOCK,             /* may not log in any more */
	CHANGE_UNLOCK,           /* may again */
	CHANGE_REFUSE,           /* may not be a Unix user; why stands in `text` */
	CHANGE_N_
};

struct directory_change_row {
	enum directory_change change;
	char *subject, *user;            /* user "": none */
	char *text;
};

/* Of one pass. */
struct directory_report {
	struct directory_change_row *rows;       /* the first DIRECTORY_REPORT_ROWS */
	size_t n_rows, size;
	int64_t n_changes[CHANGE_N_];
	int64_t n_removals;              /* of those who could log in */
	int64_t n_looked_at;
};

/* One more; it counts even when there is no row left for it. The texts are copied. */
void directory_report_add(struct directory_report *report, enum directory_change change,
			  const char *subject, const char *user, const char *text);
bool directory_report_has_changes(const struct directory_report *report);
void directory_report_done(struct directory_report *report);
const char *directory_change_word(enum directory_change change);
/* "3 added, 1 locked"; "no changes". */
void directory_report_text(const struct directory_report *report, struct buf *buf);
