/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SMS vendor `alibaba`: Alibaba Cloud SMS (Dysmsapi). A number of mainland China gets SendSms
 * with a template of the domestic kind, in which only variables vary. Any other number gets SendSms
 * with an international template, or SendMessageToGlobe with free text, as configured. Neither call
 * knows a key against sending twice, so what may have been processed is SMS_UNKNOWN.
 */
#include "providers/sms-alibaba.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/sms-check.h"
#include "providers/sms-request.h"
#include "providers/sms-sign.h"
#include "providers/table.h"

#define DOMESTIC_VERSION "2017-05-25"
#define GLOBE_VERSION    "2018-05-01"
#define CHINA            "+86"
#define MAINLAND         "+861"          /* and ten more digits */
#define MAINLAND_LEN     14
#define CHINA_TIME_S     (8 * 3600)      /* its one time zone, without summer time */
#define QUERY_MAX        URL_MAX

struct alibaba_config {
	char *access_key_id;
	struct secret *access_key_secret, *security_token;
	char *endpoint;
	char *sign_name;
	char *template_code, *template_code_en, *template_code_zh;
	char *code_variable, *host_variable, *ref_variable;
	char *foreign_template_code;
	bool globe;
	char *globe_endpoint, *sender;
};

#define FIELD(name) offsetof(struct alibaba_config, name)

static const struct conf_key keys[] = {
	{ "access_key_id", CONF_TEXT, FIELD(access_key_id), .flags = CONF_REQUIRED,
	  .min = 1, .max = 128,
	  .help = "A RAM user's key that may do nothing but send" },
	{ "access_key_secret", CONF_SECRET, FIELD(access_key_secret), .flags = CONF_REQUIRED,
	  .min = 1, .max = 256, .help = "Its secret" },
	{ "security_token", CONF_SECRET, FIELD(security_token), .min = 1, .max = 4096,
	  .help = "The token of temporary credentials (STS)" },
	{ "endpoint", CONF_URL, FIELD(endpoint), .fallback = "https://dysmsapi.aliyuncs.com",
	  .help = "Where SendSms is" },
	{ "sign_name", CONF_TEXT, FIELD(sign_name), .flags = CONF_REQUIRED, .min = 1, .max = 100,
	  .help = "The approved signature" },
	{ "template_code", CONF_TEXT, FIELD(template_code), .flags = CONF_REQUIRED,
	  .min = 1, .max = 64,
	  .help = "The approved template for numbers of mainland China" },
	{ "template_code_en", CONF_TEXT, FIELD(template_code_en), .min = 1, .max = 64,
	  .help = "Another one for logins in English" },
	{ "template_code_zh", CONF_TEXT, FIELD(template_code_zh), .min = 1, .max = 64,
	  .help = "Another one for logins in Chinese" },
	{ "code_variable", CONF_TEXT, FIELD(code_variable), .fallback = "code", .min = 1, .max = 32,
	  .help = "The template's variable for the code" },
	{ "host_variable", CONF_TEXT, FIELD(host_variable), .min = 1, .max = 32,
	  .help = "Its variable for the host's name, if it has one" },
	{ "ref_variable", CONF_TEXT, FIELD(ref_variable), .min = 1, .max = 32,
	  .help = "Its variable for the reference that the prompt shows, if it has one" },
	{ "foreign_template_code", CONF_TEXT, FIELD(foreign_template_code), .min = 1, .max = 64,
	  .help = "The international template for all other numbers" },
	{ "globe", CONF_BOOL, FIELD(globe),
	  .help = "Send to all other numbers by SendMessageToGlobe instead, as free text" },
	{ "globe_endpoint", CONF_URL, FIELD(globe_endpoint),
	  .fallback = "https://dysmsapi.ap-southeast-1.aliyuncs.com",
	  .help = "Where SendMessageToGlobe is" },
	{ "sender", CONF_TEXT, FIELD(sender), .min = 1, .max = 15,
	  .help = "With globe: the sender, 11 letters and digits or 15 digits at most" },
	{ NULL }
};

/* --- configuration --- */

static bool is_template_code(const char *text)
{
	return text_has_prefix(text, "SMS_") && text[4] && sms_is_made_of(text + 4, SMS_DIGITS);
}

/* Stands in JSON as it is. */
static bool is_variable(const char *text)
{
	return sms_is_made_of(text, SMS_LETTERS SMS_DIGITS "_");
}

static bool is_key_id(const char *text)
{
	return sms_is_made_of(text, SMS_LETTERS SMS_DIGITS ".-_");
}

static bool is_sender(const char *text)
{
	return sms_is_made_of(text, SMS_LETTERS SMS_DIGITS) &&
	       (strlen(text) <= 11 || sms_is_made_of(text, SMS_DIGITS));
}

