/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type dingtalk over the relay: from the press of the button to the employee. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/dingtalk-fixture.h"

#define REPLY_MAX (64 * 1024)

static void expect_post(const struct login *login, const char *url, const char *body, bool once)
{
	assert_true(fake_asks(login, url));
	assert_int_equal(login->request->method, HTTP_POST);
	assert_true(fake_has_header(login, "Content-Type: application/json"));
	assert_true(fake_has_header(login, "Accept: application/json"));
	assert_string_equal(login->request->body->data, body);
	assert_int_equal(login->request->max_body, REPLY_MAX);
	assert_int_equal(login->request->once, once);
}

static void expect_employee(const struct login *login)
{
	dingtalk_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "dingtalk:" CORP);
	assert_string_equal(login->subject, USERID);
	assert_string_equal(login->display, "张三");
	assert_null(login->mail);
	assert_int_equal(list_length(login->groups), 2);
	assert_true(list_has(login->groups, "1"));
	assert_true(list_has(login->groups, "986211234"));
	assert_int_equal(list_length(login->attributes), 2);
	assert_true(list_has(login->attributes, "userid=" USERID));
	assert_true(list_has(login->attributes, "unionid=" UNIONID));
}

static void expect_token_request(const struct login *login)
{
	expect_post(login, GET_TOKEN,
		    "{\"appKey\":\"" KEY "\",\"appSecret\":\"s3cr3t\\\"of-the\\\\app\"}", false);
}

static void expect_member_request(const struct login *login)
{
	expect_post(login, MEMBER, "{\"userid\":\"" USERID "\",\"language\":\"zh_CN\"}", false);
}

static void the_app_s_code_stands_for_an_employee(void **state UNUSED)
{
	struct fake_method *method = dingtalk_method(SECTION);
	struct login *login = fake_start(method);

	assert_int_equal(login->n_requests, 0);
	assert_string_equal(login->redirect, PAGE "#corp_id=" CORP "&client_id=" KEY
			    "&method=work&state=" STATE);
	fake_callback(login, "code=" CODE "&state=" STATE);
	expect_token_request(login);
	dingtalk_go_on(login, STAGE_TOKEN);
	expect_post(login, USERINFO, "{\"code\":\"" CODE "\"}", true);
	dingtalk_go_on(login, STAGE_USERINFO);
	expect_member_request(login);
	dingtalk_go_on(login, STAGE_MEMBER);
	expect_employee(login);
	assert_int_equal(login->n_requests, 3);
	dingtalk_free(login);
}

static void the_page_s_code_stands_for_an_employee(void **state UNUSED)
{
	struct fake_method *method = dingtalk_method(WEB);
	struct login *login = fake_start(method);

	assert_int_equal(login->n_requests, 0);
	/* The parameters in the vendor's order. */
	assert_string_equal(login->redirect,
			    "https://login.dingtalk.com/oauth2/auth?redirect_uri="
			    "https%3A%2F%2Frelay.example.org%2Fcb%2Fdingtalk&response_type=code"
			    "&client_id=" KEY "&scope=openid%20corpid&state=" STATE
			    "&prompt=consent&corpId=" CORP);
	fake_callback(login, "authCode=" CODE "&state=" STATE);
	expect_post(login, USER_TOKENS,
		    "{\"clientId\":\"" KEY "\",\"clientSecret\":\"s3cr3t\\\"of-the\\\\app\","
		    "\"code\":\"" CODE "\",\"grantType\":\"authorization_code\"}", true);
	dingtalk_go_on(login, STAGE_USER_TOKEN);
	assert_true(fake_asks(login, ME));
	assert_int_equal(login->request->method, HTTP_GET);
	assert_true(fake_has_header(login, "x-acs-dingtalk-access-token: " USER_TOKEN));
	assert_int_equal(login->request->max_body, REPLY_MAX);
	dingtalk_go_on(login, STAGE_ME);
	expect_token_request(login);
	dingtalk_go_on(login, STAGE_WEB_TOKEN);
	expect_post(login, EMPLOYEE, "{\"unionid\":\"" UNIONID "\"}", false);
	dingtalk_go_on(login, STAGE_EMPLOYEE);
	expect_member_request(login);
	dingtalk_go_on(login, STAGE_WEB_MEMBER);
	expect_employee(login);
	assert_int_equal(login->n_requests, 5);
	dingtalk_free(login);
}

