/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses and their ranges; see address.h. */
#include "jauthd/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/text.h"

#define ADDRESS_BITS  128
#define NETWORK_BYTES 6          /* a /48 */
#define MAPPED_BITS   96         /* the prefix ::ffff: of an IPv4 address */

static bool is_v4(const char *text)
{
	return !strchr(text, ':');
}

static bool parse(const char *text, unsigned char ret_bytes[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!is_v4(text))
		return inet_pton(AF_INET6, text, ret_bytes) == 1;
	memcpy(ret_bytes, mapped, sizeof(mapped));
	return inet_pton(AF_INET, text, ret_bytes + sizeof(mapped)) == 1;
}

static bool bit_of(const unsigned char bytes[16], unsigned bit)
{
	return bytes[bit / 8] >> (7 - bit % 8) & 1;
}

int address_range_parse(const char *text, struct address_range *ret_range)
{
	_cleanup_free_ char *address = text_copy(text);
	char *slash = strchr(address, '/');
	struct address_range range;
	int64_t bits;
	unsigned bit;

	if (slash)
		*slash++ = '\0';
	if (!parse(address, range.bytes))
		return -EINVAL;
	bits = is_v4(address) ? ADDRESS_BITS - MAPPED_BITS : ADDRESS_BITS;
	if (slash && text_to_number(slash, 0, bits, &bits) < 0)
		return -EINVAL;
	range.bits = (unsigned)bits + (is_v4(address) ? MAPPED_BITS : 0);
	for (bit = range.bits; bit < ADDRESS_BITS; bit++)
		if (bit_of(range.bytes, bit))
			return -ERANGE;
	*ret_range = range;
	return 0;
}

bool address_range_has(const struct address_range *range, const char *address)
{
	unsigned char bytes[16];
	unsigned bit;

	if (!parse(address, bytes))
		return false;
	for (bit = 0; bit < range->bits; bit++)
		if (bit_of(bytes, bit) != bit_of(range->bytes, bit))
			return false;
	return true;
}

bool address_network(const char *address, char ret_network[ADDRESS_SIZE])
{
	struct in6_addr network;

	static_assert(ADDRESS_SIZE >= INET6_ADDRSTRLEN, "every address fits");
	if (inet_pton(AF_INET6, address, &network) != 1 || IN6_IS_ADDR_V4MAPPED(&network))
		return false;
	memset(&network.s6_addr[NETWORK_BYTES], 0, sizeof(network) - NETWORK_BYTES);
	return inet_ntop(AF_INET6, &network, ret_network, ADDRESS_SIZE) != NULL;
}
