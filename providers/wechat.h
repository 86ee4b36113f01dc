/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the files of the login type `wechat` share: wechat.c logs in over the relay and says what a
 * code is worth, wechat-poll.c and wechat-device.c log in without a relay by codes on the screen
 * (scan.c), wechat-type.c has the keys. Replies are read by wechat-reply.c and wechat-page.c.
 */
#pragma once

#include "providers/api-call.h"
#include "providers/provider.h"
#include "providers/scan.h"
#include "providers/wechat-page.h"
#include "providers/wechat-reply.h"
#include "providers/wechat-request.h"

enum wechat_mode {
	WECHAT_MODE_RELAY,
	WECHAT_MODE_POLL,
	WECHAT_MODE_DEVICE,
};

struct wechat_config {
	struct wechat_app app;
	int mode;                        /* enum wechat_mode */
	char *redirect_uri;              /* WECHAT_MODE_POLL only */
	char *open_url, *poll_url;
};

/* Kept per method between logins. */
struct wechat_shared {
	struct api_shared api;           /* the first */
	/* wechat.c */
	int64_t nameless_until_ms;       /* names are not asked for */
	/* wechat-device.c */
	struct secret *ticket;           /* of the SDK; NULL: none */
	int64_t ticket_until_ms;
};

/* Kept per login. */
struct wechat_login {
	struct api_login api;            /* the first */
	/* wechat.c */
	struct secret *code;
	struct wechat_person person;
	/* wechat-poll.c, wechat-device.c */
	struct scan scan;
	char uuid[WECHAT_UUID_MAX + 1];
	/* wechat-device.c */
	struct secret *ticket;           /* of the code on the screen */
	bool has_new_ticket;             /* got in this login: if it does not hold, none does */
};

/* wechat.c */

/* The vendor's page that shows a code; the state comes behind it. */
void wechat_add_page_url(const struct wechat_config *config, const char *redirect_uri,
			 struct buf *url);
/* Who does this code stand for? Takes the code over. Ends the login. */
void wechat_exchange(struct login *login, struct secret *code);
void wechat_relay_start(struct login *login);
void wechat_relay_callback(struct login *login, const struct parameters *parameters);

/* wechat-poll.c */

#define WECHAT_SCAN_TEXT N_("Scan the code with WeChat and approve there.")

void wechat_poll_start(struct login *login);
/* For both kinds: the link of the code, and a poll for it. */
char *wechat_make_link(struct login *login);
struct http_request *wechat_make_poll(struct login *login, bool is_seen);

/* wechat-device.c */

void wechat_device_start(struct login *login);
