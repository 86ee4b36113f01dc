/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strings. */
#include "base/text.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void foreign_text_is_cleaned(void **state UNUSED)
{
	static const struct {
		const char *text, *clean, *ascii;
		size_t max_chars;
	} rows[] = {
		{ "plain", "plain", "plain", 100 },
		{ "", "", "", 100 },
		{ "a\033[31mb\tc\nd\x7f", "a?[31mb?c?d?", "a?[31mb?c?d?", 100 },
		{ "Zo\xc3\xab", "Zo\xc3\xab", "Zo?", 100 },
		{ "\xe2\x96\x80\xf0\x9f\x98\x80", "\xe2\x96\x80\xf0\x9f\x98\x80", "??", 100 },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", "??\xc2\xa0", "???", 100 },          /* C1 */
		{ "\xd8\x9c\xe2\x80\x8e\xe2\x80\x8f", "???", "???", 100 },         /* marks */
		{ "\xe2\x80\xa8\xe2\x80\xa9", "??", "??", 100 },                   /* separators */
		{ "\xe2\x80\xaa\xe2\x80\xae\xe2\x81\xa6\xe2\x81\xa9", "????", "????", 100 },
		{ "\xe2\x80\xad\xe2\x80\xb0", "?\xe2\x80\xb0", "??", 100 },
		{ "\x80\xff\xc0\xaf", "????", "????", 100 },                       /* not UTF-8 */
		{ "\xed\xa0\x80", "???", "???", 100 },                             /* surrogate */
		{ "\xf4\x90\x80\x80", "????", "????", 100 },                       /* > U+10FFFF */
		{ "ab\xe2\x96", "ab??", "ab??", 100 },                             /* cut */
		{ "abcdef", "abc...", "abc...", 3 },
		{ "\xc3\xab\xc3\xab\xc3\xab", "\xc3\xab\xc3\xab...", "??...", 2 },
		{ "abc", "abc", "abc", 3 },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf clean = BUF_INIT(1000), ascii = BUF_INIT(1000);

		text_add_clean(&clean, rows[i].text, rows[i].max_chars);
		text_add_ascii(&ascii, rows[i].text, rows[i].max_chars);
		assert_string_equal(buf_text(&clean), rows[i].clean);
		assert_string_equal(buf_text(&ascii), rows[i].ascii);
		buf_done(&clean);
		buf_done(&ascii);
	}
}

static void as_much_as_fits_is_whole_characters(void **state UNUSED)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "", "" },
		{ "abcdefg", "abcdefg" },
		{ "abcdefgh", "abcd..." },
		{ "\xc3\xab\xc3\xab\xc3\xab", "\xc3\xab\xc3\xab\xc3\xab" },
		{ "\xc3\xab\xc3\xab\xc3\xab\xc3\xab", "\xc3\xab\xc3\xab..." },
		{ "a\xc3\xab\xe2\x96\x80\xe2\x96\x80", "a\xc3\xab..." },
		{ "a\nb\x1b[0", "a?b?[0" },
	};
	char field[8];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		text_into_clean(field, sizeof(field), rows[i].text);
		assert_string_equal(field, rows[i].expected);
	}
}

static void text_is_told_from_bytes(void **state UNUSED)
{
	static const struct {
		const char *text;
		size_t len;
		bool is_utf8, is_line;
	} rows[] = {
		{ "", 0, true, true },
		{ "Zo\xc3\xab \xe2\x96\x80", 8, true, true },
		{ "a\tb", 3, true, false },
		{ "a\nb", 3, true, false },
		{ "\x7f", 1, true, false },
		{ "\xc2\x85", 2, true, false },
		{ "\xc2\xa0", 2, true, true },
		{ "a\0b", 3, false, false },
		{ "\xc2", 1, false, false },
		{ "\xc0\x80", 2, false, false },
		{ "\xe0\x80\x80", 3, false, false },
		{ "\xf0\x80\x80\x80", 4, false, false },
		{ "\xed\xbf\xbf", 3, false, false },
		{ "\xf8\x88\x80\x80\x80", 5, false, false },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		assert_int_equal(text_is_utf8(rows[i].text, rows[i].len), rows[i].is_utf8);
		assert_int_equal(text_is_line(rows[i].text, rows[i].len), rows[i].is_line);
	}
}

