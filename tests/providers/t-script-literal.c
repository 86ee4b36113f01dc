/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Object literals of JavaScript as JSON: data, and nothing that would have to be evaluated. */
#include "providers/script-literal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"

static void a_literal_becomes_json(void **state UNUSED)
{
	static const struct {
		const char *literal, *json;
	} rows[] = {
		{ "{}", "{}" },
		{ "{a:1}", "{\"a\":1}" },
		{ "{ a : 1 , b : 'x' }", "{\"a\":1,\"b\":\"x\"}" },
		{ "{\n\ta: true,\r\n\tb: false, c: null,\n}",
		  "{\"a\":true,\"b\":false,\"c\":null}" },
		{ "{a:[1,[2],{b:3},],}", "{\"a\":[1,[2],{\"b\":3}]}" },
		{ "{\"a\":\"b\",'c':\"d\"}", "{\"a\":\"b\",\"c\":\"d\"}" },
		{ "{$a_1:-1.5e+3}", "{\"$a_1\":-1.5e+3}" },
		{ "{true:1,null:2}", "{\"true\":1,\"null\":2}" },
		{ "{a:'it\\'s \"b\"'}", "{\"a\":\"it's \\\"b\\\"\"}" },
		{ "{a:\"it's \\\"b\\\"\"}", "{\"a\":\"it's \\\"b\\\"\"}" },
		{ "{a:'\\u5f20\\n\\/'}", "{\"a\":\"\\u5f20\\n\\/\"}" },
		{ "{a:'}{',b:\"//'\"}", "{\"a\":\"}{\",\"b\":\"//'\"}" },
		{ "{a:'张三'}", "{\"a\":\"张三\"}" },
		{ "{a:1};b", "{\"a\":1}" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf json = BUF_INIT(1000);

		assert_non_null(script_literal_to_json(rows[i].literal, &json));
		assert_string_equal(buf_text(&json), rows[i].json);
		buf_done(&json);
	}
}

/* Whether it is well formed is seen by who reads the JSON. */
static void what_is_more_than_data_is_none(void **state UNUSED)
{
	static const char *const rows[] = {
		"", "a", "[1]", "'a'", "{", "{a:1", "{a:'b}", "{a:'b\n'}", "{a:\"b\\",
		"{a:'\\x41'}", "{a:'\\0'}", "{a:b}", "{a:b()}", "{a:f(1)}", "{a:undefined}",
		"{a:!0}", "{a:`b`}", "{a:/b/}", "{a:1/*b*/}", "{a:(1)}", "{...a}", "{[a]:1}",
		"{a:1+1}", "{a:0x10}", "{a:.5}", "{a:1.}", "{a:01}", "{a 1}", "{a:1 b:2}", "{a::1}",
		"{a:[1}]", "{a:new Date()}", "{get a(){}}", "{a}", "{1:2}", "{'a':}", "{a:1,a:2}",
		"{a:true false}", "{a:-}", "{,,}", "{a:1,,b:2}", "{张:1}",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf text = BUF_INIT(1000);
		const char *end = script_literal_to_json(rows[i], &text);
		struct json_t *json = json_read_object(buf_text(&text), text.len);

		if (end && json)
			fail_msg("%s: %s", rows[i], buf_text(&text));
		json_free(json);
		buf_done(&text);
	}
}

static void one_assignment_in_a_page_is_found(void **state UNUSED)
{
	static const struct {
		const char *page, *json;         /* NULL: none */
	} rows[] = {
		{ "<script>window.x = {a:1};</script>", "{\"a\":1}" },
		{ "<script>window.x={a:1}</script>", "{\"a\":1}" },
		{ "window.x =\n{a:1}\nb()", "{\"a\":1}" },
		{ "window.x = {a:1}", "{\"a\":1}" },
		{ "if (window.x == 1) window.x = {a:1}; f(window.x.y);", "{\"a\":1}" },
		{ "window.xy = {a:1}; window.x = {a:2};", "{\"a\":2}" },
		{ "window.x = {a:1}; window.x = {a:2};", NULL },
		{ "<!-- window.x = {a:1} --><script>window.x = {a:1};</script>", NULL },
		{ "window.x = window.x || {a:1};", NULL },
		{ "window.x = {a:1} || {};", NULL },
		{ "window.x = {a:1}.a;", NULL },
		{ "window.x = f({a:1});", NULL },
		{ "window.x = [{a:1}];", NULL },
		{ "window.x.y = {a:1};", NULL },
		{ "window.x", NULL },
		{ "window.x =", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf json = BUF_INIT(1000);
		bool is_found = script_literal_find(rows[i].page, "window.x", &json);

		if (is_found != (rows[i].json != NULL) ||
		    (is_found && !text_equals(buf_text(&json), rows[i].json)))
			fail_msg("%s: %s", rows[i].page, buf_text(&json));
		buf_done(&json);
	}
}

static void a_literal_has_its_length(void **state UNUSED)
{
	static const char page[] = "x={a:'123'}", json[] = "{\"a\":\"123\"}";

	for (size_t max = strlen(json) - 1; max <= strlen(json); max++) {
		struct buf found = { .max = max };

		assert_int_equal(script_literal_find(page, "x", &found), max == strlen(json));
		buf_done(&found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_literal_becomes_json),
		cmocka_unit_test(what_is_more_than_data_is_none),
		cmocka_unit_test(one_assignment_in_a_page_is_found),
		cmocka_unit_test(a_literal_has_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
