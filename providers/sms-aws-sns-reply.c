/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Replies of Amazon SNS are XML in one of two shapes:
 *
 *     <PublishResponse …><PublishResult><MessageId>…</MessageId></PublishResult>…
 *     <ErrorResponse …><Error>…<Code>…</Code><Message>…</Message></Error>…
 *
 * Of these a few values are picked out, without a library: elements without attributes, each there
 * once, and no declarations, comments or CDATA, in which something else could be hidden. What is
 * not exactly that is not understood, SMS_UNKNOWN.
 */
#include "providers/sms-aws-sns.h"

#include <string.h>

#include "base/text.h"
#include "providers/request.h"
#include "providers/sms-check.h"
#include "providers/sms-request.h"

#define VALUE SMS_LETTERS SMS_DIGITS "._:-"

/* The first row whose word is the code and whose hint, if any, is in the message. */
static const struct {
	const char *word, *hint;
	enum sms_class class;
	uint32_t status;                 /* it comes with this one; 0: with any 4xx */
} errors[] = {
	{ "InvalidParameter",            "PhoneNumber",      SMS_NUMBER,  0 },
	{ "InvalidParameter",            NULL,               SMS_CONFIG,  0 },
	{ "ParameterValueInvalid",       "PhoneNumber",      SMS_NUMBER,  0 },
	{ "ParameterValueInvalid",       NULL,               SMS_CONFIG,  0 },
	{ "ValidationError",             "PhoneNumber",      SMS_NUMBER,  0 },
	{ "ValidationError",             NULL,               SMS_CONFIG,  0 },
	{ "ValidationException",         "PhoneNumber",      SMS_NUMBER,  0 },
	{ "ValidationException",         NULL,               SMS_CONFIG,  0 },
	{ "OptedOut",                    NULL,               SMS_NUMBER,  0 },
	{ "AuthorizationError",          NULL,               SMS_CONFIG,  0 },
	{ "AccessDenied",                NULL,               SMS_CONFIG,  0 },
	{ "InvalidClientTokenId",        NULL,               SMS_CONFIG,  0 },
	{ "UnrecognizedClientException", NULL,               SMS_CONFIG,  0 },
	{ "SignatureDoesNotMatch",       "Signature expired", SMS_CLOCK,  0 },
	{ "SignatureDoesNotMatch",       "not yet current",  SMS_CLOCK,   0 },
	{ "SignatureDoesNotMatch",       NULL,               SMS_CONFIG,  0 },
	{ "IncompleteSignature",         NULL,               SMS_CONFIG,  0 },
	{ "MissingAuthenticationToken",  NULL,               SMS_CONFIG,  0 },
	{ "OptInRequired",               NULL,               SMS_CONFIG,  0 },
	{ "ExpiredToken",                NULL,               SMS_CLOCK,   0 },
	{ "RequestExpired",              NULL,               SMS_CLOCK,   0 },
	{ "InvalidSecurity",             NULL,               SMS_CONFIG,  0 },
	{ "Throttling",                  NULL,               SMS_AGAIN,   0 },
	{ "ThrottlingException",         NULL,               SMS_AGAIN,   0 },
	{ "Throttled",                   NULL,               SMS_AGAIN,   0 },
	{ "NotFound",                    NULL,               SMS_CONFIG,  0 },
	{ "ResourceNotFound",            NULL,               SMS_CONFIG,  0 },
	/* Of topics and apps: a message to a number never leads to them. */
	{ "KMSThrottling",               NULL,               SMS_REFUSED, 0 },
	{ "EndpointDisabled",            NULL,               SMS_REFUSED, 0 },
	{ "PlatformApplicationDisabled", NULL,               SMS_REFUSED, 0 },
	{ "InternalError",               NULL,               SMS_UNKNOWN, 500 },
	{ "InternalFailure",             NULL,               SMS_UNKNOWN, 500 },
	{ "ServiceUnavailable",          NULL,               SMS_AGAIN,   503 },
};

#define WORD_STOPPED "OptedOut"  /* the person himself refused messages */

/* --- the XML --- */

struct span {
	const char *data;
	size_t len;
};

static const char *find(const struct span *in, const char *what)
{
	return memmem(in->data, in->len, what, strlen(what));
}

/* What stands in the only element <name> of `in`. */
static bool element(const struct span *in, const char *name, struct span *ret_content)
{
	_cleanup_free_ char *opening = text_format("<%s>", name);
	_cleanup_free_ char *closing = text_format("</%s>", name);
	struct span content, rest;
	const char *end;

	content.data = find(in, opening);
	if (!content.data)
		return false;
	content.data += strlen(opening);
	content.len = in->len - (size_t)(content.data - in->data);
	end = find(&content, closing);
	if (!end || find(&content, opening))
		return false;
	rest.data = end + strlen(closing);
	rest.len = content.len - (size_t)(rest.data - content.data);
	if (find(&rest, closing))
		return false;
	content.len = (size_t)(end - content.data);
	*ret_content = content;
	return true;
}

