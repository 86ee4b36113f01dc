/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A growing byte buffer that knows its maximum.
 *
 * It cannot be made without one. Once an append fails (too long, or no memory)
 * the content is freed, the buffer stays empty and every later append fails too,
 * so a caller writes all parts and checks once with buf_failed(). The content is
 * always followed by a NUL byte that `len` does not count. A wiping buffer never
 * leaves old bytes behind when it grows or is freed; use it for what holds secrets.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macro.h"

struct buf {
	char *data;      /* NULL while nothing was written */
	size_t len;      /* bytes of content */
	size_t size;     /* bytes allocated */
	size_t max;      /* content never grows beyond */
	bool wipe;
	bool failed;
};

#define BUF_INIT(max_len)        { .max = (max_len) }
#define BUF_INIT_SECRET(max_len) { .max = (max_len), .wipe = true }

/* Frees the content; the buffer is as new afterwards, with the same maximum. */
void buf_done(struct buf *buf);

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_add_format(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_add_format_list(struct buf *buf, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* Drops `len` bytes (at most all) from the front. */
void buf_consume(struct buf *buf, size_t len);

static inline bool buf_failed(const struct buf *buf)
{
	return buf->failed;
}

/* The content as a string; "" when empty or failed. Valid until the next change. */
const char *buf_text(const struct buf *buf);

/* Takes the content out as a heap string the caller frees; NULL when the buffer failed. */
char *buf_steal(struct buf *buf);
