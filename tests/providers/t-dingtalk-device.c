/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type dingtalk with mode = device: RFC 8628 in the vendor's words, and an authCode at the
 * end. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/dingtalk-device.h"
#include "providers/table.h"
#include "tests/providers/dingtalk-fixture.h"

#define DEVICE      SECTION "mode = device\n"
#define BASE        "https://login.dingtalk.com"
#define CODE_URL    BASE "/oauth2/device/code.json"
#define TOKEN_URL   BASE "/oauth2/device/token.json"
#define VERIFY      BASE "/oauth2/device/verify.htm"
#define DEVICE_CODE "d3viceC0deThatIsKeptFromEverybody"
#define USER_CODE   "ABCD-EFGH"
#define GRANT(more) "{\"success\":true,\"result\":{\"deviceCode\":\"" DEVICE_CODE "\"," \
		    "\"userCode\":\"" USER_CODE "\",\"verificationUri\":\"" VERIFY "\"," \
		    "\"verificationUriComplete\":\"" VERIFY "?user_code=" USER_CODE "\"" more "}}"
#define GOOD_GRANT  GRANT(",\"expiresIn\":900,\"interval\":5,\"flowId\":\"f1\"")
#define APPROVED    "{\"success\":true,\"result\":{\"authCode\":\"" CODE "\"}}"
#define SAYS(word)  "{\"success\":true,\"result\":{\"error\":\"" word "\"}}"

static struct fake_method *method_new(void)
{
	struct fake_method *method = dingtalk_method(DEVICE);

	method->link.redirect_uri = NULL;
	return method;
}

static void ended(const struct login *login, enum fake_end end, int reason)
{
	dingtalk_ended(login, end, reason);
	assert_true(!login->detail || !strstr(login->detail, DEVICE_CODE));
	assert_true(!login->detail || !strstr(login->detail, USER_CODE));
}

/* Up to the first poll, which is open. */
static struct login *start(struct fake_method *method)
{
	struct login *login = fake_start(method);

	fake_reply_json(login, 200, GOOD_GRANT);
	fake_timer(login);
	return login;
}

static void an_employee_approves_and_is_known(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = fake_start(method);

	assert_true(fake_asks(login, CODE_URL));
	assert_int_equal(login->request->method, HTTP_POST);
	assert_string_equal(login->request->body->data,
			    "client_id=" KEY "&scope=openid+corpid");
	assert_int_equal(login->request->max_body, 64 * 1024);
	fake_reply_json(login, 200, GOOD_GRANT);
	assert_string_equal(login->link, VERIFY "?user_code=" USER_CODE);
	assert_string_equal(login->plain_link, VERIFY);
	assert_string_equal(login->user_code, USER_CODE);
	assert_int_equal(login->timer_delay_ms, 5000);
	fake_answer(login, "");
	fake_timer(login);
	assert_true(fake_asks(login, TOKEN_URL));
	assert_string_equal(login->request->body->data,
			    "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code"
			    "&device_code=" DEVICE_CODE "&client_id=" KEY);
	fake_reply_json(login, 200, SAYS("authorization_pending"));
	assert_int_equal(login->timer_delay_ms, 5000);
	fake_timer(login);
	fake_reply_json(login, 200, SAYS("slow_down"));
	assert_int_equal(login->timer_delay_ms, 10000);
	fake_timer(login);
	fake_reply_json(login, 200, APPROVED);
	assert_true(fake_asks(login, USER_TOKENS));
	assert_true(fake_body_has(login, "\"code\":\"" CODE "\""));
	dingtalk_finish(login, STAGE_USER_TOKEN);
	ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->subject, USERID);
	fake_login_free(login);
	fake_method_free(method);
}

static void all_goes_by_the_proxy_and_to_the_configured_address(void **state UNUSED)
{
	static const char grant[] =
		"{\"success\":true,\"result\":{\"deviceCode\":\"d\",\"userCode\":\"u\","
		"\"verificationUri\":\"https://127.0.0.1:4430/v\",\"expiresIn\":900}}";
	struct fake_method *method = dingtalk_method(
		DEVICE "proxy = http://192.0.2.1:3128\nlogin_url = https://127.0.0.1:4430\n");
	struct login *login = fake_start(method);

	assert_true(fake_asks(login, "https://127.0.0.1:4430/oauth2/device/code.json"));
	assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
	fake_reply_json(login, 200, grant);
	assert_string_equal(login->link, "https://127.0.0.1:4430/v");
	fake_timer(login);
	assert_true(fake_asks(login, "https://127.0.0.1:4430/oauth2/device/token.json"));
	assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
	fake_login_free(login);
	fake_method_free(method);
}

