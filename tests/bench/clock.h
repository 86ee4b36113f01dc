/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the programs of the benchmarks measure with. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);    /* cannot fail with this clock */
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline long count_argument(const char *text)
{
	char *end;
	long count = strtol(text, &end, 10);

	if (*end || count < 1 || count > 1000000) {
		fprintf(stderr, "\"%s\" is no count\n", text);
		exit(2);
	}
	return count;
}
