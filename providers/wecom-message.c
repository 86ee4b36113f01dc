/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text message of the app to one member (path/90236). */
#include <string.h>

#include "base/text.h"
#include "base/url.h"
#include "providers/wecom.h"

#define BODY_MAX (WECOM_MESSAGE_MAX + 256)

/* What a JSON text cannot hold; without \u, which this vendor refuses (40033). And in messages <a>
 * makes a link: somebody else's words, such as a user name, shall not make one. */
static const struct {
	char from;
	const char *to;
} escapes[] = {
	{ '"', "\\\"" },
	{ '\\', "\\\\" },
	{ '\n', "\\n" },
	{ '<', "＜" },
	{ '>', "＞" },
};

static const char *find_escape(char c)
{
	for (size_t i = 0; i < N_ELEMENTS(escapes); i++)
		if (escapes[i].from == c)
			return escapes[i].to;
	return (unsigned char)c < ' ' ? " " : NULL;
}

static void add_escaped(struct buf *json, const char *text)
{
	for (; *text; text++) {
		const char *escape = find_escape(*text);

		if (escape)
			buf_add_text(json, escape);
		else
			buf_add_char(json, *text);
	}
}

/* NULL: too long. The vendor would cut off the end, and the digits could stand there. */
static struct secret *make_body(struct login *login, const char *userid, const char *text)
{
	const struct wecom_config *config = login_config(login);
	struct buf content = BUF_INIT_SECRET(WECOM_MESSAGE_MAX);
	struct buf json = BUF_INIT_SECRET(BODY_MAX);
	struct secret *body = NULL;

	add_escaped(&content, text);
	if (!buf_failed(&content)) {
		buf_add_format(&json, "{\"touser\":\"%s\",\"msgtype\":\"text\",\"agentid\":%lld,"
			       "\"text\":{\"content\":\"%s\"}}", userid,
			       (long long)config->agent_id, buf_text(&content));
		body = secret_new(buf_text(&json), json.len);
	}
	buf_done(&content);
	buf_done(&json);
	return body;
}

static struct http_request *make_send(struct login *login, const struct secret *token)
{
	const struct wecom_config *config = login_config(login);
	const struct wecom_login *own = login_own(login);
	struct buf url = BUF_INIT_SECRET(URL_MAX);

	wecom_api_url(login, "message/send", token, &url);
	return api_post(&url, own->message, config->proxy);
}

static void read_send(struct login *login UNUSED, const struct http_reply *reply,
		      struct api_result *ret_result)
{
	wecom_read_sent(reply, ret_result);
}

static const struct api_call message_send = {
	&wecom_vendor, make_send, read_send, login_done, NULL
};

void wecom_deliver(struct login *login, const struct login_delivery *delivery)
{
	struct wecom_login *own = login_own(login);
	char userid[WECOM_USERID_MAX + 1];

	if (!wecom_fold_userid(delivery->subject, userid) ||
	    !text_is_utf8(delivery->text, strlen(delivery->text))) {
		login_fail(login, FAIL_PROVIDER, "no member, or no text for him");
		return;
	}
	own->message = make_body(login, userid, delivery->text);
	if (own->message)
		api_start(login, &message_send);
	else
		login_fail(login, FAIL_PROVIDER, "the message is too long");
}
