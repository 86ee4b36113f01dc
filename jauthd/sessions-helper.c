/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/sessions-helper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/macro.h"
#include "jauthd/limits.h"

struct helper_call {
	int fd;
	sd_event_source *io, *timer;
	struct end_order orders[END_SESSION_LINES_MAX];
	size_t n_orders;
	struct helper_result result;
	char line[END_SESSION_LINE_MAX];
	size_t len;
	void (*done)(void *context, const struct helper_result *result);
	void *context;
};

static void finish(struct helper_call *call, int error)
{
	call->result.error = error;
	(void)sd_event_source_set_enabled(call->io, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(call->timer, SD_EVENT_OFF);
	call->done(call->context, &call->result);
}

static int take_line(struct helper_call *call)
{
	enum end_answer answer;
	const char *text;
	size_t i = call->result.n_answers;

	call->line[call->len] = '\0';
	call->len = 0;
	if (i >= call->n_orders || end_answer_parse(call->line, &answer, &text) < 0)
		return -EBADMSG;
	if (answer == SAYS_REFUSED || answer == SAYS_FAILED)
		log_warning("jauth-end-session, uid %u, process %u: %s", call->orders[i].uid,
			    call->orders[i].pid, call->line);
	call->result.answers[call->result.n_answers++] = answer;
	return sd_event_source_set_time_relative(call->timer, SESSIONS_HELPER_MS * 1000ull);
}

static int take(struct helper_call *call, const char *data, size_t len)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < len; i++) {
		if (data[i] == '\n')
			r = take_line(call);
		else if (call->len + 1 >= sizeof(call->line) || !data[i])
			r = -EBADMSG;
		else
			call->line[call->len++] = data[i];
	}
	return r;
}

static int on_readable(sd_event_source *source UNUSED, int fd, uint32_t revents UNUSED,
		       void *userdata)
{
	struct helper_call *call = userdata;
	char data[1024];
	ssize_t len = recv(fd, data, sizeof(data), MSG_DONTWAIT);
	int r;

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	r = len < 0 ? -errno : len == 0 ? -ECONNRESET : take(call, data, (size_t)len);
	if (call->result.n_answers == call->n_orders)
		finish(call, 0);
	else if (r < 0)
		finish(call, r);
	return 0;
}

static int on_late(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	finish(userdata, -ETIMEDOUT);
	return 0;
}

/* The lines fit into any socket's buffer. */
static int send_orders(struct helper_call *call)
{
	_cleanup_(buf_done) struct buf lines =
		BUF_INIT(END_SESSION_LINES_MAX * END_SESSION_LINE_MAX);

	for (size_t i = 0; i < call->n_orders; i++) {
		char line[END_SESSION_LINE_MAX];
		int r = end_order_format(&call->orders[i], line);

		if (r < 0)
			return r;
		buf_add_text(&lines, line);
	}
	if (send(call->fd, buf_text(&lines), lines.len, MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    (ssize_t)lines.len)
		return -EAGAIN;
	return shutdown(call->fd, SHUT_WR) < 0 ? -errno : 0;
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return steal_fd(&fd);
}

static int start(sd_event *event, const char *socket, struct helper_call *call)
{
	int r = connect_to(socket);

	if (r < 0)
		return r;
	call->fd = r;
	r = send_orders(call);
	if (r >= 0)
		r = sd_event_add_io(event, &call->io, call->fd, EPOLLIN, on_readable, call);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &call->timer, CLOCK_MONOTONIC,
					       SESSIONS_HELPER_MS * 1000ull, 0, on_late, call);
	return r < 0 ? r : 0;
}

int helper_call_new(sd_event *event, const char *socket, const struct end_order *const *orders,
		    size_t n_orders,
		    void (*done)(void *context, const struct helper_result *result), void *context,
		    struct helper_call **ret_call)
{
	struct helper_call *call;
	int r;

	if (n_orders == 0 || n_orders > END_SESSION_LINES_MAX)
		return -EINVAL;
	call = calloc(1, sizeof(*call));
	if (!call)
		abort();
	call->fd = -1;
	call->n_orders = n_orders;
	for (size_t i = 0; i < n_orders; i++)
		call->orders[i] = *orders[i];
	call->done = done;
	call->context = context;
	r = start(event, socket, call);
	if (r < 0) {
		(void)helper_call_free(call);
		return r;
	}
	*ret_call = call;
	return 0;
}

struct helper_call *helper_call_free(struct helper_call *call)
{
	if (!call)
		return NULL;
	(void)sd_event_source_disable_unref(call->io);
	(void)sd_event_source_disable_unref(call->timer);
	close_fd(&call->fd);
	free(call);
	return NULL;
}
