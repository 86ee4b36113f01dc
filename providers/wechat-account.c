/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in over the relay with an official account (OAuth in WeChat's browser; doc/service
 * guide/h5/auth).
 *
 * state       waits for             next
 * IDLE        -                     start → REDIRECTED: the telephone goes to the vendor
 * REDIRECTED  the callback          a code → ASKING
 * ASKING      sns/oauth2/access_token, then sns/userinfo when that told no unionid; with
 *             require_follow cgi-bin/user/info: who follows is identified, for the others
 *             cgi-bin/qrcode/create → FOLLOWING
 * FOLLOWING   timer or Enter        cgi-bin/user/info: follows → identified; else FOLLOWING
 *
 * The button of the relay's page must be there before all this: pages that ask for snsapi_userinfo
 * without a touch are shown in snapshot mode, in which everybody is somebody else.
 */
#include "providers/wechat-account.h"

#include "base/text.h"
#include "base/url.h"

static const char *const scopes[] = {
	[ACCOUNT_SCOPE_USERINFO] = "snsapi_userinfo",
	[ACCOUNT_SCOPE_BASE] = "snsapi_base",
};

/* --- the account is followed --- */

static void look_later(struct login *login)
{
	struct account_login *own = login_own(login);

	own->timer = login_timer(login, ACCOUNT_LOOK_MS);
}

static void has_qr(struct login *login)
{
	struct account_login *own = login_own(login);
	const struct login_code code = {
		.link = own->qr,
		.text = login_text(login, N_("Follow the account with WeChat, then this goes on.")),
	};

	own->state = ACCOUNT_FOLLOWING;
	login_show_code(login, &code);
	look_later(login);
}

static void has_follower(struct login *login)
{
	struct account_login *own = login_own(login);

	own->n_lost = 0;
	if (own->follower.is_follower)
		account_identify(login);
	else if (own->state == ACCOUNT_FOLLOWING)
		look_later(login);
	else if (account_make_scene(login))
		account_create_qr(login, has_qr);
}

/* A question of many that got no answer. */
static bool ask_later(struct login *login, const struct api_result *result)
{
	struct account_login *own = login_own(login);

	if (own->state != ACCOUNT_FOLLOWING || result->class != API_FAILED ||
	    result->reason != FAIL_NETWORK || ++own->n_lost > ACCOUNT_LOST_MAX)
		return false;
	look_later(login);
	return true;
}

static const struct api_call user_info = {
	.vendor = &account_vendor,
	.make = account_make_user_info,
	.read = account_read_user_info,
	.next = has_follower,
	.fail = ask_later,
};

void account_relay_look(struct login *login)
{
	struct account_login *own = login_own(login);

	if (own->state != ACCOUNT_FOLLOWING || api_is_busy(login))
		return;
	login_cancel(login, own->timer);
	own->timer = 0;
	api_start(login, &user_info);
}

/* --- what the code is worth --- */

static void has_person(struct login *login)
{
	const struct account_config *config = login_config(login);

	if (config->require_follow)
		api_start(login, &user_info);
	else
		account_identify(login);
}

static struct http_request *make_userinfo(struct login *login, const struct secret *none UNUSED)
{
	const struct account_config *config = login_config(login);
	const struct account_login *own = login_own(login);

	return wechat_userinfo_request(&config->app, &own->person);
}

static void read_userinfo(struct login *login, const struct http_reply *reply,
			  struct api_result *ret_result)
{
	struct account_login *own = login_own(login);

	wechat_read_userinfo(reply, &own->person, ret_result);
}

static const struct api_call userinfo = {
	.make = make_userinfo,
	.read = read_userinfo,
	.next = has_person,
};

static struct http_request *make_access_token(struct login *login,
					      const struct secret *none UNUSED)
{
	const struct account_config *config = login_config(login);
	const struct account_login *own = login_own(login);

	return wechat_code_request(&config->app, own->code);
}

static void read_access_token(struct login *login, const struct http_reply *reply,
			      struct api_result *ret_result)
{
	struct account_login *own = login_own(login);

	wechat_read_code(reply, &own->person, ret_result);
}

static void has_code(struct login *login)
{
	const struct account_config *config = login_config(login);
	struct account_login *own = login_own(login);

	own->code = secret_free(own->code);
	if (own->person.is_snapshot)
		account_identify(login);         /* which says no */
	else if (!own->person.unionid[0] && config->scope == ACCOUNT_SCOPE_USERINFO)
		api_start(login, &userinfo);
	else
		has_person(login);
}

static const struct api_call access_token = {
	.make = make_access_token,
	.read = read_access_token,
	.next = has_code,
	.fail = wechat_code_failed,
};

/* --- the way there and back --- */

/* The vendor takes the parameters in this order only. */
static void add_authorize_url(struct login *login, const struct login_link *link, struct buf *url)
{
	const struct account_config *config = login_config(login);

	buf_add_format(url, "%s/connect/oauth2/authorize?appid=%s", config->open_url,
		       config->app.id);
	form_add(url, "redirect_uri", link->redirect_uri);
	form_add(url, "response_type", "code");
	form_add(url, "scope", scopes[config->scope]);
	form_add(url, "state", link->state);
	buf_add_text(url, "#wechat_redirect");
}

void account_relay_start(struct login *login)
{
	const struct login_link *link = login_link(login);
	struct account_login *own = login_own(login);
	struct buf url = BUF_INIT(RELAY_TARGET_URL_MAX);

	if (!link) {
		login_fail(login, FAIL_CONFIG, "mode = relay needs a relay");
		return;
	}
	add_authorize_url(login, link, &url);
	if (buf_failed(&url)) {
		login_fail(login, FAIL_CONFIG, "the address to authorize at is too long");
	} else {
		own->state = ACCOUNT_REDIRECTED;
		login_redirect(login, buf_text(&url));
	}
	buf_done(&url);
}

/* A refusal comes without a code, where it comes at all. */
void account_relay_callback(struct login *login, const struct parameters *parameters)
{
	struct account_login *own = login_own(login);
	const char *code = parameters_text(parameters, "code", RELAY_CALLBACK_MAX);

	if (!code) {
		login_deny(login, DENY_REFUSED, "the telephone came back without a code");
	} else if (!wechat_is_code(code)) {
		login_deny(login, DENY_INVALID, "the telephone came back with what is no code");
	} else {
		own->state = ACCOUNT_ASKING;
		own->code = secret_from_text(code);
		api_start(login, &access_token);
	}
}
