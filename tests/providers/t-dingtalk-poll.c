/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type dingtalk with mode = poll: the vendor's page, its code, its polls, up to the employee.
 * What each answer means is in t-dingtalk-page.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/dingtalk-fixture.h"
#include "tests/providers/scan-cases.h"

#define URI       "https://sso.example.org/any"
#define POLL      SECTION "mode = poll\nredirect_uri = " URI "\n"
#define LOGIN_URL "https://login.dingtalk.com/oauth2/"
#define TICKET    "7c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f"
#define LINK      LOGIN_URL "qr_confirm.htm?code=" TICKET
#define COOKIE    "u0pen=c00kieThatNobodyShallReadInALog"
#define WAITING   "{\"success\":false,\"errorCode\":\"11021\"}"
#define SCANNED   "{\"success\":false,\"errorCode\":\"11041\"}"
#define EXPIRED   "{\"success\":false,\"errorCode\":\"11019\"}"
#define TRANSIENT "{\"success\":false,\"errorCode\":\"283960126\"}"
#define AGREED    "{\"success\":true,\"result\":{\"needConsent\":false," \
		  "\"secondaryValidationResult\":\"v4lid\"}}"

static struct fake_method *method_new(const char *section)
{
	struct fake_method *method = dingtalk_method(section);

	method->link.redirect_uri = NULL;
	fake_set(method, "TICKET", TICKET);
	return method;
}

static void ended(const struct login *login, enum fake_end end, int reason)
{
	dingtalk_ended(login, end, reason);
	assert_true(!login->detail || !strstr(login->detail, TICKET));
	assert_true(!login->detail || !strstr(login->detail, "c00kie"));
}

/* The value of `state=` in an address or a form; 32 hexadecimal digits. */
static char *state_of(const char *text)
{
	const char *at = strstr(text, "&state=");
	char state[33];

	assert_non_null(at);
	at += strlen("&state=");
	assert_int_equal(strspn(at, "0123456789abcdef"), 32);
	memcpy(state, at, 32);
	state[32] = '\0';
	return text_copy(state);
}

static char *parameters(const char *state)
{
	return text_format("client_id=" KEY "&redirect_uri=https%%3A%%2F%%2Fsso.example.org%%2Fany"
			   "&response_type=code&scope=openid+corpid&state=%s&prompt=consent",
			   state);
}

static void is_post(const struct login *login, const char *path, const char *state,
		    const char *more)
{
	_cleanup_free_ char *same = parameters(state);
	_cleanup_free_ char *url = text_format(LOGIN_URL "%s", path);
	_cleanup_free_ char *body = text_format("%s%s", same, more);
	_cleanup_free_ char *referer = text_format("Referer: " LOGIN_URL "challenge.htm?%s", same);

	assert_true(fake_asks(login, url));
	assert_int_equal(login->request->method, HTTP_POST);
	assert_string_equal(login->request->body->data, body);
	assert_true(fake_has_header(login, "Content-Type: application/x-www-form-urlencoded"));
	assert_true(fake_has_header(login, referer));
	assert_true(fake_has_header(login, "Origin: https://login.dingtalk.com"));
	assert_int_equal(login->request->max_body, 64 * 1024);
}

static void show(struct login *login)
{
	fake_reply(login, "dingtalk-page.http");
	fake_reply(login, "dingtalk-qr.http");
}

/* Up to the first poll, which is open. */
static struct login *start(struct fake_method *method)
{
	struct login *login = fake_start(method);

	show(login);
	fake_timer(login);
	return login;
}

static void confirm(struct login *login)
{
	_cleanup_free_ char *state = state_of(login->request->body->data);
	_cleanup_free_ char *body = text_format("{\"success\":true,\"result\":{\"url\":\""
						URI "?authCode=" CODE "&state=%s\"}}", state);

	fake_reply_json(login, 200, body);
}

