/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The SMS vendor `http`: any gateway that takes a message by one HTTPS request. The section says by
 * templates what the request is, and by a few words how a reply says what became of it.
 */
#include "providers/sms-http.h"

#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/request.h"
#include "providers/sms-request.h"
#include "providers/table.h"

#define BODY_MAX       (16 * 1024)
#define CREDENTIAL_MAX 4096

#define FIELD(name) offsetof(struct sms_http_config, name)

static const char *const methods[] = { "POST", "GET", NULL };
const enum http_method sms_http_methods[] = { HTTP_POST, HTTP_GET };

static const char *const content_types[] = {
	"application/x-www-form-urlencoded", "application/json", "text/plain", NULL
};
const struct sms_http_body sms_http_bodies[] = {
	{ "application/x-www-form-urlencoded", SMS_AS_FORM },
	{ "application/json", SMS_AS_JSON },
	{ "text/plain; charset=utf-8", SMS_AS_LINE },
};

static const struct conf_key keys[] = {
	{ "method", CONF_CHOICE, FIELD(method), .choices = methods, .fallback = "POST",
	  .help = "POST or GET" },
	{ "url", CONF_TEXT, FIELD(url), .flags = CONF_REQUIRED, .min = 1, .max = URL_MAX,
	  .help = "Where to; may hold {number} {digits} {code} {text} {ref} {host} {id}" },
	{ "content_type", CONF_CHOICE, FIELD(content_type), .choices = content_types,
	  .fallback = "application/x-www-form-urlencoded", .help = "What the body is" },
	{ "body", CONF_TEXT, FIELD(body), .min = 1, .max = 4096,
	  .help = "What is sent; may hold the same. {{ and }} are literal braces" },
	{ "header", CONF_LIST, FIELD(headers), .min = 1, .max = SMS_HTTP_HEADERS_MAX,
	  .help = "More headers, such as X-Client: jauth; nothing secret" },
	{ "authorization", CONF_SECRET, FIELD(authorization), .min = 1, .max = CREDENTIAL_MAX,
	  .help = "The whole value of the Authorization header" },
	{ "user", CONF_TEXT, FIELD(user), .min = 1, .max = 255,
	  .help = "For HTTP Basic authentication instead" },
	{ "password", CONF_SECRET, FIELD(password), .min = 1, .max = 1024,
	  .help = "The password that goes with user" },
	{ "success_status", CONF_LIST, FIELD(success_status), .min = 1,
	  .max = SMS_HTTP_VALUES_MAX, .fallback = "200-299",
	  .help = "Statuses of a reply that may say: taken" },
	{ "success_member", CONF_TEXT, FIELD(success_member), .min = 1, .max = SMS_HTTP_PATH_MAX,
	  .help = "A member that a JSON reply must have, such as messages.0.status" },
	{ "success_value", CONF_TEXT, FIELD(success_value), .min = 1, .max = SMS_WORD_MAX,
	  .help = "What it must be; absent: anything" },
	{ "success_text", CONF_TEXT, FIELD(success_text), .min = 1, .max = 255,
	  .help = "What a reply must have in it" },
	{ "refused_text", CONF_TEXT, FIELD(refused_text), .min = 1, .max = 255,
	  .help = "What only a reply has in it that means: surely not sent" },
	{ "id_member", CONF_TEXT, FIELD(id_member), .min = 1, .max = SMS_HTTP_PATH_MAX,
	  .help = "The member with the gateway's id of the message, for the log" },
	{ "error_member", CONF_TEXT, FIELD(error_member), .min = 1, .max = SMS_HTTP_PATH_MAX,
	  .help = "The member that says what is wrong; absent: success_member" },
	{ "refused_values", CONF_LIST, FIELD(values[SMS_HTTP_REFUSED]), .min = 1,
	  .max = SMS_HTTP_VALUES_MAX, .help = "Its values that mean: surely not sent" },
	{ "config_values", CONF_LIST, FIELD(values[SMS_HTTP_CONFIG]), .min = 1,
	  .max = SMS_HTTP_VALUES_MAX, .help = "Not sent: wrong key, no credit, sender unknown" },
	{ "number_values", CONF_LIST, FIELD(values[SMS_HTTP_NUMBER]), .min = 1,
	  .max = SMS_HTTP_VALUES_MAX, .help = "Not sent: not to this number" },
	{ "limit_values", CONF_LIST, FIELD(values[SMS_HTTP_LIMIT]), .min = 1,
	  .max = SMS_HTTP_VALUES_MAX, .help = "Not sent: a limit was reached" },
	{ "limit_status", CONF_LIST, FIELD(limit_status), .min = 1, .max = SMS_HTTP_VALUES_MAX,
	  .fallback = "429", .help = "Statuses that mean: not now, try again" },
	{ NULL }
};

bool sms_http_add_headers(const struct sms_http_config *http, struct http_request *request)
{
	for (char **header = http->headers; header && *header; header++) {
		size_t len = strcspn(*header, ":");
		_cleanup_free_ char *name = text_format("%.*s", (int)len, *header);
		const char *value = *header + len + ((*header)[len] != '\0');

		if (!http_request_header(request, name, value + strspn(value, " ")))
			return false;
	}
	return true;
}

static void add_authorization(const struct sms_http_config *http, struct http_request *request)
{
	if (http->authorization)
		(void)http_request_header(request, "Authorization", http->authorization->data);
	else if (http->user)
		request_add_basic(request, http->user, http->password->data);
}

static bool add_body(const struct sms_http_config *http, const struct sms_variable *variables,
		     struct http_request *request)
{
	const struct sms_http_body *type = &sms_http_bodies[http->content_type];
	struct buf body = BUF_INIT_SECRET(BODY_MAX);
	bool is_whole = sms_template_expand(http->body, variables, type->encoding, &body) == 0;

	if (is_whole)
		request->body = secret_new(buf_text(&body), body.len);
	buf_done(&body);
	return is_whole && http_request_header(request, "Content-Type", type->type);
}

static struct http_request *send(const void *config, const struct sms_message *message,
				 const struct sms_attempt *attempt)
{
	const struct sms_http_config *http = config;
	const struct sms_variable variables[] = {
		{ "number", message->number },
		{ "digits", message->number + 1 },
		{ "code", message->code->data },
		{ "text", message->text->data },
		{ "ref", message->reference },
		{ "host", message->host },
		{ "id", attempt->nonce },
		{ NULL, NULL },
	};
	struct buf url = BUF_INIT_SECRET(URL_MAX);
	struct http_request *request = NULL;

	if (sms_template_expand(http->url, variables, SMS_AS_URL, &url) == 0)
		request = sms_request_new(sms_http_methods[http->method], buf_text(&url));
	buf_done(&url);
	if (!request)
		return NULL;
	add_authorization(http, request);
	if (!sms_http_add_headers(http, request) ||
	    (http->body && !add_body(http, variables, request)))
		return http_request_free(request);
	return request;
}

const struct sms_vendor http_vendor = {
	.type = "http",
	.title = N_("Any gateway with an HTTPS interface"),
	.keys = keys,
	.guide = &sms_http_guide,
	.config_size = sizeof(struct sms_http_config),
	.check = sms_http_check,
	.send = send,
	.judge = sms_http_judge,
};
