/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Queries and forms: read in one way, or not at all. */
#include "base/parameters.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"
#include "base/url.h"

#define LEN_MAX 200

/* "name=value;name=value", in the order they came. */
static char *listed(const struct parameters *parameters)
{
	struct buf lines = BUF_INIT(4096);

	for (size_t i = 0; i < parameters->n; i++)
		buf_add_format(&lines, "%s%s=%s", i ? ";" : "", parameters->list[i].name,
			       parameters->list[i].value);
	return lines.len ? buf_steal(&lines) : text_copy("");
}

static void parameters_are_decoded_once(void **state UNUSED)
{
	static const struct {
		const char *text, *listed;
	} rows[] = {
		{ "", "" },
		{ "&", "" },
		{ "a=1", "a=1" },
		{ "code=SplxlOBeZQQY&state=xyz", "code=SplxlOBeZQQY;state=xyz" },
		{ "&&a=1&&b=2&", "a=1;b=2" },
		{ "a", "a=" },
		{ "a=", "a=" },
		{ "a=b=c", "a=b=c" },
		{ "a==", "a==" },
		{ "a=1+2", "a=1 2" },
		{ "a=1%2B2", "a=1+2" },
		{ "a=%26b%3D1", "a=&b=1" },
		{ "a=%2541", "a=%41" },
		{ "a=%e4%bd%A0", "a=\xe4\xbd\xa0" },
		{ "a=\xe4\xbd\xa0", "a=\xe4\xbd\xa0" },
		{ "%61=1", "a=1" },
		{ "a+b=1", "a b=1" },
		{ "a=1&A=2", "a=1;A=2" },
		{ "iss=https%3A%2F%2Fop.example.com%2F", "iss=https://op.example.com/" },
		{ "?a=1", "?a=1" },
		{ "a=1;b=2", "a=1;b=2" },
		{ "a=<script>'\"", "a=<script>'\"" },
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *seen = NULL;
		struct parameters parameters;

		assert_int_equal(parameters_parse(rows[i].text, LEN_MAX, &parameters), 0);
		seen = listed(&parameters);
		assert_string_equal(seen, rows[i].listed);
		parameters_done(&parameters);
	}
}

static void what_can_be_read_in_two_ways_is_refused(void **state UNUSED)
{
	static const char *const rows[] = {
		"=1", "a=1&=2", "=", "%00=1",
		"a=%00", "a=b%00c", "a%00b=1",
		"a=%", "a=%4", "a=%4&b=1", "a=%zz", "a=%g0", "a=%0g", "a=% 1", "a=%+1", "a=%-1",
		"%=1", "a=%0A", "a=%0d%0aSet-Cookie", "a=\n", "a=\x7f", "a=%7F", "a=%1b[31m",
		"a=%C2%85", "\t=1",
		"a=%ff", "a=\xff", "a=%C0%80", "a=%E4%BD", "a=%ED%A0%80", "a=%F4%90%80%80", "%ff=1",
		"a=1&a=1", "a=1&a=2", "a&a", "a=1&%61=2", "a+b=1&a%20b=2", "code=x&state=y&code=z",
	};

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		struct parameters parameters = { .n = 77 };

		if (parameters_parse(rows[i], LEN_MAX, &parameters) != -EINVAL)
			fail_msg("%s", rows[i]);
		assert_int_equal(parameters.n, 77);
	}
}

static char *many(size_t n)
{
	struct buf text = BUF_INIT(4096);

	for (size_t i = 0; i < n; i++)
		buf_add_format(&text, "&p%zu=%zu", i, i);
	return buf_steal(&text);
}

static void too_many_or_too_long_is_refused(void **state UNUSED)
{
	_cleanup_free_ char *most = many(PARAMETERS_MAX), *more = many(PARAMETERS_MAX + 1);
	struct parameters parameters;

	assert_int_equal(parameters_parse(most, 4096, &parameters), 0);
	assert_int_equal(parameters.n, PARAMETERS_MAX);
	assert_string_equal(parameters_text(&parameters, "p31", 2), "31");
	parameters_done(&parameters);
	assert_int_equal(parameters_parse(more, 4096, &parameters), -E2BIG);

	assert_int_equal(parameters_parse("a=12345", 7, &parameters), 0);
	parameters_done(&parameters);
	assert_int_equal(parameters_parse("a=12345", 6, &parameters), -E2BIG);
	/* What is encoded counts as it came. */
	assert_int_equal(parameters_parse("a=%31", 3, &parameters), -E2BIG);
}

static void a_value_is_given_when_it_is_there_and_fits(void **state UNUSED)
{
	static const struct {
		const char *name, *value;
		size_t max_len;
	} rows[] = {
		{ "code", "abc", 3 }, { "code", "abc", 2048 }, { "code", NULL, 2 },
		{ "empty", NULL, 10 }, { "bare", NULL, 10 }, { "absent", NULL, 10 },
		{ "Code", NULL, 10 }, { "cod", NULL, 10 }, { "", NULL, 10 },
		/* Bytes, not characters. */
		{ "name", "\xe4\xbd\xa0", 3 }, { "name", NULL, 2 },
	};
	struct parameters parameters;

	assert_int_equal(parameters_parse("code=abc&empty=&bare&name=%E4%BD%A0", LEN_MAX,
					  &parameters), 0);
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const char *value = parameters_text(&parameters, rows[i].name, rows[i].max_len);

		assert_true(text_equals(value, rows[i].value));
	}
	assert_true(parameters_has(&parameters, "code") && parameters_has(&parameters, "empty") &&
		    parameters_has(&parameters, "bare"));
	assert_false(parameters_has(&parameters, "absent") || parameters_has(&parameters, "Code"));
	parameters_done(&parameters);
	assert_null(parameters_text(&parameters, "code", 10));
	/* Twice is fine. */
	parameters_done(&parameters);
}

static void what_we_encode_is_what_is_read(void **state UNUSED)
{
	static const char *const values[] = {
		"a b+c", "100%", "&=?#/", "\xe6\x9d\x8e", "https://op.example.com/cb?x=1&y=2",
		"*-._~",
	};

	for (size_t i = 0; i < N_ELEMENTS(values); i++) {
		struct buf form = BUF_INIT(1000);
		struct parameters parameters;

		form_add(&form, values[i], values[i]);
		form_add(&form, "next", "");
		assert_int_equal(parameters_parse(buf_text(&form), 1000, &parameters), 0);
		assert_int_equal(parameters.n, 2);
		assert_string_equal(parameters_text(&parameters, values[i], 100), values[i]);
		parameters_done(&parameters);
		buf_done(&form);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_decoded_once),
		cmocka_unit_test(what_can_be_read_in_two_ways_is_refused),
		cmocka_unit_test(too_many_or_too_long_is_refused),
		cmocka_unit_test(a_value_is_given_when_it_is_there_and_fits),
		cmocka_unit_test(what_we_encode_is_what_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
