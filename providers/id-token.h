/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is this ID token ours, from this issuer, for this login? All of OpenID Connect Core 3.1.3.7. */
#pragma once

#include <stdint.h>

#include "base/json.h"
#include "base/secret.h"

#define ID_TOKEN_LEEWAY_S    60
#define ID_TOKEN_SUBJECT_MAX 255

struct id_token_rules {
	const char *issuer;              /* compared byte for byte */
	const char *issuer_also;         /* an older form of the same issuer, or NULL */
	const char *client_id;
	const char *const *algorithms;   /* NULL: id_token_algorithms */
	char *const *trusted_audiences;  /* besides ours; NULL: none */
	int64_t now_s, started_s;        /* wall clock; the token must be younger than the login */
	const char *nonce;               /* what was sent, or NULL */
	bool nonce_required;             /* a token without one is refused */
	const struct secret *access_token;       /* for at_hash */
	int64_t max_age_s;               /* of the person's sign-in; 0: any */
	char *const *acr;                /* accepted sign-in classes; NULL: any */
};

/* Accepted when nothing is configured. */
extern const char *const id_token_algorithms[];

enum id_token_result {
	ID_TOKEN_GOOD,
	ID_TOKEN_MALFORMED,
	ID_TOKEN_REFUSED,                /* its algorithm or header */
	ID_TOKEN_NO_KEY,                 /* a newer key set may help */
	ID_TOKEN_BAD_SIGNATURE,          /* a newer key set may help */
	ID_TOKEN_WRONG_ISSUER,
	ID_TOKEN_WRONG_AUDIENCE,
	ID_TOKEN_WRONG_TIME,             /* expired, not yet valid, or older than this login */
	ID_TOKEN_WRONG_NONCE,
	ID_TOKEN_WRONG_HASH,             /* at_hash is not of this access token */
	ID_TOKEN_NO_SUBJECT,
	ID_TOKEN_WEAK_SIGN_IN,           /* auth_time or acr is not what is configured */
	ID_TOKEN_N_RESULTS
};

/* ret_claims is written for ID_TOKEN_GOOD only; the caller frees it. `keys`: array of a JWK set. */
enum id_token_result id_token_verify(const struct secret *token, const struct id_token_rules *rules,
				     const struct json_t *keys, struct json_t **ret_claims);
/* For log and audit. */
const char *id_token_result_text(enum id_token_result result);
