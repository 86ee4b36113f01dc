/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A growing byte buffer that knows its maximum; see buf.h. */
#include "base/buf.h"

#include <stdio.h>
#include <string.h>

#define FIRST_SIZE      64
#define STACK_OF_FORMAT 4096

static void release(struct buf *buf)
{
	if (buf->data && buf->wipe)
		explicit_bzero(buf->data, buf->size);
	free(buf->data);
	buf->data = NULL;
	buf->len = 0;
	buf->size = 0;
}

static void fail(struct buf *buf)
{
	release(buf);
	buf->failed = true;
}

/* Never realloc(): it would leave the old bytes of a secret behind. */
static bool move_to(struct buf *buf, size_t size)
{
	size_t len = buf->len;
	char *data = malloc(size);

	if (!data)
		return false;
	if (len)
		memcpy(data, buf->data, len);
	release(buf);
	buf->data = data;
	buf->len = len;
	buf->size = size;
	return true;
}

/* Makes room for `len` more bytes and the NUL; false once the buffer has failed. */
static bool reserve(struct buf *buf, size_t len)
{
	size_t size = MAX(buf->size, (size_t)FIRST_SIZE);

	if (buf->failed)
		return false;
	if (len > buf->max - buf->len || buf->max == SIZE_MAX) {
		fail(buf);
		return false;
	}
	while (size < buf->len + len + 1)
		size = size > buf->max / 2 ? buf->max + 1 : 2 * size;
	if (size > buf->size && !move_to(buf, size)) {
		fail(buf);
		return false;
	}
	return true;
}

void buf_done(struct buf *buf)
{
	release(buf);
	buf->failed = false;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	if (!reserve(buf, len))
		return;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_add_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

/* glibc keeps the end of what has no place in a work buffer of vsnprintf()'s on the stack. */
static __attribute__((noinline)) void wipe_stack(void)
{
	char work[STACK_OF_FORMAT];

	explicit_bzero(work, sizeof(work));
}

void buf_add_format_list(struct buf *buf, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (buf->wipe)
		wipe_stack();
	if (len < 0) {
		fail(buf);
		return;
	}
	if (!reserve(buf, (size_t)len))
		return;
	(void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, args);
	buf->len += (size_t)len;
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_add_format_list(buf, format, args);
	va_end(args);
}

void buf_consume(struct buf *buf, size_t len)
{
	size_t left = buf->len - MIN(len, buf->len);

	if (!buf->data)
		return;
	memmove(buf->data, buf->data + buf->len - left, left);
	if (buf->wipe)
		explicit_bzero(buf->data + left, buf->len - left);
	buf->data[left] = '\0';
	buf->len = left;
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *buf_steal(struct buf *buf)
{
	char *text;

	if (!reserve(buf, 0))
		return NULL;
	buf->data[buf->len] = '\0';
	text = steal(&buf->data);
	buf->len = 0;
	buf->size = 0;
	return text;
}
