/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Absolute https URLs (RFC 3986), as configured and as providers send them.
 * Strict: https only (http never), a host, no user-info, no fragment,
 * nothing that RFC 3986 does not allow (control and non-ASCII bytes, spaces, backslash),
 * no host that ends in a number but is no dotted IPv4 address, at most `max_len` bytes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define URL_MAX 2048

struct url {
	char host[256];          /* lower case; an IPv6 address without its brackets */
	uint16_t port;           /* 443 when none is given */
	const char *path;        /* points into the parsed text: from the first '/' or "" */
	size_t path_len;         /* up to '?' or the end */
};

/* 0, -EINVAL or -E2BIG. ret_url points into `text`. */
int url_parse(const char *text, size_t max_len, struct url *ret_url);
bool url_is_valid(const char *text, size_t max_len);
/* The same, or with a fragment behind it: where a browser is sent to. */
bool url_is_location(const char *text, size_t max_len);
/* "http://HOST:PORT" or "https://HOST:PORT": a proxy, whose port has no default that all
 * agree on. */
bool url_is_proxy(const char *text, size_t max_len);
/* Same scheme, host and port. Both must be valid. */
bool url_same_origin(const char *a, const char *b);

/* Appends the scheme, host and port of a valid URL, as written. */
void url_add_origin(struct buf *buf, const char *url);

/* One more name=value, form-urlencoded (application/x-www-form-urlencoded), with '&' before it
 * unless the buffer is empty. */
void form_add(struct buf *form, const char *name, const char *value);
/* Only the encoding: A-Z a-z 0-9 * - . _ stay, space becomes '+', the rest %XX. */
void form_encode(struct buf *buf, const void *data, size_t len);
/* One path segment: RFC 3986 unreserved stay, the rest %XX. "." and "..", which would climb, are
 * the caller's to refuse. */
void url_encode_segment(struct buf *buf, const char *text);
