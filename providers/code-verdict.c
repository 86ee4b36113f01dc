/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "providers/code-verdict.h"

#include "base/macro.h"
#include "base/text.h"

#define SECONDS_A_MINUTE 60

static void identify(struct login *login)
{
	const struct identity identity = { .issuer = ISSUER_UNIX, .subject = login_user(login) };

	login_identify(login, &identity);
}

/* What was not compared looks like a wrong code to whoever proved nothing. */
static void refuse(struct login *login, const char *text, const char *detail)
{
	if (!login_is_proved(login)) {
		login_deny(login, DENY_WRONG, detail);
		return;
	}
	login_show_error(login, text);
	login_deny(login, DENY_REFUSED, detail);
}

/* Rounded up, and never one: the text is in the plural. */
static void refuse_for_now(struct login *login, int64_t wait_s)
{
	int minutes = (int)((wait_s + SECONDS_A_MINUTE - 1) / SECONDS_A_MINUTE);
	_cleanup_free_ char *text = text_format(
		login_text(login, N_("Too many wrong codes. Try again in %d minutes.")),
		MAX(minutes, 2));

	refuse(login, text, "too many wrong codes");
}

void code_take_verdict(struct login *login, uint32_t number UNUSED, enum code_result result,
		       int64_t wait_s)
{
	switch (result) {
	case CODE_RIGHT:
		identify(login);
		return;
	case CODE_WRONG:
		login_deny(login, DENY_WRONG, "wrong code");
		return;
	case CODE_TOO_MANY:
		refuse_for_now(login, wait_s);
		return;
	case CODE_BLOCKED:
		refuse(login, login_text(login, N_("Too many wrong codes. Only a sysadmin can "
						   "open this way again.")),
		       "blocked by wrong codes");
		return;
	case CODE_UNAVAILABLE:
		break;
	}
	login_fail(login, FAIL_PROVIDER, "codes cannot be checked now");
}
