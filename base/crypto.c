/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests and HMAC over OpenSSL 3; see crypto.h. */
#include "base/crypto.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

static const EVP_MD *digest_method(enum digest_kind kind)
{
	switch (kind) {
	case DIGEST_SHA256:
		return EVP_sha256();
	case DIGEST_SHA384:
		return EVP_sha384();
	case DIGEST_SHA512:
		return EVP_sha512();
	}
	return NULL;
}

int crypto_digest(enum digest_kind kind, const void *data, size_t len, struct digest *ret_digest)
{
	struct digest digest = { 0 };
	unsigned n;

	if (!EVP_Digest(data, len, digest.bytes, &n, digest_method(kind), NULL))
		return -EIO;
	digest.len = n;
	*ret_digest = digest;
	return 0;
}

int crypto_hmac_sha256(const struct secret *key, const void *data, size_t len,
		       unsigned char ret_bytes[SHA256_BYTES])
{
	unsigned char bytes[SHA256_BYTES];
	size_t n = 0;
	int r = 0;

	if (!key->len)
		return -EINVAL;
	if (!EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key->data, key->len, data, len,
		       bytes, sizeof(bytes), &n) || n != sizeof(bytes))
		r = -EIO;
	else
		memcpy(ret_bytes, bytes, sizeof(bytes));
	explicit_bzero(bytes, sizeof(bytes));
	return r;
}

bool crypto_equals(const void *a, const void *b, size_t len)
{
	return !len || CRYPTO_memcmp(a, b, len) == 0;
}
