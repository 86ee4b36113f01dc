/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that others read while we write: there is the old one or the new one, whole, and nothing
 * between. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct file_kind {
	mode_t mode;             /* whatever the umask says */
	gid_t gid;               /* FILE_OWN_GROUP: that of the process */
	bool durable;            /* on the disk when we return, also after a power cut */
};

#define FILE_OWN_GROUP ((gid_t)-1)

/* Writes `path`.tmp and renames it. The new file is there with its mode and owner from the first
 * moment; what stood in either place is replaced and never followed. 0 or -errno, and then `path`
 * is as it was. */
int file_replace(const char *path, const struct file_kind *kind, const void *data, size_t len);
/* Renames within one folder, durably. 0 or -errno. */
int file_rename(const char *from, const char *to);
