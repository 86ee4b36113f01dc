/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The URL link (获取 URL Link) by which the relay's page opens the mini program: one for all
 * logins, each of which puts its own `cq` behind it. It lives for 30 days and is made anew some
 * days before.
 *
 * This needs the app's token, which nothing else here does: it is fetched, used once and wiped.
 * What goes wrong is told to nobody but the sysadmin, and stops no login: there may be another way
 * into the program. A sysadmin who probes the method sees the same steps.
 */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/wechat-mini.h"

#define DAY_S        86400
#define LIFE_DAYS    30                  /* the vendor gives no more */
#define RENEW_DAYS   25
#define BODY_MAX     1024

/* None of them is said of other calls, so none keeps others from being made. */
static const struct api_error errors[] = {
	{ -1, API_AGAIN, FAIL_PROVIDER, 0, "the vendor's system is busy" },
	{ 40002, API_FAILED, FAIL_CONFIG, 0, "this mini program may not make URL links" },
	{ 40013, API_FAILED, FAIL_CONFIG, 0, "this mini program is blocked from making URL links" },
	{ 40165, API_FAILED, FAIL_CONFIG, 0, "the mini program has no such page: path is wrong" },
	{ 44990, API_FAILED, FAIL_PROVIDER, 0, "too many URL links at once" },
	{ 44993, API_FAILED, FAIL_PROVIDER, 0, "the day's URL links are used up" },
	{ 45009, API_FAILED, FAIL_PROVIDER, 0, "the day's URL links are used up" },
	{ 48001, API_FAILED, FAIL_CONFIG, 0,
	  "this mini program may not make URL links: it belongs to a person, or is not verified" },
	{ 85079, API_FAILED, FAIL_CONFIG, 0, "the mini program is not released yet" },
};

static const struct api_dialect dialect = {
	.errors = errors,
	.n_errors = N_ELEMENTS(errors),
};

bool mini_is_link(const char *url)
{
	return url_is_valid(url, MINI_LINK_MAX) && !strpbrk(url, "?#");
}

void mini_read_link(const struct http_reply *reply, char ret_link[MINI_LINK_MAX + 1],
		    struct api_result *ret_result)
{
	static const char what[] = "generate_urllink";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &dialect, ret_result);
	const char *link = json ? json_text(json, "url_link", MINI_LINK_MAX) : NULL;

	if (json && (!link || !mini_is_link(link)))
		api_set_fault(ret_result, what, "no address, or a strange one");
	else if (json)
		(void)text_into(ret_link, MINI_LINK_MAX + 1, link);
}

static bool is_younger(struct login *login, int64_t days)
{
	const struct mini_shared *shared = login_shared(login);
	int64_t age_s = login_now_s(login) - shared->link_made_s;

	return shared->link[0] && age_s >= 0 && age_s < days * DAY_S;
}

const char *mini_link(struct login *login)
{
	const struct mini_config *config = login_config(login);
	const struct mini_shared *shared = login_shared(login);

	if (config->url_link)
		return config->url_link;
	return is_younger(login, LIFE_DAYS) ? shared->link : NULL;
}

/* --- making one --- */

static struct http_request *make_link(struct login *login, const struct secret *token UNUSED)
{
	const struct mini_config *config = login_config(login);
	const struct mini_login *own = login_own(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX), text = BUF_INIT(BODY_MAX);
	_cleanup_secret_ struct secret *json = NULL;

	buf_add_format(&url, "%s/wxa/generate_urllink?access_token=", config->app.api_url);
	form_encode(&url, own->token->data, own->token->len);
	buf_add_text(&text, "{\"path\":");
	json_add_text(&text, config->path);
	buf_add_format(&text, ",\"expire_type\":1,\"expire_interval\":%d,"
		       "\"env_version\":\"release\"}", LIFE_DAYS);
	json = secret_new(buf_text(&text), text.len);
	buf_done(&text);
	return api_post(&url, json, config->app.proxy);
}

static void read_link(struct login *login, const struct http_reply *reply,
		      struct api_result *ret_result)
{
	struct mini_shared *shared = login_shared(login);

	mini_read_link(reply, shared->link, ret_result);
}

static void has_link(struct login *login)
{
	struct mini_shared *shared = login_shared(login);
	const struct mini_login *own = login_own(login);

	shared->link_made_s = login_now_s(login);
	if (own->is_probe)
		login_show(login, shared->link);
	login_done(login);
}

static const struct api_call link_call = { NULL, make_link, read_link, has_link, NULL };

static struct http_request *make_token(struct login *login, const struct secret *token UNUSED)
{
	const struct mini_config *config = login_config(login);

	return wechat_stable_token_request(&config->app);
}

static void read_token(struct login *login, const struct http_reply *reply,
		       struct api_result *ret_result)
{
	struct mini_login *own = login_own(login);
	struct api_token token = { 0 };

	wechat_read_token(reply, &token, ret_result);
	if (ret_result->class == API_GOOD)
		own->token = token.value;
}

static void has_token(struct login *login)
{
	const struct mini_config *config = login_config(login);
	const struct mini_login *own = login_own(login);

	if (own->is_probe)
		login_show(login, login_text(login, N_("app_id and app_secret are right.")));
	if (config->make_url_link)
		api_start(login, &link_call);
	else
		login_done(login);
}

/* Its answer is not everybody's: a login asks for something else. */
static bool fail_token(struct login *login, const struct api_result *result)
{
	const struct mini_config *config = login_config(login);

	if (!config->make_url_link && result->code == wechat_dialect.address_code) {
		login_show(login, result->detail);
		login_show(login, login_text(login, N_("That is needed with make_url_link = yes "
						       "only.")));
		login_done(login);
	} else {
		login_fail(login, result->class == API_DENIED ? FAIL_PROVIDER :
			   (enum fail_reason)result->reason, result->detail);
	}
	return true;
}

static const struct api_call token_call = { NULL, make_token, read_token, has_token, fail_token };

void mini_probe(struct login *login)
{
	struct mini_shared *shared = login_shared(login);
	struct mini_login *own = login_own(login);

	/* What logins are told for a while may be mended by now. */
	shared->api.pause_until_ms = 0;
	own->is_probe = true;
	api_start(login, &token_call);
}

void mini_make_link(struct login *login)
{
	const struct mini_config *config = login_config(login);

	if (!config->make_url_link || is_younger(login, RENEW_DAYS))
		login_done(login);
	else
		api_start(login, &token_call);
}
