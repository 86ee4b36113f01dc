/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 6749 section 5.1: bearer tokens (RFC 6750) and no other; a refresh token is not even read. */
#include "providers/oauth-tokens.h"

#include <strings.h>

#include "base/text.h"

static struct secret *token_at(const struct json_t *reply, const char *name)
{
	const char *token = json_text(reply, name, OAUTH_TOKEN_MAX);

	return token ? secret_from_text(token) : NULL;
}

bool oauth_tokens_read(const struct json_t *reply, struct oauth_tokens *ret_tokens)
{
	const char *type = json_text(reply, "token_type", 32);
	const char *scope = json_text(reply, "scope", OAUTH_SCOPE_MAX);
	struct oauth_tokens tokens = { 0 };

	if (!type || strcasecmp(type, "bearer") != 0)
		return false;
	tokens.access_token = token_at(reply, "access_token");
	tokens.id_token = token_at(reply, "id_token");
	(void)text_into(tokens.scope, sizeof(tokens.scope), scope ? scope : "");
	if (!tokens.access_token || (!tokens.id_token && json_has(reply, "id_token"))) {
		oauth_tokens_done(&tokens);
		return false;
	}
	*ret_tokens = tokens;
	return true;
}

void oauth_tokens_done(struct oauth_tokens *tokens)
{
	secret_free_pointer(&tokens->access_token);
	secret_free_pointer(&tokens->id_token);
	secret_free_pointer(&tokens->code);
	*tokens = (struct oauth_tokens) { 0 };
}