static const struct sms_text_rule texts[] = {
	{ "access_key_id", FIELD(access_key_id), is_key_id,
	  "must be letters, digits, '.', '-' and '_'" },
	{ "endpoint", FIELD(endpoint), sms_is_base, SMS_WANTED_BASE },
	{ "template_code", FIELD(template_code), is_template_code, "must be SMS_ and digits" },
	{ "template_code_en", FIELD(template_code_en), is_template_code,
	  "must be SMS_ and digits" },
	{ "template_code_zh", FIELD(template_code_zh), is_template_code,
	  "must be SMS_ and digits" },
	{ "code_variable", FIELD(code_variable), is_variable, "must be letters, digits and '_'" },
	{ "host_variable", FIELD(host_variable), is_variable, "must be letters, digits and '_'" },
	{ "ref_variable", FIELD(ref_variable), is_variable, "must be letters, digits and '_'" },
	{ "foreign_template_code", FIELD(foreign_template_code), is_template_code,
	  "must be SMS_ and digits" },
	{ "globe_endpoint", FIELD(globe_endpoint), sms_is_base, SMS_WANTED_BASE },
	{ "sender", FIELD(sender), is_sender, "must be up to 11 letters and digits, or 15 digits" },
};

static void check(const void *filled, const struct conf_section *section,
		  struct conf_report *report)
{
	const struct alibaba_config *config = filled;

	sms_check_texts(texts, N_ELEMENTS(texts), filled, section, report);
	sms_check_token("security_token", config->security_token, section, report);
	if (config->globe && config->foreign_template_code)
		conf_mistake_key(report, section, "foreign_template_code",
				 "and globe = yes exclude each other");
	if (config->sender && !config->globe)
		conf_mistake_key(report, section, "sender", "needs globe = yes");
	if (config->host_variable && text_equals(config->host_variable, config->code_variable))
		conf_mistake_key(report, section, "host_variable", "is the code's");
	if (config->ref_variable && (text_equals(config->ref_variable, config->code_variable) ||
				     text_equals(config->ref_variable, config->host_variable)))
		conf_mistake_key(report, section, "ref_variable", "is that of something else");
}

/* --- requests --- */

struct call {
	const char *endpoint, *action, *version;
	const struct buf *query;         /* names in order; number and code are in it */
};

/* Signs and writes the headers; `host` is what libcurl will send as Host. */
static bool authorize(struct http_request *request, const struct alibaba_config *config,
		      const struct call *call, const char *host, const struct sms_attempt *attempt)
{
	const struct sign_key key = { config->access_key_id, config->access_key_secret };
	const struct secret *token = config->security_token;
	char date[SIGN_TIME_SIZE], hash[SIGN_HASH_SIZE];
	struct sign_request signed_request = {
		.method = "POST", .query = buf_text(call->query), .body_hash = hash,
	};
	struct buf authorization = BUF_INIT(HTTP_HEADER_MAX);
	bool done;

	if (sign_hash("", 0, hash) < 0)
		return false;
	sign_time(attempt->now_s, SIGN_TIME_EXTENDED, date);
	sign_add_header(&signed_request, "host", host);
	if (token)
		sign_add_header(&signed_request, "x-acs-accesskey-id", config->access_key_id);
	sign_add_header(&signed_request, "x-acs-action", call->action);
	sign_add_header(&signed_request, "x-acs-content-sha256", hash);
	sign_add_header(&signed_request, "x-acs-date", date);
	if (token)
		sign_add_header(&signed_request, "x-acs-security-token", token->data);
	sign_add_header(&signed_request, "x-acs-signature-nonce", attempt->nonce);
	sign_add_header(&signed_request, "x-acs-version", call->version);
	done = sign_acs3(&signed_request, &key, &authorization) == 0 &&
	       sign_send_headers(request, &signed_request) &&
	       http_request_header(request, "Authorization", buf_text(&authorization));
	buf_done(&authorization);
	return done;
}

/* All parameters stand in the query, and the body is empty. NULL when it is too long. */
static struct http_request *request_new(const struct alibaba_config *config,
					const struct call *call, const struct sms_attempt *attempt)
{
	struct buf url = BUF_INIT_SECRET(URL_MAX);
	struct http_request *request = NULL;
	char host[SIGN_HOST_SIZE];

	if (buf_failed(call->query) || !sign_host(call->endpoint, host))
		return NULL;
	buf_add_format(&url, "https://%s/?", host);
	buf_add_text(&url, buf_text(call->query));
	if (!buf_failed(&url))
		request = sms_request_json(HTTP_POST, buf_text(&url));
	buf_done(&url);
	if (request && authorize(request, config, call, host, attempt) &&
	    http_request_is_valid(request))
		return request;
	return http_request_free(request);
}

