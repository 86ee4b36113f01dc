/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauthd's links at relays that answer, fail, forget and lie. A fake plays jauth-http, and with it
 * all relays. Short timers run TIME_SCALE times faster than they were asked for. */
#include "jauthd/relay.h"

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
	char body[2048];
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
	unsigned n_opened, n_failed, n_pressed, n_called_back, n_refused;
	uint64_t link;
	enum relay_failure failure;
	char detail[AUDIT_TEXT_MAX], method[64], query[256];
	bool closes, reopens;            /* what the handler does, once */
	bool is_inside;                  /* one of relay.h's functions */
	/* the link opened last */
	uint64_t number;
	char id[RELAY_ID_LEN + 1];
};

static void keep_request(struct fixture *fixture, const struct http_frame_view *frame)
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

static void helper_reads(struct fixture *fixture)
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

static void turn(struct fixture *fixture)
{
	assert_true(sd_event_run(fixture->event, 1000) >= 0);
	helper_reads(fixture);
}

/* Until nothing is to be done, rests of a few milliseconds included. */
static void settle(struct fixture *fixture)
{
	for (int i = 0; i < TURNS_IDLE; i++)
		turn(fixture);
}

static void send_reply(struct fixture *fixture, uint64_t number, const struct http_reply *reply)
{
	struct buf frame = BUF_INIT(HTTP_FRAME_MAX);

	http_encode_reply(&frame, number, reply);
	assert_int_equal(send(fixture->fd, frame.data, frame.len, MSG_NOSIGNAL), frame.len);
	buf_done(&frame);
}

static void reply(struct fixture *fixture, const struct asked *asked, unsigned status)
{
	const struct http_reply done = { .result = HTTP_DONE, .status = status };

	send_reply(fixture, asked->number, &done);
}

static void reply_fault(struct fixture *fixture, const struct asked *asked,
			enum http_result result)
{
	const struct http_reply fault = { .result = result, .error = "no good" };

	send_reply(fixture, asked->number, &fault);
}

/* The next request about a link. */
static const struct asked *next(struct fixture *fixture)
{
	for (unsigned i = 0; i < TURNS_MAX && fixture->n_taken == fixture->n_asked; i++)
		turn(fixture);
	if (fixture->n_taken == fixture->n_asked)
		fail_msg("nothing is asked");
	return &fixture->asked[fixture->n_taken++];
}

static const struct asked *expect(struct fixture *fixture, const char *method, const char *server,
				  const char *what)
{
	const struct asked *asked = next(fixture);
	char line[512];

	(void)snprintf(line, sizeof(line), "%s %s/v1/links/%s%s", method, server, fixture->id,
		       what);
	assert_string_equal(asked->line, line);
	return asked;
}

/* ... and taken by the relay. */
static void expect_taken(struct fixture *fixture, const char *method, const char *server,
			 const char *what)
{
	const struct asked *asked = expect(fixture, method, server, what);

	reply(fixture, asked, *what || method[0] == 'D' ? 204 : 200);
	settle(fixture);
}

static void expect_nothing(struct fixture *fixture)
{
	settle(fixture);
	if (fixture->n_taken < fixture->n_asked)
		fail_msg("asked: %s", fixture->asked[fixture->n_taken].line);
}

static void wait_for_poll(struct fixture *fixture)
{
	for (unsigned i = 0; i < TURNS_MAX && !fixture->is_polling; i++)
		turn(fixture);
	assert_true(fixture->is_polling);
}

