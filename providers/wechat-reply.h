/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What api.weixin.qq.com answers, common to website apps, official accounts and mini programs, and
 * the identity that follows from it. Pure functions but for those that end a login.
 *
 * One person has one unionid in all apps of an Open Platform account, and an openid per app:
 * ("wechat", unionid) is the identity where there is a unionid, else ("wechat:APPID", openid).
 */
#pragma once

#include "providers/api-reply.h"
#include "providers/provider.h"

/* What AppIDs and Tokens are made of, and the rest with a few signs more. */
#define WECHAT_LETTERS    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

#define WECHAT_ID_MAX     64             /* openid, unionid: [0-9A-Za-z_-] */
#define WECHAT_APP_ID_MAX 32             /* WECHAT_LETTERS */
#define WECHAT_CODE_MAX   128
#define WECHAT_NAME_MAX   IDENTITY_TEXT_MAX

/* An OAuth code or js_code that was redeemed before. */
#define WECHAT_USED_CODE  40163
#define WECHAT_TOO_MANY   45011          /* in a minute */

/* Codes that are not there fail. */
extern const struct api_dialect wechat_dialect;

struct wechat_person {
	char openid[WECHAT_ID_MAX + 1];
	char unionid[WECHAT_ID_MAX + 1];         /* "": none */
	char name[WECHAT_NAME_MAX + 1];          /* chosen by the person; "": not told */
	bool is_snapshot;                        /* both ids are virtual: nobody */
	struct secret *user_token;               /* of sns/oauth2/access_token; NULL: none */
};

/* Wipes; the struct may be used again. */
void wechat_person_done(struct wechat_person *person);

bool wechat_is_id(const char *text);             /* 1..WECHAT_ID_MAX of the letters above */
bool wechat_is_app_id(const char *text);
bool wechat_is_code(const char *text);           /* 1..WECHAT_CODE_MAX of an id's letters */

/* "" where there is none, or "" in the field: of an app that is bound to no Open Platform account.
 * False: it is against the rules. */
bool wechat_read_unionid(const struct json_t *json, char ret_id[WECHAT_ID_MAX + 1]);

/* Written when the result is GOOD only. */

/* sns/oauth2/access_token: openid, user token, perhaps unionid and is_snapshotuser. */
void wechat_read_code(const struct http_reply *reply, struct wechat_person *ret_person,
		      struct api_result *ret_result);
/* sns/userinfo of `person`, whose openid it must repeat: adds name and unionid. */
void wechat_read_userinfo(const struct http_reply *reply, struct wechat_person *person,
			  struct api_result *ret_result);
/* sns/jscode2session: openid, perhaps unionid. */
void wechat_read_session(const struct http_reply *reply, struct wechat_person *ret_person,
			 struct api_result *ret_result);
/* cgi-bin/stable_token and cgi-bin/token. */
void wechat_read_token(const struct http_reply *reply, struct api_token *ret_token,
		       struct api_result *ret_result);

/* `fail` of calls that redeem a code: one that was used before is an alert, unless we may have used
 * it ourselves, in a try that was answered "busy". */
bool wechat_code_failed(struct login *login, const struct api_result *result);

/* Ends the login. A snapshot is denied. */
void wechat_identify(struct login *login, const char *app_id, const struct wechat_person *person);
/* The same with the groups of `more`, and its attributes behind the person's. */
void wechat_identify_with(struct login *login, const char *app_id,
			  const struct wechat_person *person, const struct identity *more);
