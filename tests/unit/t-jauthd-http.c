/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every request gets exactly one reply, whatever becomes of jauth-http, which a fake plays here.
 * Timers run TIME_SCALE times faster than they were asked for. */
#include "jauthd/http.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/text.h"
#include "jauthd/limits.h"

#define TIME_SCALE 50
#define TURNS_MAX 20000
#define URL "https://op.example.org/token"

int __real_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);
int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec);
int __real_sd_event_add_time_relative(sd_event *event, sd_event_source **source, clockid_t clock,
				      uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t handler, void *userdata);
int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **source, clockid_t clock,
				      uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t handler, void *userdata);

int __wrap_sd_event_source_set_time_relative(sd_event_source *source, uint64_t usec)
{
	return __real_sd_event_source_set_time_relative(source, usec / TIME_SCALE);
}

int __wrap_sd_event_add_time_relative(sd_event *event, sd_event_source **source, clockid_t clock,
				      uint64_t usec, uint64_t accuracy,
				      sd_event_time_handler_t handler, void *userdata)
{
	return __real_sd_event_add_time_relative(event, source, clock, usec / TIME_SCALE, accuracy,
						 handler, userdata);
}

struct fixture {
	sd_event *event;
	struct http *http;
	char folder[64], path[96];
	int listening, fd;               /* the fake's */
	struct buf in;                   /* what the fake was sent */
	/* what came back */
	unsigned n_replies;
	struct http_reply last;          /* without its body */
	char last_body[64];
	uint64_t last_owner;
	uint32_t last_number;
	bool sending;                    /* inside http_send() */
	/* what the callback does, once */
	uint64_t cancels;
	bool sends;
};

static uint64_t send_one(struct fixture *fixture, uint32_t number)
{
	struct http_request *request = http_request_new(HTTP_GET, URL);
	uint64_t id;

	request->total_ms = 10000;
	fixture->sending = true;
	id = http_send(fixture->http, request, 77, number);
	fixture->sending = false;
	http_request_free(request);
	return id;
}

static void on_reply(void *context, uint64_t owner, uint32_t number, const struct http_reply *reply)
{
	struct fixture *fixture = context;

	assert_false(fixture->sending);
	fixture->n_replies++;
	fixture->last = *reply;
	fixture->last.body = NULL;
	(void)text_into(fixture->last_body, sizeof(fixture->last_body),
			reply->body ? reply->body->data : "");
	fixture->last_owner = owner;
	fixture->last_number = number;
	if (fixture->cancels)
		http_cancel(fixture->http, fixture->cancels);
	fixture->cancels = 0;
	if (fixture->sends) {
		fixture->sends = false;
		assert_true(send_one(fixture, 1000) > 0);
	}
}

static void helper_starts(struct fixture *fixture)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert_true(text_into(address.sun_path, sizeof(address.sun_path), fixture->path));
	fixture->listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(fixture->listening >= 0);
	assert_int_equal(bind(fixture->listening, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fixture->listening, 5), 0);
}

static void helper_hangs_up(struct fixture *fixture)
{
	close_fd(&fixture->fd);
	fixture->fd = -1;
	buf_done(&fixture->in);
}

static void helper_ends(struct fixture *fixture)
{
	helper_hangs_up(fixture);
	close_fd(&fixture->listening);
	fixture->listening = -1;
	(void)unlink(fixture->path);
}

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->fd = -1;
	fixture->in = (struct buf)BUF_INIT(4 * HTTP_FRAME_MAX);
	(void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/t-jauthd-http.XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/socket", fixture->folder);
	assert_true(sd_event_new(&fixture->event) >= 0);
	assert_int_equal(http_new(fixture->event, fixture->path, on_reply, fixture, &fixture->http),
			 0);
	helper_starts(fixture);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	http_free(fixture->http);
	helper_ends(fixture);
	(void)rmdir(fixture->folder);
	sd_event_unref(fixture->event);
	free(fixture);
	return 0;
}

