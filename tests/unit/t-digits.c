/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/digits.h"

static void codes_are_folded_or_not_taken(void **state UNUSED)
{
	static const struct {
		const char *typed;
		size_t n;
		const char *digits;      /* NULL: nothing was guessed */
	} rows[] = {
		{ "482913", 6, "482913" },
		{ "000000", 6, "000000" },
		{ " 482 913 ", 6, "482913" },
		{ "482-913", 6, "482913" },
		{ "4-8-2 9-1-3", 6, "482913" },
		{ "\xef\xbc\x94\xef\xbc\x98\xef\xbc\x92\xef\xbc\x99\xef\xbc\x91\xef\xbc\x93", 6,
		  "482913" },
		{ "\xef\xbc\x94""82\xe3\x80\x80""91\xef\xbc\x93", 6, "482913" },
		{ "482\xc2\xa0""913", 6, "482913" },
		{ "482\xef\xbc\x8d""913", 6, "482913" },
		{ "12345678", 8, "12345678" },
		{ "", 6, NULL },
		{ "      ", 6, NULL },
		{ "48291", 6, NULL },
		{ "4829133", 6, NULL },
		{ "482913 482913", 6, NULL },
		{ "482.913", 6, NULL },
		{ "48291r", 6, NULL },
		{ "+82913", 6, NULL },
		{ "482\t913", 6, NULL },
		{ "r", 6, NULL },
		{ "", 0, NULL },
		{ "\xef\xbc\x94\xef\xbc", 1, NULL },         /* cut in the middle */
		{ "\xc2\xb2", 1, NULL },                     /* a superscript */
		{ "\xd9\xa4", 1, NULL },                     /* an Arabic digit */
		{ "\xef\xbc\x80""4", 1, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_secret_ struct secret *typed = secret_from_text(rows[i].typed);
		_cleanup_secret_ struct secret *digits = digits_fold(typed, rows[i].n);

		if (!rows[i].digits) {
			assert_null(digits);
			continue;
		}
		assert_non_null(digits);
		assert_string_equal(digits->data, rows[i].digits);
	}
}

static void a_nul_is_not_a_digit(void **state UNUSED)
{
	_cleanup_secret_ struct secret *typed = secret_new("482913\0", 7);

	assert_null(digits_fold(typed, 6));
}

static void forms_of_ascii_are_folded_one_by_one(void **state UNUSED)
{
	static const struct {
		const char *text;
		size_t len;
		char c;
		size_t used;
	} rows[] = {
		{ "7", 1, '7', 1 },
		{ "~", 1, '~', 1 },
		{ "\xef\xbc\x81", 3, '!', 3 },
		{ "\xef\xbc\x8b", 3, '+', 3 },
		{ "\xef\xbc\x90", 3, '0', 3 },
		{ "\xef\xbc\xbf", 3, '_', 3 },
		{ "\xef\xbd\x80", 3, '`', 3 },
		{ "\xef\xbd\x9e", 3, '~', 3 },
		{ "\xef\xbd\x9f", 3, 0, 0 },
		{ "\xe3\x80\x80", 3, ' ', 3 },
		{ "\xe3\x80\x81", 3, 0, 0 },
		{ "\xc2\xa0", 2, ' ', 2 },
		{ "\xef\xbc\x90", 2, 0, 0 },
		{ "\xc2\xa0", 1, 0, 0 },
		{ "\x7f", 1, 0, 0 },
		{ "", 0, 0, 0 },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const char *text = rows[i].text;

		assert_int_equal(digits_next(&text, text + rows[i].len), rows[i].c);
		assert_int_equal(text - rows[i].text, rows[i].used);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_folded_or_not_taken),
		cmocka_unit_test(a_nul_is_not_a_digit),
		cmocka_unit_test(forms_of_ascii_are_folded_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
