/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A corp, an app and a telephone, for the tests of the login type wecom. */
#pragma once

#include "tests/providers/fake-core.h"

#define CORP    "ww1a2b3c4d5e6f7081"
#define SECTION "corp_id = " CORP "\nagent_id = 1000002\n"
#define API     "https://qyapi.weixin.qq.com/cgi-bin/"
#define STATE   "00112233445566778899aabbccddeeff"
#define TOKEN   "vN1mQw4ZrT8yUi2OpLkJhGfDsAzXcVbNm-_3"
#define CODE    "CaBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789-_"
#define SECRET  "s3cr3t+/of-the-app"

/* With the secret, and a relay's link. */
struct fake_method *wecom_method(const char *section);
/* The call that an error or a reply of any kind belongs to. */
enum wecom_stage {
	STAGE_TOKEN,             /* gettoken is open */
	STAGE_USERID,            /* auth/getuserinfo */
	STAGE_MEMBER,            /* user/get */
};
/* From the press of the button up to there; the method has no token yet. */
struct login *wecom_start(struct fake_method *method, enum wecom_stage stage);
/* {"errcode":CODE,"errmsg":MESSAGE} */
void wecom_error(struct login *login, const char *code, const char *message);
void wecom_ended(const struct login *login, enum fake_end end, int reason);