/* Answers the request for events. */
static void tell_events(struct fixture *fixture, const char *instance, int next_number,
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
static void tell(struct fixture *fixture, const char *members)
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

static void note(struct fixture *fixture, uint64_t owner, uint64_t link)
{
	assert_false(fixture->is_inside);
	assert_true(owner == OWNER);
	fixture->link = link;
	if (fixture->closes)
		relay_close(fixture->relay, link);
	fixture->closes = false;
}

static void on_opened(void *context, uint64_t owner, uint64_t link)
{
	struct fixture *fixture = context;

	fixture->n_opened++;
	note(fixture, owner, link);
}

static uint64_t open_for(struct fixture *fixture, int64_t seconds)
{
	const struct relay_opening opening = {
		.user = "jane", .service = "sshd", .source = "192.0.2.7", .since_s = 1700000000,
		.targets = { { "wecom", "WeCom", RELAY_APP_WECOM } }, .n_targets = 1,
	};
	char url[URL_MAX + 1] = "";
	uint64_t number;

	fixture->is_inside = true;
	number = relay_open(fixture->relay, OWNER, &opening, seconds, url);
	fixture->is_inside = false;
	if (!number)
		return 0;
	assert_memory_equal(url, PUBLIC "/q/", strlen(PUBLIC "/q/"));
	assert_true(text_into(fixture->id, sizeof(fixture->id), url + strlen(PUBLIC "/q/")));
	fixture->number = number;
	return number;
}

static void on_failed(void *context, uint64_t owner, uint64_t link, enum relay_failure failure,
		      const char *detail)
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

static void on_pressed(void *context, uint64_t owner, uint64_t link, const char *method)
{
	struct fixture *fixture = context;

	fixture->n_pressed++;
	assert_true(text_into(fixture->method, sizeof(fixture->method), method));
	note(fixture, owner, link);
}

static void on_callback(void *context, uint64_t owner, uint64_t link, const char *query)
{
	struct fixture *fixture = context;

	fixture->n_called_back++;
	assert_true(text_into(fixture->query, sizeof(fixture->query), query));
	note(fixture, owner, link);
}

static void on_refused(void *context, uint64_t owner, uint64_t link)
{
	struct fixture *fixture = context;

	fixture->n_refused++;
	note(fixture, owner, link);
}

static const struct relay_handler handler = {
	.opened = on_opened, .failed = on_failed, .pressed = on_pressed, .callback = on_callback,
	.refused = on_refused,
};

/* --- set up --- */

static void configure(struct fixture *fixture, const char *url, const char *const *servers,
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
static const char *const one_server[] = { FIRST, NULL };

static void helper_starts(struct fixture *fixture)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert_true(text_into(address.sun_path, sizeof(address.sun_path), fixture->path));
	fixture->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fixture->listening >= 0);
	assert_int_equal(bind(fixture->listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fixture->listening, 5), 0);
}

static int set_up_with(void **state, const char *const *servers)
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

static int set_up(void **state)
{
	return set_up_with(state, two_servers);
}

static int set_up_one(void **state)
{
	return set_up_with(state, one_server);
}

static int tear_down(void **state)
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

static struct relay_status status_of(const struct fixture *fixture)
{
	struct relay_status status;

	relay_get_status(fixture->relay, &status);
	return status;
}

/* A link that the first server has taken. */
static void opened_link(struct fixture *fixture)
{
	unsigned n_opened = fixture->n_opened;

	assert_true(open_for(fixture, 100) > 0);
	expect_taken(fixture, "PUT", FIRST, "");
	assert_int_equal(fixture->n_opened, n_opened + 1);
}

static void send_to(struct fixture *fixture, const char *method)
{
	relay_send_to(fixture->relay, fixture->number, method, "0123456789abcdef0123456789abcdef",
		      "https://id.example.org/authorize");
}

static void tell_digits(struct fixture *fixture)
{
	relay_tell(fixture->relay, fixture->number, RELAY_RESULT_DIGITS, "42", "a1b2c3d4");
}

/* --- a link's life --- */

static void a_link_is_opened_and_then_followed(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	assert_true(open_for(fixture, 100) > 0);
	asked = expect(fixture, "PUT", FIRST, "");
	assert_string_equal(asked->authorization, "Bearer " KEY);
	assert_non_null(strstr(asked->body, "\"user\":\"jane\""));
	assert_non_null(strstr(asked->body, ",\"seconds\":"));
	expect_nothing(fixture);
	assert_int_equal(fixture->n_opened, 0);
	assert_int_equal(fixture->n_polls, 0);
	reply(fixture, asked, 200);
	wait_for_poll(fixture);
	assert_int_equal(fixture->n_opened, 1);
	assert_true(fixture->link == fixture->number);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=0&wait=25");
	assert_string_equal(fixture->poll.authorization, "Bearer " KEY);
	assert_true(status_of(fixture).is_connected && status_of(fixture).n_opened == 1);
	assert_string_equal(status_of(fixture).server, FIRST);
}

static void seconds_are_what_is_left_within_bounds(void **state)
{
	struct fixture *fixture = *state;

	assert_true(open_for(fixture, 100000) > 0);
	assert_non_null(strstr(expect(fixture, "PUT", FIRST, "")->body, ",\"seconds\":1"));
	assert_true(open_for(fixture, 0) > 0);
	assert_non_null(strstr(expect(fixture, "PUT", FIRST, "")->body, ",\"seconds\":1}"));
}

