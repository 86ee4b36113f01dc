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
bool link_is_digits(const char *text);
/* A query as it came: without '"' and '\', so that it stands in JSON as it is. */
bool link_is_query(const char *text);
