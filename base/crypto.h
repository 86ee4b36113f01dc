/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Digests, HMAC, sealing, AES-CBC and comparison in constant time, over OpenSSL.
 *
 * Errors: 0, -EINVAL for an empty key, or -EIO when OpenSSL cannot (no provider for the algorithm,
 * no memory); the output is written on success only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/secret.h"

#define DIGEST_BYTES_MAX 64
#define SHA256_BYTES     32

enum digest_kind {
	/* Inside HMAC, for RFC 6238; as a name for what is no secret; where a vendor signs so. */
	DIGEST_SHA1,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
};

struct digest {
	unsigned char bytes[DIGEST_BYTES_MAX];
	size_t len;
};

int crypto_digest(enum digest_kind kind, const void *data, size_t len, struct digest *ret_digest);
int crypto_hmac(enum digest_kind kind, const struct secret *key, const void *data, size_t len,
		struct digest *ret_mac);
int crypto_hmac_sha256(const struct secret *key, const void *data, size_t len,
		       unsigned char ret_bytes[SHA256_BYTES]);

/* AES-256-GCM with a random nonce, for what is kept in the database but must not be found in a core
 * or a page cache. `purpose` is bound to it: what was sealed for one opens for no other. */
#define SEAL_BYTES 28            /* nonce and tag, on top of the data */
int crypto_seal(const unsigned char key[32], const char *purpose, const void *data, size_t len,
		struct buf *ret_sealed);
/* The data, or NULL: changed, cut, another key or purpose. The caller frees. */
struct secret *crypto_open(const unsigned char key[32], const char *purpose, const void *sealed,
			   size_t len);

/* AES-256-CBC without padding (NIST SP 800-38A section 6.2): it hides, and proves nothing. `len` is
 * a multiple of AES_BLOCK_BYTES, else -EINVAL. The buffer gets as many bytes, or -ENOMEM. */
#define AES_BLOCK_BYTES 16
struct cbc_key {
	unsigned char key[32], start[AES_BLOCK_BYTES];
};
int crypto_cbc_encrypt(const struct cbc_key *key, const void *data, size_t len,
		       struct buf *ret_buf);
int crypto_cbc_decrypt(const struct cbc_key *key, const void *data, size_t len,
		       struct buf *ret_buf);

/* In a time that depends on `len` only. */
bool crypto_equals(const void *a, const void *b, size_t len);
