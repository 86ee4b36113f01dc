/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of the provider's endpoints, and how the client authenticates. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "providers/oidc.h"
#include "providers/request.h"

const char *oidc_endpoint(const char *configured, const char *discovered)
{
	if (configured)
		return configured;
	return discovered[0] ? discovered : NULL;
}

/* A provider that lists nothing supports Basic by the specification; one without discovery is asked
 * in the way that works nearly everywhere. */
static enum oidc_client_auth client_auth(const struct oidc_config *config,
					 const struct discovery *discovery)
{
	if (config->client_auth != OIDC_AUTH_AUTO)
		return (enum oidc_client_auth)config->client_auth;
	if (!config->client_secret)
		return OIDC_AUTH_NONE;
	if (discovery->is_known && !discovery->auth_post &&
	    (!discovery->lists_auth || discovery->auth_basic))
		return OIDC_AUTH_BASIC;
	return OIDC_AUTH_POST;
}

/* RFC 6749 section 2.3.1: both parts are form-urlencoded before they go into Basic. */
static void add_basic(struct http_request *request, const struct oidc_config *config)
{
	struct buf name = BUF_INIT(4096), password = BUF_INIT_SECRET(4096);

	form_encode(&name, config->client_id, strlen(config->client_id));
	form_encode(&password, config->client_secret->data, config->client_secret->len);
	request_add_basic(request, buf_text(&name), buf_text(&password));
	buf_done(&name);
	buf_done(&password);
}

static struct http_request *authenticated(struct login *login, const char *url, struct buf *form)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	enum oidc_client_auth auth = client_auth(config, &shared->discovery);
	struct http_request *request;

	/* Harmless beside Basic, and some servers want it there too. */
	form_add(form, "client_id", config->client_id);
	if (auth == OIDC_AUTH_POST)
		form_add(form, "client_secret", config->client_secret->data);
	request = request_post(url, form);
	if (auth == OIDC_AUTH_BASIC)
		add_basic(request, config);
	return request;
}

/* A list of OAuth: joined by blanks. */
static void add_list(struct buf *form, const char *name, char *const *words)
{
	struct buf joined = BUF_INIT(RELAY_TARGET_URL_MAX);

	for (size_t i = 0; words[i]; i++)
		buf_add_format(&joined, "%s%s", i ? " " : "", words[i]);
	form_add(form, name, buf_text(&joined));
	buf_done(&joined);
}

/* --- the device flow --- */

struct http_request *oidc_device_request(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	const struct oidc_login *own = login_own(login);
	const char *url = oidc_endpoint(config->device_endpoint, shared->discovery.device);
	struct buf form = BUF_INIT_SECRET(REQUEST_FORM_MAX);

	add_list(&form, "scope", config->scopes);
	if (config->send_nonce)
		form_add(&form, "nonce", own->nonce);
	if (config->pkce)
		code_flow_add_challenge(&form, own->verifier);
	if (config->resource)
		form_add(&form, "resource", config->resource);
	if (!own->flavour->secret_when_polling_only)
		return authenticated(login, url, &form);
	form_add(&form, "client_id", config->client_id);
	return request_post(url, &form);
}

struct http_request *oidc_poll_request(struct login *login, const struct secret *device_code)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	const struct oidc_login *own = login_own(login);
	struct buf form = BUF_INIT_SECRET(REQUEST_FORM_MAX);

	form_add(&form, "grant_type", DEVICE_GRANT_TYPE);
	form_add(&form, "device_code", device_code->data);
	if (config->pkce)
		form_add(&form, "code_verifier", own->verifier);
	return authenticated(login, oidc_endpoint(config->token_endpoint, shared->discovery.token),
			     &form);
}

/* --- the code flow --- */

static const char *const prompts[] = {
	[OIDC_PROMPT_AUTO] = NULL,
	[OIDC_PROMPT_CONSENT] = "consent",
	[OIDC_PROMPT_SELECT_ACCOUNT] = "select_account",
	[OIDC_PROMPT_LOGIN] = "login",
};

/* What makes the provider ask for more than it would by itself. The answer is checked by the ID
 * token: a telephone may leave any of it out. */
static void add_wishes(struct buf *query, const struct oidc_config *config)
{
	char max_age[24];

	if (prompts[config->prompt])
		form_add(query, "prompt", prompts[config->prompt]);
	(void)snprintf(max_age, sizeof(max_age), "%" PRId64, config->max_age_s);
	if (config->max_age_s > 0)
		form_add(query, "max_age", max_age);
	if (config->acr)
		add_list(query, "acr_values", config->acr);
	/* Google's parameter can name one domain. */
	if (list_length(config->hosted_domains) == 1)
		form_add(query, "hd", config->hosted_domains[0]);
	if (config->resource)
		form_add(query, "resource", config->resource);
}

/* OpenID Connect Core 3.1.2.1 */
char *oidc_authorize(struct login *login, struct buf *query)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	const struct oidc_login *own = login_own(login);

	form_add(query, "client_id", config->client_id);
	add_list(query, "scope", config->scopes);
	form_add(query, "nonce", own->nonce);
	add_wishes(query, config);
	return text_copy(oidc_endpoint(config->authorization_endpoint,
				       shared->discovery.authorization));
}

struct http_request *oidc_redeem_request(struct login *login, struct buf *form)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);

	return authenticated(login, oidc_endpoint(config->token_endpoint, shared->discovery.token),
			     form);
}

/* --- both --- */

/* RFC 7009 */
struct http_request *oidc_revoke_request(struct login *login, const char *url)
{
	const struct oidc_login *own = login_own(login);
	struct buf form = BUF_INIT_SECRET(REQUEST_FORM_MAX);

	form_add(&form, "token", own->tokens.access_token->data);
	form_add(&form, "token_type_hint", "access_token");
	return authenticated(login, url, &form);
}
