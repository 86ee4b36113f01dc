/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Directories: organisations whose members become Unix users. When which one is asked for its
 * members, and what came of it.
 *
 * A sync lists the whole organisation into the store (directory-stage.h), finds out what that would
 * change, and does it, a slice at a time: killed at any moment, the listing goes on where it was,
 * and what had begun to count is brought to its end at the next start. A listing that is partial,
 * fails or contradicts itself changes nothing, and neither does one that would take the access of
 * more than removals_max percent, until a sysadmin says that this is right.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "jauthd/config.h"
#include "jauthd/directory-apply.h"
#include "jauthd/directory-listing.h"
#include "jauthd/logins.h"
#include "jauthd/store.h"
#include "jauthd/worker.h"

struct directories;

struct directories_env {
	sd_event *event;
	struct store *store;
	struct workers *names;
	struct logins *logins;
	/* After a commit: people changed. In the middle of a sync when somebody was locked. */
	void (*changed)(void *context);
	void *context;
};

int directories_new(const struct directories_env *env, struct directories **ret_directories);
/* After the threads have stopped. NULL is fine. */
struct directories *directories_free(struct directories *directories);
/* Of the logins' configuration: at the start, and whenever it is another one. */
void directories_set_config(struct directories *directories);

struct directory_options {
	bool is_dry;                     /* only what it would change */
	bool by_hand;
	int64_t removals_allowed;        /* -1: as configured; else so many members */
};
/* -ENOENT; -EBUSY: one is under way. */
int directories_sync(struct directories *directories, const char *id,
		     const struct directory_options *options);

enum directory_state {
	DIRECTORY_NEVER,                 /* not since jauthd runs */
	DIRECTORY_RUNNING,
	DIRECTORY_DONE,
	DIRECTORY_FAILED,
	DIRECTORY_ASKS,                  /* too many would be removed */
};

/* Of the sync under way, or the last one since jauthd runs. */
struct directory_status {
	enum directory_state state;
	const char *step;                /* a word; while it runs */
	uint64_t n_runs;                 /* which one it is */
	struct listing_progress progress;
	int64_t n_looked_at;             /* while it is applied */
	bool is_dry;
	char text[AUDIT_TEXT_MAX];       /* what came of it, or why it failed */
	const struct directory_report *report;   /* or NULL */
	int64_t next_s;                  /* from now; -1: by hand only */
};
/* -ENOENT. */
int directories_get_status(struct directories *directories, const char *id,
			   struct directory_status *ret_status);

struct directories_totals {
	uint64_t n_directories, n_running, n_done, n_failed, n_asks, n_locked;
};
void directories_get_totals(const struct directories *directories,
			    struct directories_totals *ret_totals);
