/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login type `google`: OpenID Connect with what Google does its own way. Its client secret is
 * needed for polling although it is not confidential there; ID tokens may carry the issuer's old
 * form; Workspace accounts have a hosted domain, `hd`.
 */
#include "base/text.h"
#include "providers/oidc.h"
#include "providers/table.h"

#define FIELD(name) offsetof(struct oidc_config, name)

/* enum oidc_prompt as far as Google knows it */
static const char *const prompts[] = { "auto", "consent", "select_account", NULL };

static const struct conf_key keys[] = {
	{ "client_id", CONF_TEXT, FIELD(client_id), .flags = CONF_REQUIRED, .min = 1, .max = 255,
	  .help = "A client of the type \"TVs and Limited Input devices\"; with flow = relay, "
		  "\"Web application\"" },
	{ "client_secret", CONF_SECRET, FIELD(client_secret), .flags = CONF_REQUIRED,
	  .min = 1, .max = 1024, .help = "Its secret" },
	FLOW_KEY(FIELD(flow)),
	{ "prompt", CONF_CHOICE, FIELD(prompt), .choices = prompts, .fallback = "auto",
	  .help = "flow = relay: whether Google asks who is signed in already" },
	{ "hosted_domains", CONF_LIST, FIELD(hosted_domains), .min = 1, .max = 64,
	  .help = "Workspace domains whose accounts are let in; absent: any Google account" },
	{ "max_age", CONF_DURATION, FIELD(max_age_s), .min = 1, .max = 30 * 86400,
	  .help = "Longest time since the person signed in at Google" },
	{ "scopes", CONF_LIST, FIELD(scopes), .min = 1, .max = 3, .fallback = "openid, email",
	  .help = "What is asked for: openid, email, profile" },
	{ "issuer", CONF_URL, FIELD(issuer), .fallback = "https://accounts.google.com",
	  .help = "Only for tests against another server" },
	{ NULL }
};

static const struct oidc_flavour flavour = {
	.issuer_also = "accounts.google.com",
	.secret_when_polling_only = true,
};

static void start(struct login *login)
{
	oidc_start_as(login, &flavour);
}

static void prepare(struct login *login)
{
	oidc_prepare_as(login, &flavour);
}

/* Only accounts of hosted domains. */
static bool is_bounded(const void *config)
{
	return ((const struct oidc_config *)config)->hosted_domains;
}

static void probe(struct login *login)
{
	oidc_probe_as(login, &flavour);
}

const struct provider google_provider = {
	.type = "google",
	.title = N_("Google"),
	.features = PROVIDER_CONTACTS,
	.features_of = oidc_features,
	.app = RELAY_APP_BROWSER,
	.limits = { .open_max = 64, .starts_per_s = 5 },
	.keys = keys,
	.guide = &google_guide,
	.config_size = sizeof(struct oidc_config),
	.shared_size = sizeof(struct oidc_shared),
	.login_size = sizeof(struct oidc_login),
	.is_bounded = is_bounded,
	.bound_key = "hosted_domains",
	.name_issuer = oidc_name_issuer,
	.says_groups = oidc_says_groups,
	.check = oidc_check,
	.prepare = prepare,
	.prepare_interval_s = OIDC_PREPARE_INTERVAL_S,
	.start = start,
	.test = probe,
	.answer = oidc_answer,
	.reply = oidc_reply,
	.callback = oidc_callback,
	.timeout = oidc_timeout,
	.finish = oidc_finish,
	.release = oidc_release,
};
