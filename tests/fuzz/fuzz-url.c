/* SPDX-License-Identifier: GPL-3.0-or-later */
/* URLs as providers send them, and base64url. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_url(const char *text)
{
	struct url url;

	if (url_parse(text, URL_MAX, &url) < 0)
		return;
	if (!url.host[0] || !url.port || url.path < text ||
	    url.path + url.path_len > text + strlen(text) || !url_same_origin(text, text))
		abort();
}

/* What is a proxy is a URL without a path, but for its scheme. */
static void check_proxy(const char *text)
{
	if (!url_is_proxy(text, URL_MAX))
		return;
	if (strncmp(text, "http", 4) != 0 || strchr(text, '@') || strchr(text, '?') ||
	    strchr(strstr(text, "//") + 2, '/') || strlen(text) > URL_MAX)
		abort();
}

/* What decodes is the one encoding of its bytes. */
static void check_base64url(const char *text, size_t len)
{
	struct buf bytes = BUF_INIT(1 << 20), again = BUF_INIT(1 << 21);

	if (base64url_decode(text, len, &bytes) == 0) {
		base64url_add(&again, buf_text(&bytes), bytes.len);
		if (again.len != len || memcmp(buf_text(&again), text, len) != 0)
			abort();
	}
	buf_done(&bytes);
	buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf form = BUF_INIT(1 << 20);
	_cleanup_free_ char *text = malloc(size + 1);

	if (!text || size > 100000)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_url(text);
	check_proxy(text);
	check_base64url(text, strlen(text));
	form_add(&form, text, text);
	url_encode_segment(&form, text);
	if (buf_failed(&form) || !text_is_printable_ascii(buf_text(&form), form.max))
		abort();
	buf_done(&form);
	return 0;
}
