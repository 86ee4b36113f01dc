/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A login through the PAM stack of a service, in this terminal. Nobody gets a session from it. */
#pragma once

#include "base/buf.h"
#include "jauthctl/terminal.h"

enum trial {
	TRIAL_GRANTED,
	TRIAL_UNASKED,                   /* granted to us, who are root, and so by pam_rootok(8) */
	TRIAL_DENIED,
	TRIAL_INTERRUPTED,
};

/* `terminal` has begun. When denied, `why` says what PAM calls it. */
enum trial service_try(struct terminal *terminal, FILE *out, const char *service,
		       const char *user, struct buf *why);