/* The same when it is an id or a word. */
static bool element_value(const struct span *in, const char *name,
			  char ret_value[SMS_WORD_MAX + 1])
{
	struct span content;
	char value[SMS_WORD_MAX + 1];

	if (!element(in, name, &content) || !content.len || content.len > SMS_WORD_MAX)
		return false;
	memcpy(value, content.data, content.len);
	value[content.len] = '\0';
	if (value[strspn(value, VALUE)] != '\0')
		return false;
	return text_into(ret_value, SMS_WORD_MAX + 1, value);
}

#define BLANKS " \t\r\n"

/* After a declaration, if any, the document begins with this element, which may have attributes. */
static bool begins_with(const char *text, const char *name)
{
	text += strspn(text, BLANKS);
	if (text_has_prefix(text, "<?xml ")) {
		text = strstr(text, "?>");
		if (!text)
			return false;
		text += 2 + strspn(text + 2, BLANKS);
	}
	if (*text != '<' || !text_has_prefix(text + 1, name))
		return false;
	text += 1 + strlen(name);
	return *text == '>' || *text == ' ';
}

/* It is all there: nothing but blanks follows the end of that element. */
static bool ends_with(const struct span *document, const char *name)
{
	_cleanup_free_ char *closing = text_format("</%s>", name);
	const char *end = find(document, closing);

	return end && end[strlen(closing) + strspn(end + strlen(closing), BLANKS)] == '\0';
}

static bool has_root(const struct span *document, const char *name)
{
	return begins_with(document->data, name) && ends_with(document, name);
}

/* The bytes of a reply, which a NUL follows, when they are text in which nothing begins with
 * "<!". */
static bool document_of(const struct http_reply *reply, struct span *ret_document)
{
	struct span document;

	if (!reply->body || reply->body->len > SMS_REPLY_MAX)
		return false;
	document.data = reply->body->data;
	document.len = reply->body->len;
	if (memchr(document.data, '\0', document.len) || find(&document, "<!"))
		return false;
	*ret_document = document;
	return true;
}

/* --- what it means --- */

static bool judge_publish(const struct span *document, const struct http_reply *reply,
			  struct sms_result *ret_result)
{
	struct span result;

	return reply_is_ok(reply) && has_root(document, "PublishResponse") &&
	       element(document, "PublishResult", &result) &&
	       element_value(&result, "MessageId", ret_result->id);
}

static enum sms_class class_of(const char *word, const struct span *message, uint32_t status)
{
	bool is_fault = status >= 500;

	for (size_t i = 0; i < N_ELEMENTS(errors); i++) {
		if (!text_equals(errors[i].word, word) ||
		    (errors[i].hint && !find(message, errors[i].hint)))
			continue;
		/* A word with a status it does not come with is not understood. */
		if (errors[i].status ? errors[i].status != status : is_fault)
			return SMS_UNKNOWN;
		return errors[i].class;
	}
	return is_fault ? SMS_UNKNOWN : SMS_REFUSED;
}

static bool judge_error(const struct span *document, const struct http_reply *reply,
			struct sms_result *ret_result)
{
	struct span error, message = { "", 0 };
	char word[SMS_WORD_MAX + 1];

	if (reply->status < 400 || !has_root(document, "ErrorResponse") ||
	    !element(document, "Error", &error) || !element_value(&error, "Code", word))
		return false;
	(void)element(&error, "Message", &message);      /* without one there are no hints */
	ret_result->class = class_of(word, &message, reply->status);
	ret_result->was_stopped = text_equals(word, WORD_STOPPED);
	if (ret_result->class == SMS_AGAIN)
		ret_result->wait_s = reply_retry_after_s(reply);
	sms_word(ret_result->word, word);
	return true;
}

void aws_sns_judge(const void *config UNUSED, const struct http_reply *reply,
		   struct sms_result *ret_result)
{
	struct span document;

	ret_result->class = SMS_UNKNOWN;
	if (!document_of(reply, &document)) {
		sms_word_status(ret_result->word, reply);
	} else if (judge_publish(&document, reply, ret_result)) {
		ret_result->class = SMS_ACCEPTED;
	} else if (!judge_error(&document, reply, ret_result)) {
		sms_word_status(ret_result->word, reply);
	}
}
