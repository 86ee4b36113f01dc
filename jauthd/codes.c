/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tags of codes; see codes.h. A million codes are tried in no time whatever the hash, so all lies
 * in the key: alone on a page that is neither swapped nor dumped. */
#include "jauthd/codes.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"

#define KEY_BYTES    32
#define MESSAGE_MAX  1024                /* login, uid and code are far below */
#define MESSAGE_KIND "otp1"

struct codes {
	struct secret *key;              /* lies at the beginning of the page */
	size_t page_size;
};

int codes_new(struct codes **ret_codes)
{
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
	struct codes *codes;
	int r;

	if (page == MAP_FAILED)
		return -errno;
	codes = calloc(1, sizeof(*codes));
	if (!codes)
		abort();
	*codes = (struct codes){ .key = page, .page_size = page_size };
	codes->key->len = KEY_BYTES;
	r = mlock(page, page_size) < 0 || madvise(page, page_size, MADV_DONTDUMP) < 0 ? -errno : 0;
	if (r < 0)
		log_error("memory for the key of codes cannot be locked: %s", strerror(-r));
	else
		r = random_bytes(codes->key->data, KEY_BYTES);
	if (r < 0) {
		codes_free(codes);
		return r;
	}
	*ret_codes = codes;
	return 0;
}

struct codes *codes_free(struct codes *codes)
{
	if (!codes)
		return NULL;
	explicit_bzero(codes->key, codes->page_size);
	(void)munmap(codes->key, codes->page_size);      /* unlocks it, too */
	free(codes);
	return NULL;
}

int codes_tag(const struct codes *codes, const void *login, size_t login_len, int64_t uid,
	      const struct secret *code, struct code_tag *ret_tag)
{
	_cleanup_(buf_done) struct buf message = BUF_INIT_SECRET(MESSAGE_MAX);
	const uint64_t numbers[] = { htole64(login_len), htole64((uint64_t)uid) };

	buf_add_text(&message, MESSAGE_KIND);
	buf_add(&message, &numbers[0], sizeof(numbers[0]));
	buf_add(&message, login, login_len);
	buf_add(&message, &numbers[1], sizeof(numbers[1]));
	buf_add(&message, code->data, code->len);
	if (buf_failed(&message))
		return -E2BIG;
	return crypto_hmac_sha256(codes->key, message.data, message.len, ret_tag->bytes);
}

bool codes_equal(const struct code_tag *a, const struct code_tag *b)
{
	return crypto_equals(a->bytes, b->bytes, sizeof(a->bytes));
}
