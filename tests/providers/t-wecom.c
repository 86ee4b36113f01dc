/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wecom over the relay: from the press of the button to the member. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/wecom-fixture.h"

static void a_member_is_known_by_corp_and_userid(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = fake_start(method);

	assert_int_equal(login->n_requests, 0);
	/* The parameters in the vendor's order. */
	assert_string_equal(login->redirect,
			    "https://open.weixin.qq.com/connect/oauth2/authorize?appid=" CORP
			    "&redirect_uri=https%3A%2F%2Frelay.example.org%2Fcb%2Fwecom"
			    "&response_type=code&scope=snsapi_base&state=" STATE
			    "&agentid=1000002#wechat_redirect");
	fake_callback(login, "code=" CODE "&state=" STATE);
	assert_true(fake_asks(login, API "gettoken?corpid=" CORP
			      "&corpsecret=s3cr3t%2B%2Fof-the-app"));
	assert_int_equal(login->request->method, HTTP_GET);
	assert_true(fake_has_header(login, "Accept: application/json"));
	assert_int_equal(login->request->max_body, 64 * 1024);
	fake_reply(login, "wecom-token.http");
	assert_true(fake_asks(login, API "auth/getuserinfo?access_token=" TOKEN "&code=" CODE));
	assert_int_equal(login->request->max_body, 64 * 1024);
	assert_true(login->request->once);
	fake_reply(login, "wecom-userid.http");
	assert_true(fake_asks(login, API "user/get?access_token=" TOKEN "&userid=zhangsan"));
	fake_reply(login, "wecom-member.http");
	wecom_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "wecom:" CORP);
	assert_string_equal(login->subject, "zhangsan");
	assert_string_equal(login->display, "张三");
	assert_null(login->mail);
	assert_int_equal(list_length(login->groups), 2);
	assert_true(list_has(login->groups, "2"));
	assert_true(list_has(login->groups, "7"));
	assert_int_equal(list_length(login->attributes), 2);
	assert_true(list_has(login->attributes, "userid=zhangsan"));
	assert_true(list_has(login->attributes, "main_department=2"));
	assert_int_equal(login->n_requests, 3);
	fake_login_free(login);
	fake_method_free(method);
}

static void addresses_can_be_others_and_all_calls_go_by_the_proxy(void **state UNUSED)
{
	struct fake_method *method = wecom_method(
		SECTION "proxy = http://egress.example.org:3128\n"
		"api_url = https://127.0.0.1:4430/api\n"
		"authorize_url = https://127.0.0.1:4431/authorize\n");
	struct login *login = wecom_start(method, STAGE_TOKEN);

	assert_true(text_has_prefix(login->redirect, "https://127.0.0.1:4431/authorize?appid="));
	assert_true(text_has_prefix(login->request->url, "https://127.0.0.1:4430/api/cgi-bin/"));
	assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
	fake_reply(login, "wecom-token.http");
	assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
	fake_reply(login, "wecom-userid.http");
	assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
	fake_login_free(login);
	fake_method_free(method);
}

static void without_a_relay_there_is_no_way(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login;

	method->link.redirect_uri = NULL;
	login = fake_start(method);
	wecom_ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	fake_method_free(method);
}

static void text_of(char c, size_t len, char *ret_text)
{
	memset(ret_text, c, len);
	ret_text[len] = '\0';
}

