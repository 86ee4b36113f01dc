/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page with the code to scan that WeCom shows to browsers, and how its script asks what became
 * of it. The page is documented (path/91019), its inside and the polls are not: they were seen, and
 * what was not seen is refused. Nothing of it is ever evaluated. Pure functions.
 */
#pragma once

#include "base/http-message.h"
#include "base/secret.h"

#define WECOM_KEY_MIN 16
#define WECOM_KEY_MAX 64

enum wecom_page {
	WECOM_PAGE_KEY,
	WECOM_PAGE_SETUP,        /* it says that corp, app or callback domain are wrong */
	WECOM_PAGE_UNKNOWN,
	WECOM_PAGE_LOST,         /* no page came */
};

/* The key of the code to scan; written for WECOM_PAGE_KEY only. */
enum wecom_page wecom_read_page(const struct http_reply *reply, char ret_key[WECOM_KEY_MAX + 1]);

enum wecom_scan {
	WECOM_SCAN_NONE,         /* nobody has scanned it */
	WECOM_SCAN_SEEN,         /* somebody has, and not agreed yet */
	WECOM_SCAN_AGREED,
	WECOM_SCAN_REFUSED,
	WECOM_SCAN_OVER,         /* the key is not good for anything any more */
	WECOM_SCAN_HELD,         /* nothing happened while the server held the request */
	WECOM_SCAN_LOST,         /* no answer, perhaps the next time */
	WECOM_SCAN_UNKNOWN,
};

/* ret_code: of WECOM_SCAN_AGREED, the caller frees; else left alone. */
enum wecom_scan wecom_read_scan(const struct http_reply *reply, struct secret **ret_code);
