/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login type `github`: github.com, GitHub Enterprise Server and ghe.com. The device flow, or
 * the code flow over the relay, gives an access token and no ID token, so who the person is comes
 * from the API, asked with that token (github-steps.c). The identity is (base URL of the host,
 * numeric user id); names can be changed and taken by others.
 */
#include "providers/github.h"

#include <string.h>

#include "base/text.h"
#include "providers/request.h"
#include "providers/table.h"

static char *oauth_url(struct login *login, const char *path)
{
	const struct github_config *config = login_config(login);
	struct buf url = BUF_INIT(URL_MAX);

	github_base(config->host, &url);
	buf_add_text(&url, path);
	return buf_steal(&url);
}

static bool wants_organizations(const struct github_config *config)
{
	return config->organization || config->teams;
}

/* A GitHub App has no scopes and ignores them. */
static void add_scope(struct buf *form, const struct github_config *config)
{
	struct buf scope = BUF_INIT(256);

	if (wants_organizations(config))
		buf_add_text(&scope, "read:org");
	if (config->read_mail)
		buf_add_text(&scope, scope.len ? " user:email" : "user:email");
	if (scope.len > 0)
		form_add(form, "scope", buf_text(&scope));
	buf_done(&scope);
}

/* --- the device flow --- */

static struct http_request *device_request(struct login *login)
{
	const struct github_config *config = login_config(login);
	_cleanup_free_ char *url = oauth_url(login, "/login/device/code");
	struct buf form = BUF_INIT(REQUEST_FORM_MAX);

	form_add(&form, "client_id", config->client_id);
	add_scope(&form, config);
	return request_post(url, &form);
}

static struct http_request *poll_request(struct login *login, const struct secret *device_code)
{
	const struct github_config *config = login_config(login);
	_cleanup_free_ char *url = oauth_url(login, "/login/oauth/access_token");
	struct buf form = BUF_INIT_SECRET(REQUEST_FORM_MAX);

	form_add(&form, "client_id", config->client_id);
	form_add(&form, "device_code", device_code->data);
	form_add(&form, "grant_type", DEVICE_GRANT_TYPE);
	return request_post(url, &form);
}

static void take_device(struct login *login, const struct http_reply *reply)
{
	struct github_login *own = login_own(login);

	device_login_reply(login, &own->device, reply);
}

/* --- the code flow --- */

static char *authorize(struct login *login, struct buf *query)
{
	const struct github_config *config = login_config(login);

	form_add(query, "client_id", config->client_id);
	add_scope(query, config);
	return oauth_url(login, "/login/oauth/authorize");
}

/* The host is the issuer, under whatever path. */
static bool is_issuer(struct login *login, const char *issuer)
{
	_cleanup_free_ char *base = oauth_url(login, "");

	return !issuer || url_same_origin(issuer, base);
}

static struct http_request *token_request(struct login *login, struct buf *form)
{
	const struct github_config *config = login_config(login);
	_cleanup_free_ char *url = oauth_url(login, "/login/oauth/access_token");

	form_add(form, "client_id", config->client_id);
	form_add(form, "client_secret", config->client_secret->data);
	return request_post(url, form);
}

static void take_redeemed(struct login *login, const struct http_reply *reply)
{
	struct github_login *own = login_own(login);

	code_login_reply(login, &own->code, reply);
}

/* --- both --- */

/* A GitHub App, unlike an OAuth app, names no scopes; then the API's answers decide. */
static bool scope_is_enough(const struct github_config *config, const char *granted)
{
	if (!granted[0])
		return true;
	return (!wants_organizations(config) || github_scope_covers(granted, "read:org")) &&
	       (!config->read_mail || github_scope_covers(granted, "user:email"));
}

static bool token_is_plain(const char *token)
{
	return text_is_printable_ascii(token, OAUTH_TOKEN_MAX) && !strpbrk(token, "\"\\");
}

static void approved(struct login *login, struct oauth_tokens *tokens)
{
	const struct github_config *config = login_config(login);
	struct github_login *own = login_own(login);

	own->take = github_take;
	own->tokens = *tokens;
	*tokens = (struct oauth_tokens) { 0 };
	if (!token_is_plain(own->tokens.access_token->data))
		login_fail(login, FAIL_PROVIDER, "not an access token");
	else if (!scope_is_enough(config, own->tokens.scope))
		login_deny(login, DENY_FILTERED, "a scope that is needed was not granted");
	else
		github_ask(login);
}

static const struct device_login_ops device_ops = {
	.code_request = device_request,
	.poll_request = poll_request,
	.approved = approved,
};

static const struct code_login_ops code_ops = {
	.authorize = authorize,
	.is_issuer = is_issuer,
	.token_request = token_request,
	.approved = approved,
};

/* --- operations --- */

static void start(struct login *login)
{
	const struct github_config *config = login_config(login);
	struct github_login *own = login_own(login);

	if (config->flow == FLOW_DEVICE) {
		own->take = take_device;
		device_login_start(login, &own->device, &device_ops);
	} else if (code_flow_random(own->verifier) < 0) {
		login_fail(login, FAIL_PROVIDER, "no random bytes");
	} else {
		own->take = take_redeemed;
		code_login_start(login, &own->code, &code_ops, own->verifier);
	}
}

/* Without a telephone there is no code to redeem. */
static void probe(struct login *login)
{
	const struct github_config *config = login_config(login);
	struct github_login *own = login_own(login);

	if (config->flow == FLOW_DEVICE) {
		own->take = take_device;
		device_login_probe(login, &own->device, &device_ops);
		return;
	}
	login_show(login, login_text(login, N_("Whether it knows the client and the address to "
					       "come back to, only a login shows.")));
	login_done(login);
}

