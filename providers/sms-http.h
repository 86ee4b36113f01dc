/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parts of the SMS vendor `http`: its section, what is checked of it, and its replies. */
#pragma once

#include "base/conf.h"
#include "providers/sms-template.h"
#include "providers/sms-vendor.h"

#define SMS_HTTP_HEADERS_MAX 8
#define SMS_HTTP_VALUES_MAX  32
#define SMS_HTTP_PATH_MAX    255         /* of a member: "messages.0.status" */

/* Lists of a gateway's own error words, by what they mean. */
enum sms_http_values {
	SMS_HTTP_REFUSED,
	SMS_HTTP_CONFIG,
	SMS_HTTP_NUMBER,
	SMS_HTTP_LIMIT,
	SMS_HTTP_VALUES_N_
};

/* [sms ID] with type = http */
struct sms_http_config {
	int method;                      /* index of sms_http_methods */
	char *url;
	int content_type;                /* index of sms_http_bodies */
	char *body;
	char **headers;
	struct secret *authorization;
	char *user;
	struct secret *password;
	char **success_status, **limit_status;   /* "202", "200-299" */
	char *success_member, *success_value, *success_text;
	char *refused_text;
	char *id_member, *error_member;
	char **values[SMS_HTTP_VALUES_N_];
};

/* How a body names itself, and how a value stands in it. */
struct sms_http_body {
	const char *type;
	enum sms_encoding encoding;
};

extern const enum http_method sms_http_methods[];
extern const struct sms_http_body sms_http_bodies[];

/* Adds the section's headers; false when one of them is none. */
bool sms_http_add_headers(const struct sms_http_config *http, struct http_request *request);

/* `check` and `judge` of struct sms_vendor. */
void sms_http_check(const void *config, const struct conf_section *section,
		    struct conf_report *report);
void sms_http_judge(const void *config, const struct http_reply *reply,
		    struct sms_result *ret_result);

/* "200" or "200-299": 0, or -EINVAL. */
int sms_http_status_range(const char *text, int64_t *ret_first, int64_t *ret_last);
/* Segments without an empty one among them. */
bool sms_http_is_path(const char *text);
