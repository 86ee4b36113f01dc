/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See wechat-request.h. */
#include "providers/wechat-request.h"

#include "base/url.h"
#include "providers/api-call.h"

struct http_request *wechat_code_request(const struct wechat_app *app, const struct secret *code)
{
	struct buf url = BUF_INIT_SECRET(URL_MAX);
	struct http_request *request;

	wechat_add_secret_url(&url, app->api_url, "sns/oauth2/access_token", app->app_id,
			      app->secret);
	form_add(&url, "code", code->data);
	form_add(&url, "grant_type", "authorization_code");
	request = api_get(&url, app->proxy);
	if (request)
		request->once = true;            /* a code is good for one use */
	return request;
}

struct http_request *wechat_userinfo_request(const struct wechat_app *app,
					     const struct wechat_person *person)
{
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, "%s/sns/userinfo?access_token=", app->api_url);
	form_encode(&url, person->user_token->data, person->user_token->len);
	form_add(&url, "openid", person->openid);
	form_add(&url, "lang", "zh_CN");
	return api_get(&url, app->proxy);
}
