/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of Varlink; see varlink.h. */
#include "jauth-userdb/varlink.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "jauth-userdb/limits.h"

/* Absent, null and false are one; what is no boolean is wrong. */
static int read_flag(const struct json_t *json, const char *name, bool *ret_flag)
{
	*ret_flag = false;
	return json_has_value(json, name) ? json_bool(json, name, ret_flag) : 0;
}

static int fill_call(struct varlink_call *call)
{
	bool upgrade;

	call->method = json_text(call->json, "method", REQUEST_MAX);
	call->parameters = json_object_at(call->json, "parameters");
	if (!call->method || (!call->parameters && json_has_value(call->json, "parameters")) ||
	    read_flag(call->json, "more", &call->more) < 0 ||
	    read_flag(call->json, "oneway", &call->oneway) < 0 ||
	    read_flag(call->json, "upgrade", &upgrade) < 0 || upgrade)
		return -EBADMSG;
	return 0;
}

int varlink_read_call(const char *text, size_t len, struct varlink_call *ret_call)
{
	struct varlink_call call = { .json = json_read_object(text, len) };

	if (!call.json)
		return -EBADMSG;
	if (fill_call(&call) < 0) {
		varlink_call_done(&call);
		return -EBADMSG;
	}
	*ret_call = call;
	return 0;
}

void varlink_call_done(struct varlink_call *call)
{
	call->json = json_free(call->json);
}

void varlink_begin_reply(struct buf *out)
{
	buf_add_text(out, "{\"parameters\":{");
}

void varlink_end_reply(struct buf *out, bool continues)
{
	buf_add_text(out, continues ? "},\"continues\":true}" : "}}");
	buf_add_char(out, '\0');
}

void varlink_add_error(struct buf *out, const char *error, const char *detail, const char *value)
{
	buf_add_format(out, "{\"error\":\"%s\",\"parameters\":{", error);
	if (detail) {
		json_add_text(out, detail);
		buf_add_char(out, ':');
		json_add_text(out, value);
	}
	buf_add_text(out, "}}");
	buf_add_char(out, '\0');
}

void varlink_add_invalid_parameter(struct buf *out, const char *name)
{
	varlink_add_error(out, VARLINK_SERVICE ".InvalidParameter", "parameter", name);
}