static void helper_reads(struct fixture *fixture)
{
	char bytes[4096];
	ssize_t n;

	if (fixture->fd < 0 && fixture->listening >= 0)
		fixture->fd = accept4(fixture->listening, NULL, NULL,
				      SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (fixture->fd >= 0 && (n = recv(fixture->fd, bytes, sizeof(bytes), 0)) > 0)
		buf_add(&fixture->in, bytes, (size_t)n);
}

static void turn(struct fixture *fixture)
{
	assert_true(sd_event_run(fixture->event, 1000) >= 0);
	helper_reads(fixture);
}

/* The next frame the helper gets, without pings, which it answers. Returns the number. */
static uint64_t expect_frame(struct fixture *fixture, enum http_frame type)
{
	struct http_frame_view frame;
	unsigned turns;

	for (turns = 0; turns < TURNS_MAX; turns++) {
		struct buf pong = BUF_INIT(64);
		int r = http_frame_next(fixture->in.data, fixture->in.len, &frame);

		if (r == -EAGAIN) {
			turn(fixture);
			continue;
		}
		assert_int_equal(r, 0);
		buf_consume(&fixture->in, frame.frame_len);
		if (frame.type == HTTP_FRAME_PING) {
			http_encode_bare(&pong, frame.number, HTTP_FRAME_PONG);
			assert_true(send(fixture->fd, pong.data, pong.len, MSG_NOSIGNAL) > 0);
			buf_done(&pong);
			continue;
		}
		assert_int_equal(frame.type, type);
		return frame.number;
	}
	fail_msg("no frame of type %d came", type);
	return 0;
}

static void wait_for_replies(struct fixture *fixture, unsigned n_replies)
{
	unsigned turns;

	for (turns = 0; turns < TURNS_MAX && fixture->n_replies < n_replies; turns++)
		turn(fixture);
	assert_int_equal(fixture->n_replies, n_replies);
}

static void add_reply(struct buf *buf, uint64_t number, const char *body)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = 200 };

	reply.body = secret_from_text(body);
	http_encode_reply(buf, number, &reply);
	http_reply_done(&reply);
}

static void helper_sends(struct fixture *fixture, struct buf *frames)
{
	assert_false(buf_failed(frames));
	assert_int_equal(send(fixture->fd, frames->data, frames->len, MSG_NOSIGNAL), frames->len);
	buf_done(frames);
}

static void helper_replies(struct fixture *fixture, uint64_t number, const char *body)
{
	struct buf frame = BUF_INIT(HTTP_FRAME_MAX);

	add_reply(&frame, number, body);
	helper_sends(fixture, &frame);
}

static struct http_status status_of(const struct fixture *fixture)
{
	struct http_status status;

	http_get_status(fixture->http, &status);
	return status;
}

static void a_reply_comes_back_to_its_owner(void **state)
{
	struct fixture *fixture = *state;
	uint64_t id = send_one(fixture, 5);

	assert_true(id > 0);
	assert_int_equal(status_of(fixture).connected, 0);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == id);
	assert_int_equal(fixture->n_replies, 0);
	helper_replies(fixture, id, "hello");
	wait_for_replies(fixture, 1);
	assert_int_equal(fixture->last.result, HTTP_DONE);
	assert_string_equal(fixture->last_body, "hello");
	assert_true(fixture->last_owner == 77);
	assert_int_equal(fixture->last_number, 5);
	assert_int_equal(status_of(fixture).connected, 1);
	assert_true(status_of(fixture).n_open == 0 && status_of(fixture).n_sent == 1);
	assert_true(status_of(fixture).n_failed == 0 && status_of(fixture).n_reconnects == 0);
}

static void replies_come_in_any_order_and_in_pieces(void **state)
{
	struct fixture *fixture = *state;
	struct buf frames = BUF_INIT(HTTP_FRAME_MAX);
	uint64_t first = send_one(fixture, 1), second = send_one(fixture, 2);
	size_t i;

	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == first);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == second);
	add_reply(&frames, second, "two");
	add_reply(&frames, first, "one");
	for (i = 0; i < frames.len; i++) {
		assert_int_equal(send(fixture->fd, frames.data + i, 1, MSG_NOSIGNAL), 1);
		turn(fixture);
	}
	buf_done(&frames);
	wait_for_replies(fixture, 2);
	assert_string_equal(fixture->last_body, "one");
	assert_int_equal(fixture->last_number, 1);
}

static void a_second_reply_is_dropped(void **state)
{
	struct fixture *fixture = *state;
	uint64_t id = send_one(fixture, 1), other;

	(void)expect_frame(fixture, HTTP_FRAME_REQUEST);
	helper_replies(fixture, id, "once");
	helper_replies(fixture, id, "twice");
	other = send_one(fixture, 2);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == other);
	helper_replies(fixture, other, "other");
	wait_for_replies(fixture, 2);
	assert_string_equal(fixture->last_body, "other");
}

