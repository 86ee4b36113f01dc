/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes into one snapshot, gathered in steps on different threads, one after the other. */
#pragma once

#include "jauthd/publish.h"

#define PICTURE_SLICE 500        /* people, a few milliseconds of the store's thread */

struct picture;

struct picture_env {
	const struct config *config;     /* lent until picture_free() */
	int (*add_keys)(struct db *db, const struct person *person, struct buf *keys);
	bool tells;                      /* what is left out is logged */
};

struct picture *picture_new(const struct picture_env *env);
struct picture *picture_free(struct picture *picture);
/* Names thread: what the host has itself. */
int picture_look_at_host(struct picture *picture);
/* Store thread: groups that are new get their numbers. */
int picture_add_groups(struct picture *picture, struct db *db);
/* Store thread: the next people. `ret_more`: there may be some left. */
int picture_add_people(struct picture *picture, struct db *db, bool *ret_more);
/* Names thread. */
int picture_write(struct picture *picture, const char *path);
/* People changed while they were read in such a way that it must be done again. */
bool picture_is_torn(const struct picture *picture);
size_t picture_n_users(const struct picture *picture);
size_t picture_n_left_out(const struct picture *picture);
