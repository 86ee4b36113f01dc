/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replies of WeChat's API: the first byte chooses the status, the rest is the body of every
 * call. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "providers/wechat-mini.h"
#include "providers/wechat-page.h"
#include "providers/wechat-reply.h"
#include "tests/fuzz/fuzz-api-reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint32_t statuses[] = { 200, 200, 200, 302, 500 };

typedef void (*person_fn)(const struct http_reply *reply, struct wechat_person *person,
			  struct api_result *ret_result);

/* Beginning with somebody who is known as `before`, or nobody yet. */
static void check_person(const struct http_reply *reply, person_fn read, const char *before)
{
	struct wechat_person person = { 0 };
	struct api_result result;

	(void)text_into(person.openid, sizeof(person.openid), before);
	read(reply, &person, &result);
	check_result(&result);
	if (before[0] ? !text_equals(person.openid, before) :
			(result.class == API_GOOD) != wechat_is_id(person.openid))
		abort();
	if ((person.unionid[0] && !wechat_is_id(person.unionid)) ||
	    (person.user_token && person.user_token->len > API_TOKEN_MAX) ||
	    !text_is_line(person.name, strlen(person.name)))
		abort();
	if (result.class != API_GOOD && (person.unionid[0] || person.name[0] || person.user_token))
		abort();
	wechat_person_done(&person);
}

static void check_sdk_code(const struct http_reply *reply)
{
	char uuid[WECHAT_UUID_MAX + 1] = "";
	struct api_result result;

	wechat_read_sdk_code(reply, uuid, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (strlen(uuid) >= WECHAT_UUID_MIN) ||
	    (uuid[0] && !wechat_is_id(uuid)))
		abort();
}

/* A scheme has no case (RFC 3986, section 3.1). */
static void check_link(const struct http_reply *reply)
{
	char link[MINI_LINK_MAX + 1] = "";
	struct api_result result;

	mini_read_link(reply, link, &result);
	check_result(&result);
	if ((result.class == API_GOOD) != (link[0] != '\0') ||
	    (link[0] && (!mini_is_link(link) || strncasecmp(link, "https://", 8) != 0)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_reply reply = { .result = HTTP_DONE, .content_type = "text/plain" };

	if (size < 2)
		return 0;
	reply.status = statuses[data[0] % N_ELEMENTS(statuses)];
	reply.body = secret_new(data + 1, size - 1);
	check_token(&reply, wechat_read_token);
	check_token(&reply, wechat_read_ticket);
	check_person(&reply, wechat_read_code, "");
	check_person(&reply, wechat_read_session, "");
	check_person(&reply, wechat_read_userinfo, "oAbCdEf");
	check_sdk_code(&reply);
	check_link(&reply);
	http_reply_done(&reply);
	return 0;
}