static void without_a_helper_the_reply_says_so(void **state)
{
	struct fixture *fixture = *state;

	helper_ends(fixture);
	assert_true(send_one(fixture, 1) > 0);
	assert_int_equal(fixture->n_replies, 0);
	wait_for_replies(fixture, 1);
	assert_int_equal(fixture->last.result, HTTP_NOT_SENT);
	assert_true(status_of(fixture).n_failed == 1);
}

static void a_helper_that_starts_late_is_found(void **state)
{
	struct fixture *fixture = *state;
	uint64_t id;

	helper_ends(fixture);
	assert_true(send_one(fixture, 1) > 0);
	wait_for_replies(fixture, 1);
	id = send_one(fixture, 2);
	helper_starts(fixture);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == id);
	helper_replies(fixture, id, "here");
	wait_for_replies(fixture, 2);
	assert_int_equal(fixture->last.result, HTTP_DONE);
}

static void a_killed_helper_fails_what_is_open_and_is_found_again(void **state)
{
	struct fixture *fixture = *state;
	uint64_t id;
	uint32_t i;

	for (i = 1; i <= 3; i++)
		assert_true(send_one(fixture, i) > 0);
	for (i = 1; i <= 3; i++)
		(void)expect_frame(fixture, HTTP_FRAME_REQUEST);
	helper_hangs_up(fixture);
	wait_for_replies(fixture, 3);
	assert_int_equal(fixture->last.result, HTTP_NO_HELPER);
	assert_int_equal(fixture->last_number, 3);
	id = send_one(fixture, 4);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == id);
	helper_replies(fixture, id, "again");
	wait_for_replies(fixture, 4);
	assert_int_equal(fixture->last.result, HTTP_DONE);
	assert_true(status_of(fixture).n_reconnects == 1);
}

static void a_helper_that_hangs_is_given_up(void **state)
{
	struct fixture *fixture = *state;

	/* It accepts, and says nothing, not even to a ping. */
	assert_true(send_one(fixture, 1) > 0);
	wait_for_replies(fixture, 1);
	assert_int_equal(fixture->last.result, HTTP_NO_HELPER);
	assert_string_equal(fixture->last.error, "it does not answer a ping");
	assert_int_equal(status_of(fixture).connected, 0);
}

static void a_reply_that_never_comes_has_a_deadline(void **state)
{
	struct fixture *fixture = *state;
	uint64_t id = send_one(fixture, 1);

	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == id);
	/* Pings are answered meanwhile. */
	assert_true(expect_frame(fixture, HTTP_FRAME_CANCEL) == id);
	wait_for_replies(fixture, 1);
	assert_int_equal(fixture->last.result, HTTP_NO_HELPER);
	assert_int_equal(status_of(fixture).connected, 1);
	helper_replies(fixture, id, "too late");
	id = send_one(fixture, 2);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == id);
	assert_int_equal(fixture->n_replies, 1);
}

static void a_cancelled_request_gets_no_reply(void **state)
{
	struct fixture *fixture = *state;
	uint64_t unsent = send_one(fixture, 1), sent, other;

	http_cancel(fixture->http, unsent);
	sent = send_one(fixture, 2);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == sent);
	http_cancel(fixture->http, sent);
	http_cancel(fixture->http, sent);
	http_cancel(fixture->http, 12345);
	assert_true(expect_frame(fixture, HTTP_FRAME_CANCEL) == sent);
	helper_replies(fixture, sent, "crossed");
	other = send_one(fixture, 3);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == other);
	helper_replies(fixture, other, "other");
	wait_for_replies(fixture, 1);
	assert_int_equal(fixture->last_number, 3);
	assert_true(status_of(fixture).n_open == 0);
}

static void the_callback_may_send_and_cancel(void **state)
{
	struct fixture *fixture = *state;
	uint32_t i;
	uint64_t ids[3];

	for (i = 0; i < 3; i++)
		ids[i] = send_one(fixture, i);
	for (i = 0; i < 3; i++)
		(void)expect_frame(fixture, HTTP_FRAME_REQUEST);
	fixture->cancels = ids[1];
	fixture->sends = true;
	helper_hangs_up(fixture);
	wait_for_replies(fixture, 2);
	assert_int_equal(fixture->last_number, 2);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) > ids[2]);
	assert_true(status_of(fixture).n_open == 1);
}

