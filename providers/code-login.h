/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The part of a login that all code flows over the relay share: send the telephone to the provider,
 * take its callback, redeem the code at once. A provider embeds the struct, hands callback and
 * reply down, and gets the tokens at its end. The counterpart of device-login.h.
 */
#pragma once

#include "providers/code-flow.h"
#include "providers/provider.h"

struct code_login_ops {
	/* Adds client_id, scope and what else this provider wants to the authorization request.
	 * Returns where it goes; freed by us. */
	char *(*authorize)(struct login *login, struct buf *query);
	/* May a callback with this `iss` (NULL: with none) be from the provider that was asked?
	 * RFC 9207. */
	bool (*is_issuer)(struct login *login, const char *issuer);
	/* Adds how the client authenticates. Takes the form over. */
	struct http_request *(*token_request)(struct login *login, struct buf *form);
	/* Takes the tokens out of the struct. */
	void (*approved)(struct login *login, struct oauth_tokens *tokens);
};

struct code_login {
	const struct code_login_ops *ops;
	const char *verifier;
};

/* `verifier` of code_flow_random() lives as long as the login. */
void code_login_start(struct login *login, struct code_login *code,
		      const struct code_login_ops *ops, const char *verifier);
void code_login_callback(struct login *login, struct code_login *code,
			 const struct parameters *callback);
void code_login_reply(struct login *login, struct code_login *code,
		      const struct http_reply *reply);

/* The key `flow` of types that know both flows, an int. */
enum login_flow {
	FLOW_DEVICE,
	FLOW_RELAY,
};
extern const char *const flow_names[];
#define FLOW_KEY(field_offset) \
	{ "flow", CONF_CHOICE, field_offset, .choices = flow_names, .fallback = "device", \
	  .help = "How people approve: device (a code at the provider), relay (a page of ours)" }
/* What holds with it. `asks`: the provider is told to ask a person who is signed in already;
 * otherwise it may send the telephone back without a word. */
unsigned flow_features(int flow, bool asks);
