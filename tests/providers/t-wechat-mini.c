/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wechat-mini-program: the two ways into the program, its code, and the URL link. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/fake-core.h"

#define APP       "wx0123456789abcdef"
#define SECTION   "app_id = " APP "\n"
#define LINKED    SECTION "url_link = https://wxaurl.cn/Ticket\n"
#define MADE      SECTION "make_url_link = yes\n"
#define API       "https://api.weixin.qq.com/"
#define SECRET    "s3cr3t+/of-the-program"
#define TOKEN     "vN1mQw4ZrT8yUi2OpLkJhGfDsAzXcVbNm-_3"
#define CODE      "0e3AbCdEfGhIjKlMnOpQrStUvWxYz0123"
#define OPENID    "oMn0123456789abcdefghijklmn_"
#define ID        "abcdefghijklmnopqrstuv"
#define SESSION   API "sns/jscode2session?appid=" APP "&secret=s3cr3t%2B%2Fof-the-program" \
		  "&js_code=" CODE "&grant_type=authorization_code"
#define GENERATE  API "wxa/generate_urllink?access_token=" TOKEN
#define DAY_MS    INT64_C(86400000)

static struct fake_method *new_method(const char *section)
{
	struct fake_method *method = fake_method_with_secret(&wechat_mini_provider, section,
							     "app_secret", SECRET);

	method->link = (struct login_link) {
		.redirect_uri = "https://relay.example.org/cb/mini",
		.state = "00112233445566778899aabbccddeeff",
		.id = ID,
	};
	fake_set(method, "TOKEN", TOKEN);
	fake_set(method, "OPENID", OPENID);
	return method;
}

static struct login *come_back(struct fake_method *method)
{
	struct login *login = fake_start(method);

	fake_callback(login, "code=" CODE);
	return login;
}

static void error(struct login *login, const char *code, const char *message)
{
	fake_set(login->method, "CODE", code);
	fake_set(login->method, "MESSAGE", message);
	fake_reply(login, "wecom-error.http");
}

/* Whatever becomes of a login, what goes to the log has no secret in it. */
static void ended(const struct login *login, enum fake_end end, int reason)
{
	static const char *const secrets[] = { TOKEN, CODE, SECRET, "secret=", "js_code=",
					       "tiihtNczf5v6AKRyjwEUhQ", NULL };

	fake_ended(login, end, reason, secrets);
}

static void done(struct login *login, struct fake_method *method)
{
	fake_login_free(login);
	fake_method_free(method);
}

/* --- who it is --- */

static void the_code_tells_who_it_is(void **state UNUSED)
{
	static const struct {
		const char *reply, *issuer, *subject;
	} rows[] = {
		{ "wechat-mini-session.http", "wechat:" APP, OPENID },
		{ "wechat-mini-session-union.http", "wechat", "o6_Bm-asdwTrk8FNjpiRz2nS" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = new_method(SECTION);
		struct login *login = come_back(method);

		assert_true(fake_asks(login, SESSION));
		assert_int_equal(login->request->method, HTTP_GET);
		assert_true(login->request->once);
		fake_reply(login, rows[i].reply);
		ended(login, FAKE_IDENTIFIED, 0);
		assert_string_equal(login->issuer, rows[i].issuer);
		assert_string_equal(login->subject, rows[i].subject);
		assert_true(list_has(login->attributes, "openid=" OPENID));
		assert_null(login->display);
		assert_null(login->redirect);
		assert_int_equal(login->n_requests, 1);
		done(login, method);
	}
}

static void a_callback_needs_a_code(void **state UNUSED)
{
	char longest[129], longer[130];
	const struct {
		const char *code;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ NULL, FAKE_DENIED, DENY_REFUSED },
		{ "", FAKE_DENIED, DENY_REFUSED },
		{ longer, FAKE_DENIED, DENY_INVALID },
		{ "a%26openid%3Dx", FAKE_DENIED, DENY_INVALID },
		{ "a+b", FAKE_DENIED, DENY_INVALID },
		{ "%E5%BC%A0", FAKE_DENIED, DENY_INVALID },
		{ longest, FAKE_RUNNING, 0 },
	};

	memset(longest, 'c', 128);
	longest[128] = '\0';
	memset(longer, 'c', 129);
	longer[129] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *query = rows[i].code ?
			text_format("code=%s&openid=%s", rows[i].code, OPENID) :
			text_copy("openid=" OPENID "&unionid=o6");
		struct fake_method *method = new_method(SECTION);
		struct login *login = fake_start(method);

		fake_callback(login, query);
		if (rows[i].end == FAKE_RUNNING)
			assert_non_null(strstr(login->request->url, longest));
		else
			ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_requests, rows[i].end == FAKE_RUNNING);
		done(login, method);
	}
}