/* One at a time, in the order that makes sense at the relay. */
static void a_link_says_one_thing_after_the_other(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	assert_true(open_for(fixture, 100) > 0);
	tell_digits(fixture);
	send_to(fixture, "wecom");
	asked = expect(fixture, "PUT", FIRST, "");
	expect_nothing(fixture);
	reply(fixture, asked, 200);
	asked = expect(fixture, "PUT", FIRST, "/target");
	assert_string_equal(asked->body,
			    "{\"method\":\"wecom\",\"state\":\"0123456789abcdef0123456789abcdef\","
			    "\"url\":\"https://id.example.org/authorize\"}");
	expect_nothing(fixture);
	reply(fixture, asked, 204);
	asked = expect(fixture, "PUT", FIRST, "/result");
	assert_string_equal(asked->body, "{\"result\":\"digits\",\"request\":\"a1b2c3d4\","
			    "\"digits\":\"42\"}");
	relay_close(fixture->relay, fixture->number);
	expect_nothing(fixture);
	reply(fixture, asked, 204);
	expect_taken(fixture, "DELETE", FIRST, "");
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_failed, 0);
}

static void what_was_told_goes_before_the_end(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	relay_tell(fixture->relay, fixture->number, RELAY_RESULT_GRANTED, NULL, "a1b2c3d4");
	relay_close(fixture->relay, fixture->number);
	relay_close(fixture->relay, fixture->number);
	expect_taken(fixture, "PUT", FIRST, "/result");
	expect_taken(fixture, "DELETE", FIRST, "");
	assert_true(status_of(fixture).n_links == 0);
}

static void the_last_of_two_targets_counts(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	opened_link(fixture);
	send_to(fixture, "wecom");
	asked = expect(fixture, "PUT", FIRST, "/target");
	send_to(fixture, "github");
	send_to(fixture, "google");
	reply(fixture, asked, 204);
	asked = expect(fixture, "PUT", FIRST, "/target");
	assert_non_null(strstr(asked->body, "\"method\":\"google\""));
	reply(fixture, asked, 204);
	expect_nothing(fixture);
}

static void links_do_not_wait_for_each_other(void **state)
{
	struct fixture *fixture = *state;
	uint64_t first;

	first = open_for(fixture, 100);
	(void)expect(fixture, "PUT", FIRST, "");
	assert_true(open_for(fixture, 100) > first);
	expect_taken(fixture, "PUT", FIRST, "");
	assert_true(fixture->link == fixture->number);
	assert_int_equal(fixture->n_opened, 1);
}

/* --- the end --- */

static void a_link_that_nobody_heard_of_just_goes(void **state)
{
	struct fixture *fixture = *state;

	assert_true(open_for(fixture, 100) > 0);
	relay_close(fixture->relay, fixture->number);
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_links == 0);
	relay_close(fixture->relay, fixture->number);
	relay_close(fixture->relay, 999);
	relay_tell(fixture->relay, 999, RELAY_RESULT_OVER, NULL, "a1b2c3d4");
	relay_send_to(fixture->relay, 999, "a", "b", "https://c.example.org/");
}

static void a_link_closed_while_it_is_opened_is_deleted(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	assert_true(open_for(fixture, 100) > 0);
	asked = expect(fixture, "PUT", FIRST, "");
	relay_close(fixture->relay, fixture->number);
	expect_nothing(fixture);
	reply(fixture, asked, 200);
	expect_taken(fixture, "DELETE", FIRST, "");
	assert_int_equal(fixture->n_opened, 0);
	assert_int_equal(fixture->n_polls, 0);
	assert_true(status_of(fixture).n_links == 0);
}

/* Nobody waits for it any more: it must not be there again for a moment. */
static void a_closed_link_is_never_opened_again(void **state)
{
	struct fixture *fixture = *state;
	const struct asked *asked;

	assert_true(open_for(fixture, 100) > 0);
	asked = expect(fixture, "PUT", FIRST, "");
	relay_close(fixture->relay, fixture->number);
	reply_fault(fixture, asked, HTTP_TIMED_OUT);
	expect_taken(fixture, "DELETE", SECOND, "");
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_failed, 0);
}

static void a_closed_link_that_the_relay_forgot_goes(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	relay_tell(fixture->relay, fixture->number, RELAY_RESULT_GRANTED, NULL, "a1b2c3d4");
	relay_close(fixture->relay, fixture->number);
	reply(fixture, expect(fixture, "PUT", FIRST, "/result"), 404);
	reply(fixture, expect(fixture, "DELETE", FIRST, ""), 404);
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_failed, 0);
}

static void an_end_that_nobody_takes_is_given_up(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	relay_close(fixture->relay, fixture->number);
	for (int i = 0; i <= RELAY_CLOSE_TRIES; i++)
		reply(fixture, expect(fixture, "DELETE", i % 2 ? SECOND : FIRST, ""), 503);
	expect_nothing(fixture);
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_failed, 0);
}

static void a_closed_link_does_not_outlive_its_time(void **state)
{
	struct fixture *fixture = *state;

	assert_true(open_for(fixture, 0) > 0);
	(void)expect(fixture, "PUT", FIRST, "");
	relay_close(fixture->relay, fixture->number);
	settle(fixture);
	assert_true(status_of(fixture).n_links == 0);
	assert_int_equal(fixture->n_cancels, 1);
}

