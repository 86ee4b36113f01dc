/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/bytes.h"

#include <stdlib.h>
#include <string.h>

void bytes_add_number(struct buf *buf, uint64_t number, unsigned n_bytes)
{
	while (n_bytes--)
		buf_add_char(buf, (char)(number >> (8 * n_bytes)));
}

void bytes_add_text(struct buf *buf, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	bytes_add_number(buf, len, 2);
	buf_add(buf, text ? text : "", len);
}

const void *bytes_take(struct bytes *bytes, size_t len)
{
	const void *data = bytes->data;

	if (bytes->failed || len > bytes->len) {
		bytes->failed = true;
		return NULL;
	}
	bytes->data += len;
	bytes->len -= len;
	return data;
}

uint64_t bytes_number(struct bytes *bytes, unsigned n_bytes)
{
	const unsigned char *data = bytes_take(bytes, n_bytes);
	uint64_t number = 0;

	for (unsigned i = 0; data && i < n_bytes; i++)
		number = number << 8 | data[i];
	return number;
}

bool bytes_bool(struct bytes *bytes)
{
	uint64_t number = bytes_number(bytes, 1);

	bytes->failed |= number > 1;
	return number == 1;
}

unsigned bytes_count(struct bytes *bytes, unsigned max)
{
	uint64_t n = bytes_number(bytes, 1);

	bytes->failed |= n > max;
	return bytes->failed ? 0 : (unsigned)n;
}

static const char *take_text(struct bytes *bytes, size_t max, size_t *ret_len)
{
	size_t len = bytes_number(bytes, 2);
	const char *data = bytes_take(bytes, len);

	if (!data || len > max || memchr(data, '\0', len)) {
		bytes->failed = true;
		return NULL;
	}
	*ret_len = len;
	return data;
}

void bytes_text(struct bytes *bytes, char *field, size_t size)
{
	size_t len;
	const char *data = take_text(bytes, size - 1, &len);

	if (!data)
		return;
	memcpy(field, data, len);
	field[len] = '\0';
}

char *bytes_long_text(struct bytes *bytes, size_t max)
{
	size_t len;
	const char *data = take_text(bytes, max, &len);
	char *text = data && len ? strndup(data, len) : NULL;

	if (data && len && !text)
		abort();
	return text;
}

bool bytes_are_done(const struct bytes *bytes)
{
	return !bytes->failed && !bytes->len;
}
