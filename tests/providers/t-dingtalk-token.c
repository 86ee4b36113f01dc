/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type dingtalk: one app token for all logins, a vendor that is busy, and notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/dingtalk-fixture.h"
#include "tests/providers/token-cases.h"

#define OTHER_USERINFO OAPI "v2/user/getuserinfo?access_token=" OTHER_TOKEN
#define OTHER_MEMBER   OAPI "v2/user/get?access_token=" OTHER_TOKEN
#define NOTICE         OAPI "message/corpconversation/asyncsend_v2?access_token=" TOKEN
#define TIME           "\\u000a(03:04:05 UTC)"       /* of FAKE_WALL_S */

static struct fake_method *method_new(void)
{
	return dingtalk_method(SECTION);
}

static struct login *start(struct fake_method *method)
{
	return dingtalk_start(method, STAGE_TOKEN);
}

static void finish(struct login *login, enum dingtalk_stage stage)
{
	dingtalk_finish(login, stage);
	fake_login_free(login);
}

static void finish_from_userinfo(struct login *login)
{
	finish(login, STAGE_USERINFO);
}

/* --- as every vendor's token --- */

static const char *const bad[] = {
	"{\"expireIn\":7200}",
	"{\"accessToken\":\"\",\"expireIn\":7200}",
	"{\"accessToken\":7,\"expireIn\":7200}",
	"{\"accessToken\":\"a\\nb\",\"expireIn\":7200}",
	"{\"accessToken\":\"\xe5\xbc\xa0\",\"expireIn\":7200}",
	"{\"accessToken\":\"a\"}",
	"{\"accessToken\":\"a\",\"expireIn\":59}",
	"{\"accessToken\":\"a\",\"expireIn\":-7200}",
	"{\"accessToken\":\"a\",\"expireIn\":\"7200\"}",
	"{\"accessToken\":\"a\",\"expireIn\":86401}",
	"{\"accessToken\":\"a\",\"accessToken\":\"b\",\"expireIn\":7200}",
	"{\"access_token\":\"a\",\"expires_in\":7200}",
	NULL
};

#define SAYS(code) \
	200, "application/json", "{\"errcode\":" code ",\"errmsg\":\"words\"}"
#define REFUSES(word) \
	400, "application/json", "{\"code\":\"" word "\",\"message\":\"words\"}"
#define SHUTS_OUT       200, "text/html", "{\"status\":1111,\"wait\":5,\"punish\":\"deny\"}"
#define NO_MORE_ANSWERS { 0, NULL, NULL, FAKE_RUNNING, 0, 0 }

static const struct token_refusal no_token[] = {
	{ REFUSES("invalidClientIdOrSecret"), FAKE_FAILED, FAIL_CONFIG, 10000 },
	NO_MORE_ANSWERS
};

static const struct token_refusal no_answer[] = {
	{ SHUTS_OUT, FAKE_DENIED, DENY_BUSY, 300000 },
	{ SAYS("90020"), FAKE_FAILED, FAIL_CONFIG, 3600000 },
	{ SAYS("60020"), FAKE_FAILED, FAIL_CONFIG, 10000 },
	{ SAYS("60011"), FAKE_FAILED, FAIL_CONFIG, 10000 },
	{ SAYS("60121"), FAKE_DENIED, DENY_FILTERED, 0 },
	{ SAYS("40078"), FAKE_DENIED, DENY_REFUSED, 0 },
	{ SAYS("50002"), FAKE_DENIED, DENY_FILTERED, 0 },
	{ SAYS("7"), FAKE_FAILED, FAIL_PROVIDER, 0 },
	NO_MORE_ANSWERS
};

/* As the vendor says it, and as its pages do. */
static const char *const over[] = {
	"{\"errcode\":88,\"sub_code\":\"40014\",\"sub_msg\":\"不合法的access_token\"}",
	"{\"errcode\":40014,\"errmsg\":\"不合法的access_token\"}",
	"{\"errcode\":42001,\"errmsg\":\"access_token超时\"}",
	"{\"errcode\":88,\"sub_code\":\"42001\",\"sub_msg\":\"access_token超时\"}",
};

