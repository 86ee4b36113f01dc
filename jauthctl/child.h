/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Other programs of this machine, run for what they print. */
#pragma once

#include <stdbool.h>

#include "base/buf.h"

struct child {
	const char *const *argv;         /* argv[0] is the path; ends with NULL */
	int timeout_ms;
	bool with_errors;                /* what it says on stderr belongs to it */
};

/* Runs it without a shell and with an empty standard input, in the C locale. What goes beyond
 * the buffer's maximum is dropped. Its exit status; 128 and the signal's number when one ended
 * it; -errno: it could not be run; -ETIMEDOUT: it was killed. */
int child_run(const struct child *child, struct buf *ret_out);
