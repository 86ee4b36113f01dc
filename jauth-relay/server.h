/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP for routes.c, by libmicrohttpd on our loop: no thread, no socket of its own. A proxy with
 * TLS stands before it; yet it must stand what the internet sends. Whoever is slow is closed, and
 * when connections become scarce those go first that have not finished their request.
 */
#pragma once

#include <stddef.h>
#include <systemd/sd-event.h>

struct relay;
struct server;

struct server_settings {
	struct relay *relay;
	const int *fds;                  /* listening; stay the caller's */
	size_t n_fds;
};

int server_new(const struct server_settings *settings, struct server **ret_server);
/* Closes all connections; nothing may answer a request afterwards. NULL is fine; returns NULL. */
struct server *server_free(struct server *server);

/* Accepts nobody any more and ends the loop when all requests are answered, or after STOP_S. */
void server_stop(struct server *server);
size_t server_count_connections(const struct server *server);    /* NULL: none */
