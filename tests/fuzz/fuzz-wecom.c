/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of WeCom's API: the first byte chooses the status, the rest is the body of every call. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/wecom-directory.h"
#include "providers/wecom-reply.h"
#include "tests/fuzz/fuzz-api-reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t statuses[] = { 200, 200, 200, 302, 500 };

static void check_userid(const struct http_reply *reply)
{
	char userid[WECOM_USERID_MAX + 1] = "";
	char again[WECOM_USERID_MAX + 1];
	struct api_result result;

	wecom_read_userid(reply, userid, &result);
	check_result(&result);
	if (result.class != API_GOOD) {
		if (userid[0])
			abort();
		return;
	}
	if (strpbrk(userid, "/|%&?# ") || !wecom_fold_userid(userid, again) ||
	    !text_equals(userid, again))
		abort();
}

static void check_member(const struct http_reply *reply)
{
	struct wecom_member member = { 0 };
	struct api_result result;

	wecom_read_member(reply, "zhangsan", &member, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != text_equals(member.userid, "zhangsan") ||
	    member.n_departments > IDENTITY_GROUPS_MAX ||
	    !text_is_line(member.name, strlen(member.name)))
		abort();
}

static void check_app(const struct http_reply *reply)
{
	struct wecom_app app = { 0 };
	struct api_result result;

	wecom_read_app(reply, 1000002, &app, &result);
	check_result(&result);
	if (!text_is_line(app.name, strlen(app.name)) ||
	    !text_is_line(app.domain, strlen(app.domain)) ||
	    (result.class != API_GOOD && (app.name[0] || app.domain[0])))
		abort();
}

static void check_sent(const struct http_reply *reply)
{
	struct api_result result;

	wecom_read_sent(reply, &result);
	check_result(&result);
}

static void check_listed(void *context UNUSED, const struct wecom_listed *member)
{
	char again[WECOM_USERID_MAX + 1];

	if (!wecom_fold_userid(member->userid, again) || !text_equals(member->userid, again) ||
	    !text_is_line(member->name, strlen(member->name)))
		abort();
}

static void check_directory(const struct http_reply *reply)
{
	_cleanup_free_ struct wecom_department *departments = NULL;
	_cleanup_list_ char **allowed = NULL;
	struct wecom_listed member = { 0 };
	char name[WECOM_NAME_MAX + 1] = "";
	struct api_result result;
	size_t n = 0;

	wecom_read_departments(reply, &departments, &n, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (departments != NULL) || n > WECOM_DEPARTMENTS_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		if (departments[i].id < 1 || departments[i].parent < 0)
			abort();
	wecom_read_department(reply, 7, name, &result);
	check_result(&result);
	wecom_read_members(reply, check_listed, NULL, &result);
	check_result(&result);
	wecom_read_listed(reply, "zhangsan", &member, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != text_equals(member.userid, "zhangsan"))
		abort();
	wecom_read_allowed(reply, 1000002, &allowed, &result);
	check_result(&result);
	if (!text_is_line(name, strlen(name)) || list_length(allowed) > WECOM_ALLOWED_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .content_type = "application/json" };

	if (size < 2)
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	reply.body = secret_new(data + 1, size - 1);
	check_token(&reply, wecom_read_token);
	check_userid(&reply);
	check_member(&reply);
	check_app(&reply);
	check_sent(&reply);
	check_directory(&reply);
	http_reply_done(&reply);
	return 0;
}
