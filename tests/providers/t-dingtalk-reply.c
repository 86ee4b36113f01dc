/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type dingtalk: every answer that is no plain yes, and what a yes must hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/providers/dingtalk-fixture.h"

#define FORBIDDEN "Forbidden.AccessDenied."
#define LONGEST   "0123456789012345678901234567890123456789012345678901234567890123"

/* --- errors --- */

static void every_number_has_its_end(void **state UNUSED)
{
	static const struct {
		int64_t code;
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ 33012, FAKE_DENIED, DENY_FILTERED, "no such member" },
		{ 40078, FAKE_DENIED, DENY_REFUSED, "unknown, used, too old" },
		{ 40096, FAKE_FAILED, FAIL_CONFIG, "not published" },
		{ 50002, FAKE_DENIED, DENY_FILTERED, "权限范围" },
		{ 60011, FAKE_FAILED, FAIL_CONFIG, "权限管理" },
		{ 60020, FAKE_FAILED, FAIL_CONFIG, "服务器出口IP" },
		{ 60121, FAKE_DENIED, DENY_FILTERED, "not a member of this organisation" },
		{ 90020, FAKE_FAILED, FAIL_CONFIG, "calls of this month" },
		{ 900103, FAKE_FAILED, FAIL_CONFIG, "no such app" },
		{ 88, FAKE_FAILED, FAIL_PROVIDER, "88 user/get: an error; words" },
		{ 22, FAKE_FAILED, FAIL_PROVIDER, "22 user/get: an error; words" },
		{ -2, FAKE_FAILED, FAIL_PROVIDER, "-2 user/get: an error; words" },
	};

	/* As it is, and wrapped: in a text, as the vendor does it, and as a number. */
	for (size_t i = 0; i < 3 * N_ELEMENTS(rows); i++) {
		static const char *const bodies[] = {
			"{\"errcode\":%lld,\"errmsg\":\"words\"}",
			"{\"errcode\":88,\"sub_code\":\"%lld\",\"sub_msg\":\"words\"}",
			"{\"errcode\":88,\"sub_code\":%lld,\"errmsg\":\"words\"}",
		};
		size_t row = i / 3;
		struct buf body = BUF_INIT(1024);
		struct login *login = dingtalk_at(STAGE_MEMBER);
		const char *number = strstr(bodies[i % 3], "%lld");

		buf_add(&body, bodies[i % 3], (size_t)(number - bodies[i % 3]));
		buf_add_format(&body, "%lld%s", (long long)rows[row].code, number + 4);
		fake_reply_json(login, 200, buf_text(&body));
		dingtalk_ended(login, rows[row].end, rows[row].reason);
		fake_says(login, rows[row].says);
		assert_int_equal(login->n_requests, 3);
		buf_done(&body);
		dingtalk_free(login);
	}
}

static void a_wrapped_number_that_is_none_is_an_error(void **state UNUSED)
{
	static const char *const bodies[] = {
		"{\"errcode\":88,\"errmsg\":\"words\"}",
		"{\"errcode\":88,\"sub_code\":\"\",\"errmsg\":\"words\"}",
		"{\"errcode\":88,\"sub_code\":\"isv.denied\",\"errmsg\":\"words\"}",
		"{\"errcode\":88,\"sub_code\":\"40014x\",\"errmsg\":\"words\"}",
		"{\"errcode\":88,\"sub_code\":\"0\",\"errmsg\":\"words\"}",
		"{\"errcode\":88,\"sub_code\":0,\"errmsg\":\"words\"}",
		"{\"errcode\":88,\"sub_code\":[40014],\"errmsg\":\"words\"}",
		"{\"errcode\":88,\"sub_code\":\"99999999999\",\"errmsg\":\"words\"}",
	};

	for (size_t i = 0; i < N_ELEMENTS(bodies); i++) {
		struct login *login = dingtalk_at(STAGE_MEMBER);

		fake_reply_json(login, 200, bodies[i]);
		dingtalk_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_says(login, "88 user/get: an error; words");
		dingtalk_free(login);
	}
}

