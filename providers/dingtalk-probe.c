/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the vendor plays along, for a sysadmin who reads every step: the way of the mode, and
 * then the app token. */
#include "providers/dingtalk.h"

static void has_token(struct login *login)
{
	login_show(login, login_text(login, N_("The vendor takes app_key and app_secret.")));
	login_done(login);
}

void dingtalk_test_app(struct login *login)
{
	static const struct api_call call = { .vendor = &dingtalk_vendor, .next = has_token };

	api_start(login, &call);
}

static void has_device_code(struct login *login)
{
	login_show(login, login_text(login, N_("The vendor lets the app use its device flow.")));
	dingtalk_test_app(login);
}

void dingtalk_test_device(struct login *login)
{
	dingtalk_device_probe(login, has_device_code);
}

static void has_page_code(struct login *login)
{
	login_show(login, login_text(login, N_("The vendor's page is as it was and has a code.")));
	dingtalk_test_app(login);
}

void dingtalk_test_page(struct login *login)
{
	dingtalk_poll_probe(login, has_page_code);
}
