/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/app.h"

#include <string.h>

#include "base/macro.h"

/* The first that fits: WeCom's browser says MicroMessenger too. */
static const struct {
	const char *word;
	enum relay_app app;
} words[] = {
	{ "wxwork/", RELAY_APP_WECOM },
	{ "MicroMessenger/", RELAY_APP_WECHAT },
	{ "DingTalk/", RELAY_APP_DINGTALK },
};

enum relay_app app_of_user_agent(const char *user_agent)
{
	for (size_t i = 0; user_agent && i < N_ELEMENTS(words); i++)
		if (strcasestr(user_agent, words[i].word))
			return words[i].app;
	return RELAY_APP_BROWSER;
}
