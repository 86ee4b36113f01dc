/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauthd's side of jauth-http: requests go over its socket, replies come back. Reconnects with
 * back-off, pings, and gives every request its reply by itself when the helper is gone or hangs.
 */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/http-message.h"

struct http;

/* Called on the loop, never from inside http_send(). May call http_send() and http_cancel(), not
 * http_free(). The reply is only lent. */
typedef void (*http_reply_fn)(void *context, uint64_t owner, uint32_t number,
			      const struct http_reply *reply);

/* `socket_path` is where jauth-http listens. Connects when the first request comes. */
int http_new(sd_event *event, const char *socket_path, http_reply_fn reply, void *context,
	     struct http **ret_http);
struct http *http_free(struct http *http);
/* `owner` and `number` come back with the reply. The request stays the caller's. Every accepted
 * request gets exactly one reply unless cancelled; one that is not valid gets HTTP_NOT_SENT.
 * Returns an id > 0, or 0 when too many are open (HTTP_OPEN_MAX, HTTP_QUEUE_MAX). */
uint64_t http_send(struct http *http, const struct http_request *request, uint64_t owner,
		   uint32_t number);
/* No reply will come. Nothing happens when that request is no longer open. */
void http_cancel(struct http *http, uint64_t id);
/* For status: connected, open requests, requests and failures so far. */
struct http_status {
	int connected;
	uint64_t n_open, n_sent, n_failed, n_reconnects;
};
void http_get_status(const struct http *http, struct http_status *ret_status);
