/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See dingtalk-reply.h. */
#include "providers/dingtalk-reply.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define EMPLOYEE 0                       /* contact_type; 1 is an external contact */

bool dingtalk_is_userid(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-@.";
	size_t len = strlen(text);

	return len >= 1 && len <= DINGTALK_USERID_MAX && strspn(text, letters) == len;
}

/* --- members of objects; false: of the wrong kind --- */

static bool read_userid(const struct json_t *object, char ret_userid[DINGTALK_USERID_MAX + 1])
{
	const char *text = json_text(object, "userid", DINGTALK_USERID_MAX);

	return text && dingtalk_is_userid(text) &&
	       text_into(ret_userid, DINGTALK_USERID_MAX + 1, text);
}

static bool read_unionid(const struct json_t *object, const char *name,
			 char ret_unionid[DINGTALK_UNIONID_MAX + 1])
{
	const char *text = json_text(object, name, DINGTALK_UNIONID_MAX);

	return text && text_is_printable_ascii(text, DINGTALK_UNIONID_MAX) &&
	       text_into(ret_unionid, DINGTALK_UNIONID_MAX + 1, text);
}

/* What is absent or empty is not told. */
static bool read_unionid_if_any(const struct json_t *object,
				char ret_unionid[DINGTALK_UNIONID_MAX + 1])
{
	const char *text = json_text_or_empty(object, "unionid", DINGTALK_UNIONID_MAX);

	ret_unionid[0] = '\0';
	if (!json_has_value(object, "unionid") || (text && !*text))
		return true;
	return read_unionid(object, "unionid", ret_unionid);
}

static bool read_departments(const struct json_t *object, struct dingtalk_member *member)
{
	const struct json_t *list = json_array_at(object, "dept_id_list");
	size_t n = list ? json_array_length(list) : 0;

	if (n > IDENTITY_GROUPS_MAX || (!list && json_has_value(object, "dept_id_list")))
		return false;
	for (size_t i = 0; i < n; i++)
		if (json_array_number(list, i, 1, INT64_MAX, &member->departments[i]) < 0)
			return false;
	member->n_departments = n;
	return true;
}

/* --- api.dingtalk.com --- */

void dingtalk_read_token(const struct http_reply *reply, struct api_token *ret_token,
			 struct api_result *ret_result)
{
	static const char what[] = "accessToken";
	_cleanup_json_ struct json_t *json = dingtalk_read_yes(reply, what, ret_result);

	if (json)
		api_read_token(json, what, "accessToken", "expireIn", ret_token, ret_result);
}

void dingtalk_read_user_token(const struct http_reply *reply, const char *corp_id,
			      struct secret **ret_token, struct api_result *ret_result)
{
	static const char what[] = "userAccessToken";
	_cleanup_json_ struct json_t *json = dingtalk_read_yes(reply, what, ret_result);
	const char *token;

	if (!json)
		return;
	token = json_text(json, "accessToken", API_TOKEN_MAX);
	if (json_has_value(json, "corpId") &&
	    !text_equals(json_text(json, "corpId", DINGTALK_UNIONID_MAX), corp_id))
		api_set_end(ret_result, API_DENIED, DENY_FILTERED,
			    "userAccessToken: for another organisation");
	else if (!token || !text_is_printable_ascii(token, API_TOKEN_MAX))
		api_set_fault(ret_result, what, "no token");
	else
		*ret_token = secret_from_text(token);
}

void dingtalk_read_me(const struct http_reply *reply, struct dingtalk_person *ret_person,
		      struct api_result *ret_result)
{
	static const char what[] = "users/me";
	_cleanup_json_ struct json_t *json = dingtalk_read_yes(reply, what, ret_result);
	struct dingtalk_person person = { 0 };

	if (!json)
		return;
	if (read_unionid(json, "unionId", person.unionid))
		*ret_person = person;
	else
		api_set_fault(ret_result, what, "no unionId, or one against the rules");
}

/* --- oapi.dingtalk.com --- */

/* `result` of a reply that says yes, borrowed from *ret_json, which the caller frees. */
static const struct json_t *read_result(const struct http_reply *reply, const char *what,
					struct json_t **ret_json, struct api_result *ret_result)
{
	const struct json_t *result = NULL;

