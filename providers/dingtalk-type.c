/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login type `dingtalk`: employees of one organisation in DingTalk, over the relay in the app
 * (mode = relay) or on the vendor's page for browsers (mode = web), or without one, in ways that
 * the vendor does not document (mode = device, mode = poll). Its keys, and what its modes do.
 */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/api-check.h"
#include "providers/dingtalk.h"
#include "providers/table.h"

/* --- modes --- */

/* A vendor's page that asks the person only the first time is silent, too. */
#define OVER_THE_RELAY (PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT)

static const struct mode {
	unsigned features;
	enum relay_app app;
	void (*start)(struct login *login);
	/* With a relay. */
	void (*callback)(struct login *login, const struct parameters *parameters);
	/* Without one: what api-call.c does not wait for. */
	void (*answer)(struct login *login);
	void (*reply)(struct login *login, const struct http_reply *reply);
	void (*timeout)(struct login *login);
	/* A sysadmin wants to know whether the vendor plays along. */
	void (*test)(struct login *login);
} modes[] = {
	[DINGTALK_MODE_RELAY] = {
		.features = OVER_THE_RELAY,
		.app = RELAY_APP_DINGTALK,
		.start = dingtalk_relay_start,
		.callback = dingtalk_relay_callback,
		.test = dingtalk_test_app,
	},
	[DINGTALK_MODE_WEB] = {
		.features = OVER_THE_RELAY,
		.app = RELAY_APP_BROWSER,
		.start = dingtalk_web_start,
		.callback = dingtalk_web_callback,
		.test = dingtalk_test_app,
	},
	[DINGTALK_MODE_DEVICE] = {
		.start = dingtalk_device_start,
		.answer = dingtalk_device_answer,
		.reply = dingtalk_device_reply,
		.timeout = dingtalk_device_timeout,
		.test = dingtalk_test_device,
	},
	[DINGTALK_MODE_POLL] = {
		.start = dingtalk_poll_start,
		.answer = dingtalk_poll_answer,
		.reply = dingtalk_poll_reply,
		.timeout = dingtalk_poll_timeout,
		.test = dingtalk_test_page,
	},
};

static const char *const mode_names[] = { "relay", "web", "device", "poll", NULL };

static const struct mode *mode_of(const void *config)
{
	const struct dingtalk_config *dingtalk = config;

	return &modes[dingtalk->mode];
}

/* --- operations --- */

static void start(struct login *login)
{
	mode_of(login_config(login))->start(login);
}

static void callback(struct login *login, const struct parameters *parameters)
{
	mode_of(login_config(login))->callback(login, parameters);
}

static void answer(struct login *login, uint32_t number UNUSED, const struct secret *text UNUSED)
{
	mode_of(login_config(login))->answer(login);
}

static void take_reply(struct login *login, uint32_t number UNUSED, const struct http_reply *reply)
{
	if (api_is_busy(login))
		api_take_reply(login, reply);
	else
		mode_of(login_config(login))->reply(login, reply);
}

static void timeout(struct login *login, uint32_t number UNUSED)
{
	const struct dingtalk_login *own = login_own(login);

	if (api_is_busy(login))
		api_take_timeout(login);
	else if (own->list)
		dingtalk_list_timeout(login);
	else
		mode_of(login_config(login))->timeout(login);
}

static void test(struct login *login)
{
	struct api_shared *shared = login_shared(login);

	/* What is kept for logins may be older than what was mended. */
	shared->pause_until_ms = 0;
	api_release(shared);
	mode_of(login_config(login))->test(login);
}

/* Not every app may use the device flow, and whoever sets it up shall see it in the log at once. */
static void prepare(struct login *login)
{
	const struct dingtalk_config *config = login_config(login);

	if (config->mode == DINGTALK_MODE_DEVICE)
		dingtalk_device_probe(login, login_done);
	else
		login_done(login);
}

static void finish(struct login *login)
{
	struct dingtalk_login *own = login_own(login);

	api_finish(login);
	own->code = secret_free(own->code);
	own->user_token = secret_free(own->user_token);
	own->message = secret_free(own->message);
	own->list = dingtalk_list_free(own->list);
	dingtalk_poll_finish(login);
	dingtalk_device_finish(login);
}

static void release(void *shared)
{
	api_release(shared);
}

static unsigned features_of(const void *config)
{
	const struct dingtalk_config *dingtalk = config;

	return PROVIDER_CONTACTS | (dingtalk->agent_id ? PROVIDER_DELIVERS : 0) |
	       mode_of(config)->features;
}

static enum relay_app app_of(const void *config)
{
	return mode_of(config)->app;
}

static void name_app(const void *config, struct buf *buf)
{
	const struct dingtalk_config *dingtalk = config;

	buf_add_text(buf, dingtalk->app_key ? dingtalk->app_key : "");
}

