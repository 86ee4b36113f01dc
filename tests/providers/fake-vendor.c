/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See fake-vendor.h. */
#include "tests/providers/fake-vendor.h"

#include <string.h>

#include "base/text.h"

static const char *const classes[] = {
	[SMS_ACCEPTED] = "accepted",
	[SMS_REFUSED] = "refused",
	[SMS_CONFIG] = "config",
	[SMS_NUMBER] = "number",
	[SMS_LIMIT] = "limit",
	[SMS_AGAIN] = "again",
	[SMS_CLOCK] = "clock",
};

static struct http_request *make(enum http_method method, const void *config, const char *path)
{
	_cleanup_free_ char *url = text_format("https://%s.example.org/%s", (const char *)config,
					       path);
	struct http_request *request = http_request_new(method, url);

	request->connect_ms = SMS_CONNECT_MS;
	request->total_ms = SMS_TOTAL_MS;
	request->max_body = SMS_REPLY_MAX;
	return request;
}

static struct http_request *send(const void *config, const struct sms_message *message,
				 const struct sms_attempt *attempt)
{
	struct http_request *request;
	_cleanup_free_ char *body = NULL;

	if (text_equals(message->number, FAKE_UNSAYABLE))
		return NULL;
	body = text_format("number=%s code=%s host=%s user=%s ref=%s language=%s valid=%d nonce=%s "
			   "now=%lld text=%s", message->number, message->code->data, message->host,
			   message->user, message->reference, message->language,
			   (int)message->valid_s, attempt->nonce, (long long)attempt->now_s,
			   message->text->data);
	request = make(HTTP_POST, config, "send");
	request->body = secret_from_text(body);
	return request;
}

/* The text up to the next blank, which is skipped. */
static void take_word(const char **at, char *ret_word, size_t size)
{
	size_t len = strcspn(*at, " ");
	_cleanup_free_ char *word = text_format("%.*s", (int)len, *at);

	(void)text_into(ret_word, size, word);
	*at += len;
	*at += strspn(*at, " ");
}

static void judge(const void *config UNUSED, const struct http_reply *reply,
		  struct sms_result *ret_result)
{
	const char *at = reply->body ? reply->body->data : "";
	char class[SMS_WORD_MAX + 1], word[SMS_WORD_MAX + 1];

	take_word(&at, class, sizeof(class));
	take_word(&at, word, sizeof(word));
	ret_result->class = SMS_UNKNOWN;
	for (size_t i = 0; i < N_ELEMENTS(classes); i++)
		if (text_equals(class, classes[i]))
			ret_result->class = (enum sms_class)i;
	memcpy(ret_result->class == SMS_ACCEPTED ? ret_result->id : ret_result->word, word,
	       sizeof(word));
	(void)text_to_number(at, 0, 3600, &ret_result->wait_s);
}

static struct http_request *ask(const void *config, const char *id, const char *number,
				int64_t sent_s UNUSED, const struct sms_attempt *attempt UNUSED)
{
	_cleanup_free_ char *path = text_format("ask/%s", id);

	(void)number;
	return make(HTTP_GET, config, path);
}

static enum sms_delivery judge_delivery(const void *config UNUSED, const struct http_reply *reply,
					char ret_word[SMS_WORD_MAX + 1])
{
	static const char *const words[] = {
		[SMS_ON_ITS_WAY] = "on-its-way",
		[SMS_DELIVERED] = "delivered",
		[SMS_NOT_DELIVERED] = "failed",
	};
	const char *at = reply->body ? reply->body->data : "";
	char state[SMS_WORD_MAX + 1];

	take_word(&at, state, sizeof(state));
	take_word(&at, ret_word, SMS_WORD_MAX + 1);
	for (size_t i = SMS_ON_ITS_WAY; i < N_ELEMENTS(words); i++)
		if (text_equals(state, words[i]))
			return (enum sms_delivery)i;
	return SMS_DELIVERY_UNKNOWN;
}

static const struct conf_key no_keys[] = { { 0 } };

const struct sms_vendor fake_vendor = {
	.type = "fake",
	.keys = no_keys,
	.send = send,
	.judge = judge,
	.ask = ask,
	.judge_delivery = judge_delivery,
};

const struct sms_vendor fake_vendor_mute = {
	.type = "mute",
	.keys = no_keys,
	.send = send,
	.judge = judge,
};

/* Nobody writes to these, though a gateway's config could be. */
static char one_name[] = "one", two_name[] = "two", mute_name[] = "mute";

const struct sms_gateway fake_one = { "one", &fake_vendor, one_name, 3 };
const struct sms_gateway fake_two = { "two", &fake_vendor, two_name, 8 };
const struct sms_gateway fake_mute = { "mute", &fake_vendor_mute, mute_name, 1 };
const struct sms_gateway *const fake_gateways[] = { &fake_one, &fake_two, &fake_mute, NULL };
