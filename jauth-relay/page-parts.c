/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all pages have in common; see page-private.h. */
#include <string.h>

#include "base/catalog.h"
#include "base/crypto.h"
#include "base/text.h"
#include "jauth-relay/page-private.h"
#include "jauth-relay/page-text.h"

#define FOREIGN_CHARS_MAX 256    /* of a text that is not ours */

const char *page_say(const struct reader *reader, const char *text)
{
	return catalogs_text(reader->catalogs, reader->language, text);
}

void page_add_escaped(struct buf *buf, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			buf_add_text(buf, "&amp;");
			break;
		case '<':
			buf_add_text(buf, "&lt;");
			break;
		case '>':
			buf_add_text(buf, "&gt;");
			break;
		case '"':
			buf_add_text(buf, "&quot;");
			break;
		case '\'':
			buf_add_text(buf, "&#39;");
			break;
		default:
			buf_add_char(buf, *text);
		}
	}
}

void page_add_foreign(struct buf *buf, const char *text)
{
	struct buf clean = BUF_INIT(4 * FOREIGN_CHARS_MAX + 4);

	text_add_clean(&clean, text, FOREIGN_CHARS_MAX);
	page_add_escaped(buf, buf_text(&clean));
	buf_done(&clean);
}

/* `text` has one %s, where the foreign text goes. */
void page_add_around(struct buf *buf, const char *text, const char *foreign)
{
	const char *gap = strstr(text, "%s");

	if (!gap)
		return;
	buf_add(buf, text, (size_t)(gap - text));
	buf_add_text(buf, "<bdi>");
	page_add_foreign(buf, foreign);
	buf_add_text(buf, "</bdi>");
	buf_add_text(buf, gap + 2);
}

void page_begin(const struct reader *reader, enum tone tone, const char *head, const char *more,
		struct buf *buf)
{
	static const char *const tones[] = {
		[TONE_PLAIN] = "plain", [TONE_GOOD] = "good", [TONE_BAD] = "bad",
	};

	buf_add_format(buf, "<!DOCTYPE html>\n<html lang=\"%s\">\n<head>\n"
		       "<meta charset=\"utf-8\">\n"
		       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		       "<meta name=\"robots\" content=\"noindex\">\n%s<title>%s</title>\n<style>",
		       text_equals(reader->language, "zh_CN") ? "zh-CN" : "en", more,
		       page_say(reader, head));
	buf_add_text(buf, page_style);
	buf_add_format(buf, "</style>\n</head>\n<body>\n<main class=\"%s\">\n<h1>%s</h1>\n",
		       tones[tone], page_say(reader, head));
}

void page_end(struct buf *buf)
{
	buf_add_text(buf, "</main>\n</body>\n</html>\n");
}

void page_add_paragraph(const struct reader *reader, const char *class, const char *text,
			struct buf *buf)
{
	buf_add_format(buf, "<p class=\"%s\">%s</p>\n", class, page_say(reader, text));
}

bool page_add_hash(struct buf *buf, const char *text)
{
	struct digest digest;

	if (crypto_digest(DIGEST_SHA256, text, strlen(text), &digest) < 0)
		return false;
	buf_add_text(buf, "'sha256-");
	base64_add(buf, digest.bytes, digest.len);
	buf_add_char(buf, '\'');
	return true;
}
