/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host's files in a folder of their own, for host_ids_read_below(). */
#pragma once

#include "jauthd/host-ids.h"

struct host_file {
	const char *name;                /* "/etc/passwd"; NULL ends a list */
	const char *text;
};

/* The folder, for host_files_drop(). */
char *host_files_make(const struct host_file *files);
void host_files_drop(char *root);
/* A host with root only, and what else is given as lines of the two files. The caller frees. */
struct host_ids *host_files_read(const char *passwd, const char *group);
