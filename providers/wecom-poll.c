/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with WeCom without a relay: mode = poll. The code on the screen is the one of the
 * vendor's page for browsers, and what became of it is asked as that page's script does
 * (wecom-page.h); states and ends are in scan.c.
 */
#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"
#include "providers/wecom.h"

static void load(struct login *login)
{
	const struct wecom_config *config = login_config(login);
	struct wecom_login *own = login_own(login);
	struct buf url = BUF_INIT(URL_MAX);

	buf_add_format(&url, "%s/qrConnect?appid=%s&agentid=%lld", config->qr_url, config->corp_id,
		       (long long)config->agent_id);
	form_add(&url, "redirect_uri", config->redirect_uri);
	if (scan_add_state(login, &url)) {
		buf_add_text(&url, "&lang=zh&version=1.2.7&login_type=jssdk");
		scan_ask_page(login, &own->scan, request_browser(&url, "text/html", config->proxy));
	}
	buf_done(&url);
}

static enum scan_page read_page(struct login *login, const struct http_reply *reply)
{
	struct wecom_login *own = login_own(login);

	return wecom_read_page(reply, own->key);
}

static char *make_link(struct login *login)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);

	return text_format("%s/confirm2?k=%s&notretry=yes", config->qr_url, own->key);
}

static struct http_request *make_poll(struct login *login, bool is_seen)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, "%s/l/qrConnect?callback=jsonpCallback&key=%s", config->qr_url,
		       own->key);
	form_add(&url, "redirect_uri", config->redirect_uri);
	buf_add_format(&url, "&appid=%s&_=%lld", config->corp_id,
		       (long long)login_now_s(login) * 1000);
	if (is_seen)
		buf_add_text(&url, "&lastStatus=QRCODE_SCAN_ING");
	return scan_poll_request(&url, config->qr_url, config->proxy);
}

static const struct scan_kind page = {
	.load = load,
	.read_page = read_page,
	.setup = "the page says that corp_id, agent_id or redirect_uri (授权回调域) is wrong",
	.make_link = make_link,
	.text = N_("Scan the code with WeCom and approve there."),
	.make_poll = make_poll,
	.read_poll = wecom_read_scan,
	.agreed = wecom_exchange,
};

void wecom_poll_start(struct login *login)
{
	struct wecom_login *own = login_own(login);

	scan_start(login, &own->scan, &page);
}
