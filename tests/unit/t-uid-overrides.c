/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers settled by hand: a file is read strictly, and one row of it changed. */
#include "base/uid-overrides.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"

static struct uid_overrides *parse(const char *text, struct conf_report *report)
{
	return uid_overrides_parse(text, strlen(text), "uids", report);
}

static void rows_are_found_by_the_whole_identity(void **state UNUSED)
{
	static const char text[] =
		"# settled by hand\n\n"
		"https://id.example.org a 65536\n"
		"https://id.example.org ab 65537\n"
		"wecom:ww1 with two  blanks\t2013265920\n"
		"   wecom:ww1 tail 2147483646   \n"
		"group people 65536\n"
		"wecom:ww1 17 199999";
	static const struct {
		const char *issuer, *subject;
		uint32_t uid;            /* 0: there is none */
	} cases[] = {
		{ "https://id.example.org", "a", 65536 },
		{ "https://id.example.org", "ab", 65537 },
		{ "wecom:ww1", "with two  blanks", 2013265920u },
		{ "wecom:ww1", "17", 199999 },
		{ "group", "people", 65536 },
		{ "https://id.example.org", "A", 0 },
		{ "https://id.example.org", "", 0 },
		{ "https://id.example.org/", "a", 0 },
		{ "wecom:ww1", "with two blanks", 0 },
		{ "#", "settled by", 0 },
	};
	struct conf_report report = { 0 };
	struct uid_overrides *overrides = parse(text, &report);

	assert_int_equal(report.n_mistakes, 0);
	assert_int_equal(uid_overrides_count(overrides), 6);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		uint32_t uid = 0;

		assert_int_equal(uid_overrides_find(overrides, cases[i].issuer, cases[i].subject,
						    &uid), cases[i].uid != 0);
		assert_int_equal(uid, cases[i].uid);
	}
	uid_overrides_free(overrides);
}

static void mistakes_name_their_line(void **state UNUSED)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *says;
	} cases[] = {
		{ "\nwecom:ww1 a\n", 2, "ISSUER SUBJECT UID" },
		{ "wecom:ww1\n", 1, "ISSUER SUBJECT UID" },
		{ "wecom:ww1 65536\n", 1, "ISSUER SUBJECT UID" },
		{ "wecom:ww1 a b\n", 1, "must be a number" },
		{ "wecom:ww1 a -1\n", 1, "must be a number" },
		{ "wecom:ww1 a 0x10000\n", 1, "must be a number" },
		{ "wecom:ww1 a 99999999999\n", 1, "must be a number" },
		{ "wecom:ww1 a 0\n", 1, "gives out" },
		{ "wecom:ww1 a 1000\n", 1, "gives out" },
		{ "wecom:ww1 a 65535\n", 1, "gives out" },
		{ "wecom:ww1 a 200000\n", 1, "gives out" },
		{ "wecom:ww1 a 2013265919\n", 1, "gives out" },
		{ "wecom:ww1 a 2147483647\n", 1, "gives out" },
		{ "wecom:ww1 a 4294967295\n", 1, "gives out" },
		{ "wecom:ww1 \xff 65536\n", 1, "UTF-8" },
		{ "wecom:ww1 a\r 65536\r\n", 1, "UTF-8" },
		{ "wecom:ww1 a 65536\nx a 65537\nwecom:ww1 a 65538\n", 3, "in line 1 already" },
		{ "wecom:ww1 a 65536\nx a 65537\nwecom:ww1 b 65536\n", 3, "in line 1 already" },
		{ "group a 65536\ngroup b 65536\n", 2, "in line 1 already" },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct conf_report report = { 0 };
		struct uid_overrides *overrides = parse(cases[i].text, &report);

		if (report.n_mistakes != 1)
			fail_msg("row %zu: %zu mistakes", i, report.n_mistakes);
		assert_int_equal(report.mistakes[0].line, cases[i].line);
		if (!strstr(report.mistakes[0].text, cases[i].says))
			fail_msg("row %zu: %s", i, report.mistakes[0].text);
		conf_report_done(&report);
		uid_overrides_free(overrides);
	}
}

static void a_nul_byte_is_no_comment(void **state UNUSED)
{
	static const char text[] = "wecom:ww1 a 65536\n\0\n";
	struct conf_report report = { 0 };
	struct uid_overrides *overrides =
		uid_overrides_parse(text, sizeof(text) - 1, "uids", &report);

	assert_int_equal(report.n_mistakes, 1);
	assert_int_equal(report.mistakes[0].line, 2);
	conf_report_done(&report);
	uid_overrides_free(overrides);
}

