/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pam_jauth/options.c: what is right is taken, the first mistake is named. */
#include "pam_jauth/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/macro.h"

static struct options parse_one(const char *argument)
{
	const char *argv[] = { argument };

	return options_parse(1, argv);
}

static void without_arguments_the_defaults_hold(void **state UNUSED)
{
	struct options options = options_parse(0, NULL);

	assert_int_equal(options.timeout_s, 180);
	assert_int_equal(options.min_uid, 1000);
	assert_null(options.break_glass);
	assert_int_equal(options.charset, CHARSET_GUESS);
	assert_false(options.debug || options.quiet || options.try_first_pass ||
		     options.use_first_pass);
	assert_null(options.wrong);
}

static void every_option_is_taken(void **state UNUSED)
{
	const char *argv[] = { "timeout=30", "min_uid=500", "break_glass=wheel", "charset=ascii",
			       "debug", "quiet", "try_first_pass", "use_first_pass" };
	struct options options = options_parse(N_ELEMENTS(argv), argv);

	assert_null(options.wrong);
	assert_int_equal(options.timeout_s, 30);
	assert_int_equal(options.min_uid, 500);
	assert_string_equal(options.break_glass, "wheel");
	assert_int_equal(options.charset, CHARSET_ASCII);
	assert_true(options.debug && options.quiet && options.try_first_pass &&
		    options.use_first_pass);
	assert_int_equal(parse_one("charset=utf-8").charset, CHARSET_UTF8);
}

static void limits_belong_to_the_range(void **state UNUSED)
{
	assert_int_equal(parse_one("timeout=1").timeout_s, 1);
	assert_int_equal(parse_one("timeout=3600").timeout_s, 3600);
	assert_int_equal(parse_one("min_uid=1").min_uid, 1);
	assert_int_equal(parse_one("min_uid=65536").min_uid, 65536);
}

static void mistakes_are_named_and_change_nothing(void **state UNUSED)
{
	static const char *const rows[] = {
		"", "=", "timeout", "timeout=", "timeout=0", "timeout=3601", "timeout=-1",
		"timeout=+1", "timeout= 1", "timeout=1 ", "timeout=0x10", "timeout=1s",
		"timeout=18446744073709551617", "Timeout=5", "timeout5", "timeouts=5", "time=5",
		"min_uid=0", "min_uid=65537", "break_glass", "break_glass=", "charset",
		"charset=", "charset=UTF-8", "charset=latin1", "debug=1", "debug=", "quiet=no",
		"try_first_pass=1", "use_first_pas", "use_first_pass ", "conf=/etc/x",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct options options = parse_one(rows[i]);

		assert_ptr_equal(options.wrong, rows[i]);
		assert_int_equal(options.timeout_s, 180);
		assert_int_equal(options.min_uid, 1000);
		assert_null(options.break_glass);
		assert_int_equal(options.charset, CHARSET_GUESS);
		assert_false(options.debug || options.quiet || options.use_first_pass);
	}
}

static void a_mistake_hides_nothing_beside_it(void **state UNUSED)
{
	const char *argv[] = { "first=1", "break_glass=wheel", "second" };
	struct options options = options_parse(N_ELEMENTS(argv), argv);

	assert_string_equal(options.wrong, "first=1");
	assert_string_equal(options.break_glass, "wheel");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_arguments_the_defaults_hold),
		cmocka_unit_test(every_option_is_taken),
		cmocka_unit_test(limits_belong_to_the_range),
		cmocka_unit_test(mistakes_are_named_and_change_nothing),
		cmocka_unit_test(a_mistake_hides_nothing_beside_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
