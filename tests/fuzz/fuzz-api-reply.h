/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What must hold of every reply of a vendor's API, whatever came. */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/api-reply.h"

/* How it ends is one line for the log, and none when it is good. */
static inline void check_result(const struct api_result *result)
{
	size_t len = strlen(result->detail);

	if ((result->class == API_GOOD) != (len == 0) || !text_is_line(result->detail, len) ||
	    result->pause_ms < 0 || (result->class == API_GOOD && result->pause_ms))
		abort();
}

typedef void (*token_fn)(const struct http_reply *reply, struct api_token *ret_token,
			 struct api_result *ret_result);

static inline void check_token(const struct http_reply *reply, token_fn read)
{
	struct api_token token = { 0 };
	struct api_result result;

	read(reply, &token, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (token.value != NULL))
		abort();
	if (token.value && (token.value->len > API_TOKEN_MAX || token.lives_ms <= 0))
		abort();
	secret_free(token.value);
}
