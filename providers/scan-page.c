/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages with a code to scan, and their polls; see scan-page.h. */
#include "providers/scan-page.h"

#include <string.h>

#include "base/text.h"
#include "providers/request.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

bool scan_is_lost(const struct http_reply *reply)
{
	return reply->result != HTTP_DONE || (reply->status >= 502 && reply->status <= 504);
}

const char *scan_page_text(const struct http_reply *reply, enum scan_page *ret_page)
{
	if (reply->result != HTTP_DONE) {
		*ret_page = SCAN_PAGE_LOST;
		return NULL;
	}
	if (!reply_is_ok(reply) || !text_equals(reply->content_type, "text/html") ||
	    !reply->body || memchr(reply->body->data, '\0', reply->body->len)) {
		*ret_page = SCAN_PAGE_UNKNOWN;
		return NULL;
	}
	return reply->body->data;
}

size_t scan_find(struct scan_finding *finding, const char *start, size_t min, size_t max)
{
	char key[SCAN_KEY_MAX + 1] = { 0 };
	size_t len = strspn(start, letters);

	if (len >= min && len <= MIN(max, (size_t)SCAN_KEY_MAX))
		memcpy(key, start, len);
	if (!key[0] || (finding->key[0] && !text_equals(finding->key, key)))
		finding->is_broken = true;
	memcpy(finding->key, key, sizeof(key));
	return len;
}
