/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is kept of a code that was sent: HMAC under a key made at start, in locked memory and never
 * on disk, over the login and the user it belongs to. A restart kills all open codes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/secret.h"

struct codes;

struct code_tag {
	unsigned char bytes[SHA256_BYTES];
};

int codes_new(struct codes **ret_codes);
struct codes *codes_free(struct codes *codes);           /* wipes; NULL is fine; returns NULL */
/* `login` is the transaction's own random id of `login_len` bytes. */
int codes_tag(const struct codes *codes, const void *login, size_t login_len, int64_t uid,
	      const struct secret *code, struct code_tag *ret_tag);
bool codes_equal(const struct code_tag *a, const struct code_tag *b);    /* constant time */
