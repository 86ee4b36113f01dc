/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One reply for a vendor who judges it without a configuration, and what must hold afterwards. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/sms-vendor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_sms_check(const struct http_reply *reply, const struct sms_result *result)
{
	bool is_accepted = result->class == SMS_ACCEPTED;

	if (result->class < SMS_ACCEPTED || result->class > SMS_UNKNOWN ||
	    is_accepted != (result->id[0] != '\0') || (is_accepted && reply->status != 200))
		abort();
	if (is_accepted && !text_is_printable_ascii(result->id, SMS_WORD_MAX))
		abort();
	if (result->word[0] && !text_is_printable_ascii(result->word, SMS_WORD_MAX))
		abort();
	if (reply->status > 503 && result->class != SMS_UNKNOWN)
		abort();
}

static inline void fuzz_sms_reply(const struct sms_vendor *vendor, const char *content_type,
				  const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE };
	struct sms_result result = { 0 };
	char word[SMS_WORD_MAX + 1] = "";

	if (size < 2)
		return;
	reply.status = 100 + (data[0] | (uint32_t)data[1] << 8) % 500;
	(void)text_into(reply.content_type, sizeof(reply.content_type), content_type);
	if (size > 2)
		reply.body = secret_new(data + 2, size - 2);
	vendor->judge(NULL, &reply, &result);
	fuzz_sms_check(&reply, &result);
	if (vendor->judge_delivery &&
	    (vendor->judge_delivery(NULL, &reply, word) > SMS_NOT_DELIVERED ||
	     (word[0] && !text_is_printable_ascii(word, SMS_WORD_MAX))))
		abort();
	http_reply_done(&reply);
}
