/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DingTalk's page for browsers and what its script is answered: what is known, and nothing else. */
#include "providers/dingtalk-page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "tests/providers/fake-core.h"

#define LOGIN  "https://login.dingtalk.com"
#define TICKET "7c1d2e3f4a5b6c7d8e9f0a1b2c3d4e5f"
#define URI    "https://sso.example.org/cb"
#define STATE  "00112233445566778899aabbccddeeff"

static void expect(const char *body, const struct api_result *result, enum api_class class,
		   int reason)
{
	if (result->class != class || (class != API_GOOD && result->reason != reason))
		fail_msg("%s: %d/%d: %s", body, result->class, result->reason, result->detail);
	assert_int_equal(strlen(result->detail) == 0, class == API_GOOD);
	assert_null(strstr(result->detail, TICKET));
}

/* --- the page --- */

static struct api_result read_page(uint32_t status, const char *type, const char *body,
				   char corp_id[DINGTALK_CORP_MAX + 1])
{
	struct http_reply reply = fake_http_reply(status, type, body);
	struct api_result result;

	dingtalk_read_challenge(&reply, corp_id, &result);
	http_reply_done(&reply);
	return result;
}

static void a_page_lets_anybody_in_or_needs_a_browser(void **state UNUSED)
{
	static const struct {
		const char *members;
		enum api_class class;
		int reason;
		const char *corp_id;
	} rows[] = {
		{ "needLogin:true", API_GOOD, 0, "" },
		{ "needLogin:true,exclusiveCorpId:\"\"", API_GOOD, 0, "" },
		{ "needLogin:true,exclusiveCorpId:null", API_GOOD, 0, "" },
		{ "needLogin:true,exclusiveCorpId:'ding12'", API_GOOD, 0, "ding12" },
		{ "needLogin:true,ssoUrl:'',isMobile:1,x:{y:[1]},", API_GOOD, 0, "" },
		{ "needLogin:true,exclusiveLogin:false,disableScanLogin:false,usingMfa:false,"
		  "needSecondaryValidation:false,usingMfaQr:null,needConfirm:false,"
		  "studentLogin:false", API_GOOD, 0, "" },
		{ "needLogin:true,exclusiveLogin:true", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,disableScanLogin:true", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,needSecondaryValidation:true", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,usingMfa:true", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,usingMfaQr:true", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,needConfirm:true", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,studentLogin:true", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,usingMfa:1", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,usingMfa:'false'", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,needNothingWeKnow:true", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,needNothingWeKnow:{}", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:true,ssoUrl:'https://idp.example.org/'", API_FAILED, FAIL_CONFIG,
		  NULL },
		{ "needLogin:true,ssoUrl:{}", API_FAILED, FAIL_CONFIG, NULL },
		{ "needLogin:false", API_FAILED, FAIL_PROVIDER, NULL },
		{ "needLogin:'true'", API_FAILED, FAIL_PROVIDER, NULL },
		{ "exclusiveCorpId:''", API_FAILED, FAIL_PROVIDER, NULL },
		{ "needLogin:true,exclusiveCorpId:7", API_FAILED, FAIL_PROVIDER, NULL },
		{ "needLogin:true,needLogin:true", API_FAILED, FAIL_PROVIDER, NULL },
		{ "needLogin:true,a:b()", API_FAILED, FAIL_PROVIDER, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *page = text_format(
			"<!DOCTYPE html><html><script>window.__LOGIN_PAGE_VARS = {%s};</script>",
			rows[i].members);
		char corp_id[DINGTALK_CORP_MAX + 1] = "untouched";
		struct api_result result = read_page(200, "text/html", page, corp_id);

		expect(page, &result, rows[i].class, rows[i].reason);
		assert_string_equal(corp_id, rows[i].corp_id ? rows[i].corp_id : "untouched");
	}
}

static void what_is_no_such_page_is_not_as_it_was(void **state UNUSED)
{
	static const char page[] = "<script>window.__LOGIN_PAGE_VARS = {needLogin:true};</script>";
	static const char ban[] = "{\"status\":1111,\"wait\":5,\"source\":\"x5\"}";
	static const struct {
		uint32_t status;
		const char *type, *body;
		enum api_class class;
		int reason;
	} rows[] = {
		{ 200, "text/html", page, API_GOOD, 0 },
		{ 302, "text/html", page, API_FAILED, FAIL_PROVIDER },
		{ 404, "text/html", page, API_FAILED, FAIL_PROVIDER },
		{ 500, "text/html", page, API_FAILED, FAIL_PROVIDER },
		{ 200, "text/plain", page, API_FAILED, FAIL_PROVIDER },
		{ 200, "text/html", "<html>clientId is blank</html>", API_FAILED, FAIL_PROVIDER },
		{ 200, "text/html", "", API_FAILED, FAIL_PROVIDER },
		{ 302, "", "", API_FAILED, FAIL_PROVIDER },
		{ 200, "application/json", "{\"success\":true}", API_FAILED, FAIL_PROVIDER },
		{ 200, "application/json", ban, API_DENIED, DENY_BUSY },
		{ 200, "text/html", ban, API_DENIED, DENY_BUSY },
	};
	char corp_id[DINGTALK_CORP_MAX + 1];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct api_result result = read_page(rows[i].status, rows[i].type, rows[i].body,
						     corp_id);

		expect(rows[i].body, &result, rows[i].class, rows[i].reason);
		assert_int_equal(result.pause_ms, rows[i].reason == DENY_BUSY &&
				 rows[i].class == API_DENIED ? 300000 : 0);
	}
}

