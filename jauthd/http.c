/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauthd's side of jauth-http; see http.h.
 *
 *   state       has                     leaves it
 *   apart       no stream, no timer     a request is sent: tries to connect at once
 *   together    stream                  the helper ends, breaks the frames or hangs: apart, or
 *                                       resting when it has never said anything
 *   resting     retry timer             the timer: tries to connect
 *
 * Trying to connect leads to together or to resting. A request made while resting waits for
 * the next try, and fails with it. Whatever fails is only marked; deliver_failures() calls back,
 * from the loop, and starts anew after each call, since that may send and cancel.
 */
#include "jauthd/http.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/http-stream.h"
#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauthd/limits.h"

#define TIMER_ACCURACY_US 10000

struct open_request {
	struct http *http;
	struct open_request *next;
	uint64_t id, owner;
	uint32_t number;
	struct buf frame;                /* until it is handed to the stream */
	bool sent;
	enum http_result failure;        /* 0: none */
	const char *reason;              /* of the failure */
	sd_event_source *deadline;
};

struct http {
	sd_event *event;
	char *path;
	http_reply_fn reply;
	void *context;
	struct http_stream *stream;
	sd_event_source *work;           /* deferred: connect, send, deliver failures */
	sd_event_source *retry;          /* while resting */
	sd_event_source *pulse;          /* while requests are open */
	struct open_request *requests, **end;    /* oldest first */
	size_t unsent;                   /* bytes of frames not handed to the stream */
	uint64_t last_id, last_ping;
	bool pong_due;
	bool heard;                      /* the helper has said something on this stream */
	bool resting;
	uint64_t rest_ms;
	uint64_t n_connects;
	struct http_status status;
};

/* --- open requests --- */

static struct open_request **find(struct http *http, uint64_t id)
{
	struct open_request **at = &http->requests;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static struct open_request *request_free(struct open_request *request)
{
	if (!request)
		return NULL;
	sd_event_source_disable_unref(request->deadline);
	buf_done(&request->frame);
	free(request);
	return NULL;
}

static struct open_request *unlink_request(struct http *http, struct open_request **at)
{
	struct open_request *request = *at;

