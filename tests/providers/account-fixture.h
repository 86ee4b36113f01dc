/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An official account, its vendor's pushes and a telephone, for the tests of the login type
 * wechat-official-account. The vectors' account: token, key and time are theirs. */
#pragma once

#include "providers/wechat-push.h"
#include "tests/providers/fake-core.h"

#define APP_ID       "wx0123456789abcdef"
#define ACCOUNT_ID   "gh_0123456789ab"
#define APP_SECRET   "s3cr3t+/of-the-account"
#define PUSH_TOKEN   "jauthdTestToken"
#define AES_KEY      "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
#define AES_KEY_OLD  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopq"
#define PUSH_S       1760000000          /* when the pushes are */
#define API          "https://api.weixin.qq.com/"
#define STATE        "00112233445566778899aabbccddeeff"
#define CODE         "0a1b2c3d4e5f_CODE-of-the-telephone"
#define APP_TOKEN    "78_token+of/the=app"
#define USER_TOKEN   "90_token_of_the_user"
#define OPENID       "oTestOpenId0000000000000001"
#define UNIONID      "o6_unionid0000000000000000001"

/* With the secrets of its mode. */
struct fake_method *account_method(const char *section);
/* The mistakes such a section has, when it has these secrets: "app_secret=…", NULL-terminated. */
char *account_mistakes(const char *section, const char *const *secrets);

void account_ended(const struct login *login, enum fake_end end, int reason);
/* {"errcode":CODE,"errmsg":"words"} */
void account_error(struct login *login, int code);
/* cgi-bin/stable_token is open and gets its answer. */
void account_give_token(struct login *login);

/* What a push is made of; NULL and 0: as the vendor would for this account. */
struct push_parts {
	const char *method;
	const char *app_id, *token, *aes_key;
	const char *nonce;
	int64_t now_s;
	const char *message;             /* encrypted; NULL: a GET that checks the address */
};

struct push_text {
	char query[RELAY_PUSH_MAX + 1], body[RELAY_PUSH_MAX + 1];
	struct login_push push;          /* of these */
};

void push_make(const struct push_parts *parts, struct push_text *ret_text);
/* The event of who scanned: "SCAN" and the scene, or "subscribe" and "qrscene_" before it. */
char *push_event(const char *event, const char *key);
/* What an answer to a push says; fails the test unless it is encrypted and signed for this account
 * with this key. The caller frees. */
struct secret *push_open_answer(const char *answer, const char *aes_key);
