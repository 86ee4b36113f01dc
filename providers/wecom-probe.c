/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tries WeCom's app for a sysadmin who reads every step (`test`): a new token, past the one that is
 * kept, since that may be older than what is wrong (gettoken, path/91039); then the app as the
 * vendor has it (agent/get, path/90227), which only an allowed address gets.
 */
#include "base/text.h"
#include "base/url.h"
#include "providers/wecom.h"

static void show(struct login *login, char *line)
{
	login_show(login, line);
	free(line);
}

/* --- the app --- */

/* Says what is wrong, and ends the login; false when nothing is. */
static bool is_amiss(struct login *login, const struct wecom_app *app)
{
	const struct wecom_config *config = login_config(login);

	if (app->is_closed)
		login_fail(login, FAIL_CONFIG, "the app is disabled (已停用)");
	else if (!app->n_members && !app->n_departments && !app->n_tags)
		login_fail(login, FAIL_CONFIG, "nobody is in the app's 可见范围");
	else if (config->mode == WECOM_MODE_RELAY && !app->domain[0])
		login_fail(login, FAIL_CONFIG,
			   "the app has no 可信域名: it must be the relay's host");
	else
		return false;
	return true;
}

static void show_app(struct login *login)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	const struct wecom_app *app = &own->app;

	show(login, text_format(login_text(login, N_("The app %lld is called \"%s\".")),
				(long long)config->agent_id, app->name));
	show(login, text_format(login_text(login, N_("Its visible range: members %zu, "
						     "departments %zu, tags %zu.")),
				app->n_members, app->n_departments, app->n_tags));
	if (app->domain[0])
		show(login, text_format(login_text(login, N_("Its trusted domain is %s.")),
					app->domain));
	if (!is_amiss(login, app))
		login_done(login);
}

static struct http_request *make_agent_get(struct login *login, const struct secret *none UNUSED)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);
	struct http_request *request;

	wecom_api_url(login, "agent/get", own->token, &url);
	buf_add_format(&url, "&agentid=%lld", (long long)config->agent_id);
	request = api_get(&url, config->proxy);
	if (request)
		request->max_body = HTTP_BODY_MAX;       /* it lists who may see the app */
	return request;
}

static void read_agent_get(struct login *login, const struct http_reply *reply,
			   struct api_result *ret_result)
{
	const struct wecom_config *config = login_config(login);
	struct wecom_login *own = login_own(login);

	wecom_read_app(reply, config->agent_id, &own->app, ret_result);
}

/* Without a vendor: the token is its own, and not renewed. */
static const struct api_call agent_get = { NULL, make_agent_get, read_agent_get, show_app, NULL };

/* --- the token --- */

static struct http_request *make_gettoken(struct login *login, const struct secret *none UNUSED)
{
	return wecom_vendor.make_token(login);
}

static void read_gettoken(struct login *login, const struct http_reply *reply,
			  struct api_result *ret_result)
{
	struct wecom_login *own = login_own(login);
	struct api_token token = { 0 };

	wecom_read_token(reply, &token, ret_result);
	if (ret_result->class == API_GOOD)
		own->token = token.value;
}

static void has_token(struct login *login)
{
	login_show(login, login_text(login, N_("The vendor takes corp_id and secret.")));
	api_start(login, &agent_get);
}

static const struct api_call gettoken = { NULL, make_gettoken, read_gettoken, has_token, NULL };

void wecom_probe(struct login *login)
{
	struct api_shared *shared = login_shared(login);

	/* What logins are told for a while may be mended by now. */
	shared->pause_until_ms = 0;
	api_start(login, &gettoken);
}
