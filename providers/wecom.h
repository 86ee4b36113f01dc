/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the login type `wecom` share: wecom.c logs in over the relay, wecom-poll.c
 * without one (scan.c), wecom-message.c sends messages, wecom-probe.c tries the app, wecom-list.c
 * tells of the whole corp, wecom-api.c says where the API is that api-call.c calls for all of them,
 * wecom-type.c has the keys.
 */
#pragma once

#include "providers/api-call.h"
#include "providers/list-wait.h"
#include "providers/provider.h"
#include "providers/scan.h"
#include "providers/wecom-page.h"
#include "providers/wecom-reply.h"

#define WECOM_MESSAGE_MAX    2048        /* bytes; the vendor cuts what is longer */

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

/* Kept per login. */
struct wecom_login {
	struct api_login api;            /* the first */
	/* wecom.c */
	struct secret *code;
	char userid[WECOM_USERID_MAX + 1];
	struct wecom_member member;
	/* wecom-message.c */
	struct secret *message;          /* the body, JSON */
	/* wecom-probe.c */
	struct secret *token;
	struct wecom_app app;
	/* wecom-poll.c */
	struct scan scan;
	/* wecom-list.c */
	struct wecom_list *list;
	char key[WECOM_KEY_MAX + 1];
};

/* wecom-api.c */

extern const struct api_vendor wecom_vendor;
/* Begins the address of a call: API/cgi-bin/PATH?access_token=TOKEN. */
void wecom_api_url(struct login *login, const char *path, const struct secret *token,
		   struct buf *url);

/* wecom.c */

/* That of everybody in the corporation. */
void wecom_add_issuer(const struct wecom_config *config, struct buf *buf);
/* Who does this code stand for? Takes the code over. Ends the login. */
void wecom_exchange(struct login *login, struct secret *code);
void wecom_relay_start(struct login *login);
void wecom_relay_callback(struct login *login, const struct parameters *parameters);

/* wecom-poll.c */

void wecom_poll_start(struct login *login);

/* wecom-message.c */

void wecom_deliver(struct login *login, const struct login_delivery *delivery);

/* wecom-probe.c */

void wecom_probe(struct login *login);

/* wecom-list.c */

void wecom_list(struct login *login);
void wecom_list_timeout(struct login *login);
struct wecom_list *wecom_list_free(struct wecom_list *list);     /* NULL is fine */
