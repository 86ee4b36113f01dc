/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of a vendor's API, one at a time in a login, with the app token or without. The token is
 * kept for all logins of the method and fetched by one of them for all; one that does not hold any
 * more is renewed once in a login; a vendor that is busy is asked again a few times; an answer that
 * would be everybody's is kept for a while, so that a wrong secret or a used-up quota is not asked
 * about again and again. Everything else ends the login.
 *
 * The provider's shared state begins with a struct api_shared, its login state with a struct
 * api_login, and its operations hand events on: see api_take_reply().
 */
#pragma once

#include "providers/api-reply.h"
#include "providers/provider.h"

#define API_TRIES_MAX 3                  /* again, when the vendor is busy, */
#define API_TRY_MS    500                /* after so long, then twice that, … */
#define API_LOOK_MS   200                /* how often a login looks whether the token is there */
#define API_SHARED_MS 1000               /* so long a token that was not got is everybody's */

/* Kept per method between logins. */
struct api_shared {
	struct secret *token;            /* of the app; NULL: none */
	int64_t token_until_ms;
	uint64_t token_number;           /* another one with each token */
	bool is_fetching;                /* one login does, for all of them */
	int64_t pause_until_ms;          /* until then everybody gets `pause` */
	struct api_result pause;
};

/* Where the app token comes from. */
struct api_vendor {
	/* NULL: it does not fit into a request. */
	struct http_request *(*make_token)(struct login *login);
	void (*read_token)(const struct http_reply *reply, struct api_token *ret_token,
			   struct api_result *ret_result);
};

struct api_call {
	/* NULL vendor: the call needs no app token, and `token` is NULL. */
	const struct api_vendor *vendor;
	/* NULL: it does not fit into a request. MAY be NULL itself, and `read` with it: that there
	 * is a token is all that is wanted. */
	struct http_request *(*make)(struct login *login, const struct secret *token);
	void (*read)(struct login *login, const struct http_reply *reply,
		     struct api_result *ret_result);
	/* `read` said API_GOOD. */
	void (*next)(struct login *login);
	/* MAY be NULL. `read` said something that would end the login: true when it goes on all the
	 * same, or was ended here. Before that counts for others: see api_end(). */
	bool (*fail)(struct login *login, const struct api_result *result);
};

enum api_state {
	API_IDLE,
	API_WAITING,             /* timer; another login fetches the token */
	API_FETCHING,            /* the token */
	API_CALLING,
	API_RESTING,             /* timer; then FETCHING or CALLING, whichever it was */
};

/* Kept per login. */
struct api_login {
	enum api_state state;
	const struct api_call *call;
	unsigned n_tries;                /* of this call, after the first one */
	bool has_renewed;                /* a login gets one more token, whatever it asks */
	bool is_fetching;                /* for all: `is_fetching` of the method is ours */
	uint64_t token_number;           /* of the token in use */
};

/* What others were told holds for this login as well, which has ended so. For requests that are no
 * calls: api_start() looks by itself. */
bool api_ends_paused(struct login *login);
/* Starts one; the one before is over. */
void api_start(struct login *login, const struct api_call *call);
/* A call is under way, or waits: replies and timeouts are its. */
bool api_is_busy(struct login *login);
void api_take_reply(struct login *login, const struct http_reply *reply);
void api_take_timeout(struct login *login);
/* The login is over: others may fetch. In `finish`. */
void api_finish(struct login *login);
/* In `release`. */
void api_release(struct api_shared *shared);

/* A GET for a small JSON body, by the proxy if not NULL; frees the address, and is NULL when that
 * became too long. */
struct http_request *api_get(struct buf *url, const char *proxy);
/* The same for a POST of JSON, which is sent once. */
struct http_request *api_post(struct buf *url, const struct secret *json, const char *proxy);
/* How a result ends the login; and others for a while, when it is everybody's. */
void api_end(struct login *login, const struct api_result *result);
