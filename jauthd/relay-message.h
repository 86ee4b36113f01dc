/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes to the relay and what comes from it, see base/relay-protocol.h. Pure functions. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/http-message.h"
#include "base/relay-protocol.h"

/* What the page shows, and where it can lead. Texts are lent. */
struct relay_target {
	const char *method, *title;
	enum relay_app app;
	bool has_no_state;               /* its callbacks have none: PROVIDER_NO_STATE */
};

struct relay_opening {
	const char *user, *service, *source;
	int64_t since_s;
	bool digits;
	const char *listen;              /* the vendor's name of an app; NULL: none */
	struct relay_target targets[RELAY_TARGETS_MAX];
	unsigned n_targets;              /* 0 with `listen` only */
};

/* All but the end of PUT /v1/links/ID: what is left of its time goes behind it at each try. Names
 * that are too long for the relay are cut at a whole character. */
void relay_message_open(const struct relay_opening *opening, struct buf *buf);
void relay_message_end(int64_t seconds, struct buf *buf);
void relay_message_target(const char *method, const char *state, const char *url, struct buf *buf);
/* `digits` with RELAY_RESULT_DIGITS only; else NULL. */
void relay_message_result(enum relay_result result, const char *digits, const char *request,
			  struct buf *buf);
/* PUT /v1/pushes/ID. */
void relay_message_answer(unsigned status, const char *body, struct buf *buf);

/* The state of one link. */
struct relay_event {
	char link[RELAY_ID_LEN + 1];
	int64_t presses;
	char method[RELAY_METHOD_MAX + 1];       /* "": no press */
	char *callback;                          /* NULL: none */
	bool refused;
};

/* A request of a vendor that waits for its answer. */
struct relay_push {
	char id[RELAY_ID_LEN + 1];       /* [A-Za-z0-9_-], all of it */
	char app[RELAY_LISTEN_MAX + 1];
	char method[8];                  /* "GET", "POST" */
	char *query, *body;              /* may be "" */
};

struct relay_news {
	char instance[RELAY_INSTANCE_MAX + 1];
	int64_t next;
	struct relay_event events[RELAY_EVENTS_MAX];
	unsigned n_events;
	struct relay_push pushes[RELAY_EVENTS_MAX];
	unsigned n_pushes;
};

/* The reply to GET /v1/events, which must be 200. NULL: anything is not as it should be; but a push
 * that is not as it should be is left out. */
struct relay_news *relay_message_read(const struct http_reply *reply);
struct relay_news *relay_news_free(struct relay_news *news);     /* wipes; NULL is fine */
