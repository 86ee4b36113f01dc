/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and replies cross a socket whole, and everything that is not exactly one is refused. */
#include "base/http-message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define URL   "https://op.example.org/token?x=1"
#define PROXY "http://proxy.example.org:3128"

static struct http_request *sample_request(void)
{
	struct http_request *request = http_request_new(HTTP_POST, URL);
	struct buf form = BUF_INIT_SECRET(100);

	request->proxy = text_copy(PROXY);
	assert_true(http_request_header(request, "Authorization", "Bearer secret-token"));
	buf_add_text(&form, "grant_type=device_code");
	assert_true(http_request_form(request, &form));
	assert_int_equal(form.len, 0);
	request->connect_ms = 1234;
	request->total_ms = 5678;
	request->max_body = 999;
	request->once = true;
	return request;
}

static struct http_reply sample_reply(void)
{
	struct http_reply reply = {
		.result = HTTP_DONE, .status = 200, .content_type = "application/json",
		.cache_control = "no-store", .link = "<https://example.org/2>; rel=next",
		.retry_after = "7", .ratelimit_remaining = "4999", .cookies = "a=1; b=2",
		.date = "Fri, 02 Jan 2026 03:04:05 GMT",
		.certificate_until = "Jan  2 03:04:05 2027 GMT",
		.error = "",
	};

	reply.body = secret_new("{\"a\":\0}", 7);
	return reply;
}

static struct http_frame_view only_frame(const struct buf *buf)
{
	struct http_frame_view frame = { 0 };

	assert_false(buf_failed(buf));
	assert_int_equal(http_frame_next(buf->data, buf->len, &frame), 0);
	assert_int_equal(frame.frame_len, buf->len);
	return frame;
}

static void a_request_comes_back_as_it_was(void **state)
{
	struct http_request *request = sample_request(), *back = NULL;
	struct buf buf = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	struct http_frame_view frame;

	(void)state;
	http_encode_request(&buf, UINT64_C(0x1122334455667788), request);
	frame = only_frame(&buf);
	assert_int_equal(frame.type, HTTP_FRAME_REQUEST);
	assert_true(frame.number == UINT64_C(0x1122334455667788));
	assert_int_equal(http_decode_request(&frame, &back), 0);
	assert_int_equal(back->method, HTTP_POST);
	assert_string_equal(back->url, URL);
	assert_string_equal(back->proxy, PROXY);
	assert_int_equal(back->n_headers, 2);
	assert_string_equal(back->headers[0]->data, "Authorization: Bearer secret-token");
	assert_string_equal(back->headers[1]->data,
			    "Content-Type: application/x-www-form-urlencoded");
	assert_string_equal(back->body->data, "grant_type=device_code");
	assert_int_equal(back->connect_ms, 1234);
	assert_int_equal(back->total_ms, 5678);
	assert_int_equal(back->max_body, 999);
	assert_true(back->once);
	http_request_free(back);
	http_request_free(request);
	buf_done(&buf);
}

static void a_reply_comes_back_as_it_was(void **state)
{
	struct http_reply reply = sample_reply(), back = { 0 };
	struct buf buf = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	struct http_frame_view frame;

	(void)state;
	http_encode_reply(&buf, 5, &reply);
	frame = only_frame(&buf);
	assert_int_equal(http_decode_reply(&frame, &back), 0);
	assert_int_equal(back.result, HTTP_DONE);
	assert_int_equal(back.status, 200);
	assert_string_equal(back.content_type, reply.content_type);
	assert_string_equal(back.cache_control, reply.cache_control);
	assert_string_equal(back.link, reply.link);
	assert_string_equal(back.retry_after, reply.retry_after);
	assert_string_equal(back.ratelimit_remaining, reply.ratelimit_remaining);
	assert_string_equal(back.cookies, reply.cookies);
	assert_string_equal(back.date, reply.date);
	assert_string_equal(back.certificate_until, reply.certificate_until);
	assert_true(secret_equals(back.body, reply.body->data, reply.body->len));
	http_reply_done(&back);
	http_reply_done(&reply);
	buf_done(&buf);
}

static void a_frame_that_is_not_all_there_waits(void **state)
{
	struct http_request *request = sample_request();
	struct buf buf = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	struct http_frame_view frame;
	size_t len;

	(void)state;
	http_encode_request(&buf, 1, request);
	for (len = 0; len < buf.len; len++)
		assert_int_equal(http_frame_next(buf.data, len, &frame), -EAGAIN);
	http_request_free(request);
	buf_done(&buf);
}

