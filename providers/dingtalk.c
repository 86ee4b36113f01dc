/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with DingTalk over the relay.
 *
 * mode = relay: the relay's own page, opened in DingTalk, asks the app for a code of this
 * organisation and brings it. mode = web: the vendor's page for browsers
 * (登录第三方网站) sends the browser back with an OAuth authCode. In both the telephone is sent there at
 * once, and the callback brings a code, which dingtalk-api.c takes from there.
 */
#include "providers/dingtalk.h"

#include "base/text.h"
#include "base/url.h"

#define ERROR_CHARS 80

static void redirect(struct login *login, struct buf *url)
{
	if (buf_failed(url))
		login_fail(login, FAIL_CONFIG, "the address to go on at is too long");
	else
		login_redirect(login, buf_text(url));
	buf_done(url);
}

static const struct login_link *find_link(struct login *login)
{
	const struct login_link *link = login_link(login);

	if (!link)
		login_fail(login, FAIL_CONFIG, "mode = relay and mode = web need a relay");
	return link;
}

/* NULL: there is no code, and the login is over. */
static struct secret *take_code(struct login *login, const struct parameters *parameters,
				const char *code)
{
	if (parameters_has(parameters, "error")) {
		const char *error = parameters_text(parameters, "error", RELAY_CALLBACK_MAX);
		struct buf detail = BUF_INIT(8 * ERROR_CHARS);

		buf_add_text(&detail, "the telephone came back with an error: ");
		text_add_clean(&detail, error ? error : "", ERROR_CHARS);
		login_deny(login, DENY_REFUSED, buf_text(&detail));
		buf_done(&detail);
	} else if (!code) {
		login_deny(login, DENY_REFUSED, "the telephone came back without a code");
	} else if (!dingtalk_is_code(code)) {
		login_deny(login, DENY_INVALID, "the telephone came back with what is no code");
	} else {
		return secret_from_text(code);
	}
	return NULL;
}

/* --- in the app --- */

/* Behind '#', so that it gets to the page's script and not to the relay. */
void dingtalk_relay_start(struct login *login)
{
	const struct dingtalk_config *config = login_config(login);
	const struct login_link *link = find_link(login);
	struct buf url = BUF_INIT(RELAY_TARGET_URL_MAX), fragment = BUF_INIT(RELAY_TARGET_URL_MAX);

	if (!link)
		return;
	form_add(&fragment, "corp_id", config->corp_id);
	form_add(&fragment, "client_id", config->app_key);
	form_add(&fragment, "method", link->method);
	form_add(&fragment, "state", link->state);
	buf_add_format(&url, "%s#%s", link->page, buf_text(&fragment));
	buf_done(&fragment);
	redirect(login, &url);
}

void dingtalk_relay_callback(struct login *login, const struct parameters *parameters)
{
	const char *code = parameters_text(parameters, "code", RELAY_CALLBACK_MAX);
	struct secret *taken = take_code(login, parameters, code);

	if (taken)
		dingtalk_exchange_in_app(login, taken);
}

/* --- on the vendor's page --- */

/* The parameters in the order the vendor documents. `corpId` chooses the organisation beforehand;
 * `org_type` is left out, since its one value shows those only that the person administers. */
void dingtalk_web_start(struct login *login)
{
	const struct dingtalk_config *config = login_config(login);
	const struct login_link *link = find_link(login);
	struct buf url = BUF_INIT(RELAY_TARGET_URL_MAX);

	if (!link)
		return;
	buf_add_format(&url, "%s/oauth2/auth?redirect_uri=", config->login_url);
	url_encode_segment(&url, link->redirect_uri);
	buf_add_format(&url, "&response_type=code&client_id=%s&scope=openid%%20corpid&state=%s"
		       "&prompt=consent&corpId=%s", config->app_key, link->state, config->corp_id);
	redirect(login, &url);
}

/* One code, under one of two names or under both. */
void dingtalk_web_callback(struct login *login, const struct parameters *parameters)
{
	const char *auth_code = parameters_text(parameters, "authCode", RELAY_CALLBACK_MAX);
	const char *code = parameters_text(parameters, "code", RELAY_CALLBACK_MAX);
	struct secret *taken;

	if (parameters_has(parameters, "authCode") && parameters_has(parameters, "code") &&
	    !text_equals(auth_code, code)) {
		login_deny(login, DENY_INVALID, "the browser came back with two codes");
		return;
	}
	taken = take_code(login, parameters, auth_code ? auth_code : code);
	if (taken)
		dingtalk_exchange(login, taken);
}
