/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables, objects and JSON as jauthctl prints them. */
#include "jauthctl/table.h"

#include <locale.h>
#include <stdlib.h>
#include <time.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"

/* What `print` writes; the caller frees. */
static char *printed(void (*print)(const json_t *value, FILE *out), const char *json)
{
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(value);
	print(value, out);
	fclose(out);
	json_decref(value);
	return text;
}

static void print_rows(const json_t *rows, FILE *out)
{
	static const char *const keys[] = { "id", "user", "locked", "created", "note", NULL };
	struct table table = { .keys = keys };

	table_print(&table, rows, out);
}

static void print_rows_twice(const json_t *rows, FILE *out)
{
	static const char *const keys[] = { "user", "id", NULL };
	struct table table = { .keys = keys };
	json_t *first = json_pack("[O]", json_array_get(rows, 0));

	table_print(&table, first, out);
	table_print(&table, rows, out);
	json_decref(first);
}

static int use_utf8(void **state UNUSED)
{
	setenv("TZ", "UTC-2", 1);
	tzset();
	return setlocale(LC_ALL, "C.UTF-8") ? 0 : -1;
}

static int use_ascii(void **state UNUSED)
{
	return setlocale(LC_ALL, "C") ? 0 : -1;
}

static void columns_are_aligned(void **state UNUSED)
{
	_cleanup_free_ char *text = printed(print_rows,
		"[{\"id\": 1, \"user\": \"jane\", \"locked\": false, "
		"\"created\": 1767225600, \"note\": \"\"},"
		" {\"id\": 20, \"user\": \"李明\", \"locked\": true, "
		"\"created\": 0, \"note\": \"x y\"},"
		" {\"id\": 3, \"user\": \"Zo\\u00eb\"}]");

	assert_string_equal(text,
		"ID  USER  LOCKED  CREATED                    NOTE\n"
		"1   jane  no      2026-01-01T02:00:00+02:00  -\n"
		"20  李明  yes     -                          x y\n"
		"3   Zoë   -       -                          -\n");
}

static void nothing_has_no_header(void **state UNUSED)
{
	_cleanup_free_ char *text = printed(print_rows, "[]");

	assert_string_equal(text, "");
}

static void later_rows_keep_the_columns(void **state UNUSED)
{
	_cleanup_free_ char *text = printed(print_rows_twice,
		"[{\"id\": 1, \"user\": \"jane\"}, {\"id\": 2, \"user\": \"maximilian\"}]");

	assert_string_equal(text, "USER  ID\njane  1\njane        1\nmaximilian  2\n");
}

static void foreign_text_cannot_act(void **state UNUSED)
{
	_cleanup_free_ char *text = printed(print_rows,
		"[{\"user\": \"a\\u001b[31mb\\nc\\u202e\", \"note\": \"\\u009b2J\"}]");

	assert_string_equal(text,
		"ID  USER        LOCKED  CREATED  NOTE\n"
		"-   a?[31mb?c?  -       -        ?2J\n");
}

static void other_locales_get_ascii(void **state UNUSED)
{
	_cleanup_free_ char *text = printed(print_rows,
					    "[{\"user\": \"Zo\\u00eb\", \"note\": \"n\"}]");

	assert_string_equal(text,
		"ID  USER  LOCKED  CREATED  NOTE\n"
		"-   Zo?   -       -        n\n");
}

static void objects_show_lines_and_tables(void **state UNUSED)
{
	_cleanup_free_ char *text = printed(table_print_object,
		"{\"user\": \"jane\", \"links\": [{\"id\": 7, \"issuer\": \"https://i\"}], "
		"\"exists\": true,"
		" \"steps\": \"first\\nsecond\\u0007\\n\", \"rules\": [], \"since\": 1767225600}");

	assert_string_equal(text,
		"user    jane\n"
		"exists  yes\n"
		"steps   first\n"
		"        second?\n"
		"since   2026-01-01T02:00:00+02:00\n"
		"\n"
		"links\n"
		"ID  ISSUER\n"
		"7   https://i\n");
}

static void json_is_ascii(void **state UNUSED)
{
	_cleanup_free_ char *text = printed(table_print_json, "[{\"user\": \"Zo\\u00eb\\u202e\"}]");
	_cleanup_free_ char *line = printed(table_print_json_line, "{\"a\": [1, true]}");
	_cleanup_free_ char *number = printed(table_print_json, "7");

	assert_string_equal(text, "[\n  {\n    \"user\": \"Zo\\u00EB\\u202E\"\n  }\n]\n");
	assert_string_equal(line, "{\"a\":[1,true]}\n");
	assert_string_equal(number, "7\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(columns_are_aligned, use_utf8),
		cmocka_unit_test_setup(nothing_has_no_header, use_utf8),
		cmocka_unit_test_setup(later_rows_keep_the_columns, use_utf8),
		cmocka_unit_test_setup(foreign_text_cannot_act, use_utf8),
		cmocka_unit_test_setup(other_locales_get_ascii, use_ascii),
		cmocka_unit_test_setup(objects_show_lines_and_tables, use_utf8),
		cmocka_unit_test_setup(json_is_ascii, use_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
