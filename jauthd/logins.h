/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All logins that go on: their numbers, their limits, and the way of every event to its login.
 * A login is found by id, never by pointer, so what comes late finds nothing.
 */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/catalog.h"
#include "jauthd/codes.h"
#include "jauthd/config.h"
#include "jauthd/http.h"
#include "jauthd/login.h"
#include "jauthd/relay.h"
#include "jauthd/store.h"
#include "jauthd/worker.h"

struct logins;
struct publish;

/* What logins work with; made by main, lives longer than the logins. */
struct logins_env {
	sd_event *event;
	struct store *store;
	struct workers *names;           /* user look-ups */
	struct workers *hashes;          /* password hashing */
	struct catalogs *catalogs;       /* translations */
	const char *http_socket;         /* of jauth-http */
	const char *dummy_hash;
	struct codes *codes;             /* tags of codes that were sent */
	/* MAY be NULL. A notice was added, see notices.h. */
	void (*noticed)(void *context);
	void *context;
	struct publish *publish;         /* of the user database */
};

int logins_new(const struct logins_env *env, struct config *config, struct logins **ret_logins);
struct logins *logins_free(struct logins *logins);   /* ends all without an outcome; NULL is fine */

/* New logins take this configuration, those that go on keep theirs. Starts the methods'
 * preparation. */
void logins_set_config(struct logins *logins, struct config *config);
struct config *logins_config(const struct logins *logins);

/* A new login; the client's end of its socket is the caller's to hand over and close. `user` may
 * be NULL: then it is looked up. Without `origin_is_known` the login waits for
 * logins_set_origin().
 * -EUSERS: too many wait in all or from this source. */
struct login_begin {
	const struct login_facts *facts;
	bool origin_is_known;
	bool is_remote, is_console;      /* when it is */
};
struct login_origin {
	bool is_remote;
	bool is_console;                 /* the physical one: as the kernel says, in no session */
};
int logins_begin(struct logins *logins, const struct login_begin *begin, uint64_t *ret_id,
		 int *ret_fd);
void logins_set_origin(struct logins *logins, uint64_t id, const struct login_origin *origin);

struct logins_status {
	uint64_t n_waiting, n_begun, n_granted, n_denied, n_failed;
	uint64_t n_offline;              /* of n_granted: by a password in place of a method */
	uint64_t n_break_glass;          /* codes that were right */
	struct http_status http;
	struct relay_status relay;
};
void logins_get_status(const struct logins *logins, struct logins_status *ret_status);
/* The loop's time: monotonic, and wall clock. */
int64_t logins_now_ms(const struct logins *logins);
int64_t logins_now_s(const struct logins *logins);
/* Runs the method's `list`, which tells `listing`; its end comes once and later, with NULL or the
 * fault, unless it is stopped before. The method is of `config`. -EUSERS. */
struct listing;
typedef void (*logins_listed_fn)(void *context, const char *fault);
struct logins_list {
	struct config *config;
	struct method *method;
	struct listing *listing;
	logins_listed_fn ended;
	void *context;
};
int logins_list(struct logins *logins, const struct logins_list *list, uint64_t *ret_id);
void logins_stop_list(struct logins *logins, uint64_t id);
/* What a method does without anybody at a terminal. Its end comes once, on the loop, perhaps before
 * logins_start_quiet() returns; never when the logins go first. */
enum quiet_kind {
	QUIET_MESSAGE,                   /* `text` to who has this identity; PROVIDER_DELIVERS */
	QUIET_SSH_KEYS,                  /* that he has there; PROVIDER_SSH_KEYS */
};
struct quiet_end {
	const char *fault;               /* NULL: it is done */
	const char *keys;                /* lines "TYPE BASE64"; lent */
};
struct quiet_errand {
	enum quiet_kind kind;
	const char *method_id;           /* of logins_config() */
	const char *subject, *text;
	void (*ended)(void *context, const struct quiet_end *end);       /* MAY be NULL */
	void *context;
};
/* -ENOENT: no such method; -EOPNOTSUPP: it does no such thing; -EUSERS: no room. */
int logins_start_quiet(struct logins *logins, const struct quiet_errand *errand);
const char *logins_host_name(const struct logins *logins);       /* as people see it */

/* There is something new to be sent to users by messages. */
void logins_noticed(const struct logins *logins);
/* What preparing this method last ended with: "" when it is ready or has nothing to prepare. */
const char *logins_method_fault(const struct logins *logins, const char *method_id);
