/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Absolute https URLs and percent-encoding; see url.h. */
#include "base/url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

#define SCHEME       "https://"
#define DEFAULT_PORT 443
#define LABEL_MAX    63
#define HOST_MAX     253

#define LETTERS_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define HEX_DIGITS     "0123456789abcdefABCDEF"
#define UNRESERVED     LETTERS_DIGITS "-._~"
/* What may stand in path and query besides %XX; '#' is missing on purpose. */
#define PATH_QUERY     UNRESERVED ":/?@!$&'()*+,;="

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool path_query_is_valid(const char *text)
{
	for (; *text; text++) {
		if (*text == '%') {
			if (!is_one_of(text[1], HEX_DIGITS) || !is_one_of(text[2], HEX_DIGITS))
				return false;
			text += 2;
		} else if (!is_one_of(*text, PATH_QUERY)) {
			return false;
		}
	}
	return true;
}

/* Resolvers take a name whose last label is a number for an address, in forms such as 127.1 and
 * 0x7f000001; only the usual one is let through. */
static bool last_label_is_number(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *label = dot ? dot + 1 : host;

	return strspn(label, "0123456789") == strlen(label) || strncasecmp(label, "0x", 2) == 0;
}

static bool host_name_is_valid(const char *host)
{
	size_t label_len = 0;
	struct in_addr address;
	const char *c;

	if (strlen(host) > HOST_MAX)
		return false;
	for (c = host; *c; c++) {
		if (*c != '.' && !is_one_of(*c, LETTERS_DIGITS "-_"))
			return false;
		if (*c == '.' && !label_len)
			return false;
		label_len = *c == '.' ? 0 : label_len + 1;
		if (label_len > LABEL_MAX)
			return false;
	}
	if (!label_len)
		return false;
	return !last_label_is_number(host) || inet_pton(AF_INET, host, &address) == 1;
}

static bool copy_lower(char *ret_field, size_t size, const char *text, size_t len)
{
	size_t i;

	if (len >= size)
		return false;
	for (i = 0; i < len; i++)
		ret_field[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
	ret_field[len] = '\0';
	return true;
}

/* The host at the start of `text`, which is `len` bytes up to path or end; returns what follows
 * it. */
static const char *parse_host(const char *text, size_t len, struct url *url)
{
	const char *end;
	struct in6_addr address;

	if (*text != '[') {
		end = memchr(text, ':', len);
		if (!end)
			end = text + len;
		if (!copy_lower(url->host, sizeof(url->host), text, (size_t)(end - text)) ||
		    !host_name_is_valid(url->host))
			return NULL;
		return end;
	}
	end = memchr(text, ']', len);
	if (!end || !copy_lower(url->host, sizeof(url->host), text + 1, (size_t)(end - text - 1)) ||
	    inet_pton(AF_INET6, url->host, &address) != 1)
		return NULL;
	/* One spelling for one address, so that origins compare. */
	if (!inet_ntop(AF_INET6, &address, url->host, sizeof(url->host)))
		return NULL;
	return end + 1;
}

/* ":1234" or nothing, `len` bytes. */
static bool parse_port(const char *text, size_t len, struct url *url)
{
	char digits[6];
	int64_t port;

	url->port = DEFAULT_PORT;
	if (!len)
		return true;
	if (*text != ':' || len - 1 >= sizeof(digits))
		return false;
	memcpy(digits, text + 1, len - 1);
	digits[len - 1] = '\0';
	if (text_to_number(digits, 1, UINT16_MAX, &port) < 0)
		return false;
	url->port = (uint16_t)port;
	return true;
}

int url_parse(const char *text, size_t max_len, struct url *ret_url)
{
	struct url url = { 0 };
	const char *authority, *after_host;
	size_t len;

	if (strnlen(text, max_len + 1) > max_len)
		return -E2BIG;
	if (strncasecmp(text, SCHEME, strlen(SCHEME)) != 0)
		return -EINVAL;
	authority = text + strlen(SCHEME);
	len = strcspn(authority, "/?");
	if (!path_query_is_valid(authority + len))
		return -EINVAL;

	after_host = parse_host(authority, len, &url);
	if (!after_host || !parse_port(after_host, (size_t)(authority + len - after_host), &url))
		return -EINVAL;
	url.path = authority + len;
	url.path_len = strcspn(url.path, "?");
	*ret_url = url;
	return 0;
}

bool url_is_valid(const char *text, size_t max_len)
{
	struct url url;

	return url_parse(text, max_len, &url) == 0;
}

bool url_is_location(const char *text, size_t max_len)
{
	const char *fragment = strchrnul(text, '#');
	struct buf url = BUF_INIT(max_len);
	bool is_valid;

	buf_add(&url, text, (size_t)(fragment - text));
	is_valid = url_is_valid(buf_text(&url), max_len) && strlen(text) <= max_len &&
		   (!*fragment || path_query_is_valid(fragment + 1));
	buf_done(&url);
	return is_valid;
}

bool url_is_proxy(const char *text, size_t max_len)
{
	struct buf https = BUF_INIT(URL_MAX);
	const char *authority, *colon;
	struct url url;
	bool is_valid;

	if (!text_has_prefix(text, "http://") && !text_has_prefix(text, SCHEME))
		return false;
	authority = strstr(text, "//") + 2;
	colon = strrchr(authority, ':');
	buf_add_text(&https, SCHEME);
	buf_add_text(&https, authority);
	is_valid = strlen(text) <= max_len && !buf_failed(&https) &&
		   url_parse(buf_text(&https), URL_MAX, &url) == 0 && !*url.path &&
		   colon && !strchr(colon, ']');
	buf_done(&https);
	return is_valid;
}

bool url_same_origin(const char *a, const char *b)
{
	struct url url_a, url_b;

	return url_parse(a, URL_MAX, &url_a) == 0 && url_parse(b, URL_MAX, &url_b) == 0 &&
	       url_a.port == url_b.port && text_equals(url_a.host, url_b.host);
}

static void add_percent(struct buf *buf, char c)
{
	buf_add_format(buf, "%%%02X", (unsigned)(unsigned char)c);
}

void form_encode(struct buf *buf, const void *data, size_t len)
{
	const char *bytes = data;
	size_t i;

	for (i = 0; i < len; i++) {
		if (bytes[i] == ' ')
			buf_add_char(buf, '+');
		else if (is_one_of(bytes[i], LETTERS_DIGITS "*-._"))
			buf_add_char(buf, bytes[i]);
		else
			add_percent(buf, bytes[i]);
	}
}

void url_add_origin(struct buf *buf, const char *url)
{
	size_t scheme_len = strlen(SCHEME);

	buf_add(buf, url, scheme_len + strcspn(url + scheme_len, "/?"));
}

void form_add(struct buf *form, const char *name, const char *value)
{
	if (form->len)
		buf_add_char(form, '&');
	form_encode(form, name, strlen(name));
	buf_add_char(form, '=');
	form_encode(form, value, strlen(value));
}

void url_encode_segment(struct buf *buf, const char *text)
{
	for (; *text; text++) {
		if (is_one_of(*text, UNRESERVED))
			buf_add_char(buf, *text);
		else
			add_percent(buf, *text);
	}
}