/* --- configuration --- */

#define FIELD(name) offsetof(struct dingtalk_config, name)

static const struct conf_key keys[] = {
	{ "corp_id", CONF_TEXT, FIELD(corp_id), .flags = CONF_REQUIRED, .min = 1, .max = 64,
	  .help = "The organisation's CorpId" },
	{ "app_key", CONF_TEXT, FIELD(app_key), .flags = CONF_REQUIRED, .min = 1, .max = 64,
	  .help = "The app's Client ID (AppKey)" },
	{ "app_secret", CONF_SECRET, FIELD(app_secret), .flags = CONF_REQUIRED, .min = 1,
	  .max = 256, .help = "The app's Client Secret (AppSecret)" },
	{ "agent_id", CONF_NUMBER, FIELD(agent_id), .min = 1, .max = INT64_MAX,
	  .help = "The app's AgentId, for digits = app-message" },
	{ "mode", CONF_CHOICE, FIELD(mode), .choices = mode_names, .fallback = "relay",
	  .help = "relay: a page in DingTalk; web: the vendor's page in any browser; device, poll: "
		  "without a relay, in ways the vendor does not document" },
	{ "redirect_uri", CONF_URL, FIELD(redirect_uri),
	  .help = "With mode = poll: one of the app's redirect addresses (重定向URL)" },
	{ "proxy", CONF_TEXT, FIELD(proxy), .min = 1, .max = URL_MAX,
	  .help = "The one way out, http://HOST:PORT, whose address is in 服务器出口IP" },
	{ "api_url", CONF_URL, FIELD(api_url), .fallback = "https://api.dingtalk.com",
	  .help = "Only for tests, or a gateway in front of the API" },
	{ "oapi_url", CONF_URL, FIELD(oapi_url), .fallback = "https://oapi.dingtalk.com",
	  .help = "Only for tests, or a gateway in front of the API" },
	{ "login_url", CONF_URL, FIELD(login_url), .fallback = "https://login.dingtalk.com",
	  .help = "Only for tests" },
	{ NULL }
};

static void check_redirect_uri(const struct dingtalk_config *dingtalk,
			       const struct conf_section *section, struct conf_report *report)
{
	if (dingtalk->mode == DINGTALK_MODE_POLL && !dingtalk->redirect_uri)
		conf_mistake_key(report, section, "redirect_uri",
				 "is needed with mode = poll: one of the app's 重定向URL");
	if (dingtalk->mode != DINGTALK_MODE_POLL && dingtalk->redirect_uri)
		conf_mistake_key(report, section, "redirect_uri", "is for mode = poll only");
}

static void check(const void *config, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct dingtalk_config *dingtalk = config;
	const struct secret *secret = dingtalk->app_secret;

	api_check_word("corp_id", dingtalk->corp_id, section, report);
	api_check_word("app_key", dingtalk->app_key, section, report);
	if (secret && (strlen(secret->data) != secret->len ||
		       !text_is_printable_ascii(secret->data, secret->len)))
		conf_mistake_key(report, section, "app_secret", "must be printable ASCII");
	api_check_proxy(dingtalk->proxy, section, report);
	api_check_base("api_url", dingtalk->api_url, section, report);
	api_check_base("oapi_url", dingtalk->oapi_url, section, report);
	api_check_base("login_url", dingtalk->login_url, section, report);
	check_redirect_uri(dingtalk, section, report);
}

/* Only members of the organisation. */
static bool is_bounded(const void *config UNUSED)
{
	return true;
}

static void name_issuer(const void *config, struct buf *buf)
{
	const struct dingtalk_config *dingtalk = config;

	if (dingtalk->corp_id)
		dingtalk_add_issuer(dingtalk, buf);
}

const struct provider dingtalk_provider = {
	.type = "dingtalk",
	.title = N_("DingTalk"),
	.features = PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT |
		    PROVIDER_DELIVERS,
	.features_of = features_of,
	.app = RELAY_APP_DINGTALK,
	.app_of = app_of,
	.limits = { .open_max = 64, .starts_per_s = 5 },
	.keys = keys,
	.guide = &dingtalk_guide,
	.config_size = sizeof(struct dingtalk_config),
	.shared_size = sizeof(struct api_shared),
	.login_size = sizeof(struct dingtalk_login),
	.is_bounded = is_bounded,
	.name_issuer = name_issuer,
	.check = check,
	.name_app = name_app,
	.prepare = prepare,
	.list = dingtalk_list,
	/* A month's calls are counted, and a listing takes two for each department. */
	.list_interval_s = 86400,
	.start = start,
	.test = test,
	.answer = answer,
	.reply = take_reply,
	.callback = callback,
	.deliver = dingtalk_deliver,
	.timeout = timeout,
	.finish = finish,
	.release = release,
};
