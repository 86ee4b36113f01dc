/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An HTTP request and its reply as they cross a socket; see http-message.h. */
#include "base/http-message.h"

#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"

#define CONNECT_MS_MAX 60000
#define TOTAL_MS_MAX   120000
#define LENGTH_LEN     4u       /* bytes of a length, and of a number in a field */
#define PREFIX_LEN     9u       /* type and number, the part of a frame every one has */

static const bool has_fields[] = {
	[HTTP_FRAME_REQUEST] = true,
	[HTTP_FRAME_CANCEL]  = false,
	[HTTP_FRAME_REPLY]   = true,
	[HTTP_FRAME_PING]    = false,
	[HTTP_FRAME_PONG]    = false,
};

/* The texts of a reply, in the order of the struct. */
#define REPLY_TEXT(field) \
	{ offsetof(struct http_reply, field), sizeof(((struct http_reply *)0)->field) }
static const struct {
	size_t offset, size;
} reply_texts[] = {
	REPLY_TEXT(content_type),
	REPLY_TEXT(cache_control),
	REPLY_TEXT(link),
	REPLY_TEXT(retry_after),
	REPLY_TEXT(ratelimit_remaining),
	REPLY_TEXT(cookies),
	REPLY_TEXT(date),
	REPLY_TEXT(certificate_until),
	REPLY_TEXT(error),
};

/* --- requests --- */

struct http_request *http_request_new(enum http_method method, const char *url)
{
	struct http_request *request = calloc(1, sizeof(*request));

	if (!request)
		abort();
	request->method = method;
	request->url = text_copy(url);
	request->connect_ms = 10000;
	request->total_ms = 30000;
	request->max_body = HTTP_BODY_MAX;
	return request;
}

struct http_request *http_request_free(struct http_request *request)
{
	unsigned i;

	if (!request)
		return NULL;
	for (i = 0; i < request->n_headers; i++)
		secret_free(request->headers[i]);
	secret_free(request->body);
	text_free_wiped(request->url);
	free(request->proxy);
	free(request);
	return NULL;
}

static void request_free_pointer(struct http_request **request)
{
	http_request_free(*request);
}

/* RFC 9110 section 5.6.2. */
static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* "Name: value", a token and a visible value. An empty value would make libcurl remove a header. */
static bool header_is_valid(const struct secret *header)
{
	const char *text = header->data, *value;
	size_t name_len = 0;

	if (!text_is_printable_ascii(text, HTTP_HEADER_MAX) || strlen(text) != header->len)
		return false;
	while (is_token_char(text[name_len]))
		name_len++;
	if (!name_len || text[name_len] != ':')
		return false;
	value = text + name_len + 1;
	return value[strspn(value, " ")] != '\0';
}

bool http_request_header(struct http_request *request, const char *name, const char *value)
{
	struct buf line = BUF_INIT_SECRET(HTTP_HEADER_MAX);
	_cleanup_secret_ struct secret *header = NULL;

	if (request->n_headers == HTTP_HEADERS_MAX)
		return false;
	buf_add_text(&line, name);
	buf_add_text(&line, ": ");
	buf_add_text(&line, value);
	if (!buf_failed(&line))
		header = secret_new(line.data, line.len);
	buf_done(&line);
	if (!header || !header_is_valid(header))
		return false;
	request->headers[request->n_headers++] = steal(&header);
	return true;
}

bool http_request_form(struct http_request *request, struct buf *form)
{
	_cleanup_secret_ struct secret *body = NULL;

	if (!buf_failed(form))
		body = secret_new(form->data, form->len);
	buf_done(form);
	if (!body || !http_request_header(request, "Content-Type",
					  "application/x-www-form-urlencoded"))
		return false;
	secret_free(request->body);
	request->body = steal(&body);
	return true;
}

static bool in_bounds(uint32_t number, uint32_t min, uint32_t max)
{
	return number >= min && number <= max;
}

bool http_request_is_valid(const struct http_request *request)
{
	unsigned i;

	if (!in_bounds(request->method, HTTP_GET, HTTP_PUT) ||
	    !in_bounds(request->connect_ms, 1, CONNECT_MS_MAX) ||
	    !in_bounds(request->total_ms, 1, TOTAL_MS_MAX) ||
	    !in_bounds(request->max_body, 0, HTTP_LISTING_MAX) ||
	    request->n_headers > HTTP_HEADERS_MAX)
		return false;
	if (!request->url || !url_is_valid(request->url, URL_MAX))
		return false;
	if (request->proxy && !url_is_proxy(request->proxy, URL_MAX))
		return false;
	for (i = 0; i < request->n_headers; i++)
		if (!header_is_valid(request->headers[i]))
			return false;
	return true;
}

