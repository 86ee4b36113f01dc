/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wechat over the relay: from the press of the button to the person, and what the vendor's
 * API may say instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "providers/wechat-reply.h"
#include "tests/providers/wechat-fixture.h"

#define CALLBACK "code=" CODE "&state=" STATE

enum stage {
	STAGE_CODE,              /* sns/oauth2/access_token is open */
	STAGE_NAME,              /* sns/userinfo */
};

static struct login *start(struct fake_method *method, enum stage stage)
{
	struct login *login = fake_start(method);

	fake_callback(login, CALLBACK);
	if (stage == STAGE_NAME)
		wechat_say(login, PERSON);
	return login;
}

static void a_person_is_known_by_the_unionid(void **state UNUSED)
{
	struct fake_method *method = wechat_method(SECTION);
	struct login *login = fake_start(method);

	assert_int_equal(login->n_requests, 0);
	/* The parameters in the vendor's order. */
	assert_string_equal(login->redirect,
			    OPEN "qrconnect?appid=" APP
			    "&redirect_uri=https%3A%2F%2Frelay.example.org%2Fcb%2Fwechat"
			    "&response_type=code&scope=snsapi_login&state=" STATE
			    "#wechat_redirect");
	fake_callback(login, CALLBACK);
	assert_int_equal(login->request->method, HTTP_GET);
	assert_int_equal(login->request->max_body, 64 * 1024);
	assert_null(login->request->proxy);
	wechat_let_in(login);
	fake_method_free(method);
}

