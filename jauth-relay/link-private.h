/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of link.c share. */
#pragma once

#include "jauth-relay/link.h"

/* A new one without anything. */
struct link *link_make(void);

/* True when everything in it is as link.h and the specification say: the one check of what a host
 * sent and of what a store kept. */
bool link_is_sound(const struct link *link);
bool link_is_state(const char *text);
bool link_is_js_code(const char *text);
bool link_is_digits(const char *text);
/* A query as it came: without '"' and '\', so that it stands in JSON as it is. */
bool link_is_query(const char *text);

/* A press of the target, by who has this secret. 0, -EUSERS (there is no place) or -EIO. */
int link_add_press(struct link *link, int target, const char *secret);