static void every_word_has_its_end(void **state UNUSED)
{
	static const struct {
		enum dingtalk_stage stage;
		uint32_t status;
		const char *word;
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ STAGE_USER_TOKEN, 400, "invalidParameter.authCode.notFound", FAKE_DENIED,
		  DENY_REFUSED, "40078 userAccessToken: the code is unknown" },
		{ STAGE_USER_TOKEN, 400, "invalidParameter.idOrSecret.notFound", FAKE_FAILED,
		  FAIL_CONFIG, "40096 userAccessToken: wrong key or secret" },
		{ STAGE_TOKEN, 400, "invalidParameter.idOrSecret.notFound", FAKE_FAILED,
		  FAIL_CONFIG, "40096 accessToken" },
		{ STAGE_TOKEN, 400, "invalidClientIdOrSecret", FAKE_FAILED, FAIL_CONFIG,
		  "40096 accessToken" },
		{ STAGE_ME, 403, FORBIDDEN "AccessTokenPermissionDenied", FAKE_FAILED,
		  FAIL_CONFIG, "60011 users/me: add the permission in 权限管理" },
		{ STAGE_TOKEN, 403, FORBIDDEN "IpNotInWhiteList", FAKE_FAILED, FAIL_CONFIG,
		  "60020 accessToken" },
		{ STAGE_ME, 403, FORBIDDEN "ApiCountLimitForOrg", FAKE_FAILED, FAIL_CONFIG,
		  "90020 users/me" },
		/* Of the person's token, which nobody can renew. */
		{ STAGE_ME, 400, "InvalidAuthentication", FAKE_FAILED, FAIL_PROVIDER,
		  "40014 users/me" },
		{ STAGE_ME, 400, "accesstoken.expired", FAKE_FAILED, FAIL_PROVIDER, "42001" },
		{ STAGE_ME, 400, "InvalidParameter", FAKE_FAILED, FAIL_PROVIDER,
		  "users/me: status 400, InvalidParameter: words" },
		{ STAGE_ME, 401, "unauthorized.client", FAKE_FAILED, FAIL_PROVIDER,
		  "unauthorized.client: words" },
		{ STAGE_ME, 302, "invalidParameter.authCode.notFound", FAKE_DENIED,
		  DENY_REFUSED, "40078" },
		/* A code is sent once. */
		{ STAGE_USER_TOKEN, 500, "unknownError", FAKE_FAILED, FAIL_PROVIDER,
		  "-1 userAccessToken" },
		{ STAGE_USER_TOKEN, 403, FORBIDDEN "QpsLimitForAppkeyAndApi", FAKE_FAILED,
		  FAIL_PROVIDER, "90018 userAccessToken" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = dingtalk_at(rows[i].stage);
		unsigned n_requests = login->n_requests;

		dingtalk_api_error(login, rows[i].status, rows[i].word, "words");
		dingtalk_ended(login, rows[i].end, rows[i].reason);
		fake_says(login, rows[i].says);
		fake_says(login, rows[i].word);
		assert_int_equal(login->n_requests, n_requests);
		dingtalk_free(login);
	}
}

