/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What became of the code on DingTalk's page for browsers; see dingtalk-page.h. */
#include <string.h>

#include "base/parameters.h"
#include "base/text.h"
#include "base/url.h"
#include "providers/dingtalk-answer.h"
#include "providers/dingtalk-error.h"
#include "providers/dingtalk-page.h"
#include "providers/provider.h"

#define VALIDATION_MAX 4096
#define MESSAGE_MAX    4096

/* --- the polls --- */

static const struct {
	const char *code;
	enum scan_status status;
} codes[] = {
	{ "11021", SCAN_NOBODY },
	{ "11041", SCAN_SEEN },
	{ "11019", SCAN_OVER },
	{ "283960126", SCAN_LOST },     /* passes by itself */
};

/* An address to go on at: {"url": …} in a text. */
static bool wants_browser(const struct json_t *json)
{
	const char *text = json_text(json, "context", MESSAGE_MAX);
	_cleanup_json_ struct json_t *context = text ? json_read_object(text, strlen(text)) : NULL;

	return context && json_has(context, "url");
}

static enum scan_status read_no(const struct json_t *json, const char *what,
				struct api_result *result)
{
	const char *code = json_text(json, "errorCode", MESSAGE_MAX);

	if (wants_browser(json)) {
		dingtalk_answer_set_end(result, API_DENIED, DENY_REFUSED, what,
					"more is wanted than a scan");
		return SCAN_UNKNOWN;
	}
	dingtalk_answer_set_error(result, what, json);
	for (size_t i = 0; i < N_ELEMENTS(codes); i++)
		if (text_equals(codes[i].code, code))
			return codes[i].status;
	return SCAN_UNKNOWN;
}

/* What the vendor may want beyond a scan. */
static const char *const scan_flags[] = {
	"needConfirmAgreement", "needChangePwd", "needBindEmail", "needBindMobile", "needConsent",
	"needSecondaryValidation", "chooseOrganization", NULL
};

static enum scan_status read_agreed(const struct json_t *json, const char *what,
				    struct secret **ret_validation, struct api_result *result)
{
	static const char name[] = "secondaryValidationResult";
	const struct json_t *agreed = json_object_at(json, "result");
	const char *flag = agreed ? dingtalk_answer_find_flag(agreed, scan_flags) : NULL;
	const char *validation = agreed && json_has_value(agreed, name) ?
		json_text_or_empty(agreed, name, VALIDATION_MAX) : "";
	_cleanup_free_ char *fault = flag ? text_format("%s: more is wanted than a scan", flag) :
					    NULL;

	if (!agreed || !validation) {
		api_set_fault(result, what, "a yes that is not as it was");
		return SCAN_UNKNOWN;
	}
	if (flag) {
		dingtalk_answer_set_end(result, API_DENIED, DENY_REFUSED, what, fault);
		return SCAN_UNKNOWN;
	}
	*ret_validation = *validation ? secret_from_text(validation) : NULL;
	return SCAN_AGREED;
}

enum scan_status dingtalk_read_scan(const struct http_reply *reply,
				    struct secret **ret_validation,
				    struct api_result *ret_result)
{
	static const char what[] = "login_with_qr";
	_cleanup_json_ struct json_t *json = NULL;
	bool success = false;

	json = dingtalk_answer_read(reply, what, &success, ret_result);
	if (scan_is_lost(reply))
		return SCAN_LOST;
	if (!json)
		return SCAN_UNKNOWN;
	return success ? read_agreed(json, what, ret_validation, ret_result) :
			 read_no(json, what, ret_result);
}

/* --- the end --- */

/* Scheme, host, port and path of both are the same. */
static bool same_place(const char *a, const char *b)
{
	struct url one, other;

	if (url_parse(a, URL_MAX, &one) < 0 || url_parse(b, URL_MAX, &other) < 0 ||
	    !url_same_origin(a, b))
		return false;
	if (one.path_len <= 1 && other.path_len <= 1)
		return true;                     /* "" or "/" */
	return one.path_len == other.path_len && memcmp(one.path, other.path, one.path_len) == 0;
}

/* The vendor has two names for it, and may use both. NULL: none, or they differ. */
static const char *find_code(const struct parameters *parameters)
{
	const char *code = parameters_text(parameters, "code", DINGTALK_CODE_MAX);
	const char *auth_code = parameters_text(parameters, "authCode", DINGTALK_CODE_MAX);

	if (parameters_has(parameters, "code") && parameters_has(parameters, "authCode") &&
	    !text_equals(code, auth_code))
		return NULL;
	code = code ? code : auth_code;
	return code && dingtalk_is_code(code) ? code : NULL;
}

static void read_callback(const struct parameters *parameters, const char *what,
			  const char *state, struct secret **ret_code, struct api_result *result)
{
	const char *code = find_code(parameters);

	if (!text_equals(parameters_text(parameters, "state", URL_MAX), state))
		dingtalk_answer_set_end(result, API_DENIED, DENY_INVALID, what,
					"not with our state");
	else if (parameters_has(parameters, "error"))
		dingtalk_answer_set_end(result, API_DENIED, DENY_REFUSED, what, "refused");
	else if (!code)
		api_set_fault(result, what, "no code");
	else
		*ret_code = secret_from_text(code);
}

void dingtalk_read_confirmed(const struct http_reply *reply, const char *redirect_uri,
			     const char *state, struct secret **ret_code,
			     struct api_result *ret_result)
{
	static const char what[] = "confirm_auth";
	_cleanup_json_ struct json_t *json = dingtalk_answer_read_yes(reply, what, ret_result);
	const struct json_t *result = json ? json_object_at(json, "result") : NULL;
	const char *url = result ? json_text(result, "url", URL_MAX) : NULL;
	const char *query = url ? strchr(url, '?') : NULL;
	struct parameters parameters = { 0 };

	if (!json)
		return;
	if (!url)
		api_set_fault(ret_result, what, "no address");
	else if (!same_place(url, redirect_uri))
		dingtalk_answer_set_end(ret_result, API_DENIED, DENY_INVALID, what,
					"not to our redirect_uri");
	else if (parameters_parse(query ? query + 1 : "", URL_MAX, &parameters) < 0)
		api_set_fault(ret_result, what, "an address against the rules");
	else
		read_callback(&parameters, what, state, ret_code, ret_result);
	parameters_done(&parameters);
}
