/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The XML of WeChat's pushes and of the answers to them: one element `xml` with elements in it,
 * each a text and nothing else. Pure functions.
 *
 *   <xml><Name><![CDATA[text]]></Name><Number>1760000000</Number>…</xml>
 *
 * All that XML has besides is refused: declarations, document types, entities, comments,
 * attributes, elements in elements, empty-element tags, more than one CDATA section in an element.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define WECHAT_XML_NAME_MAX     64
#define WECHAT_XML_ELEMENTS_MAX 64

/* What is looked for. */
struct wechat_xml_field {
	const char *name;
	const char *text;        /* points into what was read; NULL: there is no such element */
	size_t len;
};

/* Fills the fields; other elements are skipped. 0; -EINVAL: something else than the above, no
 * UTF-8, one of the fields twice, too many elements. Then all texts are NULL. */
int wechat_xml_read(const char *text, size_t len, struct wechat_xml_field *fields, size_t n_fields);
/* Copies the field's text, one line of 1..size-1 bytes. False: there is none. */
bool wechat_xml_copy(const struct wechat_xml_field *field, char *ret_text, size_t size);

/* Appends one element. The text has no "]]>" in it. */
void wechat_xml_add(struct buf *buf, const char *name, const char *text);
void wechat_xml_add_number(struct buf *buf, const char *name, int64_t number);