static void an_address_that_is_not_allowed_is_named(void **state UNUSED)
{
	static const struct {
		const char *message, *says;
	} rows[] = {
		{ "访问ip不在白名单之中,request ip=203.0.113.7 appKey(ding-example)",
		  "allow 203.0.113.7 in 服务器出口IP; " },
		{ "request ip=2001:db8::7", "allow 2001:db8::7 in 服务器出口IP" },
		{ "request ip=", "this machine's address" },
		{ "request ip=203.0.113.700", "this machine's address" },
		{ "not allowed", "this machine's address" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = dingtalk_at(STAGE_MEMBER);

		dingtalk_oapi_error(login, 60020, rows[i].message);
		dingtalk_ended(login, FAKE_FAILED, FAIL_CONFIG);
		fake_says(login, rows[i].says);
		dingtalk_free(login);
		login = dingtalk_at(STAGE_ME);
		dingtalk_api_error(login, 403, FORBIDDEN "IpNotInWhiteList", rows[i].message);
		dingtalk_ended(login, FAKE_FAILED, FAIL_CONFIG);
		fake_says(login, rows[i].says);
		dingtalk_free(login);
	}
}

static void permissions_that_are_missing_are_told(void **state UNUSED)
{
	static const struct {
		const char *detail, *says;
	} rows[] = {
		{ ",\"accessdenieddetail\":{\"requiredScopes\":[\"Contact.User.Read\"]}",
		  "权限管理; Contact.User.Read Forbidden." },
		{ ",\"accessdenieddetail\":{\"requiredScopes\":[\"a\",7,null,\"b\"]}",
		  "权限管理; a b Forbidden." },
		{ ",\"accessdenieddetail\":{\"requiredScopes\":[\"1\",\"2\",\"3\",\"4\",\"5\","
		  "\"6\",\"7\",\"8\",\"9\"]}", "权限管理; 1 2 3 4 5 6 7 8 Forbidden." },
		{ ",\"accessdenieddetail\":{\"requiredScopes\":\"a\"}", "权限管理; Forbidden." },
		{ ",\"accessdenieddetail\":[\"a\"]", "权限管理; Forbidden." },
		{ "", "权限管理; Forbidden." },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format("{\"code\":\"" FORBIDDEN
							"AccessTokenPermissionDenied\","
							"\"message\":\"words\"%s}",
							rows[i].detail);
		struct login *login = dingtalk_at(STAGE_ME);

		fake_reply_json(login, 403, body);
		dingtalk_ended(login, FAKE_FAILED, FAIL_CONFIG);
		fake_says(login, rows[i].says);
		dingtalk_free(login);
	}
}

static void what_a_message_says_is_cleaned_and_cut(void **state UNUSED)
{
	char many[3001];
	const struct {
		const char *message, *says;
	} rows[] = {
		/* Who quotes a token or a code shall not bring it to the log. */
		{ "invalid " TOKEN " and " CODE, "invalid ... and ..." },
		{ "a \u202e b", "a ? b" },
		{ many, "a a a" },
	};

	for (size_t i = 0; i + 1 < sizeof(many); i += 2)
		memcpy(many + i, "a ", 2);
	many[sizeof(many) - 1] = '\0';
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct login *login = dingtalk_at(STAGE_MEMBER);

		dingtalk_oapi_error(login, 7, rows[i].message);
		dingtalk_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_says(login, rows[i].says);
		assert_in_range(strlen(login->detail), 10, 200);
		dingtalk_free(login);
		login = dingtalk_at(STAGE_ME);
		dingtalk_api_error(login, 400, "some.code", rows[i].message);
		dingtalk_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		fake_says(login, rows[i].says);
		assert_in_range(strlen(login->detail), 10, 200);
		dingtalk_free(login);
	}
}

/* --- what is an answer at all --- */

static void reply_with(struct login *login, uint32_t status, const char *type, const char *body)
{
	struct http_reply reply = fake_http_reply(status, type, body);

	fake_reply_whole(login, &reply);
}

static void an_answer_is_one_json_object(void **state UNUSED)
{
	static const char good[] = "{\"errcode\":0,\"unionId\":\"" UNIONID "\","
		"\"result\":{\"userid\":\"" USERID "\"}}";
	static const struct {
		enum dingtalk_stage stage;       /* N_STAGES: both hosts */
		uint32_t status;
		const char *type, *body;
		bool is_good;
	} rows[] = {
		{ N_STAGES, 200, "application/json", good, true },
		{ N_STAGES, 200, "text/plain", good, true },
		{ STAGE_ME, 201, "application/json", good, true },
		{ STAGE_USERINFO, 201, "application/json", good, false },
		{ STAGE_USERINFO, 400, "application/json", good, false },
		{ STAGE_ME, 400, "application/json", good, false },
		{ N_STAGES, 302, "application/json", good, false },
		{ N_STAGES, 302, "text/html", "<html>moved</html>", false },
		{ N_STAGES, 404, "text/html", "<html>not here</html>", false },
		{ N_STAGES, 200, "application/json", "<html>maintenance</html>", false },
		{ N_STAGES, 200, "application/json", "", false },
		{ N_STAGES, 200, "application/json", "[0]", false },
		{ N_STAGES, 200, "application/json", "{\"errcode\":0,\"unionId\":\"a", false },
		{ N_STAGES, 200, "application/json", "{}{}", false },
		{ STAGE_USERINFO, 200, "application/json",
		  "{\"errcode\":0,\"errcode\":0,\"result\":{\"userid\":\"a\"}}", false },
		{ STAGE_USERINFO, 200, "application/json",
		  "{\"errcode\":0,\"result\":{\"userid\":\"a\",\"userid\":\"b\"}}", false },
		{ STAGE_USERINFO, 200, "application/json", "{\"result\":{\"userid\":\"a\"}}",
		  false },
		{ STAGE_USERINFO, 200, "application/json",
		  "{\"errcode\":\"0\",\"result\":{\"userid\":\"a\"}}", false },
		{ STAGE_USERINFO, 200, "application/json",
		  "{\"errcode\":0.0,\"result\":{\"userid\":\"a\"}}", false },
		{ STAGE_USERINFO, 200, "application/json",
		  "{\"errcode\":null,\"result\":{\"userid\":\"a\"}}", false },
		{ STAGE_USERINFO, 200, "application/json",
		  "{\"errcode\":99999999999,\"result\":{\"userid\":\"a\"}}", false },
		{ STAGE_USERINFO, 200, "application/json", "{\"errcode\":0,\"userid\":\"a\"}",
		  false },
		{ STAGE_USERINFO, 200, "application/json",
		  "{\"errcode\":0,\"result\":[{\"userid\":\"a\"}]}", false },
		{ STAGE_ME, 200, "application/json", "{\"unionId\":\"a\",\"unionId\":\"a\"}",
		  false },
	};

	for (size_t i = 0; i < 2 * N_ELEMENTS(rows); i++) {
		enum dingtalk_stage stage = i % 2 ? STAGE_ME : STAGE_USERINFO;
		struct login *login;

		if (rows[i / 2].stage != N_STAGES && rows[i / 2].stage != stage)
			continue;
		login = dingtalk_at(stage);
		reply_with(login, rows[i / 2].status, rows[i / 2].type, rows[i / 2].body);
		if (rows[i / 2].is_good)
			assert_int_equal(login->end, FAKE_RUNNING);
		else
			dingtalk_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		dingtalk_free(login);
	}
}

