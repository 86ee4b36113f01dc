/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which addresses a provider's URL may lead to. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>

/* True for loopback, link-local and unspecified addresses, however IPv6 wraps them, and for what
 * is no IP address: there live services of this machine that trust their neighbours. */
bool address_is_local(const struct sockaddr *address);

/* True for a host of a URL that is such an address, or the name of one by RFC 6761. Other names are
 * not looked up. */
bool address_host_is_local(const char *host);