static void every_error_has_its_end(void **state UNUSED)
{
	static const struct {
		const char *code;
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ "40029", FAKE_DENIED, DENY_REFUSED, "40029 sns/jscode2session: the code" },
		{ "40163", FAKE_DENIED, DENY_INVALID, "was used by somebody before" },
		{ "40226", FAKE_DENIED, DENY_REFUSED, "blocked" },
		{ "45011", FAKE_DENIED, DENY_BUSY, "too many calls" },
		{ "45009", FAKE_DENIED, DENY_BUSY, "quota" },
		{ "40013", FAKE_FAILED, FAIL_CONFIG, "app_id" },
		{ "40125", FAKE_FAILED, FAIL_CONFIG, "secret" },
		{ "41002", FAKE_FAILED, FAIL_CONFIG, "app_id" },
		{ "41004", FAKE_FAILED, FAIL_CONFIG, "secret" },
		{ "40164", FAKE_FAILED, FAIL_CONFIG, "IP 白名单" },
		{ "48001", FAKE_FAILED, FAIL_CONFIG, "may not make this call" },
		{ "40001", FAKE_FAILED, FAIL_CONFIG, "40001" },
		{ "42001", FAKE_FAILED, FAIL_PROVIDER, "42001" },
		{ "1", FAKE_FAILED, FAIL_PROVIDER, "1 sns/jscode2session: an error; words" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = new_method(SECTION);
		struct login *login = come_back(method);

		error(login, rows[i].code, "words, rid: 0123-4567");
		ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_requests, 1);
		fake_says(login, rows[i].says);
		done(login, method);
	}
}

static void a_busy_vendor_is_asked_again(void **state UNUSED)
{
	struct fake_method *method = new_method(SECTION);
	struct login *login = come_back(method);

	error(login, "-1", "system error");
	assert_null(login->request);
	fake_timer(login);
	assert_true(fake_asks(login, SESSION));
	/* It may have been our own try that used it up. */
	error(login, "40163", "code been used");
	ended(login, FAKE_DENIED, DENY_REFUSED);
	fake_login_free(login);

	login = come_back(method);
	for (int i = 0; i < 3; i++) {
		error(login, "-1", "system error");
		fake_timer(login);
	}
	error(login, "-1", "system error");
	ended(login, FAKE_FAILED, FAIL_PROVIDER);
	assert_int_equal(login->n_requests, 4);
	done(login, method);
}

static void a_code_is_not_sent_again_when_the_answer_is_lost(void **state UNUSED)
{
	struct fake_method *method = new_method(SECTION);
	struct login *login = come_back(method);

	fake_reply_lost(login, HTTP_TIMED_OUT);
	ended(login, FAKE_FAILED, FAIL_NETWORK);
	assert_int_equal(login->n_requests, 1);
	done(login, method);
}

