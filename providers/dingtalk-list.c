/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells of a DingTalk organisation's departments and members (`list`):
 *
 *   v2/department/get           the top, when its name is not known
 *   v2/department/listsub       the departments below each, from the top down
 *   v2/user/list                the members of each, page by page
 *
 * Calls keep a distance, since an app may make so many in a second. One that the vendor has no room
 * for is made again after a while; any other no ends the listing, and so does a page that does not
 * lead on: what is partial must not count.
 */
#include <stdlib.h>

#include "base/text.h"
#include "providers/dingtalk-directory.h"
#include "providers/dingtalk.h"

#define TOP             1
#define GAP_MS          55               /* 20 in a second, of the smallest edition */
#define PAGE_SIZE       100              /* the vendor's maximum */
#define DEPARTMENTS_MAX 30000
#define BODY_MAX        256

struct dingtalk_list {
	int64_t *departments;            /* in the order in which they were told of */
	size_t n, size, at;
	int64_t cursor, next;
	struct dingtalk_department top;
	char place[TEXT_NUMBER_SIZE];    /* id of the department at hand */
	bool is_too_many;
	struct list_wait wait;
};

static struct dingtalk_list *list_of(struct login *login)
{
	struct dingtalk_login *own = login_own(login);

	return own->list;
}

static void call(struct login *login, const struct api_call *call)
{
	list_call(login, &list_of(login)->wait, call);
}

static bool wait_for_room(struct login *login, const struct api_result *result)
{
	return list_waits(login, &list_of(login)->wait, result);
}

static struct http_request *ask(struct login *login, const char *path,
				const struct secret *token, const char *body)
{
	_cleanup_secret_ struct secret *json = secret_from_text(body);
	struct http_request *request = dingtalk_post(login, path, token, json);

	if (request) {
		request->once = false;           /* a question costs nobody anything */
		request->max_body = HTTP_BODY_MAX;
		request->total_ms = LIST_CALL_MS;
	}
	return request;
}

static int64_t department_at(const struct dingtalk_list *list)
{
	return list->departments[list->at];
}

/* --- members --- */

static void next_members(struct login *login);

static void tell(void *context, const struct dingtalk_listed *member)
{
	struct login *login = context;
	const struct dingtalk_config *config = login_config(login);
	_cleanup_free_ char *issuer = text_format("dingtalk:%s", config->corp_id);
	struct identity identity = {
		.issuer = issuer,
		.subject = member->userid,
		.display = member->name[0] ? member->name : NULL,
		.attributes = { { "userid", member->userid } },
		.n_attributes = 1,
	};
	const struct listed_member listed = {
		.identity = &identity,
		.department = list_of(login)->place,
		.mark = member->unionid[0] ? member->unionid : identity.display,
		.state = member->is_active ? MEMBER_ACTIVE : MEMBER_INACTIVE,
	};

	if (member->unionid[0])
		identity.attributes[identity.n_attributes++] =
			(struct identity_attribute) { "unionid", member->unionid };
	login_list_member(login, &listed);
}

static struct http_request *make_page(struct login *login, const struct secret *token)
{
	const struct dingtalk_list *list = list_of(login);
	struct buf body = BUF_INIT(BODY_MAX);
	struct http_request *request;

	buf_add_format(&body, "{\"dept_id\":%lld,\"cursor\":%lld,\"size\":%d,"
		       "\"order_field\":\"entry_asc\",\"contain_access_limit\":false}",
		       (long long)department_at(list), (long long)list->cursor, PAGE_SIZE);
	request = ask(login, "v2/user/list", token, buf_text(&body));
	buf_done(&body);
	return request;
}

static void read_page(struct login *login, const struct http_reply *reply,
		      struct api_result *ret_result)
{
	dingtalk_read_page(reply, tell, login, &list_of(login)->next, ret_result);
}

static void has_page(struct login *login);

static const struct api_call user_list = {
	&dingtalk_vendor, make_page, read_page, has_page, wait_for_room
};

