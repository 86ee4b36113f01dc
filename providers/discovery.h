/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an OpenID provider says about itself (OpenID Connect Discovery 1.0), kept between logins.
 * Times are monotonic and come from the caller. Usable for 24 h; when it cannot be fetched again,
 * the old one serves for up to 7 days.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/http-message.h"
#include "base/url.h"

#define DISCOVERY_FRESH_MS     ((int64_t)24 * 3600 * 1000)
#define DISCOVERY_SERVE_MS     ((int64_t)7 * 24 * 3600 * 1000)

struct discovery {
	bool is_known;
	int64_t fetched_ms;
	char token[URL_MAX + 1];         /* endpoints; "" when the document has none */
	char jwks[URL_MAX + 1];
	char authorization[URL_MAX + 1];
	char device[URL_MAX + 1];
	char userinfo[URL_MAX + 1];
	char revocation[URL_MAX + 1];
	bool lists_auth;                 /* token_endpoint_auth_methods_supported is there, */
	bool auth_post, auth_basic;      /* and holds these */
	bool lists_challenges;           /* code_challenge_methods_supported is there, */
	bool challenge_s256;             /* and holds this */
	bool callback_has_iss;           /* every callback names the issuer (RFC 9207) */
};

enum discovery_result {
	DISCOVERY_GOOD,
	DISCOVERY_NO_ANSWER,             /* no reply, or not 200 with a JSON object */
	DISCOVERY_WRONG_ISSUER,          /* of another issuer: an error, never an update */
	DISCOVERY_INCOMPLETE,            /* an endpoint that is needed is missing or not https */
	DISCOVERY_N_RESULTS
};

bool discovery_is_fresh(const struct discovery *discovery, int64_t now_ms);
bool discovery_is_servable(const struct discovery *discovery, int64_t now_ms);
/* Appends the document's address. */
void discovery_url(const char *issuer, struct buf *buf);
/* On any result but DISCOVERY_GOOD the old document stays. */
enum discovery_result discovery_take(struct discovery *discovery, const struct http_reply *reply,
				     const char *issuer, int64_t now_ms);
const char *discovery_result_text(enum discovery_result result);
