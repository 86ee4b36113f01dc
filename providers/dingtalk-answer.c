/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The envelope of login.dingtalk.com's answers; see dingtalk-answer.h. */
#include "providers/dingtalk-answer.h"

#include "base/text.h"
#include "providers/dingtalk-error.h"
#include "providers/request.h"

#define MESSAGE_MAX 4096

void dingtalk_answer_set_end(struct api_result *result, enum api_class class, int reason,
			     const char *what, const char *fault)
{
	_cleanup_free_ char *detail = text_format("%s: %s", what, fault);

	api_set_end(result, class, reason, detail);
}

void dingtalk_answer_set_error(struct api_result *result, const char *what,
			       const struct json_t *answer)
{
	const char *text = json_text(answer, "errorCode", MESSAGE_MAX);
	const char *message = json_text(answer, "errorMsg", MESSAGE_MAX);
	int64_t code;

	if (text && text_to_number(text, INT32_MIN, INT32_MAX, &code) == 0)
		api_set_error(result, &dingtalk_dialect, code, what, message);
	else
		api_set_fault(result, what, "no errorCode that is a number");
}

struct json_t *dingtalk_answer_read(const struct http_reply *reply, const char *what,
				    bool *ret_success, struct api_result *ret_result)
{
	_cleanup_json_ struct json_t *json = dingtalk_read_object(reply, what, ret_result);

	if (!json)
		return NULL;
	if (!reply_is_ok(reply) || json_bool(json, "success", ret_success) < 0) {
		api_set_fault(ret_result, what, "neither yes nor no");
		return NULL;
	}
	*ret_result = (struct api_result) { .class = API_GOOD };
	return steal(&json);
}

struct json_t *dingtalk_answer_read_yes(const struct http_reply *reply, const char *what,
					struct api_result *ret_result)
{
	struct json_t *json;
	bool success = false;

	json = dingtalk_answer_read(reply, what, &success, ret_result);
	if (!json || success)
		return json;
	dingtalk_answer_set_error(ret_result, what, json);
	return json_free(json);
}

static bool is_listed(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (text_equals(*names, name))
			return true;
	return false;
}

const char *dingtalk_answer_find_flag(const struct json_t *object, const char *const *flags)
{
	const char *name = NULL;

	while ((name = json_next_name(object, name))) {
		bool is_wanted = true;

		if (!is_listed(flags, name) && !text_has_prefix(name, "need"))
			continue;
		if (text_equals(name, "needLogin") || !json_has_value(object, name))
			continue;
		if (json_bool(object, name, &is_wanted) < 0 || is_wanted)
			return name;
	}
	return NULL;
}
