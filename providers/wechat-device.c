/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with WeChat without a relay: mode = device, the way of the vendor's SDK for devices
 * ("移动应用扫码登录"), with a mobile app's AppID. A ticket signs the request for a code, and an app
 * token gets the ticket; then the code on the screen is polled for as in mode = poll (scan.c).
 *
 * The token is that of cgi-bin/token, as the vendor's page says: that mobile apps could use
 * cgi-bin/stable_token is said nowhere. It replaces the one of before, wherever that is, so it is
 * got only when a new ticket is needed, and the ticket is kept for as long as it lives.
 */
#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"
#include "providers/wechat.h"

#define NONCE_BYTES 16

/* --- the ticket --- */

static struct http_request *make_token(struct login *login)
{
	const struct wechat_config *config = login_config(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, "%s/cgi-bin/token?grant_type=client_credential&appid=%s&secret=",
		       config->app.api_url, config->app.id);
	form_encode(&url, config->app.secret->data, config->app.secret->len);
	return api_get(&url, config->app.proxy);
}

static const struct api_vendor vendor = { make_token, wechat_read_token };

static struct http_request *make_getticket(struct login *login, const struct secret *token)
{
	const struct wechat_config *config = login_config(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	buf_add_format(&url, "%s/cgi-bin/ticket/getticket?access_token=", config->app.api_url);
	form_encode(&url, token->data, token->len);
	buf_add_text(&url, "&type=2");
	return api_get(&url, config->app.proxy);
}

static void read_getticket(struct login *login, const struct http_reply *reply,
			   struct api_result *ret_result)
{
	struct wechat_shared *shared = login_shared(login);
	struct wechat_login *own = login_own(login);
	struct api_token ticket = { 0 };

	wechat_read_ticket(reply, &ticket, ret_result);
	if (ret_result->class != API_GOOD)
		return;
	secret_free(shared->ticket);
	shared->ticket = ticket.value;
	shared->ticket_until_ms = login_now_ms(login) + ticket.lives_ms;
	own->has_new_ticket = true;
}

static bool has_ticket(struct login *login)
{
	const struct wechat_shared *shared = login_shared(login);

	return shared->ticket && login_now_ms(login) < shared->ticket_until_ms;
}

/* --- the code --- */

static struct http_request *make_qrconnect(struct login *login, const struct secret *none UNUSED)
{
	const struct wechat_config *config = login_config(login);
	const struct wechat_login *own = login_own(login);
	struct buf url = BUF_INIT(URL_MAX);
	_cleanup_free_ char *signature = NULL;
	char nonce[2 * NONCE_BYTES + 1];
	int64_t now_s = login_now_s(login);

	if (random_hex(nonce, NONCE_BYTES) < 0)
		return NULL;
	signature = wechat_sdk_signature(config->app.id, nonce, own->ticket, now_s);
	if (!signature)
		return NULL;
	buf_add_format(&url, "%s/connect/sdk/qrconnect?appid=%s&noncestr=%s&timestamp=%lld"
		       "&scope=snsapi_userinfo&signature=%s", config->open_url, config->app.id,
		       nonce, (long long)now_s, signature);
	return api_get(&url, config->app.proxy);
}

static void read_qrconnect(struct login *login, const struct http_reply *reply,
			   struct api_result *ret_result)
{
	struct wechat_login *own = login_own(login);

	wechat_read_sdk_code(reply, own->uuid, ret_result);
}

static void has_code(struct login *login)
{
	struct wechat_login *own = login_own(login);

	scan_show(login, &own->scan);
}

/* A ticket that was kept may not hold any more; what the vendor says then is not documented. */
static bool fail_qrconnect(struct login *login, const struct api_result *result)
{
	struct wechat_shared *shared = login_shared(login);
	const struct wechat_login *own = login_own(login);

	if (!result->code)
		return false;
	if (shared->ticket &&
	    secret_equals(shared->ticket, own->ticket->data, own->ticket->len))
		shared->ticket = secret_free(shared->ticket);
	if (own->has_new_ticket)
		return false;
	own->scan.kind->load(login);
	return true;
}

static const struct api_call qrconnect = {
	NULL, make_qrconnect, read_qrconnect, has_code, fail_qrconnect
};

/* With a ticket of its own: meanwhile another login may find that it does not hold. */
static void ask_code(struct login *login)
{
	const struct wechat_shared *shared = login_shared(login);
	struct wechat_login *own = login_own(login);

	secret_free(own->ticket);
	own->ticket = secret_new(shared->ticket->data, shared->ticket->len);
	api_start(login, &qrconnect);
}

static const struct api_call getticket = {
	&vendor, make_getticket, read_getticket, ask_code, NULL
};

static void load(struct login *login)
{
	if (has_ticket(login))
		ask_code(login);
	else
		api_start(login, &getticket);
}

static const struct scan_kind device = {
	.load = load,
	.make_link = wechat_make_link,
	.text = WECHAT_SCAN_TEXT,
	.make_poll = wechat_make_poll,
	.read_poll = wechat_read_json_poll,
	.agreed = wechat_exchange,
};

void wechat_device_start(struct login *login)
{
	struct wechat_login *own = login_own(login);

	scan_start(login, &own->scan, &device);
}
