/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What jauthd writes for the relay, byte by byte, and what it takes from there: all of a reply or
 * nothing of it. */
#include "jauthd/relay-message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/macro.h"
#include "base/text.h"

#define ID "abcdefghijklmnopqrstuv"

/* --- to the relay --- */

static void an_opening_is_one_object_in_two_parts(void **state UNUSED)
{
	const struct relay_opening opening = {
		.user = "jane", .service = "sshd", .source = "192.0.2.7", .since_s = 1700000000,
		.digits = true,
		.targets = { { .method = "wecom", .title = "WeCom", .app = RELAY_APP_WECOM },
			     { .method = "github", .title = "Git \"Hub\"",
			       .app = RELAY_APP_BROWSER } },
		.n_targets = 2,
	};
	struct buf buf = BUF_INIT(RELAY_BODY_MAX);

	relay_message_open(&opening, &buf);
	relay_message_end(150, &buf);
	assert_string_equal(buf_text(&buf),
			    "{\"user\":\"jane\",\"service\":\"sshd\",\"source\":\"192.0.2.7\","
			    "\"since\":1700000000,\"digits\":true,\"targets\":["
			    "{\"method\":\"wecom\",\"title\":\"WeCom\",\"app\":\"wecom\"},"
			    "{\"method\":\"github\",\"title\":\"Git \\\"Hub\\\"\","
			    "\"app\":\"browser\"}],\"seconds\":150}");
	buf_done(&buf);
}

static void a_link_may_listen_without_targets(void **state UNUSED)
{
	const struct relay_opening opening = {
		.user = "-", .service = "jauthctl", .source = "", .since_s = 1700000000,
		.listen = "gh_0123456789ab",
	};
	struct buf buf = BUF_INIT(RELAY_BODY_MAX);

	relay_message_open(&opening, &buf);
	relay_message_end(7, &buf);
	assert_string_equal(buf_text(&buf),
			    "{\"user\":\"-\",\"service\":\"jauthctl\",\"source\":\"\","
			    "\"since\":1700000000,\"digits\":false,"
			    "\"listen\":\"gh_0123456789ab\",\"targets\":[],\"seconds\":7}");
	buf_done(&buf);
}

static void answers_to_pushes_are_written(void **state UNUSED)
{
	struct buf buf = BUF_INIT(RELAY_BODY_MAX);

	relay_message_answer(200, "<xml a=\"b\">\r\n\t\xe4\xb8\xad</xml>", &buf);
	assert_string_equal(buf_text(&buf), "{\"status\":200,\"body\":\"<xml a=\\\"b\\\">"
			    "\\u000d\\u000a\\u0009\xe4\xb8\xad</xml>\"}");
	buf_done(&buf);
	relay_message_answer(403, "", &buf);
	assert_string_equal(buf_text(&buf), "{\"status\":403,\"body\":\"\"}");
	buf_done(&buf);
}

static void targets_and_results_are_written(void **state UNUSED)
{
	struct buf buf = BUF_INIT(RELAY_BODY_MAX);

	relay_message_target("wecom", "0123", "https://id.example.org/?a=\"", &buf);
	assert_string_equal(buf_text(&buf), "{\"method\":\"wecom\",\"state\":\"0123\","
			    "\"url\":\"https://id.example.org/?a=\\\"\"}");
	buf_done(&buf);
	relay_message_result(RELAY_RESULT_DIGITS, "07", "a1b2c3d4", &buf);
	assert_string_equal(buf_text(&buf), "{\"result\":\"digits\",\"request\":\"a1b2c3d4\","
			    "\"digits\":\"07\"}");
	buf_done(&buf);
	relay_message_result(RELAY_RESULT_OVER, NULL, "a1b2c3d4", &buf);
	assert_string_equal(buf_text(&buf), "{\"result\":\"over\",\"request\":\"a1b2c3d4\"}");
	buf_done(&buf);
}

static void every_result_and_app_has_a_word(void **state UNUSED)
{
	for (int i = 0; i < RELAY_N_RESULTS; i++)
		assert_int_equal(relay_result_from_name(relay_result_names[i]), i);
	for (int i = 0; i < RELAY_N_APPS; i++)
		assert_int_equal(relay_app_from_name(relay_app_names[i]), i);
	assert_int_equal(relay_result_from_name("yes"), -1);
	assert_int_equal(relay_app_from_name(""), -1);
}

