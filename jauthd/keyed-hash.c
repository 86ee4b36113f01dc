/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/keyed-hash.h"

#include <errno.h>
#include <string.h>

#include "base/macro.h"

#define KEYED_DATA_MAX 4096

int keyed_hash(const struct db *db, const char *domain, const void *data, size_t len,
	       unsigned char ret_hash[SHA256_BYTES])
{
	_cleanup_(buf_done) struct buf message = BUF_INIT_SECRET(KEYED_DATA_MAX);
	_cleanup_secret_ struct secret *key = secret_new(db_key(db), 32);

	/* The NUL ends the word, so that no word and its data read as another's. */
	buf_add(&message, domain, strlen(domain) + 1);
	buf_add(&message, data, len);
	if (!key || buf_failed(&message))
		return -ENOMEM;
	return crypto_hmac_sha256(key, message.data, message.len, ret_hash);
}
