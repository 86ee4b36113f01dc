/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clients of jauth-http, in practice one jauthd: who may connect, and what their frames ask.
 * A client that sends anything but whole, valid frames is closed; its transfers end with it.
 */
#pragma once

#include <sys/types.h>
#include <systemd/sd-event.h>

#include "jauth-http/transfers.h"

struct server;

struct server_settings {
	int fd;                          /* listening stream socket; stays the caller's */
	uid_t client_uid;                /* may connect, besides root */
	const char *ca_file;
	bool allow_loopback;
};

int server_new(sd_event *event, const struct server_settings *settings,
	       struct server **ret_server);
struct server *server_free(struct server *server);       /* NULL is fine; returns NULL */
