/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/text.h"

static int parse_path(const char *text, struct listen_address *ret_address)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!text_into(address.sun_path, sizeof(address.sun_path), text))
		return -EINVAL;
	memcpy(&ret_address->address, &address, sizeof(address));
	ret_address->len = sizeof(address);
	return 0;
}

static int parse_internet(char *host, uint16_t port, struct listen_address *ret_address)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	size_t len = strlen(host);

	if (host[0] == '[' && host[len - 1] == ']') {
		host[len - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, &v6.sin6_addr) != 1)
			return -EINVAL;
		memcpy(&ret_address->address, &v6, sizeof(v6));
		ret_address->len = sizeof(v6);
		return 0;
	}
	if (inet_pton(AF_INET, host, &v4.sin_addr) != 1)
		return -EINVAL;
	memcpy(&ret_address->address, &v4, sizeof(v4));
	ret_address->len = sizeof(v4);
	return 0;
}

int listen_parse(const char *text, struct listen_address *ret_address)
{
	_cleanup_free_ char *host = text_copy(text);
	char *colon = strrchr(host, ':');
	int64_t port;

	*ret_address = (struct listen_address){ 0 };
	if (text[0] == '/')
		return parse_path(text, ret_address);
	if (!colon || colon == host || text_to_number(colon + 1, 1, UINT16_MAX, &port) < 0)
		return -EINVAL;
	*colon = '\0';
	return parse_internet(host, (uint16_t)port, ret_address);
}

/* A socket in the file system is for the proxy's group, which the folder gives it; another one
 * there was left by an earlier run. */
static int open_one(const char *text, int *ret_fd)
{
	struct listen_address address;
	_cleanup_close_ int fd = -1;
	mode_t old_mask;
	int one = 1, r = listen_parse(text, &address);

	if (r < 0)
		return r;
	fd = socket(address.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (text[0] == '/')
		(void)unlink(text);
	else if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0)
		return -errno;
	if (address.address.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one)) < 0)
		return -errno;
	old_mask = umask(0117);
	r = bind(fd, (const struct sockaddr *)&address.address, address.len);
	r = r < 0 ? -errno : 0;
	(void)umask(old_mask);
	if (r == 0 && listen(fd, SOMAXCONN) < 0)
		r = -errno;
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

static int take_inherited(int n, int ret_fds[LISTEN_MAX], size_t *ret_n)
{
	if (n > LISTEN_MAX)
		return -E2BIG;
	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
			return -EINVAL;
		if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
			return -errno;
		ret_fds[i] = fd;
	}
	*ret_n = (size_t)n;
	return 0;
}

int listen_open(char *const *list, int ret_fds[LISTEN_MAX], size_t *ret_n)
{
	int r = sd_listen_fds(1);

	*ret_n = 0;
	if (r != 0) {
		r = r < 0 ? r : take_inherited(r, ret_fds, ret_n);
		if (r < 0)
			log_error("the sockets of systemd cannot be used: %s", strerror(-r));
		return r;
	}
	for (; *list && *ret_n < LISTEN_MAX; list++) {
		r = open_one(*list, &ret_fds[*ret_n]);
		if (r < 0) {
			log_error("cannot listen at %s: %s", *list, strerror(-r));
			return r;
		}
		(*ret_n)++;
	}
	return 0;
}
