/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See dingtalk-fixture.h. */
#include "tests/providers/dingtalk-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"

#define REFRESH_TOKEN "r3fre5hToken"

/* The good reply of each stage. */
static const char *const replies[N_STAGES] = {
	[STAGE_TOKEN] = "dingtalk-token.http",
	[STAGE_USERINFO] = "dingtalk-userinfo.http",
	[STAGE_MEMBER] = "dingtalk-member.http",
	[STAGE_USER_TOKEN] = "dingtalk-user-token.http",
	[STAGE_ME] = "dingtalk-me.http",
	[STAGE_WEB_TOKEN] = "dingtalk-token.http",
	[STAGE_EMPLOYEE] = "dingtalk-employee.http",
	[STAGE_WEB_MEMBER] = "dingtalk-member.http",
};

static enum dingtalk_stage first_of(enum dingtalk_stage stage)
{
	return stage < STAGE_USER_TOKEN ? STAGE_TOKEN : STAGE_USER_TOKEN;
}

struct fake_method *dingtalk_method(const char *section)
{
	struct fake_method *method = fake_method_with_secret(&dingtalk_provider, section,
							     "app_secret", APP_SECRET);

	method->link = (struct login_link) {
		.redirect_uri = "https://relay.example.org/cb/dingtalk",
		.state = STATE,
		.id = "AbCdEfGhIjKlMnOpQrStUv",
		.page = PAGE,
		.method = "work",
	};
	fake_set(method, "TOKEN", TOKEN);
	fake_set(method, "USERTOKEN", USER_TOKEN);
	fake_set(method, "REFRESH", REFRESH_TOKEN);
	return method;
}

struct fake_method *dingtalk_method_for(enum dingtalk_stage stage)
{
	return dingtalk_method(first_of(stage) == STAGE_TOKEN ? SECTION : WEB);
}

struct login *dingtalk_start(struct fake_method *method, enum dingtalk_stage stage)
{
	struct login *login = fake_start(method);
	enum dingtalk_stage first = first_of(stage);

	fake_callback(login, first == STAGE_TOKEN ? "code=" CODE "&state=" STATE :
						    "authCode=" CODE "&state=" STATE);
	for (int at = first; at < (int)stage; at++)
		fake_reply(login, replies[at]);
	return login;
}

struct login *dingtalk_at(enum dingtalk_stage stage)
{
	return dingtalk_start(dingtalk_method_for(stage), stage);
}

void dingtalk_free(struct login *login)
{
	struct fake_method *method = login->method;

	fake_login_free(login);
	fake_method_free(method);
}

bool dingtalk_is_oapi(enum dingtalk_stage stage)
{
	return stage == STAGE_USERINFO || stage == STAGE_MEMBER || stage == STAGE_EMPLOYEE ||
	       stage == STAGE_WEB_MEMBER;
}

void dingtalk_go_on(struct login *login, enum dingtalk_stage stage)
{
	fake_reply(login, replies[stage]);
}

void dingtalk_finish(struct login *login, enum dingtalk_stage stage)
{
	int last = first_of(stage) == STAGE_TOKEN ? STAGE_MEMBER : STAGE_WEB_MEMBER;

	for (int at = (int)stage; at <= last; at++)
		fake_reply(login, replies[at]);
	dingtalk_ended(login, FAKE_IDENTIFIED, 0);
}

void dingtalk_oapi_error(struct login *login, int64_t code, const char *message)
{
	_cleanup_free_ char *body = text_format("{\"errcode\":%lld,\"errmsg\":\"%s\"}",
						(long long)code, message);

	fake_reply_json(login, 200, body);
}

void dingtalk_api_error(struct login *login, uint32_t status, const char *word,
			const char *message)
{
	_cleanup_free_ char *body = text_format("{\"code\":\"%s\",\"message\":\"%s\","
						"\"requestid\":\"7D9C\"}", word, message);

	fake_reply_json(login, status, body);
}

/* Whatever becomes of a login, what goes to the log has no secret in it. */
void dingtalk_ended(const struct login *login, enum fake_end end, int reason)
{
	static const char *const secrets[] = {
		TOKEN, USER_TOKEN, REFRESH_TOKEN, CODE, APP_SECRET, "access_token=", "15012345678",
		"@example.org",
	};

	if (login->end != end || login->reason != reason)
		fail_msg("ended as %d/%d: %s", login->end, login->reason, login->detail);
	assert_true(login->finished);
	for (size_t i = 0; login->detail && i < N_ELEMENTS(secrets); i++)
		assert_null(strstr(login->detail, secrets[i]));
}

void dingtalk_says(const struct login *login, const char *words)
{
	if (!login->detail || !strstr(login->detail, words))
		fail_msg("\"%s\" is not in \"%s\"", words, login->detail ? login->detail : "");
}
