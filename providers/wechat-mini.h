/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the login type `wechat-mini-program` share: wechat-mini.c logs in,
 * wechat-mini-link.c makes the address that opens the program, wechat-mini-type.c has the keys.
 */
#pragma once

#include "providers/api-call.h"
#include "providers/provider.h"
#include "providers/wechat-reply.h"
#include "providers/wechat-request.h"

#define MINI_LINK_MAX       256          /* bytes of a URL link, without what is put behind it */
#define MINI_PATH_MAX       128
#define MINI_START_WAIT_MS  2000         /* for the program itself, where no page leads to it */

struct mini_config {
	struct wechat_app app;
	char *url_link;                  /* NULL: none */
	bool make_url_link;
	char *path;
};

/* Kept per method between logins. */
struct mini_shared {
	struct api_shared api;
	char link[MINI_LINK_MAX + 1];    /* made with make_url_link; "": none yet */
	int64_t link_made_s;
};

/* Kept per login. */
struct mini_login {
	struct api_login api;
	struct secret *code;
	struct secret *token;            /* of the app, while a link is made */
	bool is_probe;                   /* a sysadmin reads the steps */
	uint32_t timer;                  /* number of that of `start`; 0: none */
	struct wechat_person person;
};

/* wechat-mini.c */

void mini_start(struct login *login);
void mini_callback(struct login *login, const struct parameters *parameters);
void mini_timeout(struct login *login);

/* wechat-mini-link.c */

/* `prepare`. */
void mini_make_link(struct login *login);
/* `test`: does the vendor give a token, and with make_url_link a link? */
void mini_probe(struct login *login);
/* The address that opens the program, to be relied on for the time of a login; NULL: none. */
const char *mini_link(struct login *login);
/* https, short, and a query can be put behind it. */
bool mini_is_link(const char *url);
/* wxa/generate_urllink. Written when the result is GOOD only. */
void mini_read_link(const struct http_reply *reply, char ret_link[MINI_LINK_MAX + 1],
		    struct api_result *ret_result);
