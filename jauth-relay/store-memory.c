/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links and pushes in the memory of one relay, gone with it. Trees find one of them, a host and a
 * note by name; what a host has stands in the order of its last event, each at the end when it gets
 * a new one.
 * Every answer is given before the call returns.
 */
#include <assert.h>
#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauth-relay/expiry.h"
#include "jauth-relay/store-private.h"

#define TICK_US 1000000ull

/* In each of these the name comes first: a tree compares it with the one that is looked for. */
struct owner {
	char host[RELAY_KEY_ID_LEN + 1];
	int64_t n_entries[STORED_N_KINDS];
	struct kept *oldest, *newest;   /* of those with events */
};

struct kept {
	char id[RELAY_ID_LEN + 1];
	enum stored_kind kind;
	struct owner *owner;
	struct kept *older, *newer;
	struct expiry expiry;
	uint64_t version;
	int64_t number;
	void *data;
	size_t len;
};

struct note {
	char name[STORE_NAME_MAX + 1], value[STORE_NAME_MAX + 1];
	struct expiry expiry;
};

struct memory {
	struct store store;
	char instance[INSTANCE_LEN + 1];
	void *entries, *owners, *notes;  /* trees, see tsearch(3) */
	struct expiries entries_end, notes_end;
	int64_t n_entries[STORED_N_KINDS];
	struct listeners *listeners;
	sd_event_source *tick;           /* enabled while anything is there */
	int64_t last_number;
};

static struct memory *memory_of(const struct store *store)
{
	return container_of(store, struct memory, store);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void *find(void *const *tree, const char *name)
{
	void *node = tfind(name, tree, compare_names);

	return node ? *(void **)node : NULL;
}

static void add(void **tree, void *named)
{
	if (!tsearch(named, tree, compare_names))
		abort();
}

static void *make(size_t size)
{
	void *made = calloc(1, size);

	if (!made)
		abort();
	return made;
}

/* --- a host's links in the order of their events --- */

static void unlist(struct kept *entry)
{
	struct owner *owner = entry->owner;

	if (!entry->number)
		return;
	*(entry->older ? &entry->older->newer : &owner->oldest) = entry->newer;
	*(entry->newer ? &entry->newer->older : &owner->newest) = entry->older;
	entry->older = entry->newer = NULL;
}

static void list_as_newest(struct kept *entry, int64_t number)
{
	struct owner *owner = entry->owner;

	unlist(entry);
	entry->number = number;
	entry->older = owner->newest;
	*(owner->newest ? &owner->newest->newer : &owner->oldest) = entry;
	owner->newest = entry;
}

/* --- end --- */

static void set_data(struct kept *entry, void *data, size_t len)
{
	if (entry->data)
		explicit_bzero(entry->data, entry->len);
	free(entry->data);
	entry->data = data;
	entry->len = len;
}

static void drop_entry(struct memory *memory, struct kept *entry)
{
	struct owner *owner = entry->owner;

	unlist(entry);
	memory->n_entries[entry->kind]--;
	owner->n_entries[entry->kind]--;
	if (!owner->n_entries[STORED_LINK] && !owner->n_entries[STORED_PUSH]) {
		(void)tdelete(owner, &memory->owners, compare_names);
		free(owner);
	}
	(void)tdelete(entry, &memory->entries, compare_names);
	expiries_remove(&memory->entries_end, &entry->expiry);
	set_data(entry, NULL, 0);
	free(entry);
}

static void drop_note(struct memory *memory, struct note *note)
{
	(void)tdelete(note, &memory->notes, compare_names);
	expiries_remove(&memory->notes_end, &note->expiry);
	free(note);
}

static void drop_until(struct memory *memory, int64_t now_s)
{
	struct expiry *expiry;

	while ((expiry = expiries_first(&memory->entries_end, now_s)))
		drop_entry(memory, container_of(expiry, struct kept, expiry));
	while ((expiry = expiries_first(&memory->notes_end, now_s)))
		drop_note(memory, container_of(expiry, struct note, expiry));
	listeners_drop_ended(memory->listeners, now_s);
}

static void drop_expired(struct memory *memory)
{
	drop_until(memory, store_now_us(&memory->store) / 1000000);
}

/* So that what is over does not wait in memory for the next request. */
static int on_tick(sd_event_source *source, uint64_t usec UNUSED, void *userdata)
{
	struct memory *memory = userdata;

	drop_expired(memory);
	if (!memory->entries && !memory->notes && !listeners_count(memory->listeners))
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return sd_event_source_set_time_relative(source, TICK_US);
}

static void start_ticking(struct memory *memory)
{
	int state = SD_EVENT_OFF;

	(void)sd_event_source_get_enabled(memory->tick, &state);
	if (state != SD_EVENT_OFF)
		return;
	(void)sd_event_source_set_time_relative(memory->tick, TICK_US);
	(void)sd_event_source_set_enabled(memory->tick, SD_EVENT_ON);
}

/* --- calls --- */

static void lend(const struct kept *entry, struct stored *ret_stored)
{
	*ret_stored = (struct stored){
		.id = entry->id,
		.host = entry->owner->host,
		.expires_s = entry->expiry.at_s,
		.version = entry->version,
		.number = entry->number,
		.data = entry->data,
		.len = entry->len,
	};
}

static void memory_get(struct store *store, const char *id, store_link_fn done, void *context)
{
	struct memory *memory = memory_of(store);
	const struct kept *entry;
	struct stored stored;

	drop_expired(memory);
	entry = find(&memory->entries, id);
	if (!entry) {
		done(context, -ENOENT, NULL);
		return;
	}
	lend(entry, &stored);
	done(context, 0, &stored);
}

static struct owner *get_owner(struct memory *memory, const char *host)
{
	struct owner *owner = find(&memory->owners, host);
	bool fits;

