/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See wechat-fixture.h. */
#include "tests/providers/wechat-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "providers/table.h"

struct fake_method *wechat_method(const char *section)
{
	struct fake_method *method = fake_method_with_secret(&wechat_provider, section,
							     "app_secret", SECRET);

	if (!strstr(section, "mode ="))
		method->link = (struct login_link) {
			.redirect_uri = "https://relay.example.org/cb/wechat",
			.state = STATE,
		};
	return method;
}

void wechat_say(struct login *login, const char *body)
{
	struct http_reply reply = fake_http_reply(200, "text/plain", body);

	fake_reply_whole(login, &reply);
}

void wechat_error(struct login *login, const char *code, const char *message)
{
	_cleanup_free_ char *body = text_format("{\"errcode\":%s,\"errmsg\":\"%s\"}", code,
						message);

	wechat_say(login, body);
}

/* Whatever becomes of a login, what goes to the log has no secret in it. */
void wechat_ended(const struct login *login, enum fake_end end, int reason)
{
	static const char *const secrets[] = {
		USER_TOKEN, CODE, SECRET, "secret=", "access_token="
	};

	if (login->end != end || login->reason != reason)
		fail_msg("ended as %d/%d: %s", login->end, login->reason, login->detail);
	assert_true(login->finished);
	for (size_t i = 0; login->detail && i < N_ELEMENTS(secrets); i++)
		assert_null(strstr(login->detail, secrets[i]));
}

void wechat_let_in(struct login *login)
{
	assert_true(fake_asks(login, EXCHANGED));
	assert_true(login->request->once);
	wechat_say(login, PERSON);
	assert_true(fake_asks(login, NAMED));
	wechat_say(login, NAME);
	wechat_ended(login, FAKE_IDENTIFIED, 0);
	assert_string_equal(login->issuer, "wechat");
	assert_string_equal(login->subject, UNIONID);
	assert_string_equal(login->display, "张三");
	assert_int_equal(list_length(login->attributes), 2);
	assert_true(list_has(login->attributes, "openid=" OPENID));
	assert_true(list_has(login->attributes, "unionid=" UNIONID));
	fake_login_free(login);
}
