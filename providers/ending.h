/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the result of a flow ends the login: a flow has a table of these, indexed by its results. */
#pragma once

#include "providers/provider.h"

struct ending {
	enum { ENDING_NONE, ENDING_DENIES, ENDING_FAILS } kind;
	int reason;                      /* enum deny_reason, enum fail_reason; of NONE nothing */
	const char *detail;
};

/* Of a kind other than NONE. `what`: more for the log, in brackets. */
void ending_apply(struct login *login, const struct ending *ending, const char *what);