	*ret_json = dingtalk_read_oapi_yes(reply, what, ret_result);
	if (*ret_json)
		result = json_object_at(*ret_json, "result");
	if (*ret_json && !result)
		api_set_fault(ret_result, what, "no result");
	return result;
}

void dingtalk_read_employee(const struct http_reply *reply, struct dingtalk_person *person,
			    struct api_result *ret_result)
{
	static const char what[] = "getbyunionid";
	_cleanup_json_ struct json_t *json = NULL;
	const struct json_t *result = read_result(reply, what, &json, ret_result);
	char userid[DINGTALK_USERID_MAX + 1];
	int64_t type;

	if (!result)
		return;
	if (json_number(result, "contact_type", INT32_MIN, INT32_MAX, &type) < 0)
		api_set_fault(ret_result, what, "no contact_type");
	else if (type != EMPLOYEE)
		api_set_end(ret_result, API_DENIED, DENY_FILTERED,
			    "getbyunionid: an external contact, not an employee");
	else if (!read_userid(result, userid))
		api_set_fault(ret_result, what, "no userid, or one against the rules");
	else
		(void)text_into(person->userid, sizeof(person->userid), userid);
}

void dingtalk_read_userinfo(const struct http_reply *reply, struct dingtalk_person *ret_person,
			    struct api_result *ret_result)
{
	static const char what[] = "getuserinfo";
	_cleanup_json_ struct json_t *json = NULL;
	const struct json_t *result = read_result(reply, what, &json, ret_result);
	struct dingtalk_person person = { 0 };

	if (!result)
		return;
	if (read_userid(result, person.userid) && read_unionid_if_any(result, person.unionid))
		*ret_person = person;
	else
		api_set_fault(ret_result, what, "no userid, or an id against the rules");
}

static bool is_about(const struct dingtalk_member *member, const struct dingtalk_person *person)
{
	return text_equals(member->userid, person->userid) &&
	       (!person->unionid[0] || !member->unionid[0] ||
		text_equals(member->unionid, person->unionid));
}

/* How it ends when it is no member to be let in. Absent members are missing permissions. */
static void check_member(const struct json_t *result, const char *what,
			 const struct dingtalk_person *person, struct dingtalk_member *member,
			 struct api_result *ret_result)
{
	bool is_active;
	int r = json_bool(result, "active", &is_active);

	if (!read_userid(result, member->userid) || !read_unionid_if_any(result, member->unionid))
		api_set_fault(ret_result, what, "no userid, or an id against the rules");
	else if (!is_about(member, person))
		api_set_end(ret_result, API_DENIED, DENY_INVALID,
			    "user/get is about somebody else");
	else if (r == -ENOENT)
		api_set_end(ret_result, API_FAILED, FAIL_CONFIG,
			    "user/get: not told whether he is active: add qyapi_get_member");
	else if (r < 0)
		api_set_fault(ret_result, what, "active is no boolean");
	else if (!is_active)
		api_set_end(ret_result, API_DENIED, DENY_FILTERED,
			    "the member has not activated his account");
	else if (!read_departments(result, member))
		api_set_end(ret_result, API_DENIED, DENY_FILTERED,
			    "the departments cannot be read whole");
}

void dingtalk_read_member(const struct http_reply *reply, const struct dingtalk_person *person,
			  struct dingtalk_member *ret_member, struct api_result *ret_result)
{
	static const char what[] = "user/get";
	_cleanup_json_ struct json_t *json = NULL;
	const struct json_t *result = read_result(reply, what, &json, ret_result);
	struct dingtalk_member member = { 0 };
	const char *name;

	if (!result)
		return;
	name = json_text(result, "name", DINGTALK_NAME_MAX);
	(void)text_into(member.name, sizeof(member.name), name ? name : "");
	check_member(result, what, person, &member, ret_result);
	if (ret_result->class == API_GOOD)
		*ret_member = member;
}

void dingtalk_read_sent(const struct http_reply *reply, struct api_result *ret_result)
{
	json_free(dingtalk_read_oapi_yes(reply, "asyncsend_v2", ret_result));
}
