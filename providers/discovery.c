/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The discovery document: one table says which endpoints there are and which must be. */
#include "providers/discovery.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/request.h"

#define ISS_SUPPORTED "authorization_response_iss_parameter_supported"
#define LIST_MAX 32              /* entries looked at */

/* The endpoints of the two flows are not required: a provider that lacks the one that is wanted has
 * a document all the same, and the sysadmin deserves a better word than "incomplete". */
static const struct {
	const char *name;
	size_t offset;
	bool required;
} endpoints[] = {
	{ "token_endpoint", offsetof(struct discovery, token), true },
	{ "jwks_uri", offsetof(struct discovery, jwks), true },
	{ "authorization_endpoint", offsetof(struct discovery, authorization), false },
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

/* What the lists say: whether the list is there, and which of its values are of use. */
static const struct {
	const char *list, *value;        /* value NULL: the list itself */
	size_t offset;
} listed[] = {
#define AUTH       "token_endpoint_auth_methods_supported"
#define CHALLENGES "code_challenge_methods_supported"
	{ AUTH, NULL, offsetof(struct discovery, lists_auth) },
	{ AUTH, "client_secret_post", offsetof(struct discovery, auth_post) },
	{ AUTH, "client_secret_basic", offsetof(struct discovery, auth_basic) },
	{ CHALLENGES, NULL, offsetof(struct discovery, lists_challenges) },
	{ CHALLENGES, "S256", offsetof(struct discovery, challenge_s256) },
#undef AUTH
#undef CHALLENGES
};

static bool holds(const struct json_t *list, const char *value)
{
	size_t n = MIN(json_array_length(list), (size_t)LIST_MAX);

	for (size_t i = 0; i < n; i++)
		if (text_equals(json_array_text(list, i, 64), value))
			return true;
	return false;
}

static void read_lists(const struct json_t *document, struct discovery *discovery)
{
	for (size_t i = 0; i < N_ELEMENTS(listed); i++) {
		const struct json_t *list = json_array_at(document, listed[i].list);
		bool *field = (bool *)((char *)discovery + listed[i].offset);

		*field = list && (!listed[i].value || holds(list, listed[i].value));
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
	read_lists(document, &fresh);
	/* RFC 9207 section 3: absent is false. What is no boolean counts as the stricter one. */
	if (json_bool(document, ISS_SUPPORTED, &fresh.callback_has_iss) == -EINVAL)
		fresh.callback_has_iss = true;
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
