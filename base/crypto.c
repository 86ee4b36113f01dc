/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Digests, HMAC, AES-GCM and AES-CBC over OpenSSL 3; see crypto.h. */
#include "base/crypto.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define GCM_NONCE_BYTES 12
#define GCM_TAG_BYTES   16
#define GCM_DATA_MAX    (64 * 1024)
#define CBC_DATA_MAX    (64 * 1024)

static_assert(SEAL_BYTES == GCM_NONCE_BYTES + GCM_TAG_BYTES, "what sealing adds");

static const EVP_MD *digest_method(enum digest_kind kind)
{
	switch (kind) {
	case DIGEST_SHA1:
		return EVP_sha1();
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

int crypto_hmac(enum digest_kind kind, const struct secret *key, const void *data, size_t len,
		struct digest *ret_mac)
{
	struct digest mac = { 0 };
	int r = 0;

	if (!key->len)
		return -EINVAL;
	if (EVP_Q_mac(NULL, "HMAC", NULL, EVP_MD_get0_name(digest_method(kind)), NULL, key->data,
		      key->len, data, len, mac.bytes, sizeof(mac.bytes), &mac.len))
		*ret_mac = mac;
	else
		r = -EIO;
	explicit_bzero(&mac, sizeof(mac));
	return r;
}

int crypto_hmac_sha256(const struct secret *key, const void *data, size_t len,
		       unsigned char ret_bytes[SHA256_BYTES])
{
	struct digest mac;
	int r;

	r = crypto_hmac(DIGEST_SHA256, key, data, len, &mac);
	if (r < 0)
		return r;
	memcpy(ret_bytes, mac.bytes, SHA256_BYTES);
	explicit_bzero(&mac, sizeof(mac));
	return 0;
}

/* --- sealing: nonce, encrypted data, tag --- */

static void cipher_free(EVP_CIPHER_CTX **cipher)
{
	EVP_CIPHER_CTX_free(*cipher);
}

static EVP_CIPHER_CTX *cipher_new(const unsigned char key[32], const unsigned char *nonce,
				  const char *purpose, int encrypt)
{
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	int n;

	if (cipher &&
	    EVP_CipherInit_ex2(cipher, EVP_aes_256_gcm(), key, nonce, encrypt, NULL) &&
	    EVP_CipherUpdate(cipher, NULL, &n, (const unsigned char *)purpose,
			     (int)strlen(purpose)))
		return cipher;
	EVP_CIPHER_CTX_free(cipher);
	return NULL;
}

int crypto_seal(const unsigned char key[32], const char *purpose, const void *data, size_t len,
		struct buf *ret_sealed)
{
	_cleanup_(cipher_free) EVP_CIPHER_CTX *cipher = NULL;
	struct buf sealed = BUF_INIT(len + SEAL_BYTES);
	unsigned char nonce[GCM_NONCE_BYTES], tag[GCM_TAG_BYTES];
	_cleanup_secret_ struct secret *out = NULL;
	int n = 0, n_last = 0, r;

	if (len > GCM_DATA_MAX)
		return -EINVAL;
	r = random_bytes(nonce, sizeof(nonce));
	if (r < 0)
		return r;
	cipher = cipher_new(key, nonce, purpose, 1);
	out = secret_new(data, len);     /* encrypted in place */
	if (!cipher || !out ||
	    !EVP_CipherUpdate(cipher, (unsigned char *)out->data, &n, data, (int)len) ||
	    !EVP_CipherFinal_ex(cipher, (unsigned char *)out->data + n, &n_last) ||
	    !EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag))
		return -EIO;
	buf_add(&sealed, nonce, sizeof(nonce));
	buf_add(&sealed, out->data, len);
	buf_add(&sealed, tag, sizeof(tag));
	if (buf_failed(&sealed))
		return -ENOMEM;
	buf_add(ret_sealed, sealed.data, sealed.len);
	buf_done(&sealed);
	return buf_failed(ret_sealed) ? -ENOMEM : 0;
}

struct secret *crypto_open(const unsigned char key[32], const char *purpose, const void *sealed,
			   size_t len)
{
	const unsigned char *bytes = sealed;
	_cleanup_(cipher_free) EVP_CIPHER_CTX *cipher = NULL;
	_cleanup_secret_ struct secret *data = NULL;
	unsigned char tag[GCM_TAG_BYTES];
	int n = 0, n_last = 0;

	if (len < SEAL_BYTES || len > GCM_DATA_MAX + SEAL_BYTES)
		return NULL;
	len -= SEAL_BYTES;
	memcpy(tag, bytes + GCM_NONCE_BYTES + len, sizeof(tag));
	cipher = cipher_new(key, bytes, purpose, 0);
	data = secret_new(bytes + GCM_NONCE_BYTES, len);
	if (!cipher || !data ||
	    !EVP_CipherUpdate(cipher, (unsigned char *)data->data, &n,
			      bytes + GCM_NONCE_BYTES, (int)len) ||
	    !EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) ||
	    EVP_CipherFinal_ex(cipher, (unsigned char *)data->data + n, &n_last) <= 0)
		return NULL;
	return steal(&data);
}

static int run_cbc(const struct cbc_key *key, bool encrypt, const void *data, size_t len,
		   struct buf *ret_buf)
{
	_cleanup_(cipher_free) EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	_cleanup_secret_ struct secret *out = NULL;
	int n = 0, n_last = 0;

	if (len % AES_BLOCK_BYTES || len > CBC_DATA_MAX)
		return -EINVAL;
	out = secret_new(data, len);
	if (!cipher || !out ||
	    !EVP_CipherInit_ex2(cipher, EVP_aes_256_cbc(), key->key, key->start, encrypt, NULL) ||
	    !EVP_CIPHER_CTX_set_padding(cipher, 0) ||
	    !EVP_CipherUpdate(cipher, (unsigned char *)out->data, &n, data, (int)len) ||
	    !EVP_CipherFinal_ex(cipher, (unsigned char *)out->data + n, &n_last))
		return -EIO;
	buf_add(ret_buf, out->data, len);
	return buf_failed(ret_buf) ? -ENOMEM : 0;
}

int crypto_cbc_encrypt(const struct cbc_key *key, const void *data, size_t len,
		       struct buf *ret_buf)
{
	return run_cbc(key, true, data, len, ret_buf);
}

int crypto_cbc_decrypt(const struct cbc_key *key, const void *data, size_t len,
		       struct buf *ret_buf)
{
	return run_cbc(key, false, data, len, ret_buf);
}

bool crypto_equals(const void *a, const void *b, size_t len)
{
	return !len || CRYPTO_memcmp(a, b, len) == 0;
}