static void add_variable(struct buf *json, const char *name, const char *value)
{
	if (!name)
		return;
	buf_add_format(json, "%s\"%s\":\"", json->len > 1 ? "," : "", name);
	buf_add_text(json, value);
	buf_add_char(json, '"');
}

/* Names and values are of characters that JSON takes as they are; see check() and sms_message. */
static void add_variables(struct buf *json, const struct alibaba_config *config,
			  const struct sms_message *message)
{
	buf_add_char(json, '{');
	add_variable(json, config->code_variable, message->code->data);
	add_variable(json, config->host_variable, message->host);
	add_variable(json, config->ref_variable, message->reference);
	buf_add_char(json, '}');
}

static struct http_request *send_template(const struct alibaba_config *config, const char *number,
					  const char *template, const struct sms_message *message,
					  const struct sms_attempt *attempt)
{
	struct buf json = BUF_INIT_SECRET(QUERY_MAX), query = BUF_INIT_SECRET(QUERY_MAX);
	const struct call call = { config->endpoint, "SendSms", DOMESTIC_VERSION, &query };
	struct http_request *request;

	add_variables(&json, config, message);
	sign_add(&query, "PhoneNumbers", number);
	sign_add(&query, "SignName", config->sign_name);
	sign_add(&query, "TemplateCode", template);
	sign_add(&query, "TemplateParam", buf_text(&json));
	request = buf_failed(&json) ? NULL : request_new(config, &call, attempt);
	buf_done(&json);
	buf_done(&query);
	return request;
}

static struct http_request *send_text(const struct alibaba_config *config, const char *number,
				      const struct sms_message *message,
				      const struct sms_attempt *attempt)
{
	struct buf query = BUF_INIT_SECRET(QUERY_MAX);
	const struct call call = {
		config->globe_endpoint, "SendMessageToGlobe", GLOBE_VERSION, &query,
	};
	struct http_request *request;

	if (config->sender)
		sign_add(&query, "From", config->sender);
	sign_add(&query, "Message", message->text->data);
	sign_add(&query, "To", number);
	sign_add(&query, "Type", "OTP");
	request = request_new(config, &call, attempt);
	buf_done(&query);
	return request;
}

static bool is_mainland(const char *number)
{
	return text_has_prefix(number, MAINLAND) && strlen(number) == MAINLAND_LEN;
}

static const char *template_for(const struct alibaba_config *config, const char *language)
{
	if (config->template_code_en && text_equals(language, "en"))
		return config->template_code_en;
	if (config->template_code_zh && text_equals(language, "zh"))
		return config->template_code_zh;
	return config->template_code;
}

static struct http_request *send_message(const void *filled, const struct sms_message *message,
					 const struct sms_attempt *attempt)
{
	const struct alibaba_config *config = filled;
	const char *number = message->number;

	if (is_mainland(number))
		return send_template(config, number + strlen(CHINA),
				     template_for(config, message->language), message, attempt);
	/* No mobile number: what begins so gets no messages. */
	if (text_has_prefix(number, CHINA))
		return NULL;
	if (config->globe)
		return send_text(config, number + 1, message, attempt);
	if (config->foreign_template_code)
		return send_template(config, number + 1, config->foreign_template_code, message,
				     attempt);
	return NULL;
}

/* --- delivery --- */

static struct http_request *ask_details(const void *filled, const char *id, const char *number,
					int64_t sent_s, const struct sms_attempt *attempt)
{
	const struct alibaba_config *config = filled;
	struct buf query = BUF_INIT_SECRET(QUERY_MAX);
	const struct call call = {
		config->endpoint, "QuerySendDetails", DOMESTIC_VERSION, &query,
	};
	struct http_request *request;
	char date[SIGN_TIME_SIZE];

	/* Messages of the other call are not in this list. */
	if (!is_mainland(number) && config->globe)
		return NULL;
	sign_time(sent_s + CHINA_TIME_S, SIGN_TIME_DATE, date);
	sign_add(&query, "BizId", id);
	sign_add(&query, "CurrentPage", "1");
	sign_add(&query, "PageSize", "10");
	sign_add(&query, "PhoneNumber",
		 number + (is_mainland(number) ? strlen(CHINA) : 1));
	sign_add(&query, "SendDate", date);
	request = request_new(config, &call, attempt);
	buf_done(&query);
	return request;
}

const struct sms_vendor alibaba_vendor = {
	.type = "alibaba",
	.title = N_("Alibaba Cloud"),
	.keys = keys,
	.guide = &alibaba_guide,
	.config_size = sizeof(struct alibaba_config),
	.check = check,
	.send = send_message,
	.judge = alibaba_judge,
	.ask = ask_details,
	.judge_delivery = alibaba_judge_delivery,
};
