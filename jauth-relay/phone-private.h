/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What phone.c, phone-press.c and phone-callback.c share: a browser's visit of a link, and what it
 * may see of it. */
#pragma once

#include "jauth-relay/link.h"
#include "jauth-relay/phone.h"
#include "jauth-relay/request.h"
#include "jauth-relay/waits.h"

/* One request of a telephone: the request's state, wiped and freed with it. */
struct phone_visit {
	struct request *request;
	struct waiter waiter;
	char id[RELAY_ID_LEN + 1];
	char secret[RELAY_SECRET_LEN + 1];       /* of the browser's cookie for this link; or "" */
	char method[RELAY_METHOD_MAX + 1];
	/* A press. */
	char token[RELAY_ID_LEN + 1];
	char new_secret[RELAY_SECRET_LEN + 1];
	bool is_refusal, is_new;
	/* A callback. */
	const char *query;                       /* or form; the request's */
	enum link_callback taken;
};

struct phone_visit *phone_visit_new(struct request *request, const char *id);
/* `look` is called when the link has changed, and for the last time after so many seconds. */
void phone_visit_wait(struct phone_visit *visit, waiter_look_fn look, unsigned seconds);

/* Whether this browser is the one that completed the link. */
bool phone_has_completed(const struct phone_visit *visit, const struct link *link);
/* For the browser that completed the link: what came of it. False: nothing yet. */
bool phone_answer_outcome(struct request *request, const struct link *link);
/* The same, or for all others why it takes no press. False: it takes presses. */
bool phone_answer_state(struct phone_visit *visit, const struct link *link);
