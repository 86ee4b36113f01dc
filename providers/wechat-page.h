/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What open.weixin.qq.com and its polls answer: the page with a code that a website app shows to
 * browsers, the same for devices by the vendor's SDK, and what became of the code. The inside of
 * the page and the polls are not documented: they were seen, and what was not seen is refused.
 * Nothing of it is ever evaluated. Pure functions.
 */
#pragma once

#include "providers/api-reply.h"
#include "providers/scan-page.h"

#define WECHAT_UUID_MIN 12
#define WECHAT_UUID_MAX SCAN_KEY_MAX

/* The page of connect/qrconnect; written for SCAN_PAGE_KEY only. */
enum scan_page wechat_read_page(const struct http_reply *reply, char ret_uuid[WECHAT_UUID_MAX + 1]);
/* connect/sdk/qrconnect: JSON. Written when the result is GOOD only. */
void wechat_read_sdk_code(const struct http_reply *reply, char ret_uuid[WECHAT_UUID_MAX + 1],
			  struct api_result *ret_result);
/* cgi-bin/ticket/getticket: the ticket as a token. */
void wechat_read_ticket(const struct http_reply *reply, struct api_token *ret_ticket,
			struct api_result *ret_result);

/* A poll: "window.wx_errcode=405;window.wx_code='…';". ret_code: of SCAN_AGREED, the caller frees;
 * else left alone. */
enum scan_status wechat_read_script_poll(const struct http_reply *reply, struct secret **ret_code);
/* The same with f=json: {"wx_errcode":405,"wx_code":"…"}. */
enum scan_status wechat_read_json_poll(const struct http_reply *reply, struct secret **ret_code);

/* The signature of connect/sdk/qrconnect, in hexadecimal digits; NULL: there is no SHA-1. The
 * caller frees. */
char *wechat_sdk_signature(const char *app_id, const char *nonce, const struct secret *ticket,
			   int64_t timestamp_s);
