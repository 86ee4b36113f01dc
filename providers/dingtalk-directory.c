/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See dingtalk-directory.h. */
#include "providers/dingtalk-directory.h"

#include <errno.h>

#include "base/json.h"
#include "base/text.h"

static void read_name(const struct json_t *row, char ret_name[DINGTALK_NAME_MAX + 1])
{
	const char *name = json_text(row, "name", DINGTALK_NAME_MAX);

	(void)text_into(ret_name, DINGTALK_NAME_MAX + 1, name ? name : "");
}

static bool read_department(const struct json_t *row, struct dingtalk_department *department)
{
	int r;

	*department = (struct dingtalk_department){ 0 };
	if (!row || json_number(row, "dept_id", 1, INT64_MAX, &department->id) < 0)
		return false;
	read_name(row, department->name);
	r = json_number(row, "parent_id", 0, INT64_MAX, &department->parent);
	return r == 0 || r == -ENOENT;
}

void dingtalk_read_department(const struct http_reply *reply, int64_t id,
			      struct dingtalk_department *ret_department,
			      struct api_result *ret_result)
{
	static const char what[] = "department/get";
	_cleanup_json_ struct json_t *json = dingtalk_read_oapi_yes(reply, what, ret_result);
	struct dingtalk_department department;

	if (!json)
		return;
	if (read_department(json_object_at(json, "result"), &department) && department.id == id)
		*ret_department = department;
	else
		api_set_fault(ret_result, what, "not about this department");
}

void dingtalk_read_children(const struct http_reply *reply, int64_t parent,
			    void (*each)(void *context,
					 const struct dingtalk_department *department),
			    void *context, struct api_result *ret_result)
{
	static const char what[] = "department/listsub";
	_cleanup_json_ struct json_t *json = dingtalk_read_oapi_yes(reply, what, ret_result);
	const struct json_t *list = json ? json_array_at(json, "result") : NULL;
	struct dingtalk_department department;

	if (!json)
		return;
	if (!list) {
		api_set_fault(ret_result, what, "no result");
		return;
	}
	for (size_t i = 0; i < json_array_length(list); i++) {
		if (!read_department(json_array_object(list, i), &department) ||
		    department.parent != parent) {
			api_set_fault(ret_result, what, "a department without an id, or from "
				      "elsewhere");
			return;
		}
		each(context, &department);
	}
}

/* --- members --- */

static bool read_unionid(const struct json_t *row, char ret_unionid[DINGTALK_UNIONID_MAX + 1])
{
	const char *text = json_text_or_empty(row, "unionid", DINGTALK_UNIONID_MAX);

	if (!json_has_value(row, "unionid") || text_is_empty(text))
		return !json_has_value(row, "unionid") || text;
	return text_is_printable_ascii(text, DINGTALK_UNIONID_MAX) &&
	       text_into(ret_unionid, DINGTALK_UNIONID_MAX + 1, text);
}

/* False: how it ends is set. Absent members are missing permissions. */
static bool read_member(const struct json_t *row, const char *what,
			struct dingtalk_listed *member, struct api_result *ret_result)
{
	const char *userid = row ? json_text(row, "userid", DINGTALK_USERID_MAX) : NULL;
	int r = row ? json_bool(row, "active", &member->is_active) : -EINVAL;

	if (!userid || !dingtalk_is_userid(userid) || !read_unionid(row, member->unionid))
		api_set_fault(ret_result, what, "a member without userid, or with an id against "
			      "the rules");
	else if (r == -ENOENT)
		api_set_end(ret_result, API_FAILED, FAIL_CONFIG, "user/list: not told whether a "
			    "member is active: add qyapi_get_member");
	else if (r < 0)
		api_set_fault(ret_result, what, "active is no boolean");
	else
		return text_into(member->userid, sizeof(member->userid), userid);
	return false;
}

static bool read_next(const struct json_t *page, int64_t *ret_next)
{
	bool has_more;

	*ret_next = -1;
	if (json_bool(page, "has_more", &has_more) < 0)
		return false;
	return !has_more || json_number(page, "next_cursor", 0, INT64_MAX, ret_next) == 0;
}

void dingtalk_read_page(const struct http_reply *reply,
			void (*each)(void *context, const struct dingtalk_listed *member),
			void *context, int64_t *ret_next, struct api_result *ret_result)
{
	static const char what[] = "user/list";
	_cleanup_json_ struct json_t *json = dingtalk_read_oapi_yes(reply, what, ret_result);
	const struct json_t *page = json ? json_object_at(json, "result") : NULL;
	const struct json_t *list = page ? json_array_at(page, "list") : NULL;
	int64_t next;

	if (!json)
		return;
	if (!list || !read_next(page, &next)) {
		api_set_fault(ret_result, what, "no list, or not whether it is all");
		return;
	}
	for (size_t i = 0; i < json_array_length(list); i++) {
		const struct json_t *row = json_array_object(list, i);
		struct dingtalk_listed member = { 0 };

		if (!read_member(row, what, &member, ret_result))
			return;
		read_name(row, member.name);
		each(context, &member);
	}
	*ret_next = next;
}
