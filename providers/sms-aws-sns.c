/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SMS vendor `aws-sns`: Publish of Amazon SNS, API version 2010-03-31, straight to a number. It
 * knows no key against sending twice, and tells delivery only in a log of its own, so there is
 * nothing to ask afterwards.
 */
#include "providers/sms-aws-sns.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/sms-check.h"
#include "providers/sms-request.h"
#include "providers/sms-sign.h"
#include "providers/table.h"

#define FORM_MAX     8192
#define FORM_TYPE    "application/x-www-form-urlencoded; charset=utf-8"

struct aws_sns_config {
	char *access_key_id;
	struct secret *secret_access_key, *session_token;
	char *region, *endpoint;
	char *sender_id, *max_price, *origination_number;
	int sms_type;                    /* of sms_types */
};

#define FIELD(name) offsetof(struct aws_sns_config, name)

static const char *const sms_types[] = { "Transactional", "Promotional", NULL };

static const struct conf_key keys[] = {
	{ "access_key_id", CONF_TEXT, FIELD(access_key_id), .flags = CONF_REQUIRED,
	  .min = 1, .max = 128,
	  .help = "The key of an IAM user who may do sns:Publish and nothing else" },
	{ "secret_access_key", CONF_SECRET, FIELD(secret_access_key), .flags = CONF_REQUIRED,
	  .min = 1, .max = 256, .help = "Its secret" },
	{ "session_token", CONF_SECRET, FIELD(session_token), .min = 1, .max = 4096,
	  .help = "The token of temporary credentials" },
	{ "region", CONF_TEXT, FIELD(region), .flags = CONF_REQUIRED, .min = 1, .max = 32,
	  .help = "Such as eu-central-1; not every region sends messages" },
	{ "endpoint", CONF_URL, FIELD(endpoint),
	  .help = "Where SNS is; normally the region says" },
	{ "sender_id", CONF_TEXT, FIELD(sender_id), .min = 1, .max = 11,
	  .help = "The sender shown where the country allows it: letters, digits, '-'" },
	{ "sms_type", CONF_CHOICE, FIELD(sms_type), .choices = sms_types,
	  .fallback = "Transactional",
	  .help = "The route; Promotional is cheaper and may be late" },
	{ "max_price", CONF_TEXT, FIELD(max_price), .min = 1, .max = 16,
	  .help = "US dollars; a dearer message is taken and not sent" },
	{ "origination_number", CONF_TEXT, FIELD(origination_number), .min = 1, .max = 16,
	  .help = "The number or short code to send from, if the account has some" },
	{ NULL }
};

/* --- configuration --- */

static bool is_key_id(const char *text)
{
	return sms_is_made_of(text, SMS_LETTERS SMS_DIGITS "_");
}

static bool is_region(const char *text)
{
	return sms_is_made_of(text, "abcdefghijklmnopqrstuvwxyz" SMS_DIGITS "-");
}

static bool is_sender_id(const char *text)
{
	return sms_is_made_of(text, SMS_LETTERS SMS_DIGITS "-") && strpbrk(text, SMS_LETTERS);
}

/* "0.05" */
static bool is_price(const char *text)
{
	size_t whole = strspn(text, SMS_DIGITS);
	const char *rest = text + whole;

	if (!whole || !*rest)
		return whole;
	return *rest == '.' && rest[1] && sms_is_made_of(rest + 1, SMS_DIGITS);
}

static bool is_origin(const char *text)
{
	size_t len = strspn(text + (*text == '+'), SMS_DIGITS);

	return len >= 5 && len <= 15 && text[(*text == '+') + len] == '\0';
}

static const struct sms_text_rule texts[] = {
	{ "access_key_id", FIELD(access_key_id), is_key_id, "must be letters, digits and '_'" },
	{ "region", FIELD(region), is_region, "must be like eu-central-1" },
	{ "endpoint", FIELD(endpoint), sms_is_base, SMS_WANTED_BASE },
	{ "sender_id", FIELD(sender_id), is_sender_id,
	  "must be letters, digits and '-', with a letter among them" },
	{ "max_price", FIELD(max_price), is_price, "must be a number like 0.05" },
	{ "origination_number", FIELD(origination_number), is_origin,
	  "must be +14155550100, or a short code" },
};

