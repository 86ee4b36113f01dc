/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time-based one-time passwords; see totp.h. */
#include "base/totp.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"

#define STEP_BYTES     8
#define USUAL_DIGITS   6         /* what an app takes when the URI says nothing */
#define USUAL_PERIOD_S 30

static const uint32_t powers_of_ten[] = {
	1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000
};

static_assert(N_ELEMENTS(powers_of_ten) == TOTP_DIGITS_MAX + 1, "one for each number of digits");

/* As the Key URI format calls them; NULL: not for TOTP. */
static const char *digest_name(enum digest_kind digest)
{
	switch (digest) {
	case DIGEST_SHA1:
		return "SHA1";
	case DIGEST_SHA256:
		return "SHA256";
	case DIGEST_SHA512:
		return "SHA512";
	case DIGEST_SHA384:
		break;
	}
	return NULL;
}

static bool rule_is_valid(const struct totp_rule *rule)
{
	return digest_name(rule->digest) && rule->digits >= TOTP_DIGITS_MIN &&
	       rule->digits <= TOTP_DIGITS_MAX && rule->period_s > 0;
}

/* RFC 4226 section 5.3: dynamic truncation. */
static uint32_t truncate_mac(const struct digest *mac)
{
	const unsigned char *bytes = mac->bytes + (mac->bytes[mac->len - 1] & 15);

	return (uint32_t)(bytes[0] & 0x7f) << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

int totp_code(const struct totp_rule *rule, const struct secret *key, int64_t step,
	      char ret_code[TOTP_CODE_SIZE])
{
	unsigned char counter[STEP_BYTES];
	struct digest mac;
	uint32_t number;
	int r;

	if (!rule_is_valid(rule) || step < 0)
		return -EINVAL;
	for (size_t i = 0; i < STEP_BYTES; i++)
		counter[i] = (unsigned char)((uint64_t)step >> 8 * (STEP_BYTES - 1 - i));
	r = crypto_hmac(rule->digest, key, counter, sizeof(counter), &mac);
	if (r < 0)
		return r;
	number = truncate_mac(&mac) % powers_of_ten[rule->digits];
	(void)snprintf(ret_code, TOTP_CODE_SIZE, "%0*" PRIu32, (int)rule->digits, number);
	explicit_bzero(&mac, sizeof(mac));
	explicit_bzero(&number, sizeof(number));
	return 0;
}

int totp_find(const struct totp_rule *rule, const struct secret *key, const struct secret *code,
	      int64_t step, int64_t window, int64_t last_step, int64_t *ret_step)
{
	char candidate[TOTP_CODE_SIZE];
	int64_t found = -1;
	int r = 0;

	for (int64_t i = MAX(step - window, (int64_t)0); i <= step + window; i++) {
		r = totp_code(rule, key, i, candidate);
		if (r < 0)
			break;
		if (secret_equals(code, candidate, rule->digits) && i > last_step)
			found = i;
	}
	explicit_bzero(candidate, sizeof(candidate));
	if (r < 0)
		return r;
	if (found < 0)
		return -ENOENT;
	*ret_step = found;
	return 0;
}

/* What is as usual is left out: a shorter text is a smaller code on the screen. */
void totp_add_uri(struct buf *buf, const struct totp_rule *rule, const struct secret *key,
		  const char *issuer, const char *account)
{
	buf_add_text(buf, "otpauth://totp/");
	url_encode_segment(buf, issuer);
	buf_add_char(buf, ':');
	url_encode_segment(buf, account);
	buf_add_text(buf, "?secret=");
	base32_add(buf, key->data, key->len);
	buf_add_text(buf, "&issuer=");
	url_encode_segment(buf, issuer);
	if (rule->digest != DIGEST_SHA1 && digest_name(rule->digest))
		buf_add_format(buf, "&algorithm=%s", digest_name(rule->digest));
	if (rule->digits != USUAL_DIGITS)
		buf_add_format(buf, "&digits=%u", rule->digits);
	if (rule->period_s != USUAL_PERIOD_S)
		buf_add_format(buf, "&period=%" PRId64, rule->period_s);
}

void base32_add(struct buf *buf, const void *data, size_t len)
{
	const unsigned char *bytes = data;
	uint32_t bits = 0;
	unsigned n_bits = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (n_bits += 8; n_bits >= 5; n_bits -= 5)
			buf_add_char(buf, BASE32_DIGITS[bits >> (n_bits - 5) & 31]);
	}
	if (n_bits)
		buf_add_char(buf, BASE32_DIGITS[bits << (5 - n_bits) & 31]);
	explicit_bzero(&bits, sizeof(bits));
}
