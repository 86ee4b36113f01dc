/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is asked of the device, token and revocation endpoints, and how the client authenticates. */
#include <string.h>

#include "base/crypto.h"
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

static void add_scopes(struct buf *form, char *const *scopes)
{
	struct buf joined = BUF_INIT(1024);

	for (; *scopes; scopes++) {
		if (joined.len > 0)
			buf_add_char(&joined, ' ');
		buf_add_text(&joined, *scopes);
	}
	form_add(form, "scope", buf_text(&joined));
	buf_done(&joined);
}

/* RFC 7636 section 4.2, S256. */
static void add_challenge(struct buf *form, const char *verifier)
{
	struct buf challenge = BUF_INIT(OIDC_NONCE_SIZE);
	struct digest digest;

	if (crypto_digest(DIGEST_SHA256, verifier, strlen(verifier), &digest) == 0)
		base64url_add(&challenge, digest.bytes, digest.len);
	form_add(form, "code_challenge", buf_text(&challenge));
	form_add(form, "code_challenge_method", "S256");
	buf_done(&challenge);
}

struct http_request *oidc_code_request(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	const struct oidc_login *own = login_own(login);
	const char *url = oidc_endpoint(config->device_endpoint, shared->discovery.device);
	struct buf form = BUF_INIT_SECRET(REQUEST_FORM_MAX);

	add_scopes(&form, config->scopes);
	if (config->send_nonce)
		form_add(&form, "nonce", own->nonce);
	if (config->pkce)
		add_challenge(&form, own->verifier);
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

/* RFC 7009 */
struct http_request *oidc_revoke_request(struct login *login, const char *url)
{
	const struct oidc_login *own = login_own(login);
	struct buf form = BUF_INIT_SECRET(REQUEST_FORM_MAX);

	form_add(&form, "token", own->tokens.access_token->data);
	form_add(&form, "token_type_hint", "access_token");
	return authenticated(login, url, &form);
}
