/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What api.weixin.qq.com answers to official accounts, beside wechat-reply.h. Pure functions;
 * outputs are written when the result is GOOD only. */
#pragma once

#include "providers/wechat-reply.h"

#define WECHAT_QR_MAX     256            /* bytes of what a code holds */
#define WECHAT_REMARK_MAX IDENTITY_TEXT_MAX

/* What the account knows of somebody. */
struct wechat_follower {
	bool is_follower;
	char remark[WECHAT_REMARK_MAX + 1];      /* given by the account's people; "": none */
	int64_t tags[IDENTITY_GROUPS_MAX];
	size_t n_tags;
};

/* cgi-bin/user/info of `person`, whose openid it must repeat: adds the unionid. */
void wechat_read_follower(const struct http_reply *reply, struct wechat_person *person,
			  struct wechat_follower *ret_follower, struct api_result *ret_result);
/* cgi-bin/qrcode/create: what the code holds, which begins with http:// and is left so. */
void wechat_read_qr(const struct http_reply *reply, char ret_text[WECHAT_QR_MAX + 1],
		    struct api_result *ret_result);
