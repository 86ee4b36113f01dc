/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection to jauth-end-session, on the loop: all orders go out, the answers come in. */
#pragma once

#include <stddef.h>
#include <systemd/sd-event.h>

#include "base/end-session.h"

struct helper_call;

struct helper_result {
	enum end_answer answers[END_SESSION_LINES_MAX];  /* of the first n_answers orders */
	size_t n_answers;
	int error;               /* why there are not more of them; 0: there are all */
};

/* `done` is called once, on the loop and never from within this call, and may free the call.
 * The orders are the caller's and are read now; at most END_SESSION_LINES_MAX. */
int helper_call_new(sd_event *event, const char *socket, const struct end_order *const *orders,
		    size_t n_orders,
		    void (*done)(void *context, const struct helper_result *result), void *context,
		    struct helper_call **ret_call);
struct helper_call *helper_call_free(struct helper_call *call);  /* NULL is fine */