static const struct token_vendor vendor = {
	.method_new = method_new,
	.start = start,
	.finish = finish_from_userinfo,
	.ended = dingtalk_ended,
	.asks_token = GET_TOKEN,
	.asks = USERINFO,
	.asks_by_other = OTHER_USERINFO,
	.gives = "dingtalk-token.http",
	.gives_for = "{\"accessToken\":\"" TOKEN "\",\"expireIn\":",
	.over = "{\"errcode\":42001,\"errmsg\":\"access_token超时\"}",
	.bad = bad,
	.no_token = no_token,
	.no_answer = no_answer,
};

/* --- as DingTalk's alone --- */

static void a_token_that_is_over_is_renewed_once_and_the_call_repeated(void **state UNUSED)
{
	/* The vendor looks at the token first: the code is as good as before. */
	static const enum dingtalk_stage stages[] = {
		STAGE_USERINFO, STAGE_MEMBER, STAGE_EMPLOYEE, STAGE_WEB_MEMBER
	};

	for (size_t i = 0; i < N_ELEMENTS(stages) * N_ELEMENTS(over); i++) {
		enum dingtalk_stage stage = stages[i % N_ELEMENTS(stages)];
		struct login *login = dingtalk_at(stage);
		_cleanup_free_ char *body = text_copy(login->request->body->data);

		fake_reply_json(login, 200, over[i / N_ELEMENTS(stages)]);
		assert_true(fake_asks(login, GET_TOKEN));
		fake_set(login->method, "TOKEN", OTHER_TOKEN);
		dingtalk_go_on(login, STAGE_TOKEN);
		assert_true(text_has_suffix(login->request->url, "?access_token=" OTHER_TOKEN));
		assert_string_equal(login->request->body->data, body);
		dingtalk_finish(login, stage);
		dingtalk_free(login);
	}
}

static void a_token_may_be_revoked_between_two_calls(void **state UNUSED)
{
	struct fake_method *method = dingtalk_method(SECTION);
	struct login *login = dingtalk_start(method, STAGE_MEMBER);
	struct login *other = dingtalk_start(method, STAGE_TOKEN);

	assert_true(fake_asks(other, USERINFO));
	fake_reply_json(login, 200, over[0]);
	fake_set(method, "TOKEN", OTHER_TOKEN);
	dingtalk_go_on(login, STAGE_TOKEN);
	assert_true(fake_asks(login, OTHER_MEMBER));
	finish(login, STAGE_MEMBER);
	/* This one learns it when the other token is there already. */
	fake_reply_json(other, 200, over[0]);
	assert_true(fake_asks(other, OTHER_USERINFO));
	finish(other, STAGE_USERINFO);
	fake_method_free(method);
}

static void a_second_token_in_a_login_is_the_last(void **state UNUSED)
{
	struct login *login = dingtalk_at(STAGE_USERINFO);

	fake_reply_json(login, 200, over[0]);
	dingtalk_go_on(login, STAGE_TOKEN);
	dingtalk_go_on(login, STAGE_USERINFO);
	fake_reply_json(login, 200, over[0]);
	dingtalk_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_says(login, "40014 user/get: the token is not valid");
	assert_int_equal(login->n_requests, 5);
	dingtalk_free(login);
}

/* --- a vendor that is busy --- */

static void say_busy(struct login *login, enum dingtalk_stage stage, size_t how)
{
	static const int64_t codes[] = { -1, 90002, 90018, 90019 };
	static const char *const words[] = {
		"ServiceUnavailable", "Forbidden.AccessDenied.QpsLimitForApi",
		"Forbidden.AccessDenied.QpsLimitForAppkeyAndApi",
		"Forbidden.AccessDenied.QpmLimitForAppkeyAndApi",
	};
	struct http_reply page = fake_http_reply(502, "text/html", "<html>bad gateway</html>");
	struct http_reply json = fake_http_reply(503, "application/json", "{}");

	if (how == 4)
		fake_reply_lost(login, HTTP_TIMED_OUT);
	else if (how == 5)
		fake_reply_whole(login, &page);
	else if (how == 6)
		fake_reply_whole(login, &json);
	else if (dingtalk_is_oapi(stage))
		dingtalk_oapi_error(login, codes[how], "words");
	else
		dingtalk_api_error(login, how ? 403 : 503, words[how], "words");
	if (how != 5)
		http_reply_done(&page);
	if (how != 6)
		http_reply_done(&json);
}

#define N_BUSY 7

