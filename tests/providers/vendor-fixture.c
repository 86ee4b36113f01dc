/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A vendor, a message, replies; see vendor-fixture.h. */
#include "tests/providers/vendor-fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

#define SECRETS_MAX  4
#define LINES_MAX    16384

const struct sms_attempt fixture_attempt = {
	.now_s = 1767323045,
	.nonce = "0123456789abcdef0123456789abcdef",
};

/* --- sections --- */

/* Adds "KEY_file = PATH" of a file with the secret in it; the caller unlinks. */
static char *write_secret(const struct fixture_secret *secret, struct buf *lines)
{
	char path[] = "/tmp/vendor-fixture-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, secret->value, strlen(secret->value)), strlen(secret->value));
	assert_int_equal(close(fd), 0);
	buf_add_format(lines, "%s_file = %s\n", secret->key, path);
	return text_copy(path);
}

static void apply(const struct sms_vendor *vendor, const struct buf *lines, void *config,
		  struct conf_report *report)
{
	const struct conf_table table = { vendor->keys, config };
	struct conf conf = { 0 };

	conf_read_text(buf_text(lines), lines->len, "test.conf", &conf, report);
	assert_int_equal(conf.n_sections, 1);
	conf_apply(&conf.sections[0], &table, 1, report);
	if (vendor->check)
		vendor->check(config, &conf.sections[0], report);
	conf_done(&conf);
}

static void *read_section(const struct sms_vendor *vendor, const struct vendor_section *section,
			  struct conf_report *report)
{
	const struct fixture_secret *secret = section->secrets;
	void *config = calloc(1, vendor->config_size);
	char *paths[SECRETS_MAX] = { NULL };
	struct buf lines = BUF_INIT(LINES_MAX);
	size_t n = 0;

	assert_non_null(config);
	buf_add_format(&lines, "[sms test]\n%s\n", section->lines);
	for (; secret && secret->key; secret++) {
		assert_true(n < SECRETS_MAX);
		paths[n++] = write_secret(secret, &lines);
	}
	apply(vendor, &lines, config, report);
	while (n--) {
		assert_int_equal(unlink(paths[n]), 0);
		free(paths[n]);
	}
	buf_done(&lines);
	return config;
}

static char *mistakes_of(const struct conf_report *report)
{
	struct buf lines = BUF_INIT(LINES_MAX);

	for (size_t i = 0; i < report->n_mistakes; i++)
		buf_add_format(&lines, "%u: %s\n", report->mistakes[i].line,
			       report->mistakes[i].text);
	return lines.len ? buf_steal(&lines) : text_copy("");
}

char *fixture_mistakes(const struct sms_vendor *vendor, const struct vendor_section *section)
{
	struct conf_report report = { 0 };
	void *config = read_section(vendor, section, &report);
	char *mistakes = mistakes_of(&report);

	conf_release(vendor->keys, config);
	conf_report_done(&report);
	free(config);
	return mistakes;
}

struct sms_gateway *fixture_gateway(const struct sms_vendor *vendor,
				    const struct vendor_section *section)
{
	struct sms_gateway *gateway = calloc(1, sizeof(*gateway));
	struct conf_report report = { 0 };
	_cleanup_free_ char *mistakes = NULL;

	assert_non_null(gateway);
	assert_true(text_into(gateway->id, sizeof(gateway->id), "test"));
	gateway->vendor = vendor;
	gateway->config = read_section(vendor, section, &report);
	mistakes = mistakes_of(&report);
	assert_string_equal(mistakes, "");
	conf_report_done(&report);
	return gateway;
}

struct sms_gateway *fixture_gateway_free(struct sms_gateway *gateway)
{
	conf_release(gateway->vendor->keys, gateway->config);
	free(gateway->config);
	free(gateway);
	return NULL;
}

/* --- messages --- */

struct sms_message fixture_message(const char *number, const char *text)
{
	return (struct sms_message){
		.number = number,
		.code = secret_from_text("012345"),
		.text = secret_from_text(text),
		.host = "db-1",
		.user = "alice",
		.reference = "K7",
		.language = "en",
		.valid_s = 300,
	};
}

void fixture_message_done(struct sms_message *message)
{
	secret_free((struct secret *)message->code);
	secret_free((struct secret *)message->text);
}

struct http_request *fixture_send(const struct sms_gateway *gateway, const char *number,
				  const char *text)
{
	struct sms_message message = fixture_message(number, text);
	struct http_request *request = gateway->vendor->send(gateway->config, &message,
							     &fixture_attempt);

	if (request) {
		assert_true(http_request_is_valid(request));
		assert_false(request->once);
		assert_int_equal(request->connect_ms, SMS_CONNECT_MS);
		assert_int_equal(request->total_ms, SMS_TOTAL_MS);
		assert_int_equal(request->max_body, SMS_REPLY_MAX);
	}
	fixture_message_done(&message);
	return request;
}

bool fixture_has_header(const struct http_request *request, const char *header)
{
	for (unsigned i = 0; i < request->n_headers; i++)
		if (text_equals(request->headers[i]->data, header))
			return true;
	return false;
}

const char *fixture_body(const struct http_request *request)
{
	return request->body ? request->body->data : "";
}

/* --- replies --- */

static struct http_reply http_reply(const struct fixture_reply *row)
{
	struct http_reply reply = { .result = HTTP_DONE, .status = row->status };
	const char *type = row->content_type ? row->content_type : "application/json";

	assert_true(text_into(reply.content_type, sizeof(reply.content_type), type));
	if (row->retry_after)
		assert_true(text_into(reply.retry_after, sizeof(reply.retry_after),
				      row->retry_after));
	if (row->body && row->body[0])
		reply.body = secret_from_text(row->body);
	return reply;
}

struct sms_result fixture_judge(const struct sms_gateway *gateway, const struct fixture_reply *row)
{
	struct http_reply reply = http_reply(row);
	struct sms_result result = { 0 };

	gateway->vendor->judge(gateway->config, &reply, &result);
	if (result.class != SMS_ACCEPTED)
		assert_string_equal(result.id, "");
	assert_true(!result.word[0] || text_is_printable_ascii(result.word, SMS_WORD_MAX));
	http_reply_done(&reply);
	return result;
}

enum sms_delivery fixture_judge_delivery(const struct sms_gateway *gateway,
					 const struct fixture_reply *row,
					 char ret_word[SMS_WORD_MAX + 1])
{
	struct http_reply reply = http_reply(row);
	enum sms_delivery delivery;

	ret_word[0] = '\0';
	delivery = gateway->vendor->judge_delivery(gateway->config, &reply, ret_word);
	http_reply_done(&reply);
	return delivery;
}
