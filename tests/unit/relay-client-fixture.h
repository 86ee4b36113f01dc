/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the relay's client share: a fake that plays jauth-http, and with it all relays.
 * Short timers run TIME_SCALE times faster than they were asked for. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/http-message.h"
#include "base/text.h"
#include "jauthd/limits.h"
#include "jauthd/relay.h"

#define TIME_SCALE  20
#define TURNS_MAX   1000
#define TURNS_IDLE  25
#define ASKED_MAX   256
#define OWNER       4711

#define FIRST  "https://r1.example.org"
#define SECOND "https://r2.example.org"
#define PUBLIC "https://sso.example.org"
#define KEY    "jr1.0123456789abcdef.secret-of-this-host"

/* --- time --- */

static struct {
	uint64_t last_us;                /* asked for last */
	unsigned n;
	unsigned scale;
} rests = { .scale = TIME_SCALE };

int __real_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);
int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);

/* Pings of jauth-http are not wanted here. */
int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec)
{
	if (usec >= HTTP_PING_MS * 1000)
		return __real_sd_event_source_set_time_relative(source, usec);
	rests.last_us = usec;
	rests.n++;
	return __real_sd_event_source_set_time_relative(source, usec / rests.scale);
}

/* --- jauth-http --- */

struct asked {
	uint64_t number;
	char line[512];                  /* "PUT https://..." */
	char body[6000];
	char authorization[128];
};

struct fixture {
	sd_event *event;
	struct relay *relay;
	char folder[64], path[96];
	int listening, fd;
	struct buf in;
	struct asked asked[ASKED_MAX];   /* about links, in their order */
	unsigned n_asked, n_taken;
	struct asked poll;               /* the last one */
	unsigned n_polls, n_cancels;
	bool is_polling;                 /* no reply yet */
	bool is_known;                   /* the instance, so links are not told again */
	/* what the handler was told */
	unsigned n_opened, n_failed, n_pressed, n_called_back, n_refused, n_pushed;
	uint64_t link;
	enum relay_failure failure;
	char detail[AUDIT_TEXT_MAX], method[64], query[256];
	char method_before[64];          /* pressed before the callback */
	bool closes, reopens;            /* what the handler does, once */
	struct relay_push push;          /* handed on last, without its texts */
	char push_query[256], push_body[256];
	const char *answer;              /* what the handler answers a push; NULL: nothing */
	bool is_somebodys;               /* what the handler says of it */
	bool is_inside;                  /* one of relay.h's functions */
	/* the link opened last */
	uint64_t number;
	char id[RELAY_ID_LEN + 1];
	struct relay_address address;
};

static inline void keep_request(struct fixture *fixture, const struct http_frame_view *frame)
{
	static const char *const methods[] = {
		[HTTP_GET] = "GET", [HTTP_POST] = "POST", [HTTP_DELETE] = "DELETE",
		[HTTP_PUT] = "PUT",
	};
	struct asked asked = { .number = frame->number };
	struct http_request *request;

	assert_int_equal(http_decode_request(frame, &request), 0);
	(void)snprintf(asked.line, sizeof(asked.line), "%s %s", methods[request->method],
		       request->url);
	for (unsigned i = 0; i < request->n_headers; i++)
		if (strncmp(request->headers[i]->data, "Authorization: ", 15) == 0)
			assert_true(text_into(asked.authorization, sizeof(asked.authorization),
					      request->headers[i]->data + 15));
	if (request->body)
		assert_true(text_into(asked.body, sizeof(asked.body), request->body->data));
	if (request->method == HTTP_GET) {
		assert_false(fixture->is_polling);
		fixture->poll = asked;
		fixture->n_polls++;
		fixture->is_polling = true;
	} else {
		assert_true(fixture->n_asked < ASKED_MAX);
		fixture->asked[fixture->n_asked++] = asked;
	}
	http_request_free(request);
}

static inline void helper_reads(struct fixture *fixture)
{
	struct http_frame_view frame;
	char bytes[4096];
	ssize_t n;

	if (fixture->fd < 0 && fixture->listening >= 0)
		fixture->fd = accept4(fixture->listening, NULL, NULL,
				      SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fixture->fd >= 0 && (n = recv(fixture->fd, bytes, sizeof(bytes), 0)) > 0)
		buf_add(&fixture->in, bytes, (size_t)n);
	while (http_frame_next(fixture->in.data, fixture->in.len, &frame) == 0) {
		if (frame.type == HTTP_FRAME_REQUEST)
			keep_request(fixture, &frame);
		fixture->n_cancels += frame.type == HTTP_FRAME_CANCEL;
		if (frame.type == HTTP_FRAME_CANCEL && frame.number == fixture->poll.number)
			fixture->is_polling = false;
		buf_consume(&fixture->in, frame.frame_len);
	}
}

static inline void turn(struct fixture *fixture)
{
	assert_true(sd_event_run(fixture->event, 1000) >= 0);
	helper_reads(fixture);
}

