/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The login type `oidc`: any OpenID provider, by the device flow or by the code flow over the
 * relay. */
#include "base/jws.h"
#include "base/text.h"
#include "providers/oidc.h"
#include "providers/table.h"

#define FIELD(name) offsetof(struct oidc_config, name)

static const char *const client_auths[] = { "auto", "none", "post", "basic", NULL };
static const char *const subjects[] = { "sub", "oid", NULL };
static const char *const prompts[] = { "auto", "consent", "select_account", "login", NULL };

static const struct conf_key keys[] = {
	{ "issuer", CONF_URL, FIELD(issuer), .flags = CONF_REQUIRED,
	  .help = "The provider's issuer, byte for byte as its discovery document has it" },
	{ "client_id", CONF_TEXT, FIELD(client_id), .flags = CONF_REQUIRED, .min = 1, .max = 255,
	  .help = "The client registered for these machines at the provider" },
	{ "client_secret", CONF_SECRET, FIELD(client_secret), .min = 1, .max = 1024,
	  .help = "Its secret, if it is not a public client" },
	FLOW_KEY(FIELD(flow)),
	{ "client_auth", CONF_CHOICE, FIELD(client_auth), .choices = client_auths,
	  .fallback = "auto",
	  .help = "How the client authenticates; auto: as the provider says it supports" },
	{ "scopes", CONF_LIST, FIELD(scopes), .min = 1, .max = 16,
	  .fallback = "openid, email, profile",
	  .help = "What is asked for; openid must be among them" },
	{ "algorithms", CONF_LIST, FIELD(algorithms), .min = 1, .max = 16,
	  .fallback = "RS256, ES256, EdDSA, Ed25519, PS256",
	  .help = "Signature algorithms accepted in ID tokens" },
	{ "trusted_audiences", CONF_LIST, FIELD(trusted_audiences), .min = 1, .max = 16,
	  .help = "Further audiences an ID token may have besides this client" },
	{ "subject_claim", CONF_CHOICE, FIELD(subject_claim), .choices = subjects,
	  .fallback = "sub",
	  .help = "What identifies a person; oid: of Entra, the same for every client" },
	{ "group_claim", CONF_TEXT, FIELD(group_claim), .min = 1, .max = 128,
	  .help = "Claim with the person's groups, as stable values" },
	{ "username_claim", CONF_TEXT, FIELD(username_claim), .min = 1, .max = 128,
	  .help = "Claim for {username} in rules; only one that people cannot change" },
	{ "acr", CONF_LIST, FIELD(acr), .min = 1, .max = 16,
	  .help = "Accepted classes of sign-in; the ID token must have one of them" },
	{ "max_age", CONF_DURATION, FIELD(max_age_s), .min = 1, .max = 30 * 86400,
	  .help = "Longest time since the person signed in at the provider" },
	{ "prompt", CONF_CHOICE, FIELD(prompt), .choices = prompts, .fallback = "auto",
	  .help = "flow = relay: whether the provider asks who is signed in already" },
	{ "authorization_endpoint", CONF_URL, FIELD(authorization_endpoint),
	  .help = "Instead of the discovered authorization endpoint" },
	{ "device_endpoint", CONF_URL, FIELD(device_endpoint),
	  .help = "Instead of the discovered device authorization endpoint" },
	{ "token_endpoint", CONF_URL, FIELD(token_endpoint),
	  .help = "Instead of the discovered token endpoint" },
	{ "jwks_uri", CONF_URL, FIELD(jwks_uri),
	  .help = "Instead of the discovered key set" },
	{ "userinfo_endpoint", CONF_URL, FIELD(userinfo_endpoint),
	  .help = "Instead of the discovered userinfo endpoint" },
	{ "revocation_endpoint", CONF_URL, FIELD(revocation_endpoint),
	  .help = "Instead of the discovered revocation endpoint" },
	{ "resource", CONF_URL, FIELD(resource),
	  .help = "Resource indicator (RFC 8707) sent with the request" },
	{ "send_nonce", CONF_BOOL, FIELD(send_nonce), .fallback = "no",
	  .help = "flow = device: send a nonce, for providers that put it into the ID token" },
	{ "pkce", CONF_BOOL, FIELD(pkce), .fallback = "no",
	  .help = "flow = device: send a PKCE challenge, for providers that take one there" },
	{ "revoke", CONF_BOOL, FIELD(revoke), .fallback = "no",
	  .help = "Revoke the access token when the person is known" },
	{ NULL }
};

