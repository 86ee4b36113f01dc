/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every kind of jauth-relay's store must do: t-relay-store runs it over memory, tests/e2e over
 * a Redis. */
#pragma once

#include <stdint.h>

/* NULL: memory. 0, or how many cases failed. */
int run_store_cases(const char *redis);

/* Of the program that runs them: makes this much time pass for the store. */
void pass_seconds(void *event, unsigned seconds);
