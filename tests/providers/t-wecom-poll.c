/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wecom with mode = poll: the vendor's page, its key, its polls. What is not known ends
 * the login. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "providers/wecom-page.h"
#include "tests/providers/wecom-fixture.h"

#define POLL SECTION "mode = poll\nredirect_uri = https://sso.example.org/any\n"
#define KEY  "abcdef0123456789"
#define BASE "https://open.work.weixin.qq.com/wwopen/sso/"
#define POLLED BASE "l/qrConnect?callback=jsonpCallback&key=" KEY \
	       "&redirect_uri=https%3A%2F%2Fsso.example.org%2Fany&appid=" CORP "&_="

static struct fake_method *method_new(void)
{
	struct fake_method *method = wecom_method(POLL);

	method->link.redirect_uri = NULL;
	fake_set(method, "KEY", KEY);
	fake_set(method, "AUTH_CODE", CODE);
	return method;
}

/* Up to the first poll, which is open. */
static struct login *start(struct fake_method *method)
{
	struct login *login = fake_start(method);

	fake_reply(login, "wecom-page.http");
	fake_timer(login);
	return login;
}

static void ended(const struct login *login, enum fake_end end, int reason)
{
	wecom_ended(login, end, reason);
	assert_true(!login->detail || !strstr(login->detail, KEY));
}

static void a_member_scans_agrees_and_is_known(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = fake_start(method);

	assert_true(text_has_prefix(login->request->url,
				    BASE "qrConnect?appid=" CORP "&agentid=1000002"
				    "&redirect_uri=https%3A%2F%2Fsso.example.org%2Fany&state="));
	assert_true(text_has_suffix(login->request->url,
				    "&lang=zh&version=1.2.7&login_type=jssdk"));
	assert_int_equal(strcspn(strstr(login->request->url, "&state=") + 7, "&"), 32);
	assert_int_equal(login->request->max_body, 512 * 1024);
	assert_null(login->link);
	fake_reply(login, "wecom-page.http");
	assert_string_equal(login->link, BASE "confirm2?k=" KEY "&notretry=yes");
	assert_int_equal(login->n_codes, 1);
	assert_int_equal(login->timer_delay_ms, 1000);
	fake_timer(login);
	assert_true(text_has_prefix(login->request->url, POLLED));
	assert_null(strstr(login->request->url, "lastStatus"));
	assert_in_range(login->request->total_ms, 40000, 65000);
	assert_true(fake_has_header(login, "Referer: https://open.work.weixin.qq.com/"));
	fake_reply(login, "wecom-scan-never.http");
	fake_timer(login);
	assert_null(strstr(login->request->url, "lastStatus"));
	fake_answer(login, "");
	fake_reply(login, "wecom-scan-ing.http");
	fake_timer(login);
	assert_true(text_has_suffix(login->request->url, "&lastStatus=QRCODE_SCAN_ING"));
	fake_reply(login, "wecom-scan-succ.http");
	assert_int_equal(login->n_codes, 1);
	assert_true(text_has_prefix(login->request->url, API "gettoken?"));
	fake_reply(login, "wecom-token.http");
	assert_true(fake_asks(login, API "auth/getuserinfo?access_token=" TOKEN "&code=" CODE));
	fake_reply(login, "wecom-userid.http");
	fake_reply(login, "wecom-member.http");
	ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "wecom:" CORP);
	assert_string_equal(login->subject, "zhangsan");
	fake_login_free(login);
	fake_method_free(method);
}

static void all_goes_by_the_proxy_and_to_the_configured_address(void **state UNUSED)
{
	struct fake_method *method = wecom_method(
		POLL "proxy = http://192.0.2.1:3128\nqr_url = https://127.0.0.1:4430/sso\n");
	struct login *login;

	fake_set(method, "KEY", KEY);
	login = fake_start(method);
	assert_true(text_has_prefix(login->request->url, "https://127.0.0.1:4430/sso/qrConnect?"));
	assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
	fake_reply(login, "wecom-page.http");
	assert_string_equal(login->link, "https://127.0.0.1:4430/sso/confirm2?k=" KEY
			    "&notretry=yes");
	fake_timer(login);
	assert_true(text_has_prefix(login->request->url,
				    "https://127.0.0.1:4430/sso/l/qrConnect?callback="));
	assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
	assert_true(fake_has_header(login, "Referer: https://127.0.0.1:4430/"));
	fake_login_free(login);
	fake_method_free(method);
}

