/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another code for the screen when the one there ran out: a few times, and only for somebody who is
 * there. */
#pragma once

#include "providers/provider.h"

#define RENEWALS_MAX 2

/* Asks for Enter, and `answer` follows; or ends the login, when it is too late. */
void renewal_offer(struct login *login, unsigned *n_renewals);