static void a_callback_needs_a_code(void **state UNUSED)
{
	char longest[513], longer[514];
	const struct {
		const char *query;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "state=" STATE, FAKE_DENIED, DENY_REFUSED },
		{ "code=&state=" STATE, FAKE_DENIED, DENY_REFUSED },
		{ "Code=" CODE "&state=" STATE, FAKE_DENIED, DENY_REFUSED },
		{ longer, FAKE_DENIED, DENY_INVALID },
		{ "code=%E5%BC%A0&state=" STATE, FAKE_DENIED, DENY_INVALID },
		{ longest, FAKE_RUNNING, 0 },
		{ "code=a%26userid%3Dadmin&appid=" CORP "&state=" STATE, FAKE_RUNNING, 0 },
	};

	text_of('c', 512, longest);
	text_of('c', 513, longer);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *query = strstr(rows[i].query, "state=") ?
			text_copy(rows[i].query) :
			text_format("code=%s&state=" STATE, rows[i].query);
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = fake_start(method);

		fake_callback(login, query);
		if (rows[i].end == FAKE_RUNNING)
			assert_true(fake_asks(login, API "gettoken?corpid=" CORP
					      "&corpsecret=s3cr3t%2B%2Fof-the-app"));
		else
			wecom_ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_requests, rows[i].end == FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_code_is_one_parameter_whatever_it_holds(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = fake_start(method);

	fake_callback(login, "code=a%26userid%3Dadmin%23&state=" STATE);
	fake_reply(login, "wecom-token.http");
	assert_true(fake_asks(login, API "auth/getuserinfo?access_token=" TOKEN
			      "&code=a%26userid%3Dadmin%23"));
	fake_login_free(login);
	fake_method_free(method);
}