static void every_status_has_its_end(void **state UNUSED)
{
	static const struct {
		const char *status;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "QRCODE_SCAN_FAIL", FAKE_DENIED, DENY_REFUSED },
		{ "QRCODE_SCAN_SUCC", FAKE_FAILED, FAIL_PROVIDER },      /* without a code */
		{ "QRCODE_SCAN_NEW", FAKE_FAILED, FAIL_PROVIDER },
		{ "QRCODE_SCAN_SUCCESS", FAKE_FAILED, FAIL_PROVIDER },
		{ "qrcode_scan_never", FAKE_FAILED, FAIL_PROVIDER },
		{ "", FAKE_FAILED, FAIL_PROVIDER },
		{ "QRCODE_SCAN_NEVER", FAKE_RUNNING, 0 },
		{ "QRCODE_SCAN_ING", FAKE_RUNNING, 0 },
		{ "QRCODE_SCAN_ERR", FAKE_RUNNING, 0 },
		{ "QRCODE_SCAN_OVERDUE", FAKE_RUNNING, 0 },
		{ "QRCODE_SCAN_TIMEOUT", FAKE_RUNNING, 0 },
		{ "QRCODE_SCAN_CANCEL", FAKE_RUNNING, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new();
		struct login *login = start(method);

		fake_set(method, "STATUS", rows[i].status);
		fake_reply(login, "wecom-scan-other.http");
		if (rows[i].end == FAKE_RUNNING)
			assert_int_equal(login->end, FAKE_RUNNING);
		else
			ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_code_that_ran_out_is_renewed_twice_on_a_key_press(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = start(method);

	fake_set(method, "STATUS", "QRCODE_SCAN_ERR");
	for (unsigned n = 1; n <= 2; n++) {
		fake_reply(login, "wecom-scan-ing.http");
		fake_timer(login);
		fake_reply(login, "wecom-scan-other.http");
		assert_int_equal(login->timer_number, 0);
		assert_int_equal(login->request_number, 0);
		assert_non_null(strstr(login->prompt, "has expired"));
		fake_answer(login, "");
		assert_true(text_has_prefix(login->request->url, BASE "qrConnect?"));
		fake_reply(login, "wecom-page.http");
		assert_int_equal(login->n_codes, n + 1);
		fake_timer(login);
		assert_null(strstr(login->request->url, "lastStatus"));
	}
	fake_reply(login, "wecom-scan-other.http");
	ended(login, FAKE_DENIED, DENY_EXPIRED);
	fake_login_free(login);

	/* Nobody could scan another one in the time that is left. */
	login = start(method);
	fake_pass(login, FAKE_LOGIN_MS - 20000);
	fake_reply(login, "wecom-scan-other.http");
	ended(login, FAKE_DENIED, DENY_EXPIRED);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_poll_that_was_held_is_repeated_for_ever(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = start(method);

	fake_reply(login, "wecom-scan-ing.http");
	for (int i = 0; i < 10; i++) {
		fake_timer(login);
		assert_true(text_has_suffix(login->request->url, "&lastStatus=QRCODE_SCAN_ING"));
		fake_reply_lost(login, HTTP_TIMED_OUT);
		assert_int_equal(login->end, FAKE_RUNNING);
	}
	fake_login_free(login);
	fake_method_free(method);
}

static void three_lost_polls_in_a_row_are_borne(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = start(method);

	for (int round = 0; round < 2; round++) {
		fake_reply_lost(login, HTTP_BROKEN);
		fake_timer(login);
		fake_reply_lost(login, HTTP_NOT_SENT);
		fake_timer(login);
		fake_reply(login, "wecom-gateway.http");
		fake_timer(login);
		if (round == 0) {
			fake_reply(login, "wecom-scan-never.http");
			fake_timer(login);
		}
	}
	fake_reply_lost(login, HTTP_NO_HELPER);
	ended(login, FAKE_FAILED, FAIL_NETWORK);
	fake_login_free(login);
	fake_method_free(method);
}

static void an_answer_is_one_call_with_one_object(void **state UNUSED)
{
	static const char *const rows[] = {
		"",
		"{\"status\":\"QRCODE_SCAN_NEVER\"}",
		"jsonpCallback()",
		"jsonpCallback(",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_NEVER\"}",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_NEVER\"});",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_NEVER\"})\n",
		" jsonpCallback({\"status\":\"QRCODE_SCAN_NEVER\"})",
		"jsonpCallback ({\"status\":\"QRCODE_SCAN_NEVER\"})",
		"jsonpCallback2({\"status\":\"QRCODE_SCAN_NEVER\"})",
		"jsonpCallback(({\"status\":\"QRCODE_SCAN_NEVER\"}))",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_NEVER\"},1)",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_NEVER\"})jsonpCallback({})",
		"jsonpCallback([\"QRCODE_SCAN_NEVER\"])",
		"jsonpCallback({status:\"QRCODE_SCAN_NEVER\"})",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_ING\",\"status\":\"QRCODE_SCAN_NEVER\"})",
		"jsonpCallback({\"status\":1})",
		"jsonpCallback({\"status\":null})",
		"jsonpCallback({\"auth_code\":\"abc\"})",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_NEVER\",\"auth_code\":\"abc\"})",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_FAIL\",\"auth_code\":\"abc\"})",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_SUCC\"})",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_SUCC\",\"auth_code\":7})",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_SUCC\",\"auth_code\":[\"abc\"]})",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_SUCC\",\"auth_code\":\"a\\nb\"})",
		"jsonpCallback({\"status\":\"QRCODE_SCAN_SUCC\",\"auth_code\":\"张\"})",
		"<html>gateway</html>",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = method_new();
		struct login *login = start(method);
		struct http_reply reply = fake_http_reply(200, "text/javascript", rows[i]);

		fake_reply_whole(login, &reply);
		if (login->end != FAKE_FAILED)
			fail_msg("%s", rows[i]);
		ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_code_from_a_poll_has_its_length(void **state UNUSED)
{
	for (size_t len = 512; len <= 513; len++) {
		struct fake_method *method = method_new();
		struct login *login = start(method);
		char code[514];

		memset(code, 'c', len);
		code[len] = '\0';
		fake_set(method, "AUTH_CODE", code);
		fake_reply(login, "wecom-scan-succ.http");
		assert_int_equal(login->end, len == 512 ? FAKE_RUNNING : FAKE_FAILED);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_status_that_is_no_answer_ends_it(void **state UNUSED)
{
	static const uint32_t statuses[] = { 201, 302, 400, 403, 404, 429, 500, 501 };

	for (size_t i = 0; i < N_ELEMENTS(statuses); i++) {
		struct fake_method *method = method_new();
		struct login *login = start(method);
		struct http_reply reply = fake_http_reply(
			statuses[i], "text/javascript",
			"jsonpCallback({\"status\":\"QRCODE_SCAN_NEVER\",\"auth_code\":\"\"})");

		fake_reply_whole(login, &reply);
		ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_page_is_what_it_was_or_nothing(void **state UNUSED)
{
	static const struct {
		const char *file;                /* NULL: no page */
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "wecom-page.http", FAKE_RUNNING, 0 },
		{ "wecom-page-setup.http", FAKE_FAILED, FAIL_CONFIG },
		{ "wecom-page-other.http", FAKE_FAILED, FAIL_PROVIDER },
		{ "html.http", FAKE_FAILED, FAIL_PROVIDER },
		{ "wecom-userid.http", FAKE_FAILED, FAIL_PROVIDER },
		{ "wecom-gateway.http", FAKE_FAILED, FAIL_PROVIDER },
		{ NULL, FAKE_FAILED, FAIL_NETWORK },
	};
	static const enum http_result lost[] = {         /* late, cut or too long, not at all */
		HTTP_TIMED_OUT, HTTP_BROKEN, HTTP_NOT_SENT
	};

	for (size_t i = 0; i < N_ELEMENTS(rows) + N_ELEMENTS(lost) - 1; i++) {
		size_t row = MIN(i, N_ELEMENTS(rows) - 1);
		struct fake_method *method = method_new();
		struct login *login = fake_start(method);

		if (rows[row].file)
			fake_reply(login, rows[row].file);
		else
			fake_reply_lost(login, lost[i - row]);
		if (rows[row].end == FAKE_RUNNING)
			assert_int_equal(login->end, FAKE_RUNNING);
		else
			ended(login, rows[row].end, rows[row].reason);
		assert_int_equal(login->n_codes, rows[row].end == FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

#define LONGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static void a_key_stands_in_an_image_or_in_the_settings(void **state UNUSED)
{
	static const struct {
		const char *page;
		enum scan_page result;
		const char *key;
	} rows[] = {
		{ "<img src=\"//x/qrImg?key=" KEY "\">", SCAN_PAGE_KEY, KEY },
		{ "<img src='qrImg?key=" KEY "&x=1'>", SCAN_PAGE_KEY, KEY },
		{ "qrImg?key=" KEY, SCAN_PAGE_KEY, KEY },
		{ "qrImg?key=A_b-567890123456", SCAN_PAGE_KEY, "A_b-567890123456" },
		{ "qrImg?key=" LONGEST "f", SCAN_PAGE_KEY, LONGEST "f" },
		{ "qrImg?key=" LONGEST "ff", SCAN_PAGE_UNKNOWN, NULL },
		{ "qrImg?key=abcdef012345678", SCAN_PAGE_UNKNOWN, NULL },
		{ "qrImg?key=", SCAN_PAGE_UNKNOWN, NULL },
		{ "qrImg?key=" KEY " qrImg?key=" KEY, SCAN_PAGE_KEY, KEY },
		{ "qrImg?key=" KEY " qrImg?key=bbbbbb0123456789", SCAN_PAGE_UNKNOWN, NULL },
		{ "qrImg?key=" KEY " qrImg?key=short", SCAN_PAGE_UNKNOWN, NULL },
		{ "qrImg?key=short qrImg?key=" KEY, SCAN_PAGE_UNKNOWN, NULL },
		{ "qrImg?Key=" KEY, SCAN_PAGE_UNKNOWN, NULL },
		{ "window.settings = {key:\"" KEY "\"};</script>", SCAN_PAGE_KEY, KEY },
		{ "window.settings={\"key\" : '" KEY "'}</script>", SCAN_PAGE_KEY, KEY },
		{ "window.settings = {'a':1,\tkey: \"" KEY "\"\n}</script>", SCAN_PAGE_KEY, KEY },
		{ "window.settings = {key:\"" KEY "\"}", SCAN_PAGE_UNKNOWN, NULL },    /* cut */
		{ "window.settings = {key:\"" KEY "</script>", SCAN_PAGE_UNKNOWN, NULL },
		{ "window.settings = {key:\"" KEY "' }</script>", SCAN_PAGE_UNKNOWN, NULL },
		{ "window.settings = {key:\"abc def 0123456789\"}</script>", SCAN_PAGE_UNKNOWN,
		  NULL },
		{ "window.settings = {key:\"" KEY "\"+x}</script>", SCAN_PAGE_KEY, KEY },
		{ "window.settings = {qrkey:\"" KEY "\"}</script>", SCAN_PAGE_UNKNOWN, NULL },
		{ "window.settings = {keys:\"" KEY "\"}</script>", SCAN_PAGE_UNKNOWN, NULL },
		{ "window.settings = {}</script><script>x = {key:\"" KEY "\"}</script>",
		  SCAN_PAGE_UNKNOWN, NULL },
		{ "x = {key:\"" KEY "\"}</script>", SCAN_PAGE_UNKNOWN, NULL },
		{ "window.settings = {key:\"" KEY "\"}</script>qrImg?key=bbbbbb0123456789",
		  SCAN_PAGE_UNKNOWN, NULL },
		{ "window.settings = {key:\"" KEY "\",errCode:0}</script>", SCAN_PAGE_KEY, KEY },
		{ "window.settings = {key:\"" KEY "\",errCode:1}</script>",
		  SCAN_PAGE_SETUP, NULL },
		{ "window.settings = {key:\"" KEY "\",\"errCode\":\"-2\"}</script>",
		  SCAN_PAGE_SETUP, NULL },
		{ "window.settings = {key:\"" KEY "\",errCode : '40029'}</script>",
		  SCAN_PAGE_SETUP, NULL },
		{ "window.settings = {key:\"" KEY "\",errCode:000}</script>", SCAN_PAGE_KEY, KEY },
		{ "window.settings = {key:\"" KEY "\",errCode:null}</script>",
		  SCAN_PAGE_KEY, KEY },
		{ "qrImg?key=" KEY " 参数错误", SCAN_PAGE_SETUP, NULL },
		{ "应用已删除", SCAN_PAGE_SETUP, NULL },
		{ "no key", SCAN_PAGE_UNKNOWN, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_reply reply = fake_http_reply(200, "text/html", rows[i].page);
		char key[WECOM_KEY_MAX + 1] = "as before";
		enum scan_page result = wecom_read_page(&reply, key);

		if (result != rows[i].result)
			fail_msg("%s: %d", rows[i].page, result);
		assert_string_equal(key, rows[i].key ? rows[i].key : "as before");
		http_reply_done(&reply);
	}
}

static void a_page_has_no_nul_and_is_html(void **state UNUSED)
{
	static const char page[] = "qrImg?key=" KEY "\0 errCode:1";
	struct http_reply reply = fake_http_reply(200, "text/html", "");
	char key[WECOM_KEY_MAX + 1];

	assert_int_equal(wecom_read_page(&reply, key), SCAN_PAGE_UNKNOWN);
	reply.body = secret_new(page, sizeof(page) - 1);
	assert_int_equal(wecom_read_page(&reply, key), SCAN_PAGE_UNKNOWN);
	http_reply_done(&reply);
	reply = fake_http_reply(200, "application/json", "qrImg?key=" KEY);
	assert_int_equal(wecom_read_page(&reply, key), SCAN_PAGE_UNKNOWN);
	http_reply_done(&reply);
}

/* Who saw the key on the screen can poll too, and had the code before us. */
static void a_code_somebody_else_used_is_an_alert(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = start(method);

	fake_reply(login, "wecom-scan-succ.http");
	fake_reply(login, "wecom-token.http");
	wecom_error(login, "40029", "invalid code");
	ended(login, FAKE_DENIED, DENY_INVALID);
	fake_login_free(login);

	/* Here it may have been ourselves. */
	login = start(method);
	fake_reply(login, "wecom-scan-succ.http");
	wecom_error(login, "-1", "system busy");
	fake_timer(login);
	wecom_error(login, "40029", "invalid code");
	ended(login, FAKE_DENIED, DENY_REFUSED);
	fake_login_free(login);
	fake_method_free(method);
}

static void who_agreed_must_be_a_member_here_too(void **state UNUSED)
{
	struct fake_method *method = method_new();
	struct login *login = start(method);

	fake_reply(login, "wecom-scan-succ.http");
	fake_reply(login, "wecom-token.http");
	fake_reply(login, "wecom-openid.http");
	ended(login, FAKE_DENIED, DENY_FILTERED);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	for (int n_steps = 0; n_steps <= 4; n_steps++) {
		struct fake_method *method = method_new();
		struct login *login = fake_start(method);
		int step = 0;

		fake_set(method, "STATUS", "QRCODE_SCAN_ERR");
		if (step++ < n_steps)
			fake_reply(login, "wecom-page.http");
		if (step++ < n_steps)
			fake_timer(login);
		if (step++ < n_steps)
			fake_reply(login, n_steps == 4 ? "wecom-scan-succ.http" :
							 "wecom-scan-other.http");
		if (step++ < n_steps)
			fake_reply(login, "wecom-token.http");
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_scans_agrees_and_is_known),
		cmocka_unit_test(all_goes_by_the_proxy_and_to_the_configured_address),
		cmocka_unit_test(every_status_has_its_end),
		cmocka_unit_test(a_code_that_ran_out_is_renewed_twice_on_a_key_press),
		cmocka_unit_test(a_poll_that_was_held_is_repeated_for_ever),
		cmocka_unit_test(three_lost_polls_in_a_row_are_borne),
		cmocka_unit_test(an_answer_is_one_call_with_one_object),
		cmocka_unit_test(a_code_from_a_poll_has_its_length),
		cmocka_unit_test(a_status_that_is_no_answer_ends_it),
		cmocka_unit_test(a_page_is_what_it_was_or_nothing),
		cmocka_unit_test(a_key_stands_in_an_image_or_in_the_settings),
		cmocka_unit_test(a_page_has_no_nul_and_is_html),
		cmocka_unit_test(a_code_somebody_else_used_is_an_alert),
		cmocka_unit_test(who_agreed_must_be_a_member_here_too),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
