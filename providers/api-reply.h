/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replies of vendors whose API answers with a JSON object and a number `errcode` in it (WeCom,
 * WeChat, DingTalk's older API): from a reply to "yes", or to how a login ends. Each vendor has a
 * table of its errors. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/http-message.h"
#include "base/json.h"
#include "base/secret.h"

#define API_DETAIL_SIZE 1024
#define API_TOKEN_MAX   1024

enum api_class {
	API_GOOD,
	API_RENEW,               /* the app token does not hold any more; with another one it may */
	API_AGAIN,               /* the vendor is busy for a moment */
	API_DENIED,              /* `reason` is a deny_reason */
	API_FAILED,              /* `reason` is a fail_reason */
};

struct api_result {
	enum api_class class;
	int reason;              /* of RENEW and AGAIN the fail_reason when that does not help */
	int64_t code;            /* errcode; 0 when there was none */
	/* So long nobody needs to ask again: the answer is about all of us and stays the same. */
	int64_t pause_ms;
	char detail[API_DETAIL_SIZE];    /* one line for the log, no secret in it; "" when GOOD */
};

struct api_error {
	int64_t code;
	enum api_class class;
	int reason;
	int64_t pause_ms;
	const char *meaning;
};

/* How a vendor says yes and no. */
struct api_dialect {
	const struct api_error *errors;
	size_t n_errors;
	bool may_lack_errcode;           /* a yes has none, or 0; else it must be there */
	/* The error that says which address of ours is not allowed: behind `address_before` in its
	 * message ("from ip: "), and told as `address_advice`, a format with one %s. 0: none. */
	int64_t address_code;
	const char *address_before, *address_advice;
};

struct api_token {
	struct secret *value;
	int64_t lives_ms;        /* to be relied on, a margin taken off */
};

/* The object of a reply that says yes; else NULL and how that ends. `what` is the call's name for
 * the log. The caller frees. application/json and text/plain are taken. */
struct json_t *api_read_yes(const struct http_reply *reply, const char *what,
			    const struct api_dialect *dialect, struct api_result *ret_result);
/* The same, of an object that was read already. */
bool api_says_yes(const struct json_t *object, const char *what,
		  const struct api_dialect *dialect, struct api_result *ret_result);
/* What the table says of `code`; `message` is foreign, or NULL. */
void api_set_error(struct api_result *result, const struct api_dialect *dialect, int64_t code,
		   const char *what, const char *message);
/* An end of our own; `detail` is cleaned. */
void api_set_end(struct api_result *result, enum api_class class, int reason, const char *detail);
/* API_FAILED, FAIL_PROVIDER: "WHAT: FAULT". */
void api_set_fault(struct api_result *result, const char *what, const char *fault);
/* An app token and its life out of such an object, by the names of the two members ("access_token",
 * "expires_in"). Written when the result is GOOD only. */
void api_read_token(const struct json_t *object, const char *what, const char *token_name,
		    const char *life_name, struct api_token *ret_token,
		    struct api_result *ret_result);
/* Appends somebody's free text with long runs of letters, which may be secrets, left out. */
void api_add_message(struct buf *buf, const char *message);