static void a_page_says_that_this_address_is_shut_out(void **state UNUSED)
{
	static const char deny[] = "{\"status\":1111,\"wait\":5,\"source\":\"x5\","
				   "\"punish\":\"deny\"}";
	static const struct {
		uint32_t status;
		const char *type, *body;
	} rows[] = {
		{ 200, "text/html", "<html>sorry</html>" }, { 200, "text/html", deny },
		{ 200, "application/json", deny }, { 403, "application/json", deny },
		{ 200, "text/plain", "sorry" }, { 200, "", "sorry" },
		{ 403, "text/html", "<html>sorry</html>" },
		{ 405, "text/html", "<html>sorry</html>" },
		{ 429, "text/html", "<html>sorry</html>" },
	};

	for (size_t i = 0; i < N_STAGES * N_ELEMENTS(rows); i++) {
		struct login *login = dingtalk_at((enum dingtalk_stage)(i % N_STAGES));

		reply_with(login, rows[i / N_STAGES].status, rows[i / N_STAGES].type,
			   rows[i / N_STAGES].body);
		dingtalk_ended(login, FAKE_DENIED, DENY_BUSY);
		fake_says(login, "1111 ");
		dingtalk_free(login);
	}
}

static void what_is_not_there_is_a_fault_of_the_network(void **state UNUSED)
{
	static const enum http_result results[] = { HTTP_NOT_SENT, HTTP_BROKEN, HTTP_NO_HELPER };

	for (size_t i = 0; i < N_STAGES * N_ELEMENTS(results); i++) {
		struct login *login = dingtalk_at((enum dingtalk_stage)(i % N_STAGES));

		fake_reply_lost(login, results[i / N_STAGES]);
		dingtalk_ended(login, FAKE_FAILED, FAIL_NETWORK);
		dingtalk_free(login);
	}
}

/* --- what a yes holds --- */

struct row {
	const char *members;
	enum fake_end end;               /* RUNNING: the next call is open */
	int reason;
};

static void expect_rows(enum dingtalk_stage stage, const char *format, const struct row *rows,
			size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct login *login = dingtalk_at(stage);
		struct buf body = BUF_INIT(4096);
		const char *place = strchr(format, '@');

		buf_add(&body, format, (size_t)(place - format));
		buf_add_format(&body, "%s%s", rows[i].members, place + 1);
		fake_reply_json(login, 200, buf_text(&body));
		if (rows[i].end == FAKE_RUNNING)
			assert_int_equal(login->end, FAKE_RUNNING);
		else
			dingtalk_ended(login, rows[i].end, rows[i].reason);
		buf_done(&body);
		dingtalk_free(login);
	}
}