static void has_page(struct login *login)
{
	struct dingtalk_list *list = list_of(login);

	if (list->next >= 0 && list->next <= list->cursor) {
		login_fail(login, FAIL_PROVIDER, "user/list: the next page is not behind this one");
		return;
	}
	list->cursor = list->next;
	if (list->cursor > 0) {
		call(login, &user_list);
		return;
	}
	login_list_done(login, list->place);
	list->at++;
	next_members(login);
}

static void next_members(struct login *login)
{
	struct dingtalk_list *list = list_of(login);

	for (; list->at < list->n; list->at++) {
		text_from_number(department_at(list), list->place);
		if (!login_is_list_done(login, list->place)) {
			list->cursor = 0;
			call(login, &user_list);
			return;
		}
	}
	login_done(login);
}

/* --- departments --- */

static void next_children(struct login *login);

static void tell_department(struct login *login, const struct dingtalk_department *department)
{
	struct dingtalk_list *list = list_of(login);
	char id[TEXT_NUMBER_SIZE], parent[TEXT_NUMBER_SIZE];
	const struct listed_department listed = {
		.id = id,
		.parent = department->parent ? parent : NULL,
		.name = department->name,
	};

	text_from_number(department->id, id);
	text_from_number(department->parent, parent);
	if (list->n >= DEPARTMENTS_MAX) {
		list->is_too_many = true;
		return;
	}
	if (list->n == list->size) {
		list->size = MAX(list->size * 2, (size_t)64);
		list->departments = reallocarray(list->departments, list->size,
						 sizeof(*list->departments));
		if (!list->departments)
			abort();
	}
	list->departments[list->n++] = department->id;
	login_list_department(login, &listed);
}

static void tell_child(void *context, const struct dingtalk_department *department)
{
	tell_department(context, department);
}

static struct http_request *make_listsub(struct login *login, const struct secret *token)
{
	struct buf body = BUF_INIT(BODY_MAX);
	struct http_request *request;

	buf_add_format(&body, "{\"dept_id\":%lld,\"language\":\"zh_CN\"}",
		       (long long)department_at(list_of(login)));
	request = ask(login, "v2/department/listsub", token, buf_text(&body));
	buf_done(&body);
	return request;
}

static void read_listsub(struct login *login, const struct http_reply *reply,
			 struct api_result *ret_result)
{
	dingtalk_read_children(reply, department_at(list_of(login)), tell_child, login,
			       ret_result);
}

static void has_children(struct login *login)
{
	list_of(login)->at++;
	next_children(login);
}

static const struct api_call listsub = {
	&dingtalk_vendor, make_listsub, read_listsub, has_children, wait_for_room
};

static void next_children(struct login *login)
{
	struct dingtalk_list *list = list_of(login);

	if (list->is_too_many) {
		login_fail(login, FAIL_PROVIDER, "department/listsub: too many departments");
	} else if (list->at < list->n) {
		call(login, &listsub);
	} else {
		list->at = 0;
		next_members(login);
	}
}

static struct http_request *make_top(struct login *login, const struct secret *token)
{
	return ask(login, "v2/department/get", token, "{\"dept_id\":1,\"language\":\"zh_CN\"}");
}

static void read_top(struct login *login, const struct http_reply *reply,
		     struct api_result *ret_result)
{
	dingtalk_read_department(reply, TOP, &list_of(login)->top, ret_result);
}

static void has_top(struct login *login)
{
	struct dingtalk_list *list = list_of(login);

	list->top.parent = 0;
	tell_department(login, &list->top);
	next_children(login);
}

static const struct api_call department_get = {
	&dingtalk_vendor, make_top, read_top, has_top, wait_for_room
};

void dingtalk_list(struct login *login)
{
	struct dingtalk_login *own = login_own(login);
	const char *name = login_list_name(login, "1");

	own->list = calloc(1, sizeof(*own->list));
	if (!own->list)
		abort();
	own->list->wait.gap_ms = GAP_MS;
	own->list->top.id = TOP;
	if (name && text_into(own->list->top.name, sizeof(own->list->top.name), name))
		has_top(login);
	else
		call(login, &department_get);
}

void dingtalk_list_timeout(struct login *login)
{
	list_go_on(login, &list_of(login)->wait);
}

struct dingtalk_list *dingtalk_list_free(struct dingtalk_list *list)
{
	if (list)
		free(list->departments);
	free(list);
	return NULL;
}
