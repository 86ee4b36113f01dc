/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A byte string that must not outlive its use, and random bytes; see secret.h. */
#include "base/secret.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>

struct secret *secret_new(const void *data, size_t len)
{
	struct secret *secret;

	if (len > SIZE_MAX - sizeof(*secret) - 1)
		return NULL;
	secret = malloc(sizeof(*secret) + len + 1);
	if (!secret)
		return NULL;
	secret->len = len;
	if (len)
		memcpy(secret->data, data, len);
	secret->data[len] = '\0';
	return secret;
}

struct secret *secret_from_text(const char *text)
{
	return secret_new(text, strlen(text));
}

struct secret *secret_free(struct secret *secret)
{
	if (!secret)
		return NULL;
	explicit_bzero(secret, sizeof(*secret) + secret->len + 1);
	free(secret);
	return NULL;
}

bool secret_equals(const struct secret *secret, const void *data, size_t len)
{
	if (!secret || secret->len != len)
		return false;
	return !len || CRYPTO_memcmp(secret->data, data, len) == 0;
}

int random_bytes(void *ret_data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t got = getrandom((char *)ret_data + done, len - done, 0);

		if (got < 0 && errno != EINTR) {
			int r = -errno;

			explicit_bzero(ret_data, done);
			return r;
		}
		if (got > 0)
			done += (size_t)got;
	}
	return 0;
}

int random_hex(char *ret_text, size_t n_bytes)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;
	int r;

	/* The bytes lie in the front half; filling from the back overwrites none too early. */
	r = random_bytes(ret_text, n_bytes);
	if (r < 0)
		return r;
	for (i = n_bytes; i-- > 0;) {
		unsigned char byte = (unsigned char)ret_text[i];

		ret_text[2 * i] = digits[byte >> 4];
		ret_text[2 * i + 1] = digits[byte & 15];
	}
	ret_text[2 * n_bytes] = '\0';
	return 0;
}
