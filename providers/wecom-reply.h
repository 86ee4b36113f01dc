/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What WeCom's API answers (https://developer.work.weixin.qq.com/document/path/NUMBER; numbers
 * stand at the functions). Pure functions. Every reply is a JSON object with `errcode`, and that
 * alone decides.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/http-message.h"
#include "base/secret.h"
#include "providers/provider.h"

#define WECOM_TOKEN_MAX   1024
#define WECOM_CODE_MAX    512
#define WECOM_USERID_MAX  64
#define WECOM_NAME_MAX    IDENTITY_TEXT_MAX
#define WECOM_DETAIL_SIZE 1024

/* An OAuth code that is not valid, used or too old. */
#define WECOM_BAD_CODE    40029

enum wecom_class {
	WECOM_GOOD,
	WECOM_RENEW,             /* the app token does not hold any more; with another one it may */
	WECOM_AGAIN,             /* the vendor is busy for a moment */
	WECOM_DENIED,            /* `reason` is a deny_reason */
	WECOM_FAILED,            /* `reason` is a fail_reason */
};

struct wecom_result {
	enum wecom_class class;
	int reason;              /* of RENEW and AGAIN the fail_reason when that does not help */
	int64_t code;            /* errcode; 0 when there was none */
	/* So long nobody needs to ask again: the answer is about all of us and stays the same. */
	int64_t pause_ms;
	char detail[WECOM_DETAIL_SIZE];  /* one line for the log, no secret in it; "" when GOOD */
};

struct wecom_token {
	struct secret *value;
	int64_t lives_ms;        /* to be relied on, a margin taken off */
};

struct wecom_member {
	char userid[WECOM_USERID_MAX + 1];       /* lower case */
	char name[WECOM_NAME_MAX + 1];           /* "" when not told */
	int64_t departments[IDENTITY_GROUPS_MAX];
	size_t n_departments;
	int64_t main_department;                 /* 0: not told */
};

/* Outputs are written when the result is GOOD only. */

/* gettoken (91039). */
void wecom_read_token(const struct http_reply *reply, struct wecom_token *ret_token,
		      struct wecom_result *ret_result);
/* auth/getuserinfo (91023): a member of this very corp, his userid in lower case. */
void wecom_read_userid(const struct http_reply *reply, char ret_userid[WECOM_USERID_MAX + 1],
		       struct wecom_result *ret_result);
/* user/get (90196) of `userid`: an active member within the app's visible range. */
void wecom_read_member(const struct http_reply *reply, const char *userid,
		       struct wecom_member *ret_member, struct wecom_result *ret_result);
/* message/send (90236) to one member: he gets it. */
void wecom_read_sent(const struct http_reply *reply, struct wecom_result *ret_result);

/* In lower case: the vendor takes a userid in any case as the same. False when it is none. */
bool wecom_fold_userid(const char *text, char ret_userid[WECOM_USERID_MAX + 1]);
