/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SMS vendor `twilio`: the Messages resource of the REST API 2010-04-01. It knows no key
 * against sending twice, so every doubt about a reply is SMS_UNKNOWN. What it answers repeats
 * number and text: only codes and ids leave this file.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"
#include "providers/sms-check.h"
#include "providers/sms-request.h"
#include "providers/table.h"

#define API           "2010-04-01/Accounts/"
#define SID_LEN       34         /* two letters, 32 hex digits */
#define BODY_MAX      1600       /* characters; bytes are never fewer */
#define SENDER_MAX    11         /* an alphanumeric sender ID */
#define VALIDITY_MIN  5          /* seconds in the vendor's queue */
#define VALIDITY_MAX  36000
#define CODE_MAX      99999      /* of an error */
#define CODE_STOPPED  21610
#define HEX_DIGITS    SMS_DIGITS "abcdefABCDEF"

struct twilio_config {
	char *account_sid;
	struct secret *auth_token;
	char *api_key_sid;
	struct secret *api_key_secret;
	char *from, *messaging_service_sid;
	char *endpoint;
	bool content_retention_discard, address_retention_obfuscate, smart_encoded;
};

#define FIELD(name) offsetof(struct twilio_config, name)

static const struct conf_key keys[] = {
	{ "account_sid", CONF_TEXT, FIELD(account_sid), .flags = CONF_REQUIRED,
	  .help = "The account: AC and 32 hex digits" },
	{ "auth_token", CONF_SECRET, FIELD(auth_token), .min = 1, .max = 128,
	  .help = "Its token; better is an API key, which can be revoked alone" },
	{ "api_key_sid", CONF_TEXT, FIELD(api_key_sid),
	  .help = "An API key instead of the token: SK and 32 hex digits" },
	{ "api_key_secret", CONF_SECRET, FIELD(api_key_secret), .min = 1, .max = 128,
	  .help = "The API key's secret" },
	{ "from", CONF_TEXT, FIELD(from), .min = 1, .max = PHONE_SIZE,
	  .help = "The sender: a number as +14155550100, a short code, or up to 11 letters" },
	{ "messaging_service_sid", CONF_TEXT, FIELD(messaging_service_sid),
	  .help = "A Messaging Service, which chooses the sender: MG and 32 hex digits" },
	{ "endpoint", CONF_URL, FIELD(endpoint), .fallback = "https://api.twilio.com",
	  .help = "Another region's API, such as https://api.dublin.ie1.twilio.com" },
	{ "content_retention_discard", CONF_BOOL, FIELD(content_retention_discard),
	  .help = "Have the text forgotten once it is sent; the account must allow it" },
	{ "address_retention_obfuscate", CONF_BOOL, FIELD(address_retention_obfuscate),
	  .help = "Have the number masked in the vendor's log; the account must allow it" },
	{ "smart_encoded", CONF_BOOL, FIELD(smart_encoded),
	  .help = "Have typographic characters replaced by plain ones: shorter messages" },
	{ NULL }
};