static void a_question_is_asked_three_times_again(void **state UNUSED)
{
	static const int64_t delays_ms[] = { 500, 1000, 2000 };
	static const enum dingtalk_stage stages[] = {
		STAGE_TOKEN, STAGE_MEMBER, STAGE_ME, STAGE_WEB_TOKEN, STAGE_EMPLOYEE,
		STAGE_WEB_MEMBER
	};

	for (size_t i = 0; i < N_ELEMENTS(stages) * N_BUSY; i++) {
		enum dingtalk_stage stage = stages[i / N_BUSY];
		struct login *login = dingtalk_at(stage);
		_cleanup_free_ char *url = text_copy(login->request->url);

		for (size_t k = 0; k < N_ELEMENTS(delays_ms); k++) {
			say_busy(login, stage, i % N_BUSY);
			assert_int_equal(login->request_number, 0);
			assert_int_equal(login->timer_delay_ms, delays_ms[k]);
			fake_timer(login);
			assert_true(fake_asks(login, url));
		}
		say_busy(login, stage, i % N_BUSY);
		dingtalk_ended(login, FAKE_FAILED, i % N_BUSY == 4 ? FAIL_NETWORK : FAIL_PROVIDER);
		dingtalk_free(login);
	}
}

static void a_vendor_that_was_busy_may_answer(void **state UNUSED)
{
	for (size_t i = 0; i < N_BUSY; i++) {
		struct login *login = dingtalk_at(STAGE_ME);

		say_busy(login, STAGE_ME, i);
		fake_timer(login);
		dingtalk_finish(login, STAGE_ME);
		dingtalk_free(login);
	}
}

static void a_code_is_sent_once(void **state UNUSED)
{
	static const enum dingtalk_stage stages[] = { STAGE_USERINFO, STAGE_USER_TOKEN };

	for (size_t i = 0; i < N_ELEMENTS(stages) * N_BUSY; i++) {
		enum dingtalk_stage stage = stages[i / N_BUSY];
		struct login *login = dingtalk_at(stage);
		unsigned n_requests = login->n_requests;

		say_busy(login, stage, i % N_BUSY);
		dingtalk_ended(login, FAKE_FAILED, i % N_BUSY == 4 ? FAIL_NETWORK : FAIL_PROVIDER);
		assert_int_equal(login->n_requests, n_requests);
		dingtalk_free(login);
	}
}

/* --- notices --- */

static struct login *deliver(struct fake_method *method, const char *subject, const char *text)
{
	const struct login_delivery delivery = { .subject = subject, .text = text };

	return fake_deliver(method, &delivery);
}

static void a_notice_goes_to_one_member(void **state UNUSED)
{
	static const char *const sections[] = { SECTION, WEB };

	for (size_t i = 0; i < N_ELEMENTS(sections); i++) {
		struct login *login = deliver(dingtalk_method(sections[i]), USERID,
					      "登录 db-1: 42");

		assert_true(fake_asks(login, GET_TOKEN));
		dingtalk_go_on(login, STAGE_TOKEN);
		assert_true(fake_asks(login, NOTICE));
		assert_int_equal(login->request->method, HTTP_POST);
		assert_true(login->request->once);
		assert_true(fake_has_header(login, "Content-Type: application/json"));
		assert_string_equal(login->request->body->data,
				    "{\"agent_id\":" AGENT ",\"userid_list\":\"" USERID "\","
				    "\"msg\":{\"msgtype\":\"text\",\"text\":{\"content\":"
				    "\"登录 db-1: 42" TIME "\"}}}");
		fake_reply(login, "dingtalk-sent.http");
		dingtalk_ended(login, FAKE_DONE, 0);
		dingtalk_free(login);
	}
}

/* The vendor drops what the same member was sent the same day. */
static void no_two_notices_are_the_same(void **state UNUSED)
{
	struct fake_method *method = dingtalk_method(SECTION);
	struct login *login = deliver(method, USERID, "42"), *next;

	dingtalk_go_on(login, STAGE_TOKEN);
	method->now_s++;
	next = deliver(method, USERID, "42");
	assert_string_not_equal(next->request->body->data, login->request->body->data);
	fake_login_free(login);
	dingtalk_free(next);
}