static void addresses_can_be_others_and_all_calls_go_by_the_proxy(void **state UNUSED)
{
	static const char more[] = "proxy = http://egress.example.org:3128\n"
				   "api_url = https://127.0.0.1:4430/api\n"
				   "oapi_url = https://127.0.0.1:4431/oapi\n"
				   "login_url = https://127.0.0.1:4432/login\n";

	for (int stage = 0; stage < N_STAGES; stage++) {
		_cleanup_free_ char *section = text_format("%s%s", stage < STAGE_USER_TOKEN ?
							   SECTION : WEB, more);
		struct fake_method *method = dingtalk_method(section);
		struct login *login = dingtalk_start(method, (enum dingtalk_stage)stage);

		assert_true(text_has_prefix(login->request->url,
					    dingtalk_is_oapi((enum dingtalk_stage)stage) ?
					    "https://127.0.0.1:4431/oapi/topapi/" :
					    "https://127.0.0.1:4430/api/v1.0/"));
		assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
		if (stage == STAGE_USER_TOKEN)
			assert_true(text_has_prefix(login->redirect,
						    "https://127.0.0.1:4432/login/oauth2/auth?"));
		dingtalk_free(login);
	}
}

static void without_a_relay_there_is_no_way(void **state UNUSED)
{
	static const char *const sections[] = { SECTION, WEB };

	for (size_t i = 0; i < N_ELEMENTS(sections); i++) {
		struct fake_method *method = dingtalk_method(sections[i]);
		struct login *login;

		method->link.redirect_uri = NULL;
		login = fake_start(method);
		dingtalk_ended(login, FAKE_FAILED, FAIL_CONFIG);
		dingtalk_free(login);
	}
}

/* What the callback of either mode leads to; NULL: the login is over. */
static void a_code_goes_to_the_exchange_of_its_kind_only(void **state UNUSED)
{
	char longest[5 + 512 + 1], longer[5 + 513 + 1];
	const struct {
		const char *section, *query, *asks;
		int reason;
	} rows[] = {
		{ SECTION, "code=c", GET_TOKEN, 0 },
		{ SECTION, "code=c&authCode=d", GET_TOKEN, 0 },
		{ SECTION, longest, GET_TOKEN, 0 },
		{ SECTION, "authCode=c", NULL, DENY_REFUSED },
		{ SECTION, "", NULL, DENY_REFUSED },
		{ SECTION, "code=", NULL, DENY_REFUSED },
		{ SECTION, "Code=c", NULL, DENY_REFUSED },
		{ SECTION, "error=cancelled", NULL, DENY_REFUSED },
		{ SECTION, "error=", NULL, DENY_REFUSED },
		{ SECTION, "code=c&error=cancelled", NULL, DENY_REFUSED },
		{ SECTION, longer, NULL, DENY_INVALID },
		{ SECTION, "code=%E5%BC%A0", NULL, DENY_INVALID },
		{ SECTION, "code=%3Cscript%3E", NULL, DENY_INVALID },
		{ SECTION, "code=..%2Fetc", NULL, DENY_INVALID },
		{ SECTION, "code=a%22%7D%2C%22b%5C", NULL, DENY_INVALID },
		{ WEB, "authCode=c", USER_TOKENS, 0 },
		{ WEB, "code=c", USER_TOKENS, 0 },
		{ WEB, "code=c&authCode=c", USER_TOKENS, 0 },
		{ WEB, longest, USER_TOKENS, 0 },
		{ WEB, "code=c&authCode=d", NULL, DENY_INVALID },
		{ WEB, "code=c&authCode=", NULL, DENY_INVALID },
		{ WEB, "code=&authCode=c", NULL, DENY_INVALID },
		{ WEB, "code=&authCode=", NULL, DENY_REFUSED },
		{ WEB, "", NULL, DENY_REFUSED },
		{ WEB, "error=access_denied", NULL, DENY_REFUSED },
		{ WEB, "authCode=c&error=access_denied", NULL, DENY_REFUSED },
		{ WEB, longer, NULL, DENY_INVALID },
		{ WEB, "authCode=%E5%BC%A0", NULL, DENY_INVALID },
		{ WEB, "authCode=1%27or%271", NULL, DENY_INVALID },
		{ WEB, "code=a%22%7D%2C%22b%5C", NULL, DENY_INVALID },
	};

	memset(longest, 'c', sizeof(longest));
	memset(longer, 'c', sizeof(longer));
	memcpy(longest, "code=", 5);
	memcpy(longer, "code=", 5);
	longest[sizeof(longest) - 1] = longer[sizeof(longer) - 1] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *query = text_format("%s&state=" STATE, rows[i].query);
		struct login *login = fake_start(dingtalk_method(rows[i].section));

		fake_callback(login, query);
		if (rows[i].asks)
			assert_true(fake_asks(login, rows[i].asks));
		else
			dingtalk_ended(login, FAKE_DENIED, rows[i].reason);
		assert_int_equal(login->n_requests, rows[i].asks != NULL);
		dingtalk_free(login);
	}
}

