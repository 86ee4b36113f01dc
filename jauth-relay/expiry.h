/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What ends first: things with a time, ordered by it. A thing embeds a struct expiry, which tells
 * where it stands, so that it is taken out as quickly as it was put in. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct expiry {
	int64_t at_s;
	size_t place;
};

struct expiries {
	struct expiry **heap;            /* each before those at 2i + 1 and 2i + 2 */
	size_t n, size;
};

void expiries_add(struct expiries *expiries, struct expiry *expiry);
void expiries_remove(struct expiries *expiries, struct expiry *expiry);
/* The one that ends first, if that is at `now_s` or before; else NULL. */
struct expiry *expiries_first(const struct expiries *expiries, int64_t now_s);
void expiries_done(struct expiries *expiries);           /* not what is in it */
