/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that others read while we write: there is the old one or the new one, whole, and nothing
 * between. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buf.h"

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
/* All of a regular file. 0 or -errno: -ELOOP for a symbolic link, -EINVAL for what else is no file,
 * -EFBIG beyond the buffer's maximum. */
int file_read(const char *path, struct buf *ret_text);
/* From where the descriptor stands to its end; leaves no copy behind. 0 or -errno: -EFBIG beyond
 * the buffer's maximum. */
int file_read_rest(int fd, struct buf *ret_text);
/* Within one file system; the new name is on the disk when we return. 0 or -errno. */
int file_rename(const char *from, const char *to);
