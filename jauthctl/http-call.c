/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/http-call.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#define GRACE_MS 5000            /* jauth-http keeps the request's times, unless it hangs */
#define READ_LEN 16384

static int64_t now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int connect_helper(int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = HTTP_SOCKET_PATH };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int send_all(int fd, const struct buf *bytes)
{
	size_t sent = 0;

	while (sent < bytes->len) {
		ssize_t n = send(fd, bytes->data + sent, bytes->len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		sent += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* One more part of what comes; -ETIMEDOUT, -ECONNRESET. */
static int receive_part(int fd, int64_t until_ms, struct buf *in)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int64_t left_ms = until_ms - now_ms();
	char part[READ_LEN];
	ssize_t n;

	if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) == 0)
		return -ETIMEDOUT;
	n = recv(fd, part, sizeof(part), MSG_DONTWAIT);
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : -errno;
	buf_add(in, part, (size_t)n);
	explicit_bzero(part, sizeof(part));
	return buf_failed(in) ? -EMSGSIZE : 0;
}

static int receive_reply(int fd, int64_t until_ms, struct http_reply *ret_reply)
{
	_cleanup_(buf_done) struct buf in = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	struct http_frame_view frame;
	int r;

	while ((r = http_frame_next(in.data, in.len, &frame)) == -EAGAIN) {
		r = receive_part(fd, until_ms, &in);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : http_decode_reply(&frame, ret_reply);
}

int http_call(const struct http_request *request, struct http_reply *ret_reply)
{
	_cleanup_(buf_done) struct buf frame = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	int64_t until_ms = now_ms() + request->total_ms + GRACE_MS;
	_cleanup_close_ int fd = -1;
	int r = connect_helper(&fd);

	if (r < 0)
		return r;
	http_encode_request(&frame, 1, request);
	if (buf_failed(&frame))
		return -EMSGSIZE;
	r = send_all(fd, &frame);
	return r < 0 ? r : receive_reply(fd, until_ms, ret_reply);
}