/* Until nothing is to be done, rests of a few milliseconds included. */
static inline void settle(struct fixture *fixture)
{
	for (int i = 0; i < TURNS_IDLE; i++)
		turn(fixture);
}

static inline void send_reply(struct fixture *fixture, uint64_t number,
			      const struct http_reply *reply)
{
	struct buf frame = BUF_INIT(HTTP_FRAME_MAX);

	http_encode_reply(&frame, number, reply);
	assert_int_equal(send(fixture->fd, frame.data, frame.len, MSG_NOSIGNAL), frame.len);
	buf_done(&frame);
}

static inline void reply(struct fixture *fixture, const struct asked *asked, unsigned status)
{
	const struct http_reply done = { .result = HTTP_DONE, .status = status };

	send_reply(fixture, asked->number, &done);
}

static inline void reply_fault(struct fixture *fixture, const struct asked *asked,
			       enum http_result result)
{
	const struct http_reply fault = { .result = result, .error = "no good" };

	send_reply(fixture, asked->number, &fault);
}

/* The next request about a link. */
static inline const struct asked *next(struct fixture *fixture)
{
	for (unsigned i = 0; i < TURNS_MAX && fixture->n_taken == fixture->n_asked; i++)
		turn(fixture);
	if (fixture->n_taken == fixture->n_asked)
		fail_msg("nothing is asked");
	return &fixture->asked[fixture->n_taken++];
}

static inline const struct asked *expect(struct fixture *fixture, const char *method,
					 const char *server, const char *what)
{
	const struct asked *asked = next(fixture);
	char line[512];

	(void)snprintf(line, sizeof(line), "%s %s/v1/links/%s%s", method, server, fixture->id,
		       what);
	assert_string_equal(asked->line, line);
	return asked;
}

/* ... and taken by the relay. */
static inline void expect_taken(struct fixture *fixture, const char *method, const char *server,
				const char *what)
{
	const struct asked *asked = expect(fixture, method, server, what);

	reply(fixture, asked, *what || method[0] == 'D' ? 204 : 200);
	settle(fixture);
}

static inline void expect_nothing(struct fixture *fixture)
{
	settle(fixture);
	if (fixture->n_taken < fixture->n_asked)
		fail_msg("asked: %s", fixture->asked[fixture->n_taken].line);
}

static inline void wait_for_poll(struct fixture *fixture)
{
	for (unsigned i = 0; i < TURNS_MAX && !fixture->is_polling; i++)
		turn(fixture);
	assert_true(fixture->is_polling);
}

/* Answers the request for events. */
static inline void tell_events(struct fixture *fixture, const char *instance, int next_number,
			       const char *events)
{
	struct http_reply news = { .result = HTTP_DONE, .status = 200 };
	char *text = text_format("{\"instance\":\"%s\",\"next\":%d,\"events\":[%s]}", instance,
				 next_number, events);

	wait_for_poll(fixture);
	news.body = secret_from_text(text);
	fixture->is_polling = false;
	send_reply(fixture, fixture->poll.number, &news);
	http_reply_done(&news);
	free(text);
	settle(fixture);
}

/* One event of the link opened last. */
static inline void tell(struct fixture *fixture, const char *members)
{
	char *event = text_format("{\"link\":\"%s\",\"presses\":1%s}", fixture->id, members);

	tell_events(fixture, "i1", 1, event);
	free(event);
	while (!fixture->is_known && fixture->n_taken < fixture->n_asked) {
		reply(fixture, &fixture->asked[fixture->n_taken++], 200);
		settle(fixture);
	}
	fixture->is_known = true;
}

/* --- the handler --- */

static inline void note(struct fixture *fixture, uint64_t owner, uint64_t link)
{
	assert_false(fixture->is_inside);
	assert_true(owner == OWNER);
	fixture->link = link;
	if (fixture->closes)
		relay_close(fixture->relay, link);
	fixture->closes = false;
}

static inline void on_opened(void *context, uint64_t owner, uint64_t link)
{
	struct fixture *fixture = context;

	fixture->n_opened++;
	note(fixture, owner, link);
}

static inline uint64_t open_as(struct fixture *fixture, const struct relay_opening *opening,
			       int64_t seconds)
{
	struct relay_address *address = &fixture->address;
	uint64_t number;

	fixture->is_inside = true;
	number = relay_open(fixture->relay, OWNER, opening, seconds, address);
	fixture->is_inside = false;
	if (!number)
		return 0;
	assert_int_equal(strlen(address->id), RELAY_ID_LEN);
	assert_true(text_into(fixture->id, sizeof(fixture->id), address->id));
	fixture->number = number;
	return number;
}

static inline uint64_t open_for(struct fixture *fixture, int64_t seconds)
{
	const struct relay_opening opening = {
		.user = "jane", .service = "sshd", .source = "192.0.2.7", .since_s = 1700000000,
		.targets = { { .method = "wecom", .title = "WeCom", .app = RELAY_APP_WECOM } },
		.n_targets = 1,
	};
	return open_as(fixture, &opening, seconds);
}

