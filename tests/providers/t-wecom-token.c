/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wecom: one app token for all logins, and what happens when it is lost or late. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/token-cases.h"
#include "tests/providers/wecom-fixture.h"

#define GETTOKEN    API "gettoken?corpid=" CORP "&corpsecret=s3cr3t%2B%2Fof-the-app"
#define USERINFO    API "auth/getuserinfo?access_token=" TOKEN "&code=" CODE
#define USERINFO_2  API "auth/getuserinfo?access_token=" OTHER_TOKEN "&code=" CODE

static struct login *start(struct fake_method *method)
{
	return wecom_start(method, STAGE_TOKEN);
}

static void finish(struct login *login)
{
	fake_reply(login, "wecom-userid.http");
	fake_reply(login, "wecom-member.http");
	wecom_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
}

static struct fake_method *method_new(void)
{
	return wecom_method(SECTION);
}

/* --- as every vendor's token --- */

static const char *const bad[] = {
	"{\"errcode\":0,\"expires_in\":7200}",
	"{\"errcode\":0,\"access_token\":\"\",\"expires_in\":7200}",
	"{\"errcode\":0,\"access_token\":7,\"expires_in\":7200}",
	"{\"errcode\":0,\"access_token\":\"a\\nb\",\"expires_in\":7200}",
	"{\"errcode\":0,\"access_token\":\"\xe5\xbc\xa0\",\"expires_in\":7200}",
	"{\"errcode\":0,\"access_token\":\"a\"}",
	"{\"errcode\":0,\"access_token\":\"a\",\"expires_in\":0}",
	"{\"errcode\":0,\"access_token\":\"a\",\"expires_in\":59}",
	"{\"errcode\":0,\"access_token\":\"a\",\"expires_in\":-7200}",
	"{\"errcode\":0,\"access_token\":\"a\",\"expires_in\":\"7200\"}",
	"{\"errcode\":0,\"access_token\":\"a\",\"expires_in\":86401}",
	"{\"errcode\":0,\"access_token\":\"a\",\"access_token\":\"b\",\"expires_in\":7200}",
	"{\"access_token\":\"a\",\"expires_in\":7200}",
	NULL
};

#define SAYS(code)      200, "application/json", "{\"errcode\":" code ",\"errmsg\":\"words\"}"
#define NOTHING_CAME    0, NULL, NULL
#define NO_MORE_ANSWERS { NOTHING_CAME, FAKE_RUNNING, 0, 0 }

static const struct token_refusal no_token[] = {
	{ NOTHING_CAME, FAKE_FAILED, FAIL_NETWORK, 1000 },
	{ SAYS("7"), FAKE_FAILED, FAIL_PROVIDER, 1000 },
	{ SAYS("40001"), FAKE_FAILED, FAIL_CONFIG, 10000 },
	{ SAYS("40013"), FAKE_FAILED, FAIL_CONFIG, 10000 },
	{ SAYS("45009"), FAKE_DENIED, DENY_BUSY, 60000 },
	NO_MORE_ANSWERS
};

static const struct token_refusal no_answer[] = {
	{ SAYS("45009"), FAKE_DENIED, DENY_BUSY, 60000 },
	{ SAYS("45033"), FAKE_DENIED, DENY_BUSY, 60000 },
	{ SAYS("60020"), FAKE_FAILED, FAIL_CONFIG, 10000 },
	{ SAYS("48002"), FAKE_FAILED, FAIL_CONFIG, 10000 },
	{ SAYS("60011"), FAKE_DENIED, DENY_FILTERED, 0 },
	{ SAYS("60111"), FAKE_DENIED, DENY_FILTERED, 0 },
	{ SAYS("40029"), FAKE_DENIED, DENY_REFUSED, 0 },
	{ SAYS("7"), FAKE_FAILED, FAIL_PROVIDER, 0 },
	NO_MORE_ANSWERS
};

static const struct token_vendor vendor = {
	.method_new = method_new,
	.start = start,
	.finish = finish,
	.ended = wecom_ended,
	.asks_token = GETTOKEN,
	.asks = USERINFO,
	.asks_by_other = USERINFO_2,
	.gives = "wecom-token.http",
	.gives_for = "{\"errcode\":0,\"access_token\":\"" TOKEN "\",\"expires_in\":",
	.over = "{\"errcode\":42001,\"errmsg\":\"expired\"}",
	.bad = bad,
	.no_token = no_token,
	.no_answer = no_answer,
};

