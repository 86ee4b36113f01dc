/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See wecom-directory.h. */
#include "providers/wecom-directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

#define FOREIGN_MAX 4096                 /* bytes of a userid that are looked at */

/* --- departments --- */

static bool read_department(const struct json_t *row, struct wecom_department *ret_department)
{
	int r;

	if (!row || json_number(row, "id", 1, UINT32_MAX, &ret_department->id) < 0)
		return false;
	ret_department->parent = 0;
	r = json_number(row, "parentid", 0, UINT32_MAX, &ret_department->parent);
	return r == 0 || r == -ENOENT;
}

void wecom_read_departments(const struct http_reply *reply,
			    struct wecom_department **ret_departments, size_t *ret_n,
			    struct api_result *ret_result)
{
	static const char what[] = "department/simplelist";
	_cleanup_json_ struct json_t *json = wecom_read_yes(reply, what, ret_result);
	const struct json_t *list = json ? json_array_at(json, "department_id") : NULL;
	size_t n = list ? json_array_length(list) : 0;
	_cleanup_free_ struct wecom_department *departments = NULL;

	if (!json)
		return;
	if (!list || n > WECOM_DEPARTMENTS_MAX) {
		api_set_fault(ret_result, what, list ? "too many departments" : "no departments");
		return;
	}
	departments = calloc(MAX(n, (size_t)1), sizeof(*departments));
	if (!departments)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (!read_department(json_array_object(list, i), &departments[i])) {
			api_set_fault(ret_result, what, "a department without an id");
			return;
		}
	}
	*ret_departments = steal(&departments);
	*ret_n = n;
}

void wecom_read_department(const struct http_reply *reply, int64_t id,
			   char ret_name[WECOM_NAME_MAX + 1], struct api_result *ret_result)
{
	static const char what[] = "department/get";
	_cleanup_json_ struct json_t *json = wecom_read_yes(reply, what, ret_result);
	const struct json_t *department = json ? json_object_at(json, "department") : NULL;
	const char *name;
	int64_t number;

	if (!json)
		return;
	if (!department || json_number(department, "id", 1, UINT32_MAX, &number) < 0 ||
	    number != id) {
		api_set_fault(ret_result, what, "not about this department");
		return;
	}
	name = json_text(department, "name", WECOM_NAME_MAX);
	(void)text_into(ret_name, WECOM_NAME_MAX + 1, name ? name : "");
}

/* --- members --- */

static const struct {
	int64_t status;
	enum member_state state;
} states[] = {
	{ 1, MEMBER_ACTIVE },
	{ 2, MEMBER_DISABLED },
	{ 4, MEMBER_INACTIVE },
	{ 5, MEMBER_LEFT },
};

/* False: a status that we do not know is no yes. */
static bool read_state(const struct json_t *row, enum member_state *ret_state)
{
	int64_t status;

	if (json_number(row, "status", INT32_MIN, INT32_MAX, &status) < 0)
		return false;
	*ret_state = MEMBER_DISABLED;
	for (size_t i = 0; i < N_ELEMENTS(states); i++)
		if (states[i].status == status)
			*ret_state = states[i].state;
	return true;
}

static bool read_rest(const struct json_t *row, struct wecom_listed *member)
{
	const char *name = json_text(row, "name", WECOM_NAME_MAX);
	int r = json_number(row, "main_department", 0, UINT32_MAX, &member->main_department);

	(void)text_into(member->name, sizeof(member->name), name ? name : "");
	return (r == 0 || r == -ENOENT) && read_state(row, &member->state);
}

void wecom_read_members(const struct http_reply *reply,
			void (*each)(void *context, const struct wecom_listed *member),
			void *context, struct api_result *ret_result)
{
	static const char what[] = "user/list";
	_cleanup_json_ struct json_t *json = wecom_read_yes(reply, what, ret_result);
	const struct json_t *list = json ? json_array_at(json, "userlist") : NULL;

	if (!json)
		return;
	if (!list) {
		api_set_fault(ret_result, what, "no userlist");
		return;
	}
	for (size_t i = 0; i < json_array_length(list); i++) {
		const struct json_t *row = json_array_object(list, i);
		const char *userid = row ? json_text(row, "userid", FOREIGN_MAX) : NULL;
		struct wecom_listed member = { 0 };

		if (userid && strchr(userid, '/'))
			continue;
		if (!userid || !wecom_fold_userid(userid, member.userid) ||
		    !read_rest(row, &member)) {
			api_set_fault(ret_result, what, "a member without userid or status, or "
				      "with one against the rules");
			return;
		}
		each(context, &member);
	}
}

void wecom_read_listed(const struct http_reply *reply, const char *userid,
		       struct wecom_listed *ret_member, struct api_result *ret_result)
{
	static const char what[] = "user/get";
	_cleanup_json_ struct json_t *json = wecom_read_yes(reply, what, ret_result);
	const char *text = json ? json_text(json, "userid", FOREIGN_MAX) : NULL;
	struct wecom_listed member = { 0 };

	if (!json)
		return;
	if (!text || !wecom_fold_userid(text, member.userid) ||
	    !text_equals(member.userid, userid) || !read_rest(json, &member))
		api_set_fault(ret_result, what, "not about this member, or without his status");
	else
		*ret_member = member;
}

/* --- who may see the app by himself --- */

static bool add_allowed(const struct json_t *row, char ***userids)
{
	const char *text = row ? json_text(row, "userid", FOREIGN_MAX) : NULL;
	char userid[WECOM_USERID_MAX + 1];

	if (text && strchr(text, '/'))
		return true;
	if (!text || !wecom_fold_userid(text, userid))
		return false;
	if (list_add(userids, userid) < 0)
		abort();
	return true;
}

void wecom_read_allowed(const struct http_reply *reply, int64_t agent_id, char ***ret_userids,
			struct api_result *ret_result)
{
	static const char what[] = "agent/get";
	_cleanup_json_ struct json_t *json = wecom_read_yes(reply, what, ret_result);
	const struct json_t *object = json ? json_object_at(json, "allow_userinfos") : NULL;
	const struct json_t *list = object ? json_array_at(object, "user") : NULL;
	_cleanup_list_ char **userids = NULL;
	int64_t number;

	if (!json)
		return;
	if (json_number(json, "agentid", 1, INT32_MAX, &number) < 0 || number != agent_id ||
	    (object && !list && json_has_value(object, "user"))) {
		api_set_fault(ret_result, what, "not about this app");
		return;
	}
	for (size_t i = 0; list && i < json_array_length(list); i++) {
		if (i >= WECOM_ALLOWED_MAX || !add_allowed(json_array_object(list, i), &userids)) {
			api_set_fault(ret_result, what, "too many members, or one against the "
				      "rules");
			return;
		}
	}
	*ret_userids = steal(&userids);
}
