/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets in files of their own; see secret-file.h. */
#include "base/secret-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"

/* The file's path, or NULL and the reason. */
static char *path_of(const struct secret_file *file, struct buf *why)
{
	const char *folder = secure_getenv("CREDENTIALS_DIRECTORY");

	switch (file->place) {
	case SECRET_IN_FILE:
		if (file->name[0] == '/')
			return text_copy(file->name);
		buf_add_text(why, "the path must start with \"/\"");
		return NULL;
	case SECRET_IN_CREDENTIAL:
		if (!file->name[0] || file->name[0] == '.' || strchr(file->name, '/'))
			buf_add_text(why, "a credential's name holds no \"/\" and no leading dot");
		else if (!folder || folder[0] != '/')
			buf_add_text(why,
				     "there are no credentials: add LoadCredential= to the unit");
		else
			return text_format("%s/%s", folder, file->name);
		return NULL;
	}
	return NULL;
}

/* On the open descriptor, so that what was checked is what is read. */
static int check_file(int fd, const char *path, struct buf *why)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		buf_add_format(why, "%s must be a regular file", path);
	else if (st.st_mode & (S_IROTH | S_IWOTH))
		buf_add_format(why, "%s must not be readable or writable for others: chmod o-rw",
			       path);
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		buf_add_format(why, "%s must belong to root or to the user who reads it", path);
	else
		return 0;
	return -EPERM;
}

static int read_secret(int fd, const struct secret_file *file, const char *path,
		       struct secret **ret_secret, struct buf *why)
{
	struct buf text = BUF_INIT_SECRET(file->max + 1);
	char part[512];
	int r = -EINVAL;
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0 && !buf_failed(&text)) {
		if (n > 0)
			buf_add(&text, part, (size_t)n);
		else if (errno != EINTR)
			break;
	}
	explicit_bzero(part, sizeof(part));
	if (text.len && text.data[text.len - 1] == '\n')
		text.len--;
	if (n < 0)
		buf_add_format(why, "%s cannot be read: %s", path, strerror(errno));
	else if (buf_failed(&text) || text.len < file->min || text.len > file->max)
		buf_add_format(why, "%s must hold %zu to %zu bytes", path, file->min, file->max);
	else
		r = 0;
	if (r == 0)
		*ret_secret = secret_new(buf_text(&text), text.len);
	buf_done(&text);
	return r == 0 && !*ret_secret ? -ENOMEM : r;
}

int secret_file_read(const struct secret_file *file, struct secret **ret_secret, struct buf *why)
{
	_cleanup_free_ char *path = path_of(file, why);
	_cleanup_close_ int fd = -1;
	int r;

	if (!path)
		return -EINVAL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		r = -errno;
		buf_add_format(why, "%s cannot be opened: %s", path,
			       r == -ELOOP ? "it is a symbolic link" : strerror(-r));
		return r;
	}
	r = check_file(fd, path, why);
	return r < 0 ? r : read_secret(fd, file, path, ret_secret, why);
}