static void a_page_has_its_length(void **state UNUSED)
{
	for (size_t len = 60000; len <= 70000; len += 10000) {
		struct buf page = BUF_INIT(80000);
		char corp_id[DINGTALK_CORP_MAX + 1];
		struct api_result result;

		buf_add_text(&page, "window.__LOGIN_PAGE_VARS = {needLogin:true,x:'");
		for (size_t i = 0; i < len; i++)
			buf_add_char(&page, 'x');
		buf_add_text(&page, "'};");
		result = read_page(200, "text/html", buf_text(&page), corp_id);
		assert_int_equal(result.class, len == 60000 ? API_GOOD : API_FAILED);
		buf_done(&page);
	}
}

/* --- the code --- */

static void a_code_is_a_link_to_the_vendor(void **state UNUSED)
{
	static const struct {
		const char *body;
		enum api_class class;
		int reason;
	} rows[] = {
		{ "{\"success\":true,\"result\":\"" LOGIN "/oauth2/qr_confirm.htm?code=" TICKET
		  "\"}", API_GOOD, 0 },
		{ "{\"success\":true,\"result\":\"" LOGIN "/oauth2/qr_confirm.htm?code=" TICKET
		  "&x=y\",\"errorCode\":null}", API_GOOD, 0 },
		{ "{\"success\":true,\"result\":\"" LOGIN "/oauth2/qr_confirm.htm?code=" TICKET
		  "&code=2\"}", API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"" LOGIN "/oauth2/qr_confirm.htm?code=\"}",
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"" LOGIN "/oauth2/qr_confirm.htm\"}",
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"" LOGIN "/oauth2/qr_confirm.htm?code=a#b\"}",
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"" LOGIN "/oauth2/qr_confirm.htm?code=%zz\"}",
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"" LOGIN "/oauth2/qr_confirm.htm?code=%E5%BC\"}",
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"" LOGIN
		  "/oauth2/qr_confirm.htm?code=%E5%BC%A0\"}",
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"" LOGIN "/oauth2/other.htm?code=abc\"}",
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"https://login.dingtalk.com.example.org/oauth2/"
		  "qr_confirm.htm?code=abc\"}", API_FAILED, FAIL_PROVIDER },
		/* As long as ours. */
		{ "{\"success\":true,\"result\":\"https://login.dingtalk.org/oauth2/"
		  "qr_confirm.htm?code=abc\"}", API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"http://login.dingtalk.com/oauth2/"
		  "qr_confirm.htm?code=abc\"}", API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"" TICKET "\"}", API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":{\"url\":\"x\"}}", API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true}", API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":\"true\"}", API_FAILED, FAIL_PROVIDER },
		{ "{}", API_FAILED, FAIL_PROVIDER },
		{ "[]", API_DENIED, DENY_BUSY },
		{ "{\"success\":false,\"errorCode\":\"7\",\"errorMsg\":\"clientId is blank\"}",
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":false,\"errorCode\":\"900103\",\"errorMsg\":\"应用不存在\"}",
		  API_FAILED, FAIL_CONFIG },
		{ "{\"success\":false,\"result\":\"" LOGIN "/oauth2/qr_confirm.htm?code=abc\"}",
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"status\":1111,\"wait\":5,\"punish\":\"deny\"}", API_DENIED, DENY_BUSY },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const char *type = rows[i].body[0] == '[' ? "text/html" : "application/json";
		struct http_reply reply = fake_http_reply(200, type, rows[i].body);
		struct dingtalk_qr qr = { 0 };
		struct api_result result;

		dingtalk_read_qr(&reply, LOGIN, &qr, &result);
		expect(rows[i].body, &result, rows[i].class, rows[i].reason);
		assert_int_equal(qr.ticket != NULL, rows[i].class == API_GOOD);
		assert_int_equal(qr.link[0] != '\0', rows[i].class == API_GOOD);
		if (qr.ticket)
			assert_string_equal(qr.ticket->data, TICKET);
		dingtalk_qr_done(&qr);
		http_reply_done(&reply);
	}
}