static void no_more_links_than_there_may_be(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < RELAY_LINKS_MAX; i++)
		assert_true(open_for(fixture, 100) > 0);
	assert_true(open_for(fixture, 100) == 0);
	relay_close(fixture->relay, fixture->number);
	assert_true(open_for(fixture, 100) > 0);
}

/* --- servers that fail --- */

static const struct fault {
	enum http_result result;
	unsigned status;
} faults[] = {
	{ HTTP_NOT_SENT, 0 }, { HTTP_TIMED_OUT, 0 }, { HTTP_BROKEN, 0 },
	{ HTTP_DONE, 500 }, { HTTP_DONE, 503 },
};

static void fail_with(struct fixture *fixture, const struct asked *asked, const struct fault *fault)
{
	if (fault->status)
		reply(fixture, asked, fault->status);
	else
		reply_fault(fixture, asked, fault->result);
}

static void the_next_server_is_told_everything(void **state)
{
	for (size_t i = 0; i < N_ELEMENTS(faults); i++) {
		struct fixture *fixture;

		if (i) {
			tear_down(state);
			set_up(state);
		}
		fixture = *state;
		opened_link(fixture);
		wait_for_poll(fixture);
		send_to(fixture, "wecom");
		expect_taken(fixture, "PUT", FIRST, "/target");
		tell_digits(fixture);
		fail_with(fixture, expect(fixture, "PUT", FIRST, "/result"), &faults[i]);
		expect_taken(fixture, "PUT", SECOND, "");
		expect_taken(fixture, "PUT", SECOND, "/target");
		expect_taken(fixture, "PUT", SECOND, "/result");
		expect_nothing(fixture);
		assert_int_equal(fixture->n_opened, 1);
		assert_int_equal(fixture->n_failed, 0);
		assert_true(status_of(fixture).n_switches == 1);
		assert_string_equal(status_of(fixture).server, SECOND);
		wait_for_poll(fixture);
		assert_memory_equal(fixture->poll.line, "GET " SECOND, strlen("GET " SECOND));
	}
}

static void a_lost_helper_is_a_lost_server(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell(fixture, "");               /* the helper was heard */
	wait_for_poll(fixture);
	close_fd(&fixture->fd);
	fixture->fd = -1;
	buf_done(&fixture->in);
	fixture->is_polling = false;
	expect_taken(fixture, "PUT", SECOND, "");
	assert_int_equal(fixture->n_failed, 0);
}

static void a_new_link_fails_when_no_server_takes_it(void **state)
{
	struct fixture *fixture = *state;

	assert_true(open_for(fixture, 100) > 0);
	for (int i = 0; i < RELAY_OPEN_TRIES; i++) {
		assert_int_equal(fixture->n_failed, 0);
		reply_fault(fixture, expect(fixture, "PUT", i % 2 ? SECOND : FIRST, ""),
			    HTTP_NOT_SENT);
		settle(fixture);
	}
	expect_nothing(fixture);
	assert_int_equal(fixture->n_failed, 1);
	assert_int_equal(fixture->failure, RELAY_FAILED_NETWORK);
	assert_string_equal(fixture->detail, "opening a link: no good");
	assert_true(status_of(fixture).n_links == 0);
	assert_false(status_of(fixture).is_connected);
}

/* The login lives on, and so does its link. */
static void an_open_link_outlives_a_fault_of_all_servers(void **state)
{
	struct fixture *fixture = *state;
	uint64_t last_us = 0;

	opened_link(fixture);
	send_to(fixture, "wecom");
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 503);
	for (int i = 0; i < 4; i++) {
		reply(fixture, expect(fixture, "PUT", SECOND, ""), 503);
		reply(fixture, expect(fixture, "PUT", FIRST, ""), 503);
		assert_true(rests.last_us > last_us || i == 0);
		last_us = rests.last_us;
	}
	expect_taken(fixture, "PUT", SECOND, "");
	expect_taken(fixture, "PUT", SECOND, "/target");
	assert_int_equal(fixture->n_failed, 0);
	assert_true(status_of(fixture).is_connected);
}

/* It takes links, and its events are a fault: however often, it is asked less and less. */
static void servers_without_events_are_not_asked_without_end(void **state)
{
	struct fixture *fixture = *state;
	uint64_t last_us = 0;

	opened_link(fixture);
	for (int i = 0; i < 4; i++) {
		wait_for_poll(fixture);
		fixture->is_polling = false;
		reply(fixture, &fixture->poll, 404);
		expect_taken(fixture, "PUT", SECOND, "");
		wait_for_poll(fixture);
		fixture->is_polling = false;
		reply(fixture, &fixture->poll, 404);
		expect_taken(fixture, "PUT", FIRST, "");
		assert_true(rests.last_us > last_us);
		last_us = rests.last_us;
	}
	assert_int_equal(fixture->n_failed, 0);
}

