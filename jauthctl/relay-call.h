/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of a host to its relay (base/relay-protocol.h), through jauth-http: TLS is checked
 * there. Waits for the reply. */
#pragma once

#include "base/http-message.h"
#include "jauthctl/command.h"

struct json_t;

struct relay_call {
	enum http_method method;
	const char *path;                /* from "/v1" on */
	const struct secret *token;
	const struct buf *body;          /* JSON; NULL: none */
};

#define RELAY_WHY_MAX 512

struct relay_answer {
	uint32_t status;                 /* 0: no relay answered */
	struct json_t *object;           /* of the body; NULL: none */
	char why[RELAY_WHY_MAX];         /* to tell when it is not what was hoped for; foreign */
};

void relay_ask(const char *server, const struct relay_call *call, struct relay_answer *ret_answer);
/* The first of the servers that answers; a fault of one is no answer. So the request must be one
 * that may come twice. */
void relay_ask_any(char *const *servers, const struct relay_call *call,
		   struct relay_answer *ret_answer);
void relay_answer_done(struct relay_answer *answer);

/* For an answer that is a refusal. Complains. */
enum exit_code relay_refused(const struct relay_answer *answer);
