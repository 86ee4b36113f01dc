/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings: bounded copies, numbers, lists, and what must happen to foreign text before a person
 * sees it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Heap copy; aborts when there is no memory (small, daemon only). NULL stays NULL. */
char *text_copy(const char *text);
char *text_format(const char *format, ...) PRINTF_LIKE(1, 2);
/* Wipes first; NULL is fine. */
void text_free_wiped(char *text);

static inline bool text_is_empty(const char *text)
{
	return !text || !*text;
}

bool text_equals(const char *a, const char *b);          /* NULL equals only NULL */
bool text_has_prefix(const char *text, const char *prefix);
bool text_has_suffix(const char *text, const char *suffix);

/* Copies into a fixed field; false (and "" in the field) when it does not fit whole. */
bool text_into(char *ret_field, size_t size, const char *text);

/* Whole string as decimal; 0, -EINVAL (not a number) or -ERANGE (outside min..max). */
int text_to_number(const char *text, int64_t min, int64_t max, int64_t *ret_number);

#define TEXT_NUMBER_SIZE 21              /* of any int64_t in decimal */
void text_from_number(int64_t number, char ret_text[TEXT_NUMBER_SIZE]);

/* Appends `text` with everything but printable characters of valid UTF-8 replaced by '?':
 * C0 and C1 controls, DEL, bidirectional controls (U+061C, U+200E, U+200F, U+202A–U+202E,
 * U+2066–U+2069), line and paragraph separators. At most max_chars characters, then "...". */
void text_add_clean(struct buf *buf, const char *text, size_t max_chars);
/* The same with printable ASCII only. */
void text_add_ascii(struct buf *buf, const char *text, size_t max_chars);

/* Bytes of the character at `text`; 0 when it is not valid UTF-8 (RFC 3629 section 4). `len` is not
 * 0. */
size_t text_character(const char *text, size_t len, uint32_t *ret_character);

/* As text_add_clean(), as much of it as a fixed field holds: whole characters, "..." at the end
 * where some are missing. `size` is more than 4. */
void text_into_clean(char *ret_field, size_t size, const char *text);

/* A name of a-z, 0-9 and '-': runs of other characters become one '-', none at the ends; "" when
 * nothing is left. What does not fit is cut off. */
void text_into_id(const char *text, char *ret_id, size_t size);

/* True when all bytes are 0x20..0x7e and there are 1..max_len of them. */
bool text_is_printable_ascii(const char *text, size_t max_len);
/* Valid UTF-8 without NUL. */
bool text_is_utf8(const char *text, size_t len);
/* The same without control characters (C0, C1, DEL) either. */
bool text_is_line(const char *text, size_t len);

/* A NULL-terminated list of heap strings. */
size_t list_length(char *const *list);
bool list_has(char *const *list, const char *text);
int list_add(char ***list, const char *text);            /* 0 or -ENOMEM */
char **list_free(char **list);                           /* returns NULL */

static inline void list_free_pointer(char ***list)
{
	*list = list_free(*list);
}

#define _cleanup_list_ _cleanup_(list_free_pointer)

/* base64url without padding (RFC 4648 section 5). The result is exact or nothing:
 * padding, white space, '+', '/', impossible lengths and non-zero spare bits are -EINVAL;
 * bytes that do not fit into the buffer, which they are appended to, are -E2BIG. */
void base64url_add(struct buf *buf, const void *data, size_t len);
int base64url_decode(const char *text, size_t len, struct buf *ret_buf);
/* Standard base64 with padding (section 4), as exact. */
void base64_add(struct buf *buf, const void *data, size_t len);
int base64_decode(const char *text, size_t len, struct buf *ret_buf);
void hex_add(struct buf *buf, const void *data, size_t len);