static void words_of_others_make_no_json(void **state UNUSED)
{
	struct login *login = deliver(dingtalk_method(SECTION), USERID, "\"}},\"x\\\":\n\t\x01");

	dingtalk_go_on(login, STAGE_TOKEN);
	assert_true(fake_body_has(login, "\"content\":\"\\\"}},\\\"x\\\\\\\":\\u000a\\u0009\\u0001"
				  "\\u000a(03:04:05 UTC)\"}}}"));
	dingtalk_free(login);
}

static void a_notice_goes_whole_to_a_member_or_not_at_all(void **state UNUSED)
{
	static const char around[] = "{\"msgtype\":\"text\",\"text\":{\"content\":\"\"}}";
	static const size_t time_len = sizeof("\\u000a(03:04:05 UTC)") - 1;
	char longest[2049], longer[2049];
	const struct {
		const char *subject, *text;
		bool goes;
	} rows[] = {
		{ USERID, longest, true }, { USERID, longer, false },
		{ "a,b", "42", false }, { "", "42", false }, { USERID, "\xff", false },
	};

	memset(longest, 'x', sizeof(longest));
	memset(longer, 'x', sizeof(longer));
	longest[2048 - (sizeof(around) - 1) - time_len] = '\0';
	longer[2048 - (sizeof(around) - 1) - time_len + 1] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = deliver(dingtalk_method(SECTION), rows[i].subject,
					      rows[i].text);

		if (rows[i].goes)
			assert_true(fake_asks(login, GET_TOKEN));
		else
			dingtalk_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		dingtalk_free(login);
	}
}

static void a_notice_that_is_refused_is_a_failure(void **state UNUSED)
{
	static const struct {
		int64_t code;                    /* 0: a page */
		enum fake_end end;
		int reason;
	} rows[] = {
		{ 33012, FAKE_DENIED, DENY_FILTERED }, { 60011, FAKE_FAILED, FAIL_CONFIG },
		{ 90020, FAKE_FAILED, FAIL_CONFIG }, { 400002, FAKE_FAILED, FAIL_PROVIDER },
		{ 0, FAKE_DENIED, DENY_BUSY },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = deliver(dingtalk_method(SECTION), USERID, "42");

		dingtalk_go_on(login, STAGE_TOKEN);
		if (rows[i].code)
			dingtalk_oapi_error(login, rows[i].code, "words");
		else
			fake_reply(login, "html.http");
		dingtalk_ended(login, rows[i].end, rows[i].reason);
		dingtalk_free(login);
	}
}

static void a_notice_survives_a_lost_token_and_a_busy_vendor(void **state UNUSED)
{
	struct login *login = deliver(dingtalk_method(SECTION), USERID, "42");
	_cleanup_free_ char *body = NULL;

	dingtalk_go_on(login, STAGE_TOKEN);
	body = text_copy(login->request->body->data);
	fake_reply_json(login, 200, over[0]);
	fake_set(login->method, "TOKEN", OTHER_TOKEN);
	dingtalk_go_on(login, STAGE_TOKEN);
	say_busy(login, STAGE_MEMBER, 0);
	login->method->now_s += 60;
	fake_timer(login);
	/* The same, so that the vendor drops the second if it took both. */
	assert_string_equal(login->request->body->data, body);
	fake_reply(login, "dingtalk-sent.http");
	dingtalk_ended(login, FAKE_DONE, 0);
	dingtalk_free(login);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOKEN_CASES(&vendor),
		cmocka_unit_test(a_token_that_is_over_is_renewed_once_and_the_call_repeated),
		cmocka_unit_test(a_token_may_be_revoked_between_two_calls),
		cmocka_unit_test(a_second_token_in_a_login_is_the_last),
		cmocka_unit_test(a_question_is_asked_three_times_again),
		cmocka_unit_test(a_vendor_that_was_busy_may_answer),
		cmocka_unit_test(a_code_is_sent_once),
		cmocka_unit_test(a_notice_goes_to_one_member),
		cmocka_unit_test(no_two_notices_are_the_same),
		cmocka_unit_test(words_of_others_make_no_json),
		cmocka_unit_test(a_notice_goes_whole_to_a_member_or_not_at_all),
		cmocka_unit_test(a_notice_that_is_refused_is_a_failure),
		cmocka_unit_test(a_notice_survives_a_lost_token_and_a_busy_vendor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
