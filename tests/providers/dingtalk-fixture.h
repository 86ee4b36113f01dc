/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An organisation, an app and a telephone, for the tests of the login type dingtalk. */
#pragma once

#include "tests/providers/fake-core.h"

#define CORP        "ding1a2b3c4d5e6f7081"
#define KEY         "dingabcdefgh12345678"
#define AGENT       "153858650"
#define SECTION     "corp_id = " CORP "\napp_key = " KEY "\nagent_id = " AGENT "\n"
#define WEB         SECTION "mode = web\n"
#define API         "https://api.dingtalk.com/v1.0/"
#define OAPI        "https://oapi.dingtalk.com/topapi/"
#define TOKEN       "3c1bd2f5a0b94e6c8d7e1f2a3b4c5d6e"
#define USER_TOKEN  "u5er70kenThatBelongsToOnePersonOnly"
#define CODE        "7fd22d7a3b4c5d6e7f8091a2b3c4d5e6"
#define APP_SECRET  "s3cr3t\"of-the\\app"
#define UNIONID     "z21HjQliSzpw0Yxxxx"
#define USERID      "Manager123"
#define STATE       "00112233445566778899aabbccddeeff"
#define PAGE        "https://relay.example.org/d/AbCdEfGhIjKlMnOpQrStUv"

#define GET_TOKEN   API "oauth2/accessToken"
#define USER_TOKENS API "oauth2/userAccessToken"
#define ME          API "contact/users/me"
#define EMPLOYEE    OAPI "user/getbyunionid?access_token=" TOKEN
#define USERINFO    OAPI "v2/user/getuserinfo?access_token=" TOKEN
#define MEMBER      OAPI "v2/user/get?access_token=" TOKEN

/* The call that is open: first those of mode = relay, then those of mode = web. */
enum dingtalk_stage {
	STAGE_TOKEN,
	STAGE_USERINFO,
	STAGE_MEMBER,
	STAGE_USER_TOKEN,
	STAGE_ME,
	STAGE_WEB_TOKEN,
	STAGE_EMPLOYEE,
	STAGE_WEB_MEMBER,
	N_STAGES
};

/* With the secret, and a relay's link. */
struct fake_method *dingtalk_method(const char *section);
/* The same with the mode of that stage. */
struct fake_method *dingtalk_method_for(enum dingtalk_stage stage);
/* From the press of the button up to there; the method has no token yet. */
struct login *dingtalk_start(struct fake_method *method, enum dingtalk_stage stage);
/* The same with a method of its own, which dingtalk_free() frees as well. */
struct login *dingtalk_at(enum dingtalk_stage stage);
void dingtalk_free(struct login *login);
/* A call of oapi.dingtalk.com, rather than of api.dingtalk.com. */
bool dingtalk_is_oapi(enum dingtalk_stage stage);
/* The good reply of a stage, and those behind it up to the end. */
void dingtalk_go_on(struct login *login, enum dingtalk_stage stage);
void dingtalk_finish(struct login *login, enum dingtalk_stage stage);
/* {"errcode":CODE,"errmsg":MESSAGE} */
void dingtalk_oapi_error(struct login *login, int64_t code, const char *message);
/* {"code":WORD,"message":MESSAGE} */
void dingtalk_api_error(struct login *login, uint32_t status, const char *word,
			const char *message);
void dingtalk_ended(const struct login *login, enum fake_end end, int reason);
/* The detail for the log has these words. */
void dingtalk_says(const struct login *login, const char *words);
