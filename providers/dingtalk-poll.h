/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Logging in with DingTalk by the code of the vendor's page for browsers: mode = poll. */
#pragma once

#include "providers/cookies.h"
#include "providers/dingtalk-page.h"
#include "providers/provider.h"
#include "providers/scan.h"

/* What is waited for beside what scan.c waits for. */
enum dingtalk_poll_state {
	DINGTALK_POLL_IDLE,
	DINGTALK_POLL_LOADING,
	DINGTALK_POLL_MAKING,
	DINGTALK_POLL_CONFIRMING,
};

#define DINGTALK_STATE_BYTES 16

/* A part of struct dingtalk_login. */
struct dingtalk_poll {
	enum dingtalk_poll_state state;
	struct cookies cookies;                          /* of one code */
	char oauth_state[2 * DINGTALK_STATE_BYTES + 1];  /* the same in all its requests */
	char only_corp[DINGTALK_CORP_MAX + 1];           /* of the page */
	struct dingtalk_qr qr;
	struct scan scan;
	void (*probed)(struct login *login);             /* of dingtalk_poll_probe(); or NULL */
};

void dingtalk_poll_start(struct login *login);
void dingtalk_poll_answer(struct login *login);
/* Only what api-call.c does not wait for. */
void dingtalk_poll_reply(struct login *login, const struct http_reply *reply);
void dingtalk_poll_timeout(struct login *login);
/* In `finish`. */
void dingtalk_poll_finish(struct login *login);
/* For `test`: on to `good` when the page is as it was and makes a code; else the login ends. */
void dingtalk_poll_probe(struct login *login, void (*good)(struct login *login));
