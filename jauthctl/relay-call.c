/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to a relay; see relay-call.h. */
#include "jauthctl/relay-call.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base/json.h"
#include "base/relay-protocol.h"
#include "base/text.h"
#include "base/url.h"

#define CONNECT_MS 10000
#define TOTAL_MS   20000
#define GRACE_MS   5000          /* jauth-http keeps the times above, unless it hangs */
#define READ_LEN   16384
#define ERROR_MAX  200           /* characters of what a relay says */

/* --- jauth-http --- */

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

static int receive_reply(int fd, struct http_reply *ret_reply)
{
	_cleanup_(buf_done) struct buf in = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	int64_t until_ms = now_ms() + TOTAL_MS + GRACE_MS;
	struct http_frame_view frame;
	int r;

	while ((r = http_frame_next(in.data, in.len, &frame)) == -EAGAIN) {
		r = receive_part(fd, until_ms, &in);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : http_decode_reply(&frame, ret_reply);
}

static int carry_out(const struct http_request *request, struct http_reply *ret_reply)
{
	_cleanup_(buf_done) struct buf frame = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	_cleanup_close_ int fd = -1;
	int r = connect_helper(&fd);

	if (r < 0)
		return r;
	http_encode_request(&frame, 1, request);
	if (buf_failed(&frame))
		return -EMSGSIZE;
	r = send_all(fd, &frame);
	return r < 0 ? r : receive_reply(fd, ret_reply);
}

/* --- the relay --- */

static struct http_request *make_request(const char *server, const struct relay_call *call)
{
	_cleanup_free_ char *url = text_format("%s%s", server, call->path);
	_cleanup_(buf_done) struct buf bearer = BUF_INIT_SECRET(HTTP_HEADER_MAX);
	struct http_request *request = http_request_new(call->method, url);
	bool is_whole = true;

	request->connect_ms = CONNECT_MS;
	request->total_ms = TOTAL_MS;
	request->max_body = RELAY_BODY_MAX;
	buf_add_text(&bearer, "Bearer ");
	buf_add(&bearer, call->token->data, call->token->len);
	is_whole = http_request_header(request, "Authorization", buf_text(&bearer));
	if (call->body) {
		request->body = secret_new(call->body->data, call->body->len);
		is_whole = is_whole && request->body &&
			   http_request_header(request, "Content-Type", "application/json");
	}
	return is_whole && http_request_is_valid(request) ? request : http_request_free(request);
}

static PRINTF_LIKE(3, 4) void say(struct relay_answer *answer, const char *server,
				  const char *format, ...)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(sizeof(answer->why) - 1);
	va_list args;

	va_start(args, format);
	text_add_clean(&text, server, 100);
	buf_add_text(&text, ": ");
	buf_add_format_list(&text, format, args);
	va_end(args);
	(void)text_into(answer->why, sizeof(answer->why),
			buf_failed(&text) ? "no answer" : buf_text(&text));
}

/* A status, and the relay's own words for it where it is a relay. */
static void read_answer(const char *server, const struct http_reply *reply,
			struct relay_answer *answer)
{
	const char *error = NULL;

	answer->status = reply->status;
	if (reply->body)
		answer->object = json_read_object(reply->body->data, reply->body->len);
	if (answer->object)
		error = json_text(answer->object, "error", ERROR_MAX);
	say(answer, server, "status %u%s%s", reply->status, error ? ", " : "", error ? error : "");
}

void relay_ask(const char *server, const struct relay_call *call, struct relay_answer *ret_answer)
{
	struct http_request *request = make_request(server, call);
	struct relay_answer answer = { 0 };
	struct http_reply reply = { 0 };
	int r = request ? carry_out(request, &reply) : -EINVAL;

	http_request_free(request);
	if (r < 0)
		say(&answer, server, "jauth-http cannot be asked at " HTTP_SOCKET_PATH ": %s",
		    strerror(-r));
	else if (reply.result != HTTP_DONE)
		say(&answer, server, "%s", *reply.error ? reply.error : "no answer");
	else
		read_answer(server, &reply, &answer);
	http_reply_done(&reply);
	*ret_answer = answer;
}

void relay_ask_any(char *const *servers, const struct relay_call *call,
		   struct relay_answer *ret_answer)
{
	struct relay_answer answer = { 0 };

	for (; *servers; servers++) {
		relay_answer_done(&answer);
		relay_ask(*servers, call, &answer);
		if (answer.status && answer.status < 500)
			break;
	}
	*ret_answer = answer;
}

void relay_answer_done(struct relay_answer *answer)
{
	answer->object = json_free(answer->object);
}

enum exit_code relay_refused(const struct relay_answer *answer)
{
	complain("%s", answer->why);
	return !answer->status || answer->status >= 500 ? EXIT_NOT_REACHED : EXIT_NO;
}
