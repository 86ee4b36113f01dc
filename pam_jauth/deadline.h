/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moments on the monotonic clock, in milliseconds. */
#pragma once

#include <limits.h>
#include <stdint.h>
#include <time.h>

#include "base/macro.h"

static inline int64_t monotonic_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);    /* cannot fail with this clock */
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What is left until the deadline, as poll() takes it: 0 when it has passed. */
static inline int remaining_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - monotonic_ms();

	return (int)MAX(0, MIN(left, INT_MAX));
}
