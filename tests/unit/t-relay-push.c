/* SPDX-License-Identifier: GPL-3.0-or-later */
/* push.c: what vendors send, what hosts answer, and the bytes in between. */
#include "jauth-relay/push.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauth-relay/link.h"

#define HOST "0123456789abcdef"
#define A64  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct push *make(void)
{
	const struct push from = {
		.host = HOST, .app = "wx_1", .is_post = true, .query = (char *)"signature=a&b=%20",
		.body = (char *)"<xml>\n\t\"\\\xe5\xb0\x8f\x7f</xml>",
	};
	struct push *push = push_new(&from);

	assert_non_null(push);
	return push;
}

static void no_two_pushes_have_one_id(void **state UNUSED)
{
	struct push *one = make(), *two = make();

	assert_int_equal(strlen(one->id), RELAY_ID_LEN);
	assert_string_not_equal(one->id, two->id);
	push_free(one);
	push_free(two);
}

static void what_cannot_be_told_is_known(void **state UNUSED)
{
	char long_text[RELAY_PUSH_MAX + 2];

	memset(long_text, 'a', sizeof(long_text));
	long_text[RELAY_PUSH_MAX + 1] = '\0';
	assert_false(push_is_query(long_text));
	assert_false(push_is_body(long_text, RELAY_PUSH_MAX + 1));
	long_text[RELAY_PUSH_MAX] = '\0';
	assert_true(push_is_query(long_text));
	assert_true(push_is_body(long_text, RELAY_PUSH_MAX));
	assert_true(push_is_query("") && push_is_query("a=\"b\\"));
	assert_false(push_is_query("a\tb") || push_is_query("\xc3\xa9"));
	assert_true(push_is_body("", 0) && push_is_body("a\r\n\x01", 4));
	assert_false(push_is_body("a\0b", 3) || push_is_body("\xff", 1) || push_is_body("\xc3", 1));
	assert_true(push_is_app("wx0123_A") && push_is_app(A64));
	assert_false(push_is_app("") || push_is_app(A64 "a") || push_is_app("a-b") ||
		     push_is_app("a/b") || push_is_app("\xc3\xa9"));
}

static const struct {
	const char *body;
	int result;
	unsigned status;
	const char *answer;
} answer_rows[] = {
	{ "{\"status\":200,\"body\":\"\"}", 0, 200, NULL },
	{ "{\"status\":200,\"body\":\"<xml>\\n\\u5c0f\"}", 0, 200, "<xml>\n\xe5\xb0\x8f" },
	{ "{\"status\":403,\"body\":\"\"}", 0, 403, NULL },
	{ "{\"status\":403,\"body\":\"x\"}", -EINVAL, 0, NULL },
	{ "{\"status\":201,\"body\":\"\"}", -EINVAL, 0, NULL },
	{ "{\"status\":500,\"body\":\"\"}", -EINVAL, 0, NULL },
	{ "{\"status\":\"200\",\"body\":\"\"}", -EINVAL, 0, NULL },
	{ "{\"status\":200}", -EINVAL, 0, NULL },
	{ "{\"body\":\"\"}", -EINVAL, 0, NULL },
	{ "{\"status\":200,\"body\":1}", -EINVAL, 0, NULL },
	{ "{\"status\":200,\"body\":\"a\\u0000b\"}", -EINVAL, 0, NULL },
	{ "[]", -EINVAL, 0, NULL },
	{ "", -EINVAL, 0, NULL },
};

static void an_answer_is_checked_and_the_first_counts(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(answer_rows); i++) {
		struct push *push = make();
		const char *body = answer_rows[i].body;

		if (push_answer(push, body, strlen(body)) != answer_rows[i].result)
			fail_msg("%s", body);
		assert_int_equal(push->status, answer_rows[i].status);
		assert_true(text_equals(push->answer, answer_rows[i].answer));
		if (push->status)
			assert_int_equal(push_answer(push, body, strlen(body)), -EALREADY);
		push_free(push);
	}
}

static void a_long_answer_is_not_taken(void **state UNUSED)
{
	_cleanup_(buf_done) struct buf body = BUF_INIT(RELAY_BODY_MAX);
	struct push *push = make();

	buf_add_text(&body, "{\"status\":200,\"body\":\"");
	for (size_t i = 0; i <= RELAY_PUSH_MAX; i++)
		buf_add_char(&body, 'a');
	buf_add_text(&body, "\"}");
	assert_int_equal(push_answer(push, buf_text(&body), body.len), -EINVAL);
	push_free(push);
}

/* What hosts say one after the other ("-": nothing; else the status, a letter is a body), and what
 * the vendor hears. */
static const struct {
	const char *hosts;
	unsigned status;
	const char *answer;
} verdict_rows[] = {
	{ "-", 200, NULL }, { "---", 200, NULL }, { "y", 200, NULL }, { "n", 403, NULL },
	{ "nn", 403, NULL }, { "ny", 200, NULL }, { "yn", 200, NULL }, { "-n", 403, NULL },
	{ "n-", 403, NULL }, { "-y", 200, NULL }, { "A", 200, "A" }, { "nA", 200, "A" },
	{ "yA", 200, "A" }, { "AB", 200, "A" }, { "An", 200, "A" }, { "n-yBA", 200, "B" },
};

