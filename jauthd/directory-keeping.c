/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/directory-keeping.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void keeping_add_row(struct keeping *keeping, const struct department *department)
{
	struct stage_department *row;

	row = reallocarray(keeping->departments, keeping->n_departments + 1, sizeof(*row));
	if (!row)
		abort();
	keeping->departments = row;
	row[keeping->n_departments++] = (struct stage_department){
		text_copy(department->id), text_copy(department->parent),
		text_copy(department->name), department->named_s,
	};
}

void keeping_add_mark(struct keeping *keeping, const struct department *department)
{
	struct mark *marks;

	marks = reallocarray(keeping->marks, keeping->n_marks + 1, sizeof(*marks));
	if (!marks)
		abort();
	keeping->marks = marks;
	marks[keeping->n_marks] = (struct mark){ text_copy(department->id), department->is_same,
						 { 0 } };
	memcpy(marks[keeping->n_marks++].digest, department->new_digest, SHA256_BYTES);
}

/* --- on the store's thread --- */

/* What an earlier listing left behind goes first. 1: there is more. */
static int begin_round(struct db *db, struct keeping *keeping)
{
	int r = stage_clear(db, keeping->directory, DIRECTORY_SLICE);

	if (r != 0)
		return r;
	keeping->writes_row = false;
	return stage_set(db, keeping->directory, &keeping->row);
}

static int keep_rest(struct db *db, const struct keeping *keeping)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < keeping->n_departments; i++)
		r = stage_add_department(db, keeping->directory, &keeping->departments[i]);
	for (size_t i = 0; r == 0 && i < keeping->n_marks; i++)
		r = stage_mark_done(db, keeping->directory, keeping->marks[i].department,
				    keeping->marks[i].is_same, keeping->marks[i].digest);
	return r;
}

/* A slice; 1: there is more. Where it fails nothing of the rest is tried. */
static int keep(struct db *db, struct keeping *keeping)
{
	const size_t from = keeping->n_kept;
	int r = keeping->writes_row ? begin_round(db, keeping) : 0;

	if (r != 0)
		return r;
	r = batch_keep(&keeping->batch, db, keeping->directory, from, DIRECTORY_KEEP);
	keeping->n_kept = MIN(from + DIRECTORY_KEEP, keeping->batch.n);
	if (r == 0 && keeping->n_kept < keeping->batch.n)
		return 1;
	return r == 0 ? keep_rest(db, keeping) : r;
}

/* Several are small. The loop may add one behind the last of them. */
static int keep_all(struct db *db, struct keeping *first)
{
	struct keeping *keeping = first;
	int r = keep(db, keeping);

	for (unsigned i = 1; r == 0 && i < first->n_together; i++) {
		keeping = keeping->next;
		r = keep(db, keeping);
	}
	return r;
}

static void run_keep(struct job *job, void *context)
{
	struct keeping *keeping = container_of(job, struct keeping, job);
	struct db *db = context;
	int r = db_begin(db), more = 0;

	if (r == 0) {
		more = keep_all(db, keeping);
		r = more < 0 ? more : db_commit(db);
		if (r < 0)
			db_rollback(db);
	}
	keeping->result = r < 0 ? r : more;
}

/* --- on the loop --- */

struct keeping *keeping_new(const char *directory, void (*done)(struct job *job), void *context)
{
	struct keeping *keeping = calloc(1, sizeof(*keeping));

	if (!keeping)
		abort();
	keeping->job = (struct job){ .run = run_keep, .done = done };
	keeping->context = context;
	(void)text_into(keeping->directory, sizeof(keeping->directory), directory);      /* an ID */
	return keeping;
}

void keeping_free(struct keeping *keeping)
{
	for (size_t i = 0; i < keeping->n_departments; i++) {
		free((char *)keeping->departments[i].id);
		free((char *)keeping->departments[i].parent);
		free((char *)keeping->departments[i].name);
	}
	free(keeping->departments);
	for (size_t i = 0; i < keeping->n_marks; i++)
		free(keeping->marks[i].department);
	free(keeping->marks);
	batch_done(&keeping->batch);
	free(keeping);
}
