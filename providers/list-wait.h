/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Thousands of calls for one listing (provider.h, `list`): not faster than the vendor bears, and
 * again after a while where it has no room. What others are told of that is not touched: their
 * calls are other ones.
 */
#pragma once

#include "providers/api-call.h"

#define LIST_CALL_MS    60000            /* one call, whose answer may be long */
#define LIST_ROOM_MS    60000            /* a minute's limit is over then */
#define LIST_WAITS_MAX  10               /* of one call, in a row */

struct list_wait {
	const struct api_call *call;     /* the one to be made, or under way */
	unsigned n_waits;                /* in a row */
	int64_t gap_ms;                  /* from one call to the next; 0: none */
	int64_t last_ms;
};

/* Makes the call, when it is time. */
void list_call(struct login *login, struct list_wait *wait, const struct api_call *call);
/* In `fail` of such a call: true when it will be made again. */
bool list_waits(struct login *login, struct list_wait *wait, const struct api_result *result);
/* A timer that is not api-call.c's. */
void list_go_on(struct login *login, struct list_wait *wait);