static void what_the_telephone_says_is_cleaned_and_cut(void **state UNUSED)
{
	struct login *login = fake_start(dingtalk_method(SECTION));
	struct buf query = BUF_INIT(4096);

	buf_add_text(&query, "error=domain%E2%80%AE%20");
	for (int i = 0; i < 300; i++)
		buf_add_char(&query, 'e');
	buf_add_text(&query, "&state=" STATE);
	fake_callback(login, buf_text(&query));
	dingtalk_ended(login, FAKE_DENIED, DENY_REFUSED);
	fake_says(login, "with an error: domain? eee");
	assert_in_range(strlen(login->detail), 80, 130);
	buf_done(&query);
	dingtalk_free(login);
}

static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	static const char *const sections[] = { SECTION, WEB };

	for (size_t i = 0; i < N_ELEMENTS(sections); i++)
		dingtalk_free(fake_start(dingtalk_method(sections[i])));
	for (int stage = 0; stage < N_STAGES; stage++) {
		struct login *login = dingtalk_at((enum dingtalk_stage)stage);

		assert_int_equal(login->end, FAKE_RUNNING);
		dingtalk_free(login);
	}
}

static void features_and_app_follow_from_the_mode(void **state UNUSED)
{
	static const unsigned over_the_relay = PROVIDER_CONTACTS | PROVIDER_RELAY |
					       PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT;
	static const struct {
		const char *section;
		unsigned features;
		enum relay_app app;
	} rows[] = {
		{ SECTION, over_the_relay | PROVIDER_DELIVERS, RELAY_APP_DINGTALK },
		{ SECTION "mode = relay\n", over_the_relay | PROVIDER_DELIVERS,
		  RELAY_APP_DINGTALK },
		{ WEB, over_the_relay | PROVIDER_DELIVERS, RELAY_APP_BROWSER },
		/* A notice needs the app's number. */
		{ "corp_id = " CORP "\napp_key = " KEY "\n", over_the_relay, RELAY_APP_DINGTALK },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = dingtalk_method(rows[i].section);

		assert_int_equal(dingtalk_provider.features_of(method->config), rows[i].features);
		assert_int_equal(dingtalk_provider.app_of(method->config), rows[i].app);
		fake_method_free(method);
	}
}

static void an_app_is_named_by_its_key(void **state UNUSED)
{
	struct fake_method *method = dingtalk_method(SECTION);
	_cleanup_free_ char *name = fake_app_name(method);

	assert_string_equal(name, KEY);
	fake_method_free(method);
}

static void mistakes_in_the_section_are_named(void **state UNUSED)
{
	static const struct {
		const char *section, *mistake;
	} rows[] = {
		{ "app_key = " KEY "\n", "corp_id" },
		{ "corp_id = " CORP "\n", "app_key" },
		{ SECTION, "app_secret" },
		{ SECTION "app_secret = abc\n", "app_secret" },
		{ "corp_id = " CORP "&a=1\napp_key = " KEY "\n", "corp_id" },
		{ "corp_id = " CORP "\napp_key = " KEY "#\n", "app_key" },
		{ SECTION "agent_id = 0\n", "agent_id" },
		{ SECTION "agent_id = app\n", "agent_id" },
		{ SECTION "mode = both\n", "mode" },
		{ SECTION "proxy = https://egress.example.org:3128\n", "proxy" },
		{ SECTION "proxy = http://egress.example.org\n", "proxy" },
		{ SECTION "api_url = https://api.dingtalk.com/\n", "api_url" },
		{ SECTION "oapi_url = http://oapi.dingtalk.com\n", "oapi_url" },
		{ SECTION "login_url = https://login.dingtalk.com?a=b\n", "login_url" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes(&dingtalk_provider, rows[i].section);

		if (!strstr(mistakes, rows[i].mistake))
			fail_msg("%s: %s", rows[i].section, mistakes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_app_s_code_stands_for_an_employee),
		cmocka_unit_test(the_page_s_code_stands_for_an_employee),
		cmocka_unit_test(addresses_can_be_others_and_all_calls_go_by_the_proxy),
		cmocka_unit_test(without_a_relay_there_is_no_way),
		cmocka_unit_test(a_code_goes_to_the_exchange_of_its_kind_only),
		cmocka_unit_test(what_the_telephone_says_is_cleaned_and_cut),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(features_and_app_follow_from_the_mode),
		cmocka_unit_test(an_app_is_named_by_its_key),
		cmocka_unit_test(mistakes_in_the_section_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
