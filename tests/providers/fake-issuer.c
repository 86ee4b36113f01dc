/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signs what a test wants signed; see fake-issuer.h. */
#include "tests/providers/fake-issuer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

#include "base/text.h"

static EVP_PKEY *key_pair(unsigned key)
{
	unsigned char seed[32];

	memset(seed, (int)key, sizeof(seed));
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, sizeof(seed));
}

char *fake_issuer_token_with(const char *header, const char *claims, unsigned key)
{
	struct buf token = BUF_INIT(65536);
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	EVP_PKEY *pair = key_pair(key);
	unsigned char signature[64];
	size_t len = sizeof(signature);

	base64url_add(&token, header, strlen(header));
	buf_add_char(&token, '.');
	base64url_add(&token, claims, strlen(claims));
	assert_int_equal(EVP_DigestSignInit(digest, NULL, NULL, NULL, pair), 1);
	assert_int_equal(EVP_DigestSign(digest, signature, &len, (unsigned char *)token.data,
					token.len), 1);
	buf_add_char(&token, '.');
	base64url_add(&token, signature, len);
	EVP_MD_CTX_free(digest);
	EVP_PKEY_free(pair);
	return buf_steal(&token);
}

char *fake_issuer_token(const char *claims, unsigned key)
{
	_cleanup_free_ char *header =
		text_format("{\"alg\":\"EdDSA\",\"kid\":\"key-%u\",\"typ\":\"JWT\"}", key);

	return fake_issuer_token_with(header, claims, key);
}

char *fake_issuer_key(unsigned key)
{
	struct buf x = BUF_INIT(64);
	EVP_PKEY *pair = key_pair(key);
	unsigned char public[32];
	size_t len = sizeof(public);
	char *jwk;

	assert_int_equal(EVP_PKEY_get_raw_public_key(pair, public, &len), 1);
	base64url_add(&x, public, len);
	jwk = text_format("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\",\"use\":\"sig\","
			  "\"kid\":\"key-%u\",\"x\":\"%s\"}", key, buf_text(&x));
	EVP_PKEY_free(pair);
	buf_done(&x);
	return jwk;
}
