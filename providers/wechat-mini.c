/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with a WeChat mini program of ours: it shows what the login is about, and its user
 * confirms there. What it says of him proves nothing, for clients can be forged; it brings a code
 * of wx.login(), which the vendor takes from us (sns/jscode2session) and tells the openid for.
 *
 * There are two ways into the program. Where the scanned code itself opens it, the press and the
 * callback come in one event, so `start` must not end the login. From the relay's page a button
 * leads on by a URL link; then `start` comes first, and once more together with the callback.
 *
 * waits for             next
 * -                     start, a link → the telephone goes there; none → a short wait
 * the short wait        a link meanwhile → the telephone goes there; else the end: the button that
 *                       was pressed leads nowhere
 * the callback          a code → sns/jscode2session → the person is identified
 */
#include "providers/wechat-mini.h"

#include "base/text.h"

/* --- who it is --- */

static struct http_request *make_session(struct login *login, const struct secret *token UNUSED)
{
	const struct mini_config *config = login_config(login);
	const struct mini_login *own = login_own(login);

	return wechat_session_request(&config->app, own->code);
}

static void read_session(struct login *login, const struct http_reply *reply,
			 struct api_result *ret_result)
{
	struct mini_login *own = login_own(login);

	wechat_read_session(reply, &own->person, ret_result);
}

static void identify(struct login *login)
{
	const struct mini_config *config = login_config(login);
	const struct mini_login *own = login_own(login);

	wechat_identify(login, config->app.id, &own->person);
}

/* This call is counted for each person: whoever makes too many shall hold up nobody else. */
static bool fail(struct login *login, const struct api_result *result)
{
	struct api_result own = *result;

	if (result->code != WECHAT_TOO_MANY)
		return wechat_code_failed(login, result);
	own.pause_ms = 0;
	api_end(login, &own);
	return true;
}

static const struct api_call session = { NULL, make_session, read_session, identify, fail };

/* --- over the relay --- */

static bool lead_there(struct login *login)
{
	const char *link = mini_link(login);
	_cleanup_free_ char *url = NULL;

	if (!link)
		return false;
	url = text_format("%s?cq=%s", link, login_link(login)->id);
	login_redirect(login, url);
	return true;
}

void mini_start(struct login *login)
{
	struct mini_login *own = login_own(login);

	if (!login_link(login))
		login_fail(login, FAIL_CONFIG, "a mini program needs a relay");
	else if (!lead_there(login))
		own->timer = login_timer(login, MINI_START_WAIT_MS);
}

void mini_timeout(struct login *login)
{
	const struct mini_config *config = login_config(login);

	if (api_is_busy(login))
		api_take_timeout(login);
	else if (lead_there(login))
		return;
	else if (config->make_url_link)
		login_fail(login, FAIL_PROVIDER, "no URL link could be made yet");
	else
		login_fail(login, FAIL_CONFIG, "url_link or make_url_link is needed: "
			   "the relay's page cannot lead to the mini program");
}

/* The code alone is looked at. */
void mini_callback(struct login *login, const struct parameters *parameters)
{
	const char *code = parameters_text(parameters, "code", RELAY_CALLBACK_MAX);
	struct mini_login *own = login_own(login);

	if (own->timer)
		login_cancel(login, own->timer);
	if (!code) {
		login_deny(login, DENY_REFUSED, "the mini program brought no code");
	} else if (!wechat_is_code(code)) {
		login_deny(login, DENY_INVALID, "the mini program brought what is no code");
	} else {
		own->code = secret_from_text(code);
		api_start(login, &session);
	}
}
