/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What login.dingtalk.com answers, whoever asks: {"success": true, "result": …}, or {"success":
 * false, "errorCode": text, "errorMsg": text}, where the code alone decides (dingtalk-error.h).
 * Pure functions.
 */
#pragma once

#include "base/http-message.h"
#include "base/json.h"
#include "providers/api-reply.h"

/* The object, and what it says; else NULL and how that ends. The caller frees. */
struct json_t *dingtalk_answer_read(const struct http_reply *reply, const char *what,
				    bool *ret_success, struct api_result *ret_result);
/* The same, where only yes is good. */
struct json_t *dingtalk_answer_read_yes(const struct http_reply *reply, const char *what,
					struct api_result *ret_result);
/* An end of our own: "WHAT: FAULT". */
void dingtalk_answer_set_end(struct api_result *result, enum api_class class, int reason,
			     const char *what, const char *fault);
/* What its errorCode means. */
void dingtalk_answer_set_error(struct api_result *result, const char *what,
			       const struct json_t *answer);
/* The first member that wants something of the person: one of these, which NULL ends, or a
 * "need…" that nobody has seen yet, but for needLogin. NULL: none. Foreign text. */
const char *dingtalk_answer_find_flag(const struct json_t *object, const char *const *flags);
