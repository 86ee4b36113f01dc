/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a kind of store is: its row of functions, each as the one of the same name in store.h. */
#pragma once

#include "jauth-relay/store.h"

struct store_type {
	int (*make)(const struct store_settings *settings, struct store **ret_store);
	void (*drop)(struct store *store);
	void (*get)(struct store *store, const char *id, store_link_fn done, void *context);
	void (*put)(struct store *store, const struct stored *link, bool is_event,
		    store_done_fn done, void *context);
	void (*events)(struct store *store, const char *host, int64_t after,
		       store_events_fn done, void *context);
	void (*listen)(struct store *store, const struct listening *listening, store_done_fn done,
		       void *context);
	void (*listeners)(struct store *store, const char *app, store_hosts_fn done,
			  void *context);
	void (*once)(struct store *store, const char *name, const char *value, int64_t seconds,
		     store_done_fn done, void *context);
	void (*add_record)(struct store *store, const char *record);
	void (*each_record)(struct store *store, store_record_fn each, store_done_fn done,
			    void *context);
	const char *(*instance)(const struct store *store);
	void (*get_status)(const struct store *store, struct store_status *ret_status);
};

/* The first member of either kind. */
struct store {
	const struct store_type *type;
	struct store_settings settings;
};

extern const struct store_type store_memory;
extern const struct store_type store_redis;

/* "0123abc…": random for each store. */
#define INSTANCE_BYTES 16
#define INSTANCE_LEN   (2 * INSTANCE_BYTES)

struct store_limits {
	int64_t total, per_host;
};
struct store_limits store_limits(const struct store *store, enum stored_kind kind);

/* The loop's wall clock. */
int64_t store_now_us(const struct store *store);