static void two_frames_come_out_one_by_one(void **state)
{
	struct buf buf = BUF_INIT(100);
	struct http_frame_view frame = { 0 };

	(void)state;
	http_encode_bare(&buf, 7, HTTP_FRAME_PING);
	http_encode_bare(&buf, 8, HTTP_FRAME_CANCEL);
	assert_int_equal(http_frame_next(buf.data, buf.len, &frame), 0);
	assert_int_equal(frame.type, HTTP_FRAME_PING);
	buf_consume(&buf, frame.frame_len);
	assert_int_equal(http_frame_next(buf.data, buf.len, &frame), 0);
	assert_int_equal(frame.type, HTTP_FRAME_CANCEL);
	assert_int_equal(frame.number, 8);
	buf_done(&buf);
}

static void heads_of_bad_frames_are_refused(void **state)
{
	static const struct {
		const char *name;
		unsigned char bytes[14];
	} rows[] = {
		{ "length 0",           { 0, 0, 0, 0, HTTP_FRAME_PING, 1 } },
		{ "no room for number", { 8, 0, 0, 0, HTTP_FRAME_PING, 1 } },
		{ "one over the limit", { 0xfd, 0xff, 0x8f, 0, HTTP_FRAME_REQUEST, 1 } },
		{ "longest length",     { 255, 255, 255, 255, HTTP_FRAME_REQUEST, 1 } },
		{ "type 0",             { 9, 0, 0, 0, 0, 1 } },
		{ "unknown type",       { 9, 0, 0, 0, HTTP_FRAME_PONG + 1, 1 } },
		{ "ping with a field",  { 10, 0, 0, 0, HTTP_FRAME_PING, 1 } },
	};
	struct http_frame_view frame;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (http_frame_next((const char *)rows[i].bytes, 14, &frame) != -EBADMSG)
			fail_msg("%s", rows[i].name);
}

/* Every cut, and every cut that also claims its new length, ends in a refusal. */
static void cut_messages_are_refused(void **state)
{
	struct http_request *request = sample_request(), *back = NULL;
	struct http_reply reply = sample_reply(), reply_back = { 0 };
	struct buf buf = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	struct http_frame_view frame, cut;

	(void)state;
	http_encode_request(&buf, 1, request);
	for (cut = frame = only_frame(&buf); cut.fields_len-- > 0;)
		assert_int_equal(http_decode_request(&cut, &back), -EBADMSG);
	buf_done(&buf);
	http_encode_reply(&buf, 1, &reply);
	for (cut = frame = only_frame(&buf); cut.fields_len-- > 0;)
		assert_int_equal(http_decode_reply(&cut, &reply_back), -EBADMSG);
	http_request_free(request);
	http_reply_done(&reply);
	buf_done(&buf);
}

static void fields_left_over_are_refused(void **state)
{
	struct http_request *request = sample_request(), *back = NULL;
	struct buf buf = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	struct http_frame_view frame;

	(void)state;
	http_encode_request(&buf, 1, request);
	frame = only_frame(&buf);
	buf_add(&buf, "\0\0\0\0", 4);
	frame.fields = buf.data + 13;
	frame.fields_len += 4;
	assert_int_equal(http_decode_request(&frame, &back), -EBADMSG);
	http_request_free(request);
	buf_done(&buf);
}

static int decode_of(const struct http_request *request, uint64_t number)
{
	struct buf buf = BUF_INIT_SECRET(2 * HTTP_FRAME_MAX);
	struct http_request *back = NULL;
	struct http_frame_view frame;
	int r;

	http_encode_request(&buf, number, request);
	frame = only_frame(&buf);
	r = http_decode_request(&frame, &back);
	http_request_free(back);
	buf_done(&buf);
	return r;
}

