/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checks are rows, in the order of the specification; a token must pass all of them. */
#include "providers/id-token.h"

#include <assert.h>
#include <string.h>

#include "base/jws.h"
#include "base/text.h"
#include "base/url.h"

#define AUDIENCES_MAX 64
#define TIME_MAX      ((int64_t)1 << 53)         /* far away, and no sum of two overflows */

const char *const id_token_algorithms[] = { "RS256", "ES256", "EdDSA", "Ed25519", "PS256", NULL };

/* What the checks look at. */
struct token {
	const struct json_t *claims;
	const struct jws_algorithm *algorithm;
	const struct id_token_rules *rules;
};

static bool issuer_is_right(const struct token *token)
{
	const char *issuer = json_text(token->claims, "iss", URL_MAX);

	if (!issuer)
		return false;
	return text_equals(issuer, token->rules->issuer) ||
	       (token->rules->issuer_also && text_equals(issuer, token->rules->issuer_also));
}

/* `aud` as an array: ours is among them, and every other one is trusted. */
static bool audiences_are_right(const struct token *token, size_t *ret_n)
{
	const struct json_t *audiences = json_array_at(token->claims, "aud");
	size_t n = audiences ? json_array_length(audiences) : 0;
	bool ours = false;

	if (n > AUDIENCES_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *audience = json_array_text(audiences, i, URL_MAX);

		if (text_equals(audience, token->rules->client_id))
			ours = true;
		else if (!audience || !list_has(token->rules->trusted_audiences, audience))
			return false;
	}
	*ret_n = n;
	return ours;
}

static bool audience_is_right(const struct token *token)
{
	const char *only = json_text(token->claims, "aud", URL_MAX);
	bool has_azp = json_has(token->claims, "azp");
	size_t n = 1;

	if (only ? !text_equals(only, token->rules->client_id) : !audiences_are_right(token, &n))
		return false;
	if (!has_azp)
		return n == 1;
	return text_equals(json_text(token->claims, "azp", URL_MAX), token->rules->client_id);
}

static bool time_is_right(const struct token *token)
{
	const struct id_token_rules *rules = token->rules;
	int64_t expires, issued, not_before;
	int found;

	if (json_number(token->claims, "exp", 0, TIME_MAX, &expires) < 0 ||
	    json_number(token->claims, "iat", 0, TIME_MAX, &issued) < 0)
		return false;
	if (rules->now_s >= expires + ID_TOKEN_LEEWAY_S ||
	    issued > rules->now_s + ID_TOKEN_LEEWAY_S ||
	    issued < rules->started_s - ID_TOKEN_LEEWAY_S)
		return false;
	if (!json_has(token->claims, "nbf"))
		return true;
	found = json_number(token->claims, "nbf", 0, TIME_MAX, &not_before);
	return found == 0 && not_before <= rules->now_s + ID_TOKEN_LEEWAY_S;
}

static bool is_secret_text(const char *expected, const char *text)
{
	_cleanup_secret_ struct secret *secret = secret_from_text(expected);

	return secret && text && secret_equals(secret, text, strlen(text));
}

/* In the device flow a nonce is not standard: only some providers put it into the token. */
static bool nonce_is_right(const struct token *token)
{
	const struct id_token_rules *rules = token->rules;

	if (!rules->nonce)
		return true;
	if (!json_has(token->claims, "nonce"))
		return !rules->nonce_required;
	return is_secret_text(rules->nonce, json_text(token->claims, "nonce", 255));
}

/* OpenID Connect Core 3.1.3.6: the left half of the digest. */
static bool hash_is_right(const struct token *token)
{
	const struct secret *access_token = token->rules->access_token;
	struct buf expected = BUF_INIT(2 * DIGEST_BYTES_MAX);
	struct digest digest;
	bool right;

	if (!json_has(token->claims, "at_hash"))
		return true;
	if (!access_token || crypto_digest(token->algorithm->digest, access_token->data,
					   access_token->len, &digest) < 0)
		return false;
	base64url_add(&expected, digest.bytes, digest.len / 2);
	right = text_equals(json_text(token->claims, "at_hash", expected.max), buf_text(&expected));
	buf_done(&expected);
	return right;
}