static void mistake(struct conf_report *report, const struct conf_section *section,
		    const char *key, const char *text)
{
	const struct conf_entry *entry = conf_find(section, key);

	if (entry)
		conf_mistake(report, entry->file, entry->line, "%s: %s", key, text);
	else
		conf_mistake(report, section->file, section->line, "%s: %s", key, text);
}

static void check_algorithms(const struct oidc_config *oidc, const struct conf_section *section,
			     struct conf_report *report)
{
	for (char **name = oidc->algorithms; name && *name; name++) {
		if (!jws_algorithm_find(*name))
			mistake(report, section, "algorithms",
				"known are RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, "
				"ES512, EdDSA, Ed25519");
	}
}

static void check_client_auth(const struct oidc_config *oidc, const struct conf_section *section,
			      struct conf_report *report)
{
	bool wants_secret = oidc->client_auth == OIDC_AUTH_POST ||
			    oidc->client_auth == OIDC_AUTH_BASIC;

	if (wants_secret && !oidc->client_secret)
		mistake(report, section, "client_auth",
			"needs client_secret_file or client_secret_credential");
	if (oidc->client_auth == OIDC_AUTH_NONE && oidc->client_secret)
		mistake(report, section, "client_auth", "none does not go with a client secret");
}

static void check_flow(const struct oidc_config *oidc, const struct conf_section *section,
		       struct conf_report *report)
{
	static const struct {
		const char *key;
		int flow;
		const char *mistake;
	} rows[] = {
		{ "device_endpoint", FLOW_DEVICE, "only with flow = device" },
		{ "send_nonce", FLOW_DEVICE, "only with flow = device; flow = relay always does" },
		{ "pkce", FLOW_DEVICE, "only with flow = device; flow = relay always does" },
		{ "authorization_endpoint", FLOW_RELAY, "only with flow = relay" },
		{ "prompt", FLOW_RELAY, "only with flow = relay" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		if (rows[i].flow != oidc->flow && conf_find(section, rows[i].key))
			mistake(report, section, rows[i].key, rows[i].mistake);
	}
}

void oidc_check(const void *config, const struct conf_section *section, struct conf_report *report)
{
	const struct oidc_config *oidc = config;

	/* A required key that is missing has been reported already; then a list may be NULL. */
	if (oidc->scopes && !list_has(oidc->scopes, "openid"))
		mistake(report, section, "scopes", "openid must be among them");
	if (oidc->scopes && list_has(oidc->scopes, "offline_access"))
		mistake(report, section, "scopes",
			"offline_access asks for a refresh token, which is never kept");
	check_algorithms(oidc, section, report);
	check_client_auth(oidc, section, report);
	check_flow(oidc, section, report);
}

unsigned oidc_features(const void *config)
{
	const struct oidc_config *oidc = config;

	return flow_features(oidc->flow, oidc->prompt != OIDC_PROMPT_AUTO);
}

bool oidc_says_groups(const void *config)
{
	return ((const struct oidc_config *)config)->group_claim;
}

void oidc_name_issuer(const void *config, struct buf *buf)
{
	const struct oidc_config *oidc = config;

	buf_add_text(buf, oidc->issuer ? oidc->issuer : "");
}

static const struct oidc_flavour flavour = { .issuer_also = NULL };

static void start(struct login *login)
{
	oidc_start_as(login, &flavour);
}

static void prepare(struct login *login)
{
	oidc_prepare_as(login, &flavour);
}

static void probe(struct login *login)
{
	oidc_probe_as(login, &flavour);
}

const struct provider oidc_provider = {
	.type = "oidc",
	.title = N_("OpenID Connect"),
	.features = PROVIDER_CONTACTS,
	.features_of = oidc_features,
	.app = RELAY_APP_BROWSER,
	.limits = { .open_max = 64, .starts_per_s = 5 },
	.keys = keys,
	.guide = &oidc_guide,
	.config_size = sizeof(struct oidc_config),
	.shared_size = sizeof(struct oidc_shared),
	.login_size = sizeof(struct oidc_login),
	.name_issuer = oidc_name_issuer,
	.says_groups = oidc_says_groups,
	.groups_key = "group_claim",
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
