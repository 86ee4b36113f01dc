/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See directory-loading.h. */
#include "jauthd/directory-loading.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/limits.h"

/* The department with its name as it was told; NULL: there are too many. */
static struct department *take_named(struct loading *loading, const struct stage_department *told)
{
	struct department *department = departments_get(&loading->departments, told->id);

	if (!department)
		return NULL;
	free(department->name);
	department->name = text_copy(told->name);
	department->named_s = told->named_s;
	return department;
}

static int load_applied(const struct stage_department *told, const unsigned char *digest,
			void *context)
{
	struct department *department = take_named(context, told);

	if (!department)
		return -E2BIG;
	free(department->parent);
	department->parent = text_copy(told->parent);
	memcpy(department->digest, digest, SHA256_BYTES);
	department->was_applied = true;
	return 0;
}

/* Its name was asked for; what it is else is told again. */
static int load_staged(const struct stage_department *told, const unsigned char *digest UNUSED,
		       void *context)
{
	return take_named(context, told) ? 0 : -E2BIG;
}

static int load_done(const char *id, bool is_same, void *context)
{
	struct loading *loading = context;
	struct department *department = departments_get(&loading->departments, id);

	if (!department)
		return -E2BIG;
	department->is_done = department->is_kept = true;
	department->is_same = is_same;
	return 0;
}

static bool may_go_on(const struct loading *loading)
{
	const struct directory_row *row = &loading->row;
	bool is_usable = !loading->begins_anew && row->began_s <= loading->now_s &&
			loading->now_s - row->began_s <= DIRECTORY_LIST_S &&
			memcmp(row->seed, loading->seed, SHA256_BYTES) == 0;

	switch (row->stage) {
	case DIRECTORY_IDLE:
		return false;
	case DIRECTORY_LISTING:
		return is_usable;
	case DIRECTORY_LISTED:
		return is_usable && loading->takes_listed;
	case DIRECTORY_APPLYING:
		return true;
	}
	return false;
}

/* Digests of what is done stay in the store: stage_mark_done() is not called for it again. */
static int load(struct db *db, struct loading *loading)
{
	int r = stage_get(db, loading->directory, &loading->row);

	if (r == 0)
		r = stage_each_department(db, loading->directory, 0, load_applied, loading);
	loading->goes_on = r == 0 && may_go_on(loading);
	if (r == 0 && loading->goes_on)
		r = stage_each_department(db, loading->directory, 1, load_staged, loading);
	if (r == 0 && loading->goes_on)
		r = stage_each_done(db, loading->directory, load_done, loading);
	return r;
}

void loading_run(struct job *job, void *context)
{
	struct loading *loading = container_of(job, struct loading, job);

	loading->result = load(context, loading);
}