/* The user as the relay reads him. */
static struct buf user_read(const char *user)
{
	struct relay_opening opening = { .user = user, .service = "", .source = "" };
	struct buf body = BUF_INIT(RELAY_BODY_MAX), read = BUF_INIT(RELAY_BODY_MAX);
	struct json_t *object;
	const char *text;

	relay_message_open(&opening, &body);
	relay_message_end(1, &body);
	assert_false(buf_failed(&body));
	object = json_read_object(body.data, body.len);
	assert_non_null(object);
	text = json_text(object, "user", RELAY_USER_MAX);
	buf_add_text(&read, text ? text : "");
	json_free(object);
	buf_done(&body);
	return read;
}

/* So many of `unit`, behind so many letters. */
static char *repeated(const char *unit, size_t n, size_t n_before)
{
	struct buf buf = BUF_INIT(65536);

	for (size_t i = 0; i < n_before; i++)
		buf_add_char(&buf, 'x');
	for (size_t i = 0; i < n; i++)
		buf_add_text(&buf, unit);
	return buf_steal(&buf);
}

static void long_names_are_cut_at_whole_characters(void **state UNUSED)
{
	static const char *const units[] = { "a", "\xc3\xab", "\xe4\xb8\xad", "\xf0\x9f\x94\x91" };

	for (size_t i = 0; i < N_ELEMENTS(units); i++) {
		const size_t len = strlen(units[i]);

		for (size_t n_before = 0; n_before <= len; n_before++) {
			char *name = repeated(units[i], 5000, n_before);
			struct buf read = user_read(name);

			assert_true(read.len <= RELAY_USER_MAX);
			assert_true(read.len > RELAY_USER_MAX - len);
			assert_memory_equal(read.data, name, read.len);
			assert_int_equal((read.len - n_before) % len, 0);
			buf_done(&read);
			free(name);
		}
	}
}

static void what_fits_is_whole(void **state UNUSED)
{
	char *name = repeated("a", RELAY_USER_MAX, 0);
	struct buf read = user_read(name);

	assert_string_equal(buf_text(&read), name);
	buf_done(&read);
	free(name);
}

/* Names are typed at the login, so they may be anything. */
static void no_name_breaks_the_object(void **state UNUSED)
{
	static const char *const names[] = {
		"", "\"", "\\", "\",\"digits\":\"", "\n\r\t\b", "\x1b[31m", "\xff\xfe", "\xe4\xb8",
		"\xed\xa0\x80", "\x7f", "\xc2\x85", "\xe2\x80\xae", "a\\u0000b",
	};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		struct buf read = user_read(names[i]);

		assert_null(memchr(read.data ? read.data : "", '\x1b', read.len));
		buf_done(&read);
	}
}

/* --- from the relay --- */

static struct relay_news *read_news(const char *text)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = 200 };
	struct relay_news *news;

	reply.body = secret_from_text(text);
	news = relay_message_read(&reply);
	http_reply_done(&reply);
	return news;
}

static void whole_news_are_read(void **state UNUSED)
{
	struct relay_news *news = read_news(
		"{\"instance\":\"i1\",\"next\":7,\"later\":[1],\"events\":["
		"{\"link\":\"" ID "\",\"n\":5,\"presses\":2,\"method\":\"wecom\","
		"\"callback\":\"code=a&state=b\",\"refused\":true,\"more\":null},"
		"{\"link\":\"x\",\"n\":6,\"presses\":0}]}");

	assert_non_null(news);
	assert_string_equal(news->instance, "i1");
	assert_int_equal(news->next, 7);
	assert_int_equal(news->n_events, 2);
	assert_string_equal(news->events[0].link, ID);
	assert_int_equal(news->events[0].presses, 2);
	assert_string_equal(news->events[0].method, "wecom");
	assert_string_equal(news->events[0].callback, "code=a&state=b");
	assert_true(news->events[0].refused);
	assert_string_equal(news->events[1].link, "x");
	assert_string_equal(news->events[1].method, "");
	assert_null(news->events[1].callback);
	assert_false(news->events[1].refused);
	assert_null(relay_news_free(news));
	assert_null(relay_news_free(NULL));
}

