/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/ssh-key.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384

/* What is left of a key's data. */
struct rest {
	const unsigned char *data;
	size_t len;
};

/* A string of RFC 4251 section 5; false: it does not end within. */
static bool take_string(struct rest *rest, struct rest *ret_string)
{
	size_t len;

	if (rest->len < 4)
		return false;
	len = (size_t)rest->data[0] << 24 | (size_t)rest->data[1] << 16 |
	      (size_t)rest->data[2] << 8 | rest->data[3];
	if (len > rest->len - 4)
		return false;
	*ret_string = (struct rest){ rest->data + 4, len };
	rest->data += 4 + len;
	rest->len -= 4 + len;
	return true;
}

static bool is_text(const struct rest *string, const char *text)
{
	return string->len == strlen(text) && memcmp(string->data, text, string->len) == 0;
}

/* Bits of an mpint that is positive and in its shortest form; else 0. */
static size_t count_bits(const struct rest *number)
{
	const unsigned char *data = number->data;
	size_t len = number->len, bits;

	if (!len || data[0] & 0x80)
		return 0;
	if (data[0] == 0) {
		if (len < 2 || !(data[1] & 0x80))
			return 0;
		data++;
		len--;
	}
	bits = len * 8;
	for (unsigned char top = data[0]; !(top & 0x80); top = (unsigned char)(top << 1))
		bits--;
	return bits;
}

/* --- what follows the type, one function each --- */

struct kind {
	const char *type;
	bool (*is_right)(const struct kind *kind, struct rest *rest);
	const char *curve;
	size_t point_len;
	bool has_application;    /* a security key's */
};

static bool is_rsa(const struct kind *kind UNUSED, struct rest *rest)
{
	struct rest exponent, modulus;
	size_t bits;

	if (!take_string(rest, &exponent) || !take_string(rest, &modulus))
		return false;
	bits = count_bits(&modulus);
	return count_bits(&exponent) > 1 && exponent.len <= 8 &&
	       exponent.data[exponent.len - 1] & 1 && bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
}

static bool is_ed25519(const struct kind *kind, struct rest *rest)
{
	struct rest key, application;

	return take_string(rest, &key) && key.len == 32 &&
	       (!kind->has_application || (take_string(rest, &application) && application.len));
}

/* Points are not compressed (RFC 5656 section 3.1). */
static bool is_ecdsa(const struct kind *kind, struct rest *rest)
{
	struct rest curve, point, application;

	return take_string(rest, &curve) && is_text(&curve, kind->curve) &&
	       take_string(rest, &point) && point.len == kind->point_len && point.data[0] == 4 &&
	       (!kind->has_application || (take_string(rest, &application) && application.len));
}

static const struct kind kinds[] = {
	{ .type = "ssh-ed25519", .is_right = is_ed25519 },
	{ .type = "ssh-rsa", .is_right = is_rsa },
	{ .type = "ecdsa-sha2-nistp256", .is_right = is_ecdsa, .curve = "nistp256",
	  .point_len = 65 },
	{ .type = "ecdsa-sha2-nistp384", .is_right = is_ecdsa, .curve = "nistp384",
	  .point_len = 97 },
	{ .type = "ecdsa-sha2-nistp521", .is_right = is_ecdsa, .curve = "nistp521",
	  .point_len = 133 },
	{ .type = "sk-ssh-ed25519@openssh.com", .is_right = is_ed25519, .has_application = true },
	{ .type = "sk-ecdsa-sha2-nistp256@openssh.com", .is_right = is_ecdsa, .curve = "nistp256",
	  .point_len = 65, .has_application = true },
};

static const struct kind *find_kind(const char *text, size_t len)
{
	for (size_t i = 0; i < N_ELEMENTS(kinds); i++)
		if (strlen(kinds[i].type) == len && memcmp(kinds[i].type, text, len) == 0)
			return &kinds[i];
	return NULL;
}

static bool is_right(const struct kind *kind, const char *base64, size_t len)
{
	_cleanup_(buf_done) struct buf data = BUF_INIT(SSH_KEY_MAX);
	struct rest rest, type;

	if (!len || base64_decode(base64, len, &data) < 0)
		return false;
	rest = (struct rest){ (const unsigned char *)data.data, data.len };
	return take_string(&rest, &type) && is_text(&type, kind->type) &&
	       kind->is_right(kind, &rest) && rest.len == 0;
}

bool ssh_key_add(struct buf *buf, const char *text)
{
	size_t type_len = strcspn(text, " "), len;
	const char *base64 = text + type_len + 1;
	const struct kind *kind = find_kind(text, type_len);

	if (!kind || text[type_len] != ' ' || !text_is_line(text, strlen(text)))
		return false;
	len = strcspn(base64, " ");
	if (type_len + 1 + len > SSH_KEY_MAX || !is_right(kind, base64, len))
		return false;
	buf_add(buf, text, type_len + 1 + len);
	buf_add_char(buf, '\n');
	return !buf_failed(buf);
}