static inline void on_failed(void *context, uint64_t owner, uint64_t link,
			     enum relay_failure failure, const char *detail)
{
	struct fixture *fixture = context;

	assert_true(owner == OWNER);
	fixture->n_failed++;
	fixture->link = link;
	fixture->failure = failure;
	assert_true(text_into(fixture->detail, sizeof(fixture->detail), detail));
	if (fixture->reopens)
		assert_true(open_for(fixture, 100) == 0);
}

static inline void on_pressed(void *context, uint64_t owner, uint64_t link, const char *method)
{
	struct fixture *fixture = context;

	fixture->n_pressed++;
	assert_true(text_into(fixture->method, sizeof(fixture->method), method));
	note(fixture, owner, link);
}

static inline void on_callback(void *context, uint64_t owner, uint64_t link, const char *query)
{
	struct fixture *fixture = context;

	fixture->n_called_back++;
	assert_true(text_into(fixture->method_before, sizeof(fixture->method_before),
			      fixture->method));
	assert_true(text_into(fixture->query, sizeof(fixture->query), query));
	note(fixture, owner, link);
}

static inline void on_refused(void *context, uint64_t owner, uint64_t link)
{
	struct fixture *fixture = context;

	fixture->n_refused++;
	note(fixture, owner, link);
}

static inline bool on_pushed(void *context, const struct relay_push *push)
{
	struct fixture *fixture = context;

	fixture->n_pushed++;
	fixture->push = *push;
	fixture->push.query = fixture->push.body = NULL;
	assert_true(text_into(fixture->push_query, sizeof(fixture->push_query), push->query));
	assert_true(text_into(fixture->push_body, sizeof(fixture->push_body), push->body));
	if (fixture->answer)
		relay_answer_push(fixture->relay, push->id, 200, fixture->answer);
	return fixture->is_somebodys;
}

static const struct relay_handler handler = {
	.opened = on_opened, .failed = on_failed, .pressed = on_pressed, .callback = on_callback,
	.refused = on_refused, .pushed = on_pushed,
};

/* --- set up --- */

static inline void configure(struct fixture *fixture, const char *url, const char *const *servers,
			     const char *key)
{
	struct secret *secret = key ? secret_from_text(key) : NULL;
	const struct relay_settings settings = {
		.url = url, .servers = (char *const *)servers, .key = secret,
	};

	relay_configure(fixture->relay, &settings);
	secret_free(secret);
}

static const char *const two_servers[] = { FIRST, SECOND, NULL };
static const char *const one_server[] UNUSED = { FIRST, NULL };

static inline void helper_starts(struct fixture *fixture)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert_true(text_into(address.sun_path, sizeof(address.sun_path), fixture->path));
	fixture->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fixture->listening >= 0);
	assert_int_equal(bind(fixture->listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fixture->listening, 5), 0);
}

static inline int set_up_with(void **state, const char *const *servers)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	rests.last_us = rests.n = 0;
	rests.scale = TIME_SCALE;
	fixture->fd = -1;
	fixture->in = (struct buf)BUF_INIT(4 * HTTP_FRAME_MAX);
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/t-relay-client.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/socket", fixture->folder);
	helper_starts(fixture);
	assert_true(sd_event_new(&fixture->event) >= 0);
	assert_int_equal(relay_new(fixture->event, fixture->path, &handler, fixture,
				   &fixture->relay), 0);
	configure(fixture, PUBLIC, servers, KEY);
	*state = fixture;
	return 0;
}

static inline int set_up(void **state)
{
	return set_up_with(state, two_servers);
}

static inline int set_up_one(void **state)
{
	return set_up_with(state, one_server);
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;

	assert_null(relay_free(fixture->relay));
	close_fd(&fixture->fd);
	close_fd(&fixture->listening);
	(void)unlink(fixture->path);
	(void)rmdir(fixture->folder);
	buf_done(&fixture->in);
	sd_event_unref(fixture->event);
	free(fixture);
	return 0;
}

static inline struct relay_status status_of(const struct fixture *fixture)
{
	struct relay_status status;

	relay_get_status(fixture->relay, &status);
	return status;
}

/* A link that the first server has taken. */
static inline void opened_link(struct fixture *fixture)
{
	unsigned n_opened = fixture->n_opened;

	assert_true(open_for(fixture, 100) > 0);
	expect_taken(fixture, "PUT", FIRST, "");
	assert_int_equal(fixture->n_opened, n_opened + 1);
}

static inline void send_to(struct fixture *fixture, const char *method)
{
	relay_send_to(fixture->relay, fixture->number, method, "0123456789abcdef0123456789abcdef",
		      "https://id.example.org/authorize");
}

static inline void tell_digits(struct fixture *fixture)
{
	relay_tell(fixture->relay, fixture->number, RELAY_RESULT_DIGITS, "42", "a1b2c3d4");
}

#define CLIENT_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define CLIENT_TEST_ONE(function) \
	cmocka_unit_test_setup_teardown(function, set_up_one, tear_down)
