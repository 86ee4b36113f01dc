/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See wecom-fixture.h. */
#include "tests/providers/wecom-fixture.h"

#include "providers/table.h"

struct fake_method *wecom_method(const char *section)
{
	struct fake_method *method = fake_method_with_secret(&wecom_provider, section, "secret",
							     SECRET);

	method->link = (struct login_link) {
		.redirect_uri = "https://relay.example.org/cb/wecom",
		.state = STATE,
	};
	fake_set(method, "TOKEN", TOKEN);
	return method;
}

struct login *wecom_start(struct fake_method *method, enum wecom_stage stage)
{
	struct login *login = fake_start(method);

	fake_callback(login, "code=" CODE "&state=" STATE);
	if (stage > STAGE_TOKEN)
		fake_reply(login, "wecom-token.http");
	if (stage > STAGE_USERID)
		fake_reply(login, "wecom-userid.http");
	return login;
}

void wecom_error(struct login *login, const char *code, const char *message)
{
	fake_set(login->method, "CODE", code);
	fake_set(login->method, "MESSAGE", message);
	fake_reply(login, "wecom-error.http");
}

/* Whatever becomes of a login, what goes to the log has no secret in it. */
void wecom_ended(const struct login *login, enum fake_end end, int reason)
{
	static const char *const secrets[] = {
		TOKEN, CODE, SECRET, "corpsecret", "access_token=", NULL
	};

	fake_ended(login, end, reason, secrets);
}
