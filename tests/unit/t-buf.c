/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bounded buffer. */
#include "base/buf.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void content_grows_and_stays_terminated(void **state UNUSED)
{
	struct buf buf = BUF_INIT(100000);
	size_t i;

	assert_string_equal(buf_text(&buf), "");
	for (i = 0; i < 20000; i++)
		buf_add(&buf, "abcd", 4);
	buf_add_format(&buf, "%d-%s", 42, "x");
	buf_add_char(&buf, '!');
	assert_false(buf_failed(&buf));
	assert_int_equal(buf.len, 80005);
	assert_string_equal(buf_text(&buf) + 80000, "42-x!");
	assert_int_equal(strlen(buf_text(&buf)), buf.len);
	buf_done(&buf);
	assert_null(buf.data);
}

static void exactly_the_maximum_fits(void **state UNUSED)
{
	struct buf buf = BUF_INIT(5);

	buf_add_text(&buf, "12345");
	assert_false(buf_failed(&buf));
	assert_string_equal(buf_text(&buf), "12345");
	buf_add(&buf, "", 0);
	assert_false(buf_failed(&buf));
	buf_add_char(&buf, '6');
	assert_true(buf_failed(&buf));
	buf_done(&buf);
}

static void after_a_failure_everything_fails(void **state UNUSED)
{
	struct buf buf = BUF_INIT(8);

	buf_add_text(&buf, "abc");
	buf_add_format(&buf, "%s", "too long for it");
	assert_true(buf_failed(&buf));
	assert_null(buf.data);
	buf_add_text(&buf, "d");
	assert_string_equal(buf_text(&buf), "");
	assert_int_equal(buf.len, 0);
	assert_null(buf_steal(&buf));
	buf_done(&buf);
	assert_false(buf_failed(&buf));
	buf_add_text(&buf, "d");
	assert_string_equal(buf_text(&buf), "d");
	buf_done(&buf);
}

static void a_length_near_the_end_of_the_address_space_fails(void **state UNUSED)
{
	struct buf buf = BUF_INIT(SIZE_MAX / 2);

	buf_add_text(&buf, "abc");
	buf_add(&buf, "x", SIZE_MAX - 1);
	assert_true(buf_failed(&buf));
	buf_done(&buf);
}

static void consume_drops_from_the_front(void **state UNUSED)
{
	struct buf buf = BUF_INIT_SECRET(64);

	buf_consume(&buf, 3);
	buf_add_text(&buf, "0123456789");
	buf_consume(&buf, 4);
	assert_string_equal(buf_text(&buf), "456789");
	/* The old end is wiped as well. */
	assert_memory_equal(buf.data + 6, "\0\0\0\0", 4);
	buf_consume(&buf, 100);
	assert_int_equal(buf.len, 0);
	assert_string_equal(buf_text(&buf), "");
	buf_done(&buf);
}

static void stealing_leaves_an_empty_buffer(void **state UNUSED)
{
	struct buf buf = BUF_INIT(64);
	char *text;

	text = buf_steal(&buf);
	assert_string_equal(text, "");
	free(text);
	buf_add_text(&buf, "mine");
	text = buf_steal(&buf);
	assert_string_equal(text, "mine");
	assert_int_equal(buf.len, 0);
	free(text);
	buf_done(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_grows_and_stays_terminated),
		cmocka_unit_test(exactly_the_maximum_fits),
		cmocka_unit_test(after_a_failure_everything_fails),
		cmocka_unit_test(a_length_near_the_end_of_the_address_space_fails),
		cmocka_unit_test(consume_drops_from_the_front),
		cmocka_unit_test(stealing_leaves_an_empty_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