static void check(const void *filled, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct aws_sns_config *config = filled;

	sms_check_texts(texts, N_ELEMENTS(texts), filled, section, report);
	sms_check_token("session_token", config->session_token, section, report);
}

/* --- the request --- */

static void add_attribute(struct buf *form, unsigned *n, const char *name, const char *type,
			  const char *value)
{
	static const char *const parts[] = { "Name", "Value.DataType", "Value.StringValue" };
	const char *const values[] = { name, type, value };

	if (!value)
		return;
	++*n;
	for (size_t i = 0; i < N_ELEMENTS(parts); i++) {
		_cleanup_free_ char *key = text_format("MessageAttributes.entry.%u.%s", *n,
						       parts[i]);

		sign_add(form, key, values[i]);
	}
}

static void add_fields(struct buf *form, const struct aws_sns_config *config,
		       const struct sms_message *message)
{
	unsigned n = 0;

	sign_add(form, "Action", "Publish");
	sign_add(form, "Version", "2010-03-31");
	sign_add(form, "PhoneNumber", message->number);
	sign_add(form, "Message", message->text->data);
	/* Always: the account's default may be the slow route. */
	add_attribute(form, &n, "AWS.SNS.SMS.SMSType", "String", sms_types[config->sms_type]);
	add_attribute(form, &n, "AWS.SNS.SMS.SenderID", "String", config->sender_id);
	add_attribute(form, &n, "AWS.SNS.SMS.MaxPrice", "Number", config->max_price);
	add_attribute(form, &n, "AWS.MM.SMS.OriginationNumber", "String",
		      config->origination_number);
}

static bool authorize(struct http_request *request, const struct aws_sns_config *config,
		      const struct sms_attempt *attempt)
{
	const struct sign_key key = { config->access_key_id, config->secret_access_key };
	char host[SIGN_HOST_SIZE], time[SIGN_TIME_SIZE], hash[SIGN_HASH_SIZE];
	const struct sign_scope scope = { time, config->region, "sns" };
	const struct secret *token = config->session_token;
	struct sign_request signed_request = {
		.method = "POST", .query = "", .body_hash = hash,
	};
	struct buf authorization = BUF_INIT(HTTP_HEADER_MAX);
	bool done;

	if (!sign_host(request->url, host) ||
	    sign_hash(request->body->data, request->body->len, hash) < 0)
		return false;
	sign_time(attempt->now_s, SIGN_TIME_BASIC, time);
	sign_add_header(&signed_request, "content-type", FORM_TYPE);
	sign_add_header(&signed_request, "host", host);
	sign_add_header(&signed_request, "x-amz-date", time);
	if (token)
		sign_add_header(&signed_request, "x-amz-security-token", token->data);
	done = sign_sigv4(&signed_request, &key, &scope, &authorization) == 0 &&
	       sign_send_headers(request, &signed_request) &&
	       http_request_header(request, "Authorization", buf_text(&authorization));
	buf_done(&authorization);
	return done;
}

/* The URL of SNS. The partition of China has a domain of its own. */
static char *endpoint_of(const struct aws_sns_config *config)
{
	char host[SIGN_HOST_SIZE];

	if (!config->endpoint)
		return text_format("https://sns.%s.amazonaws.com%s/", config->region,
				   text_has_prefix(config->region, "cn-") ? ".cn" : "");
	return sign_host(config->endpoint, host) ? text_format("https://%s/", host) : NULL;
}

static struct http_request *send_message(const void *filled, const struct sms_message *message,
					 const struct sms_attempt *attempt)
{
	const struct aws_sns_config *config = filled;
	_cleanup_free_ char *url = endpoint_of(config);
	struct buf form = BUF_INIT_SECRET(FORM_MAX);
	struct http_request *request;

	if (!url)
		return NULL;
	request = sms_request_new(HTTP_POST, url);
	add_fields(&form, config, message);
	if (!buf_failed(&form))
		request->body = secret_new(form.data, form.len);
	buf_done(&form);
	if (request->body && authorize(request, config, attempt) &&
	    http_request_is_valid(request))
		return request;
	return http_request_free(request);
}

const struct sms_vendor aws_sns_vendor = {
	.type = "aws-sns",
	.title = N_("Amazon SNS"),
	.keys = keys,
	.guide = &aws_sns_guide,
	.config_size = sizeof(struct aws_sns_config),
	.check = check,
	.send = send_message,
	.judge = aws_sns_judge,
};
