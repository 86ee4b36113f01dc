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
#include "providers/api-reply.h"
#include "providers/provider.h"

#define WECOM_CODE_MAX   512
#define WECOM_USERID_MAX 64
#define WECOM_NAME_MAX   IDENTITY_TEXT_MAX

/* An OAuth code that is not valid, used or too old. */
#define WECOM_BAD_CODE   40029

struct wecom_member {
	char userid[WECOM_USERID_MAX + 1];       /* lower case */
	char name[WECOM_NAME_MAX + 1];           /* "" when not told */
	int64_t departments[IDENTITY_GROUPS_MAX];
	size_t n_departments;
	int64_t main_department;                 /* 0: not told */
};

/* The app as the vendor has it. */
struct wecom_app {
	char name[WECOM_NAME_MAX + 1];
	char domain[256];                        /* 可信域名; "": none */
	bool is_closed;
	size_t n_members, n_departments, n_tags; /* named in 可见范围 */
};

/* Outputs are written when the result is GOOD only. */

/* gettoken (91039). */
void wecom_read_token(const struct http_reply *reply, struct api_token *ret_token,
		      struct api_result *ret_result);
/* auth/getuserinfo (91023): a member of this very corp, his userid in lower case. */
void wecom_read_userid(const struct http_reply *reply, char ret_userid[WECOM_USERID_MAX + 1],
		       struct api_result *ret_result);
/* user/get (90196) of `userid`: an active member within the app's visible range. */
void wecom_read_member(const struct http_reply *reply, const char *userid,
		       struct wecom_member *ret_member, struct api_result *ret_result);
/* agent/get (90227): this very app. */
void wecom_read_app(const struct http_reply *reply, int64_t agent_id, struct wecom_app *ret_app,
		    struct api_result *ret_result);
/* message/send (90236) to one member: he gets it. */
void wecom_read_sent(const struct http_reply *reply, struct api_result *ret_result);

/* The object of a reply that says yes; else NULL and how that ends. The caller frees. */
struct json_t *wecom_read_yes(const struct http_reply *reply, const char *what,
			      struct api_result *ret_result);

/* In lower case: the vendor takes a userid in any case as the same. False when it is none. */
bool wecom_fold_userid(const char *text, char ret_userid[WECOM_USERID_MAX + 1]);
