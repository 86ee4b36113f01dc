/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sockets that the relay listens on. */
#pragma once

#include <stddef.h>
#include <sys/socket.h>

#include "jauth-relay/limits.h"

struct listen_address {
	struct sockaddr_storage address;
	socklen_t len;
};

/* "127.0.0.1:8480", "[::1]:8480" or "/run/jauth-relay/socket"; 0 or -EINVAL. No names: they would
 * have to be looked up. */
int listen_parse(const char *text, struct listen_address *ret_address);

/* Those that systemd gives us, else new ones for this list. Non-blocking. 0 or -errno, told in the
 * log. The caller closes. */
int listen_open(char *const *list, int ret_fds[LISTEN_MAX], size_t *ret_n);
