/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/http-call.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "pam_jauth/deadline.h"

#define GRACE_MS 5000            /* jauth-http keeps the request's times, unless it hangs */
#define SEND_S   3
#define READ_LEN 16384

/* One that hangs, and whose queue is full, is not waited for without end. */
static int connect_helper(int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = HTTP_SOCKET_PATH };
	const struct timeval longest = { .tv_sec = SEND_S };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof(longest)) < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	*ret_fd = steal_fd(&fd);
	return 0;
}

static int send_all(int fd, const struct buf *bytes)
{
	size_t sent = 0;

	while (sent < bytes->len) {
		ssize_t n = send(fd, bytes->data + sent, bytes->len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		sent += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* One more part of what comes; -ETIMEDOUT, -ECONNRESET. */
static int receive_part(int fd, int64_t until_ms, struct buf *in)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int64_t left_ms = until_ms - monotonic_ms();
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

/* The next whole frame; it points into `in`. */
static int receive_frame(int fd, int64_t until_ms, struct buf *in,
			 struct http_frame_view *ret_frame)
{
	int r;

	while ((r = http_frame_next(in->data, in->len, ret_frame)) == -EAGAIN) {
		r = receive_part(fd, until_ms, in);
		if (r < 0)
			return r;
	}
	return r;
}

int http_ping(int timeout_ms)
{
	_cleanup_(buf_done) struct buf out = BUF_INIT(64), in = BUF_INIT(HTTP_FRAME_MAX);
	int64_t until_ms = monotonic_ms() + timeout_ms;
	struct http_frame_view frame;
	_cleanup_close_ int fd = -1;
	int r = connect_helper(&fd);

	if (r < 0)
		return r;
	http_encode_bare(&out, 1, HTTP_FRAME_PING);
	r = send_all(fd, &out);
	if (r == 0)
		r = receive_frame(fd, until_ms, &in, &frame);
	if (r == 0 && (frame.type != HTTP_FRAME_PONG || frame.number != 1))
		r = -EBADMSG;
	return r;
}

static int receive_reply(int fd, int64_t until_ms, struct http_reply *ret_reply)
{
	_cleanup_(buf_done) struct buf in = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	struct http_frame_view frame;
	int r = receive_frame(fd, until_ms, &in, &frame);

	return r < 0 ? r : http_decode_reply(&frame, ret_reply);
}

int http_call(const struct http_request *request, struct http_reply *ret_reply)
{
	_cleanup_(buf_done) struct buf frame = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	int64_t until_ms = monotonic_ms() + request->total_ms + GRACE_MS;
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
