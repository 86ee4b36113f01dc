/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests with the same manners everywhere, and replies taken only for what they say they are. */
#include "providers/request.h"

#include "base/buf.h"
#include "base/text.h"

#define JSON_TYPE  "application/json"
#define HEADER_MAX 20000                 /* "Bearer " and a token of 16 KiB */
#define BROWSER    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) " \
		   "Chrome/120.0.0.0 Safari/537.36"

static struct http_request *request_new(enum http_method method, const char *url,
					const char *accept, uint32_t max_body)
{
	struct http_request *request = http_request_new(method, url);

	request->connect_ms = REQUEST_CONNECT_MS;
	request->total_ms = REQUEST_TOTAL_MS;
	request->max_body = max_body;
	(void)http_request_header(request, "Accept", accept);
	return request;
}

struct http_request *request_get(const char *url, uint32_t max_body)
{
	return request_new(HTTP_GET, url, JSON_TYPE, max_body);
}

struct http_request *request_post(const char *url, struct buf *form)
{
	struct http_request *request = request_new(HTTP_POST, url, JSON_TYPE, REPLY_SMALL_MAX);

	/* A form beyond its bound goes out empty, and the server says what it thinks of that. */
	(void)http_request_form(request, form);
	return request;
}

struct http_request *request_api(enum http_method method, const char *url, const char *accept,
				 struct buf *json)
{
	struct http_request *request = request_new(method, url, accept, HTTP_BODY_MAX);

	if (!json)
		return request;
	request->body = secret_new(buf_text(json), json->len);
	(void)http_request_header(request, "Content-Type", JSON_TYPE);
	buf_done(json);
	return request;
}

struct http_request *request_by(struct buf *url, const char *accept, const char *proxy)
{
	struct http_request *request = NULL;

	if (!buf_failed(url)) {
		request = request_new(HTTP_GET, buf_text(url), accept, REPLY_SMALL_MAX);
		request->proxy = text_copy(proxy);
	}
	buf_done(url);
	return request;
}

struct http_request *request_browser(struct buf *url, const char *accept, const char *proxy)
{
	struct http_request *request = request_by(url, accept, proxy);

	if (request)
		(void)http_request_header(request, "User-Agent", BROWSER);
	return request;
}

void request_add_bearer(struct http_request *request, const struct secret *token)
{
	struct buf value = BUF_INIT_SECRET(HEADER_MAX);

	buf_add_text(&value, "Bearer ");
	buf_add(&value, token->data, token->len);
	/* A token that no header can hold is left out: the server then refuses the request. */
	(void)http_request_header(request, "Authorization", buf_text(&value));
	buf_done(&value);
}

void request_add_basic(struct http_request *request, const char *name, const char *password)
{
	struct buf pair = BUF_INIT_SECRET(HEADER_MAX), value = BUF_INIT_SECRET(2 * HEADER_MAX);

	buf_add_text(&pair, name);
	buf_add_char(&pair, ':');
	buf_add_text(&pair, password);
	buf_add_text(&value, "Basic ");
	base64_add(&value, buf_text(&pair), pair.len);
	(void)http_request_header(request, "Authorization", buf_text(&value));
	buf_done(&pair);
	buf_done(&value);
}

static bool is_json(const struct http_reply *reply)
{
	return reply->result == HTTP_DONE && reply->body &&
	       (text_equals(reply->content_type, JSON_TYPE) ||
		text_has_suffix(reply->content_type, "+json"));
}

struct json_t *reply_object(const struct http_reply *reply)
{
	return is_json(reply) ? json_read_object(reply->body->data, reply->body->len) : NULL;
}

struct json_t *reply_array(const struct http_reply *reply)
{
	return is_json(reply) ? json_read_array(reply->body->data, reply->body->len) : NULL;
}

int64_t reply_retry_after_s(const struct http_reply *reply)
{
	int64_t seconds;

	if (text_to_number(reply->retry_after, 0, INT32_MAX, &seconds) < 0)
		return 0;
	return seconds;
}

char *reply_describe(const struct http_reply *reply, const char *what)
{
	switch (reply->result) {
	case HTTP_DONE:
		return text_format("%s: status %u, %s", what, reply->status,
				   reply->content_type[0] ? reply->content_type : "no type");
	case HTTP_NOT_SENT:
	case HTTP_TIMED_OUT:
	case HTTP_BROKEN:
		return text_format("%s: %s", what, reply->error);
	case HTTP_NO_HELPER:
	case HTTP_RESULT_N_:
		break;
	}
	return text_format("%s: jauth-http does not answer", what);
}