static void requests_out_of_bounds_are_refused(void **state)
{
	static const struct {
		const char *name;
		const char *url, *header;
		uint32_t method, connect_ms, total_ms, max_body;
		uint64_t number;
		int expected;
	} rows[] = {
		{ "smallest", URL, "A: b", HTTP_GET, 1, 1, 0, 1, 0 },
		{ "largest", URL, "A: b", HTTP_PUT, 60000, 120000, HTTP_LISTING_MAX, 1, 0 },
		{ "number 0", URL, "A: b", HTTP_GET, 1, 1, 0, 0, -EBADMSG },
		{ "method 0", URL, "A: b", 0, 1, 1, 0, 1, -EBADMSG },
		{ "unknown method", URL, "A: b", HTTP_PUT + 1, 1, 1, 0, 1, -EBADMSG },
		{ "no time to connect", URL, "A: b", HTTP_GET, 0, 1, 0, 1, -EBADMSG },
		{ "too long to connect", URL, "A: b", HTTP_GET, 60001, 1, 0, 1, -EBADMSG },
		{ "no time", URL, "A: b", HTTP_GET, 1, 0, 0, 1, -EBADMSG },
		{ "too long", URL, "A: b", HTTP_GET, 1, 120001, 0, 1, -EBADMSG },
		{ "too large", URL, "A: b", HTTP_GET, 1, 1, HTTP_LISTING_MAX + 1, 1, -EBADMSG },
		{ "http", "http://example.org/", "A: b", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "file", "file:///etc/passwd", "A: b", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "no url", "", "A: b", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "CR LF", URL, "A: b\r\nC: d", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "LF", URL, "A: b\nC: d", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "no colon", URL, "A", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "no name", URL, ": b", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "name with a blank", URL, "A b: c", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "no value", URL, "A: ", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "libcurl's empty header", URL, "A;", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
		{ "not ASCII", URL, "A: \xc3\xa4", HTTP_GET, 1, 1, 0, 1, -EBADMSG },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request *request =
			http_request_new((enum http_method)rows[i].method, rows[i].url);

		request->headers[request->n_headers++] = secret_from_text(rows[i].header);
		request->connect_ms = rows[i].connect_ms;
		request->total_ms = rows[i].total_ms;
		request->max_body = rows[i].max_body;
		if (decode_of(request, rows[i].number) != rows[i].expected)
			fail_msg("%s", rows[i].name);
		assert_int_equal(http_request_is_valid(request),
				 rows[i].expected == 0 || rows[i].number == 0);
		http_request_free(request);
	}
}

static void a_proxy_is_none_or_a_whole_one(void **state)
{
	static const struct {
		const char *proxy;
		int expected;
	} rows[] = {
		{ NULL, 0 },
		{ PROXY, 0 },
		{ "https://[2001:db8::1]:8443", 0 },
		{ "http://proxy.example.org", -EBADMSG },
		{ "http://user:pw@proxy.example.org:3128", -EBADMSG },
		{ "http://proxy.example.org:3128/x", -EBADMSG },
		{ "socks5://proxy.example.org:1080", -EBADMSG },
		{ "http://proxy.example.org:3128\r\nA: b", -EBADMSG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request *request = http_request_new(HTTP_PUT, URL);

		request->proxy = rows[i].proxy ? text_copy(rows[i].proxy) : NULL;
		assert_int_equal(http_request_is_valid(request), rows[i].expected == 0);
		if (decode_of(request, 1) != rows[i].expected)
			fail_msg("%s", rows[i].proxy ? rows[i].proxy : "none");
		http_request_free(request);
	}
}

static void no_proxy_comes_back_as_none(void **state)
{
	struct http_request *request = http_request_new(HTTP_GET, URL), *back = NULL;
	struct buf buf = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	struct http_frame_view frame;

	(void)state;
	http_encode_request(&buf, 1, request);
	frame = only_frame(&buf);
	assert_int_equal(http_decode_request(&frame, &back), 0);
	assert_null(back->proxy);
	http_request_free(back);
	http_request_free(request);
	buf_done(&buf);
}

/* `once` is the last field: its four bytes end the frame. */
static void once_is_yes_or_no(void **state)
{
	static const struct {
		unsigned char bytes[4];
		int expected;
		bool once;
	} rows[] = {
		{ { 0, 0, 0, 0 }, 0, false },
		{ { 1, 0, 0, 0 }, 0, true },
		{ { 2, 0, 0, 0 }, -EBADMSG, false },
		{ { 0, 1, 0, 0 }, -EBADMSG, false },
		{ { 1, 0, 0, 1 }, -EBADMSG, false },
		{ { 255, 255, 255, 255 }, -EBADMSG, false },
	};
	struct http_request *request = sample_request();
	struct buf buf = BUF_INIT_SECRET(HTTP_FRAME_MAX);

	(void)state;
	http_encode_request(&buf, 1, request);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_request *back = NULL;
		struct http_frame_view frame;

		memcpy(buf.data + buf.len - 4, rows[i].bytes, 4);
		frame = only_frame(&buf);
		assert_int_equal(http_decode_request(&frame, &back), rows[i].expected);
		if (back)
			assert_int_equal(back->once, rows[i].once);
		http_request_free(back);
	}
	http_request_free(request);
	buf_done(&buf);
}

static void a_header_hides_no_nul(void **state)
{
	struct http_request *request = http_request_new(HTTP_GET, URL);

	(void)state;
	request->headers[request->n_headers++] = secret_new("A: b\0c", 6);
	assert_int_equal(decode_of(request, 1), -EBADMSG);
	http_request_free(request);
}

static void headers_have_room_and_limits(void **state)
{
	struct http_request *request = http_request_new(HTTP_GET, URL);
	char value[HTTP_HEADER_MAX + 1];
	unsigned i;

	(void)state;
	assert_false(http_request_header(request, "A", "b\r\nC: d"));
	assert_false(http_request_header(request, "A:", "b\nc"));
	assert_false(http_request_header(request, "", "b"));
	assert_false(http_request_header(request, "A", ""));
	memset(value, 'v', sizeof(value) - 1);
	value[HTTP_HEADER_MAX] = '\0';
	assert_false(http_request_header(request, "A", value));
	value[HTTP_HEADER_MAX - 3] = '\0';
	for (i = 0; i < HTTP_HEADERS_MAX; i++)
		assert_true(http_request_header(request, "A", value));
	assert_false(http_request_header(request, "A", "b"));
	assert_int_equal(decode_of(request, 1), 0);
	http_request_free(request);
}

static void a_failed_form_makes_no_body(void **state)
{
	struct http_request *request = http_request_new(HTTP_POST, URL);
	struct buf form = BUF_INIT_SECRET(3);

	(void)state;
	buf_add_text(&form, "too=long");
	assert_false(http_request_form(request, &form));
	assert_null(request->body);
	http_request_free(request);
}

static void replies_that_contradict_themselves_are_refused(void **state)
{
	static const struct {
		const char *name;
		uint32_t result, status;
		const char *content_type, *error, *body;
		int expected;
	} rows[] = {
		{ "no content", HTTP_DONE, 204, "", "", NULL, 0 },
		{ "not sent", HTTP_NOT_SENT, 0, "", "no such host", NULL, 0 },
		{ "broken", HTTP_BROKEN, 0, "", "", NULL, 0 },
		{ "result 0", 0, 0, "", "", NULL, -EBADMSG },
		{ "nobody replied", HTTP_NO_HELPER, 0, "", "", NULL, -EBADMSG },
		{ "unknown result", HTTP_RESULT_N_, 0, "", "", NULL, -EBADMSG },
		{ "done without status", HTTP_DONE, 0, "", "", NULL, -EBADMSG },
		{ "status too low", HTTP_DONE, 99, "", "", NULL, -EBADMSG },
		{ "status too high", HTTP_DONE, 600, "", "", NULL, -EBADMSG },
		{ "timed out with status", HTTP_TIMED_OUT, 200, "", "", NULL, -EBADMSG },
		{ "broken with body", HTTP_BROKEN, 0, "", "", "x", -EBADMSG },
		{ "broken with a type", HTTP_BROKEN, 0, "text/html", "", NULL, -EBADMSG },
		{ "escape in a text", HTTP_DONE, 200, "", "\x1b[2J", NULL, -EBADMSG },
		{ "line feed in a text", HTTP_DONE, 200, "a\nb", "", NULL, -EBADMSG },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct http_reply reply = { .result = (enum http_result)rows[i].result,
					    .status = rows[i].status }, back = { 0 };
		struct buf buf = BUF_INIT(HTTP_FRAME_MAX);
		struct http_frame_view frame;

		assert_true(text_into(reply.content_type, sizeof(reply.content_type),
				      rows[i].content_type));
		assert_true(text_into(reply.error, sizeof(reply.error), rows[i].error));
		reply.body = rows[i].body ? secret_from_text(rows[i].body) : NULL;
		http_encode_reply(&buf, 1, &reply);
		frame = only_frame(&buf);
		if (http_decode_reply(&frame, &back) != rows[i].expected)
			fail_msg("%s", rows[i].name);
		http_reply_done(&back);
		http_reply_done(&reply);
		buf_done(&buf);
	}
}

static void a_frame_too_long_to_send_fails_the_buffer(void **state)
{
	struct http_request *request = http_request_new(HTTP_POST, URL);
	struct buf buf = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	char *bytes = calloc(1, HTTP_FRAME_MAX);

	(void)state;
	assert_non_null(bytes);
	request->body = secret_new(bytes, HTTP_FRAME_MAX);
	http_encode_request(&buf, 1, request);
	assert_true(buf_failed(&buf));
	http_request_free(request);
	buf_done(&buf);
	free(bytes);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_back_as_it_was),
		cmocka_unit_test(a_reply_comes_back_as_it_was),
		cmocka_unit_test(a_frame_that_is_not_all_there_waits),
		cmocka_unit_test(two_frames_come_out_one_by_one),
		cmocka_unit_test(heads_of_bad_frames_are_refused),
		cmocka_unit_test(cut_messages_are_refused),
		cmocka_unit_test(fields_left_over_are_refused),
		cmocka_unit_test(requests_out_of_bounds_are_refused),
		cmocka_unit_test(a_proxy_is_none_or_a_whole_one),
		cmocka_unit_test(no_proxy_comes_back_as_none),
		cmocka_unit_test(once_is_yes_or_no),
		cmocka_unit_test(a_header_hides_no_nul),
		cmocka_unit_test(headers_have_room_and_limits),
		cmocka_unit_test(a_failed_form_makes_no_body),
		cmocka_unit_test(replies_that_contradict_themselves_are_refused),
		cmocka_unit_test(a_frame_too_long_to_send_fails_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
