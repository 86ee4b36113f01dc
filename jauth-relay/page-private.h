/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pages are made of: page-parts.c, and page-apps.c for who may open what. */
#pragma once

#include "jauth-relay/page-text.h"
#include "jauth-relay/page.h"

/* In the reader's language. */
const char *page_say(const struct reader *reader, const char *text)
	__attribute__((format_arg(2)));
void page_add_escaped(struct buf *buf, const char *text);
/* Cleaned and bounded as well. */
void page_add_foreign(struct buf *buf, const char *text);
/* `text` has one %s, where the foreign text goes. */
void page_add_around(struct buf *buf, const char *text, const char *foreign);
/* `more` is HTML for the head. */
void page_begin(const struct reader *reader, enum tone tone, const char *head, const char *more,
		struct buf *buf);
void page_end(struct buf *buf);
void page_add_paragraph(const struct reader *reader, const char *class, const char *text,
			struct buf *buf);

/* Where else the link can be opened: the apps that scan it, behind `scan` (or NULL), and a
 * computer. */
void page_add_elsewhere(const struct reader *reader, const struct link *link, const char *scan,
			struct buf *buf);

/* The source of a policy that allows this very style or script; false: it can not be reckoned. */
bool page_add_hash(struct buf *buf, const char *text);