/* What an error's code means, wherever it stands. Of these nothing was sent. */
static const struct {
	int64_t code;
	enum sms_class class;
} codes[] = {
	{ 20003, SMS_CONFIG },           /* wrong SID, token or key, or no permission */
	{ 20404, SMS_CONFIG },           /* no such account */
	{ 20429, SMS_AGAIN },            /* too many requests at once */
	{ 21201, SMS_REFUSED },          /* no To */
	{ 21211, SMS_NUMBER },           /* no phone number */
	{ 21212, SMS_CONFIG },           /* no such sender */
	{ 21214, SMS_NUMBER },           /* cannot be reached */
	{ 21217, SMS_NUMBER },           /* no phone number */
	{ 21408, SMS_CONFIG },           /* country not enabled */
	{ 21602, SMS_REFUSED },          /* no body */
	{ 21603, SMS_CONFIG },           /* no sender */
	{ 21604, SMS_REFUSED },          /* no To */
	{ 21606, SMS_CONFIG },           /* sender not ours, or cannot send SMS */
	{ 21608, SMS_CONFIG },           /* trial account, number not verified */
	{ CODE_STOPPED, SMS_NUMBER },    /* the person sent STOP */
	{ 21611, SMS_LIMIT },            /* the sender's queue is full */
	{ 21612, SMS_NUMBER },           /* no route from this sender */
	{ 21614, SMS_NUMBER },           /* no mobile number */
	{ 21617, SMS_REFUSED },          /* too long */
	{ 21619, SMS_REFUSED },          /* no body, no media */
	{ 21659, SMS_CONFIG },           /* sender not ours */
	{ 21660, SMS_CONFIG },           /* sender of another account */
	{ 21701, SMS_CONFIG },           /* no such Messaging Service */
	{ 21703, SMS_CONFIG },           /* it has no sender */
	{ 21704, SMS_CONFIG },
	{ 21705, SMS_CONFIG },
	{ 21712, SMS_CONFIG },
	/* as error_code of a message only */
	{ 30001, SMS_LIMIT },            /* queue overflow */
	{ 30002, SMS_CONFIG },           /* account suspended */
	{ 30003, SMS_NUMBER },           /* unreachable */
	{ 30004, SMS_NUMBER },           /* blocked */
	{ 30005, SMS_NUMBER },           /* unknown number */
	{ 30006, SMS_NUMBER },           /* landline */
	{ 30034, SMS_CONFIG },           /* sender not registered in the US */
};

/* Errors without a code of the table; every other 4xx is SMS_REFUSED. */
static const struct {
	uint32_t status;
	enum sms_class class;
} statuses[] = {
	{ 401, SMS_CONFIG },
	{ 403, SMS_CONFIG },
	{ 404, SMS_CONFIG },
	{ 429, SMS_AGAIN },              /* never processed */
};

/* A message's status. "partially_delivered", and what only incoming messages have, say nothing
 * about a code. */
static const struct {
	const char *status;
	enum sms_delivery delivery;
} states[] = {
	{ "accepted",    SMS_ON_ITS_WAY },
	{ "queued",      SMS_ON_ITS_WAY },
	{ "scheduled",   SMS_ON_ITS_WAY },
	{ "sending",     SMS_ON_ITS_WAY },
	{ "sent",        SMS_ON_ITS_WAY },
	{ "delivered",   SMS_DELIVERED },
	{ "read",        SMS_DELIVERED },
	{ "undelivered", SMS_NOT_DELIVERED },
	{ "failed",      SMS_NOT_DELIVERED },
	{ "canceled",    SMS_NOT_DELIVERED },
};

/* --- configuration --- */

static bool is_sid(const char *text, const char *letters)
{
	return strlen(text) == SID_LEN && text_has_prefix(text, letters) &&
	       sms_is_made_of(text + 2, HEX_DIGITS);
}

static bool is_account(const char *text)
{
	return is_sid(text, "AC");
}

static bool is_api_key(const char *text)
{
	return is_sid(text, "SK");
}

static bool is_service(const char *text)
{
	return is_sid(text, "MG");
}

static bool is_message(const char *text)
{
	return is_sid(text, "SM") || is_sid(text, "MM");
}

static bool is_short_code(const char *text)
{
	size_t len = strlen(text);

	return len >= 3 && len <= 8 && sms_is_made_of(text, SMS_DIGITS);
}

static bool is_sender(const char *text)
{
	return phone_is_valid(text) || is_short_code(text) ||
	       (strlen(text) <= SENDER_MAX &&
		sms_is_made_of(text, SMS_LETTERS SMS_DIGITS " ") &&
		!sms_is_made_of(text, SMS_DIGITS " "));
}

