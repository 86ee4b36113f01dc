/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauthd's side of jauth-relay: keeps the links of its logins open at whichever relay answers, and
 * follows the events of this host. What a link should be is remembered here, so a relay that was
 * lost, or forgot, is told again; every request may be repeated.
 *
 * What a relay says is foreign: an event of an unknown link is dropped, each thing can happen to a
 * link once, and a relay that chatters is asked less often.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/secret.h"
#include "base/url.h"
#include "jauthd/relay-message.h"

struct relay;

enum relay_failure {
	RELAY_FAILED_NETWORK,    /* no relay answers */
	RELAY_FAILED_BUSY,       /* too many links */
	RELAY_FAILED_KEY,        /* no relay takes this host's key */
	RELAY_FAILED_OTHER,      /* it does not keep to the interface, or forgets */
};

/* Called on the loop, never from inside a function below but relay_configure(), which may fail
 * links; may call all of them but that one and relay_free().
 * `owner` and `link` are those of relay_open(). Texts are lent. */
struct relay_handler {
	void (*opened)(void *context, uint64_t owner, uint64_t link);
	/* It is gone; nothing more comes. */
	void (*failed)(void *context, uint64_t owner, uint64_t link, enum relay_failure failure,
		       const char *detail);
	/* A button, each time it is another method's. */
	void (*pressed)(void *context, uint64_t owner, uint64_t link, const char *method);
	/* At most once; after relay_send_to(), or after `pressed` for a target that has no
	 * state. */
	void (*callback)(void *context, uint64_t owner, uint64_t link, const char *query);
	/* "This wasn't me"; at most once. */
	void (*refused)(void *context, uint64_t owner, uint64_t link);
	/* A vendor's request to an app that somebody may listen to, once: relay_answer_push(), now
	 * or later. True: it is somebody's. */
	bool (*pushed)(void *context, const struct relay_push *push);
};

int relay_new(sd_event *event, const char *http_socket, const struct relay_handler *handler,
	      void *context, struct relay **ret_relay);
struct relay *relay_free(struct relay *relay);           /* NULL is fine; returns NULL */

/* [relay]; copied. Links that are open go on at the new servers. Without a URL there is none. */
struct relay_settings {
	const char *url;                 /* of links and callbacks, without a path */
	char *const *servers;            /* where hosts ask; NULL: the URL */
	const struct secret *key;
};
void relay_configure(struct relay *relay, const struct relay_settings *settings);

/* Where telephones find a link. */
struct relay_address {
	char id[RELAY_ID_LEN + 1];
	char code[URL_MAX + 1];          /* RELAY_URL/q/ID; /m/ID, of mini programs only */
	char page[URL_MAX + 1];          /* RELAY_URL/d/ID */
};

/* A new link of `seconds` for this owner: its number. Cut at RELAY_LINK_SECONDS_MAX, unless it
 * listens: then others follow it, of which nobody knows. 0: no relay is configured, too many links,
 * or no random bytes. */
uint64_t relay_open(struct relay *relay, uint64_t owner, const struct relay_opening *opening,
		    int64_t seconds, struct relay_address *ret_address);
/* Where the button leads; with another method or state, callbacks of before are refused. */
void relay_send_to(struct relay *relay, uint64_t link, const char *method, const char *state,
		   const char *url);
/* For the telephone. `digits` with RELAY_RESULT_DIGITS only. */
void relay_tell(struct relay *relay, uint64_t link, enum relay_result result, const char *digits,
		const char *request);
/* The login is over; what was told is still delivered. Unknown numbers are fine. */
void relay_close(struct relay *relay, uint64_t link);

/* What the vendor is answered; a `body` that is too long becomes none. Only the first answer
 * counts, and one that comes too late is nobody's. What is not answered ends at the relay. */
void relay_answer_push(struct relay *relay, const char *id, unsigned status, const char *body);

/* RELAY_URL/cb/METHOD into the buffer. */
void relay_add_callback_url(const struct relay *relay, const char *method, struct buf *buf);

struct relay_status {
	bool is_configured, is_connected;        /* a server answered last */
	const char *server;              /* the one asked now, or "" */
	uint64_t n_links, n_opened, n_failures, n_switches, n_events;
};
void relay_get_status(const struct relay *relay, struct relay_status *ret_status);