static void numbers_are_read_whole_or_not(void **state UNUSED)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int result;
		int64_t number;
	} rows[] = {
		{ "0", 0, 10, 0, 0 },
		{ "10", 0, 10, 0, 10 },
		{ "-3", -5, 5, 0, -3 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN },
		{ "11", 0, 10, -ERANGE, 0 },
		{ "-1", 0, 10, -ERANGE, 0 },
		{ "99999999999999999999", INT64_MIN, INT64_MAX, -ERANGE, 0 },
		{ "", 0, 10, -EINVAL, 0 },
		{ "-", 0, 10, -EINVAL, 0 },
		{ "+1", 0, 10, -EINVAL, 0 },
		{ " 1", 0, 10, -EINVAL, 0 },
		{ "1 ", 0, 10, -EINVAL, 0 },
		{ "0x1", 0, 10, -EINVAL, 0 },
		{ "1e3", 0, 10000, -EINVAL, 0 },
		{ "--1", -10, 10, -EINVAL, 0 },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		int64_t number = 77;
		char text[TEXT_NUMBER_SIZE];

		assert_int_equal(text_to_number(rows[i].text, rows[i].min, rows[i].max, &number),
				 rows[i].result);
		assert_int_equal(number, rows[i].result ? 77 : rows[i].number);
		text_from_number(number, text);
		assert_string_equal(text, rows[i].result ? "77" : rows[i].text);
	}
}

static void a_field_takes_the_whole_text_or_nothing(void **state UNUSED)
{
	char field[4] = "old";

	assert_true(text_into(field, sizeof(field), "abc"));
	assert_string_equal(field, "abc");
	assert_false(text_into(field, sizeof(field), "abcd"));
	assert_string_equal(field, "");
}

static void texts_compare(void **state UNUSED)
{
	assert_true(text_equals(NULL, NULL));
	assert_false(text_equals(NULL, ""));
	assert_true(text_equals("a", "a"));
	assert_true(text_has_prefix("abc", "ab"));
	assert_false(text_has_prefix("a", "ab"));
	assert_true(text_has_suffix("abc", "bc"));
	assert_false(text_has_suffix("c", "bc"));
	assert_true(text_is_printable_ascii("a ~", 3));
	assert_false(text_is_printable_ascii("", 3));
	assert_false(text_is_printable_ascii("abcd", 3));
	assert_false(text_is_printable_ascii("\x7f", 3));
	assert_false(text_is_printable_ascii("\xc3\xab", 3));
}

static void lists_grow(void **state UNUSED)
{
	_cleanup_list_ char **list = NULL;

	assert_int_equal(list_length(list), 0);
	assert_false(list_has(list, "a"));
	assert_int_equal(list_add(&list, "a"), 0);
	assert_int_equal(list_add(&list, "b"), 0);
	assert_int_equal(list_length(list), 2);
	assert_true(list_has(list, "b"));
	assert_false(list_has(list, "B"));
	assert_null(list[2]);
}

/* RFC 4648 section 10. */
static const struct {
	const char *plain, *base64, *base64url;
} base64_rows[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xff\xfe", "+//+", "-__-" },
};