static bool subject_is_right(const struct token *token)
{
	return json_text(token->claims, "sub", ID_TOKEN_SUBJECT_MAX) != NULL;
}

static bool sign_in_is_right(const struct token *token)
{
	const struct id_token_rules *rules = token->rules;
	const char *acr = json_text(token->claims, "acr", 255);
	int64_t signed_in;

	if (rules->acr && (!acr || !list_has(rules->acr, acr)))
		return false;
	if (rules->max_age_s == 0)
		return true;
	return json_number(token->claims, "auth_time", 0, TIME_MAX, &signed_in) == 0 &&
	       signed_in <= rules->now_s + ID_TOKEN_LEEWAY_S &&
	       signed_in >= rules->now_s - rules->max_age_s - ID_TOKEN_LEEWAY_S;
}

static const struct {
	bool (*holds)(const struct token *token);
	enum id_token_result otherwise;
} checks[] = {
	{ issuer_is_right, ID_TOKEN_WRONG_ISSUER },
	{ audience_is_right, ID_TOKEN_WRONG_AUDIENCE },
	{ time_is_right, ID_TOKEN_WRONG_TIME },
	{ nonce_is_right, ID_TOKEN_WRONG_NONCE },
	{ hash_is_right, ID_TOKEN_WRONG_HASH },
	{ subject_is_right, ID_TOKEN_NO_SUBJECT },
	{ sign_in_is_right, ID_TOKEN_WEAK_SIGN_IN },
};

static const enum id_token_result of_jws[] = {
	[JWS_GOOD] = ID_TOKEN_GOOD,
	[JWS_MALFORMED] = ID_TOKEN_MALFORMED,
	[JWS_REFUSED] = ID_TOKEN_REFUSED,
	[JWS_NO_KEY] = ID_TOKEN_NO_KEY,
	[JWS_BAD_SIGNATURE] = ID_TOKEN_BAD_SIGNATURE,
};

enum id_token_result id_token_verify(const struct secret *token, const struct id_token_rules *rules,
				     const struct json_t *keys, struct json_t **ret_claims)
{
	const char *const *algorithms = rules->algorithms ? rules->algorithms : id_token_algorithms;
	_cleanup_json_ struct json_t *claims = NULL;
	struct jws jws = { 0 };
	enum jws_result result = jws_verify(token, algorithms, keys, &jws);

	if (result != JWS_GOOD)
		return of_jws[result];
	claims = jws.payload;
	for (size_t i = 0; i < N_ELEMENTS(checks); i++) {
		const struct token checked = { claims, jws.algorithm, rules };

		if (!checks[i].holds(&checked))
			return checks[i].otherwise;
	}
	*ret_claims = steal(&claims);
	return ID_TOKEN_GOOD;
}

static const char *const texts[] = {
	[ID_TOKEN_GOOD] = "ID token: good",
	[ID_TOKEN_MALFORMED] = "ID token: malformed",
	[ID_TOKEN_REFUSED] = "ID token: algorithm or header not allowed",
	[ID_TOKEN_NO_KEY] = "ID token: no key of the provider fits",
	[ID_TOKEN_BAD_SIGNATURE] = "ID token: wrong signature",
	[ID_TOKEN_WRONG_ISSUER] = "ID token: wrong issuer",
	[ID_TOKEN_WRONG_AUDIENCE] = "ID token: made for another client",
	[ID_TOKEN_WRONG_TIME] = "ID token: expired, not yet valid or older than this login",
	[ID_TOKEN_WRONG_NONCE] = "ID token: wrong nonce",
	[ID_TOKEN_WRONG_HASH] = "ID token: does not belong to the access token",
	[ID_TOKEN_NO_SUBJECT] = "ID token: no usable subject",
	[ID_TOKEN_WEAK_SIGN_IN] = "ID token: sign-in too old or not of an accepted class",
};
static_assert(N_ELEMENTS(texts) == ID_TOKEN_N_RESULTS, "a text for every result");

const char *id_token_result_text(enum id_token_result result)
{
	return texts[result];
}
