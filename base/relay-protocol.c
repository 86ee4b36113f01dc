/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/relay-protocol.h"

#include "base/macro.h"
#include "base/text.h"

/* Marks a literal for translation. */
#define N_(text) text

const char *const relay_app_names[RELAY_N_APPS] = {
	[RELAY_APP_BROWSER] = "browser",
	[RELAY_APP_WECOM] = "wecom",
	[RELAY_APP_WECHAT] = "wechat",
	[RELAY_APP_DINGTALK] = "dingtalk",
	[RELAY_APP_COMPUTER] = "computer",
	[RELAY_APP_MINI_PROGRAM] = "mini-program",
};

const char *const relay_app_titles[RELAY_N_APPS] = {
	[RELAY_APP_WECOM] = N_("WeCom"),
	[RELAY_APP_WECHAT] = N_("WeChat"),
	[RELAY_APP_DINGTALK] = N_("DingTalk"),
	[RELAY_APP_MINI_PROGRAM] = N_("WeChat"),
};

const char *const relay_result_names[RELAY_N_RESULTS] = {
	[RELAY_RESULT_DIGITS] = "digits",
	[RELAY_RESULT_MESSAGE] = "message",
	[RELAY_RESULT_GRANTED] = "granted",
	[RELAY_RESULT_DENIED] = "denied",
	[RELAY_RESULT_REFUSED] = "refused",
	[RELAY_RESULT_FAILED] = "failed",
	[RELAY_RESULT_BUSY] = "busy",
	[RELAY_RESULT_OVER] = "over",
	[RELAY_RESULT_REGISTERED] = "registered",
};

static int find(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (text_equals(names[i], name))
			return i;
	return -1;
}

int relay_app_from_name(const char *name)
{
	return find(relay_app_names, RELAY_N_APPS, name);
}

int relay_result_from_name(const char *name)
{
	return find(relay_result_names, RELAY_N_RESULTS, name);
}
