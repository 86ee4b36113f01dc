/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a listing means for people: who is new, changed, moved, back, or may not log in any more.
 * Store thread only, a slice of members at a time in the caller's transaction. First a pass that
 * changes nothing, for what a sync would do; then, when that may be, one that does it.
 */
#pragma once

#include "jauthd/config.h"
#include "jauthd/directory-stage.h"
#include "jauthd/host-ids.h"

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

bool directory_report_has_changes(const struct directory_report *report);
void directory_report_done(struct directory_report *report);
const char *directory_change_word(enum directory_change change);
/* "3 added, 1 locked"; "no changes". */
void directory_report_text(const struct directory_report *report, struct buf *buf);

struct directory_pass {
	struct db *db;
	const struct config *config;
	const struct method *method;
	const struct host_ids *host;     /* NULL: in the first pass, when no name was looked up */
	bool is_host_unsure;             /* names could not be looked up: nobody is made */
	int64_t now_s;
	bool applies;                    /* else nothing is changed */
	bool retries;                    /* of round 0, those with a fault; there is no round 1 */
	struct directory_report *report;
	char fault[AUDIT_TEXT_MAX];      /* with -EBADMSG */
};

/* The names of those of the next members who are to become users, to be looked up before they are.
 * From `after`, which is moved on; at most DIRECTORY_SLICE members. 1: there may be more. */
int directory_collect_names(struct directory_pass *pass, char after[IDENTITY_TEXT_MAX + 1],
			    char ***ret_names);
/* The same members. 1: there may be more; 0: those were all; -EBADMSG: the listing contradicts
 * itself. */
int directory_run_slice(struct directory_pass *pass, char after[IDENTITY_TEXT_MAX + 1]);
