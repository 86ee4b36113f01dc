/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An HTTP request and its reply as they cross the socket between jauthd, which decides,
 * and jauth-http, which has the network; and the frames that carry them.
 *
 * A frame is a 32-bit little-endian length (of what follows), a type byte, a 64-bit number, and the
 * message's fields, each 32-bit length and bytes, in the order of the structs; a number is a
 * field of four bytes, little-endian, and the count of the headers stands before them. What is
 * NULL is an empty field. Both sides
 * refuse a frame that is longer than HTTP_FRAME_MAX as a whole, has fields left over or missing,
 * numbers out of bounds, or texts that are not printable ASCII. A request's number is chosen by
 * jauthd, is not 0, and never used again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"

#define HTTP_SOCKET_PATH "/run/jauth-http/socket"

#define HTTP_FRAME_MAX   (9 * 1024 * 1024)
#define HTTP_BODY_MAX    (512 * 1024)     /* of a reply, unless max_body says otherwise */
#define HTTP_LISTING_MAX (8 * 1024 * 1024)        /* the most that max_body can say */
#define HTTP_HEADERS_MAX 16
#define HTTP_HEADER_MAX  8192             /* one "Name: value" */

enum http_frame {
	HTTP_FRAME_REQUEST = 1,
	HTTP_FRAME_CANCEL,       /* no fields; a reply may still cross it */
	HTTP_FRAME_REPLY,
	HTTP_FRAME_PING,         /* no fields; answered by PONG with the same number */
	HTTP_FRAME_PONG,
};

enum http_method {
	HTTP_GET = 1,
	HTTP_POST,
	HTTP_DELETE,
	HTTP_PUT,
};

struct http_request {
	enum http_method method;
	char *url;                       /* https, ≤ URL_MAX */
	char *proxy;                     /* "http://proxy.example.org:3128": the one way out, which
					  * sees a CONNECT and TLS only; ≤ URL_MAX. NULL: none */
	struct secret *headers[HTTP_HEADERS_MAX];  /* "Name: value", may hold credentials */
	unsigned n_headers;
	struct secret *body;             /* NULL: none */
	uint32_t connect_ms;             /* 1..60000 */
	uint32_t total_ms;               /* 1..120000, connecting included */
	uint32_t max_body;               /* of the reply, ≤ HTTP_LISTING_MAX */
	/* Doing it twice costs somebody something: it goes out on a connection of its own, since
	 * one that was pooled may be found dead and the request be repeated by the library. */
	bool once;
};

/* How far it came. Only HTTP_DONE has a status, headers and a body. */
enum http_result {
	HTTP_DONE = 1,
	HTTP_NOT_SENT,           /* surely nothing reached the server: no jauth-http, no address, no
				  * connection, a wrong certificate */
	HTTP_TIMED_OUT,          /* may have been sent */
	HTTP_BROKEN,             /* reset, cut, not HTTP, too long; may have been sent */
	HTTP_NO_HELPER,          /* jauth-http went away or hangs; may have been sent */
	HTTP_RESULT_N_
};

/* The reply's headers that anybody may ask for; the rest is dropped in jauth-http. */
struct http_reply {
	enum http_result result;
	uint32_t status;                 /* 100..599 when HTTP_DONE */
	char content_type[128];          /* lower case, without parameters; "" when absent */
	char cache_control[256];
	char link[2048];
	char retry_after[64];
	char ratelimit_remaining[32];    /* x-ratelimit-remaining */
	char cookies[4096];              /* of all set-cookie: "name=value; name=value" */
	char date[64];                   /* as RFC 9110 writes it */
	char certificate_until[64];      /* the server's, "Nov 27 18:16:24 2026 GMT"; for requests
					  * that go out once, and so on a connection of their own */
	char error[256];                 /* why, for the log; never shown to a person */
	struct secret *body;             /* NULL when empty */
};

struct http_request *http_request_new(enum http_method method, const char *url);
struct http_request *http_request_free(struct http_request *request);    /* wipes; returns NULL */
/* False when there is no room, the name is not a token of RFC 9110, or the value is empty or holds
 * CR, LF or another control character. */
bool http_request_header(struct http_request *request, const char *name, const char *value);
/* Takes the form's bytes as body and sets its Content-Type; the buffer is empty afterwards. */
bool http_request_form(struct http_request *request, struct buf *form);
/* What the other side will accept: a method, an https URL, a proxy or none, whole headers, times
 * and sizes in their bounds. */
bool http_request_is_valid(const struct http_request *request);
void http_reply_done(struct http_reply *reply);

/* Append one whole frame. A reply of HTTP_NO_HELPER never crosses: it says that nobody replied. */
void http_encode_request(struct buf *buf, uint64_t number, const struct http_request *request);
void http_encode_reply(struct buf *buf, uint64_t number, const struct http_reply *reply);
void http_encode_bare(struct buf *buf, uint64_t number, enum http_frame type);

/* The frame at the start of `data`: 0 and its parts, -EAGAIN (not all there yet), -EBADMSG. */
struct http_frame_view {
	enum http_frame type;
	uint64_t number;
	const char *fields;
	size_t fields_len;
	size_t frame_len;                /* to consume */
};
int http_frame_next(const char *data, size_t len, struct http_frame_view *ret_frame);
/* 0 or -EBADMSG; the result is the caller's to free. */
int http_decode_request(const struct http_frame_view *frame, struct http_request **ret_request);
int http_decode_reply(const struct http_frame_view *frame, struct http_reply *ret_reply);