static const struct sms_text_rule rules[] = {
	{ "account_sid", FIELD(account_sid), is_account, "must be AC and 32 hex digits" },
	{ "api_key_sid", FIELD(api_key_sid), is_api_key, "must be SK and 32 hex digits" },
	{ "messaging_service_sid", FIELD(messaging_service_sid), is_service,
	  "must be MG and 32 hex digits" },
	{ "from", FIELD(from), is_sender, "must be a number such as +14155550100, a short code, or "
	  "up to 11 letters, digits and blanks" },
	{ "endpoint", FIELD(endpoint), sms_is_base, SMS_WANTED_BASE },
};

static void check_login(const struct twilio_config *twilio, const struct conf_section *section,
			struct conf_report *report)
{
	if (!twilio->api_key_sid != !twilio->api_key_secret)
		conf_mistake_key(report, section, "api_key_sid",
				 "and \"api_key_secret\" are needed together");
	else if (!twilio->auth_token == !twilio->api_key_sid)
		conf_mistake_key(report, section, "auth_token",
				 "or an API key is needed, one of the two");
	if (!sms_is_credential(twilio->auth_token))
		conf_mistake_key(report, section, "auth_token_file", "must hold one line of ASCII");
	if (!sms_is_credential(twilio->api_key_secret))
		conf_mistake_key(report, section, "api_key_secret_file",
				 "must hold one line of ASCII");
}

static void check(const void *config, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct twilio_config *twilio = config;

	sms_check_texts(rules, N_ELEMENTS(rules), config, section, report);
	check_login(twilio, section, report);
	if (!twilio->from && !twilio->messaging_service_sid)
		conf_mistake_key(report, section, "from", "or \"messaging_service_sid\" is needed");
}

/* --- requests --- */

static struct http_request *request_new(const struct twilio_config *twilio,
					enum http_method method, const char *resource)
{
	const char *slash = text_has_suffix(twilio->endpoint, "/") ? "" : "/";
	_cleanup_free_ char *url = text_format("%s%s" API "%s/%s.json", twilio->endpoint, slash,
					       twilio->account_sid, resource);
	struct http_request *request = sms_request_json(method, url);

	if (twilio->api_key_sid)
		request_add_basic(request, twilio->api_key_sid, twilio->api_key_secret->data);
	else
		request_add_basic(request, twilio->account_sid, twilio->auth_token->data);
	return request;
}

/* %XX everywhere: a '+' that stands for a blank has been the end of many a number. */
static void add(struct buf *form, const char *name, const char *value)
{
	buf_add_format(form, "%s%s=", form->len ? "&" : "", name);
	url_encode_segment(form, value);
}

/* Message resource, "Create a Message". */
static struct http_request *send(const void *config, const struct sms_message *message,
				 const struct sms_attempt *attempt UNUSED)
{
	const struct twilio_config *twilio = config;
	struct buf form = BUF_INIT_SECRET(REQUEST_FORM_MAX);
	struct http_request *request;

	if (!message->text->len || message->text->len > BODY_MAX)
		return NULL;
	add(&form, "To", message->number);
	if (twilio->from)
		add(&form, "From", twilio->from);
	if (twilio->messaging_service_sid)
		add(&form, "MessagingServiceSid", twilio->messaging_service_sid);
	add(&form, "Body", message->text->data);
	/* A code that is over must not arrive. */
	buf_add_format(&form, "&ValidityPeriod=%" PRId64,
		       MIN(MAX(message->valid_s, VALIDITY_MIN), VALIDITY_MAX));
	if (twilio->smart_encoded)
		add(&form, "SmartEncoded", "true");
	if (twilio->content_retention_discard)
		add(&form, "ContentRetention", "discard");
	if (twilio->address_retention_obfuscate)
		add(&form, "AddressRetention", "obfuscate");
	request = request_new(twilio, HTTP_POST, "Messages");
	if (!http_request_form(request, &form))
		request = http_request_free(request);
	return request;
}

static struct http_request *ask(const void *config, const char *id, const char *number UNUSED,
				int64_t sent_s UNUSED, const struct sms_attempt *attempt UNUSED)
{
	_cleanup_free_ char *resource = text_format("Messages/%s", id);

	if (!is_message(id))
		return NULL;
	return request_new(config, HTTP_GET, resource);
}

