/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error words of Alibaba Cloud SMS and what they mean for a message; see sms-alibaba.h. */
#include "providers/sms-alibaba.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/request.h"
#include "providers/sms-request.h"

#define TEXT_MAX 1024            /* of a reply's message */
#define MINUTE_S 60
#define HOUR_S   3600
#define DAY_S    86400

/* All but OK. "isv." and "isp." are missing in replies of SendMessageToGlobe. What is not here is
 * SMS_CONFIG: among it InvalidSecurityToken.… and Missing…, whose ends vary. */
static const struct {
	const char *word;
	enum sms_class class;
	int64_t wait_s;
} errors[] = {
	{ "isv.BUSINESS_LIMIT_CONTROL",          SMS_LIMIT,   0 },  /* its message says how long */
	{ "isv.DAY_LIMIT_CONTROL",               SMS_LIMIT,   DAY_S },
	{ "isv.MONTH_LIMIT_CONTROL",             SMS_LIMIT,   DAY_S },
	{ "isv.MOBILE_NUMBER_ILLEGAL",           SMS_NUMBER,  0 },
	{ "isv.BLACK_KEY_CONTROL_LIMIT",         SMS_NUMBER,  0 },
	{ "isv.DOMESTIC_NUMBER_NOT_SUPPORTED",   SMS_CONFIG,  0 },  /* template of the other kind */
	{ "isv.MOBILE_COUNT_OVER_LIMIT",         SMS_REFUSED, 0 },
	{ "isv.SMS_TEMPLATE_ILLEGAL",            SMS_CONFIG,  0 },
	{ "isv.SMS_SIGNATURE_ILLEGAL",           SMS_CONFIG,  0 },
	{ "isv.SMS_SIGNATURE_SCENE_ILLEGAL",     SMS_CONFIG,  0 },
	{ "isv.SMS_SIGN_ILLEGAL",                SMS_CONFIG,  0 },
	{ "isv.SIGN_STATE_ILLEGAL",              SMS_CONFIG,  0 },
	{ "SIGNATURE_BLACKLIST",                 SMS_CONFIG,  0 },
	{ "isv.TEMPLATE_MISSING_PARAMETERS",     SMS_CONFIG,  0 },
	{ "isv.INVALID_JSON_PARAM",              SMS_CONFIG,  0 },
	{ "isv.PARAM_LENGTH_LIMIT",              SMS_CONFIG,  0 },
	{ "isv.PARAM_NOT_SUPPORT_URL",           SMS_CONFIG,  0 },
	{ "isv.TEMPLATE_PARAMS_ILLEGAL",         SMS_CONFIG,  0 },
	{ "isv.SMS_CONTENT_ILLEGAL",             SMS_CONFIG,  0 },
	{ "isv.INVALID_PARAMETERS",              SMS_CONFIG,  0 },
	{ "isv.EXTEND_CODE_ERROR",               SMS_CONFIG,  0 },
	{ "isv.INVALID_SENDERID",                SMS_CONFIG,  0 },
	{ "isv.AMOUNT_NOT_ENOUGH",               SMS_CONFIG,  0 },
	{ "isv.OUT_OF_SERVICE",                  SMS_CONFIG,  0 },
	{ "isv.ACCOUNT_NOT_EXISTS",              SMS_CONFIG,  0 },
	{ "isv.ACCOUNT_ABNORMAL",                SMS_CONFIG,  0 },
	{ "isv.PRODUCT_UN_SUBSCRIPT",            SMS_CONFIG,  0 },
	{ "isv.PRODUCT_UNSUBSCRIBE",             SMS_CONFIG,  0 },
	{ "isv.DENY_IP_RANGE",                   SMS_CONFIG,  0 },
	{ "isp.RAM_PERMISSION_DENY",             SMS_CONFIG,  0 },
	{ "Forbidden.RAM",                       SMS_CONFIG,  0 },
	{ "NoPermission",                        SMS_CONFIG,  0 },
	{ "InvalidAccessKeyId.NotFound",         SMS_CONFIG,  0 },
	{ "InvalidAccessKeyId.Inactive",         SMS_CONFIG,  0 },
	{ "SignatureDoesNotMatch",               SMS_CONFIG,  0 },
	{ "IncompleteSignature",                 SMS_CONFIG,  0 },
	{ "InvalidVersion",                      SMS_CONFIG,  0 },
	{ "InvalidAction.NotFound",              SMS_CONFIG,  0 },
	{ "InvalidTimeStamp.Expired",            SMS_CLOCK,   0 },
	{ "InvalidTimeStamp.Format",             SMS_CLOCK,   0 },
	{ "IllegalTimestamp",                    SMS_CLOCK,   0 },
	/* Not of an attempt of ours that was taken: no nonce is used twice. */
	{ "SignatureNonceUsed",                  SMS_CLOCK,   0 },
	{ "Throttling",                          SMS_AGAIN,   0 },
	{ "Throttling.User",                     SMS_AGAIN,   0 },
	{ "Throttling.Api",                      SMS_AGAIN,   0 },
	{ "isp.SYSTEM_ERROR",                    SMS_UNKNOWN, 0 },
	{ "isp.GATEWAY_ERROR",                   SMS_UNKNOWN, 0 },
	{ "InternalError",                       SMS_UNKNOWN, 0 },
	{ "ServiceUnavailable",                  SMS_UNKNOWN, 0 },
};