static void too_many_open_requests_are_refused(void **state)
{
	struct fixture *fixture = *state;
	uint64_t first = 0;
	uint32_t i;

	for (i = 0; i < HTTP_OPEN_MAX; i++) {
		uint64_t id = send_one(fixture, i);

		assert_true(id > 0);
		first = first ? first : id;
	}
	assert_true(send_one(fixture, i) == 0);
	assert_true(expect_frame(fixture, HTTP_FRAME_REQUEST) == first);
	helper_replies(fixture, first, "room");
	wait_for_replies(fixture, 1);
	assert_true(send_one(fixture, i) > 0);
}

static void unsent_bytes_are_bounded(void **state)
{
	struct fixture *fixture = *state;
	struct http_request *request = http_request_new(HTTP_POST, URL);
	size_t len = HTTP_QUEUE_MAX / 16;
	char *bytes = calloc(1, len);
	unsigned n = 0;

	assert_non_null(bytes);
	request->body = secret_new(bytes, len);
	while (n < HTTP_OPEN_MAX && http_send(fixture->http, request, 1, n) > 0)
		n++;
	assert_int_equal(n, HTTP_QUEUE_MAX / len - 1);
	http_request_free(request);
	free(bytes);
}

static void what_the_other_side_would_refuse_is_not_sent(void **state)
{
	struct fixture *fixture = *state;
	struct http_request *request = http_request_new(HTTP_GET, "http://op.example.org/");

	assert_true(http_send(fixture->http, request, 77, 9) > 0);
	assert_int_equal(fixture->n_replies, 0);
	wait_for_replies(fixture, 1);
	assert_int_equal(fixture->last.result, HTTP_NOT_SENT);
	assert_int_equal(fixture->last_number, 9);
	assert_int_equal(status_of(fixture).connected, 0);
	http_request_free(request);
}

/* What a helper gone bad may say, and what must become of it. */
static void a_helper_that_breaks_the_frames_is_left(void **state)
{
	struct fixture *fixture = *state;
	static const char rows[][14] = {
		"\xff\xff\xff\xff", /* too long */
		"\x09\0\0\0\x03\x01\0\0\0\0\0\0\0", /* a reply without fields */
		"\x09\0\0\0\x02\x01\0\0\0\0\0\0\0", /* a cancel */
		"\x09\0\0\0\x04\x01\0\0\0\0\0\0\0", /* a ping */
		"\x09\0\0\0\x03\xff\xff\xff\xff\xff\xff\xff\xff", /* of a request never made */
	};
	unsigned i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(send_one(fixture, i) > 0);
		(void)expect_frame(fixture, HTTP_FRAME_REQUEST);
		assert_int_equal(send(fixture->fd, rows[i], 13, MSG_NOSIGNAL), 13);
		wait_for_replies(fixture, i + 1);
		assert_int_equal(fixture->last.result, HTTP_NO_HELPER);
		assert_string_equal(fixture->last.error, "it sends what is no frame");
		helper_hangs_up(fixture);
	}
}

static void freeing_it_gives_no_reply(void **state)
{
	struct fixture *fixture = *state;

	assert_true(send_one(fixture, 1) > 0);
	(void)expect_frame(fixture, HTTP_FRAME_REQUEST);
	assert_true(send_one(fixture, 2) > 0);
	fixture->http = http_free(fixture->http);
	turn(fixture);
	assert_int_equal(fixture->n_replies, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_reply_comes_back_to_its_owner),
		TEST(replies_come_in_any_order_and_in_pieces),
		TEST(a_second_reply_is_dropped),
		TEST(without_a_helper_the_reply_says_so),
		TEST(a_helper_that_starts_late_is_found),
		TEST(a_killed_helper_fails_what_is_open_and_is_found_again),
		TEST(a_helper_that_hangs_is_given_up),
		TEST(a_reply_that_never_comes_has_a_deadline),
		TEST(a_cancelled_request_gets_no_reply),
		TEST(the_callback_may_send_and_cancel),
		TEST(too_many_open_requests_are_refused),
		TEST(unsent_bytes_are_bounded),
		TEST(what_the_other_side_would_refuse_is_not_sent),
		TEST(a_helper_that_breaks_the_frames_is_left),
		TEST(freeing_it_gives_no_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
