/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of WeCom's API and the table of its errors; see wecom-reply.h. */
#include "providers/wecom-reply.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/request.h"

#define FOREIGN_MAX     4096             /* bytes of a userid that are looked at */
#define DEPARTMENT_MAX  UINT32_MAX
#define STATUS_ACTIVE   1

#define PAUSE_CONFIG_MS 10000            /* failing calls in a loop are blocked for an hour */
#define PAUSE_BUSY_MS   60000            /* a minute's quota is used up */

#define UNTRUSTED_IP    60020

static const struct api_error errors[] = {
	{ -1, API_AGAIN, FAIL_PROVIDER, 0, "the vendor's system is busy" },
	{ 40001, API_RENEW, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret is not of this app" },
	{ 40013, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "there is no such corp_id" },
	{ 40014, API_RENEW, FAIL_PROVIDER, 0, "the app token is not valid" },
	{ WECOM_BAD_CODE, API_DENIED, DENY_REFUSED, 0, "the code is not valid, used or too old" },
	{ 40056, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "there is no such agent_id" },
	{ 40091, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret is not valid" },
	{ 41001, API_RENEW, FAIL_PROVIDER, 0, "the app token is missing" },
	{ 42001, API_RENEW, FAIL_PROVIDER, 0, "the app token has run out" },
	{ 45009, API_DENIED, DENY_BUSY, PAUSE_BUSY_MS, "too many calls" },
	{ 45033, API_DENIED, DENY_BUSY, PAUSE_BUSY_MS, "too many calls at once" },
	{ 48002, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret may not make this call" },
	{ 50001, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS,
	  "the redirect domain is not among 可信域名" },
	{ 60003, API_FAILED, FAIL_PROVIDER, 0, "there is no such department" },
	{ 60011, API_DENIED, DENY_FILTERED, 0, "outside the app's visible range" },
	{ UNTRUSTED_IP, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS,
	  "this machine's address is not among 企业可信IP" },
	{ 60111, API_DENIED, DENY_FILTERED, 0, "there is no such member" },
	{ 60123, API_FAILED, FAIL_PROVIDER, 0, "there is no such department" },
	{ 81013, API_DENIED, DENY_FILTERED, 0, "messages of the app do not reach this member" },
	{ 301002, API_FAILED, FAIL_CONFIG, PAUSE_CONFIG_MS, "the secret is of another app" },
};

static const struct api_dialect dialect = {
	.errors = errors,
	.n_errors = N_ELEMENTS(errors),
	.address_code = UNTRUSTED_IP,
	.address_before = "from ip: ",
	.address_advice = "allow %s in 企业可信IP",
};

struct json_t *wecom_read_yes(const struct http_reply *reply, const char *what,
			      struct api_result *ret_result)
{
	return api_read_yes(reply, what, &dialect, ret_result);
}

void wecom_read_token(const struct http_reply *reply, struct api_token *ret_token,
		      struct api_result *ret_result)
{
	static const char what[] = "gettoken";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &dialect, ret_result);

	if (json)
		api_read_token(json, what, "access_token", "expires_in", ret_token, ret_result);
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
		       struct api_result *ret_result)
{
	static const char what[] = "auth/getuserinfo";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &dialect, ret_result);
	const char *userid;

	if (!json)
		return;
	userid = json_text(json, "userid", FOREIGN_MAX);
	if (json_has(json, "openid") || json_has(json, "external_userid"))
		api_set_end(ret_result, API_DENIED, DENY_FILTERED, "not a member of this corp");
	else if (userid && strchr(userid, '/'))
		api_set_end(ret_result, API_DENIED, DENY_FILTERED,
			    "a member of another, joined corp");
	else if (!userid || !wecom_fold_userid(userid, ret_userid))
		api_set_fault(ret_result, what, "no userid, or one against the rules");
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
static void set_not_active(struct api_result *result, int64_t status)
{
	_cleanup_free_ char *detail = text_format("the member is not active (status %lld)",
						  (long long)status);

	api_set_end(result, API_DENIED, DENY_FILTERED, detail);
}

void wecom_read_member(const struct http_reply *reply, const char *userid,
		       struct wecom_member *ret_member, struct api_result *ret_result)
{
	static const char what[] = "user/get";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &dialect, ret_result);
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
		api_set_fault(ret_result, what, "no userid, or no status");
	else if (!text_equals(member.userid, userid))
		api_set_end(ret_result, API_DENIED, DENY_INVALID,
			    "user/get is about somebody else");
	else if (status != STATUS_ACTIVE)
		set_not_active(ret_result, status);
	else if (!read_departments(json, &member) || !read_main_department(json, &member))
		api_set_end(ret_result, API_DENIED, DENY_FILTERED,
			    "the departments cannot be read whole");
	else
		*ret_member = member;
}

/* {"allow_partys": {"partyid": […]}}; what is not there names nobody. */
static size_t count_allowed(const struct json_t *json, const char *member, const char *list)
{
	const struct json_t *object = json_object_at(json, member);
	const struct json_t *array = object ? json_array_at(object, list) : NULL;

	return array ? json_array_length(array) : 0;
}

void wecom_read_app(const struct http_reply *reply, int64_t agent_id, struct wecom_app *ret_app,
		    struct api_result *ret_result)
{
	static const char what[] = "agent/get";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &dialect, ret_result);
	int64_t number, closed = 0;
	const char *name, *domain;
	int r;

	if (!json)
		return;
	r = json_number(json, "close", 0, 1, &closed);
	if (json_number(json, "agentid", 1, INT32_MAX, &number) < 0 || number != agent_id ||
	    (r < 0 && r != -ENOENT)) {
		api_set_fault(ret_result, what, "not about this app, or not whether it is open");
		return;
	}
	name = json_text(json, "name", WECOM_NAME_MAX);
	domain = json_text(json, "redirect_domain", sizeof(ret_app->domain) - 1);
	*ret_app = (struct wecom_app){
		.is_closed = closed != 0,
		.n_members = count_allowed(json, "allow_userinfos", "user"),
		.n_departments = count_allowed(json, "allow_partys", "partyid"),
		.n_tags = count_allowed(json, "allow_tags", "tagid"),
	};
	(void)text_into(ret_app->name, sizeof(ret_app->name), name ? name : "");
	(void)text_into(ret_app->domain, sizeof(ret_app->domain), domain ? domain : "");
}

/* Refused for part of those written to, here the only one. */
void wecom_read_sent(const struct http_reply *reply, struct api_result *ret_result)
{
	static const char *const refused[] = { "invaliduser", "unlicenseduser" };
	_cleanup_json_ struct json_t *json = api_read_yes(reply, "message/send", &dialect,
							 ret_result);

	for (size_t i = 0; json && i < N_ELEMENTS(refused); i++) {
		_cleanup_free_ char *detail = text_format("message/send: %s", refused[i]);

		if (json_text(json, refused[i], HTTP_BODY_MAX))
			api_set_end(ret_result, API_DENIED, DENY_FILTERED, detail);
	}
}
