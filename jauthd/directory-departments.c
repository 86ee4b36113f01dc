/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See directory-departments.h. */
#include "jauthd/directory-departments.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "jauthd/limits.h"

#define BUCKETS_MIN 64

static size_t hash_text(const char *text)
{
	uint64_t hash = 14695981039346656037u;           /* FNV-1a; the ids are the vendor's */

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return (size_t)(hash ^ hash >> 32);
}

/* The bucket of this id, or the free one where it belongs. */
static uint32_t *find_bucket(const struct departments *departments, const char *id)
{
	size_t at = hash_text(id) & (departments->n_buckets - 1);

	while (departments->buckets[at] &&
	       !text_equals(departments->rows[departments->buckets[at] - 1]->id, id))
		at = (at + 1) & (departments->n_buckets - 1);
	return &departments->buckets[at];
}

static void grow(struct departments *departments)
{
	free(departments->buckets);
	departments->size = departments->size ? departments->size * 2 : BUCKETS_MIN / 4;
	departments->n_buckets = departments->size * 4;
	departments->rows = reallocarray(departments->rows, departments->size,
					 sizeof(*departments->rows));
	departments->buckets = calloc(departments->n_buckets, sizeof(*departments->buckets));
	if (!departments->rows || !departments->buckets)
		abort();
	for (size_t i = 0; i < departments->n; i++)
		*find_bucket(departments, departments->rows[i]->id) = (uint32_t)i + 1;
}

struct department *departments_find(const struct departments *departments, const char *id)
{
	uint32_t index = departments->n_buckets ? *find_bucket(departments, id) : 0;

	return index ? departments->rows[index - 1] : NULL;
}

struct department *departments_get(struct departments *departments, const char *id)
{
	struct department *department = departments_find(departments, id);

	if (department)
		return department;
	if (departments->n >= DIRECTORY_DEPARTMENTS_MAX)
		return NULL;
	if (departments->n == departments->size)
		grow(departments);
	department = calloc(1, sizeof(*department));
	if (!department)
		abort();
	department->id = text_copy(id);
	department->parent = text_copy("");
	department->name = text_copy("");
	departments->rows[departments->n] = department;
	*find_bucket(departments, id) = (uint32_t)++departments->n;
	return department;
}

/* Vendors have 15 levels: who is that much deeper is in a loop. */
const struct department *departments_find_loop(const struct departments *departments)
{
	for (size_t i = 0; i < departments->n; i++) {
		const struct department *at = departments->rows[i];
		size_t n_steps = 0;

		while (at && at->is_told && at->parent[0] && n_steps <= DIRECTORY_DEPTH_MAX) {
			at = departments_find(departments, at->parent);
			n_steps++;
		}
		if (n_steps > DIRECTORY_DEPTH_MAX)
			return departments->rows[i];
	}
	return NULL;
}

void departments_done(struct departments *departments)
{
	for (size_t i = 0; i < departments->n; i++) {
		free(departments->rows[i]->id);
		free(departments->rows[i]->parent);
		free(departments->rows[i]->name);
		free(departments->rows[i]);
	}
	free(departments->rows);
	free(departments->buckets);
	*departments = (struct departments){ 0 };
}