static void what_is_no_news_is_a_fault_of_the_server(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell_events(fixture, "i1", -1, "");
	expect_taken(fixture, "PUT", SECOND, "");
	assert_string_equal(status_of(fixture).server, SECOND);
}

/* --- refusals --- */

static const struct refusal_case {
	unsigned status;
	enum relay_failure failure;
	const char *detail;
} open_refusals[] = {
	{ 401, RELAY_FAILED_KEY, "the relay does not take this host's key" },
	{ 403, RELAY_FAILED_KEY, "the relay does not take this host's key" },
	{ 429, RELAY_FAILED_BUSY, "opening a link: status 429" },
	{ 400, RELAY_FAILED_OTHER, "opening a link: status 400" },
	{ 404, RELAY_FAILED_OTHER, "opening a link: status 404" },
	{ 405, RELAY_FAILED_OTHER, "opening a link: status 405" },
	{ 409, RELAY_FAILED_OTHER, "opening a link: status 409" },
	{ 410, RELAY_FAILED_OTHER, "opening a link: status 410" },
	{ 413, RELAY_FAILED_OTHER, "opening a link: status 413" },
	{ 302, RELAY_FAILED_OTHER, "opening a link: status 302" },
};

static void a_link_that_is_refused_fails_once(void **state)
{
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < N_ELEMENTS(open_refusals); i++) {
		const struct refusal_case *row = &open_refusals[i];

		assert_true(open_for(fixture, 100) > 0);
		reply(fixture, expect(fixture, "PUT", FIRST, ""), row->status);
		expect_nothing(fixture);
		assert_int_equal(fixture->n_failed, i + 1);
		assert_int_equal(fixture->failure, row->failure);
		assert_string_equal(fixture->detail, row->detail);
		assert_true(status_of(fixture).n_links == 0);
	}
	assert_int_equal(fixture->n_opened, 0);
}

static void a_target_that_is_refused_fails_the_link(void **state)
{
	static const unsigned statuses[] = { 400, 401, 409, 410, 413 };
	struct fixture *fixture = *state;

	for (unsigned i = 0; i < N_ELEMENTS(statuses); i++) {
		opened_link(fixture);
		send_to(fixture, "wecom");
		reply(fixture, expect(fixture, "PUT", FIRST, "/target"), statuses[i]);
		expect_nothing(fixture);
		assert_int_equal(fixture->n_failed, i + 1);
		assert_int_equal(fixture->failure, statuses[i] == 401 ? RELAY_FAILED_KEY :
								       RELAY_FAILED_OTHER);
	}
}

static void an_open_link_at_a_busy_server_goes_to_the_next(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 429);
	expect_taken(fixture, "PUT", SECOND, "");
	expect_taken(fixture, "PUT", SECOND, "/target");
	assert_int_equal(fixture->n_failed, 0);
}

static void what_a_relay_forgot_it_is_told_again(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 404);
	expect_taken(fixture, "PUT", FIRST, "");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell_digits(fixture);
	reply(fixture, expect(fixture, "PUT", FIRST, "/result"), 404);
	expect_taken(fixture, "PUT", FIRST, "");
	expect_taken(fixture, "PUT", FIRST, "/target");
	expect_taken(fixture, "PUT", FIRST, "/result");
	expect_nothing(fixture);
	assert_int_equal(fixture->n_opened, 1);
}

static void a_relay_that_always_forgets_is_of_no_use(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	for (int i = 0; i < RELAY_REPEATS_MAX; i++) {
		reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 404);
		reply(fixture, expect(fixture, "PUT", FIRST, ""), 200);
	}
	assert_int_equal(fixture->n_failed, 0);
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 404);
	expect_nothing(fixture);
	assert_int_equal(fixture->n_failed, 1);
	assert_int_equal(fixture->failure, RELAY_FAILED_OTHER);
}

