/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What WeCom's directory calls answer. Pure functions; outputs are written when the result is GOOD
 * only, but for what was called back before a row that is wrong. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/http-message.h"
#include "providers/api-reply.h"
#include "providers/wecom-reply.h"

#define WECOM_DEPARTMENTS_MAX 30000      /* the vendor's own limit */
#define WECOM_ALLOWED_MAX     10000      /* of one app */

struct wecom_department {
	int64_t id, parent;              /* parent 0: none */
};

struct wecom_listed {
	char userid[WECOM_USERID_MAX + 1];       /* lower case */
	char name[WECOM_NAME_MAX + 1];
	int64_t main_department;                 /* 0: not told */
	enum member_state state;
};

/* department/simplelist (95406): the caller frees. */
void wecom_read_departments(const struct http_reply *reply,
			    struct wecom_department **ret_departments, size_t *ret_n,
			    struct api_result *ret_result);
/* department/get (95351) of `id`. */
void wecom_read_department(const struct http_reply *reply, int64_t id,
			   char ret_name[WECOM_NAME_MAX + 1], struct api_result *ret_result);
/* user/list (90201): every member of one department. Those of joined corps are passed over. */
void wecom_read_members(const struct http_reply *reply,
			void (*each)(void *context, const struct wecom_listed *member),
			void *context, struct api_result *ret_result);
/* user/get (90196) of `userid`, in whatever state he is. */
void wecom_read_listed(const struct http_reply *reply, const char *userid,
		       struct wecom_listed *ret_member, struct api_result *ret_result);
/* agent/get (90227) of this very app: who may see it by himself, in lower case; the caller frees
 * the list. */
void wecom_read_allowed(const struct http_reply *reply, int64_t agent_id, char ***ret_userids,
			struct api_result *ret_result);