static void every_error_has_its_end(void **state UNUSED)
{
	static const struct {
		enum wecom_stage stage;
		const char *code;
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ STAGE_TOKEN, "40001", FAKE_FAILED, FAIL_CONFIG, "40001 gettoken: the secret" },
		{ STAGE_TOKEN, "40091", FAKE_FAILED, FAIL_CONFIG, "40091 gettoken: the secret" },
		{ STAGE_TOKEN, "40013", FAKE_FAILED, FAIL_CONFIG, "corp_id" },
		{ STAGE_TOKEN, "42001", FAKE_FAILED, FAIL_PROVIDER, "42001 gettoken" },
		{ STAGE_TOKEN, "45009", FAKE_DENIED, DENY_BUSY, "too many calls" },
		{ STAGE_USERID, "40029", FAKE_DENIED, DENY_REFUSED, "the code is not valid" },
		{ STAGE_USERID, "50001", FAKE_FAILED, FAIL_CONFIG, "可信域名" },
		{ STAGE_USERID, "60020", FAKE_FAILED, FAIL_CONFIG, "企业可信IP" },
		{ STAGE_USERID, "48002", FAKE_FAILED, FAIL_CONFIG, "may not make this call" },
		{ STAGE_USERID, "45009", FAKE_DENIED, DENY_BUSY, "too many calls" },
		{ STAGE_USERID, "45033", FAKE_DENIED, DENY_BUSY, "too many calls at once" },
		{ STAGE_USERID, "40013", FAKE_FAILED, FAIL_CONFIG, "corp_id" },
		{ STAGE_MEMBER, "60011", FAKE_DENIED, DENY_FILTERED, "visible range" },
		{ STAGE_MEMBER, "60111", FAKE_DENIED, DENY_FILTERED, "no such member" },
		{ STAGE_MEMBER, "60020", FAKE_FAILED, FAIL_CONFIG, "60020 user/get" },
		{ STAGE_MEMBER, "60003", FAKE_FAILED, FAIL_PROVIDER, "no such department" },
		{ STAGE_MEMBER, "60123", FAKE_FAILED, FAIL_PROVIDER, "no such department" },
		{ STAGE_MEMBER, "48002", FAKE_FAILED, FAIL_CONFIG, "may not make this call" },
		{ STAGE_MEMBER, "45033", FAKE_DENIED, DENY_BUSY, "too many calls at once" },
		{ STAGE_MEMBER, "40056", FAKE_FAILED, FAIL_CONFIG, "agent_id" },
		{ STAGE_MEMBER, "301002", FAKE_FAILED, FAIL_CONFIG, "another app" },
		{ STAGE_MEMBER, "81013", FAKE_DENIED, DENY_FILTERED, "do not reach" },
		{ STAGE_MEMBER, "1", FAKE_FAILED, FAIL_PROVIDER, "1 user/get: an error; words" },
		{ STAGE_MEMBER, "-2", FAKE_FAILED, FAIL_PROVIDER, "-2 user/get: an error" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, rows[i].stage);
		unsigned n_requests = login->n_requests;

		wecom_error(login, rows[i].code, "words");
		wecom_ended(login, rows[i].end, rows[i].reason);
		assert_int_equal(login->n_requests, n_requests);
		fake_says(login, rows[i].says);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void an_address_that_is_not_allowed_is_named(void **state UNUSED)
{
	static const struct {
		const char *message, *says;
	} rows[] = {
		{ "not allow to access from your ip, hint: [1639718553304012608876854], "
		  "from ip: 203.0.113.7, more info at "
		  "https://open.work.weixin.qq.com/devtool/query?e=60020",
		  "60020 user/get: allow 203.0.113.7 in 企业可信IP; not allow to access" },
		{ "from ip: 2001:db8::7", "allow 2001:db8::7 in 企业可信IP" },
		{ "from ip: 203.0.113.7", "allow 203.0.113.7 in 企业可信IP" },
		{ "from ip: ", "this machine's address" },
		{ "from ip: 203.0.113.700", "this machine's address" },
		{ "from ip: 203.0.113.7.203.0.113.7.203.0.113.7.203.0.113.7.203.0.113.7",
		  "this machine's address" },
		{ "not allowed", "this machine's address" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, STAGE_MEMBER);

		wecom_error(login, "60020", rows[i].message);
		wecom_ended(login, FAKE_FAILED, FAIL_CONFIG);
		fake_says(login, rows[i].says);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void what_a_message_says_is_cleaned_and_cut(void **state UNUSED)
{
	char many[3001];
	const struct {
		const char *message, *detail;    /* NULL: only its length */
	} rows[] = {
		/* Who quotes a token or a code shall not bring it to the log. */
		{ "invalid " TOKEN " and " CODE ", hint: [1639718553304012608876854]",
		  "7 user/get: an error; invalid ... and ..., hint: [1639718553304012608876854]" },
		{ "a \\u001b[2J b", "7 user/get: an error" },    /* no text at all */
		{ "a \u202e b", "7 user/get: an error; a ? b" },
		{ many, NULL },
	};

	for (size_t i = 0; i + 1 < sizeof(many); i += 2)
		memcpy(many + i, "a ", 2);
	many[sizeof(many) - 1] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, STAGE_MEMBER);

		wecom_error(login, "7", rows[i].message);
		wecom_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		if (rows[i].detail)
			assert_string_equal(login->detail, rows[i].detail);
		else
			assert_in_range(strlen(login->detail), 160, 200);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_reply_is_one_json_object_with_a_number_as_errcode(void **state UNUSED)
{
	static const char good[] = "{\"errcode\":0,\"errmsg\":\"ok\",\"userid\":\"zhangsan\"}";
	static const struct {
		uint32_t status;
		const char *type, *body;
		bool is_good;
	} rows[] = {
		{ 200, "application/json", good, true },
		{ 200, "text/plain", good, true },
		{ 200, "text/html", good, false },
		{ 200, "", good, false },
		{ 200, "text/html", "<html>maintenance</html>", false },
		{ 200, "application/json", "<html>maintenance</html>", false },
		{ 200, "application/json", "", false },
		{ 500, "application/json", good, false },
		{ 302, "application/json", good, false },
		{ 200, "application/json", "{\"errcode\":0,\"userid\":\"zhangsan\"} ", true },
		{ 200, "application/json", "{\"errcode\":0,\"userid\":\"zhangsan\"}{}", false },
		{ 200, "application/json", "{\"errcode\":0,\"userid\":\"zhang", false },
		{ 200, "application/json", "[0]", false },
		{ 200, "application/json", "{\"userid\":\"zhangsan\"}", false },
		{ 200, "application/json", "{\"errcode\":\"0\",\"userid\":\"zhangsan\"}", false },
		{ 200, "application/json", "{\"errcode\":0.0,\"userid\":\"zhangsan\"}", false },
		{ 200, "application/json", "{\"errcode\":null,\"userid\":\"zhangsan\"}", false },
		{ 200, "application/json", "{\"errcode\":false,\"userid\":\"zhangsan\"}", false },
		{ 200, "application/json", "{\"errcode\":99999999999,\"userid\":\"a\"}", false },
		{ 200, "application/json", "{\"errcode\":0,\"errcode\":0,\"userid\":\"a\"}",
		  false },
		{ 200, "application/json", "{\"errcode\":0,\"userid\":\"a\",\"userid\":\"b\"}",
		  false },
		{ 200, "application/json", "{\"errcode\":0}", false },
		{ 200, "application/json", "{\"errcode\":0,\"userid\":7}", false },
		{ 200, "application/json", "{\"errcode\":0,\"userid\":[\"zhangsan\"]}", false },
		{ 200, "application/json", "{\"errcode\":0,\"UserId\":\"zhangsan\"}", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, STAGE_USERID);
		struct http_reply reply = fake_http_reply(rows[i].status, rows[i].type,
							  rows[i].body);

		fake_reply_whole(login, &reply);
		if (rows[i].is_good)
			assert_true(fake_asks(login, API "user/get?access_token=" TOKEN
					      "&userid=zhangsan"));
		else
			wecom_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

/* A body of 10 MB is one of these: jauth-http breaks off behind max_body. */
static void no_reply_is_a_fault_of_the_network(void **state UNUSED)
{
	static const enum http_result results[] = {
		HTTP_NOT_SENT, HTTP_TIMED_OUT, HTTP_BROKEN, HTTP_NO_HELPER
	};

	for (size_t i = 0; i < N_ELEMENTS(results); i++) {
		for (int stage = STAGE_TOKEN; stage <= STAGE_MEMBER; stage++) {
			struct fake_method *method = wecom_method(SECTION);
			struct login *login = wecom_start(method, (enum wecom_stage)stage);

			fake_reply_lost(login, results[i]);
			wecom_ended(login, FAKE_FAILED, FAIL_NETWORK);
			fake_login_free(login);
			fake_method_free(method);
		}
	}
}

static void who_is_no_member_of_this_corp_is_refused(void **state UNUSED)
{
	static const char *const files[] = {
		"wecom-openid.http", "wecom-external.http", "wecom-upstream.http",
	};
	static const char *const bodies[] = {
		"{\"errcode\":0,\"userid\":\"zhangsan\",\"openid\":\"oAbC\"}",
		"{\"errcode\":0,\"userid\":\"zhangsan\",\"external_userid\":\"wmAbC\"}",
		"{\"errcode\":0,\"userid\":\"zhangsan\",\"openid\":null}",
		"{\"errcode\":0,\"userid\":\"/zhangsan\"}",
		"{\"errcode\":0,\"userid\":\"zhangsan/\"}",
	};

	for (size_t i = 0; i < N_ELEMENTS(files) + N_ELEMENTS(bodies); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, STAGE_USERID);

		if (i < N_ELEMENTS(files))
			fake_reply(login, files[i]);
		else
			fake_reply_json(login, 200, bodies[i - N_ELEMENTS(files)]);
		wecom_ended(login, FAKE_DENIED, DENY_FILTERED);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_userid_is_folded_or_refused(void **state UNUSED)
{
	char longest[65], longer[66];
	const struct {
		const char *userid, *folded;     /* NULL: refused */
	} rows[] = {
		{ "zhangsan", "zhangsan" }, { "ZHANGSAN", "zhangsan" },
		{ "Zhang.San", "zhang.san" }, { "z", "z" }, { "7", "7" },
		{ "a@example.org", "a%40example.org" },
		{ "a_b-c.d", "a_b-c.d" }, { longest, longest },
		{ longer, NULL }, { "", NULL }, { ".zhang", NULL }, { "-zhang", NULL },
		{ "_zhang", NULL }, { "@all", NULL }, { "zhang san", NULL }, { "zhang|li", NULL },
		{ "张三", NULL }, { "zhang\\u0000", NULL }, { "zhang\\n", NULL },
		{ "zhang%2e", NULL }, { "\u212a", NULL },
	};

	text_of('a', 64, longest);
	text_of('a', 65, longer);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format("{\"errcode\":0,\"userid\":\"%s\"}",
							rows[i].userid);
		_cleanup_free_ char *url = text_format(API "user/get?access_token=" TOKEN
						       "&userid=%s", rows[i].folded);
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, STAGE_USERID);

		fake_reply_json(login, 200, body);
		if (rows[i].folded)
			assert_true(fake_asks(login, url));
		else
			wecom_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void only_an_active_member_gets_in(void **state UNUSED)
{
	static const struct {
		const char *members;
		enum fake_end end;
		int reason;
	} rows[] = {
		{ "\"userid\":\"zhangsan\",\"status\":1", FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"ZhangSan\",\"status\":1", FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"zhangsan\",\"status\":2", FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":4", FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":5", FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":0", FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":3", FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":-1", FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":\"1\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"zhangsan\",\"status\":true", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"zhangsan\",\"status\":1.0", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"zhangsan\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"status\":1", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"lisi\",\"status\":1", FAKE_DENIED, DENY_INVALID },
		{ "\"userid\":\"lisi\",\"status\":2", FAKE_DENIED, DENY_INVALID },
		{ "\"userid\":\"zhangsan2\",\"status\":1", FAKE_DENIED, DENY_INVALID },
		{ "\"userid\":7,\"status\":1", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"status\":1", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"name\":7", FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"name\":\"\"", FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"name\":\"a\\u001b[2J\"",
		  FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"department\":[]", FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"department\":7",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"department\":[\"7\"]",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"department\":[7,null]",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"department\":[0]",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"department\":[4294967296]",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"main_department\":\"2\"",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"main_department\":-2",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"zhangsan\",\"status\":1,\"main_department\":0",
		  FAKE_IDENTIFIED, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format("{\"errcode\":0,%s}", rows[i].members);
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, STAGE_MEMBER);

		fake_reply_json(login, 200, body);
		wecom_ended(login, rows[i].end, rows[i].reason);
		if (rows[i].end == FAKE_IDENTIFIED) {
			assert_string_equal(login->subject, "zhangsan");
			assert_null(login->display);
			assert_null(login->groups);
			assert_int_equal(list_length(login->attributes), 1);
		}
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void departments_are_read_whole_or_nobody_gets_in(void **state UNUSED)
{
	for (size_t n = IDENTITY_GROUPS_MAX; n <= IDENTITY_GROUPS_MAX + 1; n++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = wecom_start(method, STAGE_MEMBER);
		struct buf body = BUF_INIT(65536);

		buf_add_text(&body, "{\"errcode\":0,\"userid\":\"zhangsan\",\"status\":1,"
			     "\"department\":[4294967295");
		for (size_t i = 1; i < n; i++)
			buf_add_format(&body, ",%zu", i);
		buf_add_text(&body, "]}");
		fake_reply_json(login, 200, buf_text(&body));
		if (n <= IDENTITY_GROUPS_MAX) {
			wecom_ended(login, FAKE_IDENTIFIED, 0);
			assert_int_equal(list_length(login->groups), n);
			assert_true(list_has(login->groups, "4294967295"));
			assert_true(list_has(login->groups, "255"));
		} else {
			wecom_ended(login, FAKE_DENIED, DENY_FILTERED);
		}
		buf_done(&body);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void a_person_may_leave_at_any_moment(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = fake_start(method);

	fake_login_free(login);
	for (int stage = STAGE_TOKEN; stage <= STAGE_MEMBER; stage++) {
		login = wecom_start(method, (enum wecom_stage)stage);
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_login_free(login);
		fake_method_free(method);
		method = wecom_method(SECTION);
	}
	fake_method_free(method);
}

static void features_follow_from_the_mode(void **state UNUSED)
{
	static const char poll[] = SECTION "mode = poll\nredirect_uri = https://a.example.org/\n";
	struct fake_method *relay = wecom_method(SECTION), *polling = wecom_method(poll);

	assert_int_equal(wecom_provider.features_of(relay->config), wecom_provider.features);
	assert_int_equal(wecom_provider.features,
			 PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE |
			 PROVIDER_SILENT | PROVIDER_DELIVERS);
	assert_int_equal(wecom_provider.features_of(polling->config),
			 PROVIDER_CONTACTS | PROVIDER_DELIVERS);
	assert_int_equal(wecom_provider.app, RELAY_APP_WECOM);
	fake_method_free(relay);
	fake_method_free(polling);
}

static void an_app_is_named_by_corp_and_agent(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	_cleanup_free_ char *name = fake_app_name(method);

	assert_string_equal(name, CORP "/1000002");
	fake_method_free(method);
}

static void mistakes_in_the_section_are_named(void **state UNUSED)
{
	static const struct {
		const char *section, *mistake;
	} rows[] = {
		{ "agent_id = 1000002\n", "corp_id" },
		{ "corp_id = " CORP "\n", "agent_id" },
		{ SECTION, "secret" },
		{ SECTION "secret = abc\n", "secret" },
		{ "corp_id = " CORP "&agentid=1\nagent_id = 1000002\n", "corp_id" },
		{ "corp_id = " CORP "\nagent_id = 0\n", "agent_id" },
		{ "corp_id = " CORP "\nagent_id = app\n", "agent_id" },
		{ SECTION "mode = both\n", "mode" },
		{ SECTION "mode = poll\n", "redirect_uri" },
		{ SECTION "redirect_uri = https://a.example.org/\n", "redirect_uri" },
		{ SECTION "mode = poll\nredirect_uri = http://a.example.org/\n", "redirect_uri" },
		{ SECTION "proxy = egress.example.org:3128\n", "proxy" },
		{ SECTION "proxy = https://egress.example.org:3128\n", "proxy" },
		{ SECTION "proxy = http://egress.example.org\n", "proxy" },
		{ SECTION "proxy = http://egress.example.org:\n", "proxy" },
		{ SECTION "proxy = http://egress.example.org:0\n", "proxy" },
		{ SECTION "proxy = http://egress.example.org:3128/\n", "proxy" },
		{ SECTION "proxy = http://user:word@egress.example.org:3128\n", "proxy" },
		{ SECTION "proxy = http://[2001:db8::1]\n", "proxy" },
		{ SECTION "proxy = http://:3128\n", "proxy" },
		{ SECTION "api_url = https://qyapi.weixin.qq.com/\n", "api_url" },
		{ SECTION "api_url = http://qyapi.weixin.qq.com\n", "api_url" },
		{ SECTION "authorize_url = https://a.example.org/?a=b\n", "authorize_url" },
		{ SECTION "qr_url = https://a.example.org/sso/\n", "qr_url" },
	};
	static const char *const right[] = {
		"http://egress.example.org:3128", "http://192.0.2.1:80",
		"http://[2001:db8::1]:3128",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *mistakes = fake_mistakes(&wecom_provider, rows[i].section);

		if (!strstr(mistakes, rows[i].mistake))
			fail_msg("%s: %s", rows[i].section, mistakes);
	}
	for (size_t i = 0; i < N_ELEMENTS(right); i++) {
		_cleanup_free_ char *section = text_format(SECTION "proxy = %s\n", right[i]);
		_cleanup_free_ char *mistakes = fake_mistakes(&wecom_provider, section);

		assert_null(strstr(mistakes, "proxy"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_is_known_by_corp_and_userid),
		cmocka_unit_test(addresses_can_be_others_and_all_calls_go_by_the_proxy),
		cmocka_unit_test(without_a_relay_there_is_no_way),
		cmocka_unit_test(a_callback_needs_a_code),
		cmocka_unit_test(a_code_is_one_parameter_whatever_it_holds),
		cmocka_unit_test(every_error_has_its_end),
		cmocka_unit_test(an_address_that_is_not_allowed_is_named),
		cmocka_unit_test(what_a_message_says_is_cleaned_and_cut),
		cmocka_unit_test(a_reply_is_one_json_object_with_a_number_as_errcode),
		cmocka_unit_test(no_reply_is_a_fault_of_the_network),
		cmocka_unit_test(who_is_no_member_of_this_corp_is_refused),
		cmocka_unit_test(a_userid_is_folded_or_refused),
		cmocka_unit_test(only_an_active_member_gets_in),
		cmocka_unit_test(departments_are_read_whole_or_nobody_gets_in),
		cmocka_unit_test(a_person_may_leave_at_any_moment),
		cmocka_unit_test(features_follow_from_the_mode),
		cmocka_unit_test(an_app_is_named_by_corp_and_agent),
		cmocka_unit_test(mistakes_in_the_section_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
