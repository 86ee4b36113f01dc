/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with WeChat without a relay: mode = poll. The code on the screen is the one of the
 * vendor's page for browsers, and what became of it is asked as that page's script does
 * (wechat-page.h); states and ends are in scan.c. The page is asked for with an address of ours,
 * which it checks and nobody ever goes to.
 */
#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"
#include "providers/wechat.h"

static void load(struct login *login)
{
	const struct wechat_config *config = login_config(login);
	struct wechat_login *own = login_own(login);
	struct buf url = BUF_INIT(URL_MAX);

	wechat_add_page_url(config, config->redirect_uri, &url);
	if (scan_add_state(login, &url))
		scan_ask_page(login, &own->scan,
			      request_browser(&url, "text/html", config->app.proxy));
	buf_done(&url);
}

static enum scan_page read_page(struct login *login, const struct http_reply *reply)
{
	struct wechat_login *own = login_own(login);

	return wechat_read_page(reply, own->uuid);
}

char *wechat_make_link(struct login *login)
{
	const struct wechat_config *config = login_config(login);
	const struct wechat_login *own = login_own(login);

	return text_format("%s/connect/confirm?uuid=%s", config->open_url, own->uuid);
}

/* Of its own default for each kind: where the scripts and the SDK poll. */
static const char *poll_url(const struct wechat_config *config)
{
	if (config->poll_url)
		return config->poll_url;
	return config->mode == WECHAT_MODE_DEVICE ? "https://long.open.weixin.qq.com" :
						    "https://lp.open.weixin.qq.com";
}

struct http_request *wechat_make_poll(struct login *login, bool is_seen)
{
	const struct wechat_config *config = login_config(login);
	const struct wechat_login *own = login_own(login);
	bool is_device = config->mode == WECHAT_MODE_DEVICE;
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, "%s/connect/l/qrconnect?%suuid=%s%s", poll_url(config),
		       is_device ? "f=json&" : "", own->uuid, is_seen ? "&last=404" : "");
	if (!is_device)
		buf_add_format(&url, "&_=%lld", (long long)login_now_s(login) * 1000);
	return scan_poll_request(&url, config->open_url, config->app.proxy);
}

static const struct scan_kind page = {
	.load = load,
	.read_page = read_page,
	.setup = "the page says that app_id, its kind, or redirect_uri (授权回调域) is wrong",
	.make_link = wechat_make_link,
	.text = WECHAT_SCAN_TEXT,
	.make_poll = wechat_make_poll,
	.read_poll = wechat_read_script_poll,
	.agreed = wechat_exchange,
};

void wechat_poll_start(struct login *login)
{
	struct wechat_login *own = login_own(login);

	scan_start(login, &own->scan, &page);
}
