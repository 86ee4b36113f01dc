/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sshd does not notice a client that leaves while a module waits, but the process that runs PAM
 * has inherited the connection's descriptor: the kernel tells whoever polls it.
 */
#include "pam_jauth/hangup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/macro.h"

#define FDS_MAX  1024    /* sshd has a dozen */
#define PEER_MAX 128     /* "address port" */

static const int signals[] = { SIGINT, SIGQUIT, SIGTERM };

/* sshd writes an IPv4 client of an IPv6 socket as IPv4. */
static void unmap(struct sockaddr_storage *peer, socklen_t *len)
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)peer;
	struct sockaddr_in four = { .sin_family = AF_INET };

	if (peer->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		return;
	four.sin_port = six->sin6_port;
	memcpy(&four.sin_addr, &six->sin6_addr.s6_addr[12], sizeof(four.sin_addr));
	memcpy(peer, &four, sizeof(four));
	*len = sizeof(four);
}

/* "address port" of the other end of a TCP socket, as sshd writes it. */
static bool peer_text(int fd, char *ret_text, size_t size)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	char address[64], port[8];

	if (getpeername(fd, (struct sockaddr *)&peer, &len) < 0 ||
	    (peer.ss_family != AF_INET && peer.ss_family != AF_INET6))
		return false;
	unmap(&peer, &len);
	if (getnameinfo((struct sockaddr *)&peer, len, address, sizeof(address), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return false;
	return (size_t)snprintf(ret_text, size, "%s %s", address, port) < size;
}

/* The first two of the four words of SSH_CONNECTION; 0 when there are fewer. */
static size_t client_length(const char *ssh_connection)
{
	const char *space = strchr(ssh_connection, ' ');

	space = space ? strchr(space + 1, ' ') : NULL;
	return space ? (size_t)(space - ssh_connection) : 0;
}

int hangup_find(const char *ssh_connection)
{
	size_t len = ssh_connection ? client_length(ssh_connection) : 0;
	char peer[PEER_MAX];

	if (len == 0)
		return -1;
	for (int fd = 0; fd < FDS_MAX; fd++)
		if (peer_text(fd, peer, sizeof(peer)) && strlen(peer) == len &&
		    memcmp(peer, ssh_connection, len) == 0)
			return fd;
	return -1;
}

bool hangup_signals_are_blocked(void)
{
	sigset_t blocked;

	if (sigprocmask(SIG_BLOCK, NULL, &blocked) < 0)
		return false;
	for (size_t i = 0; i < N_ELEMENTS(signals); i++)
		if (sigismember(&blocked, signals[i]) == 1)
			return true;
	return false;
}

bool hangup_signal_is_pending(void)
{
	sigset_t pending;

	if (sigpending(&pending) < 0)
		return false;
	for (size_t i = 0; i < N_ELEMENTS(signals); i++)
		if (sigismember(&pending, signals[i]) == 1)
			return true;
	return false;
}
