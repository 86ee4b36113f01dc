/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The part of a login that all device flows share: get a code, show it, poll until the person has
 * decided, renew it on a key press. A provider embeds the struct, hands its events down while the
 * device flow runs, and gets the tokens at its end.
 */
#pragma once

#include "providers/device-flow.h"
#include "providers/provider.h"

struct device_login_ops {
	struct http_request *(*code_request)(struct login *login);
	struct http_request *(*poll_request)(struct login *login, const struct secret *device_code);
	/* MAY be NULL, both: then replies are as RFC 8628 has them. Else as device_code_read(), and
	 * an `error` may be written; as device_poll_read(). */
	enum device_result (*read_code)(struct login *login, const struct http_reply *reply,
					struct device_code *ret_code);
	void (*read_poll)(const struct http_reply *reply, struct device_poll *ret_poll);
	/* The person approved; the device flow is over. Takes the tokens out of the struct. */
	void (*approved)(struct login *login, struct oauth_tokens *tokens);
};

enum device_state {
	DEVICE_IDLE,
	DEVICE_REQUESTING,
	DEVICE_WAITING,
	DEVICE_POLLING,
	DEVICE_RENEWING,
};

struct device_login {
	const struct device_login_ops *ops;
	enum device_state state;
	struct device_code code;
	struct device_pace pace;
	int64_t expires_at_ms;           /* monotonic */
	bool probes;                     /* for a sysadmin: nobody is to approve anything */
	unsigned n_renewals;
};

void device_login_start(struct login *login, struct device_login *device,
			const struct device_login_ops *ops);
/* Within `test`: shows whether the provider gives a code to this client, and takes it when it polls
 * for it; ends the login. The code runs out by itself. */
void device_login_probe(struct login *login, struct device_login *device,
			const struct device_login_ops *ops);
void device_login_answer(struct login *login, struct device_login *device);
void device_login_reply(struct login *login, struct device_login *device,
			const struct http_reply *reply);
void device_login_timeout(struct login *login, struct device_login *device);
/* Wipes and frees; fine at any moment. */
void device_login_done(struct device_login *device);
