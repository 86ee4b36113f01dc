/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An app at WeChat and somebody with a telephone, for the tests of the login type wechat. */
#pragma once

#include "tests/providers/fake-core.h"

#define APP        "wx0123456789abcdef"
#define SECTION    "app_id = " APP "\n"
#define API        "https://api.weixin.qq.com/"
#define OPEN       "https://open.weixin.qq.com/connect/"
#define STATE      "00112233445566778899aabbccddeeff"
#define CODE       "041AbCdEfGhIjKlMnOpQrStUvWxYz012"
#define SECRET     "s3cr3t+/of-the-app"
#define USER_TOKEN "90_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"
#define OPENID     "oAbCdEfGhIjKlMnOpQrStUvWxYz0"
#define UNIONID    "o6_bCdEfGhIjKlMnOpQrStUvWxYz"

#define EXCHANGED  API "sns/oauth2/access_token?appid=" APP "&secret=s3cr3t%2B%2Fof-the-app" \
		   "&code=" CODE "&grant_type=authorization_code"
#define NAMED      API "sns/userinfo?access_token=" USER_TOKEN "&openid=" OPENID "&lang=zh_CN"

/* What the two calls answer. */
#define PERSON     "{\"access_token\":\"" USER_TOKEN "\",\"expires_in\":7200," \
		   "\"refresh_token\":\"90_r\",\"openid\":\"" OPENID "\"," \
		   "\"scope\":\"snsapi_login\",\"unionid\":\"" UNIONID "\"}"
#define NAME       "{\"openid\":\"" OPENID "\",\"nickname\":\"张三\",\"sex\":0,\"privilege\":[]," \
		   "\"headimgurl\":\"https://thirdwx.qlogo.cn/0\",\"unionid\":\"" UNIONID "\"}"

/* With the secret; a relay's link where mode = relay. */
struct fake_method *wechat_method(const char *section);
/* Status 200, as WeChat does: JSON that is called text. */
void wechat_say(struct login *login, const char *body);
/* {"errcode":CODE,"errmsg":MESSAGE} */
void wechat_error(struct login *login, const char *code, const char *message);
void wechat_ended(const struct login *login, enum fake_end end, int reason);
/* The code was redeemed, the name told, and the identity is the one above; frees the login. */
void wechat_let_in(struct login *login);
