/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/slow.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "base/macro.h"

struct slow {
	sd_event *event;
	uint64_t time_us;
	slow_late_fn late;
	sd_event_source *timer;          /* of the first, or of one who was first before */
	struct slow_entry *first, *last;
};

static uint64_t now_us(const struct slow *slow)
{
	uint64_t usec = 0;

	(void)sd_event_now(slow->event, CLOCK_MONOTONIC, &usec);
	return usec;
}

static void set_timer(struct slow *slow)
{
	(void)sd_event_source_set_time(slow->timer, slow->first->deadline_us);
	(void)sd_event_source_set_enabled(slow->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	struct slow *slow = userdata;
	const uint64_t now = now_us(slow);

	while (slow->first && slow->first->deadline_us <= now)
		(void)slow_drop_first(slow);
	if (slow->first)
		set_timer(slow);
	return 0;
}

int slow_new(sd_event *event, unsigned seconds, slow_late_fn late, struct slow **ret_slow)
{
	struct slow *slow = calloc(1, sizeof(*slow));
	int r;

	if (!slow)
		return -ENOMEM;
	slow->event = sd_event_ref(event);
	slow->time_us = seconds * 1000000ull;
	slow->late = late;
	r = sd_event_add_time(event, &slow->timer, CLOCK_MONOTONIC, UINT64_MAX, 0, on_timer, slow);
	if (r < 0) {
		slow_free(slow);
		return r;
	}
	*ret_slow = slow;
	return 0;
}

struct slow *slow_free(struct slow *slow)
{
	if (!slow)
		return NULL;
	sd_event_source_disable_unref(slow->timer);
	sd_event_unref(slow->event);
	free(slow);
	return NULL;
}

void slow_remove(struct slow *slow, struct slow_entry *entry)
{
	if (!entry->is_queued)
		return;
	*(entry->before ? &entry->before->after : &slow->first) = entry->after;
	*(entry->after ? &entry->after->before : &slow->last) = entry->before;
	*entry = (struct slow_entry){ 0 };
}

void slow_add(struct slow *slow, struct slow_entry *entry)
{
	slow_remove(slow, entry);
	entry->deadline_us = now_us(slow) + slow->time_us;
	entry->before = slow->last;
	*(slow->last ? &slow->last->after : &slow->first) = entry;
	slow->last = entry;
	entry->is_queued = true;
	if (slow->first == entry)
		set_timer(slow);
}

bool slow_drop_first(struct slow *slow)
{
	struct slow_entry *entry = slow->first;

	if (!entry)
		return false;
	slow_remove(slow, entry);
	slow->late(entry);
	return true;
}
