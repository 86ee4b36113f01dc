/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One login through jauthd with PAM's conversation: from the facts to the outcome. */
#pragma once

#include <security/pam_modules.h>

#include "base/login-protocol.h"
#include "pam_jauth/options.h"

/* Where a granted login leaves its request id, for setcred, the session and the person's shell
 * (PAM environment), and for the account phase of the same handle (PAM data). */
#define LOGIN_REQUEST_ENV  "JAUTH_REQUEST"
#define LOGIN_REQUEST_DATA "jauth_request"

/* The PAM code of the outcome, which is logged. `user` is not exempt. */
int login_run(pam_handle_t *pamh, const struct options *options, enum login_phase phase,
	      const char *user);
