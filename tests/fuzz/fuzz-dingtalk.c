/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of DingTalk's two hosts: the first byte chooses status and type, the rest is the body of
 * every call. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/dingtalk-directory.h"
#include "providers/dingtalk-reply.h"
#include "tests/fuzz/fuzz-api-reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t statuses[] = { 200, 200, 201, 302, 400, 403, 500 };
static const char *const types[] = { "application/json", "application/json", "text/plain",
				     "text/html" };

static void check_user_token(const struct http_reply *reply)
{
	struct secret *token = NULL;
	struct api_result result;

	dingtalk_read_user_token(reply, "ding1", &token, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (token != NULL))
		abort();
	if (token && !text_is_printable_ascii(token->data, token->len))
		abort();
	secret_free(token);
}

/* What becomes known is known whole, and only by a yes. */
static void check_person(const struct dingtalk_person *person, const struct api_result *result,
			 bool has_userid)
{
	check_result(result);
	if (result->class != API_GOOD) {
		if (person->userid[0])
			abort();
		return;
	}
	if (has_userid ? !dingtalk_is_userid(person->userid) : !person->unionid[0])
		abort();
	if (!text_is_line(person->unionid, strlen(person->unionid)))
		abort();
}

static void check_persons(const struct http_reply *reply)
{
	struct dingtalk_person person = { 0 };
	struct api_result result;

	dingtalk_read_me(reply, &person, &result);
	check_person(&person, &result, false);
	person = (struct dingtalk_person) { .unionid = "z21H" };
	dingtalk_read_employee(reply, &person, &result);
	check_person(&person, &result, true);
	person = (struct dingtalk_person) { .userid = "" };
	dingtalk_read_userinfo(reply, &person, &result);
	check_person(&person, &result, true);
}

static void check_member(const struct http_reply *reply)
{
	static const struct dingtalk_person person = { "z21H", "Manager123" };
	struct dingtalk_member member = { 0 };
	struct api_result result;

	dingtalk_read_member(reply, &person, &member, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != text_equals(member.userid, person.userid) ||
	    (member.unionid[0] && !text_equals(member.unionid, person.unionid)) ||
	    member.n_departments > IDENTITY_GROUPS_MAX ||
	    !text_is_line(member.name, strlen(member.name)))
		abort();
}

static void check_sent(const struct http_reply *reply)
{
	struct api_result result;

	dingtalk_read_sent(reply, &result);
	check_result(&result);
}

static void check_listed(void *context UNUSED, const struct dingtalk_listed *member)
{
	if (!dingtalk_is_userid(member->userid) ||
	    !text_is_line(member->unionid, strlen(member->unionid)) ||
	    !text_is_line(member->name, strlen(member->name)))
		abort();
}

static void check_child(void *context UNUSED, const struct dingtalk_department *department)
{
	if (department->id < 1 || department->parent != 1 ||
	    !text_is_line(department->name, strlen(department->name)))
		abort();
}

static void check_directory(const struct http_reply *reply)
{
	struct dingtalk_department department = { 0 };
	struct api_result result;
	int64_t next = -2;

	dingtalk_read_department(reply, 1, &department, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (department.id == 1))
		abort();
	dingtalk_read_children(reply, 1, check_child, NULL, &result);
	check_result(&result);
	dingtalk_read_page(reply, check_listed, NULL, &next, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (next != -2) || next < -2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE };

	if (size < 2)
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	(void)text_into(reply.content_type, sizeof(reply.content_type),
			types[data[0] / 16 % N_ELEMENTS(types)]);
	reply.body = secret_new(data + 1, size - 1);
	check_token(&reply, dingtalk_read_token);
	check_user_token(&reply);
	check_persons(&reply);
	check_member(&reply);
	check_sent(&reply);
	check_directory(&reply);
	http_reply_done(&reply);
	return 0;
}
