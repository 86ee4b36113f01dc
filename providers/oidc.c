/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The login, request by request; `take` names what waits for the open one's reply.
 *
 * waits for         next
 * discovery         take_discovery: → the configured flow; preparing: → keys
 * device flow       device-login.c: approved → verify
 * code flow         code-login.c: the callback, then the token endpoint: approved → verify
 * keys              take_keys: → verify; preparing: done; probing: → the device flow's probe
 * userinfo          take_userinfo: → finish
 * revocation        take_revocation: → identify, whatever it says
 *
 * verify() fetches keys when the cache is old, or once more when the token names a key it lacks;
 * at most one fetch a login.
 */
#include "providers/oidc.h"

#include "base/json.h"
#include "base/text.h"
#include "providers/id-token.h"
#include "providers/request.h"

/* A key set younger than this is not fetched again for a wrong signature. */
#define KEYS_YOUNG_MS 300000

static void request(struct login *login, struct http_request *what,
		    void (*take)(struct login *login, const struct http_reply *reply))
{
	struct oidc_login *own = login_own(login);

	own->take = take;
	login_request(login, what);
}

static void fail_reply(struct login *login, const struct http_reply *reply, const char *what)
{
	_cleanup_free_ char *detail = reply_describe(reply, what);

	login_fail(login, reply->result == HTTP_DONE ? FAIL_PROVIDER : FAIL_NETWORK, detail);
}

/* --- the end --- */

static void take_revocation(struct login *login, const struct http_reply *reply UNUSED)
{
	/* The token runs out by itself; who the person is does not depend on it. */
	oidc_identify(login);
}

static void finish_login(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	const char *url = oidc_endpoint(config->revocation_endpoint, shared->discovery.revocation);

	if (config->revoke && url)
		request(login, oidc_revoke_request(login, url), take_revocation);
	else
		oidc_identify(login);
}

/* OpenID Connect Core 5.3.2: without the same subject nothing of it may be used. */
static void take_userinfo(struct login *login, const struct http_reply *reply)
{
	struct oidc_login *own = login_own(login);
	_cleanup_json_ struct json_t *userinfo = reply_is_ok(reply) ? reply_object(reply) : NULL;

	if (!userinfo) {
		fail_reply(login, reply, "userinfo");
		return;
	}
	if (!text_equals(json_text(userinfo, "sub", ID_TOKEN_SUBJECT_MAX),
			 json_text(own->claims, "sub", ID_TOKEN_SUBJECT_MAX))) {
		login_deny(login, DENY_INVALID, "userinfo is about another subject");
		return;
	}
	own->userinfo = steal(&userinfo);
	finish_login(login);
}

static void ask_userinfo(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	const struct oidc_login *own = login_own(login);
	const char *url = oidc_endpoint(config->userinfo_endpoint, shared->discovery.userinfo);
	struct http_request *get;

	if (!url || !oidc_needs_userinfo(config, own)) {
		finish_login(login);
		return;
	}
	get = request_get(url, REPLY_SMALL_MAX);
	request_add_bearer(get, own->tokens.access_token);
	request(login, get, take_userinfo);
}

/* --- the ID token --- */

static enum id_token_result check_token(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	struct oidc_login *own = login_own(login);
	const struct id_token_rules rules = {
		.issuer = config->issuer,
		.issuer_also = own->flavour->issuer_also,
		.client_id = config->client_id,
		.algorithms = (const char *const *)config->algorithms,
		.trusted_audiences = config->trusted_audiences,
		.now_s = login_now_s(login),
		.started_s = own->started_s,
		.nonce = config->send_nonce || config->flow == FLOW_RELAY ? own->nonce : NULL,
		.nonce_required = config->flow == FLOW_RELAY,
		.access_token = own->tokens.access_token,
		.max_age_s = config->max_age_s,
		.acr = config->acr,
	};

	return id_token_verify(own->tokens.id_token, &rules, jwks_keys(&shared->jwks),
			       &own->claims);
}

/* The provider may have changed its keys, or reused a kid. */
static bool newer_keys_may_help(enum id_token_result result, struct jwks *jwks, int64_t now_ms)
{
	if (result == ID_TOKEN_BAD_SIGNATURE)
		return jwks_age_ms(jwks, now_ms) > KEYS_YOUNG_MS && jwks_force(jwks, now_ms);
	return result == ID_TOKEN_NO_KEY && jwks_force(jwks, now_ms);
}