static void several_hosts_become_one_answer(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(verdict_rows); i++) {
		struct push_verdict verdict = { 0 };

		for (const char *host = verdict_rows[i].hosts; *host; host++) {
			struct push *push = make();
			const char body[] = { *host, '\0' };

			push->status = *host == '-' ? 0 : *host == 'n' ? 403 : 200;
			if (*host >= 'A' && *host <= 'Z')
				push->answer = text_copy(body);
			push_count(push, &verdict);
			push_free(push);
		}
		if (push_status(&verdict) != verdict_rows[i].status ||
		    !text_equals(verdict.answer, verdict_rows[i].answer))
			fail_msg("%s: %u %s", verdict_rows[i].hosts, push_status(&verdict),
				 verdict.answer);
		free(verdict.answer);
	}
}

static void an_event_has_all_of_it(void **state UNUSED)
{
	_cleanup_(buf_done) struct buf event = BUF_INIT(PUSH_EVENT_MAX);
	struct push *push = make();
	int64_t number;

	push_add_event(push, 1700000000123456, &event);
	_cleanup_json_ struct json_t *json = json_read_object(buf_text(&event), event.len);

	assert_non_null(json);
	assert_string_equal(json_text(json, "push", RELAY_ID_LEN), push->id);
	assert_int_equal(json_number(json, "n", 0, INT64_MAX, &number), 0);
	assert_int_equal(number, 1700000000123456);
	assert_string_equal(json_text(json, "app", RELAY_LISTEN_MAX), "wx_1");
	assert_string_equal(json_text(json, "method", 8), "POST");
	assert_string_equal(json_text(json, "query", RELAY_PUSH_MAX), push->query);
	assert_string_equal(json_any_text(json, "body", RELAY_PUSH_MAX), push->body);
	assert_false(json_has(json, "status"));
	push_free(push);
}

/* Nothing but signs that are six bytes in JSON. */
static void the_longest_event_fits(void **state UNUSED)
{
	_cleanup_(buf_done) struct buf event = BUF_INIT(PUSH_EVENT_MAX);
	struct push *push = make();

	free(push->body);
	push->body = malloc(RELAY_PUSH_MAX + 1);
	memset(push->body, 1, RELAY_PUSH_MAX);
	push->body[RELAY_PUSH_MAX] = '\0';
	push_add_event(push, INT64_MAX, &event);
	assert_false(buf_failed(&event));
	assert_in_range(event.len, 6 * RELAY_PUSH_MAX, PUSH_EVENT_MAX);
	push_free(push);
}

static void bytes_bring_it_back_and_others_are_refused(void **state UNUSED)
{
	struct buf bytes = BUF_INIT_SECRET(LINK_BYTES_MAX), again = BUF_INIT_SECRET(LINK_BYTES_MAX);
	static const char answer[] = "{\"status\":200,\"body\":\"success\"}";
	struct push *push = make(), *other = NULL;
	struct link *link = NULL;

	assert_int_equal(push_answer(push, answer, strlen(answer)), 0);
	push_encode(push, &bytes);
	assert_true(push_is_bytes(bytes.data, bytes.len));
	assert_false(push_is_bytes("", 0) || push_is_bytes("\x02", 1));
	assert_int_equal(link_decode(bytes.data, bytes.len, &link), -EBADMSG);
	assert_int_equal(push_decode(bytes.data, bytes.len, &other), 0);
	push_encode(other, &again);
	assert_int_equal(again.len, bytes.len);
	assert_memory_equal(again.data, bytes.data, bytes.len);
	assert_string_equal(other->answer, "success");
	push_free(other);
	for (size_t len = 0; len < bytes.len; len++)
		assert_int_equal(push_decode(bytes.data, len, &other), -EBADMSG);
	buf_add_char(&bytes, '\0');
	assert_int_equal(push_decode(bytes.data, bytes.len, &other), -EBADMSG);
	bytes.len--;
	for (size_t i = 0; i < bytes.len; i++) {
		bytes.data[i] = (char)(bytes.data[i] ^ 0x80);
		if (push_decode(bytes.data, bytes.len, &other) == 0)
			push_free(other);
		bytes.data[i] = (char)(bytes.data[i] ^ 0x80);
	}
	push_free(push);
	buf_done(&bytes);
	buf_done(&again);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_two_pushes_have_one_id),
		cmocka_unit_test(what_cannot_be_told_is_known),
		cmocka_unit_test(an_answer_is_checked_and_the_first_counts),
		cmocka_unit_test(a_long_answer_is_not_taken),
		cmocka_unit_test(several_hosts_become_one_answer),
		cmocka_unit_test(an_event_has_all_of_it),
		cmocka_unit_test(the_longest_event_fits),
		cmocka_unit_test(bytes_bring_it_back_and_others_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
