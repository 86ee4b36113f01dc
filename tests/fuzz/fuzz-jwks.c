/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key sets: read, and a token of each kind tried on every key of them. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/jws.h"
#include "base/text.h"
#include "providers/id-token.h"
#include "providers/jwks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const headers[] = {
	"{\"alg\":\"RS256\",\"kid\":\"k\"}", "{\"alg\":\"PS256\",\"kid\":\"k\"}",
	"{\"alg\":\"ES256\",\"kid\":\"k\"}", "{\"alg\":\"EdDSA\",\"kid\":\"k\"}",
	"{\"alg\":\"RS256\"}",
};

/* A signature of ones: no key has made it. (One of zeros holds for degenerate Ed25519 keys.) */
static void try_token(const char *header, size_t signature_len, const struct json_t *keys)
{
	char signature[256];
	_cleanup_secret_ struct secret *secret = NULL;
	struct buf token = BUF_INIT(4096);
	struct jws jws;

	memset(signature, 1, sizeof(signature));
	base64url_add(&token, header, strlen(header));
	buf_add_char(&token, '.');
	base64url_add(&token, "{}", 2);
	buf_add_char(&token, '.');
	base64url_add(&token, signature, signature_len);
	secret = secret_new(buf_text(&token), token.len);
	if (jws_verify(secret, id_token_algorithms, keys, &jws) == JWS_GOOD)
		abort();
	buf_done(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = 200,
				    .content_type = "application/json" };
	struct jwks jwks = { 0 };

	reply.body = secret_new(data, size);
	if (jwks_take(&jwks, &reply, 1) == 0) {
		for (size_t i = 0; i < N_ELEMENTS(headers); i++) {
			try_token(headers[i], 64, jwks_keys(&jwks));
			try_token(headers[i], 256, jwks_keys(&jwks));
		}
	}
	jwks_done(&jwks);
	http_reply_done(&reply);
	return 0;
}
