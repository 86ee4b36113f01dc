/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One link: what a host said of it and what telephones did with it. Pure: no clock, no store, no
 * socket. A link is read from the store, changed by one of the functions below, and written back
 * only if nobody changed it meanwhile; so each change happens whole, on whichever relay.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "jauth-relay/limits.h"

struct link_target {
	char method[RELAY_METHOD_MAX + 1];
	char title[RELAY_TITLE_MAX + 1];
	enum relay_app app;
};

/* A browser that pressed a button, or a mini program that confirmed. */
struct link_press {
	unsigned char cookie[SHA256_BYTES];      /* digest of its cookie's, or receipt's, secret */
	unsigned method;                         /* index of the target */
};

#define LINK_NONE (-1)

struct link {
	char id[RELAY_ID_LEN + 1];
	char host[RELAY_KEY_ID_LEN + 1];         /* id of the host that owns it */
	char host_name[RELAY_HOST_MAX + 1];      /* as enrolled, for the page */
	char user[RELAY_USER_MAX + 1];
	char service[RELAY_SERVICE_MAX + 1];
	char source[RELAY_SOURCE_MAX + 1];
	int64_t since_s, expires_s;              /* Unix */
	bool digits;
	char listen[RELAY_LISTEN_MAX + 1];       /* app whose pushes the host is told of; or "" */
	struct link_target targets[RELAY_TARGETS_MAX];
	unsigned n_targets;
	char token[RELAY_ID_LEN + 1];            /* of the page's form */

	/* One place is left for a mini program, however often buttons were pressed. */
	struct link_press presses[LINK_PRESSES_MAX + 1];
	unsigned n_presses;
	/* Where the button leads now. */
	int target;                              /* index, or LINK_NONE */
	char state[RELAY_STATE_MAX + 1];
	char *url;
	/* The one callback. */
	int callback_press;                      /* index, or LINK_NONE */
	char *callback;                          /* its query */
	bool refused;
	bool over;
	int result;                              /* enum relay_result, or LINK_NONE */
	char digits_text[RELAY_DIGITS + 1];
	char request[RELAY_REQUEST_MAX + 1];
};

/* From the body of PUT /v1/links/ID. 0; -EINVAL: not as the specification says. id, host,
 * host_name and a fresh token are filled in; expires_s counts from now_s. */
struct link_owner {
	const char *id, *host, *host_name;
};
int link_new(const struct link_owner *owner, const char *body, size_t len, int64_t now_s,
	     struct link **ret_link);
struct link *link_free(struct link *link);       /* wipes; NULL is fine; returns NULL */

/* As the store keeps it, in a wiping buffer of LINK_BYTES_MAX. 0, or -EBADMSG for bytes that
 * link_encode() did not make. */
void link_encode(const struct link *link, struct buf *buf);
int link_decode(const void *data, size_t len, struct link **ret_link);

/* Index of the target with this method, or LINK_NONE. */
int link_find_target(const struct link *link, const char *method);
/* The press of the browser with this cookie secret (the text behind the dot), or LINK_NONE. */
int link_find_press(const struct link *link, const char *secret);

/* True while telephones may do anything with it. */
bool link_is_open(const struct link *link, int64_t now_s);

/* A browser presses `method`'s button; its cookie secret is new. 0; -ENOENT: no such target;
 * -EUSERS: too many presses; -ESTALE: no longer open, refused, or a callback was taken; -EIO. */
int link_press(struct link *link, const char *method, const char *secret, int64_t now_s);
/* "This wasn't me". 0; -EALREADY; -ESTALE: over. */
int link_refuse(struct link *link, int64_t now_s);
/* What the host says; 0, -EINVAL, or -ESTALE: over. */
int link_set_target(struct link *link, const char *body, size_t len);
int link_set_result(struct link *link, const char *body, size_t len);
void link_end(struct link *link);

/* A browser comes back to METHOD's path with this cookie secret and query. */
enum link_callback {
	LINK_TAKEN,              /* the first completion: tell the host, wait for the result */
	LINK_AGAIN,              /* the same browser once more: show what there is */
	LINK_FOREIGN,            /* no press of this method with this cookie */
	LINK_SUPERSEDED,         /* its press is right, its state is not the present one */
	LINK_USED,               /* another browser completed it before */
	/* The query cannot be read, or has no state. What else must be in it only the host knows:
	 * some providers say "refused" with nothing but the state. */
	LINK_BAD,
	LINK_OVER,               /* expired, refused, or ended by the host */
};
enum link_callback link_take_callback(struct link *link, const char *method, const char *secret,
				      const char *query, int64_t now_s);

/* A mini program confirms with a code of the vendor: press and completion in one, for the target
 * that a button was pressed for last, or the first one of a mini program. `receipt` is new, and
 * is to it what the cookie is to a browser. 0; -ENOENT: no target of a mini program; -EALREADY:
 * somebody completed or refused before; -ESTALE: over; -EINVAL: no code; -EIO. */
int link_confirm(struct link *link, const char *js_code, const char *receipt, int64_t now_s);
/* "This wasn't me", by a mini program: the same errors. */
int link_deny(struct link *link, int64_t now_s);
/* Whether it may show the result. */
bool link_has_receipt(const struct link *link, const char *receipt);
/* A target that a mini program may confirm for, or LINK_NONE. */
int link_find_mini(const struct link *link);

/* One event of GET /v1/events as JSON text. */
void link_add_event(const struct link *link, int64_t number, struct buf *buf);
