/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/store.h"

#include <time.h>

#include "jauth-relay/store-private.h"

int64_t store_now_us(const struct store *store)
{
	uint64_t usec = 0;

	(void)sd_event_now(store->settings.event, CLOCK_REALTIME, &usec);
	return (int64_t)usec;
}

struct store_limits store_limits(const struct store *store, enum stored_kind kind)
{
	const struct store_settings *settings = &store->settings;

	if (kind == STORED_PUSH)
		return (struct store_limits){ PUSHES_MAX, PUSHES_PER_HOST };
	return (struct store_limits){ settings->links_max, settings->links_per_host };
}

int store_new(const struct store_settings *settings, struct store **ret_store)
{
	const struct store_type *type = settings->redis ? &store_redis : &store_memory;

	return type->make(settings, ret_store);
}

struct store *store_free(struct store *store)
{
	if (store)
		store->type->drop(store);
	return NULL;
}

void store_get(struct store *store, const char *id, store_link_fn done, void *context)
{
	store->type->get(store, id, done, context);
}

void store_put(struct store *store, const struct stored *link, bool is_event, store_done_fn done,
	       void *context)
{
	store->type->put(store, link, is_event, done, context);
}

void store_events(struct store *store, const char *host, int64_t after, store_events_fn done,
		  void *context)
{
	store->type->events(store, host, after, done, context);
}

void store_listen(struct store *store, const struct listening *listening, store_done_fn done,
		  void *context)
{
	store->type->listen(store, listening, done, context);
}

void store_listeners(struct store *store, const char *app, store_hosts_fn done, void *context)
{
	store->type->listeners(store, app, done, context);
}

void store_once(struct store *store, const char *name, const char *value, int64_t seconds,
		store_done_fn done, void *context)
{
	store->type->once(store, name, value, seconds, done, context);
}

void store_add_record(struct store *store, const char *record)
{
	store->type->add_record(store, record);
}

void store_each_record(struct store *store, store_record_fn each, store_done_fn done,
		       void *context)
{
	store->type->each_record(store, each, done, context);
}

const char *store_instance(const struct store *store)
{
	return store->type->instance(store);
}

void store_get_status(const struct store *store, struct store_status *ret_status)
{
	store->type->get_status(store, ret_status);
}
