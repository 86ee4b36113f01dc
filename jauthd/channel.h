/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The socket of one login: steps out, answers in. Whatever is not an answer ends this login and
 * nothing else; the loop never blocks on it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/login-protocol.h"
#include "base/secret.h"

struct channel;

/* All are called from the loop, never from inside a function of the channel. */
struct channel_events {
	/* The answer to ask `number`; the secret stays the channel's. */
	void (*answer)(void *context, uint32_t number, const struct secret *answer);
	void (*cancel)(void *context);   /* the person gave up at a prompt */
	void (*gone)(void *context, const char *why);    /* EOF, or a peer that does not keep to
	                                                  * the protocol */
};

/* Makes the pair; `ret_peer_fd` goes to the client and is the caller's to close. */
int channel_new(sd_event *event, const struct channel_events *events, void *context,
		struct channel **ret_channel, int *ret_peer_fd);
/* Drains and closes; NULL is fine; returns NULL. What was sent can still be read by the peer. */
struct channel *channel_free(struct channel *channel);
/* 0 or -errno: the peer is gone or does not read. */
int channel_send(struct channel *channel, const struct login_step *step);
