/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of WeCom's API and the table of its errors; see wecom-reply.h. */
#include "providers/wecom-reply.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/request.h"

#define MESSAGE_MAX     4096             /* bytes of an errmsg that are looked at, */
#define MESSAGE_CHARS   160              /* and characters of it that are kept */
#define TOKEN_RUN       32               /* so many letters in a row may be a secret */
#define MARGIN_S        300              /* a token is not used when it is about to run out */
#define LIFE_MIN_S      60               /* else it would be fetched for each call */
#define LIFE_MAX_S      86400
#define DEPARTMENT_MAX  UINT32_MAX
#define STATUS_ACTIVE   1

#define PAUSE_CONFIG_MS 10000            /* failing calls in a loop are blocked for an hour */
#define PAUSE_BUSY_MS   60000            /* a minute's quota is used up */

#define UNTRUSTED_IP    60020

static const struct error {
	int64_t code;
	enum wecom_class class;
	int reason;
	int64_t pause_ms;
	const char *meaning;
} errors[] = {
	{ -1, WECOM_AGAIN, FAIL_PROVIDER, 0, "the vendor's system is busy" },
	{ 40001, WECOM_RENEW, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret is not of this app" },
	{ 40013, WECOM_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "there is no such corp_id" },
	{ 40014, WECOM_RENEW, FAIL_PROVIDER, 0, "the app token is not valid" },
	{ WECOM_BAD_CODE, WECOM_DENIED, DENY_REFUSED, 0, "the code is not valid, used or too old" },
	{ 40056, WECOM_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "there is no such agent_id" },
	{ 40091, WECOM_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret is not valid" },
	{ 41001, WECOM_RENEW, FAIL_PROVIDER, 0, "the app token is missing" },
	{ 42001, WECOM_RENEW, FAIL_PROVIDER, 0, "the app token has run out" },
	{ 45009, WECOM_DENIED, DENY_BUSY, PAUSE_BUSY_MS, "too many calls" },
	{ 45033, WECOM_DENIED, DENY_BUSY, PAUSE_BUSY_MS, "too many calls at once" },
	{ 48002, WECOM_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret may not make this call" },
	{ 50001, WECOM_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS,
	  "the redirect domain is not among 可信域名" },
	{ 60003, WECOM_FAILED, FAIL_PROVIDER, 0, "there is no such department" },
	{ 60011, WECOM_DENIED, DENY_FILTERED, 0, "outside the app's visible range" },
	{ UNTRUSTED_IP, WECOM_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS,
	  "this machine's address is not among 企业可信IP" },
	{ 60111, WECOM_DENIED, DENY_FILTERED, 0, "there is no such member" },
	{ 60123, WECOM_FAILED, FAIL_PROVIDER, 0, "there is no such department" },
	{ 81013, WECOM_DENIED, DENY_FILTERED, 0, "messages of the app do not reach this member" },
	{ 301002, WECOM_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret is of another app" },
};

static const struct error unknown_error = {
	.class = WECOM_FAILED, .reason = FAIL_PROVIDER, .meaning = "an error"
};

static const struct error *find_error(int64_t code)
{
	for (size_t i = 0; i < N_ELEMENTS(errors); i++)
		if (errors[i].code == code)
			return &errors[i];
	return &unknown_error;
}

/* --- what the log gets --- */

static void set_detail(struct wecom_result *result, struct buf *text)
{
	(void)text_into(result->detail, sizeof(result->detail), buf_text(text));
	buf_done(text);
}

static void set_end(struct wecom_result *result, enum wecom_class class, int reason,
		    const char *detail)
{
	struct buf text = BUF_INIT(WECOM_DETAIL_SIZE - 1);

	*result = (struct wecom_result) { .class = class, .reason = reason };
	text_add_clean(&text, detail, MESSAGE_CHARS);
	set_detail(result, &text);
}

/* Error messages are free text; should one quote a token or a code, that does not get through. */
static void add_message(struct buf *buf, const char *message)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	struct buf clean = BUF_INIT(4 * MESSAGE_CHARS + 4);
	struct buf whole = BUF_INIT(MESSAGE_MAX);

	while (*message) {
		size_t run = strspn(message, letters);
		size_t len = run ? run : 1;

		if (run >= TOKEN_RUN)
			buf_add_text(&whole, "...");
		else
			buf_add(&whole, message, len);
		message += len;
	}
	text_add_clean(&clean, buf_text(&whole), MESSAGE_CHARS);
	buf_add_text(buf, buf_text(&clean));
	buf_done(&whole);
	buf_done(&clean);
}

/* The address behind "from ip: ", which the sysadmin has to allow. */
static bool find_address(const char *message, char ret_address[INET6_ADDRSTRLEN])
{
	static const char before[] = "from ip: ";
	const char *start = strstr(message, before);
	unsigned char bytes[sizeof(struct in6_addr)];
	size_t len;

	if (!start)
		return false;
	start += strlen(before);
	len = strspn(start, "0123456789abcdefABCDEF.:");
	if (len >= INET6_ADDRSTRLEN)
		return false;
	memcpy(ret_address, start, len);
	ret_address[len] = '\0';
	return inet_pton(AF_INET, ret_address, bytes) == 1 ||
	       inet_pton(AF_INET6, ret_address, bytes) == 1;
}

/* What matters stands in front: the audit keeps the beginning only. */
static void describe_error(const struct error *error, int64_t code, const char *what,
			   const char *message, struct wecom_result *result)
{
	struct buf text = BUF_INIT(WECOM_DETAIL_SIZE - 1);
	char address[INET6_ADDRSTRLEN];

	buf_add_format(&text, "%lld %s: ", (long long)code, what);
	if (code == UNTRUSTED_IP && message && find_address(message, address))
		buf_add_format(&text, "allow %s in 企业可信IP", address);
	else
		buf_add_text(&text, error->meaning);
	if (message) {
		buf_add_text(&text, "; ");
		add_message(&text, message);
	}
	set_detail(result, &text);
}

/* --- reading --- */

static void set_fault(struct wecom_result *result, const char *what, const char *fault)
{
	_cleanup_free_ char *detail = text_format("%s: %s", what, fault);

	set_end(result, WECOM_FAILED, FAIL_PROVIDER, detail);
}

/* Other hosts of this vendor send JSON as text/plain. */
static struct json_t *read_object(const struct http_reply *reply)
{
	if (!reply_is_ok(reply) || !reply->body ||
	    !(text_equals(reply->content_type, "application/json") ||
	      text_equals(reply->content_type, "text/plain")))
		return NULL;
	return json_read_object(reply->body->data, reply->body->len);
}

/* The object of a reply that says yes; else NULL and how that ends. The caller frees. */
static struct json_t *read_yes(const struct http_reply *reply, const char *what,
			       struct wecom_result *ret_result)
{
	_cleanup_json_ struct json_t *json = read_object(reply);
	_cleanup_free_ char *described = json ? NULL : reply_describe(reply, what);
	const struct error *error;
	int64_t code;

	if (!json) {
		set_end(ret_result, WECOM_FAILED,
			reply->result == HTTP_DONE ? FAIL_PROVIDER : FAIL_NETWORK, described);
		return NULL;
	}
	if (json_number(json, "errcode", INT32_MIN, INT32_MAX, &code) < 0) {
		set_fault(ret_result, what, "no errcode");
		return NULL;
	}
	*ret_result = (struct wecom_result) { .class = WECOM_GOOD };
	if (code == 0)
		return steal(&json);
	error = find_error(code);
	*ret_result = (struct wecom_result) { .class = error->class, .reason = error->reason,
					      .code = code, .pause_ms = error->pause_ms };
	describe_error(error, code, what, json_text(json, "errmsg", MESSAGE_MAX), ret_result);
	return NULL;
}

void wecom_read_token(const struct http_reply *reply, struct wecom_token *ret_token,
		      struct wecom_result *ret_result)
{
	static const char what[] = "gettoken";
	_cleanup_json_ struct json_t *json = read_yes(reply, what, ret_result);
	const char *token;
	int64_t life_s;

	if (!json)
		return;
	token = json_text(json, "access_token", WECOM_TOKEN_MAX);
	if (!token || !text_is_printable_ascii(token, WECOM_TOKEN_MAX) ||
	    json_number(json, "expires_in", LIFE_MIN_S, LIFE_MAX_S, &life_s) < 0) {
		set_fault(ret_result, what, "no token, or not how long it lives");
		return;
	}
	ret_token->value = secret_from_text(token);
	ret_token->lives_ms = 1000 * MAX(life_s - MARGIN_S, life_s / 2);
}

bool wecom_fold_userid(const char *text, char ret_userid[WECOM_USERID_MAX + 1])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	char folded[WECOM_USERID_MAX + 1];
	size_t len = strlen(text);

	if (len < 1 || len > WECOM_USERID_MAX)
		return false;
	for (size_t i = 0; i <= len; i++) {
		bool is_capital = text[i] >= 'A' && text[i] <= 'Z';

		folded[i] = is_capital ? (char)(text[i] - 'A' + 'a') : text[i];
	}
	if (!strchr(letters, folded[0]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!strchr(letters, folded[i]) && !strchr("_@.-", folded[i]))
			return false;
	memcpy(ret_userid, folded, len + 1);
	return true;
}

/* A person who is no member comes with an openid, and perhaps an external_userid; one of another
 * corp that is joined to this one as CORPID/userid. */
void wecom_read_userid(const struct http_reply *reply, char ret_userid[WECOM_USERID_MAX + 1],
		       struct wecom_result *ret_result)
{
	static const char what[] = "auth/getuserinfo";
	_cleanup_json_ struct json_t *json = read_yes(reply, what, ret_result);
	const char *userid;

	if (!json)
		return;
	userid = json_text(json, "userid", MESSAGE_MAX);
	if (json_has(json, "openid") || json_has(json, "external_userid"))
		set_end(ret_result, WECOM_DENIED, DENY_FILTERED, "not a member of this corp");
	else if (userid && strchr(userid, '/'))
		set_end(ret_result, WECOM_DENIED, DENY_FILTERED,
			"a member of another, joined corp");
	else if (!userid || !wecom_fold_userid(userid, ret_userid))
		set_fault(ret_result, what, "no userid, or one against the rules");
}

/* False: too many to be read whole, or no numbers. */
static bool read_departments(const struct json_t *json, struct wecom_member *member)
{
	const struct json_t *list = json_array_at(json, "department");
	size_t n = list ? json_array_length(list) : 0;

	if (n > IDENTITY_GROUPS_MAX || (!list && json_has(json, "department")))
		return false;
	for (size_t i = 0; i < n; i++)
		if (json_array_number(list, i, 1, DEPARTMENT_MAX, &member->departments[i]) < 0)
			return false;
	member->n_departments = n;
	return true;
}

static bool read_main_department(const struct json_t *json, struct wecom_member *member)
{
	int r = json_number(json, "main_department", 0, DEPARTMENT_MAX, &member->main_department);

	return r == 0 || r == -ENOENT;
}

/* 2 disabled, 4 not activated, 5 left; and whatever there may be else. */
static void set_not_active(struct wecom_result *result, int64_t status)
{
	_cleanup_free_ char *detail = text_format("the member is not active (status %lld)",
						  (long long)status);

	set_end(result, WECOM_DENIED, DENY_FILTERED, detail);
}

void wecom_read_member(const struct http_reply *reply, const char *userid,
		       struct wecom_member *ret_member, struct wecom_result *ret_result)
{
	static const char what[] = "user/get";
	_cleanup_json_ struct json_t *json = read_yes(reply, what, ret_result);
	struct wecom_member member = { 0 };
	const char *text, *name;
	int64_t status;

	if (!json)
		return;
	text = json_text(json, "userid", WECOM_USERID_MAX);
	name = json_text(json, "name", WECOM_NAME_MAX);
	(void)text_into(member.name, sizeof(member.name), name ? name : "");
	if (!text || !wecom_fold_userid(text, member.userid) ||
	    json_number(json, "status", INT32_MIN, INT32_MAX, &status) < 0)
		set_fault(ret_result, what, "no userid, or no status");
	else if (!text_equals(member.userid, userid))
		set_end(ret_result, WECOM_DENIED, DENY_INVALID, "user/get is about somebody else");
	else if (status != STATUS_ACTIVE)
		set_not_active(ret_result, status);
	else if (!read_departments(json, &member) || !read_main_department(json, &member))
		set_end(ret_result, WECOM_DENIED, DENY_FILTERED,
			"the departments cannot be read whole");
	else
		*ret_member = member;
}

/* Refused for part of those written to, here the only one. */
void wecom_read_sent(const struct http_reply *reply, struct wecom_result *ret_result)
{
	static const char *const refused[] = { "invaliduser", "unlicenseduser" };
	_cleanup_json_ struct json_t *json = read_yes(reply, "message/send", ret_result);

	for (size_t i = 0; json && i < N_ELEMENTS(refused); i++) {
		_cleanup_free_ char *detail = text_format("message/send: %s", refused[i]);

		if (json_text(json, refused[i], HTTP_BODY_MAX))
			set_end(ret_result, WECOM_DENIED, DENY_FILTERED, detail);
	}
}
