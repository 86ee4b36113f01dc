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

/* What telephones say of themselves, and tablets that are used like them. */
static const char *const telephones[] = {
	"Mobile", "Android", "iPhone", "iPad", "iPod", "HarmonyOS", "Windows Phone", "Opera Mini",
};

enum relay_app app_of_user_agent(const char *user_agent)
{
	for (size_t i = 0; user_agent && i < N_ELEMENTS(words); i++)
		if (strcasestr(user_agent, words[i].word))
			return words[i].app;
	for (size_t i = 0; user_agent && i < N_ELEMENTS(telephones); i++)
		if (strcasestr(user_agent, telephones[i]))
			return RELAY_APP_BROWSER;
	return user_agent && strcasestr(user_agent, "Mozilla/") ? RELAY_APP_COMPUTER :
	       RELAY_APP_BROWSER;
}