static void what_is_no_session_identifies_nobody(void **state UNUSED)
{
	static const char *const bodies[] = {
		"{}", "[]", "{\"openid\":\"\"}", "{\"openid\":7}",
		"{\"openid\":\"o with spaces\"}", "{\"openid\":[\"" OPENID "\"]}",
		"{\"openid\":\"" OPENID "\",\"unionid\":7}",
		"{\"openid\":\"" OPENID "\",\"unionid\":\"a b\"}",
		"{\"errcode\":0}", "{\"errcode\":\"0\",\"openid\":\"" OPENID "\"}",
		"{\"openid\":\"" OPENID "\",\"openid\":\"other\"}", "<html>maintenance</html>",
		"{\"openid\":\"" OPENID "\"", "",
	};

	for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
		struct fake_method *method = new_method(SECTION);
		struct login *login = come_back(method);

		fake_reply_json(login, 200, bodies[i]);
		ended(login, FAKE_FAILED, FAIL_PROVIDER);
		done(login, method);
	}
}

static void all_calls_go_by_the_proxy_to_the_configured_address(void **state UNUSED)
{
	struct fake_method *method = new_method(
		MADE "proxy = http://egress.example.org:3128\n"
		"api_url = https://127.0.0.1:4430/api\npath = pages/sso/index\n");
	struct login *login = come_back(method);

	assert_true(text_has_prefix(login->request->url,
				    "https://127.0.0.1:4430/api/sns/jscode2session?"));
	assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
	fake_login_free(login);
	login = fake_prepare(method);
	assert_true(fake_asks(login, "https://127.0.0.1:4430/api/cgi-bin/stable_token"));
	assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
	fake_reply(login, "wechat-mini-token.http");
	assert_true(fake_body_has(login, "\"path\":\"pages/sso/index\""));
	assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
	done(login, method);
}

/* --- the ways into the program --- */

static void without_a_relay_there_is_no_way(void **state UNUSED)
{
	struct fake_method *method = new_method(LINKED);
	struct login *login;

	method->link.redirect_uri = NULL;
	login = fake_start(method);
	ended(login, FAKE_FAILED, FAIL_CONFIG);
	done(login, method);
}

static void a_button_leads_to_the_program_by_its_url_link(void **state UNUSED)
{
	struct fake_method *method = new_method(LINKED);
	struct login *login = fake_start(method);

	assert_string_equal(login->redirect, "https://wxaurl.cn/Ticket?cq=" ID);
	assert_int_equal(login->timer_number, 0);
	assert_int_equal(login->n_requests, 0);
	fake_callback(login, "code=" CODE);
	assert_true(fake_asks(login, SESSION));
	done(login, method);
}

