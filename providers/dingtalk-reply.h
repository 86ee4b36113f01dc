/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What DingTalk's two APIs answer. api.dingtalk.com says yes with a status of 2xx, and no with
 * another one and {"code": text, "message": text}; oapi.dingtalk.com says both with a number
 * `errcode` (providers/api-reply.h). Either may answer with a page, or {"status": 1111, …}, when it is
 * asked too often. Pure functions.
 *
 * Outputs are written when the result is GOOD only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/http-message.h"
#include "base/secret.h"
#include "providers/api-reply.h"
#include "providers/provider.h"

#define DINGTALK_ID_MAX   128            /* a userid, unionId, corpId */
#define DINGTALK_NAME_MAX IDENTITY_TEXT_MAX

/* A code that is unknown, used, too old, or of the other kind. */
#define DINGTALK_BAD_CODE 40078

/* Whom a code stands for, as far as it is known. */
struct dingtalk_person {
	char unionid[DINGTALK_ID_MAX + 1];       /* "": not told */
	char userid[DINGTALK_ID_MAX + 1];
};

struct dingtalk_member {
	char userid[DINGTALK_ID_MAX + 1];        /* in the vendor's letters, capitals and all */
	char unionid[DINGTALK_ID_MAX + 1];       /* "": not told */
	char name[DINGTALK_NAME_MAX + 1];        /* "": not told */
	int64_t departments[IDENTITY_GROUPS_MAX];
	size_t n_departments;
};

/* v1.0/oauth2/accessToken. */
void dingtalk_read_token(const struct http_reply *reply, struct api_token *ret_token,
			 struct api_result *ret_result);
/* v1.0/oauth2/userAccessToken: somebody's token, who chose this very organisation if he chose one.
 * The caller frees it. */
void dingtalk_read_user_token(const struct http_reply *reply, const char *corp_id,
			      struct secret **ret_token, struct api_result *ret_result);
/* v1.0/contact/users/me: the unionId. */
void dingtalk_read_me(const struct http_reply *reply, struct dingtalk_person *ret_person,
		      struct api_result *ret_result);
/* topapi/user/getbyunionid of `person`: an employee; adds the userid. */
void dingtalk_read_userid(const struct http_reply *reply, struct dingtalk_person *person,
			  struct api_result *ret_result);
/* topapi/v2/user/getuserinfo. */
void dingtalk_read_userinfo(const struct http_reply *reply, struct dingtalk_person *ret_person,
			    struct api_result *ret_result);
/* topapi/v2/user/get of `person`: an active employee. */
void dingtalk_read_member(const struct http_reply *reply, const struct dingtalk_person *person,
			  struct dingtalk_member *ret_member, struct api_result *ret_result);
/* topapi/message/corpconversation/asyncsend_v2: the message was taken. */
void dingtalk_read_sent(const struct http_reply *reply, struct api_result *ret_result);

bool dingtalk_is_userid(const char *text);
