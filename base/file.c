/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole files; see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static int fill(int fd, const struct file_kind *kind, const void *data, size_t len)
{
	int r;

	if (kind->gid != FILE_OWN_GROUP && fchown(fd, (uid_t)-1, kind->gid) < 0)
		return -errno;
	if (fchmod(fd, kind->mode) < 0)
		return -errno;
	r = write_all(fd, data, len);
	if (r == 0 && kind->durable && fsync(fd) < 0)
		return -errno;
	return r;
}

/* A rename is on the disk when its folder is. */
static int sync_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	_cleanup_free_ char *folder = text_format("%.*s", slash ? (int)(slash + 1 - path) : 1,
						  slash ? path : ".");
	_cleanup_close_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int file_replace(const char *path, const struct file_kind *kind, const void *data, size_t len)
{
	_cleanup_free_ char *aside = text_format("%s.tmp", path);
	_cleanup_close_ int fd = -1;
	int r;

	(void)unlink(aside);             /* of one who was killed; else open() tells */
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = fill(fd, kind, data, len);
	if (r == 0 && rename(aside, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(aside);
		return r;
	}
	return kind->durable ? sync_folder_of(path) : 0;
}

int file_read_rest(int fd, struct buf *ret_text)
{
	char part[4096];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(fd, part, sizeof(part))) != 0) {
		if (n > 0)
			buf_add(ret_text, part, (size_t)n);
		else if (errno != EINTR)
			r = -errno;
		if (buf_failed(ret_text))
			r = -EFBIG;
	}
	explicit_bzero(part, sizeof(part));
	return r;
}

int file_read(const char *path, struct buf *ret_text)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return file_read_rest(fd, ret_text);
}

int file_rename(const char *from, const char *to)
{
	return rename(from, to) < 0 ? -errno : sync_folder_of(to);
}
