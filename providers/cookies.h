/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What one server wants to hear again, within one login: the part of RFC 6265 that is left when all
 * requests go to one host and one folder, and nothing outlives a few minutes. Cookies of more than
 * COOKIES_MAX bytes are none, and the server will say that it misses them.
 */
#pragma once

#include "base/http-message.h"
#include "base/secret.h"

#define COOKIES_MAX 4096

struct cookies {
	struct secret *pairs;            /* "name=value; name=value"; NULL: none */
};

/* Those of a reply, which replace what has their names, or take it away when empty. */
void cookies_take(struct cookies *cookies, const struct http_reply *reply);
/* As the header of a request. */
void cookies_add(const struct cookies *cookies, struct http_request *request);
void cookies_done(struct cookies *cookies);              /* wipes; fine at any moment */
