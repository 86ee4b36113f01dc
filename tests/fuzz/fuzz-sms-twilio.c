/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of the vendor twilio. The first byte chooses the status, the rest is the body. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/text.h"
#include "providers/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t statuses[] = { 201, 200, 400, 401, 404, 429, 500, 301 };

static void check_send(const struct http_reply *reply)
{
	struct sms_result result = { 0 };

	twilio_vendor.judge(NULL, reply, &result);
	if ((result.class == SMS_ACCEPTED) != (result.id[0] != '\0') ||
	    (result.class == SMS_ACCEPTED && reply->status != 201) ||
	    (reply->status >= 500 && result.class != SMS_UNKNOWN) ||
	    (result.was_stopped && result.class != SMS_NUMBER) ||
	    !text_is_printable_ascii(result.word, SMS_WORD_MAX))
		abort();
}

static void check_delivery(const struct http_reply *reply)
{
	char word[SMS_WORD_MAX + 1] = "";
	enum sms_delivery delivery = twilio_vendor.judge_delivery(NULL, reply, word);

	if ((delivery != SMS_DELIVERY_UNKNOWN && reply->status != 200) ||
	    !text_is_printable_ascii(word, SMS_WORD_MAX))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .content_type = "application/json" };

	if (size < 2)
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	reply.body = secret_new(data + 1, size - 1);
	check_send(&reply);
	check_delivery(&reply);
	http_reply_done(&reply);
	return 0;
}
