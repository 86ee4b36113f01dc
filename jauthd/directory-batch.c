/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See directory-batch.h. */
#include "jauthd/directory-batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ROW_MAX (8 * 1024)

void batch_done(struct batch *batch)
{
	free(batch->department);
	free(batch->members);
	*batch = (struct batch){ 0 };
}

struct stage_member *batch_add(struct batch *batch)
{
	if (batch->n == batch->size) {
		batch->size = batch->size ? batch->size * 2 : 16;
		batch->members = reallocarray(batch->members, batch->size,
					      sizeof(*batch->members));
		if (!batch->members)
			abort();
	}
	memset(&batch->members[batch->n], 0, sizeof(*batch->members));
	return &batch->members[batch->n++];
}

static int by_subject(const void *a, const void *b)
{
	const struct stage_member *left = a, *right = b;

	return strcmp(left->subject, right->subject);
}

static bool are_same(const struct stage_member *a, const struct stage_member *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool batch_tidy(struct batch *batch)
{
	size_t n = 0;

	if (batch->n)
		qsort(batch->members, batch->n, sizeof(*batch->members), by_subject);
	for (size_t i = 0; i < batch->n; i++) {
		if (n && by_subject(&batch->members[n - 1], &batch->members[i]) == 0) {
			if (!are_same(&batch->members[n - 1], &batch->members[i]))
				return false;
			continue;
		}
		batch->members[n++] = batch->members[i];
	}
	batch->n = n;
	return true;
}

int batch_digest(const struct batch *batch, const unsigned char seed[SHA256_BYTES],
		 unsigned char ret_digest[SHA256_BYTES])
{
	struct buf text = BUF_INIT(SHA256_BYTES + batch->n * ROW_MAX);
	struct digest digest;
	int r;

	buf_add(&text, seed, SHA256_BYTES);
	for (size_t i = 0; i < batch->n; i++) {
		const struct stage_member *member = &batch->members[i];

		buf_add(&text, member->subject, strlen(member->subject) + 1);
		buf_add(&text, member->issuer, strlen(member->issuer) + 1);
		buf_add(&text, member->name, strlen(member->name) + 1);
		buf_add(&text, member->display, strlen(member->display) + 1);
		buf_add(&text, member->mark, strlen(member->mark) + 1);
		buf_add_char(&text, (char)('0' + member->state));
	}
	r = buf_failed(&text) ? -E2BIG :
				crypto_digest(DIGEST_SHA256, text.data, text.len, &digest);
	buf_done(&text);
	if (r == 0)
		memcpy(ret_digest, digest.bytes, SHA256_BYTES);
	return r;
}

int batch_keep(const struct batch *batch, struct db *db, const char *directory, size_t from,
	       size_t n_max)
{
	size_t end = MIN(batch->n, from + n_max);
	int r = 0;

	if (!batch->department)
		return 0;
	if (!from)
		r = stage_clear_department(db, directory, batch->department);
	for (size_t i = from; r == 0 && i < end; i++) {
		r = stage_add_member(db, directory, &batch->members[i]);
		if (r == 0)
			r = stage_add_place(db, directory, batch->members[i].subject,
					    batch->department);
	}
	return r;
}