static void fetch_keys(struct login *login);

static void verify(struct login *login)
{
	struct oidc_shared *shared = login_shared(login);
	struct oidc_login *own = login_own(login);
	int64_t now_ms = login_now_ms(login);
	enum id_token_result result;

	if (!own->keys_fetched && !jwks_is_fresh(&shared->jwks, now_ms)) {
		fetch_keys(login);
		return;
	}
	if (!jwks_is_servable(&shared->jwks, now_ms)) {
		login_fail(login, FAIL_NETWORK, "the provider's keys are too old");
		return;
	}
	result = check_token(login);
	if (result == ID_TOKEN_GOOD)
		ask_userinfo(login);
	else if (!own->keys_fetched && newer_keys_may_help(result, &shared->jwks, now_ms))
		fetch_keys(login);
	else
		login_deny(login, DENY_INVALID, id_token_result_text(result));
}

static void probe_flow(struct login *login);

static void take_keys(struct login *login, const struct http_reply *reply)
{
	struct oidc_shared *shared = login_shared(login);
	struct oidc_login *own = login_own(login);
	int64_t now_ms = login_now_ms(login);
	int taken = jwks_take(&shared->jwks, reply, now_ms);

	if (taken < 0 && (own->preparing || !jwks_is_servable(&shared->jwks, now_ms)))
		fail_reply(login, reply, "key set");
	else if (own->probing)
		probe_flow(login);
	else if (own->preparing)
		login_done(login);
	else
		verify(login);
}

static void fetch_keys(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	struct oidc_login *own = login_own(login);

	own->keys_fetched = true;
	request(login, request_get(oidc_endpoint(config->jwks_uri, shared->discovery.jwks),
				   REPLY_METADATA_MAX), take_keys);
}

/* --- the two flows --- */

/* Both end here. */
static void approved(struct login *login, struct oauth_tokens *tokens)
{
	struct oidc_login *own = login_own(login);

	own->tokens = *tokens;
	*tokens = (struct oauth_tokens) { 0 };
	if (own->tokens.id_token)
		verify(login);
	else
		login_fail(login, FAIL_PROVIDER, "no ID token although openid was asked for");
}

static const struct device_login_ops device_ops = {
	.code_request = oidc_device_request,
	.poll_request = oidc_poll_request,
	.approved = approved,
};

static void take_device(struct login *login, const struct http_reply *reply)
{
	struct oidc_login *own = login_own(login);

	device_login_reply(login, &own->device, reply);
}

static bool is_issuer(struct login *login, const char *issuer)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);

	return issuer ? text_equals(issuer, config->issuer) : !shared->discovery.callback_has_iss;
}

static const struct code_login_ops code_ops = {
	.authorize = oidc_authorize,
	.is_issuer = is_issuer,
	.token_request = oidc_redeem_request,
	.approved = approved,
};

static void take_redeemed(struct login *login, const struct http_reply *reply)
{
	struct oidc_login *own = login_own(login);

	code_login_reply(login, &own->code, reply);
}

static void start_flow(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	struct oidc_login *own = login_own(login);

	if (config->flow == FLOW_DEVICE) {
		own->take = take_device;
		device_login_start(login, &own->device, &device_ops);
	} else {
		own->take = take_redeemed;
		code_login_start(login, &own->code, &code_ops, own->verifier);
	}
}

/* Without a telephone there is no code to redeem. */
static void probe_flow(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	struct oidc_login *own = login_own(login);

	login_show(login, login_text(login, N_("Its keys can be read.")));
	if (config->flow == FLOW_DEVICE) {
		own->take = take_device;
		device_login_probe(login, &own->device, &device_ops);
		return;
	}
	login_show(login, login_text(login, N_("Whether it knows the client and the address to "
					       "come back to, only a login shows.")));
	login_done(login);
}

/* Why the flow cannot work with this provider; NULL: it can. */
static const char *obstacle(const struct oidc_config *config, const struct discovery *discovery)
{
	if (config->flow == FLOW_DEVICE)
		return oidc_endpoint(config->device_endpoint, discovery->device) ? NULL :
			"device flow is not enabled at the provider";
	if (!oidc_endpoint(config->authorization_endpoint, discovery->authorization))
		return "the provider has no authorization endpoint";
	return discovery->lists_challenges && !discovery->challenge_s256 ?
		"the provider does not take PKCE with S256" : NULL;
}

