/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of the device and token endpoints. The first byte chooses the status, the rest is the
 * body. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/device-flow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t statuses[] = { 200, 400, 401, 403, 404, 428, 429, 503 };

static void check_code(const struct http_reply *reply)
{
	struct device_code code = { 0 };

	if (device_code_read(reply, &code) != DEVICE_GOOD)
		return;
	if (!code.device_code || !text_is_printable_ascii(code.user_code, DEVICE_USER_CODE_MAX) ||
	    !url_same_origin(code.link, code.plain_link) || code.interval_ms < 1000 ||
	    code.interval_ms > 60000 || code.expires_ms < 30000 || code.expires_ms > 3600000)
		abort();
	device_code_done(&code);
}

static void check_poll(const struct http_reply *reply)
{
	struct device_pace pace;
	struct device_poll poll;

	device_poll_read(reply, &poll);
	if ((poll.result == DEVICE_GOOD) != (poll.tokens.access_token != NULL))
		abort();
	device_pace_start(&pace, 5000);
	if (device_pace_next(&pace, &poll) < 5000 || pace.wait_ms > 600000)
		abort();
	oauth_tokens_done(&poll.tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .content_type = "application/json" };

	if (size < 2)
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	reply.body = secret_new(data + 1, size - 1);
	check_code(&reply);
	check_poll(&reply);
	http_reply_done(&reply);
	return 0;
}
