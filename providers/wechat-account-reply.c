/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See wechat-account-reply.h. */
#include "providers/wechat-account-reply.h"

#include <string.h>

#include "base/text.h"

/* --- cgi-bin/user/info (doc/service api/usermanage/userinfo/api_userinfo) --- */

/* It must tell the openid once more. */
static bool is_about(const struct json_t *json, const struct wechat_person *person,
		     char ret_unionid[WECHAT_ID_MAX + 1])
{
	return text_equals(json_text(json, "openid", WECHAT_ID_MAX), person->openid) &&
	       wechat_read_unionid(json, ret_unionid) &&
	       (!ret_unionid[0] || !person->unionid[0] ||
		text_equals(ret_unionid, person->unionid));
}

static bool read_tags(const struct json_t *json, struct wechat_follower *follower)
{
	const struct json_t *tags = json_array_at(json, "tagid_list");
	size_t n = tags ? json_array_length(tags) : 0;

	if (n > N_ELEMENTS(follower->tags) || (!tags && json_has_value(json, "tagid_list")))
		return false;
	for (size_t i = 0; i < n; i++)
		if (json_array_number(tags, i, 0, INT64_MAX, &follower->tags[i]) < 0)
			return false;
	follower->n_tags = n;
	return true;
}

/* Of somebody who does not follow nothing else is told. */
static bool read_details(const struct json_t *json, struct wechat_follower *follower)
{
	const char *remark = json_text_or_empty(json, "remark", WECHAT_REMARK_MAX);

	(void)text_into(follower->remark, sizeof(follower->remark), remark ? remark : "");
	return !follower->is_follower || read_tags(json, follower);
}

void wechat_read_follower(const struct http_reply *reply, struct wechat_person *person,
			  struct wechat_follower *ret_follower, struct api_result *ret_result)
{
	static const char what[] = "cgi-bin/user/info";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &wechat_dialect, ret_result);
	struct wechat_follower follower = { .n_tags = 0 };
	char unionid[WECHAT_ID_MAX + 1];
	int64_t subscribe;

	if (!json)
		return;
	if (json_number(json, "subscribe", 0, 1, &subscribe) < 0) {
		api_set_fault(ret_result, what, "does not say whether somebody follows");
		return;
	}
	follower.is_follower = subscribe == 1;
	if (!is_about(json, person, unionid)) {
		api_set_end(ret_result, API_DENIED, DENY_INVALID,
			    "cgi-bin/user/info is about somebody else");
	} else if (!read_details(json, &follower)) {
		api_set_fault(ret_result, what, "tags against the rules");
	} else {
		*ret_follower = follower;
		if (unionid[0])
			memcpy(person->unionid, unionid, sizeof(unionid));
	}
}

/* --- cgi-bin/qrcode/create (doc/service api/qrcode/qrcodes/api_createqrcode) --- */

static bool is_code_text(const char *text)
{
	return text_is_printable_ascii(text, WECHAT_QR_MAX) && !strchr(text, ' ') &&
	       (text_has_prefix(text, "http://") || text_has_prefix(text, "https://"));
}

void wechat_read_qr(const struct http_reply *reply, char ret_text[WECHAT_QR_MAX + 1],
		    struct api_result *ret_result)
{
	static const char what[] = "cgi-bin/qrcode/create";
	_cleanup_json_ struct json_t *json = api_read_yes(reply, what, &wechat_dialect, ret_result);
	const char *text;

	if (!json)
		return;
	text = json_text(json, "url", WECHAT_QR_MAX);
	if (text && is_code_text(text))
		(void)text_into(ret_text, WECHAT_QR_MAX + 1, text);
	else
		api_set_fault(ret_result, what, "no address for the code");
}
