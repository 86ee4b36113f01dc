/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who asks for ids that are none: counted by address (IPv6: by /64), a minute at a time. Pure: the
 * clock is the caller's. The table never grows; who comes when his place is full displaces the one
 * who asked least, so a flood from many addresses can hide a count but never counts against others.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct strangers;

struct strangers *strangers_new(void);                           /* NULL: no memory, no random */
struct strangers *strangers_free(struct strangers *strangers);   /* NULL is fine; returns NULL */

/* Counts one more of this address; true while it is within `per_minute`. An address that cannot be
 * read is one of its own. */
bool strangers_count(struct strangers *strangers, const char *address, int64_t per_minute,
		     int64_t now_s);
