/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What DingTalk's calls answer. Pure functions; outputs are written when the result is GOOD. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/http-message.h"
#include "base/secret.h"
#include "providers/api-reply.h"
#include "providers/dingtalk-error.h"
#include "providers/provider.h"

#define DINGTALK_USERID_MAX  64          /* letters, digits, _ - @ . */
#define DINGTALK_UNIONID_MAX 128
#define DINGTALK_NAME_MAX    IDENTITY_TEXT_MAX

/* Whom a code stands for, as far as it is known. */
struct dingtalk_person {
	char unionid[DINGTALK_UNIONID_MAX + 1];  /* "": not told */
	char userid[DINGTALK_USERID_MAX + 1];    /* "": not known yet */
};

struct dingtalk_member {
	char userid[DINGTALK_USERID_MAX + 1];    /* as the vendor writes it, capitals and all */
	char unionid[DINGTALK_UNIONID_MAX + 1];  /* "": not told */
	char name[DINGTALK_NAME_MAX + 1];        /* "": not told */
	int64_t departments[IDENTITY_GROUPS_MAX];
	size_t n_departments;                    /* 0: or the app may not see them */
};

/* v1.0/oauth2/accessToken. */
void dingtalk_read_token(const struct http_reply *reply, struct api_token *ret_token,
			 struct api_result *ret_result);
/* v1.0/oauth2/userAccessToken: a token of somebody, who if he chose an organisation chose this one.
 * The caller frees it. */
void dingtalk_read_user_token(const struct http_reply *reply, const char *corp_id,
			      struct secret **ret_token, struct api_result *ret_result);
/* v1.0/contact/users/me: the unionid. */
void dingtalk_read_me(const struct http_reply *reply, struct dingtalk_person *ret_person,
		      struct api_result *ret_result);
/* topapi/user/getbyunionid of `person`, whose userid it adds: an employee. */
void dingtalk_read_employee(const struct http_reply *reply, struct dingtalk_person *person,
			    struct api_result *ret_result);
/* topapi/v2/user/getuserinfo: the userid, and perhaps the unionid. */
void dingtalk_read_userinfo(const struct http_reply *reply, struct dingtalk_person *ret_person,
			    struct api_result *ret_result);
/* topapi/v2/user/get of `person`: a member who has activated his account. */
void dingtalk_read_member(const struct http_reply *reply, const struct dingtalk_person *person,
			  struct dingtalk_member *ret_member, struct api_result *ret_result);
/* topapi/message/corpconversation/asyncsend_v2: the message was taken, which is all it tells. */
void dingtalk_read_sent(const struct http_reply *reply, struct api_result *ret_result);

bool dingtalk_is_userid(const char *text);