/* --- replies --- */

static enum sms_class class_of_status(uint32_t status)
{
	for (size_t i = 0; i < N_ELEMENTS(statuses); i++)
		if (statuses[i].status == status)
			return statuses[i].class;
	return SMS_REFUSED;
}

static enum sms_delivery delivery_of(const struct json_t *message)
{
	const char *status = json_text(message, "status", 32);

	for (size_t i = 0; i < N_ELEMENTS(states); i++)
		if (text_equals(states[i].status, status))
			return states[i].delivery;
	return SMS_DELIVERY_UNKNOWN;
}

/* True, and the word, when the member is an error's code. */
static bool take_code(const struct json_t *json, const char *member, char *ret_word,
		      int64_t *ret_code)
{
	if (json_number(json, member, 1, CODE_MAX, ret_code) < 0)
		return false;
	(void)snprintf(ret_word, SMS_WORD_MAX + 1, "%" PRId64, *ret_code);
	return true;
}

static void set_class(struct sms_result *result, int64_t code, enum sms_class fallback)
{
	result->class = fallback;
	result->was_stopped = code == CODE_STOPPED;
	for (size_t i = 0; i < N_ELEMENTS(codes); i++)
		if (codes[i].code == code)
			result->class = codes[i].class;
}

/* A message was made; it may have failed at once all the same. */
static void judge_message(const struct json_t *message, struct sms_result *result)
{
	const char *sid = json_text(message, "sid", SID_LEN);
	enum sms_delivery delivery = delivery_of(message);
	int64_t code;

	if (take_code(message, "error_code", result->word, &code)) {
		set_class(result, code, SMS_REFUSED);
		return;
	}
	if (json_has_value(message, "error_code"))
		return;
	if (delivery == SMS_NOT_DELIVERED)
		result->class = SMS_REFUSED;
	if (delivery == SMS_ON_ITS_WAY && sid && is_message(sid) &&
	    text_into(result->id, sizeof(result->id), sid))
		result->class = SMS_ACCEPTED;
}

/* "Twilio's response", 4xx: nothing was made. */
static void judge_error(const struct json_t *error, const struct http_reply *reply,
			struct sms_result *result)
{
	int64_t code = 0;

	if (error)
		(void)take_code(error, "code", result->word, &code);
	set_class(result, code, class_of_status(reply->status));
	if (result->class == SMS_AGAIN || result->class == SMS_LIMIT)
		result->wait_s = reply_retry_after_s(reply);
}

static void judge(const void *config UNUSED, const struct http_reply *reply,
		  struct sms_result *ret_result)
{
	_cleanup_json_ struct json_t *json = reply_object(reply);

	ret_result->class = SMS_UNKNOWN;
	sms_word_status(ret_result->word, reply);
	if (reply->status == 201 && json)
		judge_message(json, ret_result);
	else if (reply->status >= 400 && reply->status <= 499)
		judge_error(json, reply, ret_result);
}

static enum sms_delivery judge_delivery(const void *config UNUSED, const struct http_reply *reply,
					char ret_word[SMS_WORD_MAX + 1])
{
	_cleanup_json_ struct json_t *message = reply_is_ok(reply) ? reply_object(reply) : NULL;
	const char *status = message ? json_text(message, "status", 32) : NULL;
	int64_t code;

	sms_word_status(ret_word, reply);
	if (!status)
		return SMS_DELIVERY_UNKNOWN;
	if (!take_code(message, "error_code", ret_word, &code))
		sms_word(ret_word, status);
	return delivery_of(message);
}

const struct sms_vendor twilio_vendor = {
	.type = "twilio",
	.title = N_("Twilio"),
	.keys = keys,
	.guide = &twilio_guide,
	.config_size = sizeof(struct twilio_config),
	.check = check,
	.send = send,
	.judge = judge,
	.ask = ask,
	.judge_delivery = judge_delivery,
};
