/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of DingTalk's errors, and how either of its hosts tells them; see dingtalk-error.h. */
#include "providers/dingtalk-error.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/provider.h"
#include "providers/request.h"

#define MESSAGE_MAX     4096             /* bytes of a message that are looked at */
#define WORD_MAX        128              /* of a code that is a text */
#define SCOPES_MAX      8                /* of those that are missing, so many are told */
#define WRAPPED         88               /* the errcode that says: see sub_code */
#define BUSY            (-1)
#define BANNED          1111

#define PAUSE_CONFIG_MS 10000
#define PAUSE_BANNED_MS 300000           /* the vendor lets nobody in from here for so long */
#define PAUSE_QUOTA_MS  3600000          /* of a month; it may be widened before its end */

static const struct api_error errors[] = {
	{ BUSY, API_AGAIN, FAIL_PROVIDER, 0, "the vendor's system is busy" },
	{ BANNED, API_DENIED, DENY_BUSY, PAUSE_BANNED_MS,
	  "too many calls from this address, which is shut out for five minutes" },
	{ 33012, API_DENIED, DENY_FILTERED, 0, "there is no such member" },
	{ 40014, API_RENEW, FAIL_PROVIDER, 0, "the token is not valid" },
	{ DINGTALK_BAD_CODE, API_DENIED, DENY_REFUSED, 0,
	  "the code is unknown, used, too old or of another kind" },
	{ 40096, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS,
	  "wrong key or secret, or not published" },
	{ 42001, API_RENEW, FAIL_PROVIDER, 0, "the token has run out" },
	{ 50002, API_DENIED, DENY_FILTERED, 0, "outside the app's 权限范围" },
	{ 60011, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "add the permission in 权限管理" },
	{ 60020, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS,
	  "this machine's address is not among 服务器出口IP" },
	{ 60121, API_DENIED, DENY_FILTERED, 0, "not a member of this organisation" },
	{ 90002, API_AGAIN, FAIL_PROVIDER, 0, "too many calls of all the vendor's customers" },
	{ 90018, API_AGAIN, FAIL_PROVIDER, 0, "too many calls of the app in a second" },
	{ 90019, API_AGAIN, FAIL_PROVIDER, 0, "too many calls of the app in a second" },
	{ 90020, API_FAILED, FAIL_CONFIG, PAUSE_QUOTA_MS,
	  "the organisation's calls of this month are used up" },
	{ 900103, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "there is no such app" },
};

const struct api_dialect dingtalk_dialect = {
	.errors = errors,
	.n_errors = N_ELEMENTS(errors),
	.address_code = 60020,
	.address_before = "request ip=",
	.address_advice = "allow %s in 服务器出口IP",
};

bool dingtalk_is_code(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	size_t len = strspn(text, letters);

	return len > 0 && len <= DINGTALK_CODE_MAX && !text[len];
}

static const struct {
	const char *word;
	int64_t code;
} words[] = {
	{ "invalidParameter.authCode.notFound", DINGTALK_BAD_CODE },
	{ "invalidParameter.idOrSecret.notFound", 40096 },
	{ "invalidClientIdOrSecret", 40096 },
	{ "InvalidAuthentication", 40014 },
	{ "accesstoken.expired", 42001 },
	{ "Forbidden.AccessDenied.AccessTokenPermissionDenied", 60011 },
	{ "Forbidden.AccessDenied.IpNotInWhiteList", 60020 },
	{ "Forbidden.AccessDenied.ApiCountLimitForOrg", 90020 },
	{ "Forbidden.AccessDenied.QpsLimitForApi", 90002 },
	{ "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", 90018 },
	{ "Forbidden.AccessDenied.QpmLimitForAppkeyAndApi", 90018 },
	{ "qps.exceed.limit", 90018 },
	{ "request.overlimit", 90018 },
};

static int64_t code_of(const char *word)
{
	for (size_t i = 0; i < N_ELEMENTS(words); i++)
		if (text_equals(words[i].word, word))
			return words[i].code;
	return 0;
}

/* --- what there is at all --- */

/* Timeouts are the vendor's; that nothing could be sent is ours, and will not pass so soon. */
static void set_lost(const struct http_reply *reply, const char *what, struct api_result *result)
{
	_cleanup_free_ char *described = reply_describe(reply, what);

	api_set_end(result, reply->result == HTTP_TIMED_OUT ? API_AGAIN : API_FAILED, FAIL_NETWORK,
		    described);
}

/* The vendor does not say with which status it shuts an address out. */
static bool is_page(const struct http_reply *reply)
{
	bool may_be = reply->status / 100 == 2 || reply->status / 100 == 4;

	return may_be && reply->status != 404 && reply->body &&
	       !text_equals(reply->content_type, "application/json");
}

