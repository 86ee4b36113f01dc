/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All requests at work: libcurl's multi handle on the loop, its pool of connections, and the
 * deadline of each request. A request is named by its client and the number the client gave it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/http-message.h"

struct transfers;

/* Called on the loop, never from inside the functions below. The reply is only lent. */
typedef void (*transfers_done_fn)(void *context, uint64_t client, uint64_t number,
				  const struct http_reply *reply);

struct transfers_settings {
	const char *ca_file;             /* NULL: those of the system */
	bool allow_loopback;
	transfers_done_fn done;
	void *context;
};

int transfers_new(sd_event *event, const struct transfers_settings *settings,
		  struct transfers **ret_transfers);
/* Ends all transfers without a word; NULL is fine; returns NULL. */
struct transfers *transfers_free(struct transfers *transfers);

/* Takes the request over, also when it fails. 0; -EEXIST when this number is at work already;
 * -ENOBUFS at TRANSFERS_MAX; -ENOMEM. */
int transfers_start(struct transfers *transfers, uint64_t client, uint64_t number,
		    struct http_request *request);
/* No reply will come. Nothing happens when there is no such transfer. */
void transfers_cancel(struct transfers *transfers, uint64_t client, uint64_t number);
void transfers_cancel_client(struct transfers *transfers, uint64_t client);
