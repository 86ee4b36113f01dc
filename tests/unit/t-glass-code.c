/* SPDX-License-Identifier: GPL-3.0-or-later */
/* glass-code.c: codes that are made, printed and typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/glass-code.h"
#include "base/macro.h"

static void every_code_is_another_of_the_letters(void **state UNUSED)
{
	unsigned seen[256] = { 0 };
	struct secret *last = NULL;

	for (int i = 0; i < 500; i++) {
		struct secret *code = glass_code_make();

		assert_non_null(code);
		assert_int_equal(code->len, 20);
		assert_int_equal(strspn(code->data, GLASS_CODE_LETTERS), 20);
		for (size_t k = 0; k < code->len; k++)
			seen[(unsigned char)code->data[k]]++;
		assert_false(last && secret_equals(last, code->data, code->len));
		(void)secret_free(last);
		last = code;
	}
	(void)secret_free(last);
	/* 10000 letters, 625 of each on average: five sigma are 121. */
	for (const char *letter = GLASS_CODE_LETTERS; *letter; letter++)
		assert_in_range(seen[(unsigned char)*letter], 625 - 121, 625 + 121);
}

static void what_is_typed_is_folded(void **state UNUSED)
{
	static const struct { const char *typed; bool is_code; } rows[] = {
		{ "ACDEFHJKMNPRTWXYACDE", true },
		{ "ACDE-FHJK-MNPR-TWXY-ACDE", true },
		{ " acde fhjk mnpr twxy acde ", true },
		{ "ＡＣＤＥ－fhjk－ＭＮＰＲ　TWXY-acde", true },
		{ "", false }, { "-", false }, { "ACDEFHJKMNPRTWXYACD", false },
		{ "ACDEFHJKMNPRTWXYACDEA", false }, { "ACDEFHJKMNPRTWXYACDB", false },
		{ "ACDEFHJKMNPRTWXYACD0", false }, { "ACDE_FHJKMNPRTWXYACDE", false },
		{ "ACDEFHJKMNPRTWXYACD\xc3", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_secret_ struct secret *typed = secret_from_text(rows[i].typed);
		_cleanup_secret_ struct secret *code = glass_code_fold(typed);

		if (!code != !rows[i].is_code)
			fail_msg("\"%s\"", rows[i].typed);
		if (code)
			assert_string_equal(code->data, "ACDEFHJKMNPRTWXYACDE");
	}
}

static void a_nul_is_no_letter(void **state UNUSED)
{
	_cleanup_secret_ struct secret *typed = secret_new("ACDEFHJKMNPRTWXYACD\0", 20);

	assert_null(glass_code_fold(typed));
}

static void what_is_printed_can_be_typed(void **state UNUSED)
{
	_cleanup_secret_ struct secret *code = glass_code_make();
	struct buf text = BUF_INIT_SECRET(GLASS_CODE_TEXT_LEN);
	struct secret *typed, *folded;

	glass_code_add(&text, code);
	assert_int_equal(text.len, GLASS_CODE_TEXT_LEN);
	typed = secret_new(text.data, text.len);
	folded = glass_code_fold(typed);
	assert_true(folded && secret_equals(folded, code->data, code->len));
	(void)secret_free(typed);
	(void)secret_free(folded);
	buf_done(&text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_another_of_the_letters),
		cmocka_unit_test(what_is_typed_is_folded),
		cmocka_unit_test(a_nul_is_no_letter),
		cmocka_unit_test(what_is_printed_can_be_typed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