#define PUSH(members) "{\"push\":\"" ID "\",\"n\":7," members "}"
#define PUSH_OF(app) PUSH("\"app\":" app ",\"method\":\"GET\",\"query\":\"\",\"body\":\"\"")
#define PUSH_BY(method) PUSH("\"app\":\"gh_1\",\"method\":" method ",\"query\":\"\",\"body\":\"\"")
#define PUSH_WITH(query, body) \
	PUSH("\"app\":\"gh_1\",\"method\":\"POST\",\"query\":" query ",\"body\":" body)

static void pushes_are_read_beside_links(void **state UNUSED)
{
	struct relay_news *news = read_news(
		"{\"instance\":\"i1\",\"next\":7,\"events\":["
		PUSH_WITH("\"a=b&c=%20\"", "\"<xml>\\r\\n\\t\\u0001\xe4\xb8\xad</xml>\"") ","
		"{\"link\":\"x\",\"n\":6,\"presses\":0}," PUSH_OF("\"gh_Az09\"") "]}");

	assert_non_null(news);
	assert_int_equal(news->n_events, 1);
	assert_string_equal(news->events[0].link, "x");
	assert_int_equal(news->n_pushes, 2);
	assert_string_equal(news->pushes[0].id, ID);
	assert_string_equal(news->pushes[0].app, "gh_1");
	assert_string_equal(news->pushes[0].method, "POST");
	assert_string_equal(news->pushes[0].query, "a=b&c=%20");
	assert_string_equal(news->pushes[0].body, "<xml>\r\n\t\x01\xe4\xb8\xad</xml>");
	assert_string_equal(news->pushes[1].app, "gh_Az09");
	assert_string_equal(news->pushes[1].method, "GET");
	assert_string_equal(news->pushes[1].query, "");
	assert_string_equal(news->pushes[1].body, "");
	relay_news_free(news);
}

static const char *const wrong_pushes[] = {
	"{\"push\":1,\"app\":\"a\",\"method\":\"GET\",\"query\":\"\",\"body\":\"\"}",
	"{\"push\":\"\",\"app\":\"a\",\"method\":\"GET\",\"query\":\"\",\"body\":\"\"}",
	/* it becomes part of a path */
	"{\"push\":\"../../v1/keys/00000000\",\"app\":\"a\",\"method\":\"GET\",\"query\":\"\","
	"\"body\":\"\"}",
	"{\"push\":\"short\",\"app\":\"a\",\"method\":\"GET\",\"query\":\"\",\"body\":\"\"}",
	"{\"push\":\"" ID "x\",\"app\":\"a\",\"method\":\"GET\",\"query\":\"\",\"body\":\"\"}",
	"{\"push\":\"" ID "\"}",
	"{\"push\":null,\"link\":\"x\",\"presses\":1}",
	PUSH_OF("1"), PUSH_OF("\"\""), PUSH_OF("\"gh-1\""), PUSH_OF("\"gh/1\""), PUSH_OF("null"),
	PUSH_OF("\"a23456789012345678901234567890123456789012345678901234567890123456\""),
	PUSH_BY("1"), PUSH_BY("\"\""), PUSH_BY("\"get\""), PUSH_BY("\"PUT\""),
	PUSH_BY("\"POSTPOST\""),
	PUSH_WITH("1", "\"\""), PUSH_WITH("null", "\"\""), PUSH_WITH("\"a\\nb\"", "\"\""),
	PUSH_WITH("\"\"", "1"), PUSH_WITH("\"\"", "null"), PUSH_WITH("\"\"", "{}"),
};

static void a_push_with_a_mistake_is_left_out(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(wrong_pushes); i++) {
		char *text = text_format("{\"instance\":\"i\",\"next\":1,\"events\":[%s,"
					 "{\"link\":\"x\",\"presses\":1}," PUSH_OF("\"a\"") "]}",
					 wrong_pushes[i]);
		struct relay_news *news = read_news(text);

		if (!news || news->n_events != 1 || news->n_pushes != 1)
			fail_msg("not left out: %s", wrong_pushes[i]);
		assert_string_equal(news->pushes[0].app, "a");
		relay_news_free(news);
		free(text);
	}
	assert_null(read_news("{\"instance\":\"i\",\"next\":1,\"events\":["
			      PUSH_WITH("\"\"", "\"a\\u0000b\"") "]}"));
}

