/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login type `wechat`: anybody who has WeChat, by a website app over the relay (mode = relay),
 * by the code of the vendor's page for browsers (mode = poll), which the vendor does not document
 * for this, or by a mobile app as a device (mode = device). Its keys, and what an event belongs to.
 */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/api-check.h"
#include "providers/table.h"
#include "providers/wechat.h"

/* --- operations --- */

static void start(struct login *login)
{
	static void (*const starts[])(struct login *login) = {
		[WECHAT_MODE_RELAY] = wechat_relay_start,
		[WECHAT_MODE_POLL] = wechat_poll_start,
		[WECHAT_MODE_DEVICE] = wechat_device_start,
	};
	const struct wechat_config *config = login_config(login);

	starts[config->mode](login);
}

static void answer(struct login *login, uint32_t number UNUSED, const struct secret *text UNUSED)
{
	struct wechat_login *own = login_own(login);

	scan_take_answer(login, &own->scan);
}

static void take_reply(struct login *login, uint32_t number UNUSED, const struct http_reply *reply)
{
	struct wechat_login *own = login_own(login);

	if (api_is_busy(login))
		api_take_reply(login, reply);
	else
		scan_take_reply(login, &own->scan, reply);
}

static void timeout(struct login *login, uint32_t number UNUSED)
{
	struct wechat_login *own = login_own(login);

	if (api_is_busy(login))
		api_take_timeout(login);
	else
		scan_take_timeout(login, &own->scan);
}

static void finish(struct login *login)
{
	struct wechat_login *own = login_own(login);

	api_finish(login);
	own->code = secret_free(own->code);
	own->ticket = secret_free(own->ticket);
	wechat_person_done(&own->person);
}

static void release(void *shared)
{
	struct wechat_shared *kept = shared;

	api_release(&kept->api);
	kept->ticket = secret_free(kept->ticket);
}

/* The vendor's own screen asks the person, and names the app, not this machine. */
static unsigned features_of(const void *config)
{
	const struct wechat_config *wechat = config;

	if (wechat->mode == WECHAT_MODE_RELAY)
		return PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE;
	return PROVIDER_CONTACTS;
}

/* --- configuration --- */

#define FIELD(name) offsetof(struct wechat_config, name)

static const char *const modes[] = { "relay", "poll", "device", NULL };

static const struct conf_key keys[] = {
	{ "app_id", CONF_TEXT, FIELD(app.id), .flags = CONF_REQUIRED,
	  .min = 1, .max = WECHAT_APP_ID_MAX,
	  .help = "AppID of the website app (网站应用); with mode = device of a mobile app" },
	{ "app_secret", CONF_SECRET, FIELD(app.secret), .flags = CONF_REQUIRED,
	  .min = 1, .max = 256, .help = "The app's AppSecret" },
	{ "mode", CONF_CHOICE, FIELD(mode), .choices = modes, .fallback = "relay",
	  .help = "relay; poll: without one, in a way the vendor does not document; device: "
		  "without one, with a mobile app" },
	{ "redirect_uri", CONF_URL, FIELD(redirect_uri),
	  .help = "With mode = poll: any address at the app's callback domain (授权回调域)" },
	{ "proxy", CONF_TEXT, FIELD(app.proxy), .min = 1, .max = URL_MAX,
	  .help = "The one way out, http://HOST:PORT" },
	{ "api_url", CONF_URL, FIELD(app.api_url), .fallback = "https://api.weixin.qq.com",
	  .help = "Only for tests, or a gateway in front of the API" },
	{ "open_url", CONF_URL, FIELD(open_url), .fallback = "https://open.weixin.qq.com",
	  .help = "Only for tests" },
	{ "poll_url", CONF_URL, FIELD(poll_url),
	  .help = "Only for tests: where the polls of mode = poll and mode = device go" },
	{ NULL }
};

static void check(const void *config, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct wechat_config *wechat = config;
	bool is_poll = wechat->mode == WECHAT_MODE_POLL;

	wechat_check_app(&wechat->app, section, report);
	if (is_poll && !wechat->redirect_uri)
		conf_mistake_key(report, section, "redirect_uri",
				 "is needed with mode = poll: an address at the callback domain "
				 "of the app (授权回调域)");
	if (!is_poll && wechat->redirect_uri)
		conf_mistake_key(report, section, "redirect_uri", "is for mode = poll");
	if (wechat->mode == WECHAT_MODE_RELAY && wechat->poll_url)
		conf_mistake_key(report, section, "poll_url", "is not for mode = relay");
	api_check_base("open_url", wechat->open_url, section, report);
	api_check_base("poll_url", wechat->poll_url, section, report);
}

static void name_app(const void *config, struct buf *buf)
{
	const struct wechat_config *wechat = config;

	if (wechat->app.id)
		buf_add_text(buf, wechat->app.id);
}

static bool says_groups(const void *config UNUSED)
{
	return false;
}

const struct provider wechat_provider = {
	.type = "wechat",
	.title = N_("WeChat"),
	.features = PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE,
	.features_of = features_of,
	.app = RELAY_APP_COMPUTER,
	.limits = { .open_max = 64, .starts_per_s = 5 },
	.keys = keys,
	.guide = &wechat_guide,
	.config_size = sizeof(struct wechat_config),
	.shared_size = sizeof(struct wechat_shared),
	.login_size = sizeof(struct wechat_login),
	.says_groups = says_groups,
	.check = check,
	.name_app = name_app,
	.start = start,
	.answer = answer,
	.reply = take_reply,
	.callback = wechat_relay_callback,
	.timeout = timeout,
	.finish = finish,
	.release = release,
};
