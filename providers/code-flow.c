/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error words are rows of one table, whichever of the two answers they come in. */
#include "providers/code-flow.h"

#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "base/relay-protocol.h"
#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"

/* RFC 6749 sections 4.1.2.1 and 5.2, RFC 8707, OpenID Connect Core 3.1.2.6 and the vendors' own
 * words. An unknown one is a fault. */
static const struct {
	const char *error;
	enum code_flow_result result;
} errors[] = {
	{ "access_denied", CODE_FLOW_REFUSED },
	{ "consent_required", CODE_FLOW_REFUSED },
	{ "interaction_required", CODE_FLOW_REFUSED },
	{ "login_required", CODE_FLOW_REFUSED },
	{ "account_selection_required", CODE_FLOW_REFUSED },
	{ "unmet_authentication_requirements", CODE_FLOW_REFUSED },
	{ "temporarily_unavailable", CODE_FLOW_BUSY },
	{ "slow_down", CODE_FLOW_BUSY },
	{ "invalid_grant", CODE_FLOW_WRONG_CODE },
	{ "bad_verification_code", CODE_FLOW_WRONG_CODE },       /* GitHub */
	{ "invalid_request", CODE_FLOW_SETUP },
	{ "invalid_client", CODE_FLOW_SETUP },
	{ "unauthorized_client", CODE_FLOW_SETUP },
	{ "unsupported_grant_type", CODE_FLOW_SETUP },
	{ "unsupported_response_type", CODE_FLOW_SETUP },
	{ "invalid_scope", CODE_FLOW_SETUP },
	{ "invalid_target", CODE_FLOW_SETUP },
	{ "redirect_uri_mismatch", CODE_FLOW_SETUP },            /* GitHub, Google */
	{ "application_suspended", CODE_FLOW_SETUP },            /* GitHub */
	{ "incorrect_client_credentials", CODE_FLOW_SETUP },     /* GitHub */
	{ "org_internal", CODE_FLOW_SETUP },                     /* Google */
	{ "admin_policy_enforced", CODE_FLOW_SETUP },            /* Google */
};

static enum code_flow_result error_result(const char *error)
{
	for (size_t i = 0; error && i < N_ELEMENTS(errors); i++) {
		if (text_equals(errors[i].error, error))
			return errors[i].result;
	}
	return CODE_FLOW_FAULT;
}

/* --- what is sent --- */

int code_flow_random(char ret_text[CODE_FLOW_RANDOM_SIZE])
{
	struct buf text = BUF_INIT_SECRET(CODE_FLOW_RANDOM_SIZE);
	unsigned char bytes[32] = { 0 };
	int error = random_bytes(bytes, sizeof(bytes));

	base64url_add(&text, bytes, sizeof(bytes));
	if (error == 0 && buf_failed(&text))
		error = -ENOMEM;
	if (error == 0)
		(void)text_into(ret_text, CODE_FLOW_RANDOM_SIZE, buf_text(&text));
	explicit_bzero(bytes, sizeof(bytes));
	buf_done(&text);
	return error;
}

/* RFC 7636 section 4.2 */
void code_flow_add_challenge(struct buf *form, const char *verifier)
{
	struct buf challenge = BUF_INIT(CODE_FLOW_RANDOM_SIZE);
	struct digest digest;

	if (crypto_digest(DIGEST_SHA256, verifier, strlen(verifier), &digest) == 0)
		base64url_add(&challenge, digest.bytes, digest.len);
	form_add(form, "code_challenge", buf_text(&challenge));
	form_add(form, "code_challenge_method", "S256");
	buf_done(&challenge);
}

char *code_flow_url(const char *endpoint, const struct buf *query)
{
	struct buf url = BUF_INIT_SECRET(RELAY_TARGET_URL_MAX);

	/* Of a query that has failed nothing must be sent: it would lack its `state`. */
	if (buf_failed(query))
		return NULL;
	buf_add_text(&url, endpoint);
	buf_add_char(&url, strchr(endpoint, '?') ? '&' : '?');
	buf_add(&url, buf_text(query), query->len);
	return buf_steal(&url);
}

/* --- what comes back --- */

enum code_flow_result code_flow_read_callback(const struct parameters *callback,
					      struct secret **ret_code,
					      char ret_error[CODE_FLOW_ERROR_MAX + 1])
{
	const char *error = parameters_text(callback, "error", CODE_FLOW_ERROR_MAX);
	const char *code = parameters_text(callback, "code", CODE_FLOW_CODE_MAX);
	struct secret *secret;

	(void)text_into(ret_error, CODE_FLOW_ERROR_MAX + 1, error ? error : "");
	/* With a code besides it is an error all the same. */
	if (parameters_has(callback, "error"))
		return error_result(error);
	if (!code || !text_is_printable_ascii(code, CODE_FLOW_CODE_MAX))
		return CODE_FLOW_NO_CODE;
	secret = secret_from_text(code);
	if (!secret)
		return CODE_FLOW_FAULT;
	*ret_code = secret;
	return CODE_FLOW_GOOD;
}

/* An answer that is neither tokens nor an error we know. */
static enum code_flow_result status_result(const struct http_reply *reply)
{
	if (reply->result != HTTP_DONE)
		return CODE_FLOW_LOST;
	if (reply->status == 429)
		return CODE_FLOW_BUSY;
	/* An endpoint that is not there, or a client that is not known. */
	return reply->status == 401 || reply->status == 404 ? CODE_FLOW_SETUP : CODE_FLOW_FAULT;
}

enum code_flow_result code_flow_read_tokens(const struct http_reply *reply,
					    struct oauth_tokens *ret_tokens,
					    char ret_error[CODE_FLOW_ERROR_MAX + 1])
{
	_cleanup_json_ struct json_t *object = reply_object(reply);
	const char *error = object ? json_text(object, "error", CODE_FLOW_ERROR_MAX) : NULL;

	(void)text_into(ret_error, CODE_FLOW_ERROR_MAX + 1, error ? error : "");
	if (object && json_has(object, "error") && error_result(error) != CODE_FLOW_FAULT)
		return error_result(error);
	if (!object || json_has(object, "error") || reply->status != 200)
		return status_result(reply);
	return oauth_tokens_read(object, ret_tokens) ? CODE_FLOW_GOOD : CODE_FLOW_FAULT;
}