static void set_status(const struct http_reply *reply, const char *what,
		       struct api_result *result)
{
	_cleanup_free_ char *described = reply_describe(reply, what);

	api_set_end(result, reply->status >= 500 ? API_AGAIN : API_FAILED, FAIL_PROVIDER,
		    described);
}

static void set_no_object(const struct http_reply *reply, const char *what,
			  struct api_result *result)
{
	_cleanup_free_ char *described = reply_describe(reply, what);

	if (is_page(reply))
		api_set_error(result, &dingtalk_dialect, BANNED, what, described);
	else
		set_status(reply, what, result);
}

struct json_t *dingtalk_read_object(const struct http_reply *reply, const char *what,
				    struct api_result *ret_result)
{
	_cleanup_json_ struct json_t *json = NULL;
	int64_t status;

	if (reply->result != HTTP_DONE) {
		set_lost(reply, what, ret_result);
		return NULL;
	}
	if (reply->body && (text_equals(reply->content_type, "application/json") ||
			    text_equals(reply->content_type, "text/plain")))
		json = json_read_object(reply->body->data, reply->body->len);
	if (!json) {
		set_no_object(reply, what, ret_result);
	} else if (json_number(json, "status", BANNED, BANNED, &status) == 0) {
		api_set_error(ret_result, &dingtalk_dialect, BANNED, what, NULL);
	} else {
		return steal(&json);
	}
	return NULL;
}

/* --- api.dingtalk.com --- */

/* The permissions that the app lacks, the sysadmin's next step, before all other words. */
static void add_scopes(struct buf *buf, const struct json_t *json)
{
	const struct json_t *detail = json_object_at(json, "accessdenieddetail");
	const struct json_t *scopes = detail ? json_array_at(detail, "requiredScopes") : NULL;

	for (size_t i = 0; scopes && i < SCOPES_MAX && i < json_array_length(scopes); i++) {
		const char *scope = json_array_text(scopes, i, WORD_MAX);

		if (scope)
			buf_add_format(buf, "%s ", scope);
	}
}

static void set_word(const struct json_t *json, uint32_t status, const char *what,
		     struct api_result *result)
{
	const char *word = json_text(json, "code", WORD_MAX);
	const char *message = json_text(json, "message", MESSAGE_MAX);
	int64_t code = word ? code_of(word) : 0;
	struct buf text = BUF_INIT(2 * MESSAGE_MAX);

	add_scopes(&text, json);
	buf_add_format(&text, "%s: %s", word ? word : "no code", message ? message : "no message");
	if (!code && status >= 500)
		code = BUSY;
	if (code) {
		api_set_error(result, &dingtalk_dialect, code, what, buf_text(&text));
	} else {
		struct buf safe = BUF_INIT(API_DETAIL_SIZE);

		buf_add_format(&safe, "status %u, ", status);
		api_add_message(&safe, buf_text(&text));
		api_set_fault(result, what, buf_text(&safe));
		buf_done(&safe);
	}
	buf_done(&text);
}

struct json_t *dingtalk_read_yes(const struct http_reply *reply, const char *what,
				 struct api_result *ret_result)
{
	_cleanup_json_ struct json_t *json = dingtalk_read_object(reply, what, ret_result);

	if (!json)
		return NULL;
	if (reply->status / 100 != 2) {
		set_word(json, reply->status, what, ret_result);
		return NULL;
	}
	*ret_result = (struct api_result) { .class = API_GOOD };
	return steal(&json);
}

/* --- oapi.dingtalk.com --- */

/* `sub_code` is a number in quotes. What is none stays the error that it was. */
static void set_wrapped(const struct json_t *json, const char *what, struct api_result *result)
{
	const char *text = json_text(json, "sub_code", WORD_MAX);
	const char *message = json_text(json, "sub_msg", MESSAGE_MAX);
	int64_t code;
	int r;

	r = text ? text_to_number(text, INT32_MIN, INT32_MAX, &code) :
		   json_number(json, "sub_code", INT32_MIN, INT32_MAX, &code);
	if (r == 0 && code != 0)
		api_set_error(result, &dingtalk_dialect, code, what,
			      message ? message : json_text(json, "errmsg", MESSAGE_MAX));
}

struct json_t *dingtalk_read_oapi_yes(const struct http_reply *reply, const char *what,
				      struct api_result *ret_result)
{
	_cleanup_json_ struct json_t *json = dingtalk_read_object(reply, what, ret_result);

	if (!json)
		return NULL;
	if (!reply_is_ok(reply))
		set_status(reply, what, ret_result);
	else if (api_says_yes(json, what, &dingtalk_dialect, ret_result))
		return steal(&json);
	else if (ret_result->code == WRAPPED)
		set_wrapped(json, what, ret_result);
	return NULL;
}
