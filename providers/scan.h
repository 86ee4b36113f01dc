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

#define SCAN_HELD_MS      60000          /* the server holds a poll until something happens */
#define SCAN_REST_MS      1000           /* between two of them */
#define SCAN_LOST_MAX     3              /* polls in a row, without an answer */
#define SCAN_RENEWALS_MAX 2              /* of the code on the screen */

/* What a page is. */
enum scan_page {
	SCAN_PAGE_KEY,
	SCAN_PAGE_SETUP,         /* it says that what it was asked with is wrong */
	SCAN_PAGE_UNKNOWN,
	SCAN_PAGE_LOST,          /* no page came */
};

/* What a poll says. */
enum scan_status {
	SCAN_NOBODY,             /* nobody has scanned it */
	SCAN_SEEN,               /* somebody has, and not agreed yet */
	SCAN_AGREED,
	SCAN_REFUSED,
	SCAN_OVER,               /* it is not good for anything any more */
	SCAN_HELD,               /* nothing happened while the server held the request */
	SCAN_LOST,               /* no answer, perhaps the next time */
	SCAN_UNKNOWN,
};

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
/* There is no answer; a gateway in front of the server may give up before it does. */
bool scan_is_lost(const struct http_reply *reply);
/* A page to look for a key in, NUL-terminated; else NULL and what it is. */
const char *scan_page_text(const struct http_reply *reply, enum scan_page *ret_page);

/* What was found so far in a page. Two keys that differ are none. */
#define SCAN_KEY_MAX 64

struct scan_finding {
	char key[SCAN_KEY_MAX + 1];      /* "" : nothing yet */
	bool is_broken;
};

/* Letters, digits, '-' and '_' from `start` on, between `min` and `max` of them. */
size_t scan_find(struct scan_finding *finding, const char *start, size_t min, size_t max);
