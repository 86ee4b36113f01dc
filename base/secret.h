/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A byte string that must not outlive its use: passwords, codes, tokens, keys.
 * Allocated once at its final size, wiped when freed, never grown, never printed.
 * The bytes are followed by a NUL that `len` does not count; they may contain NULs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/macro.h"

struct secret {
	size_t len;
	char data[];
};

/* Copies `len` bytes; NULL when there is no memory. The caller frees with secret_free(). */
struct secret *secret_new(const void *data, size_t len);
struct secret *secret_from_text(const char *text);

/* Wipes and frees; accepts NULL; returns NULL. */
struct secret *secret_free(struct secret *secret);

static inline void secret_free_pointer(struct secret **secret)
{
	*secret = secret_free(*secret);
}

#define _cleanup_secret_ _cleanup_(secret_free_pointer)

/* In a time that depends on the lengths only. */
bool secret_equals(const struct secret *secret, const void *data, size_t len);

/* `len` bytes from getrandom(); 0 or negative errno, never a partial fill. */
int random_bytes(void *ret_data, size_t len);
/* 2 * n_bytes lower-case hex digits and a NUL into ret_text. */
int random_hex(char *ret_text, size_t n_bytes);
