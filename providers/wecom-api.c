/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where WeCom's API is, and where the app token comes from (path/91039); see api-call.h. */
#include "base/url.h"
#include "providers/wecom.h"

void wecom_api_url(struct login *login, const char *path, const struct secret *token,
		   struct buf *url)
{
	const struct wecom_config *config = login_config(login);

	buf_add_format(url, "%s/cgi-bin/%s?access_token=", config->api_url, path);
	form_encode(url, token->data, token->len);
}

static struct http_request *make_token(struct login *login)
{
	const struct wecom_config *config = login_config(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, "%s/cgi-bin/gettoken?corpid=%s&corpsecret=", config->api_url,
		       config->corp_id);
	form_encode(&url, config->secret->data, config->secret->len);
	return api_get(&url, config->proxy);
}

const struct api_vendor wecom_vendor = { make_token, wecom_read_token };
