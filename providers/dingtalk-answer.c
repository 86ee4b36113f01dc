/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The envelope of login.dingtalk.com's answers; see dingtalk-answer.h. */
#include "providers/dingtalk-answer.h"

#include "base/text.h"
#include "providers/provider.h"

#define MESSAGE_MAX 4096
#define BAN_MS      300000               /* too many requests from our address */

void dingtalk_set_end(struct api_result *result, enum api_class class, int reason,
		      const char *what, const char *fault)
{
	_cleanup_free_ char *detail = text_format("%s: %s", what, fault);

	api_set_end(result, class, reason, detail);
}

void dingtalk_set_error(struct api_result *result, const char *what, const struct json_t *json)
{
	const char *code = json_text(json, "errorCode", MESSAGE_MAX);
	const char *message = json_text(json, "errorMsg", MESSAGE_MAX);
	struct buf text = BUF_INIT(API_DETAIL_SIZE);

	buf_add_text(&text, "error ");
	api_add_message(&text, code ? code : "?");
	if (message) {
		buf_add_text(&text, "; ");
		api_add_message(&text, message);
	}
	api_set_fault(result, what, buf_text(&text));
	buf_done(&text);
}

struct json_t *dingtalk_read_answer(const struct http_reply *reply, const char *what,
				    bool *ret_success, struct api_result *ret_result)
{
	_cleanup_json_ struct json_t *json = api_read_object(reply, what, ret_result);

	if (!json)
		return NULL;
	if (json_has(json, "punish")) {
		dingtalk_set_end(ret_result, API_DENIED, DENY_BUSY, what,
			"the vendor takes nothing from this machine's address for some minutes");
		ret_result->pause_ms = BAN_MS;
		return NULL;
	}
	if (json_bool(json, "success", ret_success) < 0) {
		api_set_fault(ret_result, what, "neither yes nor no");
		return NULL;
	}
	*ret_result = (struct api_result) { .class = API_GOOD };
	return steal(&json);
}

struct json_t *dingtalk_read_yes(const struct http_reply *reply, const char *what,
				 struct api_result *ret_result)
{
	struct json_t *json;
	bool success = false;

	json = dingtalk_read_answer(reply, what, &success, ret_result);
	if (!json || success)
		return json;
	dingtalk_set_error(ret_result, what, json);
	return json_free(json);
}

static bool is_listed(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (text_equals(*names, name))
			return true;
	return false;
}

const char *dingtalk_find_flag(const struct json_t *object, const char *const *flags)
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
