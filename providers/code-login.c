/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * waits for         next
 * -                 code_login_start(): the telephone is sent to the provider
 * the callback      a code → token request; else the login ends
 * token endpoint    tokens → ops->approved(); else the login ends
 *
 * A code is redeemed once: whatever goes wrong then, the person begins anew.
 */
#include "providers/code-login.h"

#include <assert.h>

#include "base/url.h"
#include "providers/ending.h"
#include "providers/request.h"

const char *const flow_names[] = { [FLOW_DEVICE] = "device", [FLOW_RELAY] = "relay", NULL };

static const struct ending endings[] = {
	[CODE_FLOW_GOOD] = { ENDING_NONE },
	[CODE_FLOW_REFUSED] = { ENDING_DENIES, DENY_REFUSED, "refused at the provider" },
	[CODE_FLOW_SETUP] = { ENDING_FAILS, FAIL_CONFIG,
			      "the provider does not accept this client" },
	[CODE_FLOW_BUSY] = { ENDING_DENIES, DENY_BUSY, "the provider has no room now" },
	[CODE_FLOW_FAULT] = { ENDING_FAILS, FAIL_PROVIDER, "an answer against the rules" },
	[CODE_FLOW_NO_CODE] = { ENDING_DENIES, DENY_INVALID, "no usable code" },
	[CODE_FLOW_WRONG_CODE] = { ENDING_DENIES, DENY_INVALID,
				   "the provider gives nothing for this code" },
	[CODE_FLOW_LOST] = { ENDING_FAILS, FAIL_NETWORK, "no answer from the token endpoint" },
};
static_assert(N_ELEMENTS(endings) == CODE_FLOW_N_RESULTS, "an ending for every result");

unsigned flow_features(int flow, bool asks)
{
	if (flow == FLOW_DEVICE)
		return PROVIDER_CONTACTS;
	return PROVIDER_CONTACTS | PROVIDER_RELAY | PROVIDER_CONFIRMS_HERE |
	       (asks ? 0 : PROVIDER_SILENT);
}

/* RFC 6749 section 4.1.1, RFC 7636 section 4.3 */
void code_login_start(struct login *login, struct code_login *code,
		      const struct code_login_ops *ops, const char *verifier)
{
	const struct login_link *link = login_link(login);
	struct buf query = BUF_INIT_SECRET(RELAY_TARGET_URL_MAX);
	_cleanup_free_ char *endpoint = NULL, *url = NULL;

	*code = (struct code_login) { ops, verifier };
	if (!link) {
		login_fail(login, FAIL_CONFIG, "flow = relay, but not begun on a telephone");
		return;
	}
	form_add(&query, "response_type", "code");
	form_add(&query, "redirect_uri", link->redirect_uri);
	form_add(&query, "state", link->state);
	code_flow_add_challenge(&query, verifier);
	endpoint = ops->authorize(login, &query);
	url = code_flow_url(endpoint, &query);
	if (url)
		login_redirect(login, url);
	else
		login_fail(login, FAIL_CONFIG, "the authorization request is too long");
	buf_done(&query);
}

/* RFC 6749 section 4.1.3 */
static void redeem(struct login *login, const struct code_login *code, const struct secret *secret)
{
	struct buf form = BUF_INIT_SECRET(REQUEST_FORM_MAX);
	struct http_request *request;

	form_add(&form, "grant_type", "authorization_code");
	form_add(&form, "code", secret->data);
	form_add(&form, "redirect_uri", login_link(login)->redirect_uri);
	form_add(&form, "code_verifier", code->verifier);
	request = code->ops->token_request(login, &form);
	/* A code that comes twice is taken for a stolen one, and its tokens are revoked. */
	request->once = true;
	login_request(login, request);
}

void code_login_callback(struct login *login, struct code_login *code,
			 const struct parameters *callback)
{
	const char *issuer = parameters_text(callback, "iss", URL_MAX);
	_cleanup_secret_ struct secret *secret = NULL;
	char error[CODE_FLOW_ERROR_MAX + 1];
	enum code_flow_result result;

	/* Before anything of it is believed, an error included. */
	if ((!issuer && parameters_has(callback, "iss")) || !code->ops->is_issuer(login, issuer)) {
		login_deny(login, DENY_INVALID, "the callback is not from this issuer");
		return;
	}
	result = code_flow_read_callback(callback, &secret, error);
	if (result == CODE_FLOW_GOOD)
		redeem(login, code, secret);
	else
		ending_apply(login, &endings[result], error[0] ? error : "callback");
}

void code_login_reply(struct login *login, struct code_login *code,
		      const struct http_reply *reply)
{
	struct oauth_tokens tokens = { 0 };
	char error[CODE_FLOW_ERROR_MAX + 1];
	enum code_flow_result result = code_flow_read_tokens(reply, &tokens, error);
	_cleanup_free_ char *what = reply_describe(reply, "token endpoint");

	if (result == CODE_FLOW_GOOD)
		code->ops->approved(login, &tokens);
	else
		ending_apply(login, &endings[result], error[0] ? error : what);
	oauth_tokens_done(&tokens);
}
