/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A database in a folder of its own, for tests that look at the bytes it writes. */
#pragma once

#include <stdbool.h>

#include "jauthd/store.h"

struct db_files {
	char folder[32];
	char *path;
	struct db *db;
};

void db_files_make(struct db_files *files);
/* In the database, or in the files SQLite keeps beside it. */
bool db_files_have(const struct db_files *files, const char *text);
void db_files_drop(struct db_files *files);
