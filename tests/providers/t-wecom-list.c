/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type wecom tells of its corp: which calls, in which order, and what ends a listing. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/wecom-fixture.h"

#define DEPARTMENTS "{\"errcode\":0,\"errmsg\":\"ok\",\"department_id\":[" \
		    "{\"id\":1,\"parentid\":0,\"order\":1},{\"id\":7,\"parentid\":1,\"order\":1}]}"
#define NAME(id, name) "{\"errcode\":0,\"department\":{\"id\":" #id ",\"name\":\"" name "\"}}"
#define MEMBERS(rows) "{\"errcode\":0,\"errmsg\":\"ok\",\"userlist\":[" rows "]}"
#define ZHANG "{\"userid\":\"ZhangSan\",\"name\":\"张三\",\"status\":1,\"main_department\":7," \
	      "\"department\":[7]}"
#define LI    "{\"userid\":\"lisi\",\"status\":4,\"department\":[1,7]}"
#define WANG  "{\"userid\":\"wangwu\",\"name\":\"王五\",\"status\":2,\"department\":[1]}"
#define OTHER "{\"userid\":\"ww99/zhangsan\",\"name\":\"x\",\"status\":1}"
#define AGENT(users) "{\"errcode\":0,\"agentid\":1000002," \
		     "\"allow_userinfos\":{\"user\":[" users "]}}"
#define GOOD  "{\"errcode\":0,\"errmsg\":\"ok\","

static struct login *list(struct fake_method *method)
{
	struct login *login = fake_list(method);

	fake_reply(login, "wecom-token.http");
	return login;
}

static void all_of_the_corp_is_told(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = list(method);

	assert_true(fake_asks(login, API "department/simplelist?access_token=" TOKEN));
	assert_int_equal(login->request->max_body, HTTP_LISTING_MAX);
	fake_reply_json(login, 200, DEPARTMENTS);
	assert_true(fake_asks(login, API "department/get?access_token=" TOKEN "&id=1"));
	fake_reply_json(login, 200, NAME(1, "总部"));
	fake_reply_json(login, 200, NAME(7, "研发"));
	assert_true(fake_asks(login, API "user/list?access_token=" TOKEN "&department_id=1"));
	fake_reply_json(login, 200, MEMBERS(LI "," WANG "," OTHER));
	assert_true(fake_asks(login, API "user/list?access_token=" TOKEN "&department_id=7"));
	fake_reply_json(login, 200, MEMBERS(ZHANG "," LI));
	assert_true(fake_asks(login, API "agent/get?access_token=" TOKEN "&agentid=1000002"));
	fake_reply_json(login, 200, AGENT("{\"userid\":\"Lone\"},{\"userid\":\"gone\"},"
					  "{\"userid\":\"ww99/x\"}"));
	assert_true(fake_asks(login, API "user/get?access_token=" TOKEN "&userid=lone"));
	fake_reply_json(login, 200, GOOD "\"userid\":\"lone\",\"name\":\"独\",\"status\":5}");
	assert_true(fake_asks(login, API "user/get?access_token=" TOKEN "&userid=gone"));
	wecom_error(login, "60111", "userid not found");
	wecom_ended(login, FAKE_DONE, 0);
	assert_string_equal(login->told,
			    "department 1 < -: 总部\n"
			    "department 7 < 1: 研发\n"
			    "member wecom:" CORP " lisi at 1: - - inactive userid=lisi\n"
			    "member wecom:" CORP " wangwu at 1: 王五 王五 disabled userid=wangwu\n"
			    "done 1\n"
			    "member wecom:" CORP " zhangsan at 7: 张三 张三 active userid=zhangsan"
			    " main_department=7\n"
			    "member wecom:" CORP " lisi at 7: - - inactive userid=lisi\n"
			    "done 7\n"
			    "member wecom:" CORP " lone at : 独 独 left userid=lone\n"
			    "done \n");
	fake_login_free(login);
	fake_method_free(method);
}

static void what_is_known_is_not_asked_for_again(void **state UNUSED)
{
	static const char *const names[] = { "1 总部", "7 研发", NULL };
	static const char *const done[] = { "1", NULL };
	struct fake_method *method = wecom_method(SECTION);
	struct login *login;

	method->known_names = names;
	method->known_done = done;
	login = list(method);
	fake_reply_json(login, 200, DEPARTMENTS);
	assert_true(fake_asks(login, API "user/list?access_token=" TOKEN "&department_id=7"));
	fake_reply_json(login, 200, MEMBERS(""));
	fake_reply_json(login, 200, AGENT(""));
	wecom_ended(login, FAKE_DONE, 0);
	assert_string_equal(login->told, "department 1 < -: 总部\ndepartment 7 < 1: 研发\n"
					 "done 7\ndone \n");
	fake_login_free(login);
	fake_method_free(method);
}

