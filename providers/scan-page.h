/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What vendors' pages with a code to scan have in common, and the polls for what became of the code
 * (scan.h): to find a key in a page, and what there is to say. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/http-message.h"

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