static void a_person_s_token_is_of_this_organisation(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "\"accessToken\":\"t\"", FAKE_RUNNING, 0 },
		{ "\"accessToken\":\"t\",\"corpId\":\"" CORP "\"", FAKE_RUNNING, 0 },
		{ "\"accessToken\":\"t\",\"corpId\":null", FAKE_RUNNING, 0 },
		{ "\"accessToken\":\"t\",\"corpId\":\"ding9\"", FAKE_DENIED, DENY_FILTERED },
		{ "\"accessToken\":\"t\",\"corpId\":\"Ding1a2b3c4d5e6f7081\"", FAKE_DENIED,
		  DENY_FILTERED },
		{ "\"accessToken\":\"t\",\"corpId\":\"\"", FAKE_DENIED, DENY_FILTERED },
		{ "\"accessToken\":\"t\",\"corpId\":7", FAKE_DENIED, DENY_FILTERED },
		{ "\"corpId\":\"" CORP "\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"accessToken\":\"\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"accessToken\":7", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"accessToken\":\"a\\r\\nb\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"accessToken\":\"张\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"access_token\":\"t\"", FAKE_FAILED, FAIL_PROVIDER },
	};

	expect_rows(STAGE_USER_TOKEN, "{@}", rows, N_ELEMENTS(rows));
}

static void a_person_has_a_unionid(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "\"unionId\":\"z21H/+=\"", FAKE_RUNNING, 0 },
		{ "\"nick\":\"zs\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"unionId\":\"\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"unionId\":null", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"unionId\":7", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"unionId\":\"张\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"unionid\":\"z21H\"", FAKE_FAILED, FAIL_PROVIDER },
	};

	expect_rows(STAGE_ME, "{@}", rows, N_ELEMENTS(rows));
}

static void only_an_employee_gets_in(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "\"contact_type\":0,\"userid\":\"Manager123\"", FAKE_RUNNING, 0 },
		{ "\"contact_type\":1,\"userid\":\"Manager123\"", FAKE_DENIED, DENY_FILTERED },
		{ "\"contact_type\":1", FAKE_DENIED, DENY_FILTERED },
		{ "\"contact_type\":2,\"userid\":\"Manager123\"", FAKE_DENIED, DENY_FILTERED },
		{ "\"contact_type\":-1,\"userid\":\"Manager123\"", FAKE_DENIED, DENY_FILTERED },
		{ "\"contact_type\":\"0\",\"userid\":\"Manager123\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"contact_type\":false,\"userid\":\"Manager123\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"Manager123\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"contact_type\":0", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"contact_type\":0,\"userid\":\"a,b\"", FAKE_FAILED, FAIL_PROVIDER },
	};

	expect_rows(STAGE_EMPLOYEE, "{\"errcode\":0,\"result\":{@}}", rows, N_ELEMENTS(rows));
}

static void a_userid_is_taken_as_it_is_or_not_at_all(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "\"userid\":\"Manager_-123.a@b\"", FAKE_RUNNING, 0 },
		{ "\"userid\":\"a\",\"unionid\":\"\"", FAKE_RUNNING, 0 },
		{ "\"userid\":\"a\",\"unionid\":null", FAKE_RUNNING, 0 },
		{ "\"userid\":\"a\",\"unionid\":7", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"" LONGEST "\"", FAKE_RUNNING, 0 },
		{ "\"userid\":\"" LONGEST "4\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":7", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"a b\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"a,b\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"a\\\"b\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"张三\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"UserId\":\"a\"", FAKE_FAILED, FAIL_PROVIDER },
	};

	expect_rows(STAGE_USERINFO, "{\"errcode\":0,\"result\":{@}}", rows, N_ELEMENTS(rows));
}

static void only_an_active_member_gets_in(void **state UNUSED)
{
	static const struct row rows[] = {
		{ "\"userid\":\"Manager123\",\"active\":true", FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"Manager123\",\"active\":false", FAKE_DENIED, DENY_FILTERED },
		/* A permission is missing. */
		{ "\"userid\":\"Manager123\"", FAKE_FAILED, FAIL_CONFIG },
		{ "\"userid\":\"Manager123\",\"active\":null", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"Manager123\",\"active\":\"true\"", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"userid\":\"Manager123\",\"active\":1", FAKE_FAILED, FAIL_PROVIDER },
		{ "\"active\":true", FAKE_FAILED, FAIL_PROVIDER },
		/* Somebody else; capitals count. */
		{ "\"userid\":\"manager123\",\"active\":true", FAKE_DENIED, DENY_INVALID },
		{ "\"userid\":\"Manager1234\",\"active\":false", FAKE_DENIED, DENY_INVALID },
		{ "\"userid\":\"Manager123\",\"unionid\":\"other\",\"active\":true", FAKE_DENIED,
		  DENY_INVALID },
		{ "\"userid\":\"Manager123\",\"unionid\":7,\"active\":true", FAKE_FAILED,
		  FAIL_PROVIDER },
		{ "\"userid\":\"Manager123\",\"unionid\":\"\",\"active\":true", FAKE_IDENTIFIED,
		  0 },
		{ "\"userid\":\"Manager123\",\"active\":true,\"name\":7", FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"Manager123\",\"active\":true,\"dept_id_list\":[]",
		  FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"Manager123\",\"active\":true,\"dept_id_list\":null",
		  FAKE_IDENTIFIED, 0 },
		{ "\"userid\":\"Manager123\",\"active\":true,\"dept_id_list\":7",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"Manager123\",\"active\":true,\"dept_id_list\":[\"7\"]",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"Manager123\",\"active\":true,\"dept_id_list\":[7,null]",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"Manager123\",\"active\":true,\"dept_id_list\":[0]",
		  FAKE_DENIED, DENY_FILTERED },
		{ "\"userid\":\"Manager123\",\"active\":true,\"dept_id_list\":[1.0]",
		  FAKE_DENIED, DENY_FILTERED },
	};

	expect_rows(STAGE_MEMBER, "{\"errcode\":0,\"result\":{@}}", rows, N_ELEMENTS(rows));
	expect_rows(STAGE_WEB_MEMBER, "{\"errcode\":0,\"result\":{@}}", rows, N_ELEMENTS(rows));
}

