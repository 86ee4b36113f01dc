/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who waits for a link or for a host's links to change. A waiter looks (reads the store) at once,
 * again after each change, and a last time when its time is over. A change during a look is not
 * lost: then it looks once more. Looks happen on the loop, never inside the call that woke them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "jauth-relay/limits.h"

struct waits;
struct waiter;

/* Starts a look, whose end is waiter_stay() or waiter_done(), perhaps before it returns. When
 * `is_last` waiter_stay() is not allowed. */
typedef void (*waiter_look_fn)(struct waiter *waiter);

/* Embedded by the one who waits; zeroed before waiter_start(). */
struct waiter {
	waiter_look_fn look;
	bool is_last;
	/* Private. */
	struct waits *owner;
	char key[RELAY_ID_LEN + 1];
	bool is_looking, is_due;
	sd_event_source *timer;
	struct waiter *next;             /* of its bucket, newest first */
};

struct waits *waits_new(sd_event *event);                /* aborts when there is no memory */
struct waits *waits_free(struct waits *waits);           /* nobody may be waiting any more */

/* `key`: id of a link or host. When WAITERS_PER_KEY wait for it already, the oldest has its last
 * look. */
void waiter_start(struct waits *waits, struct waiter *waiter, const char *key, unsigned seconds);
void waiter_start_ms(struct waits *waits, struct waiter *waiter, const char *key, unsigned ms);
void waiter_stay(struct waiter *waiter);
void waiter_done(struct waiter *waiter);         /* never started, or twice: fine */

void waits_wake(struct waits *waits, const char *key);    /* NULL: everybody */
/* Their last look; NULL: everybody's. */
void waits_end(struct waits *waits, const char *key);
size_t waits_count(const struct waits *waits);
