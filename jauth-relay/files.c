/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "jauth-relay/relay.h"
#include "jauth-relay/server.h"

#define NAME_MAX_LEN 64
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

static bool is_name(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	size_t len = strspn(name, letters);

	return len >= 1 && len <= NAME_MAX_LEN && strcmp(name + len, ".txt") == 0;
}

/* 0 or -errno. A regular file, no link, as it is now: it is put there while the vendor's form is
 * open. */
static int read_file(const char *folder, const char *name, struct buf *buf)
{
	_cleanup_close_ int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = -1;
	char data[OWNERSHIP_FILE_MAX + 1];
	struct stat st;
	ssize_t n;

	if (dir < 0)
		return -errno;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size > OWNERSHIP_FILE_MAX)
		return -EINVAL;
	n = read(fd, data, sizeof(data));
	if (n < 0)
		return -errno;
	if (n > OWNERSHIP_FILE_MAX)
		return -EINVAL;
	buf_add(buf, data, (size_t)n);
	return 0;
}

void files_ownership(struct request *request)
{
	const char *folder = request->relay->config->files;
	const char *name = strrchr(request->path, '/') + 1;

	if (folder && is_name(name) && read_file(folder, name, &request->answer.body) == 0) {
		request_header(request, "X-Content-Type-Options", "nosniff");
		request_answer(request, 200, "text/plain");
	} else {
		request_answer_text(request, 404, "not found\n");
	}
}

void files_robots(struct request *request)
{
	request_answer_text(request, 200, "User-agent: *\nDisallow: /\n");
}

void files_health(struct request *request)
{
	struct store_status status;

	store_get_status(request->relay->store, &status);
	request_header(request, "Cache-Control", "no-store");
	if (status.is_up)
		request_answer_text(request, 200, "ok\n");
	else
		request_answer_text(request, 503, "the store is away\n");
}

static int count_key(const struct host_record *record, void *context)
{
	size_t *n = context;

	*n += record->kind == HOST_KEY && !record->is_over;
	return 0;
}

/* For this machine's own eyes: a proxy in between would show it to the world. */
void files_metrics(struct request *request)
{
	struct relay *relay = request->relay;
	struct metrics_now now = {
		.n_waits = waits_count(relay->waits),
		.n_connections = server_count_connections(relay->server),
	};

	if (!request->is_local) {
		request_answer_text(request, 404, "not found\n");
		return;
	}
	(void)hosts_each(relay->hosts, count_key, &now.n_keys);
	store_get_status(relay->store, &now.store);
	metrics_add(&relay->metrics, &now, &request->answer.body);
	request_answer(request, 200, METRICS_TYPE);
}
