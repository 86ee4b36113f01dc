/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses a provider's URL may lead to; see address.h. */
#include "jauth-http/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"

struct range {
	unsigned char bytes[16];
	unsigned bits;
};

static const struct range local_v4[] = {
	{ { 0 }, 8 },                    /* "this network": Linux takes 0.0.0.0 for loopback */
	{ { 127 }, 8 },
	{ { 169, 254 }, 16 },            /* link-local; clouds keep credentials there */
};

static const struct range local_v6[] = {
	{ { 0 }, 128 },
	{ { [15] = 1 }, 128 },
	{ { 0xfe, 0x80 }, 10 },
};

/* IPv6 addresses whose last four bytes are an IPv4 address. */
static const struct range wrapped_v4[] = {
	{ { [10] = 0xff, 0xff }, 96 },           /* mapped, RFC 4291 */
	{ { 0 }, 96 },                           /* compatible, RFC 4291 */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96 },      /* translated, RFC 6052 */
};

static bool in_range(const unsigned char *bytes, const struct range *range)
{
	unsigned whole = range->bits / 8, rest = range->bits % 8;

	if (memcmp(bytes, range->bytes, whole) != 0)
		return false;
	return !rest || (bytes[whole] ^ range->bytes[whole]) >> (8 - rest) == 0;
}

static bool in_any(const unsigned char *bytes, const struct range *ranges, size_t n_ranges)
{
	size_t i;

	for (i = 0; i < n_ranges; i++)
		if (in_range(bytes, &ranges[i]))
			return true;
	return false;
}

bool address_is_local(const struct sockaddr *address)
{
	const unsigned char *bytes;

	if (address->sa_family == AF_INET) {
		bytes = (const unsigned char *)&((const struct sockaddr_in *)address)->sin_addr;
		return in_any(bytes, local_v4, N_ELEMENTS(local_v4));
	}
	if (address->sa_family == AF_INET6) {
		bytes = (const unsigned char *)&((const struct sockaddr_in6 *)address)->sin6_addr;
		if (in_any(bytes, local_v6, N_ELEMENTS(local_v6)))
			return true;
		return in_any(bytes, wrapped_v4, N_ELEMENTS(wrapped_v4)) &&
		       in_any(bytes + 12, local_v4, N_ELEMENTS(local_v4));
	}
	return true;
}

bool address_host_is_local(const char *host)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const char *last_dot = strrchr(host, '.');

	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1)
		return address_is_local((const struct sockaddr *)&v4);
	if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1)
		return address_is_local((const struct sockaddr *)&v6);
	return text_equals(last_dot ? last_dot + 1 : host, "localhost");
}
