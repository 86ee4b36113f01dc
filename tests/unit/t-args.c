/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauthctl's command line: options, dates, and one list of commands in table, manual and
 * completion. */
#include "jauthctl/args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "jauthctl/moment.h"

static const struct command some_command = { "some", NULL, "WORD", "does something" };

struct values {
	bool flag;
	const char *text;
	int64_t number, since_s, expiry_s;
	int truth;
};

/* Parses a NULL-terminated command line into fresh values. */
static bool parse(const char *const words[], struct values *values, struct args *args,
		  enum exit_code *ret_code, bool *ret_json)
{
	const struct arg options[] = {
		{ "flag", ARG_FLAG, &values->flag },
		{ "text", ARG_TEXT, &values->text },
		{ "number", ARG_NUMBER, &values->number },
		{ "truth", ARG_YES_NO, &values->truth },
		{ "since", ARG_SINCE, &values->since_s },
		{ "expires", ARG_EXPIRY, &values->expiry_s },
		{ 0 }
	};
	struct ctl ctl = { .command = &some_command };
	bool goes_on;

	*values = (struct values){ .truth = -1 };
	args->options = options;
	goes_on = args_parse(&ctl, (int)list_length((char *const *)words), (char **)words,
			     args, ret_code);
	*ret_json = ctl.json;
	args->options = NULL;
	return goes_on;
}

static void options_stand_anywhere(void **state UNUSED)
{
	const char *words[] = { "some", "one", "--flag", "--number", "7", "two", "--text=words",
				"--truth", "no", "--json", "--", "--three", NULL };
	struct args args = { .min = 1, .max = 3 };
	struct values values;
	enum exit_code code;
	bool json;

	assert_true(parse(words, &values, &args, &code, &json));
	assert_true(values.flag && json);
	assert_int_equal(values.number, 7);
	assert_string_equal(values.text, "words");
	assert_int_equal(values.truth, 0);
	assert_int_equal(args.n_rest, 3);
	assert_string_equal(args.rest[2], "--three");
}

static void wrong_command_lines_are_exit_2(void **state UNUSED)
{
	static const char *const wrong[][5] = {
		{ "some" },
		{ "some", "a", "b", "c" },
		{ "some", "a", "--unknown" },
		{ "some", "a", "-x" },
		{ "some", "a", "--number" },
		{ "some", "a", "--number", "0" },
		{ "some", "a", "--number", "x" },
		{ "some", "a", "--number", "1000001" },
		{ "some", "a", "--truth", "maybe" },
		{ "some", "a", "--since", "yesterday" },
		{ "some", "a", "--since", "never" },
		{ "some", "a", "--expires", "" },
		{ "some", "a", "--text", "a\nb" },
		{ "some", "a", "--flag=yes" },
		{ "some", "a\xff" },
		{ "some", "a\033" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(wrong); i++) {
		struct args args = { .min = 1, .max = 2 };
		enum exit_code code = EXIT_DONE;
		struct values values;
		bool json;

		if (parse(wrong[i], &values, &args, &code, &json) || code != EXIT_USAGE)
			fail_msg("row %zu is taken", i);
	}
}

static void help_is_no_mistake(void **state UNUSED)
{
	const char *words[] = { "some", "--help", NULL };
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code = EXIT_USAGE;
	struct values values;
	bool json;

	assert_false(parse(words, &values, &args, &code, &json));
	assert_int_equal(code, EXIT_DONE);
}

static void moments_are_dates_or_spans(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum moment_direction direction;
		int64_t moment_s;
	} rows[] = {
		{ "2026-01-01", MOMENT_PAST, 1767225600 - 7200 },
		{ "2026-01-01 02:30", MOMENT_PAST, 1767225600 + 1800 },
		{ "2026-01-01T02:30:05", MOMENT_FUTURE, 1767225600 + 1805 },
		{ "90s", MOMENT_PAST, 1000000 - 90 },
		{ "30min", MOMENT_FUTURE, 1000000 + 1800 },
		{ "2h", MOMENT_PAST, 1000000 - 7200 },
		{ "1d", MOMENT_FUTURE, 1000000 + 86400 },
		{ "never", MOMENT_FUTURE, 0 },
	};
	static const char *const wrong[] = {
		"", "2026", "2026-02-30", "2026-13-01", "2026-01-01x", "2026-01-01 25:00", "2m",
		"d", "-2h", "99999999d", "1960-01-01", "never ever",
	};
	int64_t moment_s = 77;
	size_t i;

	setenv("TZ", "UTC-2", 1);
	tzset();
	for (i = 0; i < N_ELEMENTS(rows); i++) {
		assert_int_equal(moment_parse(rows[i].text, 1000000,
					      rows[i].direction, &moment_s), 0);
		assert_int_equal(moment_s, rows[i].moment_s);
	}
	moment_s = 77;
	for (i = 0; i < N_ELEMENTS(wrong); i++)
		if (moment_parse(wrong[i], 1000000, MOMENT_FUTURE, &moment_s) == 0)
			fail_msg("taken: %s", wrong[i]);
	assert_true(moment_parse("never", 1000000, MOMENT_PAST, &moment_s) < 0);
	assert_int_equal(moment_s, 77);
}

static void moments_are_written_with_their_offset(void **state UNUSED)
{
	char text[MOMENT_SIZE];

	setenv("TZ", "UTC+3:30", 1);
	tzset();
	moment_format(1767225600, text);
	assert_string_equal(text, "2025-12-31T20:30:00-03:30");
	moment_format(0, text);
	assert_string_equal(text, "-");
	moment_format(INT64_MAX, text);
	assert_string_equal(text, "-");
}

static char *load(const char *path)
{
	_cleanup_free_ char *name = text_format("%s/../%s", TEST_SOURCE_DIR, path);
	struct buf text = BUF_INIT(1 << 20);
	FILE *file = fopen(name, "re");
	int c;

	assert_non_null(file);
	while ((c = fgetc(file)) != EOF)
		if (c != '\\')          /* roff writes \- */
			buf_add_char(&text, (char)c);
	fclose(file);
	return buf_steal(&text);
}

/* Options in a usage text, "--note", go through `check`. */
static void each_option(const char *usage, const char *text, const char *what)
{
	const char *at = usage;

	while ((at = strstr(at, "--"))) {
		_cleanup_free_ char *option = text_format("%.*s", (int)(2 + strspn(at + 2,
			"abcdefghijklmnopqrstuvwxyz-")), at);

		if (!strstr(text, option))
			fail_msg("%s does not know %s", what, option);
		at += strlen(option);
	}
}

static void manual_and_completion_know_every_command(void **state UNUSED)
{
	static const char *const files[] = {
		"man/jauthctl.1", "jauthctl/completion/jauthctl", "jauthctl/completion/_jauthctl",
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(files); i++) {
		_cleanup_free_ char *text = load(files[i]);
		const struct command *command;

		for (command = commands; command->name; command++) {
			const char *space = strchr(command->name, ' ');

			if (!strstr(text,
				    i == 0 ? command->name : space ? space + 1 : command->name))
				fail_msg("%s does not know %s", files[i], command->name);
			each_option(command->usage, text, files[i]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere),
		cmocka_unit_test(wrong_command_lines_are_exit_2),
		cmocka_unit_test(help_is_no_mistake),
		cmocka_unit_test(moments_are_dates_or_spans),
		cmocka_unit_test(moments_are_written_with_their_offset),
		cmocka_unit_test(manual_and_completion_know_every_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
