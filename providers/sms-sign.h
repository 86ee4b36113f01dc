/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Signed requests to two vendors, whose signatures differ only at the end: both hash a canonical
 * form of the request (method, path "/", query, headers, hash of the body) and put the HMAC of
 * that hash into the header Authorization. Pure functions: the same input gives the same bytes.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"
#include "base/http-message.h"
#include "base/secret.h"

#define SIGN_HASH_SIZE    65     /* of a SHA-256 in hex, with its NUL */
#define SIGN_TIME_SIZE    32
#define SIGN_HOST_SIZE    272    /* a name, or an IPv6 address in brackets, and a port */
#define SIGN_HEADERS_MAX  8

struct sign_header {
	const char *name;                /* lower case */
	const char *value;               /* without blanks at either end */
};

struct sign_request {
	const char *method;
	const char *query;               /* of sign_add(); sent as it is signed */
	const char *body_hash;           /* of sign_hash() */
	struct sign_header headers[SIGN_HEADERS_MAX];      /* sorted by name; one is "host" */
	size_t n_headers;
};

struct sign_key {
	const char *id;
	const struct secret *secret;
};

/* One more name=value of a query or a form, with '&' before it unless the buffer is empty.
 * Unreserved characters of RFC 3986 stay, all else is %XX: a blank is %20. */
void sign_add(struct buf *buf, const char *name, const char *value);
/* One more header, after the others in the order of names; the texts are lent. */
void sign_add_header(struct sign_request *request, const char *name, const char *value);
/* SHA-256 in lower-case hex. 0 or -EIO. */
int sign_hash(const void *data, size_t len, char ret_hash[SIGN_HASH_SIZE]);
/* UTC; "" for a time that no calendar has. */
enum sign_time_form {
	SIGN_TIME_EXTENDED,      /* 2026-01-02T03:04:05Z */
	SIGN_TIME_BASIC,         /* 20260102T030405Z */
	SIGN_TIME_DATE,          /* 20260102 */
};
void sign_time(int64_t now_s, enum sign_time_form form, char ret_text[SIGN_TIME_SIZE]);
/* The header Host as libcurl makes it of this URL; false when it is no https URL. */
bool sign_host(const char *url, char ret_host[SIGN_HOST_SIZE]);
/* All headers but host, which libcurl sends by itself; false when one cannot be sent. */
bool sign_send_headers(struct http_request *request, const struct sign_request *signed_request);

/* Both append the value of Authorization: 0, or a negative errno when the key is empty or OpenSSL
 * cannot. */

/* ACS3-HMAC-SHA256, "Signature V3": the key signs as it is. */
int sign_acs3(const struct sign_request *request, const struct sign_key *key,
	      struct buf *ret_value);
/* AWS4-HMAC-SHA256, "SigV4": the key of a day, a region and a service signs. `time` is that of
 * the header x-amz-date, 20260102T030405Z. */
struct sign_scope {
	const char *time, *region, *service;
};
int sign_sigv4(const struct sign_request *request, const struct sign_key *key,
	       const struct sign_scope *scope, struct buf *ret_value);
