/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store has of a directory when a listing of it begins, and whether it goes on. */
#pragma once

#include "jauthd/directory-departments.h"
#include "jauthd/directory-stage.h"
#include "jauthd/store.h"

struct loading {
	struct job job;                  /* its `run` is loading_run() */
	void *context;                   /* the caller's, for `done` */

	char directory[METHOD_ID_MAX + 1];
	unsigned char seed[SHA256_BYTES];
	int64_t now_s;
	bool takes_listed;               /* one that is whole and was not applied goes on, too */
	bool begins_anew;                /* whatever is there, unless it is being applied */

	int result;                      /* 0, -E2BIG: too many departments, or the store's */
	struct directory_row row;
	struct departments departments;  /* the caller's to free, whatever the result */
	bool goes_on;
};

void loading_run(struct job *job, void *context);
