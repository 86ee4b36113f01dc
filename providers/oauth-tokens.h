/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a token endpoint gives, whatever it was asked with. */
#pragma once

#include <stdbool.h>

#include "base/json.h"
#include "base/secret.h"

#define OAUTH_TOKEN_MAX 16384
#define OAUTH_SCOPE_MAX 1024

struct oauth_tokens {
	struct secret *access_token;
	struct secret *id_token;                 /* NULL: none came */
	char scope[OAUTH_SCOPE_MAX + 1];         /* as granted; "" when not said */
	/* What one vendor gives in place of all this: a code, to be redeemed. Else NULL. */
	struct secret *code;
};

/* From a reply without `error`. False, and nothing is written: it is against the rules. */
bool oauth_tokens_read(const struct json_t *reply, struct oauth_tokens *ret_tokens);
void oauth_tokens_done(struct oauth_tokens *tokens);
