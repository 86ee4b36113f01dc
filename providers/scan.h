/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in by the code that a vendor's page shows to browsers, without anything that the vendor
 * could call back: the code is on the screen, and what became of it is asked as the script of that
 * page does. How the code is got, its link, and what the answers mean are the vendor's; a new code
 * for somebody who is there, polls one at a time, and what ends the login are here.
 *
 * A provider has a struct scan in its login state and hands events on to scan_take_…().
 */
#pragma once

#include "base/http-message.h"
#include "base/secret.h"
#include "providers/provider.h"
#include "providers/scan-page.h"

#define SCAN_HELD_MS      60000          /* the server holds a poll until something happens */
#define SCAN_REST_MS      1000           /* between two of them */
#define SCAN_LOST_MAX     3              /* polls in a row, without an answer */

struct scan_kind {
	/* Another code is wanted: leads to scan_ask_page(), or else to scan_show(), or ends the
	 * login. */
	void (*load)(struct login *login);
	/* MAY be NULL without scan_ask_page(). The key of the code, which the provider keeps. */
	enum scan_page (*read_page)(struct login *login, const struct http_reply *reply);
	const char *setup;               /* for the log: what is wrong, says the page */
	/* What the code holds; the core's to free. */
	char *(*make_link)(struct login *login);
	const char *text;                /* above the code; marked with N_() */
	/* NULL: it does not fit into a request. */
	struct http_request *(*make_poll)(struct login *login, bool is_seen);
	/* ret_code: of SCAN_AGREED, the caller frees; else left alone. */
	enum scan_status (*read_poll)(const struct http_reply *reply, struct secret **ret_code);
	/* Takes the code over. */
	void (*agreed)(struct login *login, struct secret *code);
	/* MAY be NULL. Ends the login in words of the vendor's: SCAN_UNKNOWN, or LOST too often. */
	void (*end)(struct login *login, const struct http_reply *reply);
};

enum scan_state {
	SCAN_IDLE,
	SCAN_LOADING,
	SCAN_SHOWN,
	SCAN_POLLING,
	SCAN_EXPIRED,
};

struct scan {
	enum scan_state state;
	const struct scan_kind *kind;
	bool is_seen;
	unsigned n_lost, n_renewals;
};

void scan_start(struct login *login, struct scan *scan, const struct scan_kind *kind);
/* NULL: it does not fit into a request. */
void scan_ask_page(struct login *login, struct scan *scan, struct http_request *request);
/* The code is there: it goes on the screen, and is polled for. */
void scan_show(struct login *login, struct scan *scan);
/* In `answer`, `reply` and `timeout`. */
void scan_take_answer(struct login *login, struct scan *scan);
void scan_take_reply(struct login *login, struct scan *scan, const struct http_reply *reply);
void scan_take_timeout(struct login *login, struct scan *scan);

/* --- for the vendors' pages --- */

/* One more parameter, a random `state` that comes back to nobody. False: the login ended. */
bool scan_add_state(struct login *login, struct buf *url);
/* The poll as the page's script would make it; frees the address. NULL: too long. */
struct http_request *scan_poll_request(struct buf *url, const char *page_url, const char *proxy);
