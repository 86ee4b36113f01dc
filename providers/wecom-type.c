/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login type `wecom`: members of one WeCom corp, over the relay (mode = relay), or by the code
 * of the vendor's page for browsers (mode = poll), which the vendor does not document. Its keys,
 * and which of the two an event belongs to.
 */
#include "base/text.h"
#include "base/url.h"
#include "providers/api-check.h"
#include "providers/table.h"
#include "providers/wecom.h"

/* --- operations --- */

static void start(struct login *login)
{
	const struct wecom_config *config = login_config(login);

	if (config->mode == WECOM_MODE_POLL)
		wecom_poll_start(login);
	else
		wecom_relay_start(login);
}

static void answer(struct login *login, uint32_t number UNUSED, const struct secret *text UNUSED)
{
	struct wecom_login *own = login_own(login);

	scan_take_answer(login, &own->scan);
}

static void take_reply(struct login *login, uint32_t number UNUSED, const struct http_reply *reply)
{
	struct wecom_login *own = login_own(login);

	if (api_is_busy(login))
		api_take_reply(login, reply);
	else
		scan_take_reply(login, &own->scan, reply);
}

static void timeout(struct login *login, uint32_t number UNUSED)
{
	struct wecom_login *own = login_own(login);

	if (api_is_busy(login))
		api_take_timeout(login);
	else if (own->list)
		wecom_list_timeout(login);
	else
		scan_take_timeout(login, &own->scan);
}

static void finish(struct login *login)
{
	struct wecom_login *own = login_own(login);

	api_finish(login);
	own->code = secret_free(own->code);
	own->message = secret_free(own->message);
	own->token = secret_free(own->token);
	own->list = wecom_list_free(own->list);
}

static void release(void *shared)
{
	api_release(shared);
}

/* The vendor's own screen asks the person, and names the app, not this machine. */
static unsigned features_of(const void *config)
{
	const struct wecom_config *wecom = config;
	unsigned common = PROVIDER_CONTACTS | PROVIDER_DELIVERS;

	if (wecom->mode == WECOM_MODE_POLL)
		return common;
	return common | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT;
}

/* --- configuration --- */

#define FIELD(name) offsetof(struct wecom_config, name)

static const char *const modes[] = { "relay", "poll", NULL };

static const struct conf_key keys[] = {
	{ "corp_id", CONF_TEXT, FIELD(corp_id), .flags = CONF_REQUIRED, .min = 1, .max = 64,
	  .help = "The corp's id (企业ID)" },
	{ "agent_id", CONF_NUMBER, FIELD(agent_id), .flags = CONF_REQUIRED,
	  .min = 1, .max = INT32_MAX, .help = "The self-built app's AgentId" },
	{ "secret", CONF_SECRET, FIELD(secret), .flags = CONF_REQUIRED, .min = 1, .max = 256,
	  .help = "The app's Secret" },
	{ "mode", CONF_CHOICE, FIELD(mode), .choices = modes, .fallback = "relay",
	  .help = "relay, or poll: without one, in a way the vendor does not document" },
	{ "redirect_uri", CONF_URL, FIELD(redirect_uri),
	  .help = "With mode = poll: any address at the app's callback domain (授权回调域)" },
	{ "proxy", CONF_TEXT, FIELD(proxy), .min = 1, .max = URL_MAX,
	  .help = "The one way out, http://HOST:PORT, whose address is in 企业可信IP" },
	{ "api_url", CONF_URL, FIELD(api_url), .fallback = "https://qyapi.weixin.qq.com",
	  .help = "Only for tests, or a gateway in front of the API" },
	{ "authorize_url", CONF_URL, FIELD(authorize_url),
	  .fallback = "https://open.weixin.qq.com/connect/oauth2/authorize",
	  .help = "Only for tests" },
	{ "qr_url", CONF_URL, FIELD(qr_url),
	  .fallback = "https://open.work.weixin.qq.com/wwopen/sso",
	  .help = "Only for tests, with mode = poll" },
	{ NULL }
};

static void check_redirect_uri(const struct wecom_config *wecom, const struct conf_section *section,
			       struct conf_report *report)
{
	if (wecom->mode == WECOM_MODE_POLL && !wecom->redirect_uri)
		conf_mistake_key(report, section, "redirect_uri",
				 "is needed with mode = poll: an address at the callback domain "
				 "of the app (授权回调域)");
	if (wecom->mode == WECOM_MODE_RELAY && wecom->redirect_uri)
		conf_mistake_key(report, section, "redirect_uri",
				 "is for mode = poll; with a relay its own address is used");
}

static void check(const void *config, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct wecom_config *wecom = config;

	api_check_word("corp_id", wecom->corp_id, section, report);
	api_check_proxy(wecom->proxy, section, report);
	api_check_base("api_url", wecom->api_url, section, report);
	api_check_base("authorize_url", wecom->authorize_url, section, report);
	api_check_base("qr_url", wecom->qr_url, section, report);
	check_redirect_uri(wecom, section, report);
}

static void name_app(const void *config, struct buf *buf)
{
	const struct wecom_config *wecom = config;

	if (wecom->corp_id)
		buf_add_format(buf, "%s/%lld", wecom->corp_id, (long long)wecom->agent_id);
}

/* Only members of the corporation. */
static bool is_bounded(const void *config UNUSED)
{
	return true;
}

static void name_issuer(const void *config, struct buf *buf)
{
	const struct wecom_config *wecom = config;

	if (wecom->corp_id)
		wecom_add_issuer(wecom, buf);
}

const struct provider wecom_provider = {
	.type = "wecom",
	.title = N_("WeCom"),
	.features = PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE | PROVIDER_SILENT |
		    PROVIDER_DELIVERS,
	.features_of = features_of,
	.app = RELAY_APP_WECOM,
	.limits = { .open_max = 64, .starts_per_s = 5 },
	.keys = keys,
	.guide = &wecom_guide,
	.config_size = sizeof(struct wecom_config),
	.shared_size = sizeof(struct api_shared),
	.login_size = sizeof(struct wecom_login),
	.is_bounded = is_bounded,
	.name_issuer = name_issuer,
	.check = check,
	.name_app = name_app,
	.list = wecom_list,
	.list_interval_s = 3600,
	.start = start,
	.test = wecom_probe,
	.answer = answer,
	.reply = take_reply,
	.callback = wecom_relay_callback,
	.deliver = wecom_deliver,
	.timeout = timeout,
	.finish = finish,
	.release = release,
};
