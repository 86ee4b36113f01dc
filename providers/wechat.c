/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with WeChat over the relay (the vendor's page 网站应用微信登录), and what a code is
 * worth. A person who has pressed the button on a computer is sent to the vendor's page, scans the
 * code that it shows, agrees on the telephone, and the page comes back with a code.
 *
 * sns/oauth2/access_token says whose code it is. sns/userinfo comes behind it for the name, which
 * the log and requests of strangers show, and for the unionid where the first call did not tell it.
 * Then the person is identified; anybody who has WeChat can be.
 */
#include "providers/wechat.h"

#include "base/text.h"
#include "base/url.h"

/* --- who it is --- */

static void identify(struct login *login)
{
	const struct wechat_config *config = login_config(login);
	const struct wechat_login *own = login_own(login);

	wechat_identify(login, config->app.id, &own->person);
}

static struct http_request *make_userinfo(struct login *login, const struct secret *none UNUSED)
{
	const struct wechat_config *config = login_config(login);
	const struct wechat_login *own = login_own(login);

	return wechat_userinfo_request(&config->app, &own->person);
}

static void read_userinfo(struct login *login, const struct http_reply *reply,
			  struct api_result *ret_result)
{
	struct wechat_login *own = login_own(login);

	wechat_read_userinfo(reply, &own->person, ret_result);
}

/* The name is worth a call, and not a login. */
static bool fail_userinfo(struct login *login, const struct api_result *result)
{
	struct wechat_shared *shared = login_shared(login);
	const struct wechat_login *own = login_own(login);

	if (!own->person.unionid[0] ||
	    (result->class == API_DENIED && result->reason != DENY_BUSY))
		return false;
	shared->nameless_until_ms = login_now_ms(login) + result->pause_ms;
	identify(login);
	return true;
}

static const struct api_call userinfo = {
	NULL, make_userinfo, read_userinfo, identify, fail_userinfo
};

static struct http_request *make_access_token(struct login *login,
					      const struct secret *none UNUSED)
{
	const struct wechat_config *config = login_config(login);
	const struct wechat_login *own = login_own(login);

	return wechat_code_request(&config->app, own->code);
}

static void read_access_token(struct login *login, const struct http_reply *reply,
			      struct api_result *ret_result)
{
	struct wechat_login *own = login_own(login);

	wechat_read_code(reply, &own->person, ret_result);
}

static void has_openid(struct login *login)
{
	const struct wechat_shared *shared = login_shared(login);
	struct wechat_login *own = login_own(login);

	own->code = secret_free(own->code);
	if (own->person.unionid[0] && login_now_ms(login) < shared->nameless_until_ms)
		identify(login);
	else
		api_start(login, &userinfo);
}

static const struct api_call access_token = {
	NULL, make_access_token, read_access_token, has_openid, wechat_code_failed
};

void wechat_exchange(struct login *login, struct secret *code)
{
	struct wechat_login *own = login_own(login);

	own->code = code;
	api_start(login, &access_token);
}

/* --- over the relay --- */

/* The parameters in the order the vendor documents. */
void wechat_add_page_url(const struct wechat_config *config, const char *redirect_uri,
			 struct buf *url)
{
	buf_add_format(url, "%s/connect/qrconnect?appid=%s", config->open_url, config->app.id);
	form_add(url, "redirect_uri", redirect_uri);
	form_add(url, "response_type", "code");
	form_add(url, "scope", "snsapi_login");
}

void wechat_relay_start(struct login *login)
{
	const struct login_link *link = login_link(login);
	struct buf url = BUF_INIT(RELAY_TARGET_URL_MAX);

	if (!link) {
		login_fail(login, FAIL_CONFIG, "mode = relay needs a relay");
		return;
	}
	wechat_add_page_url(login_config(login), link->redirect_uri, &url);
	form_add(&url, "state", link->state);
	buf_add_text(&url, "#wechat_redirect");
	if (buf_failed(&url))
		login_fail(login, FAIL_CONFIG, "the address of the vendor's page is too long");
	else
		login_redirect(login, buf_text(&url));
	buf_done(&url);
}

/* A refusal, if the vendor tells one at all, comes without a code. */
void wechat_relay_callback(struct login *login, const struct parameters *parameters)
{
	const char *code = parameters_text(parameters, "code", RELAY_CALLBACK_MAX);

	if (!code)
		login_deny(login, DENY_REFUSED, "the browser came back without a code");
	else if (!wechat_is_code(code))
		login_deny(login, DENY_INVALID, "the browser came back with what is no code");
	else
		wechat_exchange(login, secret_from_text(code));
}