/* --- as WeCom's alone --- */

static void a_token_that_is_over_is_renewed_once_and_the_call_repeated(void **state UNUSED)
{
	static const char *const codes[] = { "40014", "42001", "40001", "41001" };

	for (size_t i = 0; i < N_ELEMENTS(codes); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, STAGE_USERID);

		wecom_error(login, codes[i], "invalid access_token");
		assert_true(fake_asks(login, GETTOKEN));
		fake_set(method, "TOKEN", OTHER_TOKEN);
		fake_reply(login, "wecom-token.http");
		assert_true(fake_asks(login, USERINFO_2));
		finish(login);
		fake_method_free(method);
	}
}

static void a_token_may_be_revoked_between_two_calls(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = wecom_start(method, STAGE_MEMBER);

	wecom_error(login, "40014", "invalid access_token");
	assert_true(fake_asks(login, GETTOKEN));
	fake_set(method, "TOKEN", OTHER_TOKEN);
	fake_reply(login, "wecom-token.http");
	assert_true(fake_asks(login, API "user/get?access_token=" OTHER_TOKEN "&userid=zhangsan"));
	fake_reply(login, "wecom-member.http");
	wecom_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_second_token_in_a_login_is_the_last(void **state UNUSED)
{
	static const struct {
		const char *code;
		int reason;
	} rows[] = { { "42001", FAIL_PROVIDER }, { "40014", FAIL_PROVIDER },
		     { "41001", FAIL_PROVIDER }, { "40001", FAIL_CONFIG } };

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, STAGE_USERID);

		wecom_error(login, "42001", "expired");
		fake_reply(login, "wecom-token.http");
		fake_reply(login, "wecom-userid.http");
		/* Of another call, and all the same. */
		wecom_error(login, rows[i].code, "expired");
		wecom_ended(login, FAKE_FAILED, rows[i].reason);
		assert_int_equal(login->n_requests, 5);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_vendor_that_is_busy_is_asked_three_times_again(void **state UNUSED)
{
	static const int64_t delays_ms[] = { 500, 1000, 2000 };
	static const enum wecom_stage stages[] = { STAGE_TOKEN, STAGE_USERID, STAGE_MEMBER };

	for (size_t i = 0; i < N_ELEMENTS(stages); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, stages[i]);
		_cleanup_free_ char *url = text_copy(login->request->url);

		for (size_t k = 0; k < N_ELEMENTS(delays_ms); k++) {
			wecom_error(login, "-1", "system busy");
			assert_int_equal(login->request_number, 0);
			assert_int_equal(login->timer_delay_ms, delays_ms[k]);
			fake_timer(login);
			assert_true(fake_asks(login, url));
		}
		wecom_error(login, "-1", "system busy");
		wecom_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_vendor_that_was_busy_may_answer(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = start(method), *second = start(method);

	wecom_error(login, "-1", "system busy");
	/* It still is the one that fetches. */
	fake_timer(second);
	assert_int_equal(second->n_requests, 0);
	fake_timer(login);
	fake_reply(login, "wecom-token.http");
	wecom_error(login, "-1", "system busy");
	fake_timer(login);
	assert_true(fake_asks(login, USERINFO));
	finish(login);
	fake_login_free(second);
	fake_method_free(method);
}

/* --- messages of the app --- */

static struct login *deliver(struct fake_method *method, const char *subject, const char *text)
{
	const struct login_delivery delivery = { subject, text };

	return fake_deliver(method, &delivery);
}

static void a_message_goes_to_one_member(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION "proxy = http://192.0.2.1:3128\n");
	struct login *login = deliver(method, "zhangsan", "登录 db-1: 42");

	assert_true(fake_asks(login, GETTOKEN));
	fake_reply(login, "wecom-token.http");
	assert_true(fake_asks(login, API "message/send?access_token=" TOKEN));
	assert_int_equal(login->request->method, HTTP_POST);
	assert_true(login->request->once);
	assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
	assert_true(fake_has_header(login, "Content-Type: application/json"));
	assert_string_equal(login->request->body->data,
			    "{\"touser\":\"zhangsan\",\"msgtype\":\"text\",\"agentid\":1000002,"
			    "\"text\":{\"content\":\"登录 db-1: 42\"}}");
	fake_reply(login, "wecom-sent.http");
	wecom_ended(login, FAKE_DONE, 0);
	fake_login_free(login);
	/* The token is that of logins. */
	login = start(method);
	assert_true(fake_asks(login, USERINFO));
	fake_login_free(login);
	fake_method_free(method);
}

static void words_of_others_make_neither_json_nor_links(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = deliver(method, "ZhangSan",
				      "user \"\\\",\"x\":\n\t\x01"
				      "<a href=\"https://evil.example\">");

	fake_reply(login, "wecom-token.http");
	assert_string_equal(login->request->body->data,
			    "{\"touser\":\"zhangsan\",\"msgtype\":\"text\",\"agentid\":1000002,"
			    "\"text\":{\"content\":\"user \\\"\\\\\\\",\\\"x\\\":\\n  "
			    "＜a href=\\\"https://evil.example\\\"＞\"}}");
	fake_login_free(login);
	fake_method_free(method);
}

static void a_message_goes_whole_to_a_member_or_not_at_all(void **state UNUSED)
{
	char longest[2049], longer[2050];
	const struct {
		const char *subject, *text;
		bool goes;
	} rows[] = {
		{ "zhangsan", longest, true }, { "zhangsan", longer, false },
		{ "@all", "42", false }, { "zhangsan|lisi", "42", false }, { "", "42", false },
		{ "zhangsan", "\xff", false },
	};

	memset(longest, 'x', 2048);
	memset(longer, 'x', 2049);
	longest[2048] = longer[2049] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = deliver(method, rows[i].subject, rows[i].text);

		if (rows[i].goes)
			assert_true(fake_asks(login, GETTOKEN));
		else
			wecom_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_message_that_does_not_arrive_is_a_failure(void **state UNUSED)
{
	static const struct {
		const char *file, *code;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "wecom-sent-invalid.http", NULL, FAKE_DENIED, DENY_FILTERED },
		{ "wecom-sent-unlicensed.http", NULL, FAKE_DENIED, DENY_FILTERED },
		{ "html.http", NULL, FAKE_FAILED, FAIL_PROVIDER },
		{ NULL, "81013", FAKE_DENIED, DENY_FILTERED },
		{ NULL, "60020", FAKE_FAILED, FAIL_CONFIG },
		{ NULL, "301002", FAKE_FAILED, FAIL_CONFIG },
		{ NULL, "45009", FAKE_DENIED, DENY_BUSY },
		{ NULL, NULL, FAKE_FAILED, FAIL_NETWORK },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = deliver(method, "zhangsan", "42");

		fake_reply(login, "wecom-token.http");
		if (rows[i].file)
			fake_reply(login, rows[i].file);
		else if (rows[i].code)
			wecom_error(login, rows[i].code, "words");
		else
			fake_reply_lost(login, HTTP_TIMED_OUT);
		wecom_ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_message_survives_a_lost_token_and_a_busy_vendor(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = deliver(method, "zhangsan", "42");

	fake_reply(login, "wecom-token.http");
	wecom_error(login, "42001", "expired");
	fake_set(method, "TOKEN", OTHER_TOKEN);
	fake_reply(login, "wecom-token.http");
	wecom_error(login, "-1", "busy");
	fake_timer(login);
	assert_true(fake_asks(login, API "message/send?access_token=" OTHER_TOKEN));
	assert_true(fake_body_has(login, "\"content\":\"42\""));
	fake_reply(login, "wecom-sent.http");
	wecom_ended(login, FAKE_DONE, 0);
	fake_login_free(login);
	fake_method_free(method);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TOKEN_CASES(&vendor),
		cmocka_unit_test(a_token_that_is_over_is_renewed_once_and_the_call_repeated),
		cmocka_unit_test(a_token_may_be_revoked_between_two_calls),
		cmocka_unit_test(a_second_token_in_a_login_is_the_last),
		cmocka_unit_test(a_vendor_that_is_busy_is_asked_three_times_again),
		cmocka_unit_test(a_vendor_that_was_busy_may_answer),
		cmocka_unit_test(a_message_goes_to_one_member),
		cmocka_unit_test(words_of_others_make_neither_json_nor_links),
		cmocka_unit_test(a_message_goes_whole_to_a_member_or_not_at_all),
		cmocka_unit_test(a_message_that_does_not_arrive_is_a_failure),
		cmocka_unit_test(a_message_survives_a_lost_token_and_a_busy_vendor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
