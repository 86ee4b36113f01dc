/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of WeCom's API: the first byte chooses the status, the rest is the body of every call. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "providers/wecom-reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t statuses[] = { 200, 200, 200, 302, 500 };

/* How it ends is one line for the log, and none when it is good. */
static void check_result(const struct api_result *result)
{
	size_t len = strlen(result->detail);

	if ((result->class == API_GOOD) != (len == 0) || !text_is_line(result->detail, len) ||
	    result->pause_ms < 0 || (result->class == API_GOOD && result->pause_ms))
		abort();
}

static void check_token(const struct http_reply *reply)
{
	struct api_token token = { 0 };
	struct api_result result;

	wecom_read_token(reply, &token, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (token.value != NULL))
		abort();
	if (token.value && (token.value->len > API_TOKEN_MAX || token.lives_ms <= 0))
		abort();
	secret_free(token.value);
}

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .content_type = "application/json" };

	if (size < 2)
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	reply.body = secret_new(data + 1, size - 1);
	check_token(&reply);
	check_userid(&reply);
	check_member(&reply);
	check_app(&reply);
	check_sent(&reply);
	http_reply_done(&reply);
	return 0;
}