/* How long BUSINESS_LIMIT_CONTROL lasts: words of its message. A day ends at midnight there. */
static const struct {
	const char *words;
	int64_t wait_s;
} levels[] = {
	{ "分钟级", MINUTE_S },
	{ "小时级", HOUR_S },
	{ "天级", DAY_S },
};

/* The two calls name the same things differently. */
struct form {
	const char *code, *message, *id;
	bool is_globe;
};

static const struct form domestic = { "Code", "Message", "BizId", false };
static const struct form globe = { "ResponseCode", "ResponseDescription", "MessageId", true };

static bool is_word(const char *word, const char *text, bool is_globe)
{
	if (text_equals(word, text))
		return true;
	return is_globe && (text_has_prefix(word, "isv.") || text_has_prefix(word, "isp.")) &&
	       text_equals(word + 4, text);
}

static int64_t level_of(const char *message)
{
	for (size_t i = 0; message && i < N_ELEMENTS(levels); i++) {
		if (strstr(message, levels[i].words))
			return levels[i].wait_s;
	}
	return 0;
}

static void judge_error(const struct json_t *json, const struct form *form, const char *code,
			struct sms_result *ret_result)
{
	ret_result->class = SMS_CONFIG;
	for (size_t i = 0; i < N_ELEMENTS(errors); i++) {
		if (is_word(errors[i].word, code, form->is_globe)) {
			ret_result->class = errors[i].class;
			ret_result->wait_s = errors[i].wait_s;
		}
	}
	if (ret_result->class == SMS_LIMIT && !ret_result->wait_s)
		ret_result->wait_s = level_of(json_text(json, form->message, TEXT_MAX));
}

/* A whole reply with one code in it; else NULL. Errors of the gateway are `domestic` always. */
static const char *code_of(const struct json_t *json, const struct form **ret_form)
{
	const char *code;

	if (!json || json_has(json, domestic.code) == json_has(json, globe.code))
		return NULL;
	*ret_form = json_has(json, globe.code) ? &globe : &domestic;
	code = json_text(json, (*ret_form)->code, SMS_WORD_MAX);
	return code && text_is_printable_ascii(code, SMS_WORD_MAX) ? code : NULL;
}

static void judge_ok(const struct json_t *json, const struct form *form,
		     const struct http_reply *reply, struct sms_result *ret_result)
{
	const char *id = json_text(json, form->id, SMS_WORD_MAX);

	if (reply->status == 200 && id && text_is_printable_ascii(id, SMS_WORD_MAX) &&
	    text_into(ret_result->id, sizeof(ret_result->id), id))
		ret_result->class = SMS_ACCEPTED;
}

/* Business errors come with 200, those of the gateway with 4xx; whatever comes with another status
 * may have been processed. */
void alibaba_judge(const void *config UNUSED, const struct http_reply *reply,
		   struct sms_result *ret_result)
{
	_cleanup_json_ struct json_t *json = reply_object(reply);
	const struct form *form;
	const char *code = code_of(json, &form);

	ret_result->class = SMS_UNKNOWN;
	if (!code) {
		sms_word_status(ret_result->word, reply);
		return;
	}
	sms_word(ret_result->word, code);
	if (text_equals(code, "OK"))
		judge_ok(json, form, reply, ret_result);
	else if (reply->status == 200 || (reply->status >= 400 && reply->status < 500))
		judge_error(json, form, code, ret_result);
	if (ret_result->class == SMS_AGAIN)
		ret_result->wait_s = reply_retry_after_s(reply);
}

enum sms_delivery alibaba_judge_delivery(const void *config UNUSED, const struct http_reply *reply,
					 char ret_word[SMS_WORD_MAX + 1])
{
	static const enum sms_delivery states[] = {
		[1] = SMS_ON_ITS_WAY, [2] = SMS_NOT_DELIVERED, [3] = SMS_DELIVERED,
	};
	_cleanup_json_ struct json_t *json = reply_is_ok(reply) ? reply_object(reply) : NULL;
	const struct json_t *list, *details = NULL;
	const char *word;
	int64_t state;

	list = json ? json_object_at(json, "SmsSendDetailDTOs") : NULL;
	list = list ? json_array_at(list, "SmsSendDetailDTO") : NULL;
	if (list && json_array_length(list) == 1)
		details = json_array_object(list, 0);
	if (!details || !text_equals(json_text(json, "Code", SMS_WORD_MAX), "OK") ||
	    json_number(details, "SendStatus", 1, N_ELEMENTS(states) - 1, &state) < 0)
		return SMS_DELIVERY_UNKNOWN;
	word = json_text(details, "ErrCode", SMS_WORD_MAX);
	if (word)
		sms_word(ret_word, word);
	return states[state];
}
