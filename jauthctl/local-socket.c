/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/local-socket.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "pam_jauth/deadline.h"

/* A socket whose queue is full, for nobody accepts, is like one that does not answer. */
static int connect_to(const char *path, int64_t until_ms, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || !text_into(address.sun_path, sizeof(address.sun_path), path))
		return fd < 0 ? -errno : -ENAMETOOLONG;
	while (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		const struct timespec pause = { .tv_nsec = 50000000 };

		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (monotonic_ms() >= until_ms)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
	}
	*ret_fd = steal_fd(&fd);
	return 0;
}

int local_socket_try(const char *path, int timeout_ms)
{
	_cleanup_close_ int fd = -1;

	return connect_to(path, monotonic_ms() + timeout_ms, &fd);
}

/* What comes, until NUL or the end. */
static int receive(int fd, int64_t until_ms, struct buf *answer)
{
	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int64_t left_ms = until_ms - monotonic_ms();
		char part[4096];
		ssize_t n;

		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(&ready, 1, (int)left_ms) <= 0)
			continue;
		n = recv(fd, part, sizeof(part), MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		buf_add(answer, part, strnlen(part, (size_t)n));
		if (buf_failed(answer))
			return -EMSGSIZE;
		if (memchr(part, '\0', (size_t)n))
			return 0;
	}
}

int local_socket_ask(const char *path, const struct buf *question, int timeout_ms,
		     struct buf *ret_answer)
{
	int64_t until_ms = monotonic_ms() + timeout_ms;
	_cleanup_close_ int fd = -1;
	int r = connect_to(path, until_ms, &fd);

	if (r < 0)
		return r;
	/* Short, and so taken whole by an empty queue. */
	if (send(fd, question->data, question->len, MSG_NOSIGNAL) != (ssize_t)question->len)
		return -EIO;
	return receive(fd, until_ms, ret_answer);
}
