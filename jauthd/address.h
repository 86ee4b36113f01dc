/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Network addresses: ranges, how they are written in the configuration and who is inside; and
 * whose address one is. */
#pragma once

#include <stdbool.h>

/* All addresses are IPv6 here; IPv4 is ::ffff:a.b.c.d. */
struct address_range {
	unsigned char bytes[16];
	unsigned bits;           /* of `bytes` that count */
};

/* "192.0.2.7", "192.0.2.0/24", "2001:db8::/32"; -EINVAL when it is none, -ERANGE when bits behind
 * the prefix are set ("192.0.2.1/24": was the host meant, or the net?). */
int address_range_parse(const char *text, struct address_range *ret_range);
/* False also when `address` is no address: a name, an address with a zone, "". */
bool address_range_has(const struct address_range *range, const char *address);

#define ADDRESS_SIZE 46          /* a text and its NUL */
/* Whoever has one address of IPv6 has many: its network, a /48, is what is to be counted. False
 * when `address` is of another kind or none. */
bool address_network(const char *address, char ret_network[ADDRESS_SIZE]);
