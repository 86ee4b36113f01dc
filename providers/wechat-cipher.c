/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See wechat-cipher.h. */
#include "providers/wechat-cipher.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"

#define PADDING_BLOCK 32
#define LENGTH_BYTES  4
#define HEAD_BYTES    (WECHAT_RANDOM_BYTES + LENGTH_BYTES)

/* Of base64; a key has letters and decimal digits. */
static const char key_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* --- keys --- */

bool wechat_is_aes_key(const struct secret *key)
{
	return key->len == WECHAT_AES_KEY_LEN &&
	       strspn(key->data, key_digits) == WECHAT_AES_KEY_LEN;
}

/* The 43rd character holds two bits more than the key, which vary. */
static int decode_key(const struct secret *text, struct cbc_key *ret_key)
{
	struct buf key = BUF_INIT_SECRET(sizeof(ret_key->key));
	char padded[WECHAT_AES_KEY_LEN + 1];
	int r;

	if (!wechat_is_aes_key(text))
		return -EINVAL;
	memcpy(padded, text->data, WECHAT_AES_KEY_LEN);
	padded[WECHAT_AES_KEY_LEN - 1] =
		key_digits[(strchr(key_digits, padded[WECHAT_AES_KEY_LEN - 1]) - key_digits) & ~3];
	padded[WECHAT_AES_KEY_LEN] = '=';
	r = base64_decode(padded, sizeof(padded), &key);
	if (r == 0) {
		memcpy(ret_key->key, key.data, sizeof(ret_key->key));
		memcpy(ret_key->start, key.data, sizeof(ret_key->start));
	}
	explicit_bzero(padded, sizeof(padded));
	buf_done(&key);
	return r;
}

/* --- signatures --- */

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int wechat_sign(const char *const *parts, size_t n_parts, char ret_text[WECHAT_SIGNATURE_LEN + 1])
{
	const char *sorted[WECHAT_SIGNED_PARTS_MAX];
	struct buf whole = BUF_INIT_SECRET(WECHAT_CIPHER_MAX), hex = BUF_INIT(WECHAT_SIGNATURE_LEN);
	struct digest digest;
	int r;

	assert(n_parts <= WECHAT_SIGNED_PARTS_MAX);
	memcpy(sorted, parts, n_parts * sizeof(*parts));
	qsort(sorted, n_parts, sizeof(*sorted), compare_texts);
	for (size_t i = 0; i < n_parts; i++)
		buf_add_text(&whole, sorted[i]);
	r = buf_failed(&whole) ? -E2BIG :
				 crypto_digest(DIGEST_SHA1, buf_text(&whole), whole.len, &digest);
	if (r == 0) {
		hex_add(&hex, digest.bytes, digest.len);
		(void)text_into(ret_text, WECHAT_SIGNATURE_LEN + 1, buf_text(&hex));
	}
	buf_done(&whole);
	buf_done(&hex);
	return r;
}

bool wechat_is_signed(const char *signature, const char *const *parts, size_t n_parts)
{
	char right[WECHAT_SIGNATURE_LEN + 1];

	return strlen(signature) == WECHAT_SIGNATURE_LEN &&
	       wechat_sign(parts, n_parts, right) == 0 &&
	       crypto_equals(signature, right, WECHAT_SIGNATURE_LEN);
}

/* --- encryption --- */

/* Checks the padding, the length and whose it is; NULL: one of them is wrong. */
static struct secret *unwrap(const struct buf *plain, const char *app_id)
{
	const unsigned char *bytes = (const unsigned char *)plain->data;
	size_t len = plain->len, n_app_id = strlen(app_id), n_message = 0;
	unsigned char padding;

	if (!len || len % AES_BLOCK_BYTES)
		return NULL;
	padding = bytes[len - 1];
	if (padding < 1 || padding > PADDING_BLOCK || padding > len)
		return NULL;
	for (size_t i = 0; i < padding; i++)
		if (bytes[len - 1 - i] != padding)
			return NULL;
	len -= padding;
	if (len < HEAD_BYTES + n_app_id)
		return NULL;
	bytes += WECHAT_RANDOM_BYTES;
	for (size_t i = 0; i < LENGTH_BYTES; i++)
		n_message = n_message << 8 | *bytes++;
	if (n_message != len - HEAD_BYTES - n_app_id ||
	    memcmp(bytes + n_message, app_id, n_app_id) != 0)
		return NULL;
	return secret_new(bytes, n_message);
}

struct secret *wechat_decrypt(const struct secret *aes_key, const char *app_id, const char *text)
{
	struct buf hidden = BUF_INIT(WECHAT_CIPHER_MAX), plain = BUF_INIT_SECRET(WECHAT_CIPHER_MAX);
	struct secret *message = NULL;
	struct cbc_key key;

	if (base64_decode(text, strlen(text), &hidden) == 0 && decode_key(aes_key, &key) == 0 &&
	    crypto_cbc_decrypt(&key, hidden.data, hidden.len, &plain) == 0)
		message = unwrap(&plain, app_id);
	explicit_bzero(&key, sizeof(key));
	buf_done(&hidden);
	buf_done(&plain);
	return message;
}

static void wrap(const struct secret *message, const char *app_id,
		 const unsigned char random[WECHAT_RANDOM_BYTES], struct buf *plain)
{
	size_t padding;

	buf_add(plain, random, WECHAT_RANDOM_BYTES);
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_add_char(plain, (char)(message->len >> shift));
	buf_add(plain, message->data, message->len);
	buf_add_text(plain, app_id);
	padding = PADDING_BLOCK - plain->len % PADDING_BLOCK;
	for (size_t i = 0; i < padding; i++)
		buf_add_char(plain, (char)padding);
}

int wechat_encrypt(const struct secret *aes_key, const char *app_id, const struct secret *message,
		   const unsigned char random[WECHAT_RANDOM_BYTES], struct buf *ret_text)
{
	struct buf hidden = BUF_INIT(WECHAT_CIPHER_MAX), plain = BUF_INIT_SECRET(WECHAT_CIPHER_MAX);
	struct cbc_key key;
	int r;

	wrap(message, app_id, random, &plain);
	r = buf_failed(&plain) ? -E2BIG : decode_key(aes_key, &key);
	if (r == 0)
		r = crypto_cbc_encrypt(&key, plain.data, plain.len, &hidden);
	if (r == 0)
		base64_add(ret_text, hidden.data, hidden.len);
	explicit_bzero(&key, sizeof(key));
	buf_done(&hidden);
	buf_done(&plain);
	return r == 0 && buf_failed(ret_text) ? -E2BIG : r;
}
