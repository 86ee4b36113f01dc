/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is looked up in the database without being readable in it. */
#pragma once

#include <stddef.h>

#include "base/crypto.h"
#include "jauthd/store.h"

/* HMAC-SHA-256 under db_key() over `domain`, a word of its own for every use, and the data: what
 * one use keeps is found by no other. 0 or -errno. */
int keyed_hash(const struct db *db, const char *domain, const void *data, size_t len,
	       unsigned char ret_hash[SHA256_BYTES]);
