/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/glass-code.h"

#include <assert.h>
#include <string.h>

#include "base/digits.h"

static_assert(sizeof(GLASS_CODE_LETTERS) - 1 == 16, "a letter is four bits");
static_assert(GLASS_CODE_LEN % GLASS_CODE_GROUP == 0, "the last group is a whole one");

struct secret *glass_code_make(void)
{
	unsigned char bytes[GLASS_CODE_BYTES];
	char letters[GLASS_CODE_LEN];
	struct secret *code;

	if (random_bytes(bytes, sizeof(bytes)) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		letters[2 * i] = GLASS_CODE_LETTERS[bytes[i] >> 4];
		letters[2 * i + 1] = GLASS_CODE_LETTERS[bytes[i] & 15];
	}
	code = secret_new(letters, sizeof(letters));
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(letters, sizeof(letters));
	return code;
}

void glass_code_add(struct buf *buf, const struct secret *code)
{
	for (size_t i = 0; i < code->len; i++) {
		if (i && i % GLASS_CODE_GROUP == 0)
			buf_add_char(buf, '-');
		buf_add_char(buf, code->data[i]);
	}
}

struct secret *glass_code_fold(const struct secret *entry)
{
	return digits_fold_code(entry, GLASS_CODE_LETTERS, GLASS_CODE_LEN);
}
