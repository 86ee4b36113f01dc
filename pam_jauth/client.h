/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A login through jauthd, from the side of the one who asks: pam_jauth and jauthctl.
 * Knows libdbus and nothing of PAM; never logs, never aborts, leaves signals alone.
 *
 *	client_init(&client, timeout_ms);
 *	state = client_begin(&client, LOGIN_BUS_ADDRESS, &facts);
 *	while (!login_state_is_outcome(state)) {
 *		client_next(&client, &step);          … show the items; when the state is LOGIN_ASK:
 *		client_answer(&client, number, …);
 *	}
 *	client_done(&client);
 *
 * Whatever goes wrong is an outcome, never a yes: `reason` then says why, for the log.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/login-protocol.h"
#include "pam_jauth/begin.h"

struct login_client {
	int fd;                      /* the login's socket; -1 before client_begin() */
	int64_t deadline_ms;         /* on the monotonic clock, for the whole login */
	int hangup_fd;               /* -1, or the person's connection: gone if its peer hangs up */
	bool (*is_interrupted)(void);/* NULL, or looked at five times a second while waiting */
	bool has_begun;              /* a step has come */
	char reason[LOGIN_REASON_MAX];
};

void client_init(struct login_client *client, int64_t timeout_ms);
/* Closes the socket: jauthd takes that as the end of the login. */
void client_done(struct login_client *client);

/* LOGIN_WAIT: go on with client_next(). Otherwise the outcome. */
enum login_state client_begin(struct login_client *client, const char *bus_address,
			      const struct login_facts *facts);

/* Waits for the next step; the caller frees it with login_step_done(). Without a step from jauthd
 * it is an outcome of ours, without items:
 * LOGIN_UNAVAILABLE  jauthd closed the socket before its outcome, or said nothing at all in time
 * LOGIN_FAILED       it sent something else than a step, or the deadline passed later on: whoever
 *                    lets the time pass must not get the answer of a machine without jauthd
 * LOGIN_CANCELLED    the person's connection is gone, or is_interrupted() */
void client_next(struct login_client *client, struct login_step *ret_step);

/* Fire and forget: when jauthd is gone, the next step says so. The answer stays the caller's,
 * who wipes it; false when it is longer than LOGIN_ANSWER_MAX, and nothing was sent. */
bool client_answer(struct login_client *client, uint32_t number, const char *answer, size_t len);
void client_cancel(struct login_client *client);
