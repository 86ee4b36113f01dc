/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An app of WeChat's: what its section must hold, and the requests that several login types make
 * for it. */
#pragma once

#include "base/conf.h"
#include "providers/wechat-reply.h"

/* Filled by the keys of a section. */
struct wechat_app {
	char *id;
	struct secret *secret;
	char *api_url;
	char *proxy;                     /* NULL: none */
};

/* Its app_id, proxy and api_url; what is missing was reported elsewhere. */
void wechat_check_app(const struct wechat_app *app, const struct conf_section *section,
		      struct conf_report *report);

/* NULL: too long for a request. */

/* GET API/sns/oauth2/access_token, sent once: see wechat_read_code(). */
struct http_request *wechat_code_request(const struct wechat_app *app, const struct secret *code);
/* GET API/sns/userinfo of `person`, who has a user token: see wechat_read_userinfo(). */
struct http_request *wechat_userinfo_request(const struct wechat_app *app,
					     const struct wechat_person *person);
/* GET API/sns/jscode2session, sent once: see wechat_read_session(). */
struct http_request *wechat_session_request(const struct wechat_app *app,
					    const struct secret *code);
/* POST API/cgi-bin/stable_token: see wechat_read_token(). */
struct http_request *wechat_stable_token_request(const struct wechat_app *app);