/* --- what the two endpoints say --- */

static void a_grant_is_whole_and_leads_to_the_vendor(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *body;
		enum device_result result;
	} rows[] = {
		{ 200, GOOD_GRANT, DEVICE_GOOD },
		{ 200, GRANT(",\"expiresIn\":900"), DEVICE_GOOD },
		{ 200, GRANT(""), DEVICE_FAULT },
		{ 200, GRANT(",\"expiresIn\":\"900\""), DEVICE_FAULT },
		{ 200, GRANT(",\"expiresIn\":900,\"interval\":\"5\""), DEVICE_FAULT },
		{ 400, GOOD_GRANT, DEVICE_FAULT },
		{ 200, "{\"success\":true}", DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":\"d\"}", DEVICE_FAULT },
		{ 200, "{\"result\":{}}", DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{\"deviceCode\":\"d\",\"userCode\":\"u\","
		       "\"verificationUri\":\"https://example.org/v\",\"expiresIn\":900}}",
		  DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{\"deviceCode\":\"d\",\"userCode\":\"u\","
		       "\"verificationUri\":\"" BASE ".example.org/\",\"expiresIn\":900}}",
		  DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{\"deviceCode\":\"d\",\"userCode\":\"u\","
		       "\"verificationUri\":\"" VERIFY "\",\"verificationUriComplete\":"
		       "\"https://example.org/\",\"expiresIn\":900}}", DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{\"deviceCode\":\"d\",\"userCode\":\"u\","
		       "\"verificationUri\":\"" BASE ":443/v\",\"verificationUriComplete\":"
		       "\"" VERIFY "\",\"expiresIn\":900}}", DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{\"deviceCode\":\"d\",\"userCode\":\"\","
		       "\"verificationUri\":\"" VERIFY "\",\"expiresIn\":900}}", DEVICE_FAULT },
		{ 200, "{\"success\":false,\"errorCode\":\"900103\","
		       "\"errorMsg\":\"应用不存在\"}", DEVICE_SETUP },
		{ 200, "{\"success\":false,\"errorCode\":\"7\"}", DEVICE_FAULT },
		{ 200, "{\"success\":false}", DEVICE_FAULT },
		{ 200, "{\"status\":1111,\"wait\":5}", DEVICE_BUSY },
		{ 500, "gateway", DEVICE_RETRY },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_reply reply = fake_http_reply(rows[i].status, "application/json",
							  rows[i].body);
		struct device_code code = { 0 };
		enum device_result result = dingtalk_read_device_code(&reply, BASE, &code);

		if (result != rows[i].result)
			fail_msg("%s: %d", rows[i].body, result);
		assert_int_equal(code.device_code != NULL, result == DEVICE_GOOD);
		assert_true(result != DEVICE_GOOD || code.interval_ms == 5000);
		device_code_done(&code);
		http_reply_done(&reply);
	}
}

static void every_word_of_a_poll_has_its_meaning(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *body;
		enum device_result result;
	} rows[] = {
		{ 200, APPROVED, DEVICE_GOOD },
		{ 200, SAYS("authorization_pending"), DEVICE_PENDING },
		{ 400, SAYS("authorization_pending"), DEVICE_PENDING },
		{ 200, SAYS("slow_down"), DEVICE_SLOW_DOWN },
		{ 200, SAYS("access_denied"), DEVICE_REFUSED },
		{ 200, SAYS("expired_token"), DEVICE_EXPIRED },
		{ 200, SAYS("something_new"), DEVICE_FAULT },
		{ 200, "{\"success\":false,\"error\":\"slow_down\"}", DEVICE_SLOW_DOWN },
		{ 200, "{\"success\":false,\"errorCode\":\"authorization_pending\"}",
		  DEVICE_PENDING },
		{ 200, "{\"success\":false,\"errorCode\":\"900103\"}", DEVICE_FAULT },
		/* An error word counts, whatever comes with it. */
		{ 200, "{\"success\":true,\"result\":{\"authCode\":\"c\",\"error\":\"slow_down\"}}",
		  DEVICE_SLOW_DOWN },
		{ 200, "{\"success\":true,\"errorCode\":\"7\",\"result\":{\"authCode\":\"c\"}}",
		  DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{\"authCode\":\"c\",\"error\":null}}",
		  DEVICE_GOOD },
		{ 200, "{\"success\":false,\"result\":{\"authCode\":\"c\"}}", DEVICE_FAULT },
		{ 200, "{\"result\":{\"authCode\":\"c\"}}", DEVICE_FAULT },
		{ 201, APPROVED, DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{\"authCode\":\"\"}}", DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{\"authCode\":7}}", DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{\"authCode\":\"张\"}}", DEVICE_FAULT },
		{ 200, "{\"success\":true,\"result\":{}}", DEVICE_FAULT },
		{ 200, "{\"success\":true,\"authCode\":\"c\"}", DEVICE_FAULT },
		{ 200, "{}", DEVICE_FAULT },
		{ 200, "{\"status\":1111,\"wait\":5}", DEVICE_BUSY },
		{ 503, "gateway", DEVICE_RETRY },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_reply reply = fake_http_reply(rows[i].status, "application/json",
							  rows[i].body);
		struct device_poll poll;

		dingtalk_read_device_poll(&reply, &poll);
		if (poll.result != rows[i].result)
			fail_msg("%s: %d", rows[i].body, poll.result);
		assert_int_equal(poll.tokens.code != NULL, poll.result == DEVICE_GOOD);
		oauth_tokens_done(&poll.tokens);
		http_reply_done(&reply);
	}
}

/* --- how it ends --- */

static void what_is_not_yes_ends_it(void **state UNUSED)
{
	static const struct {
		bool is_poll;
		const char *body;                /* NULL: no reply */
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ false, "{\"success\":false,\"errorCode\":\"900103\"}", FAKE_FAILED, FAIL_CONFIG,
		  "(900103, the vendor knows no such app there)" },
		{ false, "{\"success\":false,\"errorCode\":\"7\"}", FAKE_FAILED, FAIL_PROVIDER,
		  "(7)" },
		{ false, "{\"status\":1111}", FAKE_DENIED, DENY_BUSY, "used up" },
		{ false, NULL, FAKE_FAILED, FAIL_NETWORK, "device endpoint" },
		{ true, SAYS("access_denied"), FAKE_DENIED, DENY_REFUSED, "(access_denied)" },
		{ true, SAYS("invalid_grant"), FAKE_FAILED, FAIL_PROVIDER, "(invalid_grant)" },
		{ true, SAYS("something_new"), FAKE_FAILED, FAIL_PROVIDER, "(something_new)" },
		{ true, "{}", FAKE_FAILED, FAIL_PROVIDER, "(token endpoint)" },
		{ true, "{\"status\":1111}", FAKE_DENIED, DENY_BUSY, "used up" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new();
		struct login *login = rows[i].is_poll ? start(method) : fake_start(method);

		if (rows[i].body)
			fake_reply_json(login, 200, rows[i].body);
		else
			fake_reply_lost(login, HTTP_NOT_SENT);
		ended(login, rows[i].end, rows[i].reason);
		fake_says(login, rows[i].says);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_code_that_ran_out_is_renewed_on_a_key_press(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = start(method);

	fake_reply_json(login, 200, SAYS("expired_token"));
	assert_non_null(strstr(login->prompt, "has expired"));
	fake_answer(login, "");
	assert_true(fake_asks(login, CODE_URL));
	fake_reply_json(login, 200, GOOD_GRANT);
	assert_int_equal(login->n_codes, 2);
	fake_timer(login);
	fake_reply_json(login, 200, APPROVED);
	dingtalk_finish(login, STAGE_USER_TOKEN);
	fake_login_free(login);
	fake_method_free(method);
}

static void no_answer_to_a_poll_slows_down(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = start(method);

	fake_reply_lost(login, HTTP_TIMED_OUT);
	assert_int_equal(login->timer_delay_ms, 10000);
	fake_timer(login);
	fake_reply_json(login, 200, SAYS("authorization_pending"));
	assert_int_equal(login->timer_delay_ms, 5000);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_code_that_is_spent_was_somebody_else_s(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = start(method);

	fake_reply_json(login, 200, APPROVED);
	dingtalk_api_error(login, 400, "invalidParameter.authCode.notFound", "words");
	ended(login, FAKE_DENIED, DENY_INVALID);
	fake_login_free(login);
	fake_method_free(method);
}

/* --- whether this app may --- */

static void whether_the_app_may_is_seen_before_anybody_needs_it(void **state UNUSED)
{
	static const struct {
		const char *body;                /* NULL: no reply */
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ GOOD_GRANT, FAKE_DONE, 0, NULL },
		{ "{\"success\":false,\"errorCode\":\"900103\"}", FAKE_FAILED, FAIL_CONFIG,
		  "mode = device cannot be used: 900103, the vendor knows no such app" },
		{ "{\"success\":false,\"errorCode\":\"7\"}", FAKE_FAILED, FAIL_PROVIDER,
		  "cannot be used: 7" },
		{ "<html>", FAKE_FAILED, FAIL_PROVIDER, "device/code.json: status 200" },
		{ NULL, FAKE_FAILED, FAIL_NETWORK, "device/code.json" },
	};

	for (size_t i = 0; i < 2 * N_ELEMENTS(rows); i++) {
		size_t row = i / 2;
		struct fake_method *method = method_new();
		struct login *login = i % 2 ? fake_test(method) : fake_prepare(method);

		assert_true(fake_asks(login, CODE_URL));
		if (rows[row].body)
			fake_reply_json(login, 200, rows[row].body);
		else
			fake_reply_lost(login, HTTP_BROKEN);
		if (i % 2 && rows[row].end == FAKE_DONE)         /* a test goes on */
			fake_reply(login, "dingtalk-token.http");
		ended(login, rows[row].end, rows[row].reason);
		if (rows[row].says)
			fake_says(login, rows[row].says);
		assert_int_equal(login->n_codes, 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void other_modes_have_nothing_to_prepare(void **state UNUSED)
{
	static const char *const sections[] = {
		SECTION, WEB, SECTION "mode = poll\nredirect_uri = https://a.example.org/\n",
	};

	for (size_t i = 0; i < N_ELEMENTS(sections); i++) {
		struct fake_method *method = dingtalk_method(sections[i]);
		struct login *login = fake_prepare(method);

		ended(login, FAKE_DONE, 0);
		assert_int_equal(login->n_requests, 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_test_asks_past_what_is_kept(void **state UNUSED)
{
	struct fake_method *method = dingtalk_method(WEB);
	struct login *login = fake_test(method);

	fake_reply(login, "dingtalk-token.http");
	fake_login_free(login);
	login = fake_test(method);
	assert_true(fake_asks(login, GET_TOKEN));
	dingtalk_api_error(login, 400, "invalidParameter.idOrSecret.notFound", "words");
	ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	login = fake_test(method);
	assert_true(fake_asks(login, GET_TOKEN));
	fake_login_free(login);
	fake_method_free(method);
}

static void a_test_of_the_app_is_its_token(void **state UNUSED)
{
	static const char *const sections[] = { SECTION, WEB };

	for (size_t i = 0; i < N_ELEMENTS(sections); i++) {
		struct fake_method *method = dingtalk_method(sections[i]);
		struct login *login = fake_test(method);

		assert_true(fake_asks(login, GET_TOKEN));
		fake_reply(login, "dingtalk-token.http");
		ended(login, FAKE_DONE, 0);
		assert_int_equal(login->n_requests, 1);
		fake_login_free(login);
		fake_method_free(method);
		method = dingtalk_method(sections[i]);
		login = fake_test(method);
		dingtalk_api_error(login, 400, "invalidParameter.idOrSecret.notFound", "words");
		ended(login, FAKE_FAILED, FAIL_CONFIG);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	for (int moment = 0; moment <= 2; moment++) {
		struct fake_method *method = method_new();
		struct login *login = moment == 2 ? start(method) : fake_start(method);

		if (moment == 1)
			fake_reply_json(login, 200, GOOD_GRANT);
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void nobody_is_sent_to_a_relay(void **state UNUSED)
{
	struct fake_method *method = method_new();

	assert_int_equal(dingtalk_provider.features_of(method->config),
			 PROVIDER_CONTACTS | PROVIDER_DELIVERS);
	fake_method_free(method);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_employee_approves_and_is_known),
		cmocka_unit_test(all_goes_by_the_proxy_and_to_the_configured_address),
		cmocka_unit_test(a_grant_is_whole_and_leads_to_the_vendor),
		cmocka_unit_test(every_word_of_a_poll_has_its_meaning),
		cmocka_unit_test(what_is_not_yes_ends_it),
		cmocka_unit_test(a_code_that_ran_out_is_renewed_on_a_key_press),
		cmocka_unit_test(no_answer_to_a_poll_slows_down),
		cmocka_unit_test(a_code_that_is_spent_was_somebody_else_s),
		cmocka_unit_test(whether_the_app_may_is_seen_before_anybody_needs_it),
		cmocka_unit_test(other_modes_have_nothing_to_prepare),
		cmocka_unit_test(a_test_of_the_app_is_its_token),
		cmocka_unit_test(a_test_asks_past_what_is_kept),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(nobody_is_sent_to_a_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
