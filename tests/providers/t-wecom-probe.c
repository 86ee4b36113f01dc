/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wecom-probe.c: what a sysadmin reads who tries the app. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"
#include "tests/providers/wecom-fixture.h"

#define POLL SECTION "mode = poll\nredirect_uri = https://sso.example.org/x\n"

static void says(const struct login *login, const char *text)
{
	if (!login->said || !strstr(login->said, text))
		fail_msg("\"%s\" is not in \"%s\"", text, login->said ? login->said : "");
}

static void a_right_app_is_shown_step_by_step(void **state UNUSED)
{
	static const char *const sections[] = { SECTION, POLL };

	for (size_t i = 0; i < N_ELEMENTS(sections); i++) {
		struct fake_method *method = wecom_method(sections[i]);
		struct login *login = fake_test(method);

		assert_true(fake_asks(login, API "gettoken?corpid=" CORP
				      "&corpsecret=s3cr3t%2B%2Fof-the-app"));
		assert_null(login->said);
		fake_reply(login, "wecom-token.http");
		says(login, "takes corp_id and secret");
		assert_true(fake_asks(login, API "agent/get?access_token=" TOKEN
				      "&agentid=1000002"));
		fake_reply(login, "wecom-app.http");
		says(login, "The app 1000002 is called \"登录 SSO\".");
		says(login, "members 2, departments 1, tags 3.");
		says(login, "relay.example.org");
		wecom_ended(login, FAKE_DONE, 0);
		assert_int_equal(login->n_requests, 2);
		assert_null(strstr(login->said, TOKEN));
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void the_proxy_is_used(void **state UNUSED)
{
	struct fake_method *method = wecom_method(
		SECTION "proxy = http://egress.example.org:3128\n");
	struct login *login = fake_test(method);

	assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
	fake_reply(login, "wecom-token.http");
	assert_string_equal(login->request->proxy, "http://egress.example.org:3128");
	fake_login_free(login);
	fake_method_free(method);
}

/* The kept token was got before the secret was made anew. */
static void the_token_is_a_new_one(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = wecom_start(method, STAGE_MEMBER);

	fake_reply(login, "wecom-member.http");
	fake_login_free(login);
	login = fake_test(method);
	assert_true(fake_asks(login, API "gettoken?corpid=" CORP
			      "&corpsecret=s3cr3t%2B%2Fof-the-app"));
	wecom_error(login, "40001", "invalid credential");
	wecom_ended(login, FAKE_FAILED, FAIL_CONFIG);
	assert_non_null(strstr(login->detail, "the secret is not of this app"));
	fake_login_free(login);
	fake_method_free(method);
}

/* Who mends something and tries again is not told what was. */
static void it_asks_anew_whatever_was_told_before(void **state UNUSED)
{
	struct fake_method *method = wecom_method(SECTION);
	struct login *login = wecom_start(method, STAGE_TOKEN);

	wecom_error(login, "40013", "invalid corpid");
	wecom_ended(login, FAKE_FAILED, FAIL_CONFIG);
	fake_login_free(login);
	login = fake_test(method);
	assert_int_equal(login->n_requests, 1);
	fake_reply(login, "wecom-token.http");
	fake_reply(login, "wecom-app.http");
	wecom_ended(login, FAKE_DONE, 0);
	fake_login_free(login);
	fake_method_free(method);
}

static void every_mistake_is_named(void **state UNUSED)
{
	static const struct {
		bool has_token;
		const char *code, *message;
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ false, "40013", "invalid corpid", FAKE_FAILED, FAIL_CONFIG, "no such corp_id" },
		{ false, "40001", "invalid credential", FAKE_FAILED, FAIL_CONFIG, "the secret" },
		{ false, "40091", "bad", FAKE_FAILED, FAIL_CONFIG, "the secret is not valid" },
		{ false, "99999", "new", FAKE_FAILED, FAIL_PROVIDER, "99999" },
		{ true, "60020", "not allow to access from your ip, from ip: 203.0.113.7, more",
		  FAKE_FAILED, FAIL_CONFIG, "allow 203.0.113.7" },
		{ true, "40056", "invalid agentid", FAKE_FAILED, FAIL_CONFIG, "no such agent_id" },
		{ true, "301002", "another agent", FAKE_FAILED, FAIL_CONFIG, "of another app" },
		{ true, "48002", "api forbidden", FAKE_FAILED, FAIL_CONFIG, "may not make" },
		{ true, "40014", "invalid token", FAKE_FAILED, FAIL_PROVIDER, "not valid" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wecom_method(SECTION);
		struct login *login = fake_test(method);

		if (rows[i].has_token)
			fake_reply(login, "wecom-token.http");
		wecom_error(login, rows[i].code, rows[i].message);
		wecom_ended(login, rows[i].end, rows[i].reason);
		if (!strstr(login->detail, rows[i].says))
			fail_msg("%s: %s", rows[i].code, login->detail);
		fake_login_free(login);
		fake_method_free(method);
	}
}

static void an_app_that_cannot_work_is_told(void **state UNUSED)
{
	static const struct {
		const char *section, *agent, *users, *parties, *close, *domain;
		enum fake_end end;
		int reason;
		const char *says;
	} rows[] = {
		{ SECTION, "1000002", "[{}]", "[]", "0", "r.example.org", FAKE_DONE, 0, NULL },
		{ SECTION, "1000002", "[]", "[7]", "0", "r.example.org", FAKE_DONE, 0, NULL },
		{ SECTION, "1000002", "[]", "[]", "0", "r.example.org", FAKE_FAILED, FAIL_CONFIG,
		  "可见范围" },
		{ SECTION, "1000002", "[{}]", "[]", "1", "r.example.org", FAKE_FAILED, FAIL_CONFIG,
		  "disabled" },
		{ SECTION, "1000002", "[{}]", "[]", "0", "", FAKE_FAILED, FAIL_CONFIG,
		  "可信域名" },
		{ POLL, "1000002", "[{}]", "[]", "0", "", FAKE_DONE, 0, NULL },
		{ SECTION, "1000003", "[{}]", "[]", "0", "r.example.org", FAKE_FAILED,
		  FAIL_PROVIDER, "not about this app" },
		{ SECTION, "1000002", "[{}]", "[]", "2", "r.example.org", FAKE_FAILED,
		  FAIL_PROVIDER, "not about this app" },
		{ SECTION, "\"1000002\"", "[{}]", "[]", "0", "r.example.org", FAKE_FAILED,
		  FAIL_PROVIDER, "not about this app" },
		{ SECTION, "1000002", "7", "7", "0", "r.example.org", FAKE_FAILED, FAIL_CONFIG,
		  "可见范围" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct fake_method *method = wecom_method(rows[i].section);
		struct login *login = fake_test(method);

		fake_set(method, "AGENT", rows[i].agent);
		fake_set(method, "USERS", rows[i].users);
		fake_set(method, "PARTIES", rows[i].parties);
		fake_set(method, "CLOSE", rows[i].close);
		fake_set(method, "DOMAIN", rows[i].domain);
		fake_reply(login, "wecom-token.http");
		fake_reply(login, "wecom-app-other.http");
		wecom_ended(login, rows[i].end, rows[i].reason);
		if (rows[i].says && !strstr(login->detail, rows[i].says))
			fail_msg("row %zu: %s", i, login->detail);
		fake_login_free(login);
		fake_method_free(method);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_app_is_shown_step_by_step),
		cmocka_unit_test(the_proxy_is_used),
		cmocka_unit_test(the_token_is_a_new_one),
		cmocka_unit_test(it_asks_anew_whatever_was_told_before),
		cmocka_unit_test(every_mistake_is_named),
		cmocka_unit_test(an_app_that_cannot_work_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
