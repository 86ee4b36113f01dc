/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to SMS vendors with the same manners everywhere; see sms-request.h. */
#include "providers/sms-request.h"

#include <string.h>

#include "base/buf.h"
#include "base/text.h"

struct http_request *sms_request_new(enum http_method method, const char *url)
{
	struct http_request *request = http_request_new(method, url);

	request->connect_ms = SMS_CONNECT_MS;
	request->total_ms = SMS_TOTAL_MS;
	request->max_body = SMS_REPLY_MAX;
	return request;
}

struct http_request *sms_request_json(enum http_method method, const char *url)
{
	struct http_request *request = sms_request_new(method, url);

	(void)http_request_header(request, "Accept", "application/json");
	return request;
}

void sms_word(char ret_word[SMS_WORD_MAX + 1], const char *text)
{
	struct buf word = BUF_INIT(SMS_WORD_MAX);
	/* What is cut gets three dots. */
	size_t max = strlen(text) <= SMS_WORD_MAX ? SMS_WORD_MAX : SMS_WORD_MAX - 3;

	text_add_ascii(&word, text, max);
	(void)text_into(ret_word, SMS_WORD_MAX + 1, buf_text(&word));
	buf_done(&word);
}

void sms_word_status(char ret_word[SMS_WORD_MAX + 1], const struct http_reply *reply)
{
	_cleanup_free_ char *text = text_format("status %u", reply->status);

	sms_word(ret_word, text);
}
