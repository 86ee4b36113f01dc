/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where links lie: in the memory of this relay, or in Redis, shared by several. Both are rows of
 * one vtable; nobody else knows which it is.
 *
 * Every call gets exactly one answer through its callback, perhaps before it returns. What is read
 * is lent until the callback returns or calls the store again. Errors: -ENOENT; -ESTALE (somebody
 * else was quicker: read again); -EDQUOT (the host has too many links), -ENFILE (all have);
 * -EHOSTDOWN (the shared store is away, or did not answer in time: it may or may not have
 * happened).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "jauth-relay/limits.h"
#include "jauth-relay/listeners.h"

struct store;

/* Limits are by kind: many of one take no place of the other. */
enum stored_kind { STORED_LINK, STORED_PUSH, STORED_N_KINDS };

/* A link, or a push, as bytes: see link_encode(), push_encode(). */
struct stored {
	enum stored_kind kind;           /* of what is put; not told of what is read */
	const char *id, *host;
	int64_t expires_s;               /* gone by itself afterwards */
	uint64_t version;                /* of what was read; 0: not there yet; never given twice */
	int64_t number;                  /* of its last event; 0: none; store_put() ignores it */
	const void *data;
	size_t len;
};

struct store_settings {
	sd_event *event;
	const char *redis;               /* NULL: memory; "HOST:PORT" or "/path/of/socket" */
	const char *redis_user;          /* or NULL */
	const struct secret *redis_password;     /* or NULL */
	const char *redis_prefix;        /* of all its keys; "jauth:" */
	int64_t links_max, links_per_host;
	/* Something changed here or at another relay: whoever waits for it looks again. */
	void (*link_changed)(void *context, const char *id);
	void (*host_changed)(void *context, const char *host);
	void (*keys_changed)(void *context);
	/* The shared store is back, or was found empty: what others changed meanwhile was not told,
	 * store_instance() may be another, and the records must be added and read again. */
	void (*came_back)(void *context);
	void *context;
};

int store_new(const struct store_settings *settings, struct store **ret_store);
/* Answers every open call with -EHOSTDOWN first. NULL is fine; returns NULL. */
struct store *store_free(struct store *store);

typedef void (*store_link_fn)(void *context, int error, const struct stored *link);
typedef void (*store_done_fn)(void *context, int error);

void store_get(struct store *store, const char *id, store_link_fn done, void *context);
/* Writes it if its version is still `link->version`. `is_event`: the host is told of it under a new
 * number. Everybody who waits for the link is woken. */
void store_put(struct store *store, const struct stored *link, bool is_event, store_done_fn done,
	       void *context);

/* At most RELAY_EVENTS_MAX links and pushes of the host whose number is above `after`, lowest
 * first; an `after` beyond all numbers that were given out counts as 0. `next` is the last one's
 * number, or `after` (or 0) when there is none. */
typedef void (*store_events_fn)(void *context, int error, const struct stored *links, size_t n,
				int64_t next);
void store_events(struct store *store, const char *host, int64_t after, store_events_fn done,
		  void *context);

/* The host listens to the app by this link until then; again: until another time. 0: no more. */
struct listening {
	const char *app, *host, *link;
	int64_t until_s;
};
void store_listen(struct store *store, const struct listening *listening, store_done_fn done,
		  void *context);
/* The hosts that do, each once, at most PUSH_HOSTS_MAX: those with the latest links. */
typedef void (*store_hosts_fn)(void *context, int error, const listener_host *hosts, size_t n);
void store_listeners(struct store *store, const char *app, store_hosts_fn done, void *context);

/* Notes `value` under `name` for so long, unless it has another one, anywhere: 0, or -EEXIST. The
 * same value again is 0. For enrolments, which bind one key. */
void store_once(struct store *store, const char *name, const char *value, int64_t seconds,
		store_done_fn done, void *context);

/* The records of hosts.h, which several relays share: adds one to the common ones, which each of
 * them then reads (keys_changed). Lines once added stay, so the earlier and the later state of a
 * record are both among them. Lost while the store is away: came_back(). In memory: nothing. */
typedef void (*store_record_fn)(void *context, const char *record);
void store_add_record(struct store *store, const char *record);
void store_each_record(struct store *store, store_record_fn each, store_done_fn done,
		       void *context);

/* Changes when links of before may be gone. "" while that is not known. */
const char *store_instance(const struct store *store);
struct store_status {
	bool is_up;
	int64_t n_links;                 /* of this relay's memory, or of all in Redis when known */
	uint64_t n_errors, n_reconnects;
};
void store_get_status(const struct store *store, struct store_status *ret_status);