void http_reply_done(struct http_reply *reply)
{
	secret_free(reply->body);
	explicit_bzero(reply, sizeof(*reply));
}

/* --- writing --- */

static void put_number(char *bytes, uint64_t number, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		bytes[i] = (char)(number >> (8 * i) & 0xff);
}

static void add_number(struct buf *buf, uint64_t number, size_t len)
{
	char bytes[8];

	put_number(bytes, number, len);
	buf_add(buf, bytes, len);
}

static void add_field(struct buf *buf, const void *data, size_t len)
{
	add_number(buf, len, LENGTH_LEN);
	buf_add(buf, data, len);
}

static void add_text_field(struct buf *buf, const char *text)
{
	add_field(buf, text, strlen(text));
}

static void add_number_field(struct buf *buf, uint32_t number)
{
	add_number(buf, LENGTH_LEN, LENGTH_LEN);
	add_number(buf, number, LENGTH_LEN);
}

static void add_secret_field(struct buf *buf, const struct secret *secret)
{
	add_field(buf, secret ? secret->data : "", secret ? secret->len : 0);
}

/* Writes the start of a frame; frame_end() fills in its length. Returns where the frame starts. */
static size_t frame_begin(struct buf *buf, uint64_t number, enum http_frame type)
{
	size_t start = buf->len;

	add_number(buf, 0, LENGTH_LEN);
	buf_add_char(buf, (char)type);
	add_number(buf, number, 8);
	return start;
}

static void frame_end(struct buf *buf, size_t start)
{
	if (!buf_failed(buf))
		put_number(buf->data + start, buf->len - start - LENGTH_LEN, LENGTH_LEN);
}

void http_encode_request(struct buf *buf, uint64_t number, const struct http_request *request)
{
	size_t start = frame_begin(buf, number, HTTP_FRAME_REQUEST);
	unsigned i;

	add_number_field(buf, request->method);
	add_text_field(buf, request->url);
	add_text_field(buf, request->proxy ? request->proxy : "");
	add_number_field(buf, request->n_headers);
	for (i = 0; i < request->n_headers; i++)
		add_secret_field(buf, request->headers[i]);
	add_secret_field(buf, request->body);
	add_number_field(buf, request->connect_ms);
	add_number_field(buf, request->total_ms);
	add_number_field(buf, request->max_body);
	add_number_field(buf, request->once);
	frame_end(buf, start);
}

void http_encode_reply(struct buf *buf, uint64_t number, const struct http_reply *reply)
{
	size_t start = frame_begin(buf, number, HTTP_FRAME_REPLY);
	size_t i;

	add_number_field(buf, reply->result);
	add_number_field(buf, reply->status);
	for (i = 0; i < N_ELEMENTS(reply_texts); i++)
		add_text_field(buf, (const char *)reply + reply_texts[i].offset);
	add_secret_field(buf, reply->body);
	frame_end(buf, start);
}

void http_encode_bare(struct buf *buf, uint64_t number, enum http_frame type)
{
	frame_end(buf, frame_begin(buf, number, type));
}

/* --- reading --- */

/* The fields not read yet. Once something was wrong, everything reads as empty. */
struct reader {
	const char *data;
	size_t left;
	bool bad;
};

static uint64_t get_number(const char *bytes, size_t len)
{
	uint64_t number = 0;

	while (len-- > 0)
		number = number << 8 | (unsigned char)bytes[len];
	return number;
}

static const char *read_field(struct reader *reader, size_t *ret_len)
{
	const char *field;
	size_t len;

	*ret_len = 0;
	if (reader->left < LENGTH_LEN)
		reader->bad = true;
	if (reader->bad)
		return "";
	len = get_number(reader->data, LENGTH_LEN);
	if (len > reader->left - LENGTH_LEN) {
		reader->bad = true;
		return "";
	}
	field = reader->data + LENGTH_LEN;
	reader->data = field + len;
	reader->left -= LENGTH_LEN + len;
	*ret_len = len;
	return field;
}

static uint32_t read_number(struct reader *reader)
{
	size_t len;
	const char *field = read_field(reader, &len);

	if (len != LENGTH_LEN) {
		reader->bad = true;
		return 0;
	}
	return (uint32_t)get_number(field, LENGTH_LEN);
}

static bool read_bool(struct reader *reader)
{
	uint32_t number = read_number(reader);

	if (number > 1)
		reader->bad = true;
	return number == 1;
}

/* Into a fixed field of `size` bytes: printable ASCII or nothing, and room for the NUL. */
static void read_text(struct reader *reader, char *ret_text, size_t size)
{
	size_t len;
	const char *field = read_field(reader, &len);

	ret_text[0] = '\0';
	if (len >= size) {
		reader->bad = true;
		return;
	}
	memcpy(ret_text, field, len);
	ret_text[len] = '\0';
	if (len && (!text_is_printable_ascii(ret_text, size - 1) || strlen(ret_text) != len))
		reader->bad = true;
}

