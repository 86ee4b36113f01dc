/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the login type `wecom` share: wecom.c logs in over the relay, wecom-poll.c
 * without one, wecom-api.c makes the calls of both, wecom-message.c sends messages,
 * wecom-type.c has the keys.
 */
#pragma once

#include "providers/provider.h"
#include "providers/wecom-page.h"
#include "providers/wecom-reply.h"

#define WECOM_TRIES_MAX      3           /* again, when the vendor is busy, */
#define WECOM_TRY_MS         500         /* after so long, then twice that, … */
#define WECOM_LOOK_MS        200         /* how often a login looks whether the token is there */
#define WECOM_SHARED_MS      1000        /* so long a token that was not got is everybody's */
#define WECOM_MESSAGE_MAX    2048        /* bytes; the vendor cuts what is longer */

#define WECOM_POLL_HELD_MS   60000       /* the server holds a poll until something happens */
#define WECOM_POLL_REST_MS   1000        /* between two of them */
#define WECOM_POLLS_LOST_MAX 3           /* in a row, without an answer */
#define WECOM_RENEWALS_MAX   2           /* of the code on the screen */

#define WECOM_JSON           "application/json"

enum wecom_mode {
	WECOM_MODE_RELAY,
	WECOM_MODE_POLL,
};

struct wecom_config {
	char *corp_id;
	int64_t agent_id;
	struct secret *secret;
	int mode;                        /* enum wecom_mode */
	char *redirect_uri;              /* WECOM_MODE_POLL only */
	char *proxy;                     /* NULL: none */
	char *api_url, *authorize_url, *qr_url;
};

/* Kept per method between logins. */
struct wecom_shared {
	struct secret *token;            /* of the app; NULL: none */
	int64_t token_until_ms;
	uint64_t token_number;           /* another one with each token */
	bool is_fetching;                /* one login does, for all of them */
	int64_t pause_until_ms;          /* until then everybody gets `pause` */
	struct wecom_result pause;
};

enum wecom_state {
	WECOM_IDLE,
	WECOM_REDIRECTED,
	WECOM_WAITING,
	WECOM_FETCHING,
	WECOM_CALLING,
	WECOM_RESTING,
	/* of wecom-poll.c; all behind this one are */
	WECOM_LOADING,
	WECOM_SHOWN,
	WECOM_POLLING,
	WECOM_EXPIRED,
};

/* A call with the app token. */
struct wecom_call {
	/* NULL: it does not fit into a request. */
	struct http_request *(*make)(struct login *login, const struct secret *token);
	void (*read)(struct login *login, const struct http_reply *reply,
		     struct wecom_result *ret_result);
	/* `read` said WECOM_GOOD. */
	void (*next)(struct login *login);
};

/* Kept per login. */
struct wecom_login {
	enum wecom_state state;
	/* wecom-api.c */
	const struct wecom_call *call;
	unsigned n_tries;                /* of this call, after the first one */
	bool has_renewed;                /* a login gets one more token, whatever it asks */
	bool is_fetching;                /* for all: `is_fetching` of the method is ours */
	uint64_t token_number;           /* of the token in use */
	/* wecom.c */
	struct secret *code;
	char userid[WECOM_USERID_MAX + 1];
	struct wecom_member member;
	/* wecom-message.c */
	struct secret *message;          /* the body, JSON */
	/* wecom-poll.c */
	char key[WECOM_KEY_MAX + 1];
	bool is_scanned;
	unsigned n_lost, n_renewals;
};

/* wecom-api.c */

void wecom_call(struct login *login, const struct wecom_call *call);
void wecom_api_reply(struct login *login, const struct http_reply *reply);
void wecom_api_timeout(struct login *login);
/* The login is over: others may fetch. */
void wecom_api_finish(struct login *login);
/* Begins the address of a call: API/cgi-bin/PATH?access_token=TOKEN. */
void wecom_api_url(struct login *login, const char *path, const struct secret *token,
		   struct buf *url);
/* A GET by the configured proxy, for a small body; frees the address, and is NULL when that became
 * too long. */
struct http_request *wecom_get(struct login *login, struct buf *url, const char *accept);
/* The same for a POST, which is sent once. */
struct http_request *wecom_post(struct login *login, struct buf *url, const struct secret *json);

/* wecom.c */

/* Who does this code stand for? Takes the code over. Ends the login. */
void wecom_exchange(struct login *login, struct secret *code);
void wecom_relay_start(struct login *login);
void wecom_relay_callback(struct login *login, const struct parameters *parameters);

/* wecom-poll.c */

void wecom_poll_start(struct login *login);
void wecom_poll_answer(struct login *login);
void wecom_poll_reply(struct login *login, const struct http_reply *reply);
void wecom_poll_timeout(struct login *login);

/* wecom-message.c */

void wecom_deliver(struct login *login, const struct login_delivery *delivery);
