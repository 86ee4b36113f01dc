/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What directory*.c share. */
#pragma once

#include "jauthd/directory-apply.h"
#include "jauthd/directory-file.h"
#include "jauthd/directory-listing.h"
#include "jauthd/directory.h"

/* For the audit. */
struct directory_event {
	const char *directory;
	int64_t now_s;
	const char *user;                /* "": nobody in particular */
	int64_t uid;                     /* -1: none */
	const char *issuer, *subject, *display;  /* or NULL */
	bool is_denial, is_failure;      /* else it is well */
	const char *text;
};

int directory_audit(struct db *db, const struct directory_event *event);

enum run_step {
	RUN_LOADING,             /* what the store has; → LISTING, PLANNING or APPLYING */
	RUN_LISTING,             /* the provider, or a file; its end → KEEPING */
	RUN_KEEPING,             /* what it told; → ENDING, READING */
	RUN_READING,             /* names and numbers of the host; → PLANNING */
	RUN_PLANNING,            /* what would change; → ENDING, BEGINNING */
	RUN_BEGINNING,           /* from now on it counts; → APPLYING */
	RUN_APPLYING,            /* → FINISHING */
	RUN_FINISHING,           /* → over */
	RUN_ENDING,              /* nothing counts; → over */
};

/* One sync. The job is the only one that is under way, but for those of the listing. */
struct directory_run {
	struct directories *directories;
	struct directory_run *next;
	char id[METHOD_ID_MAX + 1];
	struct config *config;
	struct method *method;
	struct directory_options options;
	int64_t now_s;
	enum run_step step;
	struct listing *listing;
	uint64_t login;                  /* logins_list()'s; 0: none */
	struct directory_file *file;     /* told of; NULL: none */
	struct directory_row row;
	struct host_ids *host;
	struct directory_report report;
	int64_t n_active;                /* before it */
	int64_t n_told;                  /* of those who may not, and of whom others know */
	bool is_over;
	bool is_host_unsure;             /* a name could not be looked up */
	bool knows_names;                /* those of the host, of all who become users */
	bool retries;                    /* nothing changed: those with a fault once more */

	/* The job at hand. */
	struct job job;
	char at[IDENTITY_TEXT_MAX + 1];
	char **names;
	bool has_more;
	int result;
	char fault[AUDIT_TEXT_MAX];
};

/* directory-run.c */
struct directory_run *directory_run_new(struct directories *directories, struct config *config,
					struct method *method,
					const struct directory_options *options, int64_t now_s);
void directory_run_start(struct directory_run *run);
struct directory_run *directory_run_free(struct directory_run *run);

/* directory.c */
const struct directories_env *directories_env(const struct directories *directories);
void directories_ended(struct directory_run *run, const char *fault);    /* the run is over */
