/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to OAuth servers and what their replies hold: the part every such provider shares. */
#pragma once

#include "base/http-message.h"
#include "base/json.h"
#include "base/secret.h"

#define REQUEST_CONNECT_MS   5000
#define REQUEST_TOTAL_MS     10000
#define REPLY_SMALL_MAX      (64 * 1024)       /* device, token, userinfo and API replies */
#define REPLY_METADATA_MAX   (256 * 1024)      /* discovery documents and key sets */
#define REQUEST_FORM_MAX     (32 * 1024)

/* With "Accept: application/json" and the times above. Our URLs come checked. */
struct http_request *request_get(const char *url, uint32_t max_body);
/* Takes the form's bytes over; the buffer is empty afterwards. */
struct http_request *request_post(const char *url, struct buf *form);
/* To an API whose replies have a media type of their own. Takes over the JSON body, if not NULL. */
struct http_request *request_api(enum http_method method, const char *url, const char *accept,
				 struct buf *json);
/* A GET for a small body, by the proxy if not NULL; frees the address, and is NULL when that became
 * too long. */
struct http_request *request_by(struct buf *url, const char *accept, const char *proxy);
/* The same, as a browser asks for what is made for browsers. */
struct http_request *request_browser(struct buf *url, const char *accept, const char *proxy);
/* "Authorization: Bearer TOKEN" */
void request_add_bearer(struct http_request *request, const struct secret *token);
/* "Authorization: Basic base64(name:password)", both as given. */
void request_add_basic(struct http_request *request, const char *name, const char *password);

/* The body when it says it is JSON and is exactly one object (array); else NULL. The status is not
 * looked at: OAuth errors come with many. */
struct json_t *reply_object(const struct http_reply *reply);
struct json_t *reply_array(const struct http_reply *reply);
static inline bool reply_is_ok(const struct http_reply *reply)
{
	return reply->result == HTTP_DONE && reply->status == 200;
}
/* Retry-After in seconds, 0 when absent or a date. */
int64_t reply_retry_after_s(const struct http_reply *reply);
/* One line for the log: what was asked and how it ended. The caller frees. */
char *reply_describe(const struct http_reply *reply, const char *what);
