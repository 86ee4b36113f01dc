/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How DingTalk says yes and no; for what reads its replies.
 *
 * api.dingtalk.com says yes with a status of 2xx, and no with another one and {"code": text,
 * "message": text}; oapi.dingtalk.com says both with a number `errcode`, and 88 means that the
 * number stands in `sub_code`. Both have the same errors: a text is read as the number that means
 * the same. Who asks too often gets a page, or {"status": 1111, …}, and no more for a while.
 */
#pragma once

#include "providers/api-reply.h"

#define DINGTALK_CODE_MAX 512            /* bytes of a code of either kind: [0-9A-Za-z_-] */

/* A code that is unknown, used, too old, or of another kind. */
#define DINGTALK_BAD_CODE 40078

extern const struct api_dialect dingtalk_dialect;

/* What a telephone brings goes to the vendor as it is. Were it to look like an attack, the page
 * that a firewall answers with would count as "too often", and pause everybody. */
bool dingtalk_is_code(const char *text);

/* The object of a reply of any status; else NULL and how that ends. The caller frees. */
struct json_t *dingtalk_read_object(const struct http_reply *reply, const char *what,
				    struct api_result *ret_result);
/* The object of a reply that says yes; else NULL and how that ends. `what` is the call's name for
 * the log. The caller frees. Of api.dingtalk.com: */
struct json_t *dingtalk_read_yes(const struct http_reply *reply, const char *what,
				 struct api_result *ret_result);
/* Of oapi.dingtalk.com: */
struct json_t *dingtalk_read_oapi_yes(const struct http_reply *reply, const char *what,
				      struct api_result *ret_result);
