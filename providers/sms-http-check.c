/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes in the section of a gateway, found before the first message and not by it. */
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "providers/sms-check.h"
#include "providers/sms-http.h"
#include "providers/sms-request.h"

#define EXPANDED_MAX (16 * 1024)
#define WHY_MAX      8192

/* What templates are tried with. The leading zero and the quotes show where a value stands outside
 * of a JSON string; the second row shows where a URL's host depends on a value. */
static const struct sms_variable samples[][8] = {
	{
		{ "number", "+14155550100" }, { "digits", "14155550100" }, { "code", "012345" },
		{ "text", "012345 is \"it\"" }, { "ref", "K7" }, { "host", "db-1" },
		{ "id", "0123456789abcdef0123456789abcdef" }, { NULL, NULL },
	},
	{
		{ "number", "+8613900001234" }, { "digits", "8613900001234" },
		{ "code", "678901" }, { "text", "678901" }, { "ref", "M4" }, { "host", "db-2" },
		{ "id", "fedcba9876543210fedcba9876543210" }, { NULL, NULL },
	},
};

/* Headers with a key of their own, or which only the transport may set. */
static const char *const reserved_headers[] = {
	"Authorization", "Connection", "Content-Length", "Content-Type", "Cookie", "Expect", "Host",
	"Transfer-Encoding",
};

struct checker {
	const struct sms_http_config *http;
	const struct conf_section *section;
	struct conf_report *report;
};

static void mistake(const struct checker *checker, const char *key, const char *text)
{
	conf_mistake_key(checker->report, checker->section, key, text);
}

static bool check_template(const struct checker *checker, const char *key, const char *template)
{
	struct buf why = BUF_INIT(WHY_MAX);
	bool is_right = sms_template_check(template, samples[0], &why);

	if (!is_right)
		mistake(checker, key, buf_text(&why));
	buf_done(&why);
	return is_right;
}

static void check_url(const struct checker *checker)
{
	struct buf one = BUF_INIT(URL_MAX), other = BUF_INIT(URL_MAX);
	const char *url = checker->http->url;

	if (!url || !check_template(checker, "url", url))
		return;
	if (sms_template_expand(url, samples[0], SMS_AS_URL, &one) < 0 ||
	    sms_template_expand(url, samples[1], SMS_AS_URL, &other) < 0 ||
	    !url_is_valid(buf_text(&one), URL_MAX))
		mistake(checker, "url", "must be an https URL, with %XX for what no URL may hold");
	else if (!url_same_origin(buf_text(&one), buf_text(&other)))
		mistake(checker, "url", "must have its host and port without variables");
	buf_done(&one);
	buf_done(&other);
}

static bool is_json(const struct buf *text)
{
	_cleanup_json_ struct json_t *object = json_read_object(buf_text(text), text->len);
	_cleanup_json_ struct json_t *array = json_read_array(buf_text(text), text->len);

	return object || array;
}

static bool is_form(const char *text)
{
	return text_is_printable_ascii(text, EXPANDED_MAX) && !strchr(text, ' ');
}

static void check_body(const struct checker *checker)
{
	enum sms_encoding encoding = sms_http_bodies[checker->http->content_type].encoding;
	const char *body = checker->http->body;
	struct buf text = BUF_INIT(EXPANDED_MAX);

	if (!body || !check_template(checker, "body", body))
		return;
	if (sms_http_methods[checker->http->method] == HTTP_GET)
		mistake(checker, "body", "has no place in a GET; put it into \"url\"");
	if (sms_template_expand(body, samples[0], encoding, &text) < 0)
		mistake(checker, "body", "is too long");
	else if (encoding == SMS_AS_JSON && !is_json(&text))
		mistake(checker, "body", "is no JSON: variables stand inside quotes, and literal "
			"braces are written twice");
	else if (encoding == SMS_AS_FORM && !is_form(buf_text(&text)))
		mistake(checker, "body", "is no form: write + for a blank, %XX for what is not "
			"ASCII");
	buf_done(&text);
}

static bool has_code(const char *template)
{
	return template && (sms_template_has(template, "code") ||
			    sms_template_has(template, "text"));
}

static bool is_reserved(const char *header)
{
	for (size_t i = 0; i < N_ELEMENTS(reserved_headers); i++) {
		size_t len = strlen(reserved_headers[i]);

		if (strncasecmp(header, reserved_headers[i], len) == 0 &&
		    (header[len] == ':' || header[len] == ' '))
			return true;
	}
	return false;
}

static void check_headers(const struct checker *checker)
{
	struct http_request *scratch = sms_request_new(HTTP_GET, "https://sms.example.org/");

	if (!sms_http_add_headers(checker->http, scratch))
		mistake(checker, "header", "must be of the form \"Name: value, Name: value\"");
	http_request_free(scratch);
	for (char **header = checker->http->headers; header && *header; header++)
		if (is_reserved(*header))
			mistake(checker, "header", "must not set what \"authorization\", "
				"\"content_type\" or the transport sets");
}

static void check_login(const struct checker *checker)
{
	const struct sms_http_config *http = checker->http;

	if (!http->user != !http->password)
		mistake(checker, "user", "and \"password\" are needed together");
	if (http->authorization && http->user)
		mistake(checker, "user", "and \"authorization\" are two ways; keep one of them");
	if (http->user && strchr(http->user, ':'))
		mistake(checker, "user", "must not hold a colon");
	if (!sms_is_credential(http->authorization))
		mistake(checker, "authorization_file", "must hold one line of ASCII");
	if (!sms_is_credential(http->password))
		mistake(checker, "password_file", "must hold one line of ASCII");
}

static void check_statuses(const struct checker *checker, const char *key, char *const *ranges,
			   int64_t min, int64_t max)
{
	_cleanup_free_ char *text = text_format("must be statuses from %d to %d, such as %d or "
						"%d-%d", (int)min, (int)max, (int)min, (int)min,
						(int)max);
	int64_t first, last;

	for (; ranges && *ranges; ranges++)
		if (sms_http_status_range(*ranges, &first, &last) < 0 || first < min || last > max)
			mistake(checker, key, text);
}

static void check_path(const struct checker *checker, const char *key, const char *path)
{
	if (path && !sms_http_is_path(path))
		mistake(checker, key, "must be names joined by dots, such as messages.0.status");
}

static void check_reply(const struct checker *checker)
{
	const struct sms_http_config *http = checker->http;
	bool has_values = false;

	check_statuses(checker, "success_status", http->success_status, 200, 299);
	check_statuses(checker, "limit_status", http->limit_status, 400, 599);
	check_path(checker, "success_member", http->success_member);
	check_path(checker, "id_member", http->id_member);
	check_path(checker, "error_member", http->error_member);
	if (http->success_value && !http->success_member)
		mistake(checker, "success_value", "means nothing without \"success_member\"");
	for (size_t i = 0; i < SMS_HTTP_VALUES_N_; i++)
		has_values = has_values || http->values[i];
	if (has_values && !http->error_member && !http->success_member)
		mistake(checker, "error_member", "is needed for lists of values");
}

void sms_http_check(const void *config, const struct conf_section *section,
		    struct conf_report *report)
{
	const struct checker checker = { config, section, report };

	check_url(&checker);
	check_body(&checker);
	if (!has_code(checker.http->url) && !has_code(checker.http->body))
		mistake(&checker, checker.http->body ? "body" : "url",
			"must hold {text} or {code}");
	check_headers(&checker);
	check_login(&checker);
	check_reply(&checker);
}
