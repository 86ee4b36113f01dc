/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Denies or fails, as the row says. */
#include "providers/ending.h"

#include <assert.h>

#include "base/text.h"

void ending_apply(struct login *login, const struct ending *ending, const char *what)
{
	_cleanup_free_ char *detail = text_format("%s (%s)", ending->detail, what);

	assert(ending->kind != ENDING_NONE);
	if (ending->kind == ENDING_DENIES)
		login_deny(login, (enum deny_reason)ending->reason, detail);
	else
		login_fail(login, (enum fail_reason)ending->reason, detail);
}
