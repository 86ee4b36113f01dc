/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts with holes: what they expand to, and that a value says nothing but itself. */
#include "providers/sms-template.h"

#include <errno.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TEXT_MAX 256

static const struct sms_variable variables[] = {
	{ "number", "+14155550100" },
	{ "code", "012345" },
	{ "text", "a \"b\" \\ & c=1\n\xe7\xa0\x81" },
	{ "host", "db-1" },
	{ "brace", "{code}" },
	{ "latin", "caf\xe9" },
	{ "empty", "" },
	{ NULL, NULL },
};

static void holes_are_filled(void **state UNUSED)
{
	static const struct {
		const char *template;
		enum sms_encoding encoding;
		const char *text;
	} rows[] = {
		{ "", SMS_AS_LINE, "" },
		{ "no hole", SMS_AS_LINE, "no hole" },
		{ "{code}", SMS_AS_LINE, "012345" },
		{ "{code}{code}", SMS_AS_LINE, "012345012345" },
		{ "{code} at {host}.", SMS_AS_LINE, "012345 at db-1." },
		{ "<{empty}>", SMS_AS_LINE, "<>" },
		{ "{{code}}", SMS_AS_LINE, "{code}" },
		{ "{{{code}}}", SMS_AS_LINE, "{012345}" },
		{ "{{}}", SMS_AS_LINE, "{}" },
		/* a value is never read as a template */
		{ "{brace}", SMS_AS_LINE, "{code}" },
		{ "https://sms.example.org/?to={number}&t={text}", SMS_AS_URL,
		  "https://sms.example.org/?to=%2B14155550100&t=a%20%22b%22%20%5C%20%26%20c%3D1"
		  "%0A%E7%A0%81" },
		{ "to={number}&t={text}", SMS_AS_FORM,
		  "to=%2B14155550100&t=a+%22b%22+%5C+%26+c%3D1%0A%E7%A0%81" },
		{ "{{\"to\":\"{number}\",\"t\":\"{text}\"}}", SMS_AS_JSON,
		  "{\"to\":\"+14155550100\",\"t\":\"a \\\"b\\\" \\\\ & c=1\\u000a\xe7\xa0\x81\"}" },
		{ "{latin}", SMS_AS_URL, "caf%E9" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf buf = BUF_INIT(TEXT_MAX), why = BUF_INIT(TEXT_MAX);

		assert_true(sms_template_check(rows[i].template, variables, &why));
		assert_int_equal(sms_template_expand(rows[i].template, variables,
						     rows[i].encoding, &buf), 0);
		assert_string_equal(buf_text(&buf), rows[i].text);
		assert_int_equal(buf.len, strlen(rows[i].text));
		assert_string_equal(buf_text(&why), "");
		buf_done(&buf);
	}
}

static void broken_templates_are_told(void **state UNUSED)
{
	static const struct {
		const char *template;
		int error;
		const char *why;
	} rows[] = {
		{ "{", -EINVAL, "has a brace without its other half at \"{\"" },
		{ "}", -EINVAL, "has a brace" },
		{ "{}", -EINVAL, "has a brace" },
		{ "a {code", -EINVAL, "at \"{code\"" },
		{ "a code} b", -EINVAL, "at \"} b\"" },
		{ "{{code}", -EINVAL, "at \"}\"" },
		{ "{code}}", -EINVAL, "has a brace" },
		{ "{Code}", -EINVAL, "has a brace" },
		{ "{ code }", -EINVAL, "has a brace" },
		{ "{code:6}", -EINVAL, "has a brace" },
		{ "{\"to\":\"{number}\"}", -EINVAL, "a literal one is written twice" },
		{ "{cod}", -ENOENT, "knows no {cod}; there are {number} {code}" },
		{ "{codes}", -ENOENT, "knows no {codes}" },
		{ "{code} {password}", -ENOENT, "knows no {password}" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf buf = BUF_INIT(TEXT_MAX), why = BUF_INIT(TEXT_MAX);

		assert_int_equal(sms_template_expand(rows[i].template, variables, SMS_AS_LINE,
						     &buf), rows[i].error);
		assert_false(sms_template_check(rows[i].template, variables, &why));
		if (!strstr(buf_text(&why), rows[i].why))
			fail_msg("%s: %s", rows[i].template, buf_text(&why));
		buf_done(&buf);
		buf_done(&why);
	}
}

static void what_cannot_stand_there_is_refused(void **state UNUSED)
{
	static const struct {
		const char *template;
		enum sms_encoding encoding;
	} rows[] = {
		{ "{text}", SMS_AS_LINE },               /* a line feed */
		{ "{latin}", SMS_AS_LINE },
		{ "{latin}", SMS_AS_JSON },
		{ "{code}", (enum sms_encoding)99 },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		struct buf buf = BUF_INIT(TEXT_MAX);

		assert_int_equal(sms_template_expand(rows[i].template, variables, rows[i].encoding,
						     &buf), -EINVAL);
		buf_done(&buf);
	}
}

static void what_does_not_fit_is_an_error(void **state UNUSED)
{
	struct buf exact = BUF_INIT(6), small = BUF_INIT(5);

	assert_int_equal(sms_template_expand("{code}", variables, SMS_AS_LINE, &exact), 0);
	assert_int_equal(sms_template_expand("{code}", variables, SMS_AS_LINE, &small), -E2BIG);
	buf_done(&exact);
	buf_done(&small);
}

static void the_text_is_appended(void **state UNUSED)
{
	struct buf buf = BUF_INIT_SECRET(TEXT_MAX);

	buf_add_text(&buf, "code=");
	assert_int_equal(sms_template_expand("{code}", variables, SMS_AS_LINE, &buf), 0);
	assert_string_equal(buf_text(&buf), "code=012345");
	buf_done(&buf);
}

static void a_hole_is_found_by_its_name(void **state UNUSED)
{
	static const struct {
		const char *template, *name;
		bool has;
	} rows[] = {
		{ "a {code} b", "code", true },
		{ "{host}{code}", "code", true },
		{ "", "code", false },
		{ "code", "code", false },
		{ "{{code}}", "code", false },
		{ "{code", "code", false },
		{ "{codes}", "code", false },
		{ "{cod}", "code", false },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++)
		assert_int_equal(sms_template_has(rows[i].template, rows[i].name), rows[i].has);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(holes_are_filled),
		cmocka_unit_test(broken_templates_are_told),
		cmocka_unit_test(what_cannot_stand_there_is_refused),
		cmocka_unit_test(what_does_not_fit_is_an_error),
		cmocka_unit_test(the_text_is_appended),
		cmocka_unit_test(a_hole_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
