/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells of a WeCom corp's departments and members, as far as the app sees them (`list`):
 *
 *   department/simplelist       which departments there are
 *   department/get              the name of each whose name is not known from an earlier time
 *   user/list                   the members of each department
 *   agent/get, user/get         who may see the app by himself, and not by a department
 *
 * A call that the vendor has no room for is made again after a while. Any other no ends the
 * listing: what is partial must not count.
 */
#include <stdlib.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/wecom-directory.h"
#include "providers/wecom.h"

#define MEMBER_GONE     60111            /* user/get: no such member */

struct wecom_list {
	struct wecom_department *departments;
	size_t n_departments, at;
	char **allowed;
	size_t allowed_at;
	char name[WECOM_NAME_MAX + 1];
	struct wecom_listed member;
	char place[TEXT_NUMBER_SIZE];    /* id of the department at hand; "": none */
	struct list_wait wait;
};

static struct wecom_list *list_of(struct login *login)
{
	struct wecom_login *own = login_own(login);

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

static struct http_request *get(struct buf *url, struct login *login)
{
	const struct wecom_config *config = login_config(login);
	struct http_request *request = api_get(url, config->proxy);

	if (request) {
		request->max_body = HTTP_LISTING_MAX;    /* a department has no pages */
		request->total_ms = LIST_CALL_MS;
	}
	return request;
}

/* --- members --- */

static void tell(void *context, const struct wecom_listed *member)
{
	struct login *login = context;
	const struct wecom_config *config = login_config(login);
	struct wecom_list *list = list_of(login);
	_cleanup_free_ char *issuer = text_format("wecom:%s", config->corp_id);
	char main_department[TEXT_NUMBER_SIZE];
	struct identity identity = {
		.issuer = issuer,
		.subject = member->userid,
		.display = member->name[0] ? member->name : NULL,
		.attributes = { { "userid", member->userid } },
		.n_attributes = 1,
	};
	const struct listed_member listed = {
		.identity = &identity,
		.department = list->place,
		/* There is no id that outlives a userid. */
		.mark = identity.display,
		.state = member->state,
	};

	if (member->main_department) {
		text_from_number(member->main_department, main_department);
		identity.attributes[identity.n_attributes++] =
			(struct identity_attribute) { "main_department", main_department };
	}
	login_list_member(login, &listed);
}

static void next_allowed(struct login *login);

static struct http_request *make_user_get(struct login *login, const struct secret *token)
{
	const struct wecom_list *list = list_of(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	wecom_api_url(login, "user/get", token, &url);
	form_add(&url, "userid", list->allowed[list->allowed_at]);
	return get(&url, login);
}

static void read_user_get(struct login *login, const struct http_reply *reply,
			  struct api_result *ret_result)
{
	struct wecom_list *list = list_of(login);

	wecom_read_listed(reply, list->allowed[list->allowed_at], &list->member, ret_result);
}

static void has_user(struct login *login)
{
	struct wecom_list *list = list_of(login);

	list->allowed_at++;
	tell(login, &list->member);
	next_allowed(login);
}

/* The app's list may be older than the member's end. */
static bool fail_user_get(struct login *login, const struct api_result *result)
{
	struct wecom_list *list = list_of(login);

	if (result->code != MEMBER_GONE)
		return wait_for_room(login, result);
	list->allowed_at++;
	next_allowed(login);
	return true;
}

static const struct api_call user_get = {
	&wecom_vendor, make_user_get, read_user_get, has_user, fail_user_get
};

static void next_allowed(struct login *login)
{
	struct wecom_list *list = list_of(login);

	if (list->allowed && list->allowed[list->allowed_at]) {
		call(login, &user_get);
		return;
	}
	login_list_done(login, "");
	login_done(login);
}

static struct http_request *make_agent_get(struct login *login, const struct secret *token)
{
	const struct wecom_config *config = login_config(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	wecom_api_url(login, "agent/get", token, &url);
	buf_add_format(&url, "&agentid=%lld", (long long)config->agent_id);
	return get(&url, login);
}

static void read_agent_get(struct login *login, const struct http_reply *reply,
			   struct api_result *ret_result)
{
	const struct wecom_config *config = login_config(login);

