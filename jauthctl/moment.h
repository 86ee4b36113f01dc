/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moments as people write and read them, in local time. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum moment_direction {
	MOMENT_PAST,     /* "2h" is two hours ago */
	MOMENT_FUTURE,   /* "2h" is in two hours; "never" is 0 */
};

/* "2026-01-31", "2026-01-31 12:30", "2026-01-31T12:30:00", or a number with s, min, h or d.
 * 0 or -EINVAL. */
int moment_parse(const char *text, time_t now_s, enum moment_direction direction,
		 int64_t *ret_moment_s);

#define MOMENT_SIZE 40
/* ISO 8601 with offset, "2026-01-31T12:30:00+01:00"; "-" for 0 and for what no calendar holds. */
void moment_format(int64_t moment_s, char ret_text[MOMENT_SIZE]);
