/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wechat with mode = poll: the vendor's page, its uuid, its polls. What is not known ends
 * the login. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/wechat-page.h"
#include "tests/providers/wechat-fixture.h"

#define POLL   SECTION "mode = poll\nredirect_uri = https://sso.example.org/any\n"
#define UUID   "081wmAgu0U6jzx1V"
#define POLLED "https://lp.open.weixin.qq.com/connect/l/qrconnect?uuid=" UUID
#define LAST   "&last=404"
#define NOW    "&_=1767323046000"    /* a second behind the beginning */

#define SAID(errcode, code) "window.wx_errcode=" errcode ";window.wx_code='" code "';"
#define NOBODY SAID("408", "")
#define SEEN   SAID("404", "")
#define AGREED SAID("405", CODE)
#define OVER   SAID("402", "")

#define PAGE(inside) "<!DOCTYPE html>\n<html><body>" inside "</body></html>"
#define IMAGE(uuid)  "<img class=\"qrcode lightBorder\" src=\"/connect/qrcode/" uuid "\" />"

static void say(struct login *login, const char *type, const char *body)
{
	struct http_reply reply = fake_http_reply(200, type, body);

	fake_reply_whole(login, &reply);
}

static void say_page(struct login *login)
{
	say(login, "text/html", PAGE(IMAGE(UUID)));
}

static void say_poll(struct login *login, const char *body)
{
	say(login, "text/javascript", body);
}

/* Up to the first poll, which is open. */
static struct login *start(struct fake_method *method)
{
	struct login *login = fake_start(method);

	say_page(login);
	fake_timer(login);
	return login;
}

static void ended(const struct login *login, enum fake_end end, int reason)
{
	wechat_ended(login, end, reason);
	assert_true(!login->detail || !strstr(login->detail, UUID));
}

static void a_person_scans_agrees_and_is_known(void **state UNUSED)
{
	struct fake_method *method = wechat_method(POLL);
	struct login *login = fake_start(method);
	const char *sent_state = strstr(login->request->url, "&state=");

	assert_true(text_has_prefix(login->request->url,
				    OPEN "qrconnect?appid=" APP
				    "&redirect_uri=https%3A%2F%2Fsso.example.org%2Fany"
				    "&response_type=code&scope=snsapi_login&state="));
	assert_int_equal(strlen(sent_state), strlen("&state=") + 32);
	assert_int_equal(login->request->max_body, 512 * 1024);
	assert_null(login->link);
	say_page(login);
	assert_string_equal(login->link, OPEN "confirm?uuid=" UUID);
	assert_int_equal(login->n_codes, 1);
	assert_int_equal(login->timer_delay_ms, 1000);
	fake_timer(login);
	assert_true(fake_asks(login, POLLED NOW));
	assert_in_range(login->request->total_ms, 35000, 60000);
	assert_true(fake_has_header(login, "Referer: https://open.weixin.qq.com/"));
	say_poll(login, NOBODY);
	fake_timer(login);
	assert_true(text_has_prefix(login->request->url, POLLED "&_="));
	fake_answer(login, "");
	say_poll(login, SEEN);
	fake_timer(login);
	assert_true(text_has_prefix(login->request->url, POLLED LAST "&_="));
	say_poll(login, NOBODY);
	fake_timer(login);
	assert_true(text_has_prefix(login->request->url, POLLED "&_="));
	say_poll(login, AGREED);
	assert_int_equal(login->n_codes, 1);
	wechat_let_in(login);
	fake_method_free(method);
}

static void all_goes_by_the_proxy_and_to_the_configured_addresses(void **state UNUSED)
{
	struct fake_method *method = wechat_method(
		POLL "proxy = http://192.0.2.1:3128\nopen_url = https://127.0.0.1:4430/open\n"
		"poll_url = https://127.0.0.1:4431\n");
	struct login *login = fake_start(method);

	assert_true(text_has_prefix(login->request->url,
				    "https://127.0.0.1:4430/open/connect/qrconnect?"));
	assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
	say_page(login);
	assert_string_equal(login->link, "https://127.0.0.1:4430/open/connect/confirm?uuid=" UUID);
	fake_timer(login);
	assert_true(text_has_prefix(login->request->url,
				    "https://127.0.0.1:4431/connect/l/qrconnect?uuid=" UUID));
	assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
	assert_true(fake_has_header(login, "Referer: https://127.0.0.1:4430/"));
	fake_login_free(login);
	fake_method_free(method);
}

