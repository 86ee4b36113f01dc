/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/end-session.c: what is an order and what is none. */
#include "base/end-session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"

#define BOOT "0a1b2c3d-0000-4abc-9def-0123456789ab"

static void an_order_is_read_as_it_was_written(void **state UNUSED)
{
	static const struct {
		struct end_order order;
		const char *line;
	} rows[] = {
		{ { .verb = VERB_LOOK, .uid = 1000, .pid = 2, .start = BOOT "/0" },
		  "look 1000 2 " BOOT "/0 -\n" },
		{ { .verb = VERB_END, .uid = 4294967294, .pid = 2147483647,
		    .start = BOOT "/18446744073709551615", .session = "c12" },
		  "end 4294967294 2147483647 " BOOT "/18446744073709551615 c12\n" },
		{ { .verb = VERB_LINGER_OFF, .uid = 65536, .user = "jane-doe_2" },
		  "linger-off 65536 jane-doe_2\n" },
		{ { .verb = VERB_LINGER_ON, .uid = 65536, .user = "j" }, "linger-on 65536 j\n" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		char line[END_SESSION_LINE_MAX];
		struct end_order order;

		assert_int_equal(end_order_format(&rows[i].order, line), 0);
		assert_string_equal(line, rows[i].line);
		line[strlen(line) - 1] = '\0';
		assert_int_equal(end_order_parse(line, &order), 0);
		assert_int_equal(order.verb, rows[i].order.verb);
		assert_int_equal(order.uid, rows[i].order.uid);
		assert_int_equal(order.pid, rows[i].order.pid);
		assert_string_equal(order.start, rows[i].order.start);
		assert_string_equal(order.session, rows[i].order.session);
		assert_string_equal(order.user, rows[i].order.user);
	}
}

static void what_is_no_order_is_refused(void **state UNUSED)
{
	static const char *const lines[] = {
		"", " ", "end", "kill 1000 2 " BOOT "/1 -", "END 1000 2 " BOOT "/1 -",
		"end 999 2 " BOOT "/1 -", "end 0 2 " BOOT "/1 -", "end -1 2 " BOOT "/1 -",
		"end +1000 2 " BOOT "/1 -", "end 01000 2 " BOOT "/1 -",
		"end 4294967295 2 " BOOT "/1 -", "end 4294968296 2 " BOOT "/1 -",
		"end 1000 0 " BOOT "/1 -", "end 1000 1 " BOOT "/1 -",
		"end 1000 -2 " BOOT "/1 -", "end 1000 2147483648 " BOOT "/1 -",
		"end 1000 2 /1 -", "end 1000 2 " BOOT " -", "end 1000 2 " BOOT "/ -",
		"end 1000 2 " BOOT "/1x -", "end 1000 2 " BOOT "/18446744073709551616 -",
		"end 1000 2 0A1B2C3D-0000-4abc-9def-0123456789ab/1 -",
		"end 1000 2 0a1b2c3d00000-4abc-9def-0123456789ab/1 -",
		"end 1000 2 " BOOT "/1", "end 1000 2 " BOOT "/1 ", "end 1000 2 " BOOT "/1 - -",
		"end  1000 2 " BOOT "/1 -", "end 1000 2 " BOOT "/1 ../c1",
		"end 1000 2 " BOOT "/1 c1/", "end 1000 2 " BOOT "/1 c\n1",
		"end 1000 2 " BOOT "/1 abcdefghijklmnopqrstuvwxyz0123456",
		"linger-off 1000", "linger-off 1000 ", "linger-off 1000 ../x",
		"linger-off 1000 .", "linger-off 1000 Jane", "linger-off 1000 a/b",
		"linger-off 1000 abcdefghijklmnopqrstuvwxyz012345", "linger-off 999 jane",
		"linger-on 1000 jane doe", "linger-off 1000 2 " BOOT "/1 -",
	};

	for (size_t i = 0; i < N_ELEMENTS(lines); i++) {
		struct end_order order = { .pid = 77 };

		if (end_order_parse(lines[i], &order) != -EINVAL || order.pid != 77)
			fail_msg("taken: %s", lines[i]);
	}
}

static void what_could_not_be_read_is_not_written(void **state UNUSED)
{
	static const struct end_order orders[] = {
		{ .verb = END_N_VERBS, .uid = 1000 },
		{ .verb = VERB_END, .uid = 999, .pid = 2, .start = BOOT "/1" },
		{ .verb = VERB_END, .uid = 1000, .pid = 1, .start = BOOT "/1" },
		{ .verb = VERB_END, .uid = 1000, .pid = 2, .start = "" },
		{ .verb = VERB_END, .uid = 1000, .pid = 2, .start = BOOT "/1", .session = "a b" },
		{ .verb = VERB_LINGER_ON, .uid = 1000, .user = "x\nend" },
		{ .verb = VERB_LINGER_ON, .uid = 1000, .user = "" },
	};

	for (size_t i = 0; i < N_ELEMENTS(orders); i++) {
		char line[END_SESSION_LINE_MAX] = "untouched";

		assert_int_equal(end_order_format(&orders[i], line), -EINVAL);
		assert_string_equal(line, "untouched");
	}
}

static void answers_are_words(void **state UNUSED)
{
	enum end_answer answer;
	const char *text;

	for (int i = 0; i < END_N_ANSWERS; i++) {
		assert_int_equal(end_answer_parse(end_answer_names[i], &answer, &text), 0);
		assert_int_equal(answer, i);
		assert_string_equal(text, "");
	}
	assert_int_equal(end_answer_parse("failed no such thing", &answer, &text), 0);
	assert_int_equal(answer, SAYS_FAILED);
	assert_string_equal(text, "no such thing");
	assert_int_equal(end_answer_parse("", &answer, &text), -EINVAL);
	assert_int_equal(end_answer_parse("gon", &answer, &text), -EINVAL);
	assert_int_equal(end_answer_parse("gone2", &answer, &text), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_read_as_it_was_written),
		cmocka_unit_test(what_is_no_order_is_refused),
		cmocka_unit_test(what_could_not_be_read_is_not_written),
		cmocka_unit_test(answers_are_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