/* Nothing leads there; but the program may be on its way, so there is a moment. */
static void a_button_that_leads_nowhere_ends_the_login(void **state UNUSED)
{
	static const struct {
		const char *section;
		int reason;
		const char *says;
	} rows[] = {
		{ SECTION, FAIL_CONFIG, "url_link or make_url_link is needed" },
		{ MADE, FAIL_PROVIDER, "no URL link could be made yet" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = new_method(rows[i].section);
		struct login *login = fake_start(method);

		assert_int_equal(login->end, FAKE_RUNNING);
		assert_null(login->redirect);
		assert_in_range(login->timer_delay_ms, 500, 5000);
		fake_timer(login);
		ended(login, FAKE_FAILED, rows[i].reason);
		assert_non_null(strstr(login->detail, rows[i].says));
		done(login, method);
	}
}

static void the_moment_is_over_when_the_program_answers(void **state UNUSED)
{
	struct fake_method *method = new_method(SECTION);
	struct login *login = come_back(method);

	assert_int_equal(login->timer_number, 0);
	/* A timer now is that of the call. */
	error(login, "-1", "system error");
	fake_timer(login);
	assert_true(fake_asks(login, SESSION));
	fake_reply(login, "wechat-mini-session.http");
	ended(login, FAKE_IDENTIFIED, 0);
	done(login, method);
}

/* --- the link that is made --- */

static void make_link(struct fake_method *method)
{
	struct login *login = fake_prepare(method);

	fake_reply(login, "wechat-mini-token.http");
	fake_reply(login, "wechat-mini-link.http");
	ended(login, FAKE_DONE, 0);
	fake_login_free(login);
}

static void a_link_is_made_once_for_all_logins(void **state UNUSED)
{
	struct fake_method *method = new_method(MADE);
	struct login *login = fake_prepare(method);

	assert_true(fake_asks(login, API "cgi-bin/stable_token"));
	assert_true(fake_body_has(login, "\"appid\":\"" APP "\",\"secret\":\"" SECRET "\""));
	fake_reply(login, "wechat-mini-token.http");
	assert_true(fake_asks(login, GENERATE));
	assert_int_equal(login->request->method, HTTP_POST);
	assert_true(fake_body_has(login, "{\"path\":\"/pages/login/index\",\"expire_type\":1,"
				  "\"expire_interval\":30,\"env_version\":\"release\"}"));
	fake_reply(login, "wechat-mini-link.http");
	ended(login, FAKE_DONE, 0);
	assert_int_equal(login->n_requests, 2);
	fake_login_free(login);

	for (int i = 0; i < 2; i++) {
		login = fake_start(method);
		assert_string_equal(login->redirect, "https://wxaurl.cn/AbCdEfGhIjK?cq=" ID);
		fake_login_free(login);
		login = fake_prepare(method);
		ended(login, FAKE_DONE, 0);
		assert_int_equal(login->n_requests, 0);
		fake_login_free(login);
	}
	fake_method_free(method);
}

static void a_link_is_made_anew_before_it_runs_out(void **state UNUSED)
{
	struct fake_method *method = new_method(MADE);
	struct login *login;

	make_link(method);
	method->now_s += 25 * DAY_MS / 1000 - 1;
	login = fake_prepare(method);
	ended(login, FAKE_DONE, 0);
	fake_login_free(login);

	/* One that could not be made does not take the old one away. */
	method->now_s += 1;
	login = fake_prepare(method);
	fake_reply(login, "wechat-mini-token.http");
	error(login, "44990", "reach max frequency");
	ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	login = fake_start(method);
	assert_non_null(login->redirect);
	fake_login_free(login);

	method->now_s += 5 * DAY_MS / 1000;
	login = fake_start(method);
	assert_null(login->redirect);
	fake_login_free(login);
	make_link(method);
	/* Nor is a link of tomorrow trusted. */
	method->now_s -= DAY_MS / 1000;
	login = fake_start(method);
	assert_null(login->redirect);
	/* It is there before the moment is over. */
	make_link(method);
	fake_timer(login);
	assert_non_null(login->redirect);
	assert_int_equal(login->end, FAKE_RUNNING);
	fake_callback(login, "code=" CODE);
	fake_reply(login, "wechat-mini-session.http");
	ended(login, FAKE_IDENTIFIED, 0);
	done(login, method);
}

static void without_make_url_link_nothing_is_prepared(void **state UNUSED)
{
	struct fake_method *method = new_method(LINKED);
	struct login *login = fake_prepare(method);

	ended(login, FAKE_DONE, 0);
	assert_int_equal(login->n_requests, 0);
	done(login, method);
}

static void a_link_that_is_not_made_says_why_and_stops_no_login(void **state UNUSED)
{
	static const struct {
		bool has_token;
		const char *code;
		int reason;
		const char *says;
	} rows[] = {
		{ false, "40164", FAIL_CONFIG, "allow 203.0.113.7 in IP 白名单" },
		{ false, "40125", FAIL_CONFIG, "secret" },
		{ false, "45009", FAIL_PROVIDER, "quota" },
		{ true, "40002", FAIL_CONFIG, "may not make URL links" },
		{ true, "40013", FAIL_CONFIG, "blocked" },
		{ true, "40165", FAIL_CONFIG, "path is wrong" },
		{ true, "48001", FAIL_CONFIG, "belongs to a person" },
		{ true, "85079", FAIL_CONFIG, "not released" },
		{ true, "44990", FAIL_PROVIDER, "too many URL links at once" },
		{ true, "44993", FAIL_PROVIDER, "used up" },
		{ true, "45009", FAIL_PROVIDER, "used up" },
		{ true, "40001", FAIL_PROVIDER, "40001" },
		{ true, "85401", FAIL_PROVIDER, "85401" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = new_method(MADE);
		struct login *login = fake_prepare(method);

		if (rows[i].has_token)
			fake_reply(login, "wechat-mini-token.http");
		error(login, rows[i].code, "invalid ip 203.0.113.7, not in whitelist");
		ended(login, FAKE_FAILED, rows[i].reason);
		fake_says(login, rows[i].says);
		fake_login_free(login);
		login = come_back(method);
		fake_reply(login, "wechat-mini-session.http");
		ended(login, FAKE_IDENTIFIED, 0);
		done(login, method);
	}
}

static void what_is_no_link_is_not_used(void **state UNUSED)
{
	static const char *const bodies[] = {
		"{\"errcode\":0}", "{\"errcode\":0,\"url_link\":\"\"}",
		"{\"errcode\":0,\"url_link\":\"weixin://dl/business\"}",
		"{\"errcode\":0,\"url_link\":\"http://wxaurl.cn/a\"}",
		"{\"errcode\":0,\"url_link\":\"https://wxaurl.cn/a?b\"}",
		"{\"errcode\":0,\"url_link\":\"https://wxaurl.cn/a#b\"}",
		"{\"errcode\":0,\"url_link\":7}", "{\"url_link\":\"https://wxaurl.cn/a\"}", "[]",
	};

	for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
		struct fake_method *method = new_method(MADE);
		struct login *login = fake_prepare(method);

		fake_reply(login, "wechat-mini-token.http");
		fake_reply_json(login, 200, bodies[i]);
		ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		login = fake_start(method);
		assert_null(login->redirect);
		done(login, method);
	}
}

static void a_sysadmin_sees_what_the_vendor_says(void **state UNUSED)
{
	static const struct {
		const char *section, *code;      /* code NULL: a token */
		enum fake_end end;
		const char *shown, *detail;
	} rows[] = {
		{ SECTION, NULL, FAKE_DONE, "app_id and app_secret are right.\n", NULL },
		{ SECTION, "40125", FAKE_FAILED, NULL, "40125" },
		{ SECTION, "40164", FAKE_DONE, "needed with make_url_link = yes only", NULL },
		{ MADE, "40164", FAKE_FAILED, NULL, "allow 203.0.113.7" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = new_method(rows[i].section);
		struct login *login = fake_test(method);

		assert_true(fake_asks(login, API "cgi-bin/stable_token"));
		if (rows[i].code)
			error(login, rows[i].code, "invalid ip 203.0.113.7, not in whitelist");
		else
			fake_reply(login, "wechat-mini-token.http");
		ended(login, rows[i].end, login->reason);
		if (rows[i].shown)
			assert_non_null(strstr(login->said, rows[i].shown));
		if (rows[i].detail)
			assert_non_null(strstr(login->detail, rows[i].detail));
		done(login, method);
	}
}

static void a_sysadmin_sees_the_link_that_is_made(void **state UNUSED)
{
	struct fake_method *method = new_method(MADE);
	struct login *login;

	/* Although there is one, and although somebody was told to wait. */
	make_link(method);
	login = come_back(method);
	error(login, "45009", "quota");
	fake_login_free(login);
	login = fake_test(method);
	fake_reply(login, "wechat-mini-token.http");
	assert_true(fake_asks(login, GENERATE));
	fake_reply(login, "wechat-mini-link.http");
	ended(login, FAKE_DONE, 0);
	assert_non_null(strstr(login->said, "https://wxaurl.cn/AbCdEfGhIjK"));
	done(login, method);
}

/* --- the rest --- */

static void one_person_s_limit_is_nobody_else_s(void **state UNUSED)
{
	struct fake_method *method = new_method(SECTION);
	struct login *login = come_back(method);

	error(login, "45011", "slower");
	ended(login, FAKE_DENIED, DENY_BUSY);
	fake_login_free(login);
	login = come_back(method);
	assert_non_null(login->request);
	done(login, method);
}

static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	struct fake_method *method = new_method(SECTION);
	struct login *login = fake_start(method);

	fake_login_free(login);
	fake_login_free(come_back(method));
	login = come_back(method);
	error(login, "-1", "system error");
	done(login, method);
}

static void mistakes_in_the_section_are_named(void **state UNUSED)
{
	static const struct {
		const char *section, *mistake;
	} rows[] = {
		{ "path = /pages/login/index\n", "app_id" },
		{ SECTION, "app_secret" },
		{ "app_id = wx01&secret=a\n", "app_id" },
		{ SECTION "url_link = http://wxaurl.cn/a\n", "url_link" },
		{ SECTION "url_link = https://wxaurl.cn/a?cq=1\n", "url_link" },
		{ LINKED "make_url_link = yes\n", "make_url_link" },
		{ SECTION "make_url_link = always\n", "make_url_link" },
		{ SECTION "path = /pages/login/index?a=b\n", "without a query" },
		{ SECTION "proxy = egress.example.org:3128\n", "proxy" },
		{ SECTION "proxy = http://egress.example.org\n", "proxy" },
		{ SECTION "api_url = https://api.weixin.qq.com/\n", "api_url" },
		{ SECTION "api_url = https://api.weixin.qq.com/?a=b\n", "api_url" },
		{ SECTION "api_url = http://api.weixin.qq.com\n", "api_url" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes(&wechat_mini_provider,
							      rows[i].section);

		if (!strstr(mistakes, rows[i].mistake))
			fail_msg("%s: %s", rows[i].section, mistakes);
	}
}

static void an_app_is_named_by_its_id(void **state UNUSED)
{
	struct fake_method *method = new_method(SECTION);
	_cleanup_free_ char *name = fake_app_name(method);

	assert_string_equal(name, APP);
	fake_method_free(method);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_tells_who_it_is),
		cmocka_unit_test(a_callback_needs_a_code),
		cmocka_unit_test(every_error_has_its_end),
		cmocka_unit_test(a_busy_vendor_is_asked_again),
		cmocka_unit_test(a_code_is_not_sent_again_when_the_answer_is_lost),
		cmocka_unit_test(what_is_no_session_identifies_nobody),
		cmocka_unit_test(all_calls_go_by_the_proxy_to_the_configured_address),
		cmocka_unit_test(without_a_relay_there_is_no_way),
		cmocka_unit_test(a_button_leads_to_the_program_by_its_url_link),
		cmocka_unit_test(a_button_that_leads_nowhere_ends_the_login),
		cmocka_unit_test(the_moment_is_over_when_the_program_answers),
		cmocka_unit_test(a_link_is_made_once_for_all_logins),
		cmocka_unit_test(a_link_is_made_anew_before_it_runs_out),
		cmocka_unit_test(without_make_url_link_nothing_is_prepared),
		cmocka_unit_test(a_link_that_is_not_made_says_why_and_stops_no_login),
		cmocka_unit_test(what_is_no_link_is_not_used),
		cmocka_unit_test(a_sysadmin_sees_what_the_vendor_says),
		cmocka_unit_test(a_sysadmin_sees_the_link_that_is_made),
		cmocka_unit_test(one_person_s_limit_is_nobody_else_s),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(mistakes_in_the_section_are_named),
		cmocka_unit_test(an_app_is_named_by_its_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
