/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/phone.h"
#include "base/text.h"

static void numbers_are_normalised_or_refused(void **state UNUSED)
{
	static const struct {
		const char *country, *written, *number;  /* number NULL: refused */
	} rows[] = {
		/* international: the country does not matter */
		{ NULL, "+8613900001234", "+8613900001234" },
		{ "DE", "+86 139 0000 1234", "+8613900001234" },
		{ NULL, "+1 (415) 555-2671", "+14155552671" },
		{ NULL, "0044 7911.123.456", "+447911123456" },
		{ NULL, " +49 171/1234567 ", "+491711234567" },
		{ NULL, "+49\xc2\xa0""171\xc2\xa0""1234567", "+491711234567" },
		{ NULL, "\xef\xbc\x8b\xef\xbc\x98\xef\xbc\x95\xef\xbc\x92 9123 4567",
		  "+85291234567" },
		{ "IT", "+39 06 1234 5678", "+390612345678" },
		{ NULL, "+1234567", "+1234567" },
		{ NULL, "+123456789012345", "+123456789012345" },
		{ NULL, "+1234567890123456", NULL },
		{ NULL, "+123456", NULL },
		{ NULL, "+0123456789", NULL },
		{ NULL, "000123456789", NULL },
		{ NULL, "+44 (0)20 7946 0958", NULL },
		{ NULL, "0086 0139 0000 1234", NULL },
		{ NULL, "++8613900001234", NULL },
		{ NULL, "86+13900001234", NULL },
		{ NULL, "+", NULL },
		{ NULL, "00", NULL },
		/* national */
		{ "CN", "139 0000 1234", "+8613900001234" },
		{ "CN", "0139-0000-1234", "+8613900001234" },
		{ "CN", "\xef\xbc\x91""3900001234", "+8613900001234" },
		{ "CN", "8613900001234", NULL },
		{ "CN", "1390000123", NULL },
		{ "DE", "0171 1234567", "+491711234567" },
		{ "DE", "(0151) 123 456 78", "+4915112345678" },
		{ "DE", "110", NULL },
		{ "IT", "312 345 6789", "+393123456789" },
		{ "IT", "0612345678", "+390612345678" },
		{ "SM", "0549 123456", "+3780549123456" },
		{ "US", "415-555-2671", "+14155552671" },
		{ "US", "1 415 555 2671", "+14155552671" },
		{ "US", "011 44 7911 123456", NULL },
		{ "HU", "06 30 123 4567", "+36301234567" },
		{ "RU", "8 912 345-67-89", "+79123456789" },
		{ "NO", "412 34 567", "+4741234567" },
		{ "+86 0 11", "13900001234", "+8613900001234" },
		{ "+39 - 9-11", "3123456789", "+393123456789" },
		{ NULL, "13900001234", NULL },
		/* not one number */
		{ "CN", "", NULL },
		{ "CN", " - ", NULL },
		{ "CN", "139-0000-1234 x12", NULL },
		{ "CN", "tel:13900001234", NULL },
		{ NULL, "+14155552671;ext=1", NULL },
		{ NULL, "+14155552671, +14155552672", NULL },
		{ NULL, "+14155552671 / +14155552672", NULL },
		{ NULL, "1-800-FLOWERS", NULL },
		{ NULL, "+1415555\t2671", NULL },
		{ NULL, "+\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5\xd9\xa6\xd9\xa7", NULL },
		{ NULL, "+33333333333333333333333333333333333333333333", NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct phone_country country;
		char number[PHONE_SIZE] = "as before";
		int r;

		if (rows[i].country)
			assert_int_equal(phone_country_parse(rows[i].country, &country), 0);
		r = phone_normalise(rows[i].written, rows[i].country ? &country : NULL, number);
		assert_string_equal(number, rows[i].number ? rows[i].number : "as before");
		assert_int_equal(r, rows[i].number ? 0 : -EINVAL);
	}
}

static void rules_are_countries_or_written_out(void **state UNUSED)
{
	static const struct {
		const char *text;
		int result;
		struct phone_country rule;
	} rows[] = {
		{ "CN", 0, { "86", "0", 11, 11 } },
		{ "IT", 0, { "39", "", 9, 10 } },
		{ "SM", 0, { "378", "", 8, 10 } },
		{ "+86 0 11", 0, { "86", "0", 11, 11 } },
		{ "+39 - 9-11", 0, { "39", "", 9, 11 } },
		{ " +995  0  9 ", 0, { "995", "0", 9, 9 } },
		{ "+1 1 10", 0, { "1", "1", 10, 10 } },
		{ "", -EINVAL, { "", "", 0, 0 } },
		{ "cn", -EINVAL, { "", "", 0, 0 } },
		{ "China", -EINVAL, { "", "", 0, 0 } },
		{ "86 0 11", -EINVAL, { "", "", 0, 0 } },
		{ "+86 0", -EINVAL, { "", "", 0, 0 } },
		{ "+86 0 11 1", -EINVAL, { "", "", 0, 0 } },
		{ "+06 0 11", -EINVAL, { "", "", 0, 0 } },
		{ "+86 x 11", -EINVAL, { "", "", 0, 0 } },
		{ "+86 0123 11", -EINVAL, { "", "", 0, 0 } },
		{ "+86 0 11-9", -EINVAL, { "", "", 0, 0 } },
		{ "+86 0 14", -EINVAL, { "", "", 0, 0 } },
		{ "+86 0 4", -EINVAL, { "", "", 0, 0 } },
		{ "+86 0 9-", -EINVAL, { "", "", 0, 0 } },
		{ "+12345 0 9", -EINVAL, { "", "", 0, 0 } },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct phone_country rule = { "", "", 0, 0 };

		assert_int_equal(phone_country_parse(rows[i].text, &rule), rows[i].result);
		assert_string_equal(rule.code, rows[i].rule.code);
		assert_string_equal(rule.trunk, rows[i].rule.trunk);
		assert_int_equal(rule.min, rows[i].rule.min);
		assert_int_equal(rule.max, rows[i].rule.max);
	}
}

/* Sorted, each once, and each a rule that its own written form would give. */
static void every_country_of_the_table_is_a_rule(void **state UNUSED)
{
	struct buf names = BUF_INIT(1024);
	char before[3] = "";
	size_t n = 0;

	phone_country_names(&names);
	for (const char *name = names.data; *name; name += name[2] ? 4 : 2, n++) {
		char word[3] = { name[0], name[1] };
		_cleanup_free_ char *text = NULL;
		struct phone_country rule, again;

		assert_true(strcmp(before, word) < 0);
		memcpy(before, word, sizeof(word));
		assert_int_equal(phone_country_parse(word, &rule), 0);
		text = text_format("+%s %s %u-%u", rule.code, rule.trunk[0] ? rule.trunk : "-",
				   rule.min, rule.max);
		assert_int_equal(phone_country_parse(text, &again), 0);
		assert_int_equal(again.min, rule.min);
		assert_int_equal(again.max, rule.max);
	}
	assert_true(n >= 45);
	buf_done(&names);
}

static void numbers_and_prefixes_have_their_form(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool is_number, is_prefix;
	} rows[] = {
		{ "+8613900001234", true, true },
		{ "+1234567", true, true },
		{ "+123456", false, true },
		{ "+1", false, true },
		{ "+1264", false, true },
		{ "+", false, false },
		{ "", false, false },
		{ "86", false, false },
		{ "8613900001234", false, false },
		{ "+0", false, false },
		{ "+1 264", false, false },
		{ "+12345678901234567", false, false },
		{ "+123456789012345", true, true },
		{ "+8613900001234x", false, false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		assert_int_equal(phone_is_valid(rows[i].text), rows[i].is_number);
		assert_int_equal(phone_is_prefix(rows[i].text), rows[i].is_prefix);
	}
}

static void ranges_that_cost_a_fortune_are_blocked(void **state UNUSED)
{
	static const struct {
		const char *number;
		bool is_blocked;
	} rows[] = {
		{ "+870123456789", true }, { "+878101234567", true }, { "+88161234567", true },
		{ "+88212345678", true }, { "+88312345678", true }, { "+888123456789", true },
		{ "+979123456789", true },
		{ "+8613900001234", false }, { "+88691234567", false }, { "+8801712345678", false },
		{ "+9779841234567", false },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++)
		assert_int_equal(phone_is_blocked(rows[i].number), rows[i].is_blocked);
}

static void the_longest_prefix_is_the_best_match(void **state UNUSED)
{
	assert_int_equal(phone_prefix_match("+12645551234", "+1"), 1);
	assert_int_equal(phone_prefix_match("+12645551234", "+1264"), 4);
	assert_int_equal(phone_prefix_match("+12645551234", "+86"), 0);
	assert_int_equal(phone_prefix_match("+126", "+1264"), 0);
}

static void a_mask_shows_two_digits_and_no_length(void **state UNUSED)
{
	static const struct {
		const char *number, *utf8, *ascii;
	} rows[] = {
#define DOTS "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"
		{ "+8613900001234", DOTS "34", "*****34" },
		{ "+1234567", DOTS "67", "*****67" },
		{ "+123456789012345", DOTS "45", "*****45" },
		{ "34", DOTS, "*****" },
#undef DOTS
	};
	char mask[PHONE_MASK_SIZE];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		phone_mask(rows[i].number, true, mask);
		assert_string_equal(mask, rows[i].utf8);
		phone_mask(rows[i].number, false, mask);
		assert_string_equal(mask, rows[i].ascii);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_normalised_or_refused),
		cmocka_unit_test(rules_are_countries_or_written_out),
		cmocka_unit_test(every_country_of_the_table_is_a_rule),
		cmocka_unit_test(numbers_and_prefixes_have_their_form),
		cmocka_unit_test(ranges_that_cost_a_fortune_are_blocked),
		cmocka_unit_test(the_longest_prefix_is_the_best_match),
		cmocka_unit_test(a_mask_shows_two_digits_and_no_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