static void an_employee_scans_agrees_and_is_known(void **state UNUSED)
{
	struct fake_method *method = method_new(POLL);
	struct login *login = fake_start(method);
	_cleanup_free_ char *nonce = state_of(login->request->url);
	_cleanup_free_ char *same = parameters(nonce);
	_cleanup_free_ char *page = text_format(LOGIN_URL "challenge.htm?%s", same);

	assert_true(fake_asks(login, page));
	assert_int_equal(login->request->method, HTTP_GET);
	assert_int_equal(login->request->max_body, 512 * 1024);
	assert_false(fake_has_header(login, "Cookie: " COOKIE));
	fake_reply(login, "dingtalk-page.http");
	is_post(login, "generate_qrcode", nonce, "");
	assert_true(fake_has_header(login, "Cookie: " COOKIE));
	assert_null(login->link);
	fake_reply(login, "dingtalk-qr.http");
	assert_string_equal(login->link, LINK);
	assert_int_equal(login->n_codes, 1);
	assert_int_equal(login->request_number, 0);
	assert_int_equal(login->timer_delay_ms, 1000);
	fake_timer(login);
	is_post(login, "login_with_qr", nonce, "&code=" TICKET "&exclusiveCorpId=&stayLogin=false"
		"&corpId=" CORP);
	assert_in_range(login->request->total_ms, 10000, 30000);
	assert_true(fake_has_header(login, "Cookie: " COOKIE "; second=2"));
	fake_reply_json(login, 200, WAITING);
	fake_answer(login, "");
	assert_int_equal(login->request_number, 0);
	assert_int_equal(login->timer_delay_ms, 1000);
	fake_timer(login);
	fake_reply_json(login, 200, SCANNED);
	fake_timer(login);
	fake_reply_json(login, 200, AGREED);
	is_post(login, "confirm_auth", nonce, "&corpId=" CORP
		"&secondaryValidationResult=v4lid");
	assert_true(login->request->once);
	confirm(login);
	assert_true(fake_asks(login, USER_TOKENS));
	assert_true(fake_body_has(login, "\"code\":\"" CODE "\""));
	assert_false(fake_has_header(login, "Cookie: " COOKIE "; second=2"));
	dingtalk_finish(login, STAGE_USER_TOKEN);
	ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "dingtalk:" CORP);
	assert_string_equal(login->subject, USERID);
	assert_int_equal(login->n_codes, 1);
	fake_login_free(login);
	fake_method_free(method);
}

static void all_goes_by_the_proxy_and_to_the_configured_address(void **state UNUSED)
{
	static const char link[] = "{\"success\":true,\"result\":\""
				   "https://127.0.0.1:4430/l/oauth2/qr_confirm.htm?code=abc\"}";
	static const char *const paths[] = { "generate_qrcode", "login_with_qr", "confirm_auth" };
	struct fake_method *method = method_new(POLL "proxy = http://192.0.2.1:3128\n"
						"login_url = https://127.0.0.1:4430/l\n");
	struct login *login = fake_start(method);
	const char *const replies[] = { link, AGREED };

	assert_true(text_has_prefix(login->request->url,
				    "https://127.0.0.1:4430/l/oauth2/challenge.htm?client_id="));
	assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
	fake_reply(login, "dingtalk-page.http");
	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		_cleanup_free_ char *url = text_format("https://127.0.0.1:4430/l/oauth2/%s",
						       paths[i]);

		assert_true(fake_asks(login, url));
		assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
		assert_true(fake_has_header(login, "Origin: https://127.0.0.1:4430"));
		if (i < N_ELEMENTS(replies))
			fake_reply_json(login, 200, replies[i]);
		if (i == 0)
			fake_timer(login);
	}
	assert_string_equal(login->link, "https://127.0.0.1:4430/l/oauth2/qr_confirm.htm?code=abc");
	fake_login_free(login);
	fake_method_free(method);
}

static void the_page_s_organisation_goes_into_the_polls(void **state UNUSED)
{
	struct fake_method *method = method_new(POLL);
	struct login *login = fake_start(method);
	struct http_reply page = fake_http_reply(
		200, "text/html", "window.__LOGIN_PAGE_VARS = {needLogin:true,"
		"exclusiveCorpId:'" CORP "'};");

	fake_reply_whole(login, &page);
	fake_reply(login, "dingtalk-qr.http");
	fake_timer(login);
	assert_true(fake_body_has(login, "&exclusiveCorpId=" CORP "&"));
	fake_login_free(login);
	fake_method_free(method);
}

