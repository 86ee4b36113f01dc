/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time-based one-time passwords: RFC 6238 over RFC 4226. */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/secret.h"

#define TOTP_DIGITS_MIN 6
#define TOTP_DIGITS_MAX 8
#define TOTP_CODE_SIZE  (TOTP_DIGITS_MAX + 1)

struct totp_rule {
	enum digest_kind digest;         /* DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512 */
	unsigned digits;                 /* TOTP_DIGITS_MIN … TOTP_DIGITS_MAX */
	int64_t period_s;                /* 30 almost everywhere */
};

/* RFC 6238 section 4.2: T. */
static inline int64_t totp_step(const struct totp_rule *rule, int64_t now_s)
{
	return now_s / rule->period_s;
}

/* The code of one step, leading zeros kept; 0, -EINVAL (rule out of bounds, empty key) or -EIO.
 * The caller wipes ret_code. */
int totp_code(const struct totp_rule *rule, const struct secret *key, int64_t step,
	      char ret_code[TOTP_CODE_SIZE]);
/* The step within `window` of `step`, later than `last_step`, whose code this is: 0 and the step,
 * -ENOENT when none is, or as totp_code(). Compares in constant time; looks at every step. */
int totp_find(const struct totp_rule *rule, const struct secret *key, const struct secret *code,
	      int64_t step, int64_t window, int64_t last_step, int64_t *ret_step);
/* otpauth://totp/ISSUER:ACCOUNT?secret=…: what authenticator apps read from a QR code (the "Key URI
 * format" of Google Authenticator). `buf` should wipe. */
void totp_add_uri(struct buf *buf, const struct totp_rule *rule, const struct secret *key,
		  const char *issuer, const char *account);
/* RFC 4648 section 6, upper case, without padding. */
#define BASE32_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
void base32_add(struct buf *buf, const void *data, size_t len);
