/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tells jauthd that a session was opened or has ended, so that it can be ended when its person
 * leaves the organisation. Nothing that happens here takes anything from the session. */
#pragma once

#include <security/pam_modules.h>

#include "base/login-protocol.h"
#include "pam_jauth/options.h"

/* Takes a moment, and two seconds at most when jauthd or the bus is silent. */
void session_report(pam_handle_t *pamh, const struct options *options, enum login_phase phase,
		    const char *user);
