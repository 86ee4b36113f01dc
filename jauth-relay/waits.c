/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/waits.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/macro.h"
#include "base/text.h"

#define N_BUCKETS 1024

struct waits {
	sd_event *event;
	sd_event_source *due;            /* runs the looks that are due */
	struct waiter *buckets[N_BUCKETS];
	size_t n;
};

/* Keys are random ids, made by hosts that have a key of ours. */
static struct waiter **bucket(struct waits *waits, const char *key)
{
	uint32_t hash = 2166136261u;

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 16777619u;
	return &waits->buckets[hash % N_BUCKETS];
}

static void look_soon(struct waiter *waiter)
{
	waiter->is_due = true;
	(void)sd_event_source_set_enabled(waiter->owner->due, SD_EVENT_ONESHOT);
}

static void look(struct waiter *waiter)
{
	waiter->is_due = false;
	waiter->is_looking = true;
	waiter->look(waiter);
}

static struct waiter *find_due(struct waiter *first)
{
	while (first && (!first->is_due || first->is_looking))
		first = first->next;
	return first;
}

/* A look may end its waiter, or others, so each search begins anew. */
static int on_due(sd_event_source *source UNUSED, void *userdata)
{
	struct waits *waits = userdata;

	for (size_t i = 0; i < N_BUCKETS; i++) {
		struct waiter *waiter;

		while ((waiter = find_due(waits->buckets[i])))
			look(waiter);
	}
	return 0;
}

static void end(struct waiter *waiter)
{
	waiter->is_last = true;
	look_soon(waiter);
}

static int on_timer(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	end(userdata);
	return 0;
}

struct waits *waits_new(sd_event *event)
{
	struct waits *waits = calloc(1, sizeof(*waits));

	if (!waits || sd_event_add_defer(event, &waits->due, on_due, waits) < 0 ||
	    sd_event_source_set_enabled(waits->due, SD_EVENT_OFF) < 0)
		abort();
	waits->event = sd_event_ref(event);
	return waits;
}

struct waits *waits_free(struct waits *waits)
{
	if (!waits)
		return NULL;
	assert(waits->n == 0);
	sd_event_source_disable_unref(waits->due);
	sd_event_unref(waits->event);
	free(waits);
	return NULL;
}

/* The newest stand first, so the last of them is the oldest. */
static void make_room(struct waiter *first, const char *key)
{
	struct waiter *oldest = NULL;
	unsigned n = 0;

	for (; first; first = first->next) {
		if (first->is_last || strcmp(first->key, key) != 0)
			continue;
		oldest = first;
		n++;
	}
	if (n >= WAITERS_PER_KEY)
		end(oldest);
}

void waiter_start_ms(struct waits *waits, struct waiter *waiter, const char *key, unsigned ms)
{
	struct waiter **first = bucket(waits, key);

	assert(!waiter->owner);
	make_room(*first, key);
	waiter->owner = waits;
	(void)text_into(waiter->key, sizeof(waiter->key), key);
	waiter->next = *first;
	*first = waiter;
	waits->n++;
	waiter->is_last = ms == 0;
	if (ms > 0 &&
	    sd_event_add_time_relative(waits->event, &waiter->timer, CLOCK_MONOTONIC,
				       ms * 1000ull, 10000, on_timer, waiter) < 0)
		abort();
	look(waiter);
}

void waiter_start(struct waits *waits, struct waiter *waiter, const char *key, unsigned seconds)
{
	waiter_start_ms(waits, waiter, key, seconds * 1000);
}

void waiter_stay(struct waiter *waiter)
{
	assert(!waiter->is_last);
	waiter->is_looking = false;
	if (waiter->is_due)
		look_soon(waiter);
}

void waiter_done(struct waiter *waiter)
{
	struct waiter **at;

	if (!waiter->owner)
		return;
	for (at = bucket(waiter->owner, waiter->key); *at != waiter; at = &(*at)->next)
		;
	*at = waiter->next;
	waiter->owner->n--;
	waiter->owner = NULL;
	waiter->timer = sd_event_source_disable_unref(waiter->timer);
}

/* Those of one key, or NULL: all. */
static void each_of(struct waits *waits, const char *key, void (*act)(struct waiter *waiter))
{
	struct waiter **first = key ? bucket(waits, key) : waits->buckets;
	struct waiter **last = key ? first : waits->buckets + N_BUCKETS - 1;

	for (; first <= last; first++)
		for (struct waiter *waiter = *first; waiter; waiter = waiter->next)
			if (!key || strcmp(waiter->key, key) == 0)
				act(waiter);
}

void waits_wake(struct waits *waits, const char *key)
{
	each_of(waits, key, look_soon);
}

void waits_end(struct waits *waits, const char *key)
{
	each_of(waits, key, end);
}

size_t waits_count(const struct waits *waits)
{
	return waits->n;
}
