/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemons' command line. */
#include "base/program.h"

#include <getopt.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"

#define WORDS_MAX 6
#define EXIT_WITH(status) (1 + (status))

struct values {
	const char *file;
	bool loud;
	int first_word;
};

/* As if it were the first command line of the process. `argv` is moved about. */
static int read_values(const char *const words[WORDS_MAX], bool takes_words, struct values *values)
{
	const struct program_option rows[] = {
		{ "file", .value = &values->file },
		{ "loud", .is_on = &values->loud },
	};
	const struct program program = {
		.name = "some", .usage = "Usage: some\n",
		.options = rows, .n_options = N_ELEMENTS(rows),
		.first_word = takes_words ? &values->first_word : NULL,
	};
	char *argv[WORDS_MAX + 1] = { NULL };
	int argc = 0;

	*values = (struct values){ .file = "fallback" };
	for (; argc < WORDS_MAX && words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	optind = 0;
	opterr = 0;
	return program_read_options(&program, argc, argv);
}

static void options_go_where_their_rows_say(void **state UNUSED)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *file;
		bool loud;
	} rows[] = {
		{ { "some" }, "fallback", false },
		{ { "some", "--file", "one" }, "one", false },
		{ { "some", "--file=one", "--loud" }, "one", true },
		{ { "some", "--file=one", "--file=two" }, "two", false },
		{ { "some", "--file=" }, "", false },
		{ { "some", "--lo" }, "fallback", true },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct values values;

		assert_int_equal(read_values(rows[i].words, false, &values), 0);
		assert_string_equal(values.file, rows[i].file);
		assert_int_equal(values.loud, rows[i].loud);
	}
}

static void what_is_said_at_once_ends_the_program(void **state UNUSED)
{
	static const struct {
		const char *words[WORDS_MAX];
		int result;
	} rows[] = {
		{ { "some", "--help" }, EXIT_WITH(0) },
		{ { "some", "--loud", "--version" }, EXIT_WITH(0) },
		{ { "some", "--unknown" }, EXIT_WITH(2) },
		{ { "some", "-x" }, EXIT_WITH(2) },
		{ { "some", "--file" }, EXIT_WITH(2) },
		{ { "some", "--loud=yes" }, EXIT_WITH(2) },
		{ { "some", "word" }, EXIT_WITH(2) },
		{ { "some", "--loud", "--", "--file=one" }, EXIT_WITH(2) },
		{ { "some", "" }, EXIT_WITH(2) },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct values values;

		if (read_values(rows[i].words, false, &values) != rows[i].result)
			fail_msg("row %zu is taken otherwise", i);
	}
}

static void where_words_are_taken_they_end_the_options(void **state UNUSED)
{
	static const struct {
		const char *words[WORDS_MAX];
		int first_word;
		bool loud;
	} rows[] = {
		{ { "some" }, 1, false },
		{ { "some", "--loud" }, 2, true },
		{ { "some", "host", "--loud" }, 1, false },
		{ { "some", "--file", "one", "host", "--unknown" }, 3, false },
		{ { "some", "--loud", "--", "--file" }, 3, true },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct values values;

		assert_int_equal(read_values(rows[i].words, true, &values), 0);
		assert_int_equal(values.first_word, rows[i].first_word);
		assert_int_equal(values.loud, rows[i].loud);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_go_where_their_rows_say),
		cmocka_unit_test(what_is_said_at_once_ends_the_program),
		cmocka_unit_test(where_words_are_taken_they_end_the_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
