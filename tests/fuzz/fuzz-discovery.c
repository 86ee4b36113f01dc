/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Discovery documents. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "providers/discovery.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_endpoint(const char *url, bool required)
{
	if (url[0] ? !url_is_valid(url, URL_MAX) : required)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = 200,
				    .content_type = "application/json" };
	struct discovery discovery = { 0 };

	reply.body = secret_new(data, size);
	if (discovery_take(&discovery, &reply, "https://op.example.com", 1) == DISCOVERY_GOOD) {
		check_endpoint(discovery.token, true);
		check_endpoint(discovery.jwks, true);
		check_endpoint(discovery.authorization, false);
		check_endpoint(discovery.device, false);
		check_endpoint(discovery.userinfo, false);
		check_endpoint(discovery.revocation, false);
	} else if (discovery.is_known) {
		abort();
	}
	http_reply_done(&reply);
	return 0;
}
