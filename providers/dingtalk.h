/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the login type `dingtalk` share: dingtalk.c logs in over the relay, in
 * DingTalk's app (mode = relay) or on the vendor's page (mode = web); dingtalk-poll.c and
 * dingtalk-device.c do without one (mode = poll, mode = device); dingtalk-api.c makes the calls
 * that say who somebody is, dingtalk-list.c tells of everybody, dingtalk-message.c sends messages,
 * dingtalk-request.c has the requests of them, dingtalk-type.c the keys.
 *
 * There are two kinds of codes, and each goes to its own exchange only: that of a page within the
 * app (dingtalk_exchange_in_app), and an OAuth authCode (dingtalk_exchange).
 */
#pragma once

#include "providers/api-call.h"
#include "providers/dingtalk-device.h"
#include "providers/dingtalk-poll.h"
#include "providers/dingtalk-reply.h"
#include "providers/list-wait.h"
#include "providers/provider.h"

#define DINGTALK_MESSAGE_MAX 2048        /* bytes of a message as JSON */

enum dingtalk_mode {
	DINGTALK_MODE_RELAY,
	DINGTALK_MODE_WEB,
	DINGTALK_MODE_DEVICE,
	DINGTALK_MODE_POLL,
};

struct dingtalk_config {
	char *corp_id;
	int64_t agent_id;                /* 0: none, and no messages */
	char *app_key;
	struct secret *app_secret;
	int mode;                        /* enum dingtalk_mode */
	char *redirect_uri;              /* DINGTALK_MODE_POLL only */
	char *proxy;                     /* NULL: none */
	char *api_url, *oapi_url, *login_url;
};

/* Kept per login. */
struct dingtalk_login {
	struct api_login api;            /* first */
	/* dingtalk-api.c */
	struct secret *code;
	struct secret *user_token;       /* of the person, for one call */
	struct dingtalk_person person;
	struct dingtalk_member member;
	/* dingtalk-message.c */
	struct secret *message;          /* the body, JSON */
	struct dingtalk_poll poll;
	struct dingtalk_device device;
	struct dingtalk_list *list;      /* dingtalk-list.c */
};

/* dingtalk-api.c */

/* That of everybody in the organisation. */
void dingtalk_add_issuer(const struct dingtalk_config *config, struct buf *buf);
/* Who does this code stand for? Take the code over; end the login. */
void dingtalk_exchange(struct login *login, struct secret *code);
void dingtalk_exchange_in_app(struct login *login, struct secret *code);

/* dingtalk-request.c */

struct dingtalk_text {
	const char *name, *value;
};

/* Where the app token comes from. */
extern const struct api_vendor dingtalk_vendor;
/* A post of JSON to oapi.dingtalk.com, sent once. NULL: it does not fit into a request. */
struct http_request *dingtalk_post(struct login *login, const char *path,
				   const struct secret *token, const struct secret *json);
/* The same with an object of `n` texts, for what may be asked twice. */
struct http_request *dingtalk_ask_oapi(struct login *login, const char *path,
				       const struct secret *token,
				       const struct dingtalk_text *texts, size_t n);
/* And to api.dingtalk.com. */
struct http_request *dingtalk_ask_api(struct login *login, const char *path,
				      const struct dingtalk_text *texts, size_t n);

/* dingtalk.c */

void dingtalk_relay_start(struct login *login);
void dingtalk_relay_callback(struct login *login, const struct parameters *parameters);
void dingtalk_web_start(struct login *login);
void dingtalk_web_callback(struct login *login, const struct parameters *parameters);

/* dingtalk-message.c */

void dingtalk_deliver(struct login *login, const struct login_delivery *delivery);

/* dingtalk-list.c */

void dingtalk_list(struct login *login);
void dingtalk_list_timeout(struct login *login);
struct dingtalk_list *dingtalk_list_free(struct dingtalk_list *list);    /* NULL is fine */

/* dingtalk-probe.c */

void dingtalk_test_app(struct login *login);
void dingtalk_test_device(struct login *login);
void dingtalk_test_page(struct login *login);
