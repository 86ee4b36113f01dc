/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/hosts-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"

#define LINE_MAX_BYTES  512
#define FILE_MAX_BYTES  (HOSTS_MAX * (size_t)LINE_MAX_BYTES)
#define LOCK_TRIES      50
#define LOCK_NAP_NS     10000000

/* --- the list --- */

void host_list_done(struct host_list *list)
{
	free(list->records);
	*list = (struct host_list){ 0 };
}

/* Where the record of this id stands, or would. */
static size_t position(const struct host_list *list, const char *id)
{
	size_t low = 0, high = list->n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(list->records[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct host_record *host_list_find(const struct host_list *list, const char *id)
{
	size_t i = position(list, id);

	return i < list->n && text_equals(list->records[i].id, id) ? &list->records[i] : NULL;
}

int host_list_add(struct host_list *list, const struct host_record *record)
{
	size_t i = position(list, record->id);

	if (list->n == HOSTS_MAX)
		return -ENOSPC;
	/* In steps: powers of two. */
	if (!(list->n & (list->n - 1)))
		list->records = reallocarray(list->records, list->n ? 2 * list->n : 1,
					     sizeof(*list->records));
	if (!list->records)
		abort();
	memmove(&list->records[i + 1], &list->records[i], (list->n - i) * sizeof(*list->records));
	list->records[i] = *record;
	list->n++;
	return 0;
}

void host_list_remove(struct host_list *list, struct host_record *record)
{
	size_t i = (size_t)(record - list->records);

	memmove(record, record + 1, (list->n - i - 1) * sizeof(*record));
	list->n--;
}

/* --- lines --- */

/* 0, or -EBADMSG and why. */
static int parse_line(const char *text, size_t len, struct host_list *list, const char **ret_why)
{
	struct host_record record;
	char line[LINE_MAX_BYTES + 1];

	*ret_why = "is no record";
	if (len > LINE_MAX_BYTES || memchr(text, '\0', len))
		return -EBADMSG;
	memcpy(line, text, len);
	line[len] = '\0';
	if (host_record_decode(line, &record) < 0)
		return -EBADMSG;
	*ret_why = "repeats the id of an earlier one";
	if (host_list_find(list, record.id))
		return -EBADMSG;
	return host_list_add(list, &record);
}

int host_list_parse(const char *text, size_t len, struct host_list *ret_list,
		    struct host_mistake *ret_mistake)
{
	struct host_list list = { 0 };
	const char *end = text + len, *why = "";
	unsigned number = 0;
	int r = 0;

	while (r == 0 && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));

		number++;
		why = "is cut off";
		r = newline ? parse_line(text, (size_t)(newline - text), &list, &why) : -EBADMSG;
		text = newline ? newline + 1 : end;
	}
	if (r < 0) {
		*ret_mistake = (struct host_mistake){
			number, r == -ENOSPC ? "is one too many" : why,
		};
		host_list_done(&list);
		return r;
	}
	*ret_list = list;
	return 0;
}

/* --- the file --- */

/* Whoever may write it may open any login's page. */
static int check_file(int fd, const char *path, size_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IWGRP | S_IWOTH)) ||
	    (st.st_uid != 0 && st.st_uid != geteuid())) {
		log_error("%s: not a file that only root or this user can write", path);
		return -EPERM;
	}
	*ret_size = (size_t)st.st_size;
	return *ret_size > FILE_MAX_BYTES ? -EFBIG : 0;
}

int hosts_file_read(const char *path, struct host_list *ret_list)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_(buf_done) struct buf text = BUF_INIT(FILE_MAX_BYTES);
	struct host_mistake mistake;
	char part[16384];
	size_t size;
	ssize_t n;
	int r;

	if (fd < 0 && errno == ENOENT) {
		*ret_list = (struct host_list){ 0 };
		return 0;
	}
	if (fd < 0)
		return -errno;
	r = check_file(fd, path, &size);
	if (r < 0)
		return r;
	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_add(&text, part, (size_t)n);
	if (n < 0)
		return -errno;
	if (buf_failed(&text))
		return -EFBIG;
	r = host_list_parse(buf_text(&text), text.len, ret_list, &mistake);
	if (r < 0)
		log_error("%s:%u: the line %s", path, mistake.line, mistake.what);
	return r;
}

int hosts_file_write(const char *path, const struct host_list *list)
{
	static const struct file_kind secret = { .mode = 0600, .gid = FILE_OWN_GROUP,
						 .durable = true };
	_cleanup_(buf_done) struct buf text = BUF_INIT(FILE_MAX_BYTES);

	for (size_t i = 0; i < list->n; i++) {
		host_record_encode(&list->records[i], &text);
		buf_add_char(&text, '\n');
	}
	if (buf_failed(&text))
		return -EFBIG;
	return file_replace(path, &secret, buf_text(&text), text.len);
}

/* The lock has a file of its own, as the other one is replaced. It is held for a write; somebody
 * who stops with it must not stop us. */
int hosts_file_lock(const char *path)
{
	static const struct timespec nap = { .tv_nsec = LOCK_NAP_NS };
	_cleanup_free_ char *lock = text_format("%s.lock", path);
	_cleanup_close_ int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	for (int i = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (errno != EWOULDBLOCK)
			return -errno;
		if (i == LOCK_TRIES)
			return -EBUSY;
		(void)nanosleep(&nap, NULL);
	}
	return steal_fd(&fd);
}