	*at = request->next;
	if (!*at)
		http->end = at;
	http->unsent -= request->frame.len;
	http->status.n_open--;
	return request;
}

static void finish(struct http *http, struct open_request **at, const struct http_reply *reply)
{
	struct open_request *request = unlink_request(http, at);

	http->status.n_failed += reply->result != HTTP_DONE;
	http->reply(http->context, request->owner, request->number, reply);
	request_free(request);
}

static void mark_failed(struct open_request *request, enum http_result result, const char *reason)
{
	if (request->failure)
		return;
	request->failure = result;
	request->reason = reason;
}

/* Those handed to the helper, or those still waiting for one. */
static void mark_all(struct http *http, bool sent, const char *reason)
{
	struct open_request *request;

	for (request = http->requests; request; request = request->next)
		if (request->sent == sent)
			mark_failed(request, HTTP_NO_HELPER, reason);
}

static void deliver_failures(struct http *http)
{
	struct open_request **at = &http->requests;

	while (*at) {
		struct http_reply reply = { .result = (*at)->failure };

		if (!reply.result) {
			at = &(*at)->next;
			continue;
		}
		if (reply.result == HTTP_NO_HELPER && !(*at)->sent)
			reply.result = HTTP_NOT_SENT;
		(void)text_into(reply.error, sizeof(reply.error), (*at)->reason);
		finish(http, at, &reply);
		at = &http->requests;
	}
}

static void schedule_work(struct http *http)
{
	/* Fails only for a source that is gone. */
	(void)sd_event_source_set_enabled(http->work, SD_EVENT_ONESHOT);
}

/* --- the connection --- */

static void start_timer(sd_event_source *timer, uint64_t ms)
{
	(void)sd_event_source_set_time_relative(timer, ms * 1000);
	(void)sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

/* A helper that is not there, or goes before it says a word, is tried less and less often:
 * each try may make systemd start it. */
static void part(struct http *http)
{
	http->stream = http_stream_free(http->stream);
	(void)sd_event_source_set_enabled(http->pulse, SD_EVENT_OFF);
	http->resting = !http->heard;
	if (http->heard) {
		http->rest_ms = 0;
		return;
	}
	http->rest_ms = MIN(MAX(2 * http->rest_ms, HTTP_BACKOFF_MIN_MS), HTTP_BACKOFF_MAX_MS);
	start_timer(http->retry, http->rest_ms);
}

/* The helper is lost, and with it what it had to do. */
static void lose_helper(struct http *http, const char *reason)
{
	log_warning("jauth-http is lost with %ju open requests: %s",
		    (uintmax_t)http->status.n_open, reason);
	part(http);
	mark_all(http, true, reason);
	schedule_work(http);
}

static int send_bare(struct http *http, uint64_t number, enum http_frame type)
{
	struct buf frame = BUF_INIT(64);

	http_encode_bare(&frame, number, type);
	return http_stream_send(http->stream, &frame, HTTP_QUEUE_MAX);
}

static void send_ping(struct http *http)
{
	http->pong_due = send_bare(http, ++http->last_ping, HTTP_FRAME_PING) == 0;
	start_timer(http->pulse, HTTP_PING_MS);
}

static int on_pulse(sd_event_source *source UNUSED, uint64_t now UNUSED, void *userdata)
{
	struct http *http = userdata;

	if (http->pong_due)
		lose_helper(http, "it does not answer a ping");
	else if (http->status.n_open)
		send_ping(http);
	return 0;
}

static int on_reply(struct http *http, const struct http_frame_view *frame)
{
	struct open_request **at = find(http, frame->number);
	struct http_reply reply;
	int r;

	if (frame->number > http->last_id)
		return -EBADMSG;
	r = http_decode_reply(frame, &reply);
	if (r < 0)
		return r;
	/* Else it crossed our cancel, or comes after its deadline. */
	if (*at && (*at)->sent && !(*at)->failure)
		finish(http, at, &reply);
	http_reply_done(&reply);
	return 0;
}

static int on_frame(void *context, const struct http_frame_view *frame)
{
	struct http *http = context;

	http->heard = true;
	http->rest_ms = 0;
	if (frame->type == HTTP_FRAME_REPLY)
		return on_reply(http, frame);
	if (frame->type != HTTP_FRAME_PONG)
		return -EBADMSG;
	if (frame->number == http->last_ping)
		http->pong_due = false;
	return 0;
}

static void on_ended(void *context, int error)
{
	lose_helper(context, error == -EBADMSG ? "it sends what is no frame" : "it has gone");
}

static const struct http_stream_handler stream_handler = { .frame = on_frame, .ended = on_ended };

/* A local stream socket connects at once or not at all. */
static int connect_helper(struct http *http)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	if (!text_into(address.sun_path, sizeof(address.sun_path), http->path))
		return -ENAMETOOLONG;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	r = http_stream_new(http->event, fd, &stream_handler, http, &http->stream);
	if (r < 0)
		return r;
	(void)steal_fd(&fd);
	http->n_connects++;
	return 0;
}

static void try_to_connect(struct http *http)
{
	int r = connect_helper(http);

	http->heard = false;
	if (r == 0) {
		send_ping(http);
		return;
	}
	log_warning("cannot reach jauth-http at %s: %s", http->path, strerror(-r));
	part(http);
	mark_all(http, false, "jauth-http cannot be reached");
}

static void send_waiting(struct http *http)
{
	struct open_request *request;

	for (request = http->requests; request; request = request->next) {
		if (request->sent || request->failure)
			continue;
		http->unsent -= request->frame.len;
		request->sent = true;
		if (http_stream_send(http->stream, &request->frame, HTTP_QUEUE_MAX) < 0)
			mark_failed(request, HTTP_NO_HELPER, "jauth-http does not read");
	}
	if (http->status.n_open && sd_event_source_get_enabled(http->pulse, NULL) == 0)
		send_ping(http);
}

static bool is_anything_waiting(const struct http *http)
{
	const struct open_request *request = http->requests;

	while (request && (request->sent || request->failure))
		request = request->next;
	return request;
}

static int on_work(sd_event_source *source UNUSED, void *userdata)
{
	struct http *http = userdata;

	if (!http->stream && !http->resting && is_anything_waiting(http))
		try_to_connect(http);
	if (http->stream)
		send_waiting(http);
	deliver_failures(http);
	return 0;
}

static int on_retry(sd_event_source *source, uint64_t now UNUSED, void *userdata)
{
	struct http *http = userdata;

	http->resting = false;
	return on_work(source, http);
}

/* --- public --- */

static int set_up_sources(struct http *http)
{
	int r = sd_event_add_defer(http->event, &http->work, on_work, http);

	if (r >= 0)
		r = sd_event_source_set_enabled(http->work, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(http->event, &http->retry, CLOCK_MONOTONIC, 0,
				      TIMER_ACCURACY_US, on_retry, http);
	if (r >= 0)
		r = sd_event_source_set_enabled(http->retry, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time(http->event, &http->pulse, CLOCK_MONOTONIC, 0,
				      TIMER_ACCURACY_US, on_pulse, http);
	if (r >= 0)
		r = sd_event_source_set_enabled(http->pulse, SD_EVENT_OFF);
	return r;
}

int http_new(sd_event *event, const char *socket_path, http_reply_fn reply, void *context,
	     struct http **ret_http)
{
	struct http *http = calloc(1, sizeof(*http));
	int r;

	if (!http)
		return -ENOMEM;
	http->event = sd_event_ref(event);
	http->path = text_copy(socket_path);
	http->reply = reply;
	http->context = context;
	http->end = &http->requests;
	r = set_up_sources(http);
	if (r < 0) {
		http_free(http);
		return r;
	}
	*ret_http = http;
	return 0;
}

struct http *http_free(struct http *http)
{
	if (!http)
		return NULL;
	while (http->requests)
		request_free(unlink_request(http, &http->requests));
	http_stream_free(http->stream);
	sd_event_source_disable_unref(http->work);
	sd_event_source_disable_unref(http->retry);
	sd_event_source_disable_unref(http->pulse);
	sd_event_unref(http->event);
	free(http->path);
	free(http);
	return NULL;
}

static int on_deadline(sd_event_source *source UNUSED, uint64_t now UNUSED, void *userdata)
{
	struct open_request *request = userdata;
	struct http *http = request->http;

	if (request->sent && http->stream)
		(void)send_bare(http, request->id, HTTP_FRAME_CANCEL);
	mark_failed(request, HTTP_NO_HELPER, "jauth-http did not reply in time");
	deliver_failures(http);
	return 0;
}

static int set_deadline(struct open_request *request, uint32_t total_ms)
{
	return sd_event_add_time_relative(request->http->event, &request->deadline,
					  CLOCK_MONOTONIC,
					  ((uint64_t)total_ms + HTTP_GRACE_MS) * 1000,
					  TIMER_ACCURACY_US, on_deadline, request);
}

static void encode(struct open_request *open, const struct http_request *request)
{
	open->frame = (struct buf)BUF_INIT_SECRET(HTTP_FRAME_MAX);
	if (http_request_is_valid(request))
		http_encode_request(&open->frame, open->id, request);
	if (!open->frame.len)
		mark_failed(open, HTTP_NOT_SENT, "the request is not valid");
}

uint64_t http_send(struct http *http, const struct http_request *request, uint64_t owner,
		   uint32_t number)
{
	struct open_request *open;

	if (http->status.n_open >= HTTP_OPEN_MAX)
		return 0;
	open = calloc(1, sizeof(*open));
	if (!open)
		return 0;
	open->http = http;
	open->id = ++http->last_id;
	open->owner = owner;
	open->number = number;
	encode(open, request);
	if (open->frame.len > HTTP_QUEUE_MAX - http->unsent ||
	    set_deadline(open, request->total_ms) < 0) {
		request_free(open);
		return 0;
	}
	http->unsent += open->frame.len;
	http->status.n_open++;
	http->status.n_sent++;
	*http->end = open;
	http->end = &open->next;
	schedule_work(http);
	return open->id;
}

void http_cancel(struct http *http, uint64_t id)
{
	struct open_request **at = find(http, id);

	if (!*at)
		return;
	if ((*at)->sent && !(*at)->failure && http->stream)
		(void)send_bare(http, id, HTTP_FRAME_CANCEL);
	request_free(unlink_request(http, at));
}

void http_get_status(const struct http *http, struct http_status *ret_status)
{
	*ret_status = http->status;
	ret_status->connected = http->stream != NULL;
	ret_status->n_reconnects = http->n_connects ? http->n_connects - 1 : 0;
}