/* What a server says that was left meanwhile is about another relay than the one in use. */
static void what_a_left_server_refuses_says_nothing(void **state)
{
	static const unsigned statuses[] = { 401, 404, 410, 429 };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < N_ELEMENTS(statuses); i++) {
		const struct asked *late;
		uint64_t first;

		configure(fixture, PUBLIC, one_server, KEY);
		configure(fixture, PUBLIC, two_servers, KEY);
		opened_link(fixture);
		first = fixture->number;
		send_to(fixture, "wecom");
		late = expect(fixture, "PUT", FIRST, "/target");
		wait_for_poll(fixture);
		fixture->is_polling = false;
		reply(fixture, &fixture->poll, 500);
		settle(fixture);
		assert_string_equal(status_of(fixture).server, SECOND);
		reply(fixture, late, statuses[i]);
		expect_taken(fixture, "PUT", SECOND, "");
		expect_taken(fixture, "PUT", SECOND, "/target");
		assert_int_equal(fixture->n_failed, 0);
		assert_string_equal(status_of(fixture).server, SECOND);
		relay_close(fixture->relay, first);
		expect_taken(fixture, "DELETE", SECOND, "");
	}
}

/* --- events --- */

static void an_event_of_a_link_reaches_its_owner(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell(fixture, "");
	assert_int_equal(fixture->n_pressed, 0);
	tell(fixture, ",\"method\":\"wecom\"");
	assert_int_equal(fixture->n_pressed, 1);
	assert_string_equal(fixture->method, "wecom");
	assert_true(fixture->link == fixture->number);
	wait_for_poll(fixture);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=1&wait=25");
}

static void events_of_unknown_links_are_dropped(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell_events(fixture, "i1", 3, "{\"link\":\"ABCDEFGHIJKLMNOPQRSTUV\",\"presses\":1,"
		    "\"method\":\"wecom\",\"callback\":\"a=b\",\"refused\":true}");
	assert_int_equal(fixture->n_pressed + fixture->n_called_back + fixture->n_refused, 0);
	assert_true(status_of(fixture).n_events == 0);
}

static void each_thing_happens_once(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	for (int i = 0; i < 3; i++)
		tell(fixture, ",\"method\":\"wecom\"");
	assert_int_equal(fixture->n_pressed, 1);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\"");
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=2\"");
	assert_int_equal(fixture->n_called_back, 1);
	assert_string_equal(fixture->query, "code=1");
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\",\"refused\":true");
	tell(fixture, ",\"method\":\"github\",\"callback\":\"code=1\",\"refused\":true");
	assert_int_equal(fixture->n_pressed, 1);
	assert_int_equal(fixture->n_called_back, 1);
	assert_int_equal(fixture->n_refused, 1);
	assert_true(status_of(fixture).n_events == 3);
}

static void no_callback_comes_before_there_is_a_target(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\"");
	assert_int_equal(fixture->n_pressed, 1);
	assert_int_equal(fixture->n_called_back, 0);
	send_to(fixture, "wecom");
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\"");
	assert_int_equal(fixture->n_called_back, 1);
}

static void presses_are_bounded(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	for (int i = 0; i < 2 * RELAY_PRESSES_MAX; i++)
		tell(fixture, i % 2 ? ",\"method\":\"wecom\"" : ",\"method\":\"github\"");
	assert_int_equal(fixture->n_pressed, RELAY_PRESSES_MAX);
}

/* The callback belongs to the target that was there; a button pressed behind it comes too late. */
static void a_callback_goes_before_another_button(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	tell(fixture, ",\"method\":\"wecom\"");
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	fixture->closes = true;
	tell(fixture, ",\"method\":\"github\",\"callback\":\"code=1\"");
	assert_int_equal(fixture->n_called_back, 1);
	assert_int_equal(fixture->n_pressed, 1);
}

static void the_handler_may_end_the_link(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell(fixture, "");
	fixture->closes = true;
	tell(fixture, ",\"method\":\"wecom\",\"callback\":\"code=1\",\"refused\":true");
	assert_int_equal(fixture->n_refused, 1);
	assert_int_equal(fixture->n_pressed + fixture->n_called_back, 0);
	expect_taken(fixture, "DELETE", FIRST, "");
	assert_true(open_for(fixture, 100) > 0);
	fixture->closes = true;
	expect_taken(fixture, "PUT", FIRST, "");
	assert_int_equal(fixture->n_opened, 2);
	expect_taken(fixture, "DELETE", FIRST, "");
}

static void events_of_a_link_that_is_not_open_are_dropped(void **state)
{
	struct fixture *fixture = *state;
	char *event;

	opened_link(fixture);
	assert_true(open_for(fixture, 100) > 0);
	(void)expect(fixture, "PUT", FIRST, "");
	event = text_format("{\"link\":\"%s\",\"presses\":1,\"method\":\"wecom\"}", fixture->id);
	tell_events(fixture, "i1", 1, event);
	free(event);
	assert_int_equal(fixture->n_pressed, 0);
}