/* --- the polls --- */

static enum scan_status read_scan(uint32_t status, const char *body, char **ret_validation,
				  struct api_result *ret_result)
{
	struct http_reply reply = fake_http_reply(status, "application/json", body);
	struct secret *validation = NULL;
	enum scan_status scan = dingtalk_read_scan(&reply, &validation, ret_result);

	*ret_validation = validation ? text_copy(validation->data) : NULL;
	secret_free(validation);
	http_reply_done(&reply);
	return scan;
}

static void every_answer_to_a_poll_is_known_or_ends_it(void **state UNUSED)
{
#define MORE "{\\\"url\\\":\\\"https://login.dingtalk.com/more\\\"}"
	static const struct {
		const char *body;
		enum scan_status scan;
		enum api_class class;            /* of UNKNOWN */
		int reason;
	} rows[] = {
		{ "{\"success\":false,\"errorCode\":\"11021\"}", SCAN_NOBODY, 0, 0 },
		{ "{\"success\":false,\"errorCode\":\"11041\"}", SCAN_SEEN, 0, 0 },
		{ "{\"success\":false,\"errorCode\":\"11019\"}", SCAN_OVER, 0, 0 },
		{ "{\"success\":false,\"errorCode\":\"283960126\"}", SCAN_LOST, 0, 0 },
		{ "{\"success\":false,\"errorCode\":11021}", SCAN_UNKNOWN, API_FAILED,
		  FAIL_PROVIDER },
		{ "{\"success\":false,\"errorCode\":\"11022\"}", SCAN_UNKNOWN, API_FAILED,
		  FAIL_PROVIDER },
		{ "{\"success\":false,\"errorCode\":\"no\",\"errorMsg\":\"" TICKET "\"}",
		  SCAN_UNKNOWN, API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":false,\"errorCode\":\"1\",\"errorMsg\":\"" TICKET "\"}",
		  SCAN_UNKNOWN, API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":false}", SCAN_UNKNOWN, API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":false,\"errorCode\":\"1\",\"context\":\"" MORE "\"}", SCAN_UNKNOWN,
		  API_DENIED, DENY_REFUSED },
		{ "{\"success\":false,\"context\":\"" MORE "\"}", SCAN_UNKNOWN, API_DENIED,
		  DENY_REFUSED },
		{ "{\"success\":false,\"errorCode\":\"11041\",\"context\":\"" MORE "\"}",
		  SCAN_UNKNOWN, API_DENIED, DENY_REFUSED },
		{ "{\"success\":false,\"errorCode\":\"1\",\"context\":\"{}\"}", SCAN_UNKNOWN,
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":false,\"errorCode\":\"1\",\"context\":\"not json\"}", SCAN_UNKNOWN,
		  API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":false,\"errorCode\":\"11021\",\"context\":\"{}\"}", SCAN_NOBODY, 0,
		  0 },
		{ "{\"success\":1,\"errorCode\":\"11021\"}", SCAN_UNKNOWN, API_FAILED,
		  FAIL_PROVIDER },
		{ "{\"errorCode\":\"11021\"}", SCAN_UNKNOWN, API_FAILED, FAIL_PROVIDER },
		{ "{\"status\":1111}", SCAN_UNKNOWN, API_DENIED, DENY_BUSY },
		{ "{\"success\":true,\"result\":{}}", SCAN_AGREED, 0, 0 },
		{ "{\"success\":true}", SCAN_UNKNOWN, API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":null}", SCAN_UNKNOWN, API_FAILED, FAIL_PROVIDER },
		{ "{\"success\":true,\"result\":\"https://x.example\"}", SCAN_UNKNOWN, API_FAILED,
		  FAIL_PROVIDER },
	};
#undef MORE

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *validation = NULL;
		struct api_result result;
		enum scan_status scan = read_scan(200, rows[i].body, &validation, &result);

		if (scan != rows[i].scan)
			fail_msg("%s: %d, %s", rows[i].body, scan, result.detail);
		if (scan == SCAN_UNKNOWN)
			expect(rows[i].body, &result, rows[i].class, rows[i].reason);
		assert_null(validation);
	}
}

