/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ID tokens. The first byte chooses: the rest is a whole token, or a header and claims
 * (separated by a newline) that are signed by a right key first, so that what lies behind the
 * signature is reached too.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/id-token.h"
#include "tests/providers/fake-issuer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Public halves of throw-away keys, for the way into libjose. */
#define RSA_KEY \
	"{\"kty\":\"RSA\",\"kid\":\"rs-1\",\"e\":\"AQAB\",\"n\":\"y2CHzQiAaR6dnVWQl8BVKRfczoE" \
	"mswDZv52MOceaUwAaTnthsmcCxhhLuiBy1pFDZnsi1MweePT6UD8FiVxiH1FVBVtntFEs2k8NJhadhBTlTqv" \
	"K_bqJ36TZwQ6rfbRC-keM5tY5d2zV56zXnENPQWpGEp1OjZsCurB-bNToYpUqFqlmutKOSN1aDVY5K_8N2G4" \
	"xy2QmgFR8aX8Ox7QJ7jnnxJ1jxfcfDkgzwL3m1XvInXWlfQWAqaMEu6BnxxdUqzJennXcycAUBuTYA7-69h1" \
	"F5krZXTMwIxPx2x4qlceBKTdHP3HW_T7Ym6qwH54S0mExcbiaj6aSPYSfsZ-liw\"}"
#define EC_KEY \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"es-1\"," \
	"\"x\":\"bw36SBOKale5lGGdsrfxG_nUTTyMpJ40I6ei_X7BLMM\"," \
	"\"y\":\"Bblm_rvlqhBePwHRrZahAIfVF4iqk48uguovTGYB5vk\"}"

static char *signed_token(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *header = malloc(size + 1);
	char *claims;

	memcpy(header, data, size);
	header[size] = '\0';
	claims = strchr(header, '\n');
	if (!claims)
		return text_copy("");
	*claims++ = '\0';
	return fake_issuer_token_with(header, claims, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const audiences[] = { "other", NULL };
	_cleanup_secret_ struct secret *access_token = secret_from_text("2YotnFZFEjr1zCsicMWpAA");
	const struct id_token_rules rules = {
		.issuer = "https://op.example.com", .client_id = "jauth",
		.trusted_audiences = (char *const *)audiences,
		.now_s = 1767323045, .started_s = 1767323045, .nonce = "n-1",
		.access_token = access_token,
	};
	_cleanup_free_ char *key = fake_issuer_key(1);
	_cleanup_free_ char *keys_text = text_format("[%s," RSA_KEY "," EC_KEY "]", key);
	_cleanup_json_ struct json_t *keys = json_read_array(keys_text, strlen(keys_text));
	_cleanup_json_ struct json_t *claims = NULL;
	_cleanup_secret_ struct secret *token = NULL;
	_cleanup_free_ char *text = NULL;

	if (size < 1 || size > 12000 || !keys)
		return 0;
	text = (data[0] & 1) ? signed_token(data + 1, size - 1) : NULL;
	token = text ? secret_from_text(text) : secret_new(data + 1, size - 1);
	if (id_token_verify(token, &rules, keys, &claims) != ID_TOKEN_GOOD) {
		if (claims)
			abort();
		return 0;
	}
	/* What was let through must be what the rules say. */
	if (!text_equals(json_text(claims, "iss", 255), rules.issuer) ||
	    !json_text(claims, "sub", ID_TOKEN_SUBJECT_MAX))
		abort();
	return 0;
}
