/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON from outside. */
#include "base/json.h"

#include <errno.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void only_one_clear_object_is_read(void **state UNUSED)
{
	static const struct {
		const char *text;
		bool is_object;
	} rows[] = {
		{ "{}", true },
		{ " {\"a\": [1, {\"b\": null}]} \n", true },
		{ "{\"]]]]]]]]]]]]]]]]]]]]\": \"\\\"{{{{{{{{{{{{{{{{{{{{{{\"}", true },
		{ "[]", false },
		{ "\"text\"", false },
		{ "null", false },
		{ "", false },
		{ " ", false },
		{ "{} {}", false },
		{ "{}x", false },
		{ "{\"a\": 1, \"a\": 2}", false },
		{ "{\"b\": {\"a\": 1, \"a\": 2}}", false },
		{ "{\"a\": \"x\\u0000y\"}", false },
		{ "{\"a\\u0000\": 1}", false },
		{ "{\"a\": \"\xff\"}", false },
		{ "{\"a\": \"\xc0\xaf\"}", false },
		{ "{\"a\": \"\\ud800\"}", false },
		{ "{\"a\": 01}", false },
		{ "{\"a\": 99999999999999999999}", false },
		{ "{'a': 1}", false },
		{ "{\"a\": 1,}", false },
		{ "\xef\xbb\xbf{}", false },
		{ "{\"a\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}", true },         /* 16 levels */
		{ "{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", false },      /* 17 */
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_json_ struct json_t *json =
			json_read_object(rows[i].text, strlen(rows[i].text));

		if ((json != NULL) != rows[i].is_object)
			fail_msg("row %zu: %s", i, rows[i].text);
	}
	assert_null(json_read_object("{}\0", 3));
}

static struct json_t *read_object(const char *text)
{
	struct json_t *json = json_read_object(text, strlen(text));

	assert_non_null(json);
	return json;
}

static void texts_are_strings_within_bounds(void **state UNUSED)
{
	_cleanup_json_ struct json_t *json = read_object(
		"{\"ok\": \"Zo\xc3\xab\", \"empty\": \"\", \"number\": 1, \"null\": null,"
		" \"control\": \"a\\nb\", \"c1\": \"\\u0085\", \"list\": [\"x\", 2, {}]}");
	struct json_t *list = json_array_at(json, "list");

	assert_string_equal(json_text(json, "ok", 4), "Zo\xc3\xab");
	assert_null(json_text(json, "ok", 3));
	assert_null(json_text(json, "empty", 10));
	assert_string_equal(json_text_or_empty(json, "empty", 10), "");
	assert_string_equal(json_text_or_empty(json, "ok", 4), "Zo\xc3\xab");
	assert_null(json_text_or_empty(json, "ok", 3));
	assert_null(json_text_or_empty(json, "control", 10));
	assert_null(json_text_or_empty(json, "missing", 10));
	assert_string_equal(json_any_text(json, "control", 3), "a\nb");
	assert_null(json_any_text(json, "control", 2));
	assert_string_equal(json_any_text(json, "empty", 0), "");
	assert_string_equal(json_any_text(json, "c1", 2), "\xc2\x85");
	assert_null(json_any_text(json, "number", 10));
	assert_null(json_any_text(json, "null", 10));
	assert_null(json_any_text(json, "missing", 10));
	assert_null(json_text(json, "number", 10));
	assert_null(json_text(json, "null", 10));
	assert_null(json_text(json, "control", 10));
	assert_null(json_text(json, "c1", 10));
	assert_null(json_text(json, "missing", 10));
	assert_true(json_has(json, "null"));
	assert_false(json_has(json, "missing"));
	assert_true(json_has_value(json, "number"));
	assert_false(json_has_value(json, "null"));
	assert_false(json_has_value(json, "missing"));

	assert_int_equal(json_array_length(list), 3);
	assert_string_equal(json_array_text(list, 0, 10), "x");
	assert_null(json_array_text(list, 1, 10));
	assert_null(json_array_text(list, 3, 10));
	assert_non_null(json_array_object(list, 2));
	assert_null(json_array_object(list, 0));
	assert_null(json_object_at(json, "list"));
	assert_null(json_array_at(json, "ok"));
	assert_int_equal(json_array_length(NULL), 0);
}

static void names_come_in_the_order_of_writing(void **state UNUSED)
{
	static const char text[] = "{\"b\":1,\"a\":{\"c\":2},\"\":3,\"张\":4}";
	static const char *const names[] = { "b", "a", "", "张" };
	struct json_t *json = json_read_object(text, strlen(text));
	const char *name = NULL;

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		name = json_next_name(json, name);
		assert_string_equal(name, names[i]);
	}
	assert_null(json_next_name(json, name));
	assert_null(json_next_name(json, "none"));
	json_free(json);
	json = json_read_object("{}", 2);
	assert_null(json_next_name(json, NULL));
	json_free(json);
}

