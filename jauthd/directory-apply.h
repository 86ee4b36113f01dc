/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a listing means for people: who is new, changed, moved, back, or may not log in any more.
 * Store thread only, a slice of members at a time in the caller's transaction. First a pass that
 * changes nothing, for what a sync would do; then, when that may be, one that does it.
 */
#pragma once

#include "jauthd/config.h"
#include "jauthd/directory-report.h"
#include "jauthd/directory-stage.h"
#include "jauthd/host-ids.h"

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
