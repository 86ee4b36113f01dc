/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two questions about an OAuth code of WeChat, which website apps and official accounts ask
 * alike.
 * NULL: too long for a request. */
#pragma once

#include "providers/wechat-reply.h"

struct wechat_app {
	const char *api_url, *app_id;
	const struct secret *secret;
	const char *proxy;               /* NULL: none */
};

/* GET API/sns/oauth2/access_token, sent once: see wechat_read_code(). */
struct http_request *wechat_code_request(const struct wechat_app *app, const struct secret *code);
/* GET API/sns/userinfo of `person`, who has a user token: see wechat_read_userinfo(). */
struct http_request *wechat_userinfo_request(const struct wechat_app *app,
					     const struct wechat_person *person);