static void the_longest_push_is_taken(void **state UNUSED)
{
	for (size_t more = 0; more < 2; more++) {
		char *letters = repeated("b", RELAY_PUSH_MAX + more, 0);
		char *text = text_format("{\"instance\":\"i\",\"next\":1,\"events\":["
					 PUSH_WITH("\"%s\"", "\"\"") ","
					 PUSH_WITH("\"\"", "\"%s\"") "]}", letters, letters);
		struct relay_news *news = read_news(text);

		assert_non_null(news);
		assert_int_equal(news->n_pushes, more ? 0 : 2);
		if (!more) {
			assert_string_equal(news->pushes[0].query, letters);
			assert_string_equal(news->pushes[1].body, letters);
		}
		relay_news_free(news);
		free(text);
		free(letters);
	}
}

static const char *const wrong_news[] = {
	"", "x", "[]", "{}", "null", "{\"instance\":\"i\",\"next\":1,\"events\":[]", "\xff",
	/* the whole */
	"{\"next\":1,\"events\":[]}",
	"{\"instance\":1,\"next\":1,\"events\":[]}",
	"{\"instance\":\"\",\"next\":1,\"events\":[]}",
	"{\"instance\":\"a\\nb\",\"next\":1,\"events\":[]}",
	("{\"instance\":\"0123456789012345678901234567890123456789012345678901234567890123x\","
	 "\"next\":1,\"events\":[]}"),
	"{\"instance\":\"i\",\"events\":[]}",
	"{\"instance\":\"i\",\"next\":-1,\"events\":[]}",
	"{\"instance\":\"i\",\"next\":1.0,\"events\":[]}",
	"{\"instance\":\"i\",\"next\":\"1\",\"events\":[]}",
	"{\"instance\":\"i\",\"next\":9223372036854775808,\"events\":[]}",
	"{\"instance\":\"i\",\"next\":null,\"events\":[]}",
	"{\"instance\":\"i\",\"next\":1}",
	"{\"instance\":\"i\",\"next\":1,\"events\":{}}",
	"{\"instance\":\"i\",\"next\":1,\"events\":null}",
	"{\"instance\":\"i\",\"next\":1,\"events\":[1]}",
	"{\"instance\":\"i\",\"next\":1,\"events\":[[]]}",
	"{\"instance\":\"i\",\"next\":1,\"events\":[null]}",
	"{\"instance\":\"i\",\"next\":1,\"events\":[{\"link\":\"x\",\"presses\":0},{}]}",
	"{\"instance\":\"i\",\"instance\":\"i\",\"next\":1,\"events\":[]}",
	"{\"instance\":\"i\",\"next\":1,\"next\":1,\"events\":[]}",
	"{\"instance\":\"i\",\"next\":1,\"events\":[],\"events\":[]}",
};

/* The members of an event. */
static const char *const wrong_events[] = {
	"\"presses\":0",
	"\"link\":1,\"presses\":0",
	"\"link\":null,\"presses\":0",
	"\"link\":\"\",\"presses\":0",
	"\"link\":\"" ID "x\",\"presses\":0",
	"\"link\":\"a\",\"link\":\"b\",\"presses\":0",
	"\"link\":\"x\"",
	"\"link\":\"x\",\"presses\":-1",
	"\"link\":\"x\",\"presses\":2147483648",
	"\"link\":\"x\",\"presses\":\"1\"",
	"\"link\":\"x\",\"presses\":true",
	"\"link\":\"x\",\"presses\":1,\"method\":1",
	"\"link\":\"x\",\"presses\":1,\"method\":\"\"",
	"\"link\":\"x\",\"presses\":1,\"method\":null",
	"\"link\":\"x\",\"presses\":1,\"method\":\"a23456789012345678901234567890123\"",
	"\"link\":\"x\",\"presses\":1,\"method\":\"a\",\"method\":\"b\"",
	"\"link\":\"x\",\"presses\":1,\"callback\":1",
	"\"link\":\"x\",\"presses\":1,\"callback\":null",
	"\"link\":\"x\",\"presses\":1,\"callback\":\"\"",
	"\"link\":\"x\",\"presses\":1,\"callback\":\"a\\u0001\"",
	"\"link\":\"x\",\"presses\":1,\"callback\":\"a\\u0000\"",
	"\"link\":\"x\",\"presses\":1,\"callback\":\"a\",\"callback\":\"b\"",
	"\"link\":\"x\",\"presses\":1,\"refused\":1",
	"\"link\":\"x\",\"presses\":1,\"refused\":\"yes\"",
	"\"link\":\"x\",\"presses\":1,\"refused\":null",
	"\"link\":\"x\",\"presses\":1,\"refused\":true,\"refused\":false",
};