static void another_instance_is_told_everything(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell_events(fixture, "i1", 7, "");
	/* It may have lost the link just opened. */
	expect_taken(fixture, "PUT", FIRST, "");
	expect_taken(fixture, "PUT", FIRST, "/target");
	tell_events(fixture, "i1", 7, "");
	expect_nothing(fixture);
	wait_for_poll(fixture);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=7&wait=25");
	tell_events(fixture, "i2", 9, "");
	expect_taken(fixture, "PUT", FIRST, "");
	expect_taken(fixture, "PUT", FIRST, "/target");
	/* Its numbers are others: what it has below 7 was never told. */
	wait_for_poll(fixture);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=0&wait=25");
	tell_events(fixture, "i2", 9, "");
	wait_for_poll(fixture);
	assert_string_equal(fixture->poll.line, "GET " FIRST "/v1/events?after=9&wait=25");
	expect_nothing(fixture);
}

static void chatter_is_paced(void **state)
{
	struct fixture *fixture = *state;
	uint64_t last_us = 0;

	opened_link(fixture);
	for (int i = 0; i < 3; i++) {
		tell(fixture, "");
		assert_true(rests.last_us >= RELAY_CHATTER_MIN_MS * 1000);
		assert_true(rests.last_us >= last_us);
		last_us = rests.last_us;
	}
	assert_true(rests.last_us > RELAY_CHATTER_MIN_MS * 1000);
	rests.n = 0;
	tell(fixture, ",\"method\":\"wecom\"");
	wait_for_poll(fixture);
	assert_int_equal(rests.n, 0);
	tell(fixture, "");
	assert_true(rests.last_us == RELAY_CHATTER_MIN_MS * 1000);
}

/* Whoever presses one button all the time would slow down everybody's logins. */
static void chatter_holds_nobodys_links_back(void **state)
{
	struct fixture *fixture = *state;
	unsigned n_polls;

	opened_link(fixture);
	for (int i = 0; i < 3; i++)
		tell(fixture, "");
	wait_for_poll(fixture);
	rests.scale = 1;                 /* a pause that this test does not see the end of */
	tell(fixture, "");
	n_polls = fixture->n_polls;
	assert_false(fixture->is_polling);
	send_to(fixture, "wecom");
	expect_taken(fixture, "PUT", FIRST, "/target");
	assert_int_equal(fixture->n_polls, n_polls);
}

static void events_are_asked_for_while_links_are_open_only(void **state)
{
	struct fixture *fixture = *state;
	unsigned n_polls;

	expect_nothing(fixture);
	assert_int_equal(fixture->n_polls, 0);
	opened_link(fixture);
	relay_close(fixture->relay, fixture->number);
	expect_taken(fixture, "DELETE", FIRST, "");
	n_polls = fixture->n_polls;
	if (fixture->is_polling)
		tell_events(fixture, "i1", 5, "");
	for (int i = 0; i < 5; i++)
		settle(fixture);
	assert_int_equal(fixture->n_polls, n_polls);
	assert_false(fixture->is_polling);
	opened_link(fixture);
	wait_for_poll(fixture);
}

/* --- settings --- */

static void without_a_relay_there_are_no_links(void **state)
{
	struct fixture *fixture = *state;
	struct buf uri = BUF_INIT(URL_MAX);

	relay_add_callback_url(fixture->relay, "wecom", &uri);
	assert_string_equal(buf_text(&uri), PUBLIC "/cb/wecom");
	buf_done(&uri);
	assert_true(status_of(fixture).is_configured);
	configure(fixture, NULL, NULL, NULL);
	assert_false(status_of(fixture).is_configured);
	assert_string_equal(status_of(fixture).server, "");
	assert_true(open_for(fixture, 100) == 0);
	configure(fixture, PUBLIC, NULL, NULL);
	assert_true(open_for(fixture, 100) == 0);
	expect_nothing(fixture);
}

static void without_servers_the_url_is_asked(void **state)
{
	struct fixture *fixture = *state;

	configure(fixture, PUBLIC, NULL, KEY);
	assert_true(open_for(fixture, 100) > 0);
	(void)expect(fixture, "PUT", PUBLIC, "");
}

static void links_go_on_at_other_servers(void **state)
{
	static const char *const third[] = { "https://r3.example.org", NULL };
	struct fixture *fixture = *state;

	opened_link(fixture);
	wait_for_poll(fixture);
	configure(fixture, PUBLIC, two_servers, KEY);            /* the same */
	expect_nothing(fixture);
	assert_int_equal(fixture->n_cancels, 0);
	configure(fixture, PUBLIC, third, "jr1.another-key");
	expect_taken(fixture, "PUT", third[0], "");
	wait_for_poll(fixture);
	assert_memory_equal(fixture->poll.line, "GET https://r3.", 15);
	assert_string_equal(fixture->poll.authorization, "Bearer jr1.another-key");
	assert_int_equal(fixture->n_failed, 0);
	assert_int_equal(fixture->n_opened, 1);
}

