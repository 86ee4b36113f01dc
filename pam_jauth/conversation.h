/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A step's items through the program's conversation function. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <security/pam_modules.h>

#include "base/login-protocol.h"

struct answer {
	size_t len;
	char text[LOGIN_ANSWER_MAX + 1];     /* NUL-terminated; wiped with answer_wipe() */
};

void answer_wipe(struct answer *answer);

/* Is there a conversation at all? (cron has none) */
bool conversation_exists(pam_handle_t *pamh);

/* Shows the items of a step in one call and takes the answer to its ask, if it has one.
 * `with_infos` false leaves out the infos. 0; -ENOTCONN: no conversation, or it failed or broke
 * off; -EMSGSIZE: the answer is longer than LOGIN_ANSWER_MAX. Nothing of the answers is left
 * behind in memory of ours. */
int conversation_show(pam_handle_t *pamh, const struct login_step *step, bool with_infos,
		      struct answer *ret_answer);
