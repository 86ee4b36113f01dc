/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an outcome of a login means to PAM: one table, which pam_jauth(8) repeats. */
#pragma once

#include "base/login-protocol.h"

struct outcome {
	int pam_code;
	int priority;            /* for syslog */
	const char *text;        /* for syslog: what has become of the user */
};

/* For every phase and every state; states that are no outcome of the phase are never success. */
const struct outcome *outcome_of(enum login_phase phase, enum login_state state);
