/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wechat with mode = device: the ticket that is kept, the signature, code and polls. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/wechat-page.h"
#include "tests/providers/wechat-fixture.h"

#define DEVICE  SECTION "mode = device\n"
#define UUID    "081wmAgu0U6jzx1V"
#define TOKEN   "78_vN1mQw4ZrT8yUi2OpLkJhGfDsAzXcVbNm-3"
#define TICKET  "HoagFKDcsGMVCIY2vOjf9pF3sdFkLmNo_ticket-1"
#define ASKS_TOKEN  API "cgi-bin/token?grant_type=client_credential&appid=" APP \
		    "&secret=s3cr3t%2B%2Fof-the-app"
#define ASKS_TICKET API "cgi-bin/ticket/getticket?access_token=" TOKEN "&type=2"
#define ASKS_CODE   OPEN "sdk/qrconnect?appid=" APP "&noncestr="
#define POLLED      "https://long.open.weixin.qq.com/connect/l/qrconnect?f=json&uuid=" UUID

#define SAYS_TOKEN  "{\"access_token\":\"" TOKEN "\",\"expires_in\":7200}"
#define SAYS_TICKET "{\"errcode\":0,\"errmsg\":\"ok\",\"ticket\":\"" TICKET "\"," \
		    "\"expires_in\":7200}"
#define SAYS_CODE   "{\"errcode\":0,\"errmsg\":\"\",\"uuid\":\"" UUID "\",\"appname\":\"Hut\"," \
		    "\"qrcode\":{\"qrcodelength\":4,\"qrcodebase64\":\"QUJD\"}}"
#define NOBODY      "{\"wx_errcode\":408,\"wx_code\":\"\"}"
#define OVER        "{\"wx_errcode\":402,\"wx_code\":\"\"}"

static void ended(const struct login *login, enum fake_end end, int reason)
{
	wechat_ended(login, end, reason);
	assert_true(!login->detail ||
		    (!strstr(login->detail, UUID) && !strstr(login->detail, TOKEN) &&
		     !strstr(login->detail, TICKET)));
}

/* Up to the request for a code, which is open; the method has no ticket yet. */
static struct login *start(struct fake_method *method)
{
	struct login *login = fake_start(method);

	assert_true(fake_asks(login, ASKS_TOKEN));
	wechat_say(login, SAYS_TOKEN);
	assert_true(fake_asks(login, ASKS_TICKET));
	wechat_say(login, SAYS_TICKET);
	assert_true(text_has_prefix(login->request->url, ASKS_CODE));
	return login;
}

static struct login *start_polling(struct fake_method *method)
{
	struct login *login = start(method);

	wechat_say(login, SAYS_CODE);
	fake_timer(login);
	return login;
}

/* The parameters of the request for a code, which must be signed with this ticket. */
static void is_signed(const struct login *login, const char *ticket_text)
{
	_cleanup_secret_ struct secret *ticket = secret_from_text(ticket_text);
	_cleanup_free_ char *signature = NULL, *rest = NULL;
	const char *nonce_at = login->request->url + strlen(ASKS_CODE);
	char nonce[33] = "";

	assert_int_equal(strspn(nonce_at, "0123456789abcdef"), 32);
	memcpy(nonce, nonce_at, 32);
	signature = wechat_sdk_signature(APP, nonce, ticket, login->method->now_s);
	rest = text_format("&timestamp=%lld&scope=snsapi_userinfo&signature=%s",
			   (long long)login->method->now_s, signature);
	assert_string_equal(nonce_at + 32, rest);
}

/* Made for the project's sheet of the protocol. */
static void the_signature_is_that_of_the_sdk(void **state UNUSED)
{
	_cleanup_secret_ struct secret *ticket = secret_from_text("TICKET");
	_cleanup_free_ char *signature = wechat_sdk_signature("wx0123456789abcdef", "abc123",
							      ticket, 1760000000);

	assert_string_equal(signature, "a435d242c943917f95b376dd32cb90ea5b4476e0");
}

