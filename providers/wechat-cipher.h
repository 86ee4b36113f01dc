/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signatures and encryption of WeChat's pushes (safe mode, 安全模式; doc/oplatform
 * developers/dev/push/encryption). Pure functions.
 *
 * An encrypted part is base64 of AES-256-CBC of
 *   16 random bytes, the message's length in 4 bytes (big endian), the message, the AppID, padding:
 *   n bytes of the value n, 1..32, up to a multiple of 32 (of the cipher's block at least).
 * The cipher's start is the first half of the key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/secret.h"

#define WECHAT_AES_KEY_LEN      43       /* EncodingAESKey: base64 of 32 bytes, without its '=' */
#define WECHAT_RANDOM_BYTES     16
#define WECHAT_SIGNATURE_LEN    40
#define WECHAT_SIGNED_PARTS_MAX 4
#define WECHAT_CIPHER_MAX       8192

/* WECHAT_AES_KEY_LEN letters and digits. */
bool wechat_is_aes_key(const struct secret *key);

/* SHA-1 of the parts, sorted and put together, in hexadecimal digits. 0, -E2BIG or -EIO. */
int wechat_sign(const char *const *parts, size_t n_parts, char ret_text[WECHAT_SIGNATURE_LEN + 1]);
bool wechat_is_signed(const char *signature, const char *const *parts, size_t n_parts);

/* The message in base64 `text`; NULL: another key, not as above in every byte, or for another app.
 * The caller frees. Proves nothing: see that it is signed. */
struct secret *wechat_decrypt(const struct secret *aes_key, const char *app_id, const char *text);
/* Appends base64. 0, -EINVAL (no key), -E2BIG or -EIO. */
int wechat_encrypt(const struct secret *aes_key, const char *app_id, const struct secret *message,
		   const unsigned char random[WECHAT_RANDOM_BYTES], struct buf *ret_text);
