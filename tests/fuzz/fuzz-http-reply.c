/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What jauth-http, or who has taken it over, sends to jauthd. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/http-message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* There is one way to write a reply: what is read gives the same bytes again. */
static void check(const struct http_frame_view *frame, const char *bytes)
{
	struct buf again = BUF_INIT_SECRET(HTTP_FRAME_MAX);
	struct http_reply reply;

	if (http_decode_reply(frame, &reply) < 0)
		return;
	http_encode_reply(&again, frame->number, &reply);
	if (buf_failed(&again) || again.len != frame->frame_len ||
	    memcmp(again.data, bytes, again.len) != 0)
		abort();
	http_reply_done(&reply);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct http_frame_view frame;

	while (http_frame_next(bytes, size, &frame) == 0) {
		check(&frame, bytes);
		bytes += frame.frame_len;
		size -= frame.frame_len;
	}
	return 0;
}