static void a_call_that_there_is_no_room_for_is_made_again(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = list(method);

	wecom_error(login, "45009", "api freq out of limit");
	assert_int_equal(login->end, FAKE_RUNNING);
	assert_int_equal(login->timer_delay_ms, 60000);
	fake_timer(login);
	assert_true(fake_asks(login, API "department/simplelist?access_token=" TOKEN));
	for (unsigned i = 0; i < 9; i++) {
		wecom_error(login, "45033", "api concurrent out of limit");
		assert_int_equal(login->end, FAKE_RUNNING);
		fake_timer(login);
	}
	wecom_error(login, "45009", "api freq out of limit");
	wecom_ended(login, FAKE_DENIED, DENY_BUSY);
	fake_login_free(login);
	fake_method_free(method);
}

static void a_listing_outlives_its_tokens(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = list(method);
	static const char *const replies[] = { DEPARTMENTS, NAME(1, "a"), NAME(7, "b"), NULL };

	for (size_t i = 0; replies[i]; i++) {
		wecom_error(login, "42001", "access_token expired");
		fake_reply(login, "wecom-token.http");
		fake_reply_json(login, 200, replies[i]);
	}
	assert_int_equal(login->end, FAKE_RUNNING);
	wecom_error(login, "42001", "access_token expired");
	fake_reply(login, "wecom-token.http");
	wecom_error(login, "42001", "access_token expired");
	wecom_ended(login, FAKE_FAILED, FAIL_PROVIDER);
	fake_login_free(login);
	fake_method_free(method);
}

static const char *const wrong_lists[] = {
	"{\"errcode\":0}",
	"{\"errcode\":0,\"department_id\":{}}",
	"{\"errcode\":0,\"department_id\":[{\"id\":\"1\"}]}",
	"{\"errcode\":0,\"department_id\":[{\"id\":0}]}",
	"{\"errcode\":0,\"department_id\":[{\"id\":1,\"parentid\":-1}]}",
	"{\"errcode\":0,\"department_id\":[1]}",
	"{\"errcode\":60011,\"department_id\":[]}",
	"[]",
};

static void a_wrong_list_of_departments_ends_it(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(wrong_lists); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = list(method);

		fake_reply_json(login, 200, wrong_lists[i]);
		assert_true(login->end == FAKE_FAILED || login->end == FAKE_DENIED);
		assert_null(login->told);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static const char *const wrong_members[] = {
	"{\"errcode\":0}",
	"{\"errcode\":60003,\"userlist\":[]}",
	MEMBERS("{\"userid\":\"zhang san\",\"status\":1}"),
	MEMBERS("{\"userid\":\"\",\"status\":1}"),
	MEMBERS("{\"userid\":\"zhangsan\"}"),
	MEMBERS("{\"userid\":\"zhangsan\",\"status\":\"1\"}"),
	MEMBERS("{\"userid\":\"zhangsan\",\"status\":1,\"main_department\":\"7\"}"),
	MEMBERS("{\"status\":1}"),
	MEMBERS("7"),
};

static void wrong_members_end_it(void **state UNUSED)
{
	static const char *const names[] = { "1 a", "7 b", NULL };

	for (size_t i = 0; i < N_ELEMENTS(wrong_members); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login;

		method->known_names = names;
		login = list(method);
		fake_reply_json(login, 200, DEPARTMENTS);
		fake_reply_json(login, 200, wrong_members[i]);
		assert_int_equal(login->end, FAKE_FAILED);
		assert_null(strstr(login->told, "done"));
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void an_unknown_status_is_no_yes(void **state UNUSED)
{
	static const char *const names[] = { "1 a", "7 b", NULL };
	struct fake_method *method = wecom_method(SECTION);
	struct login *login;

	method->known_names = names;
	login = list(method);
	fake_reply_json(login, 200, DEPARTMENTS);
	fake_reply_json(login, 200, MEMBERS("{\"userid\":\"x\",\"status\":3}"));
	assert_non_null(strstr(login->told, "x at 1: - - disabled"));
	fake_login_free(login);
	fake_method_free(method);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_the_corp_is_told),
		cmocka_unit_test(what_is_known_is_not_asked_for_again),
		cmocka_unit_test(a_call_that_there_is_no_room_for_is_made_again),
		cmocka_unit_test(a_listing_outlives_its_tokens),
		cmocka_unit_test(a_wrong_list_of_departments_ends_it),
		cmocka_unit_test(wrong_members_end_it),
		cmocka_unit_test(an_unknown_status_is_no_yes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