static void a_person_scans_agrees_and_is_known(void **state UNUSED)
{
	struct fake_method *method = wechat_method(DEVICE);
	struct login *login = start(method);

	is_signed(login, TICKET);
	wechat_say(login, SAYS_CODE);
	assert_string_equal(login->link, OPEN "confirm?uuid=" UUID);
	assert_int_equal(login->timer_delay_ms, 1000);
	fake_timer(login);
	assert_true(fake_asks(login, POLLED));
	assert_in_range(login->request->total_ms, 35000, 60000);
	wechat_say(login, NOBODY);
	fake_timer(login);
	wechat_say(login, "{\"wx_errcode\":404,\"wx_code\":\"\"}");
	fake_timer(login);
	assert_true(fake_asks(login, POLLED "&last=404"));
	wechat_say(login, "{\"wx_errcode\":405,\"wx_code\":\"" CODE "\"}");
	wechat_let_in(login);
	fake_method_free(method);
}

static void all_goes_by_the_proxy_and_to_the_configured_addresses(void **state UNUSED)
{
	struct fake_method *method = wechat_method(
		DEVICE "proxy = http://192.0.2.1:3128\nopen_url = https://127.0.0.1:4430\n"
		"api_url = https://127.0.0.1:4432\npoll_url = https://127.0.0.1:4431\n");
	static const struct {
		const char *url, *says;
	} rows[] = {
		{ "https://127.0.0.1:4432/cgi-bin/token?", SAYS_TOKEN },
		{ "https://127.0.0.1:4432/cgi-bin/ticket/getticket?", SAYS_TICKET },
		{ "https://127.0.0.1:4430/connect/sdk/qrconnect?", SAYS_CODE },
		{ "https://127.0.0.1:4431/connect/l/qrconnect?", NOBODY },
	};
	struct login *login = fake_start(method);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		if (!login->request)
			fake_timer(login);
		assert_true(text_has_prefix(login->request->url, rows[i].url));
		assert_string_equal(login->request->proxy, "http://192.0.2.1:3128");
		wechat_say(login, rows[i].says);
	}
	fake_login_free(login);
	fake_method_free(method);
}

static void a_ticket_is_kept_for_the_next_login_and_the_next_code(void **state UNUSED)
{
	struct fake_method *method = wechat_method(DEVICE);
	struct login *login = start_polling(method);

	wechat_say(login, OVER);
	fake_answer(login, "");
	assert_true(text_has_prefix(login->request->url, ASKS_CODE));
	fake_login_free(login);
	method->now_ms += (7200 - 300 - 1) * 1000 - 1;   /* one second was the code's */
	login = fake_start(method);
	assert_true(text_has_prefix(login->request->url, ASKS_CODE));
	is_signed(login, TICKET);
	fake_login_free(login);
	/* Both are over a while before the vendor says so. */
	method->now_ms++;
	fake_login_free(start(method));
	fake_method_free(method);
}

