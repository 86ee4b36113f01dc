/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The type dingtalk tells of its organisation: from the top down, then page by page. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/dingtalk-fixture.h"

#define OK(result)      "{\"errcode\":0,\"errmsg\":\"ok\",\"result\":" result "}"
#define TOP             OK("{\"dept_id\":1,\"name\":\"公司\"}")
#define SUB(rows)       OK("[" rows "]")
#define DEPT(id, up, name) "{\"dept_id\":" #id ",\"parent_id\":" #up ",\"name\":\"" name "\"}"
#define PAGE_OF(rows, more) OK("{\"list\":[" rows "]," more "}")
#define LAST            "\"has_more\":false"
#define ZHANG           "{\"userid\":\"Manager123\",\"unionid\":\"u1\",\"name\":\"张三\"," \
			"\"active\":true}"
#define LI              "{\"userid\":\"li\",\"name\":\"李四\",\"active\":false}"
#define USER_LIST       OAPI "v2/user/list?access_token=" TOKEN
#define LISTSUB         OAPI "v2/department/listsub?access_token=" TOKEN

static struct login *list(struct fake_method *method)
{
	struct login *login = fake_list(method);

	fake_reply(login, "dingtalk-token.http");
	return login;
}

/* The next call keeps its distance. */
static void reply(struct login *login, const char *body)
{
	fake_reply_json(login, 200, body);
	if (login->end == FAKE_RUNNING) {
		assert_in_range(login->timer_delay_ms, 50, 60);
		fake_timer(login);
	}
}

static void expect(const struct login *login, const char *url, const char *body)
{
	assert_true(fake_asks(login, url));
	assert_string_equal(login->request->body->data, body);
	assert_false(login->request->once);
}

static void all_of_the_organisation_is_told(void **state UNUSED)
{
	struct fake_method *method = dingtalk_method(SECTION);
	struct login *login = list(method);

	expect(login, OAPI "v2/department/get?access_token=" TOKEN,
	       "{\"dept_id\":1,\"language\":\"zh_CN\"}");
	reply(login, TOP);
	expect(login, LISTSUB, "{\"dept_id\":1,\"language\":\"zh_CN\"}");
	reply(login, SUB(DEPT(5, 1, "研发")));
	expect(login, LISTSUB, "{\"dept_id\":5,\"language\":\"zh_CN\"}");
	reply(login, SUB(""));
	expect(login, USER_LIST, "{\"dept_id\":1,\"cursor\":0,\"size\":100,"
	       "\"order_field\":\"entry_asc\",\"contain_access_limit\":false}");
	reply(login, PAGE_OF(ZHANG, "\"has_more\":true,\"next_cursor\":100"));
	expect(login, USER_LIST, "{\"dept_id\":1,\"cursor\":100,\"size\":100,"
	       "\"order_field\":\"entry_asc\",\"contain_access_limit\":false}");
	reply(login, PAGE_OF(LI, LAST));
	reply(login, PAGE_OF("", LAST));
	dingtalk_ended(login, FAKE_DONE, 0);
	assert_string_equal(login->told,
			    "department 1 < -: 公司\n"
			    "department 5 < 1: 研发\n"
			    "member dingtalk:" CORP " Manager123 at 1: 张三 u1 active"
			    " userid=Manager123 unionid=u1\n"
			    "member dingtalk:" CORP " li at 1: 李四 李四 inactive userid=li\n"
			    "done 1\n"
			    "done 5\n");
	dingtalk_free(login);
}

static void what_is_done_is_not_asked_for_again(void **state UNUSED)
{
	static const char *const names[] = { "1 公司", NULL };
	static const char *const done[] = { "1", NULL };
	struct fake_method *method = dingtalk_method(SECTION);
	struct login *login;

	method->known_names = names;
	method->known_done = done;
	login = list(method);
	assert_true(fake_asks(login, LISTSUB));
	reply(login, SUB(""));
	dingtalk_ended(login, FAKE_DONE, 0);
	assert_string_equal(login->told, "department 1 < -: 公司\n");
	dingtalk_free(login);
}

static void a_cursor_must_lead_on(void **state UNUSED)
{
	static const char *const wrong[] = {
		"\"has_more\":true,\"next_cursor\":0", "\"has_more\":true",
		"\"has_more\":true,\"next_cursor\":-1", "\"has_more\":\"false\"",
		"\"next_cursor\":100", "\"has_more\":true,\"next_cursor\":\"100\"",
	};

	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		_cleanup_free_ char *page = text_format(OK("{\"list\":[],%s}"), wrong[i]);
		struct login *login = list(dingtalk_method(SECTION));

		reply(login, TOP);
		reply(login, SUB(""));
		fake_reply_json(login, 200, page);
		dingtalk_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		assert_null(strstr(login->told, "done"));
		dingtalk_free(login);
	}
}

static const struct {
	const char *body;
	enum fail_reason reason;
} wrong_pages[] = {
	{ PAGE_OF("{\"userid\":\"li\",\"name\":\"x\"}", LAST), FAIL_CONFIG },
	{ PAGE_OF("{\"userid\":\"li\",\"active\":\"true\"}", LAST), FAIL_PROVIDER },
	{ PAGE_OF("{\"userid\":\"l i\",\"active\":true}", LAST), FAIL_PROVIDER },
	{ PAGE_OF("{\"active\":true}", LAST), FAIL_PROVIDER },
	{ PAGE_OF("{\"userid\":\"li\",\"unionid\":7,\"active\":true}", LAST), FAIL_PROVIDER },
	{ PAGE_OF("5", LAST), FAIL_PROVIDER },
	{ OK("[]"), FAIL_PROVIDER },
	{ OK("{\"has_more\":false}"), FAIL_PROVIDER },
	{ "{\"errcode\":90020,\"errmsg\":\"x\"}", FAIL_CONFIG },
	{ "{\"errcode\":88,\"sub_code\":\"60011\",\"sub_msg\":\"x\"}", FAIL_CONFIG },
};

static void a_wrong_page_ends_it(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(wrong_pages); i++) {
		struct login *login = list(dingtalk_method(SECTION));

		reply(login, TOP);
		reply(login, SUB(""));
		fake_reply_json(login, 200, wrong_pages[i].body);
		dingtalk_ended(login, FAKE_FAILED, (int)wrong_pages[i].reason);
		assert_null(strstr(login->told, "done"));
		dingtalk_free(login);
	}
}

static const char *const wrong_departments[] = {
	SUB(DEPT(5, 2, "x")), SUB("{\"name\":\"x\",\"parent_id\":1}"), SUB("5"), OK("{}"),
	SUB(DEPT(-5, 1, "x")), "{\"errcode\":0}",
};

static void a_wrong_department_ends_it(void **state UNUSED)
{
	for (size_t i = 0; i < N_ELEMENTS(wrong_departments); i++) {
		struct login *login = list(dingtalk_method(SECTION));

		reply(login, TOP);
		fake_reply_json(login, 200, wrong_departments[i]);
		dingtalk_ended(login, FAKE_FAILED, FAIL_PROVIDER);
		dingtalk_free(login);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_the_organisation_is_told),
		cmocka_unit_test(what_is_done_is_not_asked_for_again),
		cmocka_unit_test(a_cursor_must_lead_on),
		cmocka_unit_test(a_wrong_page_ends_it),
		cmocka_unit_test(a_wrong_department_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
