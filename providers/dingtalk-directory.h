/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What DingTalk's directory calls answer. Pure functions; outputs are written when the result is
 * GOOD only, but for what was called back before a row that is wrong. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "providers/dingtalk-reply.h"

struct dingtalk_department {
	int64_t id, parent;              /* parent 0: none */
	char name[DINGTALK_NAME_MAX + 1];
};

struct dingtalk_listed {
	char userid[DINGTALK_USERID_MAX + 1];
	char unionid[DINGTALK_UNIONID_MAX + 1];  /* "": not told */
	char name[DINGTALK_NAME_MAX + 1];        /* "": not told */
	bool is_active;
};

/* topapi/v2/department/get of `id`. */
void dingtalk_read_department(const struct http_reply *reply, int64_t id,
			      struct dingtalk_department *ret_department,
			      struct api_result *ret_result);
/* topapi/v2/department/listsub of `parent`: the departments right below it. */
void dingtalk_read_children(const struct http_reply *reply, int64_t parent,
			    void (*each)(void *context,
					 const struct dingtalk_department *department),
			    void *context, struct api_result *ret_result);
/* topapi/v2/user/list: a page of a department's members. *ret_next: where the next one begins; -1:
 * this is the last one. */
void dingtalk_read_page(const struct http_reply *reply,
			void (*each)(void *context, const struct dingtalk_listed *member),
			void *context, int64_t *ret_next, struct api_result *ret_result);
