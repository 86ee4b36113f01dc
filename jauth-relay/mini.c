/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/mini.h"

#include <errno.h>

#include "base/json.h"
#include "base/secret.h"
#include "base/text.h"
#include "jauth-relay/link-private.h"

#define ACTION_MAX        16
#define FOREIGN_CHARS_MAX 256

int mini_read_action(const char *body, size_t len, struct mini_action *ret_action)
{
	_cleanup_json_ struct json_t *json = json_read_object(body, len);
	const char *action = json_text(json, "action", ACTION_MAX);
	const char *js_code = json_text(json, "js_code", LINK_JS_CODE_MAX);
	bool is_denial = text_equals(action, "deny");

	if (is_denial ? json_has(json, "js_code") :
	    !text_equals(action, "confirm") || !js_code || !link_is_js_code(js_code))
		return -EINVAL;
	ret_action->is_denial = is_denial;
	(void)text_into(ret_action->js_code, sizeof(ret_action->js_code), js_code ? js_code : "");
	return 0;
}

static void add_clean(struct buf *buf, const char *name, const char *foreign)
{
	struct buf clean = BUF_INIT(4 * FOREIGN_CHARS_MAX + 4);

	text_add_clean(&clean, foreign, FOREIGN_CHARS_MAX);
	buf_add_format(buf, "\"%s\": ", name);
	json_add_text(buf, buf_text(&clean));
	buf_add_text(buf, ", ");
	buf_done(&clean);
}

void mini_add_facts(const struct link *link, struct buf *buf)
{
	buf_add_char(buf, '{');
	add_clean(buf, "host", link->host_name);
	add_clean(buf, "user", link->user);
	add_clean(buf, "service", link->service);
	add_clean(buf, "from", link->source);
	buf_add_format(buf, "\"at\": %lld, \"digits\": %s}\n", (long long)link->since_s,
		       link->digits ? "true" : "false");
}

/* "This wasn't me" goes before what the host had said by then. */
static const char *status_of(const struct link *link, int64_t now_s)
{
	if (link->refused)
		return relay_result_names[RELAY_RESULT_REFUSED];
	if (link->result != LINK_NONE)
		return relay_result_names[link->result];
	return link_is_open(link, now_s) ? NULL : relay_result_names[RELAY_RESULT_OVER];
}

bool mini_is_settled(const struct link *link, int64_t now_s)
{
	return status_of(link, now_s) != NULL;
}

void mini_add_status(const struct link *link, int64_t now_s, struct buf *buf)
{
	const char *status = status_of(link, now_s);

	buf_add_format(buf, "{\"status\": \"%s\"", status ? status : "pending");
	if (!link->refused && link->result == RELAY_RESULT_DIGITS)
		buf_add_format(buf, ", \"digits\": \"%s\"", link->digits_text);
	if (!link->refused && *link->request) {
		buf_add_text(buf, ", \"request\": ");
		json_add_text(buf, link->request);
	}
	buf_add_text(buf, "}\n");
}
