/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both answers of the code flow: a callback's query, and a reply of the token endpoint. The first
 * byte says which one, and the reply's status. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/relay-protocol.h"
#include "base/text.h"
#include "providers/code-flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_callback(const char *query)
{
	_cleanup_secret_ struct secret *code = NULL;
	char error[CODE_FLOW_ERROR_MAX + 1];
	struct parameters callback;
	enum code_flow_result result;

	if (parameters_parse(query, RELAY_CALLBACK_MAX, &callback) < 0)
		return;
	result = code_flow_read_callback(&callback, &code, error);
	if ((result == CODE_FLOW_GOOD) != (code != NULL) ||
	    (code && (error[0] || !text_is_printable_ascii(code->data, CODE_FLOW_CODE_MAX))) ||
	    (code && parameters_has(&callback, "error")))
		abort();
	parameters_done(&callback);
}

static void check_tokens(const struct http_reply *reply)
{
	struct oauth_tokens tokens = { 0 };
	char error[CODE_FLOW_ERROR_MAX + 1];
	enum code_flow_result result = code_flow_read_tokens(reply, &tokens, error);

	if ((result == CODE_FLOW_GOOD) != (tokens.access_token != NULL) ||
	    (result == CODE_FLOW_GOOD && (error[0] || reply->status != 200)))
		abort();
	oauth_tokens_done(&tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t statuses[] = { 0, 200, 400, 401, 404, 429, 503 };
	struct http_reply reply = { .result = HTTP_DONE, .content_type = "application/json" };

	if (size < 2)
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	reply.body = secret_new(data + 1, size - 1);
	if (reply.status)
		check_tokens(&reply);
	else
		check_callback(reply.body->data);
	http_reply_done(&reply);
	return 0;
}