static struct relay_news *read_event(const char *members)
{
	char *text = text_format("{\"instance\":\"i\",\"next\":1,\"events\":["
				 "{\"link\":\"first\",\"presses\":1,\"callback\":\"a=b\"},{%s}]}",
				 members);
	struct relay_news *news = read_news(text);

	free(text);
	return news;
}

static void news_with_a_mistake_are_no_news(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(wrong_news); i++)
		if (read_news(wrong_news[i]))
			fail_msg("taken: %s", wrong_news[i]);
	for (size_t i = 0; i < N_ELEMENTS(wrong_events); i++)
		if (read_event(wrong_events[i]))
			fail_msg("taken: %s", wrong_events[i]);
}

static void only_a_reply_of_200_has_news(void **state UNUSED)
{
	static const char text[] = "{\"instance\":\"i\",\"next\":1,\"events\":[]}";
	static const struct { enum http_result result; unsigned status; bool has_body; } rows[] = {
		{ HTTP_DONE, 204, true }, { HTTP_DONE, 500, true }, { HTTP_DONE, 200, false },
		{ HTTP_TIMED_OUT, 200, true }, { HTTP_NOT_SENT, 0, false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_reply reply = { .result = rows[i].result, .status = rows[i].status };

		reply.body = rows[i].has_body ? secret_from_text(text) : NULL;
		assert_null(relay_message_read(&reply));
		http_reply_done(&reply);
	}
	relay_news_free(read_news(text));
}

static void the_longest_members_are_taken(void **state UNUSED)
{
	char *callback = repeated("c", RELAY_CALLBACK_MAX, 0);
	char *members = text_format("\"link\":\"" ID "\",\"presses\":2147483647,"
				    "\"method\":\"a2345678901234567890123456789012\","
				    "\"callback\":\"%s\"", callback);
	struct relay_news *news = read_event(members);

	assert_non_null(news);
	assert_string_equal(news->events[1].callback, callback);
	assert_int_equal(strlen(news->events[1].method), RELAY_METHOD_MAX);
	relay_news_free(news);
	free(members);
	members = text_format("\"link\":\"x\",\"presses\":1,\"callback\":\"%sc\"", callback);
	assert_null(read_event(members));
	free(members);
	free(callback);
}

static struct relay_news *read_many(unsigned n)
{
	struct buf text = BUF_INIT(RELAY_EVENTS_BODY_MAX);
	struct relay_news *news;

	buf_add_text(&text, "{\"instance\":\"i\",\"next\":1,\"events\":[");
	for (unsigned i = 0; i < n; i++)
		buf_add_format(&text, "%s{\"link\":\"l%u\",\"presses\":1,\"callback\":\"a=%u\"}",
			       i ? "," : "", i, i);
	buf_add_text(&text, "]}");
	news = read_news(buf_text(&text));
	buf_done(&text);
	return news;
}

static void as_many_events_as_agreed_are_taken(void **state UNUSED)
{
	struct relay_news *news = read_many(RELAY_EVENTS_MAX);

	assert_non_null(news);
	assert_int_equal(news->n_events, RELAY_EVENTS_MAX);
	assert_string_equal(news->events[RELAY_EVENTS_MAX - 1].callback, "a=31");
	relay_news_free(news);
	assert_null(read_many(RELAY_EVENTS_MAX + 1));
	news = read_many(0);
	assert_non_null(news);
	relay_news_free(news);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_opening_is_one_object_in_two_parts),
		cmocka_unit_test(a_link_may_listen_without_targets),
		cmocka_unit_test(answers_to_pushes_are_written),
		cmocka_unit_test(targets_and_results_are_written),
		cmocka_unit_test(every_result_and_app_has_a_word),
		cmocka_unit_test(long_names_are_cut_at_whole_characters),
		cmocka_unit_test(what_fits_is_whole),
		cmocka_unit_test(no_name_breaks_the_object),
		cmocka_unit_test(whole_news_are_read),
		cmocka_unit_test(pushes_are_read_beside_links),
		cmocka_unit_test(a_push_with_a_mistake_is_left_out),
		cmocka_unit_test(the_longest_push_is_taken),
		cmocka_unit_test(news_with_a_mistake_are_no_news),
		cmocka_unit_test(only_a_reply_of_200_has_news),
		cmocka_unit_test(the_longest_members_are_taken),
		cmocka_unit_test(as_many_events_as_agreed_are_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