static void a_code_that_ran_out_is_renewed_twice_on_a_key_press(void **state UNUSED)
{
	struct fake_method *method = wechat_method(DEVICE);
	struct login *login = start_polling(method);

	for (unsigned n = 1; n <= 2; n++) {
		wechat_say(login, OVER);
		assert_non_null(strstr(login->prompt, "has expired"));
		fake_answer(login, "");
		wechat_say(login, SAYS_CODE);
		assert_int_equal(login->n_codes, n + 1);
		fake_timer(login);
	}
	wechat_say(login, OVER);
	ended(login, FAKE_DENIED, DENY_EXPIRED);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_kept_ticket_that_does_not_hold_is_replaced_once(void **state UNUSED)
{
	struct fake_method *method = wechat_method(DEVICE);
	struct login *login, *other;

	fake_login_free(start(method));
	login = fake_start(method);
	other = fake_start(method);
	wechat_error(login, "41001", "whatever the vendor says");
	assert_true(fake_asks(login, ASKS_TICKET));
	wechat_say(login, "{\"errcode\":0,\"ticket\":\"ticket-2\",\"expires_in\":7200}");
	is_signed(login, "ticket-2");
	/* Another login, which began with the old one, does not throw the new one away. */
	wechat_error(other, "41001", "whatever the vendor says");
	is_signed(other, "ticket-2");
	wechat_error(login, "41001", "whatever the vendor says");
	ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	fake_login_free(other);

	/* It was new and did not hold: the next one does not begin with it. */
	login = fake_start(method);
	assert_true(fake_asks(login, ASKS_TICKET));
	fake_login_free(login);
	fake_method_free(method);
}

static void a_ticket_is_not_blamed_for_the_network(void **state UNUSED)
{
	struct fake_method *method = wechat_method(DEVICE);
	struct login *login;

	fake_login_free(start(method));
	login = fake_start(method);
	fake_reply_lost(login, HTTP_TIMED_OUT);
	ended(login, FAKE_FAILED, FAIL_NETWORK);
	fake_login_free(login);
	login = fake_start(method);
	assert_true(text_has_prefix(login->request->url, ASKS_CODE));
	fake_login_free(login);
	fake_method_free(method);
}

static void a_login_that_rests_does_not_miss_its_ticket(void **state UNUSED)
{
	struct fake_method *method = wechat_method(DEVICE);
	struct login *login, *other;

	fake_login_free(start(method));
	login = fake_start(method);
	other = fake_start(method);
	wechat_error(login, "-1", "system error");
	wechat_error(other, "41001", "whatever the vendor says");
	fake_timer(login);
	is_signed(login, TICKET);
	fake_login_free(login);
	fake_login_free(other);
	fake_method_free(method);
}

static void a_token_that_somebody_replaced_is_renewed_once(void **state UNUSED)
{
	struct fake_method *method = wechat_method(DEVICE);
	struct login *login = fake_start(method);

	wechat_say(login, SAYS_TOKEN);
	wechat_error(login, "40001", "invalid credential");
	assert_true(fake_asks(login, ASKS_TOKEN));
	wechat_say(login, SAYS_TOKEN);
	wechat_error(login, "40001", "invalid credential");
	ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	fake_method_free(method);
}

static void every_error_has_its_end(void **state UNUSED)
{
	static const struct {
		unsigned n_before;               /* calls that went well: token, ticket */
		const char *code;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ 0, "40013", FAKE_FAILED, FAIL_CONFIG },
		{ 0, "40125", FAKE_FAILED, FAIL_CONFIG },
		{ 0, "40164", FAKE_FAILED, FAIL_CONFIG },
		{ 0, "40243", FAKE_FAILED, FAIL_CONFIG },
		{ 0, "45009", FAKE_DENIED, DENY_BUSY },
		{ 0, "45011", FAKE_DENIED, DENY_BUSY },
		{ 0, "50004", FAKE_FAILED, FAIL_CONFIG },
		{ 0, "89503", FAKE_FAILED, FAIL_CONFIG },
		{ 1, "48001", FAKE_FAILED, FAIL_CONFIG },
		{ 1, "45009", FAKE_DENIED, DENY_BUSY },
		{ 1, "7", FAKE_FAILED, FAIL_PROVIDER },
		{ 2, "48001", FAKE_FAILED, FAIL_CONFIG },
		{ 2, "40013", FAKE_FAILED, FAIL_CONFIG },
		{ 2, "7", FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(DEVICE);
		struct login *login = fake_start(method);

		if (rows[i].n_before > 0)
			wechat_say(login, SAYS_TOKEN);
		if (rows[i].n_before > 1)
			wechat_say(login, SAYS_TICKET);
		wechat_error(login, rows[i].code, "words");
		ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_requests, rows[i].n_before + 1);
		assert_int_equal(login->n_codes, 0);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void replies_are_read_strictly(void **state UNUSED)
{
	static const struct {
		unsigned n_before;
		const char *body;
	} rows[] = {
		{ 0, "{}" },
		{ 0, "{\"access_token\":\"t\",\"expires_in\":\"7200\"}" },
		{ 0, "{\"access_token\":\"t\"}" },
		{ 0, "{\"access_token\":\"\",\"expires_in\":7200}" },
		{ 0, "{\"access_token\":\"t\",\"access_token\":\"u\",\"expires_in\":7200}" },
		{ 1, "{\"errcode\":0,\"ticket\":\"t\"}" },
		{ 1, "{\"errcode\":0,\"ticket\":7,\"expires_in\":7200}" },
		{ 1, "{\"errcode\":0,\"ticket\":\"张\",\"expires_in\":7200}" },
		{ 1, "{\"errcode\":0,\"expires_in\":7200}" },
		{ 2, "{\"errcode\":0}" },
		{ 2, "{\"errcode\":0,\"uuid\":\"\"}" },
		{ 2, "{\"errcode\":0,\"uuid\":\"short\"}" },
		{ 2, "{\"errcode\":0,\"uuid\":7}" },
		{ 2, "{\"errcode\":0,\"uuid\":\"" UUID "&x=1\"}" },
		{ 2, "{\"errcode\":0,\"uuid\":\"" UUID UUID UUID UUID "x\"}" },
		{ 2, "{\"errcode\":0,\"uuid\":\"" UUID "\",\"uuid\":\"bbbbbb0123456789\"}" },
		{ 2, "<html>" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(DEVICE);
		struct login *login = fake_start(method);

		if (rows[i].n_before > 0)
			wechat_say(login, SAYS_TOKEN);
		if (rows[i].n_before > 1)
			wechat_say(login, SAYS_TICKET);
		wechat_say(login, rows[i].body);
		if (login->end != FAKE_FAILED)
			fail_msg("%s", rows[i].body);
		ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_poll_is_one_object(void **state UNUSED)
{
	static const struct {
		const char *body;
		enum scan_status status;
	} rows[] = {
		{ NOBODY, SCAN_NOBODY },
		{ "{\"wx_errcode\":408}", SCAN_NOBODY },
		{ "{\"wx_errcode\":404,\"wx_code\":\"\"}", SCAN_SEEN },
		{ "{\"wx_errcode\":403,\"wx_code\":\"\"}", SCAN_REFUSED },
		{ OVER, SCAN_OVER },
		{ "{\"wx_errcode\":500,\"wx_code\":\"\"}", SCAN_OVER },
		{ "{\"wx_errcode\":405,\"wx_code\":\"" CODE "\"}", SCAN_AGREED },
		{ "{\"wx_errcode\":405,\"wx_code\":\"\"}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":405}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":405,\"wx_code\":7}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":405,\"wx_code\":null}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":405,\"wx_code\":\"a b\"}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":405,\"wx_code\":\"a\",\"wx_code\":\"b\"}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":408,\"wx_code\":\"" CODE "\"}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":408,\"wx_code\":7}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":406,\"wx_code\":\"\"}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":\"405\",\"wx_code\":\"" CODE "\"}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":405.0,\"wx_code\":\"" CODE "\"}", SCAN_UNKNOWN },
		{ "{\"wx_errcode\":408,\"wx_errcode\":405,\"wx_code\":\"a\"}", SCAN_UNKNOWN },
		{ "{\"wx_code\":\"" CODE "\"}", SCAN_UNKNOWN },
		{ "[" NOBODY "]", SCAN_UNKNOWN },
		{ NOBODY NOBODY, SCAN_UNKNOWN },
		{ "window.wx_errcode=408;window.wx_code='';", SCAN_UNKNOWN },
		{ "", SCAN_UNKNOWN },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_secret_ struct secret *code = NULL;
		struct http_reply reply = fake_http_reply(200, "text/plain", rows[i].body);
		enum scan_status status = wechat_read_json_poll(&reply, &code);

		if (status != rows[i].status)
			fail_msg("%s: %d", rows[i].body, status);
		assert_int_equal(code != NULL, status == SCAN_AGREED);
		http_reply_done(&reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_signature_is_that_of_the_sdk),
		cmocka_unit_test(a_person_scans_agrees_and_is_known),
		cmocka_unit_test(all_goes_by_the_proxy_and_to_the_configured_addresses),
		cmocka_unit_test(a_ticket_is_kept_for_the_next_login_and_the_next_code),
		cmocka_unit_test(a_code_that_ran_out_is_renewed_twice_on_a_key_press),
		cmocka_unit_test(a_kept_ticket_that_does_not_hold_is_replaced_once),
		cmocka_unit_test(a_ticket_is_not_blamed_for_the_network),
		cmocka_unit_test(a_login_that_rests_does_not_miss_its_ticket),
		cmocka_unit_test(a_token_that_somebody_replaced_is_renewed_once),
		cmocka_unit_test(every_error_has_its_end),
		cmocka_unit_test(replies_are_read_strictly),
		cmocka_unit_test(a_poll_is_one_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
