/* SPDX-License-Identifier: GPL-3.0-or-later */
/* WeChat's page for browsers and the answers to its polls, as script and as JSON. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/wechat-page.h"
#include "providers/wechat-reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_page(struct http_reply *reply)
{
	char uuid[WECHAT_UUID_MAX + 1] = "";
	enum scan_page page;

	(void)text_into(reply->content_type, sizeof(reply->content_type), "text/html");
	page = wechat_read_page(reply, uuid);
	if ((page == SCAN_PAGE_KEY) != (uuid[0] != '\0'))
		abort();
	if (uuid[0] && (strlen(uuid) < WECHAT_UUID_MIN || !wechat_is_id(uuid) ||
			!strstr(reply->body->data, uuid)))
		abort();
}

static void check_poll(const struct http_reply *reply,
		       enum scan_status (*read)(const struct http_reply *reply,
						struct secret **ret_code))
{
	_cleanup_secret_ struct secret *code = NULL;
	enum scan_status status = read(reply, &code);

	if ((status == SCAN_AGREED) != (code != NULL))
		abort();
	if (code && (!wechat_is_code(code->data) || strlen(code->data) != code->len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = 200 };

	reply.body = secret_new(data, size);
	check_page(&reply);
	check_poll(&reply, wechat_read_script_poll);
	check_poll(&reply, wechat_read_json_poll);
	http_reply_done(&reply);
	return 0;
}