/* Whoever mends the configuration does not wait for the rest of the wrong one. */
static void other_servers_are_asked_at_once(void **state)
{
	static const char *const third[] = { "https://r3.example.org", NULL };
	struct fixture *fixture = *state;
	const struct asked *asked;

	opened_link(fixture);
	send_to(fixture, "wecom");
	reply(fixture, expect(fixture, "PUT", FIRST, "/target"), 503);
	for (int i = 0; i < 4; i++)
		reply(fixture, expect(fixture, "PUT", FIRST, ""), 503);
	asked = expect(fixture, "PUT", FIRST, "");
	rests.scale = 1;
	reply(fixture, asked, 503);
	while (status_of(fixture).n_failures < 6)
		turn(fixture);
	assert_true(rests.last_us >= 3000000);           /* beyond this test's patience */
	configure(fixture, PUBLIC, third, KEY);
	expect_taken(fixture, "PUT", third[0], "");
}

static void links_fail_when_the_relay_is_dropped(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	assert_true(open_for(fixture, 100) > 0);
	(void)expect(fixture, "PUT", FIRST, "");
	fixture->reopens = true;
	configure(fixture, NULL, NULL, NULL);
	assert_int_equal(fixture->n_failed, 2);
	assert_int_equal(fixture->failure, RELAY_FAILED_OTHER);
	assert_true(status_of(fixture).n_links == 0);
	expect_nothing(fixture);
	assert_false(fixture->is_polling);
}

static void it_ends_with_all_still_open(void **state)
{
	struct fixture *fixture = *state;

	opened_link(fixture);
	wait_for_poll(fixture);
	send_to(fixture, "wecom");
	(void)expect(fixture, "PUT", FIRST, "/target");
	tell_digits(fixture);
	relay_close(fixture->relay, fixture->number);
	assert_true(open_for(fixture, 100) > 0);
	(void)expect(fixture, "PUT", FIRST, "");
	assert_true(open_for(fixture, 100) > 0);         /* and tear_down() frees it */
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
#define TEST_ONE(function) cmocka_unit_test_setup_teardown(function, set_up_one, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_is_opened_and_then_followed),
		TEST(seconds_are_what_is_left_within_bounds),
		TEST(a_link_says_one_thing_after_the_other),
		TEST(what_was_told_goes_before_the_end),
		TEST(the_last_of_two_targets_counts),
		TEST(links_do_not_wait_for_each_other),
		TEST(a_link_that_nobody_heard_of_just_goes),
		TEST(a_link_closed_while_it_is_opened_is_deleted),
		TEST(a_closed_link_is_never_opened_again),
		TEST(a_closed_link_that_the_relay_forgot_goes),
		TEST(an_end_that_nobody_takes_is_given_up),
		TEST(a_closed_link_does_not_outlive_its_time),
		TEST(no_more_links_than_there_may_be),
		TEST(the_next_server_is_told_everything),
		TEST(a_lost_helper_is_a_lost_server),
		TEST(a_new_link_fails_when_no_server_takes_it),
		TEST(an_open_link_outlives_a_fault_of_all_servers),
		TEST(servers_without_events_are_not_asked_without_end),
		TEST(what_is_no_news_is_a_fault_of_the_server),
		TEST(a_link_that_is_refused_fails_once),
		TEST(a_target_that_is_refused_fails_the_link),
		TEST(an_open_link_at_a_busy_server_goes_to_the_next),
		TEST(what_a_relay_forgot_it_is_told_again),
		TEST(a_relay_that_always_forgets_is_of_no_use),
		TEST(what_a_left_server_refuses_says_nothing),
		TEST(an_event_of_a_link_reaches_its_owner),
		TEST(events_of_unknown_links_are_dropped),
		TEST(each_thing_happens_once),
		TEST(no_callback_comes_before_there_is_a_target),
		TEST(presses_are_bounded),
		TEST(a_callback_goes_before_another_button),
		TEST(the_handler_may_end_the_link),
		TEST(events_of_a_link_that_is_not_open_are_dropped),
		TEST(another_instance_is_told_everything),
		TEST(chatter_is_paced),
		TEST(chatter_holds_nobodys_links_back),
		TEST(events_are_asked_for_while_links_are_open_only),
		TEST(without_a_relay_there_are_no_links),
		TEST(without_servers_the_url_is_asked),
		TEST(links_go_on_at_other_servers),
		TEST_ONE(other_servers_are_asked_at_once),
		TEST(links_fail_when_the_relay_is_dropped),
		TEST(it_ends_with_all_still_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
