/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who must be done by when. All are given the same time, so they stand in the order in which their
 * time ends, and the first of them is also the one who has dawdled longest. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

struct slow;
struct slow_entry;

/* His time is over; he stands in the queue no more. */
typedef void (*slow_late_fn)(struct slow_entry *entry);

/* Embedded by who is watched; zeroed before its first use. */
struct slow_entry {
	bool is_queued;
	uint64_t deadline_us;
	struct slow_entry *before, *after;
};

int slow_new(sd_event *event, unsigned seconds, slow_late_fn late, struct slow **ret_slow);
struct slow *slow_free(struct slow *slow);       /* NULL is fine; returns NULL */

void slow_add(struct slow *slow, struct slow_entry *entry);      /* anew, when he is there */
void slow_remove(struct slow *slow, struct slow_entry *entry);   /* not there: fine */
/* As if the time of the first were over; false: nobody is there. */
bool slow_drop_first(struct slow *slow);
