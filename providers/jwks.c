/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When to fetch the key set, and when an old one may still serve. */
#include "providers/jwks.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "providers/request.h"

void jwks_done(struct jwks *jwks)
{
	json_free_pointer(&jwks->set);
	*jwks = (struct jwks) { 0 };
}

const struct json_t *jwks_keys(const struct jwks *jwks)
{
	return json_array_at(jwks->set, "keys");
}

int64_t jwks_age_ms(const struct jwks *jwks, int64_t now_ms)
{
	return now_ms - jwks->fetched_ms;
}

bool jwks_is_fresh(const struct jwks *jwks, int64_t now_ms)
{
	return jwks->set && jwks_age_ms(jwks, now_ms) <= jwks->max_age_ms;
}

bool jwks_is_servable(const struct jwks *jwks, int64_t now_ms)
{
	return jwks->set && jwks_age_ms(jwks, now_ms) <= jwks->max_age_ms + JWKS_SERVE_EXTRA_MS;
}

bool jwks_force(struct jwks *jwks, int64_t now_ms)
{
	if (jwks->was_forced && now_ms - jwks->forced_ms < JWKS_FORCE_PAUSE_MS)
		return false;
	jwks->was_forced = true;
	jwks->forced_ms = now_ms;
	return true;
}

/* The number behind "max-age=" of a Cache-Control header, clamped. */
static int64_t max_age_ms(const char *cache_control)
{
	const char *found = strstr(cache_control, "max-age=");
	char digits[16] = "";
	int64_t seconds;

	if (!found || (found > cache_control && !strchr(", \t", found[-1])))
		return JWKS_AGE_DEFAULT_MS;
	found += strlen("max-age=");
	for (size_t i = 0; i < sizeof(digits) - 1 && found[i] >= '0' && found[i] <= '9'; i++)
		digits[i] = found[i];
	if (text_to_number(digits, 0, INT32_MAX, &seconds) < 0)
		return JWKS_AGE_DEFAULT_MS;
	return MIN(MAX(seconds * 1000, (int64_t)JWKS_AGE_MIN_MS), (int64_t)JWKS_AGE_MAX_MS);
}

int jwks_take(struct jwks *jwks, const struct http_reply *reply, int64_t now_ms)
{
	_cleanup_json_ struct json_t *set = reply_is_ok(reply) ? reply_object(reply) : NULL;
	const struct json_t *keys = set ? json_array_at(set, "keys") : NULL;

	if (!keys || json_array_length(keys) > JWKS_KEYS_MAX)
		return -EBADMSG;
	(void)json_free(jwks->set);
	jwks->set = steal(&set);
	jwks->fetched_ms = now_ms;
	jwks->max_age_ms = max_age_ms(reply->cache_control);
	return 0;
}