/* What the poll, or another request, is answered, and how that ends. */
static void what_is_not_known_ends_it(void **state UNUSED)
{
	static const struct {
		unsigned n_before;               /* good replies: page, code, yes */
		const char *body;
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ 0, "{\"status\":1111,\"wait\":5}", FAKE_DENIED, DENY_BUSY, "1111 challenge.htm" },
		{ 0, "{}", FAKE_FAILED, FAIL_PROVIDER, "not as it was" },
		{ 1, "{\"success\":false,\"errorCode\":\"7\",\"errorMsg\":\"clientId is blank\"}",
		  FAKE_FAILED, FAIL_PROVIDER, "7 generate_qrcode: an error; clientId is blank" },
		{ 1, "{\"success\":true,\"result\":\"https://example.org/\"}", FAKE_FAILED,
		  FAIL_PROVIDER, "generate_qrcode: no link" },
		{ 2, "{\"success\":false,\"errorCode\":\"7\",\"errorMsg\":\"" TICKET "\"}",
		  FAKE_FAILED, FAIL_PROVIDER, "7 login_with_qr: an error; ..." },
		{ 2, "{\"success\":false,\"errorCode\":\"7\",\"context\":\"{\\\"url\\\":1}\"}",
		  FAKE_DENIED, DENY_REFUSED, "login_with_qr: more is wanted than a scan" },
		{ 2, "{\"success\":true,\"result\":{\"needConsent\":true}}", FAKE_DENIED,
		  DENY_REFUSED, "login_with_qr: needConsent: more is wanted" },
		{ 2, "{\"success\":true,\"result\":{\"chooseOrganization\":true}}", FAKE_DENIED,
		  DENY_REFUSED, "chooseOrganization: more is wanted" },
		{ 2, "{\"status\":1111}", FAKE_DENIED, DENY_BUSY, "1111 login_with_qr" },
		{ 3, "{\"success\":true,\"result\":{\"url\":\"https://example.org/?code=a\"}}",
		  FAKE_DENIED, DENY_INVALID, "confirm_auth: not to our redirect_uri" },
		{ 3, "{\"success\":true,\"result\":{\"url\":\"" URI "?code=a&state=" STATE "\"}}",
		  FAKE_DENIED, DENY_INVALID, "confirm_auth: not with our state" },
		{ 3, "{\"success\":false,\"errorCode\":\"7\"}", FAKE_FAILED, FAIL_PROVIDER,
		  "7 confirm_auth" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(POLL);
		struct login *login = rows[i].n_before >= 2 ? start(method) : fake_start(method);

		if (rows[i].n_before == 1)
			fake_reply(login, "dingtalk-page.http");
		if (rows[i].n_before == 3)
			fake_reply_json(login, 200, AGREED);
		fake_reply_json(login, 200, rows[i].body);
		ended(login, rows[i].end, rows[i].reason);
		fake_says(login, rows[i].says);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void no_answer_ends_it_but_to_a_poll(void **state UNUSED)
{
	static const enum http_result results[] = {
		HTTP_NOT_SENT, HTTP_TIMED_OUT, HTTP_BROKEN, HTTP_NO_HELPER
	};

	for (size_t i = 0; i < N_ELEMENTS(results); i++) {
		for (unsigned n_before = 0; n_before <= 3; n_before++) {
			struct fake_method *method = method_new(POLL);
			struct login *login = n_before >= 2 ? start(method) : fake_start(method);

			if (n_before == 1)
				fake_reply(login, "dingtalk-page.http");
			if (n_before == 3)
				fake_reply_json(login, 200, AGREED);
			fake_reply_lost(login, results[i]);
			if (n_before == 2)
				assert_int_equal(login->timer_delay_ms, 1000);
			else
				ended(login, FAKE_FAILED, FAIL_NETWORK);
			fake_login_free(login);
			fake_method_free(method);
		}
	}
}

static void an_error_that_passes_is_borne_like_a_lost_poll(void **state UNUSED)
{
	static const struct {
		const char *body;                /* the last; NULL: none */
		int reason;
	} rows[] = { { TRANSIENT, FAIL_PROVIDER }, { NULL, FAIL_NETWORK } };

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new(POLL);
		struct login *login = start(method);

		for (int round = 0; round < 2; round++) {
			fake_reply_lost(login, HTTP_TIMED_OUT);
			fake_timer(login);
			fake_reply_json(login, 200, TRANSIENT);
			fake_timer(login);
			fake_reply(login, "wecom-gateway.http");
			fake_timer(login);
			if (round == 0) {
				fake_reply_json(login, 200, SCANNED);
				fake_timer(login);
			}
		}
		if (rows[i].body)
			fake_reply_json(login, 200, rows[i].body);
		else
			fake_reply_lost(login, HTTP_BROKEN);
		ended(login, FAKE_FAILED, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static struct fake_method *polling_method(void)
{
	return method_new(POLL);
}

static const struct scan_vendor vendor = {
	.method_new = polling_method,
	.show = show,
	.ended = ended,
	.page = LOGIN_URL "challenge.htm?",
	.type = "application/json",
	.nobody = WAITING,
	.seen = SCANNED,
	.over = EXPIRED,
};

static void another_code_has_no_cookies_and_another_state(void **state UNUSED)
{
	struct fake_method *method = method_new(POLL);
	struct login *login = start(method);
	_cleanup_free_ char *before = state_of(login->request->body->data);
	_cleanup_free_ char *after = NULL;

	fake_reply_json(login, 200, EXPIRED);
	fake_answer(login, "");
	after = state_of(login->request->url);
	assert_string_not_equal(before, after);
	/* This page's alone. */
	fake_reply(login, "dingtalk-page.http");
	assert_true(fake_has_header(login, "Cookie: " COOKIE));
	fake_login_free(login);
	fake_method_free(method);
}

static void an_address_that_is_shut_out_is_left_alone(void **state UNUSED)
{
	struct fake_method *method = method_new(POLL);
	struct login *login = start(method), *next;

	fake_reply_json(login, 200, "{\"status\":1111,\"wait\":5}");
	ended(login, FAKE_DENIED, DENY_BUSY);
	fake_pass(login, 299999);
	next = fake_start(method);
	ended(next, FAKE_DENIED, DENY_BUSY);
	assert_int_equal(next->n_requests, 0);
	fake_login_free(next);
	fake_pass(login, 1);
	next = fake_start(method);
	assert_int_equal(next->n_requests, 1);
	fake_login_free(next);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_code_that_is_spent_was_somebody_else_s(void **state UNUSED)
{
	struct fake_method *method = method_new(POLL);
	struct login *login = start(method);

	fake_reply_json(login, 200, AGREED);
	confirm(login);
	dingtalk_api_error(login, 400, "invalidParameter.authCode.notFound", "words");
	ended(login, FAKE_DENIED, DENY_INVALID);
	fake_login_free(login);
	fake_method_free(method);
}

static void what_does_not_fit_into_a_request_fails(void **state UNUSED)
{
	char path[1901];
	_cleanup_free_ char *section = NULL;
	struct fake_method *method;
	struct login *login;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	section = text_format(SECTION "mode = poll\nredirect_uri = https://a.example.org/%s\n",
			      path);
	method = method_new(section);
	login = fake_start(method);
	ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_sysadmin_can_try_it(void **state UNUSED)
{
	struct fake_method *method = method_new(POLL);
	struct login *login = fake_test(method);

	fake_reply(login, "dingtalk-page.http");
	fake_reply(login, "dingtalk-qr.http");
	assert_true(fake_asks(login, GET_TOKEN));
	fake_reply(login, "dingtalk-token.http");
	ended(login, FAKE_DONE, 0);
	assert_string_equal(login->said, "The vendor's page is as it was and has a code.\n"
			    "The vendor takes app_key and app_secret.\n");
	assert_int_equal(login->n_codes, 0);
	fake_login_free(login);
	login = fake_test(method);
	fake_reply(login, "html.http");
	ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	for (int moment = 0; moment <= 5; moment++) {
		struct fake_method *method = method_new(POLL);
		struct login *login = moment >= 3 ? start(method) : fake_start(method);

		if (moment == 1)
			fake_reply(login, "dingtalk-page.http");
		if (moment == 2)
			show(login);
		if (moment == 4)
			fake_reply_json(login, 200, EXPIRED);
		if (moment == 5)
			fake_reply_json(login, 200, AGREED);
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_address_belongs_to_the_mode(void **state UNUSED)
{
	static const char *const sections[] = {
		SECTION "mode = poll\napp_secret_file = /x\n",
		SECTION "mode = device\nredirect_uri = " URI "\n",
		SECTION "redirect_uri = " URI "\n",
		SECTION "mode = poll\nredirect_uri = http://sso.example.org/\n",
	};

	for (size_t i = 0; i < N_ELEMENTS(sections); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes(&dingtalk_provider, sections[i]);

		if (!strstr(mistakes, "redirect_uri"))
			fail_msg("%s: %s", sections[i], mistakes);
	}
}

static void nobody_is_sent_to_a_relay(void **state UNUSED)
{
	struct fake_method *method = method_new(POLL);

	assert_int_equal(dingtalk_provider.features_of(method->config),
			 PROVIDER_CONTACTS | PROVIDER_DELIVERS);
	fake_method_free(method);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCAN_CASES(&vendor),
		cmocka_unit_test(an_employee_scans_agrees_and_is_known),
		cmocka_unit_test(all_goes_by_the_proxy_and_to_the_configured_address),
		cmocka_unit_test(the_page_s_organisation_goes_into_the_polls),
		cmocka_unit_test(what_is_not_known_ends_it),
		cmocka_unit_test(no_answer_ends_it_but_to_a_poll),
		cmocka_unit_test(an_error_that_passes_is_borne_like_a_lost_poll),
		cmocka_unit_test(another_code_has_no_cookies_and_another_state),
		cmocka_unit_test(an_address_that_is_shut_out_is_left_alone),
		cmocka_unit_test(a_code_that_is_spent_was_somebody_else_s),
		cmocka_unit_test(what_does_not_fit_into_a_request_fails),
		cmocka_unit_test(a_sysadmin_can_try_it),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(the_address_belongs_to_the_mode),
		cmocka_unit_test(nobody_is_sent_to_a_relay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
