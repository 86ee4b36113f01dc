/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The two connections of store-redis.c: one for commands, one on which Redis tells of changes. They
 * live and die together: when either is lost, refuses or stops answering, both are closed and
 * everything that is open is answered with NULL; then they are made anew, with growing pauses.
 */
#pragma once

#include <sys/queue.h>

#include <hiredis/async.h>

#include "jauth-relay/store-private.h"

#define COMMAND_ARGUMENTS_MAX 20

/* A command and the keys and values behind it, all copied. */
struct command {
	char *argv[COMMAND_ARGUMENTS_MAX];
	size_t lens[COMMAND_ARGUMENTS_MAX];
	int argc;
};

void command_add(struct command *command, const void *data, size_t len);
void command_add_text(struct command *command, const char *text);
void command_add_number(struct command *command, int64_t number);
void command_done(struct command *command);              /* wipes */

struct redis_store;
struct redis_request;

/* `reply` NULL: there will be none. */
typedef void (*reply_fn)(struct redis_store *redis, struct redis_request *request,
			 const redisReply *reply);

/* One command without its reply. Who sends it fills in what the reply needs. */
struct redis_request {
	TAILQ_ENTRY(redis_request) links;
	struct redis_store *redis;
	struct command command;
	const char *script;              /* or NULL; sent whole to who does not know it */
	uint64_t deadline_us;
	reply_fn on_reply;
	/* of a call of store.h */
	union {
		store_link_fn link;
		store_done_fn done;
		store_events_fn events;
		store_hosts_fn hosts;
	} answer;
	store_record_fn each;
	void *context;
	char name[STORE_NAME_MAX + 1];
};

struct connection {
	struct redis_store *redis;
	redisAsyncContext *async;        /* NULL: none, or hiredis is about to free it */
	sd_event_source *io;
};

struct redis_store {
	struct store store;
	struct look_up *look_up;         /* or NULL: there is a path */
	char *path, *channel;
	struct connection commands, changes;
	TAILQ_HEAD(redis_requests, redis_request) open;      /* in the order they were sent */
	size_t n_open;
	sd_event_source *deadline, *beat, *retry;
	unsigned backoff_ms;
	bool is_greeted;                 /* the commands' handshake is done */
	bool is_subscribed;
	bool has_heard;                  /* of a change, since the last beat */
	bool is_up, was_up, is_told;
	char instance[INSTANCE_LEN + 1];
	int64_t n_links, told_s;
	uint64_t n_errors, n_reconnects;
};

int redis_open(struct redis_store *redis);               /* 0 or -errno; goes on by itself */
void redis_close(struct redis_store *redis);

struct redis_request *redis_request_new(reply_fn on_reply, void *context);
/* Takes the request over; answers it with NULL at once when that is known. The reply of a request
 * that is sent during the handshake is told in any case. */
void redis_send(struct redis_store *redis, struct redis_request *request, bool is_handshake);
/* The connection is of no use: closes both. */
void redis_lose(struct redis_store *redis, const char *why);
uint64_t redis_now_us(const struct redis_store *redis);  /* of the clock that only goes on */
void redis_set_timer(sd_event_source *timer, uint64_t usec);
/* Now and then. */
void redis_tell_error(struct redis_store *redis, const redisReply *reply);
/* True unless it is an error, which is counted and told. NULL is an error. */
bool redis_reply_is_good(struct redis_store *redis, const redisReply *reply, int type);

enum redis_script {
	SCRIPT_PUT, SCRIPT_EVENTS, SCRIPT_LISTEN, SCRIPT_ONCE, SCRIPT_RECORD, N_REDIS_SCRIPTS
};

extern const char *const redis_scripts[N_REDIS_SCRIPTS];

/* Of store-redis.c: the first commands of a connection, and again at each beat. */
void redis_greet(struct redis_store *redis);
/* A message, not ours to trust. */
void redis_heard(struct redis_store *redis, const char *text);
/* Everything is there: called at the end of greeting and subscribing. */
void redis_check_up(struct redis_store *redis);
