/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to DingTalk's two hosts, and the one for the app token. */
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "providers/dingtalk.h"

#define BODY_MAX (8 * 1024)

/* A JSON object of texts. NULL: too long. */
static struct secret *make_object(const struct dingtalk_text *texts, size_t n)
{
	struct buf json = BUF_INIT_SECRET(BODY_MAX);
	struct secret *object = NULL;

	for (size_t i = 0; i < n; i++) {
		buf_add_char(&json, i ? ',' : '{');
		json_add_text(&json, texts[i].name);
		buf_add_char(&json, ':');
		json_add_text(&json, texts[i].value);
	}
	buf_add_char(&json, '}');
	if (!buf_failed(&json))
		object = secret_new(buf_text(&json), json.len);
	buf_done(&json);
	return object;
}

struct http_request *dingtalk_post(struct login *login, const char *path,
				   const struct secret *token, const struct secret *json)
{
	const struct dingtalk_config *config = login_config(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, "%s/topapi/%s?access_token=", config->oapi_url, path);
	form_encode(&url, token->data, token->len);
	return api_post(&url, json, config->proxy);
}

/* A question costs nobody anything when it is put twice. */
static struct http_request *question(struct http_request *request)
{
	if (request)
		request->once = false;
	return request;
}

struct http_request *dingtalk_ask_oapi(struct login *login, const char *path,
				       const struct secret *token,
				       const struct dingtalk_text *texts, size_t n)
{
	_cleanup_secret_ struct secret *json = make_object(texts, n);

	return json ? question(dingtalk_post(login, path, token, json)) : NULL;
}

struct http_request *dingtalk_ask_api(struct login *login, const char *path,
				      const struct dingtalk_text *texts, size_t n)
{
	const struct dingtalk_config *config = login_config(login);
	_cleanup_secret_ struct secret *json = make_object(texts, n);
	struct buf url = BUF_INIT(URL_MAX);

	buf_add_format(&url, "%s/v1.0/%s", config->api_url, path);
	return json ? question(api_post(&url, json, config->proxy)) : NULL;
}

/* --- the app token --- */

static struct http_request *make_token(struct login *login)
{
	const struct dingtalk_config *config = login_config(login);
	const struct dingtalk_text texts[] = {
		{ "appKey", config->app_key },
		{ "appSecret", config->app_secret->data },
	};

	return dingtalk_ask_api(login, "oauth2/accessToken", texts, N_ELEMENTS(texts));
}

const struct api_vendor dingtalk_vendor = { make_token, dingtalk_read_token };
