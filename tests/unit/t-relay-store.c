/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store in memory. Its clock is moved. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>
#include <systemd/sd-event.h>

#include "base/macro.h"
#include "store-cases.h"

int __real_sd_event_now(sd_event *event, clockid_t clock, uint64_t *ret_usec);
int __wrap_sd_event_now(sd_event *event, clockid_t clock, uint64_t *ret_usec);

static uint64_t moved_us;                /* how far; cases only move it forward */

int __wrap_sd_event_now(sd_event *event, clockid_t clock, uint64_t *ret_usec)
{
	int r = __real_sd_event_now(event, clock, ret_usec);

	if (r >= 0 && clock == CLOCK_REALTIME)
		*ret_usec += moved_us;
	return r;
}

void pass_seconds(void *event UNUSED, unsigned seconds)
{
	moved_us += seconds * 1000000ull;
}

int main(void)
{
	return run_store_cases(NULL);
}
