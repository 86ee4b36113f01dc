/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in with DingTalk by its device flow: mode = device. It is RFC 8628 in the vendor's own
 * words, and ends with an authCode in place of tokens. The vendor uses it in a program of its own
 * and does not document it; not every app may.
 */
#pragma once

#include "providers/device-login.h"
#include "providers/provider.h"

/* A part of struct dingtalk_login. */
struct dingtalk_device {
	struct device_login flow;
	void (*probed)(struct login *login);     /* of dingtalk_device_probe(); or NULL */
};

void dingtalk_device_start(struct login *login);
void dingtalk_device_answer(struct login *login);
/* Only what api-call.c does not wait for. */
void dingtalk_device_reply(struct login *login, const struct http_reply *reply);
void dingtalk_device_timeout(struct login *login);
/* In `finish`. */
void dingtalk_device_finish(struct login *login);
/* For `test` and `prepare`: on to `good` when this app may use the device flow; else the login
 * ends. */
void dingtalk_device_probe(struct login *login, void (*good)(struct login *login));

/* device/code.json and device/token.json: see device-flow.h. `login_url`: where the links must
 * lead. */
enum device_result dingtalk_read_device_code(const struct http_reply *reply,
					     const char *login_url,
					     struct device_code *ret_code);
void dingtalk_read_device_poll(const struct http_reply *reply, struct device_poll *ret_poll);