	if (owner)
		return owner;
	owner = make(sizeof(*owner));
	fits = text_into(owner->host, sizeof(owner->host), host);
	assert(fits);
	add(&memory->owners, owner);
	return owner;
}

/* 0, -ENFILE or -EDQUOT. */
static int add_entry(struct memory *memory, const struct stored *link, struct kept **ret_entry)
{
	const struct store_limits limits = store_limits(&memory->store, link->kind);
	const struct owner *owner = find(&memory->owners, link->host);
	struct kept *entry;
	bool fits;

	if (owner && owner->n_entries[link->kind] >= limits.per_host)
		return -EDQUOT;
	if (memory->n_entries[link->kind] >= limits.total)
		return -ENFILE;
	entry = make(sizeof(*entry));
	fits = text_into(entry->id, sizeof(entry->id), link->id);
	assert(fits);
	entry->kind = link->kind;
	entry->owner = get_owner(memory, link->host);
	entry->owner->n_entries[entry->kind]++;
	memory->n_entries[entry->kind]++;
	entry->expiry.at_s = link->expires_s;
	add(&memory->entries, entry);
	expiries_add(&memory->entries_end, &entry->expiry);
	*ret_entry = entry;
	return 0;
}

static int64_t next_number(struct memory *memory)
{
	memory->last_number = MAX(memory->last_number + 1, store_now_us(&memory->store));
	return memory->last_number;
}

static int write_entry(struct memory *memory, const struct stored *link, bool is_event)
{
	struct kept *entry = find(&memory->entries, link->id);
	_cleanup_free_ void *data = malloc(MAX(link->len, (size_t)1));
	int r = 0;

	if (!data)
		return -ENFILE;
	if ((entry ? entry->version : 0) != link->version)
		return -ESTALE;
	if (!entry)
		r = add_entry(memory, link, &entry);
	if (r < 0)
		return r;
	if (link->len)
		memcpy(data, link->data, link->len);
	set_data(entry, steal(&data), link->len);
	if (entry->expiry.at_s != link->expires_s) {
		expiries_remove(&memory->entries_end, &entry->expiry);
		entry->expiry.at_s = link->expires_s;
		expiries_add(&memory->entries_end, &entry->expiry);
	}
	entry->version = (uint64_t)next_number(memory);
	if (is_event)
		list_as_newest(entry, memory->last_number);
	return 0;
}

/* The names are copied: `link` may be gone after done(), and what it points to is perhaps ours. */
static void memory_put(struct store *store, const struct stored *link, bool is_event,
		       store_done_fn done, void *context)
{
	const struct store_settings *settings = &store->settings;
	struct memory *memory = memory_of(store);
	char id[RELAY_ID_LEN + 1], host[RELAY_KEY_ID_LEN + 1];
	bool fit = text_into(id, sizeof(id), link->id) && text_into(host, sizeof(host), link->host);
	struct stored copy = *link;
	int r;

	assert(fit);
	copy.id = id;
	copy.host = host;
	drop_expired(memory);
	r = write_entry(memory, &copy, is_event);
	if (r == 0)
		start_ticking(memory);
	done(context, r);
	if (r < 0)
		return;
	settings->link_changed(settings->context, id);
	if (is_event)
		settings->host_changed(settings->context, host);
}

/* From the newest back to `after`: what a host has not seen yet is little. */
static void memory_events(struct store *store, const char *host, int64_t after,
			  store_events_fn done, void *context)
{
	struct memory *memory = memory_of(store);
	struct stored list[RELAY_EVENTS_MAX];
	const struct owner *owner;
	const struct kept *entry, *seen;
	size_t n;

	drop_expired(memory);
	owner = find(&memory->owners, host);
	if (after > memory->last_number || after < 0)
		after = 0;
	for (seen = owner ? owner->newest : NULL; seen && seen->number > after;)
		seen = seen->older;
	entry = seen ? seen->newer : owner ? owner->oldest : NULL;
	for (n = 0; entry && n < RELAY_EVENTS_MAX; entry = entry->newer)
		lend(entry, &list[n++]);
	done(context, 0, list, n, n ? list[n - 1].number : after);
}

static void memory_listen(struct store *store, const struct listening *listening,
			  store_done_fn done, void *context)
{
	struct memory *memory = memory_of(store);

	drop_expired(memory);
	listeners_set(memory->listeners, listening->app, listening->host, listening->link,
		      listening->until_s);
	start_ticking(memory);
	done(context, 0);
}

static void memory_listeners(struct store *store, const char *app, store_hosts_fn done,
			     void *context)
{
	struct memory *memory = memory_of(store);
	listener_host hosts[PUSH_HOSTS_MAX];
	size_t n;

	drop_expired(memory);
	n = listeners_get(memory->listeners, app, PUSH_HOSTS_MAX, hosts);
	done(context, 0, hosts, n);
}

static int note_once(struct memory *memory, const char *name, const char *value, int64_t seconds)
{
	struct note *note = find(&memory->notes, name);
	bool fit;

	if (note)
		return text_equals(note->value, value) ? 0 : -EEXIST;
	if (memory->notes_end.n >= HOSTS_MAX)
		return -ENFILE;
	note = make(sizeof(*note));
	fit = text_into(note->name, sizeof(note->name), name) &&
	      text_into(note->value, sizeof(note->value), value);
	assert(fit);
	note->expiry.at_s = store_now_us(&memory->store) / 1000000 + seconds;
	add(&memory->notes, note);
	expiries_add(&memory->notes_end, &note->expiry);
	start_ticking(memory);
	return 0;
}

static void memory_once(struct store *store, const char *name, const char *value, int64_t seconds,
			store_done_fn done, void *context)
{
	struct memory *memory = memory_of(store);

	drop_expired(memory);
	done(context, note_once(memory, name, value, seconds));
}

/* Nobody shares it: the file has them all. */
static void memory_add_record(struct store *store UNUSED, const char *record UNUSED)
{
}

static void memory_each_record(struct store *store UNUSED, store_record_fn each UNUSED,
			       store_done_fn done, void *context)
{
	done(context, 0);
}

static const char *memory_instance(const struct store *store)
{
	return memory_of(store)->instance;
}

static void memory_get_status(const struct store *store, struct store_status *ret_status)
{
	*ret_status = (struct store_status){
		.is_up = true,
		.n_links = memory_of(store)->n_entries[STORED_LINK],
	};
}

static void memory_drop(struct store *store)
{
	struct memory *memory = memory_of(store);

	drop_until(memory, INT64_MAX);
	expiries_done(&memory->entries_end);
	expiries_done(&memory->notes_end);
	listeners_free(memory->listeners);
	(void)sd_event_source_disable_unref(memory->tick);
	free(memory);
}

static int memory_make(const struct store_settings *settings, struct store **ret_store)
{
	struct memory *memory = make(sizeof(*memory));
	int r = random_hex(memory->instance, INSTANCE_BYTES);

	memory->store = (struct store){ &store_memory, *settings };
	memory->listeners = listeners_new();
	if (r >= 0)
		r = sd_event_add_time_relative(settings->event, &memory->tick, CLOCK_MONOTONIC,
					       TICK_US, 0, on_tick, memory);
	if (r >= 0)
		r = sd_event_source_set_enabled(memory->tick, SD_EVENT_OFF);
	if (r < 0) {
		memory_drop(&memory->store);
		return r;
	}
	*ret_store = &memory->store;
	return 0;
}

const struct store_type store_memory = {
	.make = memory_make,
	.drop = memory_drop,
	.get = memory_get,
	.put = memory_put,
	.events = memory_events,
	.listen = memory_listen,
	.listeners = memory_listeners,
	.once = memory_once,
	.add_record = memory_add_record,
	.each_record = memory_each_record,
	.instance = memory_instance,
	.get_status = memory_get_status,
};
