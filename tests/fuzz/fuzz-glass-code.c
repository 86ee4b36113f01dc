/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Break-glass codes as people type them: what comes out has the form of one, and comes out of its
 * own print again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/glass-code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_same_again(const struct secret *code)
{
	struct buf text = BUF_INIT_SECRET(GLASS_CODE_TEXT_LEN);
	struct secret *printed, *again;
	bool is_same;

	glass_code_add(&text, code);
	printed = secret_new(text.data, text.len);
	again = glass_code_fold(printed);
	is_same = again && secret_equals(again, code->data, code->len);
	(void)secret_free(printed);
	(void)secret_free(again);
	buf_done(&text);
	return is_same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_secret_ struct secret *typed = secret_new(data, size);
	_cleanup_secret_ struct secret *code = glass_code_fold(typed);

	if (code && (code->len != GLASS_CODE_LEN ||
		     strspn(code->data, GLASS_CODE_LETTERS) != GLASS_CODE_LEN ||
		     !is_same_again(code)))
		abort();
	return 0;
}
