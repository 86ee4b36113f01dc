/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The members of one department of a listing: gathered, put in order, compared with those that were
 * applied, and kept.
 */
#pragma once

#include "jauthd/directory-stage.h"

struct batch {
	char *department;                /* NULL: none is told of */
	struct stage_member *members;
	size_t n, size;
};

void batch_done(struct batch *batch);
/* A zeroed one, behind the others. */
struct stage_member *batch_add(struct batch *batch);
/* In the order of subjects, each once. False: one of them was told of in two ways. */
bool batch_tidy(struct batch *batch);
/* Of a tidy one, under the seed of the listing's configuration. */
int batch_digest(const struct batch *batch, const unsigned char seed[SHA256_BYTES],
		 unsigned char ret_digest[SHA256_BYTES]);
/* Store thread: so many of them, into round 1; with the first ones what it has of this department
 * goes. As stage_add_member(). */
int batch_keep(const struct batch *batch, struct db *db, const char *directory, size_t from,
	       size_t n_max);
