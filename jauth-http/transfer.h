/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request as libcurl carries it out: the handle with all its options, the reply as it
 * comes in within its bounds, and what the outcome means to jauthd.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "base/http-message.h"

struct transfer_options {
	const char *ca_file;             /* NULL: those of the system */
	bool allow_loopback;             /* for test set-ups only; see address.h */
	CURLSH *share;                   /* TLS sessions, so that a new connection is a cheap one */
};

struct transfer;

/* Takes the request over, also when it fails. `options` must live as long as the transfer.
 * CURLINFO_PRIVATE of its handle is `context`. NULL: no memory, or libcurl refuses an option. */
struct transfer *transfer_new(const struct transfer_options *options,
			      struct http_request *request, void *context);
/* Wipes and frees; the handle must have left its multi handle. NULL is fine; returns NULL. */
struct transfer *transfer_free(struct transfer *transfer);

CURL *transfer_handle(struct transfer *transfer);

/* What to reply when libcurl ended it with `code`; the body leaves the transfer. */
void transfer_finish(struct transfer *transfer, CURLcode code, struct http_reply *ret_reply);
