/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a listing has the store keep: one department that changed, and marks. A large one takes
 * several turns of the store's thread, so that others are not held up; small ones that wait behind
 * it share a turn.
 */
#pragma once

#include "jauthd/directory-batch.h"
#include "jauthd/directory-departments.h"
#include "jauthd/store.h"

struct keeping {
	struct job job;
	void *context;                   /* the caller's, for `done` */
	struct keeping *next;            /* behind it; the caller's queue */
	char directory[METHOD_ID_MAX + 1];
	struct directory_row row;
	bool writes_row;                 /* it begins a round */
	struct stage_department *departments;    /* own texts */
	size_t n_departments;
	struct mark {
		char *department;
		bool is_same;
		unsigned char digest[SHA256_BYTES];
	} *marks;
	size_t n_marks;
	struct batch batch;              /* may be given; its own then */
	size_t n_kept;                   /* members of the batch */
	unsigned n_together;             /* with as many behind it, less one, in one job */
	int result;                      /* 1: there is more */
};

/* Its job is the caller's to add, once for each turn; `done` is called on the loop after it. Fields
 * are the loop's while no job is under way. */
struct keeping *keeping_new(const char *directory, void (*done)(struct job *job), void *context);
void keeping_free(struct keeping *keeping);
void keeping_add_row(struct keeping *keeping, const struct department *department);
void keeping_add_mark(struct keeping *keeping, const struct department *department);