/* NULL for an empty field. */
static struct secret *read_secret(struct reader *reader, size_t max_len)
{
	struct secret *secret = NULL;
	size_t len;
	const char *field = read_field(reader, &len);

	if (len > max_len) {
		reader->bad = true;
		return NULL;
	}
	if (len) {
		secret = secret_new(field, len);
		reader->bad |= !secret;
	}
	return secret;
}

int http_frame_next(const char *data, size_t len, struct http_frame_view *ret_frame)
{
	struct http_frame_view frame = { 0 };
	size_t rest, type;

	if (len < LENGTH_LEN)
		return -EAGAIN;
	rest = get_number(data, LENGTH_LEN);
	if (rest < PREFIX_LEN || rest > HTTP_FRAME_MAX - LENGTH_LEN)
		return -EBADMSG;
	if (len - LENGTH_LEN < rest)
		return -EAGAIN;
	type = (unsigned char)data[LENGTH_LEN];
	if (type < HTTP_FRAME_REQUEST || type >= N_ELEMENTS(has_fields))
		return -EBADMSG;
	if (!has_fields[type] && rest != PREFIX_LEN)
		return -EBADMSG;
	frame.type = (enum http_frame)type;
	frame.number = get_number(data + LENGTH_LEN + 1, 8);
	frame.fields = data + LENGTH_LEN + PREFIX_LEN;
	frame.fields_len = rest - PREFIX_LEN;
	frame.frame_len = LENGTH_LEN + rest;
	*ret_frame = frame;
	return 0;
}

static void read_headers(struct reader *reader, struct http_request *request)
{
	uint32_t n_headers = read_number(reader);

	if (n_headers > HTTP_HEADERS_MAX)
		reader->bad = true;
	while (!reader->bad && request->n_headers < n_headers) {
		struct secret *header = read_secret(reader, HTTP_HEADER_MAX);

		if (!header)
			reader->bad = true;
		else
			request->headers[request->n_headers++] = header;
	}
}

int http_decode_request(const struct http_frame_view *frame, struct http_request **ret_request)
{
	struct reader reader = { frame->fields, frame->fields_len, false };
	_cleanup_(request_free_pointer) struct http_request *request = NULL;
	char url[URL_MAX + 1], proxy[URL_MAX + 1];
	uint32_t method;

	if (frame->type != HTTP_FRAME_REQUEST || !frame->number)
		return -EBADMSG;
	method = read_number(&reader);
	read_text(&reader, url, sizeof(url));
	read_text(&reader, proxy, sizeof(proxy));
	request = http_request_new((enum http_method)method, url);
	explicit_bzero(url, sizeof(url));
	request->proxy = *proxy ? text_copy(proxy) : NULL;
	read_headers(&reader, request);
	request->body = read_secret(&reader, HTTP_FRAME_MAX);
	request->connect_ms = read_number(&reader);
	request->total_ms = read_number(&reader);
	request->max_body = read_number(&reader);
	request->once = read_bool(&reader);
	if (reader.bad || reader.left || !http_request_is_valid(request))
		return -EBADMSG;
	*ret_request = steal(&request);
	return 0;
}

/* Only a reply that is whole has a status and what follows from it. */
static bool reply_is_valid(const struct http_reply *reply)
{
	if (reply->result == HTTP_DONE)
		return in_bounds(reply->status, 100, 599);
	return in_bounds(reply->result, HTTP_NOT_SENT, HTTP_BROKEN) && !reply->status &&
	       !reply->body && !*reply->content_type && !*reply->cache_control && !*reply->link &&
	       !*reply->retry_after && !*reply->ratelimit_remaining && !*reply->cookies &&
	       !*reply->date && !*reply->certificate_until;
}

int http_decode_reply(const struct http_frame_view *frame, struct http_reply *ret_reply)
{
	struct reader reader = { frame->fields, frame->fields_len, false };
	struct http_reply reply = { 0 };
	size_t i;

	if (frame->type != HTTP_FRAME_REPLY)
		return -EBADMSG;
	reply.result = (enum http_result)read_number(&reader);
	reply.status = read_number(&reader);
	for (i = 0; i < N_ELEMENTS(reply_texts); i++)
		read_text(&reader, (char *)&reply + reply_texts[i].offset, reply_texts[i].size);
	reply.body = read_secret(&reader, HTTP_LISTING_MAX);
	if (reader.bad || reader.left || !reply_is_valid(&reply)) {
		http_reply_done(&reply);
		return -EBADMSG;
	}
	*ret_reply = reply;
	return 0;
}
