/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What library calls leave behind; see traces.h. */
#include "base/traces.h"

#include <string.h>

#define STACK_LEN 65536
#define COPY_LEN  4096

static __attribute__((noinline)) void wipe_stack(void)
{
	char bytes[STACK_LEN];

	explicit_bzero(bytes, sizeof(bytes));
}

/* The C library copies and searches with the widest registers the processor has, other ones for
 * each range of sizes, and leaves them as they are: a core shows up to two kilobytes of
 * them. The same functions put zeros there. */
static __attribute__((noinline)) void wipe_registers(void)
{
	void *(*volatile copy)(void *, const void *, size_t) = memmove;
	int (*volatile compare)(const void *, const void *, size_t) = memcmp;
	size_t (*volatile measure)(const char *, size_t) = strnlen;
	char zeros[COPY_LEN] = { 0 }, bytes[COPY_LEN];
	size_t len;

	for (len = 1; len <= COPY_LEN; len += len / 2 + 1) {
		(void)copy(bytes, zeros, len);
		(void)compare(bytes, zeros, len);
		(void)measure(bytes, len);
	}
}

void traces_wipe(void)
{
	wipe_stack();
	wipe_registers();
}