static void a_scan_is_enough_or_nobody_gets_in(void **state UNUSED)
{
	static const struct {
		const char *members;
		enum scan_status scan;
		const char *validation;
	} rows[] = {
		{ "\"secondaryValidationResult\":\"v4lid\"", SCAN_AGREED, "v4lid" },
		{ "\"secondaryValidationResult\":\"\"", SCAN_AGREED, NULL },
		{ "\"secondaryValidationResult\":null", SCAN_AGREED, NULL },
		{ "\"secondaryValidationResult\":7", SCAN_UNKNOWN, NULL },
		{ "\"needConfirmAgreement\":false,\"needChangePwd\":false,\"needBindEmail\":false,"
		  "\"needBindMobile\":false,\"needConsent\":false,\"chooseOrganization\":false,"
		  "\"needSecondaryValidation\":false,\"pass\":true", SCAN_AGREED, NULL },
		{ "\"needConsent\":null", SCAN_AGREED, NULL },
		{ "\"needConfirmAgreement\":true", SCAN_UNKNOWN, NULL },
		{ "\"needChangePwd\":true", SCAN_UNKNOWN, NULL },
		{ "\"needBindEmail\":true", SCAN_UNKNOWN, NULL },
		{ "\"needBindMobile\":true", SCAN_UNKNOWN, NULL },
		{ "\"needConsent\":true", SCAN_UNKNOWN, NULL },
		{ "\"needSecondaryValidation\":true", SCAN_UNKNOWN, NULL },
		{ "\"chooseOrganization\":true,\"orgList\":[{\"corpId\":\"ding1\"}]", SCAN_UNKNOWN,
		  NULL },
		{ "\"needConsent\":\"false\"", SCAN_UNKNOWN, NULL },
		{ "\"needConsent\":0", SCAN_UNKNOWN, NULL },
		{ "\"needFace\":true", SCAN_UNKNOWN, NULL },
		{ "\"a\":1,\"needFace\":{},\"b\":2", SCAN_UNKNOWN, NULL },
		{ "\"needFace\":false", SCAN_AGREED, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format("{\"success\":true,\"result\":{%s}}",
							rows[i].members);
		_cleanup_free_ char *validation = NULL;
		struct api_result result;
		enum scan_status scan = read_scan(200, body, &validation, &result);

		if (scan != rows[i].scan)
			fail_msg("%s: %d, %s", body, scan, result.detail);
		assert_true(text_equals(validation, rows[i].validation));
		assert_int_equal(result.detail[0] == '\0', scan == SCAN_AGREED);
	}
}

static void a_gateway_may_give_up_on_a_poll(void **state UNUSED)
{
	static const char yes[] = "{\"success\":true,\"result\":{}}";
	static const uint32_t statuses[] = { 502, 503, 504, 201, 302, 400, 403, 404, 429, 500 };

	for (size_t i = 0; i < N_ELEMENTS(statuses); i++) {
		_cleanup_free_ char *validation = NULL;
		struct api_result result;

		assert_int_equal(read_scan(statuses[i], yes, &validation, &result),
				 i < 3 ? SCAN_LOST : SCAN_UNKNOWN);
	}
}

/* --- the end --- */

static void the_code_comes_to_our_address_with_our_state(void **state UNUSED)
{
	static const struct {
		const char *url;                 /* NULL: none */
		enum api_class class;
		int reason;
	} rows[] = {
		{ URI "?authCode=c0de&state=" STATE, API_GOOD, 0 },
		{ URI "?code=c0de&state=" STATE, API_GOOD, 0 },
		{ URI "?code=c0de&authCode=c0de&state=" STATE, API_GOOD, 0 },
		{ URI "?state=" STATE "&x=y&authCode=c0de", API_GOOD, 0 },
		{ "https://SSO.example.org:443/cb?authCode=c0de&state=" STATE, API_GOOD, 0 },
		{ URI "?code=c0de&authCode=other&state=" STATE, API_FAILED, FAIL_PROVIDER },
		{ URI "?code=&authCode=c0de&state=" STATE, API_FAILED, FAIL_PROVIDER },
		{ URI "?authCode=c0de&authCode=c0de&state=" STATE, API_FAILED, FAIL_PROVIDER },
		{ URI "?authCode=%E5%BC%A0&state=" STATE, API_FAILED, FAIL_PROVIDER },
		{ URI "?authCode=a%07b&state=" STATE, API_FAILED, FAIL_PROVIDER },
		{ URI "?authCode=%zz&state=" STATE, API_DENIED, DENY_INVALID },
		{ URI "?authCode=&state=" STATE, API_FAILED, FAIL_PROVIDER },
		{ URI "?state=" STATE, API_FAILED, FAIL_PROVIDER },
		{ URI "?error=access_denied&state=" STATE, API_DENIED, DENY_REFUSED },
		{ URI "?error=x&authCode=c0de&state=" STATE, API_DENIED, DENY_REFUSED },
		{ URI "?authCode=c0de&state=00112233445566778899aabbccddeefe", API_DENIED,
		  DENY_INVALID },
		{ URI "?authCode=c0de", API_DENIED, DENY_INVALID },
		{ URI, API_DENIED, DENY_INVALID },
		{ "http://sso.example.org/cb?authCode=c0de&state=" STATE, API_DENIED,
		  DENY_INVALID },
		{ "https://sso.example.org:444/cb?authCode=c0de&state=" STATE, API_DENIED,
		  DENY_INVALID },
		{ "https://sso.example.org.evil.example/cb?authCode=c0de&state=" STATE,
		  API_DENIED, DENY_INVALID },
		{ "https://a@sso.example.org/cb?authCode=c0de&state=" STATE, API_DENIED,
		  DENY_INVALID },
		{ URI "/?authCode=c0de&state=" STATE, API_DENIED, DENY_INVALID },
		{ URI "d?authCode=c0de&state=" STATE, API_DENIED, DENY_INVALID },
		{ "https://sso.example.org/?authCode=c0de&state=" STATE, API_DENIED,
		  DENY_INVALID },
		{ URI "?authCode=c0de&state=" STATE "#x", API_DENIED, DENY_INVALID },
		{ LOGIN "/oauth2/more.htm?state=" STATE, API_DENIED, DENY_INVALID },
		{ "/cb?authCode=c0de&state=" STATE, API_DENIED, DENY_INVALID },
		{ NULL, API_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format(
			"{\"success\":true,\"result\":{\"%s\":\"%s\"}}",
			rows[i].url ? "url" : "other", rows[i].url ? rows[i].url : "");
		struct http_reply reply = fake_http_reply(200, "application/json", body);
		_cleanup_secret_ struct secret *code = NULL;
		struct api_result result;

		dingtalk_read_confirmed(&reply, URI, STATE, &code, &result);
		expect(body, &result, rows[i].class, rows[i].reason);
		assert_true(text_equals(code ? code->data : NULL,
					rows[i].class == API_GOOD ? "c0de" : NULL));
		http_reply_done(&reply);
	}
}

static void an_address_may_have_no_path_or_a_query(void **state UNUSED)
{
	static const struct {
		const char *redirect_uri, *url;
	} rows[] = {
		{ "https://a.example.org", "https://a.example.org/?code=c0de&state=" STATE },
		{ "https://a.example.org/", "https://a.example.org?code=c0de&state=" STATE },
		{ "https://a.example.org/b?c=d",
		  "https://a.example.org/b?c=d&code=c0de&state=" STATE },
		{ "https://[2001:db8::7]:8443/b",
		  "https://[2001:db8::7]:8443/b?code=c0de&state=" STATE },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format(
			"{\"success\":true,\"result\":{\"url\":\"%s\"}}", rows[i].url);
		struct http_reply reply = fake_http_reply(200, "application/json", body);
		_cleanup_secret_ struct secret *code = NULL;
		struct api_result result;

		dingtalk_read_confirmed(&reply, rows[i].redirect_uri, STATE, &code, &result);
		expect(body, &result, API_GOOD, 0);
		assert_string_equal(code->data, "c0de");
		http_reply_done(&reply);
	}
}

static void a_refusal_at_the_end_is_none_of_ours(void **state UNUSED)
{
	static const char *const bodies[] = {
		"{\"success\":false,\"errorCode\":\"7\",\"errorMsg\":\"clientId is blank\"}",
		"{\"success\":false,\"result\":{\"url\":\"" URI "?code=c0de&state=" STATE "\"}}",
		"{\"success\":true,\"result\":\"" URI "?code=c0de&state=" STATE "\"}",
		"{\"success\":true}", "{}", "",
	};

	for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
		struct http_reply reply = fake_http_reply(200, "application/json", bodies[i]);
		struct secret *code = NULL;
		struct api_result result;

		dingtalk_read_confirmed(&reply, URI, STATE, &code, &result);
		expect(bodies[i], &result, API_FAILED, FAIL_PROVIDER);
		assert_null(code);
		http_reply_done(&reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_lets_anybody_in_or_needs_a_browser),
		cmocka_unit_test(what_is_no_such_page_is_not_as_it_was),
		cmocka_unit_test(a_page_has_its_length),
		cmocka_unit_test(a_code_is_a_link_to_the_vendor),
		cmocka_unit_test(every_answer_to_a_poll_is_known_or_ends_it),
		cmocka_unit_test(a_scan_is_enough_or_nobody_gets_in),
		cmocka_unit_test(a_gateway_may_give_up_on_a_poll),
		cmocka_unit_test(the_code_comes_to_our_address_with_our_state),
		cmocka_unit_test(an_address_may_have_no_path_or_a_query),
		cmocka_unit_test(a_refusal_at_the_end_is_none_of_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
