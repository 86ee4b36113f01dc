/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A directory that is a file of this host (base/people-list.h): read on the store's thread, where
 * its numbers are sealed, and told on the loop.
 */
#pragma once

#include "jauthd/config.h"
#include "jauthd/directory-listing.h"
#include "jauthd/store.h"

/* Issuer of those who stand in it; their subject is their name there. */
#define ISSUER_LIST "list"

struct directory_file;

/* The file of this method; NULL: its provider tells of the members itself. */
const char *directory_file_path(const struct method *method);
/* 0, or -errno and a sentence in `why`, without a number. */
int directory_file_read(struct db *db, const struct config *config, const char *path,
			struct directory_file **ret_file, struct buf *why);
/* Everybody, by departments, which are the groups of the file. */
void directory_file_tell(const struct directory_file *file, struct listing *listing);
struct directory_file *directory_file_free(struct directory_file *file);         /* NULL is fine */