static void more_rows_than_allowed_are_told_once(void **state UNUSED)
{
	const size_t size = 64 * (UID_OVERRIDES_MAX + 10);
	_cleanup_free_ char *text = malloc(size);
	struct conf_report report = { 0 };
	struct uid_overrides *overrides;
	size_t len = 0;

	assert_non_null(text);
	for (unsigned i = 0; i < UID_OVERRIDES_MAX + 5; i++)
		len += (size_t)snprintf(text + len, size - len, "x %u %u\n", i, 65536 + i);
	overrides = parse(text, &report);
	assert_int_equal(report.n_mistakes, 1);
	assert_int_equal(uid_overrides_count(overrides), UID_OVERRIDES_MAX);
	conf_report_done(&report);
	uid_overrides_free(overrides);
}

static void one_row_changes_and_all_else_stays(void **state UNUSED)
{
	static const struct {
		const char *before, *issuer, *subject;
		uint32_t uid;
		const char *after;       /* NULL: no row can say it */
	} cases[] = {
		{ "", "x", "a", 65536, "x a 65536\n" },
		{ "# c\nx a 65536\n\nx b 65537\n", "x", "a", 65540,
		  "# c\n\nx b 65537\nx a 65540\n" },
		{ "x b 65537", "x", "a", 65536, "x b 65537\nx a 65536\n" },
		{ "x  a\t65537\n", "x", "a", 65536, "x a 65536\n" },
		{ "x a b 65537\n", "x", "a", 65536, "x a b 65537\nx a 65536\n" },
		{ "not a row\n", "x", "a", 65536, "not a row\nx a 65536\n" },
		{ "", "x", "", 65536, NULL },
		{ "", "", "a", 65536, NULL },
		{ "", "x y", "a", 65536, NULL },
		{ "", "#x", "a", 65536, NULL },
		{ "", "x", " a", 65536, NULL },
		{ "", "x", "a ", 65536, NULL },
		{ "", "x", "a\nroot 0", 65536, NULL },
		{ "", "x", "a", 1000, NULL },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct buf text = BUF_INIT(4096);
		int r = uid_overrides_set(cases[i].before, strlen(cases[i].before),
					  cases[i].issuer, cases[i].subject, cases[i].uid, &text);

		if (r != (cases[i].after ? 0 : -EINVAL))
			fail_msg("row %zu: %d", i, r);
		if (cases[i].after)
			assert_string_equal(buf_text(&text), cases[i].after);
		buf_done(&text);
	}
}

static int read_file(const char *path, struct conf_report *report)
{
	struct uid_overrides *overrides = NULL;
	int r = uid_overrides_read(path, &overrides, report);

	assert_int_equal(overrides != NULL, r == 0);
	uid_overrides_free(overrides);
	return r;
}

static void a_file_that_others_may_write_is_refused(void **state UNUSED)
{
	char path[] = "/tmp/t-uids-XXXXXX";
	_cleanup_free_ char *beside = NULL;
	const struct {
		mode_t mode;
		int expected;
	} cases[] = {
		{ 0600, 0 }, { 0644, 0 }, { 0664, -EPERM }, { 0646, -EPERM },
	};
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x a 65536\n", 10), 10);
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct conf_report report = { 0 };

		assert_int_equal(fchmod(fd, cases[i].mode), 0);
		assert_int_equal(read_file(path, &report), cases[i].expected);
		assert_int_equal(report.n_mistakes, cases[i].expected != 0);
		conf_report_done(&report);
	}
	close(fd);
	beside = text_format("%s.link", path);
	assert_int_equal(symlink(path, beside), 0);
	for (size_t i = 0; i < 3; i++) {
		const char *const paths[] = { beside, "/tmp", "/tmp/t-uids-nobody-made" };
		struct conf_report report = { 0 };

		assert_true(read_file(paths[i], &report) < 0);
		assert_int_equal(report.n_mistakes, 1);
		conf_report_done(&report);
	}
	assert_int_equal(unlink(beside), 0);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_found_by_the_whole_identity),
		cmocka_unit_test(mistakes_name_their_line),
		cmocka_unit_test(a_nul_byte_is_no_comment),
		cmocka_unit_test(more_rows_than_allowed_are_told_once),
		cmocka_unit_test(one_row_changes_and_all_else_stays),
		cmocka_unit_test(a_file_that_others_may_write_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