static void addresses_can_be_others_and_all_calls_go_by_the_proxy(void **state UNUSED)
{
	struct fake_method *method = wechat_method(
		SECTION "proxy = http://egress.example.org:3128\n"
		"api_url = https://127.0.0.1:4430/api\nopen_url = https://127.0.0.1:4431/open\n");
	struct login *login = start(method, STAGE_CODE);

	assert_true(text_has_prefix(login->redirect,
				    "https://127.0.0.1:4431/open/connect/qrconnect?appid="));
	for (int i = 0; i < 2; i++) {
		assert_true(text_has_prefix(login->request->url,
					    "https://127.0.0.1:4430/api/sns/"));
		assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
		wechat_say(login, i == 0 ? PERSON : NAME);
	}
	wechat_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void without_a_relay_there_is_no_way(void **state UNUSED)
{
	struct fake_method *method = wechat_method(SECTION);
	struct login *login;

	method->link.redirect_uri = NULL;
	login = fake_start(method);
	wechat_ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_callback_needs_a_code(void **state UNUSED)
{
	char longest[WECHAT_CODE_MAX + 1], longer[WECHAT_CODE_MAX + 2];
	const struct {
		const char *code;                /* NULL: the parameter is absent */
		enum fake_end end;
		int reason;
	} rows[] = {
		{ NULL, FAKE_DENIED, DENY_REFUSED },
		{ "", FAKE_DENIED, DENY_REFUSED },
		{ longest, FAKE_RUNNING, 0 },
		{ longer, FAKE_DENIED, DENY_INVALID },
		{ "a-b_C9", FAKE_RUNNING, 0 },
		{ "a%26openid%3Dadmin", FAKE_DENIED, DENY_INVALID },
		{ "a.b", FAKE_DENIED, DENY_INVALID },
		{ "a+b", FAKE_DENIED, DENY_INVALID },
		{ "%E5%BC%A0", FAKE_DENIED, DENY_INVALID },
		{ "authdeny", FAKE_RUNNING, 0 },         /* the API will say what it is */
	};

	memset(longest, 'c', sizeof(longest) - 1);
	memset(longer, 'c', sizeof(longer) - 1);
	longest[sizeof(longest) - 1] = longer[sizeof(longer) - 1] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *query = rows[i].code ?
			text_format("code=%s&state=" STATE, rows[i].code) :
			text_copy("state=" STATE);
		struct fake_method *method = wechat_method(SECTION);
		struct login *login = fake_start(method);

		fake_callback(login, query);
		if (rows[i].end == FAKE_RUNNING)
			assert_non_null(login->request);
		else
			wechat_ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_requests, rows[i].end == FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void every_error_of_a_code_has_its_end(void **state UNUSED)
{
	static const struct {
		const char *code;
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ "40001", FAKE_FAILED, FAIL_CONFIG, "the secret is wrong" },
		{ "40003", FAKE_FAILED, FAIL_PROVIDER, "openid" },
		{ "40013", FAKE_FAILED, FAIL_CONFIG, "app_id" },
		{ "40014", FAKE_FAILED, FAIL_PROVIDER, "token" },
		{ "40029", FAKE_DENIED, DENY_REFUSED, "the code is not valid" },
		{ "40125", FAKE_FAILED, FAIL_CONFIG, "40125 sns/oauth2/access_token: the secret" },
		{ "40163", FAKE_DENIED, DENY_INVALID, "used by somebody before" },
		{ "40164", FAKE_FAILED, FAIL_CONFIG, "IP 白名单" },
		{ "40226", FAKE_DENIED, DENY_REFUSED, "blocked" },
		{ "40243", FAKE_FAILED, FAIL_CONFIG, "frozen" },
		{ "41002", FAKE_FAILED, FAIL_CONFIG, "app_id" },
		{ "41004", FAKE_FAILED, FAIL_CONFIG, "secret" },
		{ "41008", FAKE_FAILED, FAIL_PROVIDER, "code" },
		{ "42001", FAKE_FAILED, FAIL_PROVIDER, "run out" },
		{ "42003", FAKE_DENIED, DENY_EXPIRED, "run out" },
		{ "45009", FAKE_DENIED, DENY_BUSY, "quota" },
		{ "45011", FAKE_DENIED, DENY_BUSY, "in a minute" },
		{ "48001", FAKE_FAILED, FAIL_CONFIG, "may not make this call" },
		{ "50002", FAKE_DENIED, DENY_REFUSED, "restricted" },
		{ "50004", FAKE_FAILED, FAIL_CONFIG, "disabled" },
		{ "50007", FAKE_FAILED, FAIL_CONFIG, "frozen" },
		{ "89501", FAKE_FAILED, FAIL_CONFIG, "not confirmed" },
		{ "89503", FAKE_FAILED, FAIL_CONFIG, "must confirm" },
		{ "89506", FAKE_FAILED, FAIL_CONFIG, "refused" },
		{ "89507", FAKE_FAILED, FAIL_CONFIG, "refused" },
		{ "1", FAKE_FAILED, FAIL_PROVIDER, "an error; words" },
		{ "-2", FAKE_FAILED, FAIL_PROVIDER, "an error" },
		{ "2147483647", FAKE_FAILED, FAIL_PROVIDER, "an error" },
	};

	/* And -1, below. */
	assert_int_equal(wechat_dialect.n_errors, N_ELEMENTS(rows) - 3 + 1);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(SECTION);
		struct login *login = start(method, STAGE_CODE);

		wechat_error(login, rows[i].code, "words");
		wechat_ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_requests, 1);
		if (!strstr(login->detail, rows[i].says))
			fail_msg("%s: %s", rows[i].code, login->detail);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void an_address_that_is_not_allowed_is_named(void **state UNUSED)
{
	struct fake_method *method = wechat_method(SECTION);
	struct login *login = start(method, STAGE_CODE);

	wechat_error(login, "40164", "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in "
		     "whitelist, rid: 68f0-12ab");
	wechat_ended(login, FAKE_FAILED, FAIL_CONFIG);
	assert_non_null(strstr(login->detail, "allow 203.0.113.7 in IP 白名单; invalid ip"));
	fake_login_free(login);
	fake_method_free(method);
}

static void a_busy_vendor_is_asked_three_times_again(void **state UNUSED)
{
	struct fake_method *method = wechat_method(SECTION);
	struct login *login = start(method, STAGE_CODE);

	for (int i = 0; i < 3; i++) {
		wechat_error(login, "-1", "system error");
		assert_int_equal(login->timer_delay_ms, 500 << i);
		fake_timer(login);
		assert_true(fake_asks(login, EXCHANGED));
	}
	wechat_error(login, "-1", "system error");
	wechat_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_code_that_is_spent_by_a_busy_vendor_is_no_alert(void **state UNUSED)
{
	struct fake_method *method = wechat_method(SECTION);
	struct login *login = start(method, STAGE_CODE);

	wechat_error(login, "-1", "system error");
	fake_timer(login);
	wechat_error(login, "40163", "code been used");
	wechat_ended(login, FAKE_DENIED, DENY_REFUSED);
	assert_non_null(strstr(login->detail, "40163"));
	fake_login_free(login);
	fake_method_free(method);
}

static void quotas_are_left_alone(void **state UNUSED)
{
	static const struct {
		const char *code;
		int64_t pause_ms;
	} rows[] = {
		{ "45011", 60000 },
		{ "45009", 3600000 },
		{ "40125", 10000 },
		{ "40029", 0 },
		{ "40163", 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(SECTION);
		struct login *login = start(method, STAGE_CODE);
		enum fake_end end;

		wechat_error(login, rows[i].code, "words");
		end = login->end;
		fake_login_free(login);
		if (rows[i].pause_ms) {
			method->now_ms += rows[i].pause_ms - 1;
			login = start(method, STAGE_CODE);
			assert_int_equal(login->n_requests, 0);
			assert_int_equal(login->end, end);
			fake_login_free(login);
			method->now_ms++;
		}
		login = start(method, STAGE_CODE);
		assert_int_equal(login->n_requests, 1);
		fake_login_free(login);
		fake_method_free(method);
	}
}

#define TOLD(openid, more) \
	"{\"access_token\":\"" USER_TOKEN "\",\"openid\":" openid more "}"
#define ID_64 "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"

static void a_reply_to_a_code_is_read_strictly(void **state UNUSED)
{
	static const struct {
		const char *body;
		bool is_right;
	} rows[] = {
		{ PERSON, true },
		{ TOLD("\"" OPENID "\"", ""), true },
		{ TOLD("\"" ID_64 "\"", ",\"unionid\":\"" ID_64 "\""), true },
		{ TOLD("\"o\"", ",\"errcode\":0,\"unionid\":\"\""), true },
		{ TOLD("\"o\"", ",\"unionid\":null,\"is_snapshotuser\":0"), true },
		{ TOLD("\"" ID_64 "x\"", ""), false },
		{ TOLD("\"o\"", ",\"unionid\":\"" ID_64 "x\""), false },
		{ TOLD("\"\"", ""), false },
		{ TOLD("null", ",\"unionid\":\"" UNIONID "\""), false },
		{ TOLD("7", ""), false },
		{ TOLD("[\"o\"]", ""), false },
		{ TOLD("\"o p\"", ""), false },
		{ TOLD("\"o/p\"", ""), false },
		{ TOLD("\"o\\u0000\"", ""), false },
		{ TOLD("\"张\"", ""), false },
		{ TOLD("\"o\"", ",\"unionid\":7"), false },
		{ TOLD("\"o\"", ",\"unionid\":{}"), false },
		{ TOLD("\"o\"", ",\"unionid\":\"u:v\""), false },
		{ TOLD("\"o\"", ",\"is_snapshotuser\":true"), false },
		{ TOLD("\"o\"", ",\"is_snapshotuser\":\"0\""), false },
		{ TOLD("\"o\"", ",\"is_snapshotuser\":-1"), false },
		{ TOLD("\"o\"", ",\"errcode\":\"0\""), false },
		{ TOLD("\"o\"", ",\"errcode\":null"), false },
		{ TOLD("\"o\"", ",\"errcode\":0.0"), false },
		{ TOLD("\"o\"", ",\"errcode\":99999999999"), false },
		{ TOLD("\"o\"", ",\"openid\":\"p\""), false },
		{ TOLD("\"o\"", ",\"unionid\":\"u\",\"unionid\":\"v\""), false },
		{ TOLD("\"o\"", ",\"errcode\":0,\"errcode\":0"), false },
		{ TOLD("\"o\"", "") "x", false },
		{ "[" PERSON "]", false },
		{ "{\"openid\":\"o\",\"unionid\":\"u\"}", false },
		{ "{\"openid\":\"o\",\"access_token\":\"\"}", false },
		{ "{\"openid\":\"o\",\"access_token\":7}", false },
		{ "{\"openid\":\"o\",\"access_token\":\"张\"}", false },
		{ "{\"openid\":\"o\",\"access_token\":\"a\\nb\"}", false },
		{ "{}", false },
		{ "", false },
		{ "{\"openid\":\"o\",", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(SECTION);
		struct login *login = start(method, STAGE_CODE);

		wechat_say(login, rows[i].body);
		if ((login->end == FAKE_RUNNING) != rows[i].is_right)
			fail_msg("%s: %d %s", rows[i].body, login->end, login->detail);
		if (!rows[i].is_right)
			wechat_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_reply_is_json_by_either_name(void **state UNUSED)
{
	static const struct {
		uint32_t status;
		const char *type;
		bool is_right;
	} rows[] = {
		{ 200, "text/plain", true },
		{ 200, "application/json", true },
		{ 200, "text/html", false },
		{ 200, "", false },
		{ 201, "application/json", false },
		{ 302, "application/json", false },
		{ 400, "application/json", false },
		{ 500, "application/json", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(SECTION);
		struct login *login = start(method, STAGE_CODE);
		struct http_reply reply = fake_http_reply(rows[i].status, rows[i].type, PERSON);

		fake_reply_whole(login, &reply);
		if (rows[i].is_right)
			assert_true(fake_asks(login, NAMED));
		else
			wechat_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_reply_that_does_not_come_ends_it(void **state UNUSED)
{
	static const enum http_result results[] = {
		HTTP_NOT_SENT, HTTP_TIMED_OUT, HTTP_BROKEN, HTTP_NO_HELPER
	};

	for (size_t i = 0; i < N_ELEMENTS(results); i++) {
		struct fake_method *method = wechat_method(SECTION);
		struct login *login = start(method, STAGE_CODE);

		fake_reply_lost(login, results[i]);
		wechat_ended(login, FAKE_FAILED, FAIL_NETWORK);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* --- the second call --- */

#define INFO(openid, more) "{\"openid\":\"" openid "\",\"nickname\":\"张三\"" more "}"
#define BARE TOLD("\"" OPENID "\"", "")          /* without a unionid */

static void a_name_is_told_by_the_same_person_or_not_at_all(void **state UNUSED)
{
	static const struct {
		const char *first, *second;
		const char *issuer, *subject;    /* NULL: ends as below */
		const char *display;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ PERSON, INFO(OPENID, ""), "wechat", UNIONID, "张三", FAKE_IDENTIFIED, 0 },
		{ BARE, NAME, "wechat", UNIONID, "张三", FAKE_IDENTIFIED, 0 },
		{ BARE, INFO(OPENID, ""), "wechat:" APP, OPENID, "张三", FAKE_IDENTIFIED, 0 },
		{ BARE, "{\"openid\":\"" OPENID "\"}", "wechat:" APP, OPENID, NULL,
		  FAKE_IDENTIFIED, 0 },
		{ PERSON, "{\"openid\":\"" OPENID "\",\"nickname\":\"\"}", "wechat", UNIONID, NULL,
		  FAKE_IDENTIFIED, 0 },
		{ PERSON, "{\"openid\":\"" OPENID "\",\"nickname\":\"a\\nb\"}", "wechat", UNIONID,
		  NULL, FAKE_IDENTIFIED, 0 },
		{ PERSON, "{\"openid\":\"" OPENID "\",\"nickname\":7}", "wechat", UNIONID, NULL,
		  FAKE_IDENTIFIED, 0 },
		/* Somebody else. */
		{ PERSON, INFO("other", ""), NULL, NULL, NULL, FAKE_DENIED, DENY_INVALID },
		{ BARE, INFO("other", ",\"unionid\":\"" UNIONID "\""), NULL, NULL, NULL,
		  FAKE_DENIED, DENY_INVALID },
		{ PERSON, INFO(OPENID, ",\"unionid\":\"other\""), NULL, NULL, NULL,
		  FAKE_DENIED, DENY_INVALID },
		{ PERSON, "{\"errcode\":50002,\"errmsg\":\"\"}", NULL, NULL, NULL,
		  FAKE_DENIED, DENY_REFUSED },
		/* The name is not worth a login, */
		{ PERSON, "{\"errcode\":48001,\"errmsg\":\"\"}", "wechat", UNIONID, NULL,
		  FAKE_IDENTIFIED, 0 },
		{ PERSON, "{\"errcode\":45011,\"errmsg\":\"\"}", "wechat", UNIONID, NULL,
		  FAKE_IDENTIFIED, 0 },
		{ PERSON, "{\"errcode\":40001,\"errmsg\":\"\"}", "wechat", UNIONID, NULL,
		  FAKE_IDENTIFIED, 0 },
		{ PERSON, "{}", "wechat", UNIONID, NULL, FAKE_IDENTIFIED, 0 },
		{ PERSON, "<html>", "wechat", UNIONID, NULL, FAKE_IDENTIFIED, 0 },
		{ PERSON, INFO(OPENID, ",\"unionid\":7"), "wechat", UNIONID, NULL,
		  FAKE_IDENTIFIED, 0 },
		/* the unionid is. */
		{ BARE, "{\"errcode\":48001,\"errmsg\":\"\"}", NULL, NULL, NULL,
		  FAKE_FAILED, FAIL_CONFIG },
		{ BARE, "{\"errcode\":45011,\"errmsg\":\"\"}", NULL, NULL, NULL,
		  FAKE_DENIED, DENY_BUSY },
		{ BARE, "{\"errcode\":40001,\"errmsg\":\"\"}", NULL, NULL, NULL,
		  FAKE_FAILED, FAIL_CONFIG },
		{ BARE, INFO(OPENID, ",\"unionid\":7"), NULL, NULL, NULL,
		  FAKE_FAILED, FAIL_PROVIDER },
		{ BARE, "<html>", NULL, NULL, NULL, FAKE_FAILED, FAIL_PROVIDER },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(SECTION);
		struct login *login = start(method, STAGE_CODE);

		wechat_say(login, rows[i].first);
		assert_true(fake_asks(login, NAMED));
		assert_false(login->request->once);
		wechat_say(login, rows[i].second);
		wechat_ended(login, rows[i].end, rows[i].reason);
		if (rows[i].issuer) {
			assert_string_equal(login->issuer, rows[i].issuer);
			assert_string_equal(login->subject, rows[i].subject);
			assert_true(text_equals(login->display, rows[i].display));
			assert_true(list_has(login->attributes, "openid=" OPENID));
		}
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_name_that_does_not_come_is_done_without(void **state UNUSED)
{
	struct fake_method *method = wechat_method(SECTION);
	struct login *login = start(method, STAGE_NAME);

	fake_reply_lost(login, HTTP_TIMED_OUT);
	wechat_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->subject, UNIONID);
	fake_login_free(login);
	login = start(method, STAGE_CODE);
	wechat_say(login, BARE);
	fake_reply_lost(login, HTTP_TIMED_OUT);
	wechat_ended(login, FAKE_FAILED, FAIL_NETWORK);
	fake_login_free(login);
	fake_method_free(method);
}

static void names_are_left_alone_when_there_are_too_many(void **state UNUSED)
{
	struct fake_method *method = wechat_method(SECTION);
	struct login *login = start(method, STAGE_NAME);

	wechat_error(login, "45011", "words");
	wechat_ended(login, FAKE_IDENTIFIED, 0);
	fake_login_free(login);
	method->now_ms += 59999;
	login = start(method, STAGE_NAME);
	assert_int_equal(login->n_requests, 1);
	wechat_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->subject, UNIONID);
	fake_login_free(login);
	/* Who is known by the name's call only needs it. */
	login = start(method, STAGE_CODE);
	wechat_say(login, BARE);
	assert_true(fake_asks(login, NAMED));
	fake_login_free(login);
	method->now_ms++;
	wechat_let_in(start(method, STAGE_CODE));
	fake_method_free(method);
}

static void nobody_is_known_by_a_snapshot(void **state UNUSED)
{
	struct fake_method *method = wechat_method(SECTION);
	struct login *login = start(method, STAGE_CODE);

	wechat_say(login, TOLD("\"" OPENID "\"", ",\"is_snapshotuser\":1,\"unionid\":\"u\""));
	wechat_say(login, INFO(OPENID, ""));
	wechat_ended(login, FAKE_DENIED, DENY_FILTERED);
	assert_non_null(strstr(login->detail, "快照页"));
	fake_login_free(login);
	fake_method_free(method);
}

/* --- configuration --- */

static void what_holds_depends_on_the_mode(void **state UNUSED)
{
	static const struct {
		const char *section;
		unsigned features;
	} rows[] = {
		{ SECTION, PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE },
		{ SECTION "mode = poll\nredirect_uri = https://sso.example.org/any\n",
		  PROVIDER_CONTACTS },
		{ SECTION "mode = device\n", PROVIDER_CONTACTS },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wechat_method(rows[i].section);
		struct buf app = BUF_INIT(64);

		assert_int_equal(wechat_provider.features_of(method->config), rows[i].features);
		wechat_provider.name_app(method->config, &app);
		assert_string_equal(buf_text(&app), APP);
		buf_done(&app);
		fake_method_free(method);
	}
	assert_int_equal(wechat_provider.app, RELAY_APP_COMPUTER);
}

static void a_section_is_checked(void **state UNUSED)
{
	static const struct {
		const char *section, *mistake;   /* "": none but the secret's absence */
	} rows[] = {
		{ SECTION, "" },
		{ SECTION "mode = poll\nredirect_uri = https://sso.example.org/x?a=b\n", "" },
		{ SECTION "mode = device\npoll_url = https://127.0.0.1:44\n", "" },
		{ "mode = relay\n", "app_id" },
		{ "app_id = wx0123-4567\n", "must be letters and digits" },
		{ "app_id = 0123456789012345678901234567890123\n", "app_id" },
		{ SECTION "mode = web\n", "mode" },
		{ SECTION "mode = poll\n", "is needed with mode = poll" },
		{ SECTION "redirect_uri = https://sso.example.org/\n", "is for mode = poll" },
		{ SECTION "mode = device\nredirect_uri = https://sso.example.org/\n",
		  "is for mode = poll" },
		{ SECTION "mode = poll\nredirect_uri = http://sso.example.org/\n", "redirect_uri" },
		{ SECTION "poll_url = https://127.0.0.1:44\n", "is not for mode = relay" },
		{ SECTION "proxy = socks://a:1\n", "http://HOST:PORT" },
		{ SECTION "proxy = http://proxy\n", "http://HOST:PORT" },
		{ SECTION "api_url = https://a.example.org/\n", "without / at the end" },
		{ SECTION "open_url = https://a.example.org?x=y\n", "without a query" },
		{ SECTION "app_secret = in-the-clear\n", "app_secret" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes(&wechat_provider, rows[i].section);
		const char *line = strchr(mistakes, '\n');

		if (!strstr(mistakes, rows[i].mistake) || !line ||
		    (!rows[i].mistake[0] && line[1]))
			fail_msg("%s: %s", rows[i].section, mistakes);
	}
}

static void an_error_stands_once_in_the_table(void **state UNUSED)
{
	for (size_t i = 1; i < wechat_dialect.n_errors; i++)
		assert_true(wechat_dialect.errors[i - 1].code < wechat_dialect.errors[i].code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_is_known_by_the_unionid),
		cmocka_unit_test(addresses_can_be_others_and_all_calls_go_by_the_proxy),
		cmocka_unit_test(without_a_relay_there_is_no_way),
		cmocka_unit_test(a_callback_needs_a_code),
		cmocka_unit_test(every_error_of_a_code_has_its_end),
		cmocka_unit_test(an_address_that_is_not_allowed_is_named),
		cmocka_unit_test(a_busy_vendor_is_asked_three_times_again),
		cmocka_unit_test(a_code_that_is_spent_by_a_busy_vendor_is_no_alert),
		cmocka_unit_test(quotas_are_left_alone),
		cmocka_unit_test(a_reply_to_a_code_is_read_strictly),
		cmocka_unit_test(a_reply_is_json_by_either_name),
		cmocka_unit_test(a_reply_that_does_not_come_ends_it),
		cmocka_unit_test(a_name_is_told_by_the_same_person_or_not_at_all),
		cmocka_unit_test(a_name_that_does_not_come_is_done_without),
		cmocka_unit_test(names_are_left_alone_when_there_are_too_many),
		cmocka_unit_test(nobody_is_known_by_a_snapshot),
		cmocka_unit_test(what_holds_depends_on_the_mode),
		cmocka_unit_test(a_section_is_checked),
		cmocka_unit_test(an_error_stands_once_in_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
