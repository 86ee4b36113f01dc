/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which hosts listen to which app, in memory: by links that are open, so each has an end. Pure: the
 * clock is the caller's. There are never more than there are links. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "jauth-relay/limits.h"

struct listeners;

struct listeners *listeners_new(void);                           /* aborts without memory */
struct listeners *listeners_free(struct listeners *listeners);   /* returns NULL */

/* The host listens by this link until then; again: until another time. 0: no more. */
void listeners_set(struct listeners *listeners, const char *app, const char *host,
		   const char *link, int64_t until_s);
void listeners_drop_ended(struct listeners *listeners, int64_t now_s);
size_t listeners_count(const struct listeners *listeners);

/* Each host once, the one with the newest link first; at most `max` of them. How many. */
typedef char listener_host[RELAY_KEY_ID_LEN + 1];
size_t listeners_get(const struct listeners *listeners, const char *app, size_t max,
		     listener_host *ret_hosts);
/* The same for whoever collects them: adds a host that is not there yet, while there is room. */
void listeners_add_host(const char *host, size_t max, listener_host *hosts, size_t *n);
