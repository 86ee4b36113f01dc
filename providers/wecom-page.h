/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The page with the code to scan that WeCom shows to browsers, and how its script asks what became
 * of it. The page is documented (path/91019), its inside and the polls are not: they were seen, and
 * what was not seen is refused. Nothing of it is ever evaluated. Pure functions.
 */
#pragma once

#include "base/http-message.h"
#include "base/secret.h"
#include "providers/scan-page.h"

#define WECOM_KEY_MIN 16
#define WECOM_KEY_MAX SCAN_KEY_MAX

/* The key of the code to scan; written for SCAN_PAGE_KEY only. */
enum scan_page wecom_read_page(const struct http_reply *reply, char ret_key[WECOM_KEY_MAX + 1]);

/* ret_code: of SCAN_AGREED, the caller frees; else left alone. */
enum scan_status wecom_read_scan(const struct http_reply *reply, struct secret **ret_code);