static void answer(struct login *login, uint32_t number UNUSED, const struct secret *text UNUSED)
{
	struct github_login *own = login_own(login);

	device_login_answer(login, &own->device);
}

static void take_reply(struct login *login, uint32_t number UNUSED, const struct http_reply *reply)
{
	struct github_login *own = login_own(login);

	own->take(login, reply);
}

static void callback(struct login *login, const struct parameters *parameters)
{
	struct github_login *own = login_own(login);

	code_login_callback(login, &own->code, parameters);
}

static void timeout(struct login *login, uint32_t number UNUSED)
{
	struct github_login *own = login_own(login);

	device_login_timeout(login, &own->device);
}

static void finish(struct login *login)
{
	struct github_login *own = login_own(login);

	device_login_done(&own->device);
	oauth_tokens_done(&own->tokens);
	own->keys = list_free(own->keys);
}

/* --- configuration --- */

#define FIELD(name) offsetof(struct github_config, name)

static const struct conf_key keys[] = {
	{ "host", CONF_TEXT, FIELD(host), .min = 1, .max = GITHUB_HOST_MAX,
	  .fallback = "github.com",
	  .help = "github.com, a GitHub Enterprise Server, or a tenant of ghe.com" },
	{ "client_id", CONF_TEXT, FIELD(client_id), .flags = CONF_REQUIRED, .min = 1, .max = 255,
	  .help = "The OAuth app or GitHub App, with the device flow enabled unless flow = relay" },
	{ "client_secret", CONF_SECRET, FIELD(client_secret), .min = 1, .max = 1024,
	  .help = "Its secret: needed with flow = relay, else only to revoke the access token" },
	FLOW_KEY(FIELD(flow)),
	{ "organization", CONF_TEXT, FIELD(organization), .min = 1, .max = GITHUB_LOGIN_MAX,
	  .help = "Only active members of this organization, by its name" },
	{ "organization_id", CONF_NUMBER, FIELD(organization_id), .min = 0, .max = INT64_MAX,
	  .help = "Its numeric id, since a name can be given up and taken by others" },
	{ "teams", CONF_LIST, FIELD(teams), .min = 1, .max = 64,
	  .help = "Only members of one of these teams, by numeric id" },
	{ "read_teams", CONF_BOOL, FIELD(read_teams), .fallback = "no",
	  .help = "The teams of the organization are groups, by numeric id: for groups_allowed and "
		  "[group NAME]" },
	{ "read_mail", CONF_BOOL, FIELD(read_mail), .fallback = "no",
	  .help = "Ask for the verified primary mail address, for mail_domains" },
	{ "ssh_keys", CONF_BOOL, FIELD(ssh_keys), .fallback = "no",
	  .help = "The SSH keys that an account has there let in whom it belongs to; only users "
		  "whom jauth made" },
	{ NULL }
};

static void check(const void *config, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct github_config *github = config;
	int64_t id;

	if (github->host && !github_host_is_valid(github->host))
		conf_mistake(report, section->file, section->line,
			     "host: a lower-case host name such as github.com is needed");
	if (github->flow == FLOW_RELAY && !github->client_secret)
		conf_mistake_key(report, section, "flow",
				 "relay needs client_secret_file or client_secret_credential");
	if (!github->organization != !github->organization_id)
		conf_mistake(report, section->file, section->line,
			     "organization and organization_id are needed together");
	if (github->read_teams && !github->organization)
		conf_mistake_key(report, section, "read_teams",
				 "needs organization and organization_id, whose teams they are");
	for (char **team = github->teams; team && *team; team++) {
		if (text_to_number(*team, 1, INT64_MAX, &id) < 0)
			conf_mistake(report, section->file, section->line,
				     "teams: '%s' is not a numeric id", *team);
	}
}

static unsigned features_of(const void *config)
{
	const struct github_config *github = config;

	/* Who has authorized the app once is not asked again. */
	return flow_features(github->flow, false) | (github->ssh_keys ? PROVIDER_SSH_KEYS : 0);
}

/* GitHub takes 50 user codes an hour from all users of one app together; the web flow has none. */
static const struct provider_limits limits[] = {
	[FLOW_DEVICE] = { .open_max = 64, .starts_per_s = 5, .starts_per_hour = 50 },
	[FLOW_RELAY] = { .open_max = 64, .starts_per_s = 5 },
};

static const struct provider_limits *limits_of(const void *config)
{
	const struct github_config *github = config;

	return &limits[github->flow];
}

/* Only members of the organisation. */
static bool is_bounded(const void *config)
{
	return ((const struct github_config *)config)->organization;
}

static bool says_groups(const void *config)
{
	return ((const struct github_config *)config)->read_teams;
}

static void name_issuer(const void *config, struct buf *buf)
{
	const struct github_config *github = config;

	if (github->host)
		github_base(github->host, buf);
}

const struct provider github_provider = {
	.type = "github",
	.title = N_("GitHub"),
	.features = PROVIDER_CONTACTS,
	.features_of = features_of,
	.app = RELAY_APP_BROWSER,
	.limits = { .open_max = 64, .starts_per_s = 5, .starts_per_hour = 50 },
	.limits_of = limits_of,
	.keys = keys,
	.guide = &github_guide,
	.config_size = sizeof(struct github_config),
	.login_size = sizeof(struct github_login),
	.is_bounded = is_bounded,
	.bound_key = "organization",
	.says_groups = says_groups,
	.groups_key = "read_teams",
	.name_issuer = name_issuer,
	.check = check,
	.ssh_keys = github_ssh_keys,
	.start = start,
	.test = probe,
	.answer = answer,
	.reply = take_reply,
	.callback = callback,
	.timeout = timeout,
	.finish = finish,
};
