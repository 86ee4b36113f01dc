/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a browser's headers must say; see phone.h. */
#include <string.h>
#include <strings.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/url.h"
#include "jauth-relay/change.h"
#include "jauth-relay/phone.h"

#define SECRET_BYTES 32

/* Sec-Fetch-Site (Fetch Metadata) cannot be set by a page, nor can Origin. Old browsers send only
 * the second; at least one must be there. "null" is what an opaque page sends, and what a referrer
 * policy makes of our own: then only Sec-Fetch-Site tells them apart. */
bool phone_form_is_ours(const char *fetch_site, const char *origin, const char *url)
{
	if (fetch_site && strcmp(fetch_site, "same-origin") != 0)
		return false;
	if (!origin || strcmp(origin, "null") == 0)
		return fetch_site != NULL;
	return url_is_valid(origin, URL_MAX) && url_same_origin(origin, url);
}

bool phone_type_is(const char *header, const char *type)
{
	size_t len = strlen(type);

	return header && strncasecmp(header, type, len) == 0 &&
	       (!header[len] || header[len] == ';' || header[len] == ' ');
}

bool phone_make_secret(char ret_secret[RELAY_SECRET_LEN + 1])
{
	struct buf text = BUF_INIT_SECRET(RELAY_SECRET_LEN);
	unsigned char bytes[SECRET_BYTES];
	bool is_made = random_bytes(bytes, sizeof(bytes)) == 0;

	base64url_add(&text, bytes, sizeof(bytes));
	is_made = is_made && text_into(ret_secret, RELAY_SECRET_LEN + 1, buf_text(&text));
	explicit_bzero(bytes, sizeof(bytes));
	buf_done(&text);
	return is_made;
}

static bool read_value(const char *value, size_t len, struct phone_cookie *ret_cookie)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789-_";
	struct phone_cookie cookie = { 0 };

	if (len != RELAY_ID_LEN + 1 + RELAY_SECRET_LEN || value[RELAY_ID_LEN] != '.')
		return false;
	memcpy(cookie.id, value, RELAY_ID_LEN);
	memcpy(cookie.secret, value + RELAY_ID_LEN + 1, RELAY_SECRET_LEN);
	if (!change_is_id(cookie.id) || strspn(cookie.secret, letters) != RELAY_SECRET_LEN)
		return false;
	*ret_cookie = cookie;
	return true;
}

bool phone_read_cookie(const char *header, struct phone_cookie *ret_cookie)
{
	const size_t name_len = strlen(PHONE_COOKIE "=");
	struct phone_cookie cookie;
	unsigned n = 0;

	if (!header || strlen(header) > COOKIE_BYTES_MAX)
		return false;
	while (*header) {
		size_t len = strcspn(header += strspn(header, "; \t"), ";");

		if (strncmp(header, PHONE_COOKIE "=", name_len) == 0) {
			if (!read_value(header + name_len, len - name_len, &cookie))
				return false;
			n++;
		}
		header += len;
	}
	if (n != 1)
		return false;
	*ret_cookie = cookie;
	return true;
}