	wecom_read_allowed(reply, config->agent_id, &list_of(login)->allowed, ret_result);
}

static void has_agent(struct login *login)
{
	list_of(login)->place[0] = '\0';
	next_allowed(login);
}

static const struct api_call agent_get = {
	&wecom_vendor, make_agent_get, read_agent_get, has_agent, wait_for_room
};

/* --- members of departments --- */

static void next_members(struct login *login);

static struct http_request *make_user_list(struct login *login, const struct secret *token)
{
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	wecom_api_url(login, "user/list", token, &url);
	form_add(&url, "department_id", list_of(login)->place);
	return get(&url, login);
}

static void read_user_list(struct login *login, const struct http_reply *reply,
			   struct api_result *ret_result)
{
	wecom_read_members(reply, tell, login, ret_result);
}

static void has_members(struct login *login)
{
	struct wecom_list *list = list_of(login);

	login_list_done(login, list->place);
	list->at++;
	next_members(login);
}

static const struct api_call user_list = {
	&wecom_vendor, make_user_list, read_user_list, has_members, wait_for_room
};

static void next_members(struct login *login)
{
	struct wecom_list *list = list_of(login);

	for (; list->at < list->n_departments; list->at++) {
		text_from_number(list->departments[list->at].id, list->place);
		if (!login_is_list_done(login, list->place)) {
			call(login, &user_list);
			return;
		}
	}
	call(login, &agent_get);
}

/* --- departments --- */

static void next_name(struct login *login);

static void tell_department(struct login *login, const char *name)
{
	struct wecom_list *list = list_of(login);
	char parent[TEXT_NUMBER_SIZE];
	const struct listed_department department = {
		.id = list->place,
		.parent = list->departments[list->at].parent ? parent : NULL,
		.name = name,
	};

	text_from_number(list->departments[list->at].parent, parent);
	login_list_department(login, &department);
	list->at++;
}

static struct http_request *make_department_get(struct login *login, const struct secret *token)
{
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	wecom_api_url(login, "department/get", token, &url);
	form_add(&url, "id", list_of(login)->place);
	return get(&url, login);
}

static void read_department_get(struct login *login, const struct http_reply *reply,
				struct api_result *ret_result)
{
	struct wecom_list *list = list_of(login);

	wecom_read_department(reply, list->departments[list->at].id, list->name, ret_result);
}

static void has_name(struct login *login)
{
	tell_department(login, list_of(login)->name);
	next_name(login);
}

static const struct api_call department_get = {
	&wecom_vendor, make_department_get, read_department_get, has_name, wait_for_room
};

static void next_name(struct login *login)
{
	struct wecom_list *list = list_of(login);

	while (list->at < list->n_departments) {
		const char *known;

		text_from_number(list->departments[list->at].id, list->place);
		known = login_list_name(login, list->place);
		if (!known) {
			call(login, &department_get);
			return;
		}
		(void)text_into(list->name, sizeof(list->name), known);
		tell_department(login, list->name);
	}
	list->at = 0;
	next_members(login);
}

static struct http_request *make_simplelist(struct login *login, const struct secret *token)
{
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	wecom_api_url(login, "department/simplelist", token, &url);
	return get(&url, login);
}

static void read_simplelist(struct login *login, const struct http_reply *reply,
			    struct api_result *ret_result)
{
	struct wecom_list *list = list_of(login);

	wecom_read_departments(reply, &list->departments, &list->n_departments, ret_result);
}

static const struct api_call simplelist = {
	&wecom_vendor, make_simplelist, read_simplelist, next_name, wait_for_room
};

void wecom_list(struct login *login)
{
	struct wecom_login *own = login_own(login);

	own->list = calloc(1, sizeof(*own->list));
	if (!own->list)
		abort();
	call(login, &simplelist);
}

void wecom_list_timeout(struct login *login)
{
	list_go_on(login, &list_of(login)->wait);
}

struct wecom_list *wecom_list_free(struct wecom_list *list)
{
	if (!list)
		return NULL;
	free(list->departments);
	list_free(list->allowed);
	free(list);
	return NULL;
}
