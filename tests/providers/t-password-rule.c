/* SPDX-License-Identifier: GPL-3.0-or-later */
/* password-rule.c: what a new password lacks. */
#include "providers/password-rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"

#define DEFAULT { 8, 32, PASSWORD_DIGITS | PASSWORD_LETTERS }
#define LENGTH(min, max) { min, max, 0 }
#define NEEDS(classes) { 1, 100, classes }
#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void a_rule_names_every_fault(void **state UNUSED)
{
	static const struct {
		struct password_rule rule;
		const char *password;
		unsigned faults;
	} cases[] = {
		{ DEFAULT, "secret12", 0 },
		{ DEFAULT, "12secret", 0 },
		{ DEFAULT, "SECRET12", 0 },
		{ DEFAULT, "secret1", PASSWORD_TOO_SHORT },
		{ DEFAULT, "secrets!", PASSWORD_DIGITS },
		{ DEFAULT, "12345678", PASSWORD_LETTERS },
		{ DEFAULT, "", PASSWORD_TOO_SHORT | PASSWORD_DIGITS | PASSWORD_LETTERS },
		{ DEFAULT, "!", PASSWORD_TOO_SHORT | PASSWORD_DIGITS | PASSWORD_LETTERS },
		{ DEFAULT, A32 "1", PASSWORD_TOO_LONG },
		{ DEFAULT, A32, PASSWORD_DIGITS },
		{ DEFAULT, A32 "a", PASSWORD_TOO_LONG | PASSWORD_DIGITS },
		/* each class */
		{ NEEDS(PASSWORD_LOWER), "a", 0 },
		{ NEEDS(PASSWORD_LOWER), "A1-", PASSWORD_LOWER },
		{ NEEDS(PASSWORD_UPPER), "A", 0 },
		{ NEEDS(PASSWORD_UPPER), "a1-", PASSWORD_UPPER },
		{ NEEDS(PASSWORD_SPECIAL), "-", 0 },
		{ NEEDS(PASSWORD_SPECIAL), " ", 0 },
		{ NEEDS(PASSWORD_SPECIAL), "~", 0 },
		{ NEEDS(PASSWORD_SPECIAL), "aA1", PASSWORD_SPECIAL },
		{ NEEDS(PASSWORD_LETTERS), "a", 0 },
		{ NEEDS(PASSWORD_LETTERS), "Z", 0 },
		{ NEEDS(PASSWORD_LETTERS), "@[`{/:", PASSWORD_LETTERS },
		{ NEEDS(PASSWORD_DIGITS), "/:", PASSWORD_DIGITS },
		{ NEEDS(PASSWORD_CLASSES), "aA1-", 0 },
		{ NEEDS(PASSWORD_CLASSES), "a",
		  PASSWORD_UPPER | PASSWORD_DIGITS | PASSWORD_SPECIAL },
		{ NEEDS(PASSWORD_CLASSES), "A",
		  PASSWORD_LOWER | PASSWORD_DIGITS | PASSWORD_SPECIAL },
		{ NEEDS(0), "a", 0 },
		/* other letters and digits are special, and count one each */
		{ NEEDS(PASSWORD_LETTERS), "\xc3\xa9", PASSWORD_LETTERS },
		{ NEEDS(PASSWORD_SPECIAL), "\xc3\xa9", 0 },
		{ NEEDS(PASSWORD_DIGITS), "\xef\xbc\x91", PASSWORD_DIGITS },     /* full-width 1 */
		{ NEEDS(PASSWORD_SPECIAL), "\xef\xbc\x91", 0 },
		{ NEEDS(PASSWORD_UPPER), "\xc3\x84", PASSWORD_UPPER },
		{ LENGTH(2, 2), "\xe5\xaf\x86\xe7\xa0\x81", 0 },
		{ LENGTH(3, 4), "\xe5\xaf\x86\xe7\xa0\x81", PASSWORD_TOO_SHORT },
		{ LENGTH(1, 1), "\xe5\xaf\x86\xe7\xa0\x81", PASSWORD_TOO_LONG },
		{ LENGTH(1, 1), "\xf0\x9f\x98\x80", 0 },
		{ LENGTH(1, 1), "\xc2\xa0", 0 },                                 /* U+00A0 */
		/* no text at all: said alone */
		{ DEFAULT, "secret\n12", PASSWORD_NOT_TEXT },
		{ DEFAULT, "secret\t12", PASSWORD_NOT_TEXT },
		{ DEFAULT, "\x7f", PASSWORD_NOT_TEXT },
		{ DEFAULT, "secret\033" "12", PASSWORD_NOT_TEXT },
		{ DEFAULT, "secret\xc2\x9b" "12", PASSWORD_NOT_TEXT },
		{ DEFAULT, "secret\xff" "12", PASSWORD_NOT_TEXT },
		{ DEFAULT, "secret12\xc3", PASSWORD_NOT_TEXT },
		{ DEFAULT, "secret12\xc0\xaf", PASSWORD_NOT_TEXT },
		{ DEFAULT, "secret12\xed\xa0\x80", PASSWORD_NOT_TEXT },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		_cleanup_secret_ struct secret *password = secret_from_text(cases[i].password);
		unsigned faults = password_rule_faults(&cases[i].rule, password);

		if (faults != cases[i].faults)
			fail_msg("row %zu, \"%s\": %#x", i, cases[i].password, faults);
	}
}

static void a_nul_is_no_text(void **state UNUSED)
{
	static const struct password_rule rule = DEFAULT;
	_cleanup_secret_ struct secret *password = secret_new("secret12\0", 9);

	assert_int_equal(password_rule_faults(&rule, password), PASSWORD_NOT_TEXT);
}

static void only_the_words_of_classes_are_known(void **state UNUSED)
{
	static const char *const others[] = { "", "Digits", "digit", "letter", "symbols", "none" };

	assert_int_equal(password_class_find("digits"), PASSWORD_DIGITS);
	assert_int_equal(password_class_find("letters"), PASSWORD_LETTERS);
	assert_int_equal(password_class_find("lower"), PASSWORD_LOWER);
	assert_int_equal(password_class_find("upper"), PASSWORD_UPPER);
	assert_int_equal(password_class_find("special"), PASSWORD_SPECIAL);
	for (size_t i = 0; i < N_ELEMENTS(others); i++)
		assert_int_equal(password_class_find(others[i]), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_names_every_fault),
		cmocka_unit_test(a_nul_is_no_text),
		cmocka_unit_test(only_the_words_of_classes_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
