/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WeCom's page for browsers and the answers to its polls. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/wecom-page.h"
#include "providers/wecom-reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_page(struct http_reply *reply)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	char key[WECOM_KEY_MAX + 1] = "";
	enum scan_page page;
	size_t len;

	(void)text_into(reply->content_type, sizeof(reply->content_type), "text/html");
	page = wecom_read_page(reply, key);
	len = strlen(key);
	if ((page == SCAN_PAGE_KEY) != (len > 0))
		abort();
	if (len && (len < WECOM_KEY_MIN || strspn(key, letters) != len ||
		    !strstr(reply->body->data, key)))
		abort();
}

static void check_scan(struct http_reply *reply)
{
	_cleanup_secret_ struct secret *code = NULL;
	enum scan_status scan;

	(void)text_into(reply->content_type, sizeof(reply->content_type), "text/javascript");
	scan = wecom_read_scan(reply, &code);
	if ((scan == SCAN_AGREED) != (code != NULL))
		abort();
	if (code && !text_is_printable_ascii(code->data, WECOM_CODE_MAX))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = 200 };

	reply.body = secret_new(data, size);
	check_page(&reply);
	check_scan(&reply);
	http_reply_done(&reply);
	return 0;
}
