/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This host's key at a relay (base/relay-protocol.h), and the step that brings a new one. Nothing
 * here touches a file or a network. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/relay-protocol.h"
#include "base/secret.h"

struct relay_key {
	char id[RELAY_KEY_ID_LEN + 1];
	struct secret *token;            /* the whole of it: what a request carries */
};

int relay_key_new(struct relay_key *ret_key);            /* a random one: 0 or -errno */
int relay_key_parse(const struct secret *token, struct relay_key *ret_key);      /* or -EINVAL */
void relay_key_done(struct relay_key *key);
/* What a relay is told of a key: its id and a digest, as JSON. 0 or -errno. */
int relay_key_body(const struct relay_key *key, struct buf *ret_json);

/* The id of an enrolment token; false when it is none. */
bool relay_enrolment_id(const char *token, char ret_id[RELAY_KEY_ID_LEN + 1]);

enum relay_step {
	RELAY_ENROL,             /* `of` is the enrolment token's id */
	RELAY_ROTATE,            /* `of` is the id of the key that will go */
};

/* A new key that the relay may have or not: kept in a file from before the first request until all
 * is done, so that whoever was killed goes on with the same key. */
struct relay_pending {
	enum relay_step step;
	char of[RELAY_KEY_ID_LEN + 1];
	char *url;
	struct relay_key key;
};

/* The file, and what it says: 0, -EINVAL or -ENOMEM. */
void relay_pending_write(const struct relay_pending *pending, struct buf *ret_text);
int relay_pending_parse(const struct secret *text, struct relay_pending *ret_pending);
/* Whether it is this step, at this relay. `of` NULL: whichever. */
bool relay_pending_is(const struct relay_pending *pending, enum relay_step step, const char *url,
		      const char *of);
void relay_pending_done(struct relay_pending *pending);
