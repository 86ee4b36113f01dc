/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a gateway's reply means by the words of its section. The first row that fits decides:
 *
 *     status of limit_status                           SMS_AGAIN
 *     error_member in refused_values, config_values …  the class of that list
 *     401, 403, 404                                    SMS_CONFIG
 *     refused_text is in it, or another 4xx            SMS_REFUSED
 *     status of success_status, and each of
 *     success_member and success_text that is set      SMS_ACCEPTED
 *     anything else                                    SMS_UNKNOWN
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/request.h"
#include "providers/sms-http.h"
#include "providers/sms-request.h"

#define STATUS_MIN 100
#define STATUS_MAX 599
#define INDEX_MAX  9999

static const enum sms_class value_classes[] = {
	[SMS_HTTP_REFUSED] = SMS_REFUSED,
	[SMS_HTTP_CONFIG]  = SMS_CONFIG,
	[SMS_HTTP_NUMBER]  = SMS_NUMBER,
	[SMS_HTTP_LIMIT]   = SMS_LIMIT,
};
_Static_assert(N_ELEMENTS(value_classes) == SMS_HTTP_VALUES_N_, "a class for each list");

struct answer {
	const struct sms_http_config *http;
	const struct http_reply *reply;
	const struct json_t *json;       /* object or array; NULL when the body is neither */
};

int sms_http_status_range(const char *text, int64_t *ret_first, int64_t *ret_last)
{
	size_t len = strcspn(text, "-");
	_cleanup_free_ char *first_text = text_format("%.*s", (int)len, text);
	int64_t first, last;

	if (text_to_number(first_text, STATUS_MIN, STATUS_MAX, &first) < 0)
		return -EINVAL;
	last = first;
	if (text[len] && text_to_number(text + len + 1, first, STATUS_MAX, &last) < 0)
		return -EINVAL;
	*ret_first = first;
	*ret_last = last;
	return 0;
}

static bool is_listed(char *const *ranges, uint32_t status)
{
	int64_t first, last;

	for (; *ranges; ranges++)
		if (sms_http_status_range(*ranges, &first, &last) == 0 && status >= first &&
		    status <= last)
			return true;
	return false;
}

/* --- members --- */

bool sms_http_is_path(const char *text)
{
	size_t len = strlen(text);

	return len && text[0] != '.' && text[len - 1] != '.' && !strstr(text, "..");
}

/* One step down: into a member, or into an array by a number. */
static const struct json_t *step(const struct json_t *json, const char *segment)
{
	const struct json_t *next = json_object_at(json, segment);
	int64_t index;

	if (!next)
		next = json_array_at(json, segment);
	if (!next && text_to_number(segment, 0, INDEX_MAX, &index) == 0)
		next = json_array_object(json, (size_t)index);
	return next;
}

/* A string, a whole number or a boolean, as it would be written in the configuration. */
static bool scalar_at(const struct json_t *object, const char *name,
		      char ret_value[SMS_WORD_MAX + 1])
{
	const char *text = json_text(object, name, SMS_WORD_MAX);
	int64_t number;
	bool truth;

	if (text)
		return text_into(ret_value, SMS_WORD_MAX + 1, text);
	if (json_number(object, name, INT64_MIN, INT64_MAX, &number) == 0) {
		(void)snprintf(ret_value, SMS_WORD_MAX + 1, "%" PRId64, number);
		return true;
	}
	return json_bool(object, name, &truth) == 0 &&
	       text_into(ret_value, SMS_WORD_MAX + 1, truth ? "true" : "false");
}

/* "messages.0.status"; false when there is none, or nothing is asked for. */
static bool value_at(const struct json_t *json, const char *path,
		     char ret_value[SMS_WORD_MAX + 1])
{
	while (json && path) {
		size_t len = strcspn(path, ".");
		_cleanup_free_ char *segment = text_format("%.*s", (int)len, path);

		if (!path[len])
			return scalar_at(json, segment, ret_value);
		json = step(json, segment);
		path += len + 1;
	}
	return false;
}

/* --- tests --- */

static bool has_text(const struct answer *answer, const char *text)
{
	const struct secret *body = answer->reply->body;

	return body && memmem(body->data, body->len, text, strlen(text));
}

/* True when the section knows the gateway's word for what went wrong. */
static bool known_error(const struct answer *answer, char ret_word[SMS_WORD_MAX + 1],
			enum sms_class *ret_class)
{
	const struct sms_http_config *http = answer->http;
	const char *path = http->error_member ? http->error_member : http->success_member;
	char value[SMS_WORD_MAX + 1];

	if (!value_at(answer->json, path, value))
		return false;
	for (size_t i = 0; i < SMS_HTTP_VALUES_N_; i++) {
		if (http->values[i] && list_has(http->values[i], value)) {
			sms_word(ret_word, value);
			*ret_class = value_classes[i];
			return true;
		}
	}
	return false;
}

static bool is_success(const struct answer *answer)
{
	const struct sms_http_config *http = answer->http;
	char value[SMS_WORD_MAX + 1];

	if (!is_listed(http->success_status, answer->reply->status))
		return false;
	if (http->success_text && !has_text(answer, http->success_text))
		return false;
	if (!http->success_member)
		return true;
	return value_at(answer->json, http->success_member, value) &&
	       (!http->success_value || text_equals(value, http->success_value));
}

static bool is_refusal(const struct answer *answer)
{
	uint32_t status = answer->reply->status;

	return (status >= 400 && status <= 499) ||
	       (answer->http->refused_text && has_text(answer, answer->http->refused_text));
}

static enum sms_class judge(const struct answer *answer, struct sms_result *result)
{
	const struct sms_http_config *http = answer->http;
	uint32_t status = answer->reply->status;
	char value[SMS_WORD_MAX + 1];
	enum sms_class class;

	if (value_at(answer->json, http->error_member, value))
		sms_word(result->word, value);
	if (is_listed(http->limit_status, status))
		return SMS_AGAIN;
	if (known_error(answer, result->word, &class))
		return class;
	if (status == 401 || status == 403 || status == 404)
		return SMS_CONFIG;
	if (is_refusal(answer))
		return SMS_REFUSED;
	if (!is_success(answer))
		return SMS_UNKNOWN;
	if (value_at(answer->json, http->id_member, value))
		sms_word(result->id, value);
	return SMS_ACCEPTED;
}

static struct json_t *read_json(const struct secret *body)
{
	struct json_t *object = body ? json_read_object(body->data, body->len) : NULL;

	return object || !body ? object : json_read_array(body->data, body->len);
}

void sms_http_judge(const void *config, const struct http_reply *reply,
		    struct sms_result *ret_result)
{
	/* Many a gateway calls its JSON text/html; what does not parse is none. */
	_cleanup_json_ struct json_t *json = read_json(reply->body);
	const struct answer answer = { config, reply, json };

	sms_word_status(ret_result->word, reply);
	ret_result->class = judge(&answer, ret_result);
	if (ret_result->class == SMS_AGAIN || ret_result->class == SMS_LIMIT)
		ret_result->wait_s = reply_retry_after_s(reply);
}