static void what_is_not_told_is_left_out(void **state UNUSED)
{
	static const struct {
		const char *unionid;
		size_t n_attributes;
	} rows[] = { { "", 1 }, { ",\"unionid\":\"" UNIONID "\"", 2 } };

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *body = text_format(
			"{\"errcode\":0,\"result\":{\"userid\":\"" USERID "\",\"active\":true,"
			"\"name\":\"a\\u001b[2J\"%s}}", rows[i].unionid);
		struct login *login = dingtalk_at(STAGE_USERINFO);

		fake_reply_json(login, 200,
				"{\"errcode\":0,\"result\":{\"userid\":\"" USERID "\"}}");
		fake_reply_json(login, 200, body);
		dingtalk_ended(login, FAKE_IDENTIFIED, 0);
		assert_string_equal(login->subject, USERID);
		assert_null(login->display);
		assert_null(login->groups);
		assert_int_equal(list_length(login->attributes), rows[i].n_attributes);
		dingtalk_free(login);
	}
}

static void departments_are_read_whole_or_nobody_gets_in(void **state UNUSED)
{
	for (size_t n = IDENTITY_GROUPS_MAX; n <= IDENTITY_GROUPS_MAX + 1; n++) {
		struct login *login = dingtalk_at(STAGE_MEMBER);
		struct buf body = BUF_INIT(65536);

		buf_add_text(&body, "{\"errcode\":0,\"result\":{\"userid\":\"" USERID "\","
			     "\"active\":true,\"dept_id_list\":[9223372036854775807");
		for (size_t i = 1; i < n; i++)
			buf_add_format(&body, ",%zu", i);
		buf_add_text(&body, "]}}");
		fake_reply_json(login, 200, buf_text(&body));
		if (n <= IDENTITY_GROUPS_MAX) {
			dingtalk_ended(login, FAKE_IDENTIFIED, 0);
			assert_int_equal(list_length(login->groups), n);
			assert_true(list_has(login->groups, "9223372036854775807"));
			assert_true(list_has(login->groups, "255"));
		} else {
			dingtalk_ended(login, FAKE_DENIED, DENY_FILTERED);
		}
		buf_done(&body);
		dingtalk_free(login);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_has_its_end),
		cmocka_unit_test(a_wrapped_number_that_is_none_is_an_error),
		cmocka_unit_test(every_word_has_its_end),
		cmocka_unit_test(an_address_that_is_not_allowed_is_named),
		cmocka_unit_test(permissions_that_are_missing_are_told),
		cmocka_unit_test(what_a_message_says_is_cleaned_and_cut),
		cmocka_unit_test(an_answer_is_one_json_object),
		cmocka_unit_test(a_page_says_that_this_address_is_shut_out),
		cmocka_unit_test(what_is_not_there_is_a_fault_of_the_network),
		cmocka_unit_test(a_person_s_token_is_of_this_organisation),
		cmocka_unit_test(a_person_has_a_unionid),
		cmocka_unit_test(only_an_employee_gets_in),
		cmocka_unit_test(a_userid_is_taken_as_it_is_or_not_at_all),
		cmocka_unit_test(only_an_active_member_gets_in),
		cmocka_unit_test(what_is_not_told_is_left_out),
		cmocka_unit_test(departments_are_read_whole_or_nobody_gets_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