static void base64_goes_there_and_back(void **state UNUSED)
{
	size_t i;

	for (i = 0; i < N_ELEMENTS(base64_rows); i++) {
		struct buf padded = BUF_INIT(100), url = BUF_INIT(100), back = BUF_INIT(100);
		size_t len = strlen(base64_rows[i].plain);

		base64_add(&padded, base64_rows[i].plain, len);
		base64url_add(&url, base64_rows[i].plain, len);
		assert_string_equal(buf_text(&padded), base64_rows[i].base64);
		assert_string_equal(buf_text(&url), base64_rows[i].base64url);
		assert_int_equal(base64url_decode(buf_text(&url), url.len, &back), 0);
		assert_string_equal(buf_text(&back), base64_rows[i].plain);
		buf_done(&back);
		assert_int_equal(base64_decode(buf_text(&padded), padded.len, &back), 0);
		assert_string_equal(buf_text(&back), base64_rows[i].plain);
		buf_done(&padded);
		buf_done(&url);
		buf_done(&back);
	}
}

static void base64url_is_exact_or_nothing(void **state UNUSED)
{
	static const char *const wrong[] = {
		"Zg==", "Zm8=", "Z", "Zm9vY", "Zh", "Zm9", "Zm9v\n", " Zm9v", "+//+", "Zm 9v",
		"Zm9v.",
	};
	struct buf small = BUF_INIT(2);
	size_t i;

	for (i = 0; i < N_ELEMENTS(wrong); i++) {
		struct buf back = BUF_INIT(100);

		assert_int_equal(base64url_decode(wrong[i], strlen(wrong[i]), &back), -EINVAL);
		assert_int_equal(back.len, 0);
		buf_done(&back);
	}
	assert_int_equal(base64url_decode("Zm9v\0", 5, &small), -EINVAL);
	assert_int_equal(base64url_decode("Zm9v", 4, &small), -E2BIG);
	buf_done(&small);
}

static void base64_is_exact_or_nothing(void **state UNUSED)
{
	static const char *const wrong[] = {
		"Zg", "Zg=", "Zg===", "=", "==", "====", "Zg==Zg==", "Zm8", "Zm8==", "Zm9=", "Zh==",
		"Z===", "Zm9v=", "Zm9v====", "Zm9v\n", " Zm9v", "-__-", "Zm 9", "Z=g=",
		"Zm9v\r\n==",
	};
	struct buf small = BUF_INIT(2);

	for (size_t i = 0; i < N_ELEMENTS(wrong); i++) {
		struct buf back = BUF_INIT(100);

		assert_int_equal(base64_decode(wrong[i], strlen(wrong[i]), &back), -EINVAL);
		assert_int_equal(back.len, 0);
		buf_done(&back);
	}
	assert_int_equal(base64_decode("Zm9v", 4, &small), -E2BIG);
	buf_done(&small);
}

static void hex_is_lower_case(void **state UNUSED)
{
	struct buf hex = BUF_INIT(100);

	hex_add(&hex, "\x00\xaf\x10", 3);
	assert_string_equal(buf_text(&hex), "00af10");
	buf_done(&hex);
}

static void names_become_ids(void **state UNUSED)
{
	static const struct {
		const char *name, *id;
	} rows[] = {
		{ "Our way in", "our-way-in" },
		{ " -- WeCom (中国) 2! ", "wecom-2" },
		{ "企业微信", "" },
		{ "", "" },
		{ "abcdefgh ijkl", "abcdefgh-ij" },
		{ "abcdefghij klm", "abcdefghij" },
	};
	char id[12];

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		text_into_id(rows[i].name, id, sizeof(id));
		assert_string_equal(id, rows[i].id);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_text_is_cleaned),
		cmocka_unit_test(text_is_told_from_bytes),
		cmocka_unit_test(as_much_as_fits_is_whole_characters),
		cmocka_unit_test(numbers_are_read_whole_or_not),
		cmocka_unit_test(a_field_takes_the_whole_text_or_nothing),
		cmocka_unit_test(texts_compare),
		cmocka_unit_test(lists_grow),
		cmocka_unit_test(base64_goes_there_and_back),
		cmocka_unit_test(base64url_is_exact_or_nothing),
		cmocka_unit_test(base64_is_exact_or_nothing),
		cmocka_unit_test(hex_is_lower_case),
		cmocka_unit_test(names_become_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
