/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the store keeps, as bytes: fields one behind the other, numbers big endian and of fixed
 * size, texts as two bytes of length and the bytes. There is one encoding of everything.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

void bytes_add_number(struct buf *buf, uint64_t number, unsigned n_bytes);
void bytes_add_text(struct buf *buf, const char *text);  /* NULL is as "" */

/* What is left to read; after the first thing that is wrong everything else is too. */
struct bytes {
	const unsigned char *data;
	size_t len;
	bool failed;
};

const void *bytes_take(struct bytes *bytes, size_t len);         /* NULL: failed */
uint64_t bytes_number(struct bytes *bytes, unsigned n_bytes);    /* 0 when failed */
bool bytes_bool(struct bytes *bytes);
/* One byte, at most `max`; more is wrong. */
unsigned bytes_count(struct bytes *bytes, unsigned max);
/* A text that fits, without NUL. */
void bytes_text(struct bytes *bytes, char *field, size_t size);
/* A heap copy of at most `max` bytes; NULL for "". */
char *bytes_long_text(struct bytes *bytes, size_t max);
/* All was read, and nothing was wrong. */
bool bytes_are_done(const struct bytes *bytes);
