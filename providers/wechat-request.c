/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See wechat-request.h. */
#include "providers/wechat-request.h"

#include "base/text.h"
#include "base/url.h"
#include "providers/api-call.h"
#include "providers/api-check.h"

#define BODY_MAX 2048                    /* of the request for a token */

void wechat_check_app(const struct wechat_app *app, const struct conf_section *section,
		      struct conf_report *report)
{
	if (app->id && !wechat_is_app_id(app->id))
		conf_mistake_key(report, section, "app_id", "must be letters and digits");
	api_check_proxy(app->proxy, section, report);
	api_check_base("api_url", app->api_url, section, report);
}

/* What is a code worth? A GET, but a code is good for one use. */
static struct http_request *redeem(const struct wechat_app *app, const char *path,
				   const char *name, const struct secret *code)
{
	struct buf url = BUF_INIT_SECRET(URL_MAX);
	struct http_request *request;

	buf_add_format(&url, "%s/%s?appid=%s&secret=", app->api_url, path, app->id);
	form_encode(&url, app->secret->data, app->secret->len);
	form_add(&url, name, code->data);
	form_add(&url, "grant_type", "authorization_code");
	request = api_get(&url, app->proxy);
	if (request)
		request->once = true;
	return request;
}

struct http_request *wechat_code_request(const struct wechat_app *app, const struct secret *code)
{
	return redeem(app, "sns/oauth2/access_token", "code", code);
}

struct http_request *wechat_session_request(const struct wechat_app *app,
					    const struct secret *code)
{
	return redeem(app, "sns/jscode2session", "js_code", code);
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

struct http_request *wechat_stable_token_request(const struct wechat_app *app)
{
	struct buf url = BUF_INIT(URL_MAX), text = BUF_INIT_SECRET(BODY_MAX);
	_cleanup_secret_ struct secret *json = NULL;

	buf_add_format(&url, "%s/cgi-bin/stable_token", app->api_url);
	buf_add_text(&text, "{\"grant_type\":\"client_credential\",\"appid\":");
	json_add_text(&text, app->id);
	buf_add_text(&text, ",\"secret\":");
	json_add_text(&text, app->secret->data);
	buf_add_text(&text, ",\"force_refresh\":false}");
	if (!buf_failed(&text))
		json = secret_new(text.data, text.len);
	buf_done(&text);
	if (json)
		return api_post(&url, json, app->proxy);
	buf_done(&url);
	return NULL;
}