static void numbers_and_booleans_have_their_type(void **state UNUSED)
{
	_cleanup_json_ struct json_t *json = read_object(
		"{\"n\": 5, \"real\": 3.0, \"text\": \"5\", \"yes\": true, \"no\": false,"
		" \"big\": 9223372036854775807}");
	int64_t number = 77;
	bool value = false;

	assert_int_equal(json_number(json, "n", 5, 5, &number), 0);
	assert_int_equal(number, 5);
	assert_int_equal(json_number(json, "n", 6, 9, &number), -ERANGE);
	assert_int_equal(json_number(json, "n", 0, 4, &number), -ERANGE);
	assert_int_equal(json_number(json, "real", 0, 9, &number), -EINVAL);
	assert_int_equal(json_number(json, "text", 0, 9, &number), -EINVAL);
	assert_int_equal(json_number(json, "yes", 0, 9, &number), -EINVAL);
	assert_int_equal(json_number(json, "missing", 0, 9, &number), -ENOENT);
	assert_int_equal(number, 5);
	assert_int_equal(json_number(json, "big", 0, INT64_MAX, &number), 0);

	assert_int_equal(json_bool(json, "yes", &value), 0);
	assert_true(value);
	assert_int_equal(json_bool(json, "no", &value), 0);
	assert_false(value);
	assert_int_equal(json_bool(json, "n", &value), -EINVAL);
	assert_int_equal(json_bool(json, "text", &value), -EINVAL);
	assert_int_equal(json_bool(json, "missing", &value), -ENOENT);
}

static void numbers_of_an_array_have_their_type(void **state UNUSED)
{
	_cleanup_json_ struct json_t *list = json_read_array("[7, 1.0, \"7\"]", 13);
	int64_t number = 77;

	assert_int_equal(json_array_number(list, 0, 8, 9, &number), -ERANGE);
	assert_int_equal(json_array_number(list, 1, 0, 9, &number), -EINVAL);
	assert_int_equal(json_array_number(list, 2, 0, 9, &number), -EINVAL);
	assert_int_equal(json_array_number(list, 3, 0, 9, &number), -ENOENT);
	assert_int_equal(number, 77);
	assert_int_equal(json_array_number(list, 0, 0, 9, &number), 0);
	assert_int_equal(number, 7);
}

static void arrays_are_read_as_such(void **state UNUSED)
{
	_cleanup_json_ struct json_t *json = json_read_array("[{}]", 4);

	assert_non_null(json);
	assert_null(json_read_array("{}", 2));
}

/* What is written is one string, and reads back as what it was. */
static void texts_are_quoted(void **state UNUSED)
{
	static const struct {
		const char *text, *quoted;
	} rows[] = {
		{ "", "\"\"" },
		{ "jane", "\"jane\"" },
		{ "a\"b\\c/", "\"a\\\"b\\\\c/\"" },
		{ "\x01\n\x1f", "\"\\u0001\\u000a\\u001f\"" },
		{ "\x7f", "\"\x7f\"" },
		{ "\xe4\xb8\xad\xf0\x9f\x94\x91", "\"\xe4\xb8\xad\xf0\x9f\x94\x91\"" },
		{ "\",\"x\":\"", "\"\\\",\\\"x\\\":\\\"\"" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf buf = BUF_INIT(256);

		json_add_text(&buf, rows[i].text);
		assert_string_equal(buf_text(&buf), rows[i].quoted);
		buf_done(&buf);
	}
}

static void a_text_that_was_quoted_reads_back(void **state UNUSED)
{
	struct buf buf = BUF_INIT(256);
	char text[96];
	struct json_t *json;

	for (unsigned i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)(' ' + i);
	text[sizeof(text) - 1] = '\0';
	buf_add_text(&buf, "{\"a\":");
	json_add_text(&buf, text);
	buf_add_char(&buf, '}');
	json = json_read_object(buf.data, buf.len);
	assert_string_equal(json_text(json, "a", 200), text);
	json_free(json);
	buf_done(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_one_clear_object_is_read),
		cmocka_unit_test(texts_are_strings_within_bounds),
		cmocka_unit_test(names_come_in_the_order_of_writing),
		cmocka_unit_test(numbers_and_booleans_have_their_type),
		cmocka_unit_test(numbers_of_an_array_have_their_type),
		cmocka_unit_test(arrays_are_read_as_such),
		cmocka_unit_test(texts_are_quoted),
		cmocka_unit_test(a_text_that_was_quoted_reads_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