/* All endpoints are known. */
static void go_on(struct login *login)
{
	const struct oidc_shared *shared = login_shared(login);
	const struct oidc_login *own = login_own(login);
	const char *why = obstacle(login_config(login), &shared->discovery);

	if (why)
		login_fail(login, FAIL_CONFIG, why);
	else if (own->preparing)
		fetch_keys(login);
	else
		start_flow(login);
}

/* --- discovery --- */

static void take_discovery(struct login *login, const struct http_reply *reply)
{
	const struct oidc_config *config = login_config(login);
	struct oidc_shared *shared = login_shared(login);
	const struct oidc_login *own = login_own(login);
	int64_t now_ms = login_now_ms(login);
	enum discovery_result result = discovery_take(&shared->discovery, reply, config->issuer,
						      now_ms);

	if (result == DISCOVERY_GOOD && own->probing)
		login_show(login, login_text(login, N_("The provider says who it is.")));
	if (result == DISCOVERY_GOOD ||
	    (result == DISCOVERY_NO_ANSWER && !own->probing &&
	     discovery_is_servable(&shared->discovery, now_ms)))
		go_on(login);
	else if (result == DISCOVERY_NO_ANSWER)
		fail_reply(login, reply, "discovery");
	else
		login_fail(login, FAIL_CONFIG, discovery_result_text(result));
}

static void discover(struct login *login)
{
	const struct oidc_config *config = login_config(login);
	struct buf url = BUF_INIT(URL_MAX + 64);

	discovery_url(config->issuer, &url);
	request(login, request_get(buf_text(&url), REPLY_METADATA_MAX), take_discovery);
	buf_done(&url);
}

/* A server without discovery has its endpoints in the configuration. */
static bool needs_discovery(const struct oidc_config *config)
{
	const char *first = config->flow == FLOW_DEVICE ? config->device_endpoint :
							  config->authorization_endpoint;

	return !first || !config->token_endpoint || !config->jwks_uri;
}

/* --- operations --- */

void oidc_start_as(struct login *login, const struct oidc_flavour *flavour)
{
	const struct oidc_config *config = login_config(login);
	const struct oidc_shared *shared = login_shared(login);
	struct oidc_login *own = login_own(login);

	own->flavour = flavour;
	own->started_s = login_now_s(login);
	if (code_flow_random(own->nonce) < 0 || code_flow_random(own->verifier) < 0)
		login_fail(login, FAIL_PROVIDER, "no random bytes");
	else if (needs_discovery(config) &&
		 !discovery_is_fresh(&shared->discovery, login_now_ms(login)))
		discover(login);
	else
		go_on(login);
}

void oidc_prepare_as(struct login *login, const struct oidc_flavour *flavour)
{
	struct oidc_login *own = login_own(login);

	own->flavour = flavour;
	own->preparing = true;
	if (needs_discovery(login_config(login)))
		discover(login);
	else
		go_on(login);
}

void oidc_probe_as(struct login *login, const struct oidc_flavour *flavour)
{
	struct oidc_login *own = login_own(login);

	own->probing = true;
	own->started_s = login_now_s(login);
	if (code_flow_random(own->nonce) < 0 || code_flow_random(own->verifier) < 0)
		login_fail(login, FAIL_PROVIDER, "no random bytes");
	else
		oidc_prepare_as(login, flavour);
}

void oidc_answer(struct login *login, uint32_t number UNUSED, const struct secret *answer UNUSED)
{
	struct oidc_login *own = login_own(login);

	device_login_answer(login, &own->device);
}

void oidc_reply(struct login *login, uint32_t number UNUSED, const struct http_reply *reply)
{
	struct oidc_login *own = login_own(login);

	own->take(login, reply);
}

void oidc_callback(struct login *login, const struct parameters *parameters)
{
	struct oidc_login *own = login_own(login);

	code_login_callback(login, &own->code, parameters);
}

void oidc_timeout(struct login *login, uint32_t number UNUSED)
{
	struct oidc_login *own = login_own(login);

	device_login_timeout(login, &own->device);
}

void oidc_finish(struct login *login)
{
	struct oidc_login *own = login_own(login);

	device_login_done(&own->device);
	oauth_tokens_done(&own->tokens);
	own->claims = json_free(own->claims);
	own->userinfo = json_free(own->userinfo);
}

void oidc_release(void *shared)
{
	struct oidc_shared *kept = shared;

	jwks_done(&kept->jwks);
}
