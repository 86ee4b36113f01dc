/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A work notice (工作通知) of the app to one member: topapi/message/corpconversation/asyncsend_v2. */
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "providers/dingtalk.h"

#define BODY_MAX (DINGTALK_MESSAGE_MAX + 256)

/* The vendor drops, and does not say so, what the same member was sent the same day with the same
 * words; two digits come again. So the time stands below. */
static void add_content(struct login *login, const char *text, struct buf *content)
{
	int64_t now_s = login_now_s(login);

	buf_add_format(content, "%s\n(%02lld:%02lld:%02lld UTC)", text,
		       (long long)(now_s / 3600 % 24), (long long)(now_s / 60 % 60),
		       (long long)(now_s % 60));
}

/* NULL: too long. What the vendor would cut off could be the digits. */
static struct secret *make_body(struct login *login, const char *userid, const char *text)
{
	const struct dingtalk_config *config = login_config(login);
	struct buf content = BUF_INIT_SECRET(DINGTALK_MESSAGE_MAX);
	struct buf message = BUF_INIT_SECRET(DINGTALK_MESSAGE_MAX);
	struct buf json = BUF_INIT_SECRET(BODY_MAX);
	struct secret *body = NULL;

	add_content(login, text, &content);
	buf_add_text(&message, "{\"msgtype\":\"text\",\"text\":{\"content\":");
	json_add_text(&message, buf_text(&content));
	buf_add_text(&message, "}}");
	if (!buf_failed(&content) && !buf_failed(&message)) {
		buf_add_format(&json, "{\"agent_id\":%lld,\"userid_list\":\"%s\",\"msg\":%s}",
			       (long long)config->agent_id, userid, buf_text(&message));
		body = secret_new(buf_text(&json), json.len);
	}
	buf_done(&content);
	buf_done(&message);
	buf_done(&json);
	return body;
}

static struct http_request *make_send(struct login *login, const struct secret *token)
{
	const struct dingtalk_login *own = login_own(login);

	return dingtalk_post(login, "message/corpconversation/asyncsend_v2", token, own->message);
}

static void read_send(struct login *login UNUSED, const struct http_reply *reply,
		      struct api_result *ret_result)
{
	dingtalk_read_sent(reply, ret_result);
}

static const struct api_call send_notice = {
	&dingtalk_vendor, make_send, read_send, login_done, NULL
};

void dingtalk_deliver(struct login *login, const struct login_delivery *delivery)
{
	struct dingtalk_login *own = login_own(login);

	if (!dingtalk_is_userid(delivery->subject) ||
	    !text_is_utf8(delivery->text, strlen(delivery->text))) {
		login_fail(login, FAIL_PROVIDER, "no member, or no text for him");
		return;
	}
	own->message = make_body(login, delivery->subject, delivery->text);
	if (own->message)
		api_start(login, &send_notice);
	else
		login_fail(login, FAIL_PROVIDER, "the message is too long");
}
