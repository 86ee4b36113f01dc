/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The frames of http-message.h over a connected stream socket, on the loop.
 *
 * Bytes of both directions are wiped when they are done with. The queue of what
 * was not written yet is bounded; nothing here waits for the peer.
 */
#pragma once

#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/buf.h"
#include "base/http-message.h"

struct http_stream;

struct http_stream_handler {
	/* A whole frame has come. Negative ends the stream. Must not free the stream. */
	int (*frame)(void *context, const struct http_frame_view *frame);
	/* It is over: -ECONNRESET when the peer has left, -EBADMSG for what is no frame, or what
	 * `frame` returned. Called once and last, on the loop; may free the stream. */
	void (*ended)(void *context, int error);
};

/* Takes over `fd` when it returns 0. The handler must live as long as the stream. */
int http_stream_new(sd_event *event, int fd, const struct http_stream_handler *handler,
		    void *context, struct http_stream **ret_stream);
/* Closes the socket and wipes what was not sent; NULL is fine; returns NULL. */
struct http_stream *http_stream_free(struct http_stream *stream);

/* Queues whole frames and never calls the handler. `frame` is empty afterwards. 0; -EMSGSIZE when
 * that buffer has failed; -ENOBUFS when more than `queue_max` bytes would wait. */
int http_stream_send(struct http_stream *stream, struct buf *frame, size_t queue_max);
