/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What DingTalk's device flow answers; see dingtalk-device.h. */
#include "base/json.h"
#include "base/text.h"
#include "providers/dingtalk-device.h"
#include "providers/dingtalk-error.h"
#include "providers/request.h"

#define CODE_WHAT "device/code.json"
#define POLL_WHAT "device/token.json"
#define WORD_MAX  512

/* Answers of device/code.json that are not about this moment. */
static const struct {
	const char *code;
	enum device_result result;
	const char *meaning;
} errors[] = {
	{ "900103", DEVICE_SETUP, "900103, the vendor knows no such app there" },
};

/* Nothing that could be read: shut out for some minutes, or to be tried again. */
static enum device_result read_fault(const struct api_result *fault)
{
	return fault->class == API_DENIED ? DEVICE_BUSY : DEVICE_RETRY;
}

/* "": none. */
static void set_error(char ret_error[DEVICE_ERROR_MAX + 1], const char *error)
{
	struct buf text = BUF_INIT(DEVICE_ERROR_MAX);

	if (error)
		text_add_ascii(&text, error, DEVICE_ERROR_MAX - 3);
	(void)text_into(ret_error, DEVICE_ERROR_MAX + 1, buf_text(&text));
	buf_done(&text);
}

static enum device_result read_refusal(const struct json_t *answer,
				       char ret_error[DEVICE_ERROR_MAX + 1])
{
	const char *code = json_text(answer, "errorCode", WORD_MAX);

	for (size_t i = 0; i < N_ELEMENTS(errors); i++) {
		if (text_equals(errors[i].code, code)) {
			set_error(ret_error, errors[i].meaning);
			return errors[i].result;
		}
	}
	set_error(ret_error, code ? code : "no errorCode");
	return DEVICE_FAULT;
}

/* Whoever scans is sent to the vendor, and to nobody else. */
static bool leads_to(const struct device_code *code, const char *login_url)
{
	_cleanup_free_ char *before = text_format("%s/", login_url);

	return text_has_prefix(code->link, before) && text_has_prefix(code->plain_link, before);
}

static enum device_result read_grant(const struct json_t *grant, const char *login_url,
				     struct device_code *ret_code)
{
	static const struct device_names names = {
		"deviceCode", "userCode", "verificationUri", "verificationUriComplete",
		"expiresIn", "interval",
	};
	enum device_result result = device_code_read_object(grant, &names, ret_code);

	if (result == DEVICE_GOOD && !leads_to(ret_code, login_url)) {
		device_code_done(ret_code);
		set_error(ret_code->error, "a link to elsewhere");
		return DEVICE_FAULT;
	}
	return result;
}

enum device_result dingtalk_read_device_code(const struct http_reply *reply,
					     const char *login_url,
					     struct device_code *ret_code)
{
	struct api_result fault = { 0 };
	_cleanup_json_ struct json_t *answer = dingtalk_read_object(reply, CODE_WHAT, &fault);
	const struct json_t *grant = answer ? json_object_at(answer, "result") : NULL;
	bool success = false;

	if (!answer)
		return read_fault(&fault);
	if (json_bool(answer, "success", &success) < 0)
		return DEVICE_FAULT;
	if (!success)
		return read_refusal(answer, ret_code->error);
	if (!grant || !reply_is_ok(reply))
		return DEVICE_FAULT;
	return read_grant(grant, login_url, ret_code);
}

/* The word stands in the result, or in place of one. */
static const char *find_word(const struct json_t *answer, const struct json_t *result)
{
	const char *word = result ? json_text(result, "error", WORD_MAX) : NULL;

	if (!word)
		word = json_text(answer, "error", WORD_MAX);
	return word ? word : json_text(answer, "errorCode", WORD_MAX);
}

static void read_approval(const struct json_t *answer, const struct json_t *result,
			  struct device_poll *poll)
{
	const char *code = result ? json_text(result, "authCode", DINGTALK_CODE_MAX) : NULL;
	bool success = false;

	if (json_bool(answer, "success", &success) < 0 || !success || !code ||
	    !dingtalk_is_code(code))
		return;
	poll->tokens.code = secret_from_text(code);
	poll->result = DEVICE_GOOD;
}

void dingtalk_read_device_poll(const struct http_reply *reply, struct device_poll *ret_poll)
{
	struct api_result fault = { 0 };
	_cleanup_json_ struct json_t *answer = dingtalk_read_object(reply, POLL_WHAT, &fault);
	const struct json_t *result = answer ? json_object_at(answer, "result") : NULL;
	const char *word = answer ? find_word(answer, result) : NULL;
	struct device_poll poll = { .result = answer ? DEVICE_FAULT : read_fault(&fault) };

	if (word) {
		poll.result = device_error(word, reply->status);
		set_error(poll.error, word);
	} else if (answer && reply_is_ok(reply)) {
		read_approval(answer, result, &poll);
	}
	*ret_poll = poll;
}
