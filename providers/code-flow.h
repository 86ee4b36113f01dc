/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The authorization code grant (RFC 6749 section 4.1) with PKCE (RFC 7636), without any state
 * machine: what is sent, and what callback and token endpoint say. Pure functions.
 */
#pragma once

#include "base/buf.h"
#include "base/http-message.h"
#include "base/parameters.h"
#include "providers/oauth-tokens.h"

#define CODE_FLOW_CODE_MAX    2048
#define CODE_FLOW_ERROR_MAX   64
#define CODE_FLOW_RANDOM_SIZE 44         /* 32 random bytes in base64url, and a NUL */

enum code_flow_result {
	/* of both answers */
	CODE_FLOW_GOOD,          /* a code; the tokens */
	CODE_FLOW_REFUSED,       /* the person said no, or the provider for him */
	CODE_FLOW_SETUP,         /* the provider says we are set up wrongly */
	CODE_FLOW_BUSY,          /* the provider has no room now */
	CODE_FLOW_FAULT,         /* an error of the provider's own, or against the rules */
	/* of the callback */
	CODE_FLOW_NO_CODE,       /* neither a usable code nor an error */
	/* of the token endpoint */
	CODE_FLOW_WRONG_CODE,    /* used, expired, never issued, or of another client or login */
	CODE_FLOW_LOST,          /* no answer: the code may be used up, so it is not sent again */
	CODE_FLOW_N_RESULTS
};

/* A verifier or a nonce: 0 or a negative errno. */
int code_flow_random(char ret_text[CODE_FLOW_RANDOM_SIZE]);
/* code_challenge and its method, S256. */
void code_flow_add_challenge(struct buf *form, const char *verifier);
/* The authorization endpoint, which may have parameters of its own, with these behind it. NULL:
 * too long for a target of the relay. The caller frees. */
char *code_flow_url(const char *endpoint, const struct buf *query);

/* `ret_error` gets the error word, for the log; "" when there is none. The outputs before it are
 * written for CODE_FLOW_GOOD only; the caller frees them. */
enum code_flow_result code_flow_read_callback(const struct parameters *callback,
					      struct secret **ret_code,
					      char ret_error[CODE_FLOW_ERROR_MAX + 1]);
/* Decided by the `error` member, never by the status. */
enum code_flow_result code_flow_read_tokens(const struct http_reply *reply,
					    struct oauth_tokens *ret_tokens,
					    char ret_error[CODE_FLOW_ERROR_MAX + 1]);
