/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The discovery document: one table says which endpoints there are and which must be. */
#include "providers/discovery.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/request.h"

#define AUTH_METHODS_MAX 32

/* The device endpoint is not required: a provider without it has a document all the same, and the
 * sysadmin deserves a better word than "incomplete". */
static const struct {
	const char *name;
	size_t offset;
	bool required;
} endpoints[] = {
	{ "token_endpoint", offsetof(struct discovery, token), true },
	{ "jwks_uri", offsetof(struct discovery, jwks), true },
	{ "device_authorization_endpoint", offsetof(struct discovery, device), false },
	{ "userinfo_endpoint", offsetof(struct discovery, userinfo), false },
	{ "revocation_endpoint", offsetof(struct discovery, revocation), false },
};

bool discovery_is_fresh(const struct discovery *discovery, int64_t now_ms)
{
	return discovery->is_known && now_ms - discovery->fetched_ms <= DISCOVERY_FRESH_MS;
}

bool discovery_is_servable(const struct discovery *discovery, int64_t now_ms)
{
	return discovery->is_known && now_ms - discovery->fetched_ms <= DISCOVERY_SERVE_MS;
}

void discovery_url(const char *issuer, struct buf *buf)
{
	size_t len = strlen(issuer);

	if (len > 0 && issuer[len - 1] == '/')
		len--;
	buf_add(buf, issuer, len);
	buf_add_text(buf, "/.well-known/openid-configuration");
}

static bool read_endpoints(const struct json_t *document, struct discovery *discovery)
{
	for (size_t i = 0; i < N_ELEMENTS(endpoints); i++) {
		const char *url = json_text(document, endpoints[i].name, URL_MAX);
		char *field = (char *)discovery + endpoints[i].offset;

		if (!json_has(document, endpoints[i].name) && !endpoints[i].required)
			continue;
		if (!url || !url_is_valid(url, URL_MAX) || !text_into(field, URL_MAX + 1, url))
			return false;
	}
	return true;
}

static void read_auth_methods(const struct json_t *document, struct discovery *discovery)
{
	const struct json_t *methods = json_array_at(document,
						     "token_endpoint_auth_methods_supported");
	size_t n = methods ? json_array_length(methods) : 0;

	discovery->lists_auth = methods != NULL;
	for (size_t i = 0; i < MIN(n, (size_t)AUTH_METHODS_MAX); i++) {
		const char *method = json_array_text(methods, i, 64);

		discovery->auth_post |= text_equals(method, "client_secret_post");
		discovery->auth_basic |= text_equals(method, "client_secret_basic");
	}
}

enum discovery_result discovery_take(struct discovery *discovery, const struct http_reply *reply,
				     const char *issuer, int64_t now_ms)
{
	_cleanup_json_ struct json_t *document = reply_is_ok(reply) ? reply_object(reply) : NULL;
	struct discovery fresh = { .is_known = true, .fetched_ms = now_ms };

	if (!document)
		return DISCOVERY_NO_ANSWER;
	if (!text_equals(json_text(document, "issuer", URL_MAX), issuer))
		return DISCOVERY_WRONG_ISSUER;
	if (!read_endpoints(document, &fresh))
		return DISCOVERY_INCOMPLETE;
	read_auth_methods(document, &fresh);
	*discovery = fresh;
	return DISCOVERY_GOOD;
}

static const char *const texts[] = {
	[DISCOVERY_GOOD] = "discovery: good",
	[DISCOVERY_NO_ANSWER] = "discovery: no document",
	[DISCOVERY_WRONG_ISSUER] = "discovery: the document names another issuer",
	[DISCOVERY_INCOMPLETE] = "discovery: an endpoint is missing or not https",
};
static_assert(N_ELEMENTS(texts) == DISCOVERY_N_RESULTS, "a text for every result");

const char *discovery_result_text(enum discovery_result result)
{
	return texts[result];
}
