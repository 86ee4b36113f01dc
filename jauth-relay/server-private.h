/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What server.c and server-exchange.c share; nobody else knows libmicrohttpd. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include <microhttpd.h>
#include <systemd/sd-event.h>

#include "jauth-relay/limits.h"
#include "jauth-relay/server.h"
#include "jauth-relay/slow.h"

struct exchange;

struct connection {
	struct server *server;
	int fd;
	char peer[INET6_ADDRSTRLEN];
	bool is_near;                    /* on this machine */
	struct slow_entry slow;          /* queued while READING or BODY */
};

struct server {
	struct relay *relay;
	struct MHD_Daemon *daemon;
	sd_event_source *listening[LISTEN_MAX];
	size_t n_listening;
	sd_event_source *epoll, *soon, *timer;   /* when the library has work */
	sd_event_source *stop;
	struct slow *slow;
	struct exchange *suspended;      /* in the hands of a handler */
	size_t n_connections, n_requests;
	bool is_stopping;
};

/* --- server.c --- */

void server_run_soon(struct server *server);             /* the library, in the next turn */
void server_stop_when_idle(struct server *server);       /* once server_stop() was called */

/* --- server-exchange.c: callbacks of the library, with the server as `cls` --- */

/* The first it tells of a request: its first line, whole. Returns the request, or NULL. */
void *exchange_begin(void *cls, const char *uri, struct MHD_Connection *handle);
/* With the headers, with each part of the body, at its end, and after MHD_resume. */
enum MHD_Result exchange_go_on(void *cls, struct MHD_Connection *handle, const char *url,
			       const char *method, const char *version, const char *data,
			       size_t *data_len, void **context);
void exchange_end(void *cls, struct MHD_Connection *handle, void **context,
		  enum MHD_RequestTerminationCode code);

/* Gives all back to the library that a handler still has. */
void exchange_release_all(struct server *server);
