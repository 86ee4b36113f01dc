/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signed tokens from outside (JWS compact form, RFC 7515) and the keys that verify them.
 *
 * libjose does the RSA and ECDSA arithmetic behind a gate of our own: it takes RS512 for RS256 and
 * ignores an unknown `crit`, so it only ever sees an algorithm that was compared exactly, a key
 * that fits it, and a signature of the right size. Ed25519 it does not know; that goes to OpenSSL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/crypto.h"
#include "base/json.h"
#include "base/secret.h"

#define JWS_TOKEN_MAX  16384
#define JWS_KID_MAX    256

/* One row per algorithm there is; `none` and the symmetric ones are not among them. */
struct jws_algorithm {
	const char *name;
	const char *kty;
	const char *crv;         /* NULL: RSA */
	size_t coordinate_len;   /* of the key's x, and y if it has one */
	size_t signature_len;    /* 0: as long as the modulus */
	enum digest_kind digest; /* of at_hash too */
};

/* Compared exactly; NULL when there is none of that name. */
const struct jws_algorithm *jws_algorithm_find(const char *name);

enum jws_result {
	JWS_GOOD,
	JWS_MALFORMED,           /* not three parts of strict base64url, or not JSON objects */
	JWS_REFUSED,             /* its header: algorithm not allowed, crit, another type */
	JWS_NO_KEY,              /* no key of the set fits; a newer set may have one */
	JWS_BAD_SIGNATURE,       /* a key fits but did not make this signature */
};

struct jws {
	const struct jws_algorithm *algorithm;
	struct json_t *payload;          /* the caller's to free */
};

/* Steps 1 to 4 of ID token validation. `algorithms` is the allow list (NULL-terminated), `keys` the
 * array of a JWK set. A key must have the token's `kid`; a token without one needs a set with a
 * single usable key. ret_jws is written for JWS_GOOD only. */
enum jws_result jws_verify(const struct secret *token, const char *const *algorithms,
			   const struct json_t *keys, struct jws *ret_jws);
