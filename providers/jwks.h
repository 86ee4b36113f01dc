/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A provider's key set, kept between logins. Times are monotonic and come from the caller.
 *
 *   fresh      not older than the reply's max-age (5 min … 24 h, default 1 h)
 *   servable   not older than 24 h beyond that: used when a refresh fails
 *   forced     a refetch because a token names a key the set lacks: once a minute at most
 */
#pragma once

#include <stdint.h>

#include "base/http-message.h"
#include "base/json.h"

#define JWKS_KEYS_MAX          100
#define JWKS_AGE_DEFAULT_MS    3600000
#define JWKS_AGE_MIN_MS        300000
#define JWKS_AGE_MAX_MS        86400000
#define JWKS_SERVE_EXTRA_MS    86400000
#define JWKS_FORCE_PAUSE_MS    60000

struct jwks {
	struct json_t *set;              /* NULL: never fetched */
	int64_t fetched_ms, max_age_ms;
	int64_t forced_ms;               /* when the last forced refetch began */
	bool was_forced;
};

void jwks_done(struct jwks *jwks);
/* The set's array; only when it is servable. */
const struct json_t *jwks_keys(const struct jwks *jwks);
bool jwks_is_fresh(const struct jwks *jwks, int64_t now_ms);
bool jwks_is_servable(const struct jwks *jwks, int64_t now_ms);
int64_t jwks_age_ms(const struct jwks *jwks, int64_t now_ms);
/* True at most once per JWKS_FORCE_PAUSE_MS; the caller then fetches. */
bool jwks_force(struct jwks *jwks, int64_t now_ms);
/* Replaces the set; 0, or -EBADMSG (not a key set; the old one stays). A key nobody can use does
 * not spoil the others: it fits no token. */
int jwks_take(struct jwks *jwks, const struct http_reply *reply, int64_t now_ms);