static void every_status_has_its_end(void **state UNUSED)
{
	static const struct {
		const char *body;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ NOBODY, FAKE_RUNNING, 0 },
		{ SEEN, FAKE_RUNNING, 0 },
		{ AGREED, FAKE_RUNNING, 0 },
		{ OVER, FAKE_RUNNING, 0 },
		{ SAID("500", ""), FAKE_RUNNING, 0 },
		{ SAID("403", ""), FAKE_DENIED, DENY_REFUSED },
		{ SAID("405", ""), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("400", ""), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("401", ""), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("406", ""), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("407", ""), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("409", ""), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("200", CODE), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("666", ""), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("000", ""), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("408", CODE), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("404", CODE), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("403", CODE), FAKE_FAILED, FAIL_PROVIDER },
		{ SAID("402", CODE), FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(POLL);
		struct login *login = start(method);

		say_poll(login, rows[i].body);
		if (login->end != rows[i].end)
			fail_msg("%s: %d", rows[i].body, login->end);
		if (rows[i].end != FAKE_RUNNING)
			ended(login, rows[i].end, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void an_answer_is_two_assignments_and_not_a_byte_more(void **state UNUSED)
{
	static const char *const rows[] = {
		"",
		"window.wx_errcode=408;",
		"window.wx_errcode=408;window.wx_code='",
		"window.wx_errcode=408;window.wx_code=''",
		NOBODY "\n",
		NOBODY ";",
		" " NOBODY,
		NOBODY NOBODY,
		NOBODY "alert(1);",
		"window.wx_errcode=405;window.wx_code=\"" CODE "\";",
		"window.wx_errcode = 408;window.wx_code = '';",
		"window.wx_code='';window.wx_errcode=408;",
		"window.wx_errcode=4080;window.wx_code='';",
		"window.wx_errcode=40;window.wx_code='';",
		"window.wx_errcode=+40;window.wx_code='';",
		"window.wx_errcode=-40;window.wx_code='';",
		"window.wx_errcode= 40;window.wx_code='';",
		"window.wx_errcode=4e2;window.wx_code='';",
		"window.wx_errcode=0x4;window.wx_code='';",
		"Window.wx_errcode=408;window.wx_code='';",
		SAID("405", "a b"),
		SAID("405", "a'+document.cookie+'b"),
		SAID("405", "a\\x27b"),
		SAID("405", "a.b"),
		SAID("405", "张"),
		"{\"wx_errcode\":408,\"wx_code\":\"\"}",
		"<html>gateway</html>",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(POLL);
		struct login *login = start(method);

		say_poll(login, rows[i]);
		if (login->end != FAKE_FAILED)
			fail_msg("%s", rows[i]);
		ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_code_from_a_poll_has_its_length(void **state UNUSED)
{
	for (int len = 127; len <= 129; len++) {
		struct fake_method *method = wechat_method(POLL);
		struct login *login = start(method);
		_cleanup_free_ char *body = text_format(SAID("405", "%0*d"), len, 7);

		say_poll(login, body);
		assert_int_equal(login->end, len <= 128 ? FAKE_RUNNING : FAKE_FAILED);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void bytes_behind_a_nul_are_not_overlooked(void **state UNUSED)
{
	static const char body[] = "window.wx_errcode=405;window.wx_code='ab\0cd';";
	struct http_reply reply = { .result = HTTP_DONE, .status = 200 };
	struct secret *code = NULL;

	reply.body = secret_new(body, sizeof(body) - 1);
	assert_int_equal(wechat_read_script_poll(&reply, &code), SCAN_UNKNOWN);
	assert_null(code);
	http_reply_done(&reply);
}

static void a_code_that_ran_out_is_renewed_twice_on_a_key_press(void **state UNUSED)
{
	struct fake_method *method = wechat_method(POLL);
	struct login *login = start(method);

	for (unsigned n = 1; n <= 2; n++) {
		say_poll(login, SEEN);
		fake_timer(login);
		say_poll(login, n == 1 ? OVER : SAID("500", ""));
		assert_int_equal(login->timer_number, 0);
		assert_int_equal(login->request_number, 0);
		assert_non_null(strstr(login->prompt, "has expired"));
		fake_answer(login, "");
		assert_true(text_has_prefix(login->request->url, OPEN "qrconnect?"));
		say(login, "text/html", PAGE(IMAGE("anotherUuid-0_" "1234")));
		assert_string_equal(login->link, OPEN "confirm?uuid=anotherUuid-0_1234");
		assert_int_equal(login->n_codes, n + 1);
		fake_timer(login);
		assert_null(strstr(login->request->url, LAST));
		assert_non_null(strstr(login->request->url, "uuid=anotherUuid-0_1234"));
	}
	say_poll(login, OVER);
	ended(login, FAKE_DENIED, DENY_EXPIRED);
	fake_login_free(login);

	/* Nobody could scan another one in the time that is left. */
	login = start(method);
	fake_pass(login, FAKE_LOGIN_MS - 20000);
	say_poll(login, OVER);
	ended(login, FAKE_DENIED, DENY_EXPIRED);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_poll_that_was_held_is_repeated_for_ever(void **state UNUSED)
{
	struct fake_method *method = wechat_method(POLL);
	struct login *login = start(method);

	say_poll(login, SEEN);
	for (int i = 0; i < 10; i++) {
		fake_timer(login);
		assert_non_null(strstr(login->request->url, LAST));
		fake_reply_lost(login, HTTP_TIMED_OUT);
		assert_int_equal(login->end, FAKE_RUNNING);
	}
	fake_login_free(login);
	fake_method_free(method);
}

static void three_lost_polls_in_a_row_are_borne(void **state UNUSED)
{
	struct fake_method *method = wechat_method(POLL);
	struct login *login = start(method);

	for (int round = 0; round < 2; round++) {
		fake_reply_lost(login, HTTP_BROKEN);
		fake_timer(login);
		fake_reply_lost(login, HTTP_NOT_SENT);
		fake_timer(login);
		fake_reply(login, "wecom-gateway.http");
		fake_timer(login);
		if (round == 0) {
			say_poll(login, NOBODY);
			fake_timer(login);
		}
	}
	fake_reply_lost(login, HTTP_NO_HELPER);
	ended(login, FAKE_FAILED, FAIL_NETWORK);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_status_that_is_no_answer_ends_it(void **state UNUSED)
{
	static const uint32_t statuses[] = { 201, 302, 400, 403, 404, 429, 500, 501 };

	for (size_t i = 0; i < N_ELEMENTS(statuses); i++) {
		struct fake_method *method = wechat_method(POLL);
		struct login *login = start(method);
		struct http_reply reply = fake_http_reply(statuses[i], "text/javascript", NOBODY);

		fake_reply_whole(login, &reply);
		ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* --- a code is worth what the API says --- */

static void a_code_that_somebody_had_before_is_an_alert(void **state UNUSED)
{
	static const struct {
		const char *code;
		int reason;
	} rows[] = {
		{ "40163", DENY_INVALID },
		{ "40029", DENY_REFUSED },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(POLL);
		struct login *login = start(method);

		say_poll(login, AGREED);
		wechat_error(login, rows[i].code, "words");
		ended(login, FAKE_DENIED, rows[i].reason);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* --- pages --- */

static void a_page_that_does_not_come_ends_it(void **state UNUSED)
{
	static const enum http_result lost[] = {         /* late, cut or too long, not at all */
		HTTP_TIMED_OUT, HTTP_BROKEN, HTTP_NOT_SENT
	};

	for (size_t i = 0; i < N_ELEMENTS(lost); i++) {
		struct fake_method *method = wechat_method(POLL);
		struct login *login = fake_start(method);

		fake_reply_lost(login, lost[i]);
		ended(login, FAKE_FAILED, FAIL_NETWORK);
		assert_int_equal(login->n_codes, 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_page_is_html_or_nothing(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *type;
	} rows[] = {
		{ 200, "application/json" }, { 200, "text/plain" }, { 200, "" },
		{ 201, "text/html" }, { 302, "text/html" }, { 403, "text/html" },
		{ 503, "text/html" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(POLL);
		struct login *login = fake_start(method);
		struct http_reply reply = fake_http_reply(rows[i].status, rows[i].type,
							  PAGE(IMAGE(UUID)));

		fake_reply_whole(login, &reply);
		ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

#define LONGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void a_uuid_stands_in_an_image(void **state UNUSED)
{
	static const struct {
		const char *page;
		enum scan_page result;
		const char *uuid;
	} rows[] = {
		{ IMAGE(UUID), SCAN_PAGE_KEY, UUID },
		{ "<img src='/connect/qrcode/" UUID "'>", SCAN_PAGE_KEY, UUID },
		{ "<img src=/connect/qrcode/" UUID ">", SCAN_PAGE_KEY, UUID },
		{ "<img src=\"https://open.weixin.qq.com/connect/qrcode/" UUID "?x=1\">",
		  SCAN_PAGE_KEY, UUID },
		{ IMAGE("A_b-56789012"), SCAN_PAGE_KEY, "A_b-56789012" },
		{ IMAGE("A_b-5678901"), SCAN_PAGE_UNKNOWN, NULL },
		{ IMAGE(LONGEST), SCAN_PAGE_KEY, LONGEST },
		{ IMAGE(LONGEST "f"), SCAN_PAGE_UNKNOWN, NULL },
		{ IMAGE(UUID) IMAGE(UUID), SCAN_PAGE_KEY, UUID },
		{ IMAGE(UUID) IMAGE("bbbbbb0123456789"), SCAN_PAGE_UNKNOWN, NULL },
		{ IMAGE(UUID) IMAGE("short"), SCAN_PAGE_UNKNOWN, NULL },
		{ IMAGE("short") IMAGE(UUID), SCAN_PAGE_UNKNOWN, NULL },
		{ IMAGE(UUID) "<script>s.src=\"/connect/qrcode/\"+u;</script>", SCAN_PAGE_KEY,
		  UUID },
		{ "<script>s.src=\"/connect/qrcode/\"+u;</script>", SCAN_PAGE_UNKNOWN, NULL },
		{ "/connect/qrcode/" UUID, SCAN_PAGE_UNKNOWN, NULL },            /* cut */
		{ "/connect/qrcode/" UUID ".png\"", SCAN_PAGE_UNKNOWN, NULL },
		{ "/connect/qrcode/" UUID "/../x\"", SCAN_PAGE_UNKNOWN, NULL },
		{ "/connect/qrcode/" UUID "%2f\"", SCAN_PAGE_UNKNOWN, NULL },
		{ "/connect/qrcode/<b>", SCAN_PAGE_UNKNOWN, NULL },
		{ "/Connect/qrcode/" UUID "\"", SCAN_PAGE_UNKNOWN, NULL },
		{ "<p>redirect_uri 参数错误</p>", SCAN_PAGE_SETUP, NULL },
		{ "<p>redirect_uri 参数错误</p>" IMAGE(UUID), SCAN_PAGE_SETUP, NULL },
		{ "<p>Scope 参数错误或没有 Scope 权限</p>", SCAN_PAGE_SETUP, NULL },
		{ "<p>系统错误，错误码：-1,10005</p>", SCAN_PAGE_SETUP, NULL },
		{ IMAGE(UUID) "<script>alert('网络错误')</script>", SCAN_PAGE_KEY, UUID },
		{ "no uuid", SCAN_PAGE_UNKNOWN, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct http_reply reply = fake_http_reply(200, "text/html", rows[i].page);
		char uuid[WECHAT_UUID_MAX + 1] = "as before";
		enum scan_page result = wechat_read_page(&reply, uuid);

		if (result != rows[i].result)
			fail_msg("%s: %d", rows[i].page, result);
		assert_string_equal(uuid, rows[i].uuid ? rows[i].uuid : "as before");
		http_reply_done(&reply);
	}
}

static void a_page_that_says_so_is_about_the_configuration(void **state UNUSED)
{
	struct fake_method *method = wechat_method(POLL);
	struct login *login = fake_start(method);

	say(login, "text/html", PAGE("<p>redirect_uri 参数错误</p>"));
	ended(login, FAKE_FAILED, FAIL_CONFIG);
	assert_non_null(strstr(login->detail, "授权回调域"));
	fake_login_free(login);
	fake_method_free(method);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_scans_agrees_and_is_known),
		cmocka_unit_test(all_goes_by_the_proxy_and_to_the_configured_addresses),
		cmocka_unit_test(every_status_has_its_end),
		cmocka_unit_test(an_answer_is_two_assignments_and_not_a_byte_more),
		cmocka_unit_test(a_code_from_a_poll_has_its_length),
		cmocka_unit_test(bytes_behind_a_nul_are_not_overlooked),
		cmocka_unit_test(a_code_that_ran_out_is_renewed_twice_on_a_key_press),
		cmocka_unit_test(a_poll_that_was_held_is_repeated_for_ever),
		cmocka_unit_test(three_lost_polls_in_a_row_are_borne),
		cmocka_unit_test(a_status_that_is_no_answer_ends_it),
		cmocka_unit_test(a_code_that_somebody_had_before_is_an_alert),
		cmocka_unit_test(a_page_that_does_not_come_ends_it),
		cmocka_unit_test(a_page_is_html_or_nothing),
		cmocka_unit_test(a_uuid_stands_in_an_image),
		cmocka_unit_test(a_page_that_says_so_is_about_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
