/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The login type `wechat-mini-program`: whoever has WeChat, by a mini program of ours. Its keys. */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/table.h"
#include "providers/wechat-mini.h"

#define LOOK_S 3600                      /* how often the age of the URL link is looked at */

/* --- operations --- */

static void take_reply(struct login *login, uint32_t number UNUSED, const struct http_reply *reply)
{
	api_take_reply(login, reply);
}

static void timeout(struct login *login, uint32_t number UNUSED)
{
	mini_timeout(login);
}

static void finish(struct login *login)
{
	struct mini_login *own = login_own(login);

	api_finish(login);
	own->code = secret_free(own->code);
	own->token = secret_free(own->token);
	wechat_person_done(&own->person);
}

static void release(void *shared)
{
	struct mini_shared *kept = shared;

	api_release(&kept->api);
}

/* --- configuration --- */

#define FIELD(name) offsetof(struct mini_config, name)

static const struct conf_key keys[] = {
	{ "app_id", CONF_TEXT, FIELD(app.id), .flags = CONF_REQUIRED,
	  .min = 1, .max = WECHAT_APP_ID_MAX, .help = "AppID of the mini program" },
	{ "app_secret", CONF_SECRET, FIELD(app.secret), .flags = CONF_REQUIRED,
	  .min = 1, .max = 256, .help = "Its AppSecret" },
	{ "url_link", CONF_URL, FIELD(url_link),
	  .help = "A URL link that opens the program, for the button on the relay's page" },
	{ "make_url_link", CONF_BOOL, FIELD(make_url_link), .fallback = "no",
	  .help = "Make such a link, anew before it runs out" },
	{ "path", CONF_TEXT, FIELD(path), .min = 1, .max = MINI_PATH_MAX,
	  .fallback = "/pages/login/index", .help = "The page that such a link opens" },
	{ "proxy", CONF_TEXT, FIELD(app.proxy), .min = 1, .max = URL_MAX,
	  .help = "The one way out, http://HOST:PORT" },
	{ "api_url", CONF_URL, FIELD(app.api_url), .fallback = "https://api.weixin.qq.com",
	  .help = "Only for tests, or a gateway in front of the API" },
	{ NULL }
};

/* The vendor takes no query in it. */
static bool is_path(const char *text)
{
	return strspn(text, WECHAT_LETTERS "/_-.") == strlen(text);
}

static void check(const void *config, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct mini_config *mini = config;

	wechat_check_app(&mini->app, section, report);
	if (mini->url_link && !mini_is_link(mini->url_link))
		conf_mistake_key(report, section, "url_link",
				 "must be a short https address without ? and #");
	if (mini->url_link && mini->make_url_link)
		conf_mistake_key(report, section, "make_url_link",
				 "is not for a method that has its url_link");
	if (mini->path && !is_path(mini->path))
		conf_mistake_key(report, section, "path",
				 "must be letters, digits and / _ - . without a query");
}

static void name_app(const void *config, struct buf *buf)
{
	const struct mini_config *mini = config;

	if (mini->app.id)
		buf_add_text(buf, mini->app.id);
}

static bool says_groups(const void *config UNUSED)
{
	return false;
}

const struct provider wechat_mini_provider = {
	.type = "wechat-mini-program",
	.title = N_("WeChat mini program"),
	.features = PROVIDER_RELAY | PROVIDER_NO_STATE | PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT |
		    PROVIDER_CONTACTS,
	.app = RELAY_APP_MINI_PROGRAM,
	.limits = { .open_max = 64, .starts_per_s = 5 },
	.keys = keys,
	.guide = &wechat_mini_guide,
	.config_size = sizeof(struct mini_config),
	.shared_size = sizeof(struct mini_shared),
	.login_size = sizeof(struct mini_login),
	.says_groups = says_groups,
	.check = check,
	.name_app = name_app,
	.prepare = mini_make_link,
	.prepare_interval_s = LOOK_S,
	.start = mini_start,
	.test = mini_probe,
	.reply = take_reply,
	.callback = mini_callback,
	.timeout = timeout,
	.finish = finish,
	.release = release,
};
