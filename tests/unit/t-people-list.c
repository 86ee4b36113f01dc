/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that pair numbers with names: what counts, what makes none of it count, and that no number
 * stands in a sentence about it. */
#include "base/people-list.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/macro.h"
#include "base/text.h"

#define LEI "+8613700001234 lei"
#define MEI "+8613900005678 mei"

/* "lei=+86…/Full Name, …; group: lei …" */
static void note(const struct people_list *list, struct buf *text)
{
	for (size_t i = 0; i < list->n_rows; i++)
		buf_add_format(text, "%s%s=%s/%s", i ? ", " : "", list->rows[i].name,
			       list->rows[i].number, list->rows[i].full_name);
	for (size_t i = 0; i < list->n_places; i++)
		buf_add_format(text, ";%s:%s", list->places[i].group,
			       list->rows[list->places[i].row].name);
}

static void what_a_file_says(void **state UNUSED)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "#\n", "" },
		{ "\n  \t\n # " LEI "\n", "" },
		{ LEI "\n", "lei=+8613700001234/;:lei" },
		{ "  +86-137-0000-1234\t lei   Lei\t Wang \t\n",
		  "lei=+8613700001234/Lei  Wang;:lei" },
		{ "0086(137)00001234 lei @ops 王雷\n", "lei=+8613700001234/王雷;ops:lei" },
		{ LEI " @ops @dev a@b @c\n" MEI " @ops\n",
		  "lei=+8613700001234/a@b @c, mei=+8613900005678/;dev:lei;ops:lei;ops:mei" },
		{ MEI "\n" LEI " @a\n",
		  "mei=+8613900005678/, lei=+8613700001234/;:mei;a:lei" },
		{ "\xef\xbb\xbf" LEI "\r\n\r\n" MEI " Mei\r\n",
		  "lei=+8613700001234/, mei=+8613900005678/Mei;:lei;:mei" },
		{ "\xef\xbc\x8b\xef\xbc\x98" "613700001234 lei\n", "lei=+8613700001234/;:lei" },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		struct buf why = BUF_INIT(1024), text = BUF_INIT(4096);
		struct people_list *list = NULL;
		int r = people_list_parse(cases[i].text, strlen(cases[i].text), NULL, &list,
					  &why);

		if (r < 0)
			fail_msg("%s: %s", cases[i].text, buf_text(&why));
		note(list, &text);
		assert_string_equal(buf_text(&text), cases[i].says);
		people_list_free(list);
		buf_done(&text);
		buf_done(&why);
	}
}

static void expect_fault(const char *text, size_t len, const struct phone_country *country,
			 const char *says)
{
	struct buf why = BUF_INIT(1024);
	struct people_list *list = NULL;

	assert_int_equal(people_list_parse(text, len, country, &list, &why), -EINVAL);
	assert_null(list);
	if (!strstr(buf_text(&why), says))
		fail_msg("\"%s\": %s", text, buf_text(&why));
	assert_null(strstr(buf_text(&why), "1370000"));
	buf_done(&why);
}

static void one_mistake_is_enough(void **state UNUSED)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "empty" },
		{ "\xef\xbb\xbf", "empty" },
		{ "#\n" LEI, "line 2: the last line has no end" },
		{ LEI "\r", "no end" },
		{ "+8613700001234\n", "line 1: write NUMBER NAME" },
		{ "lei +8613700001234\n", "no telephone number" },
		{ "13700001234 lei\n", "with its calling code" },
		{ "+8613700 001234 lei\n", "no user name" },
		{ "+861370000123412345 lei\n", "no telephone number" },
		{ "+8613700001234,+8613900005678 lei\n", "no telephone number" },
		{ "+8816000012345 lei\n", "numbers of this kind" },
		{ "+8613700001234 Lei\n", "line 1: the second word is no user name" },
		{ "+8613700001234 1lei\n", "no user name" },
		{ "+8613700001234 _lei\n", "no user name" },
		{ "+8613700001234 lei.wang\n", "no user name" },
		{ "+8613700001234 a2345678901234567890123456789012\n", "no user name" },
		{ LEI " @\n", "a group is written @" },
		{ LEI " @Ops\n", "a group is written @" },
		{ LEI " @ops @ops\n", "twice" },
		{ LEI "\n" MEI "\n+8613900009999 lei\n", "line 3: this name stands in line 1" },
		{ LEI "\n+86-13700001234 mei\n", "line 2: this number stands in line 1" },
		{ LEI " \xff\n", "UTF-8" },
		{ LEI " \x1b[2J\n", "UTF-8" },
		{ LEI " \x7f\n", "UTF-8" },
		{ LEI " \xc2\x9b" "2J\n", "UTF-8" },
		{ "\xff\xfe+\n", "UTF-8" },
	};

	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		expect_fault(cases[i].text, strlen(cases[i].text), NULL, cases[i].says);
	expect_fault(LEI "\0\n", sizeof(LEI "\0\n") - 1, NULL, "UTF-8");
}

static void a_country_is_needed_for_its_own_numbers(void **state UNUSED)
{
	static const char text[] = "137-0000-1234 lei\n";
	struct buf why = BUF_INIT(1024), told = BUF_INIT(1024);
	struct phone_country country;
	struct people_list *list;

	assert_int_equal(phone_country_parse("CN", &country), 0);
	assert_int_equal(people_list_parse(text, strlen(text), &country, &list, &why), 0);
	note(list, &told);
	assert_string_equal(buf_text(&told), "lei=+8613700001234/;:lei");
	people_list_wipe(list);
	assert_string_equal(list->rows[0].number, "");
	people_list_free(list);
	expect_fault("139 lei\n", strlen("139 lei\n"), &country, "no telephone number");
	buf_done(&told);
	buf_done(&why);
}

static void make_rows(struct buf *text, unsigned n, const char *more)
{
	for (unsigned i = 0; i < n; i++)
		buf_add_format(text, "+86139%08u p%u%s\n", i, i, more);
}

static void everything_has_its_bound(void **state UNUSED)
{
	struct buf text = BUF_INIT(16 * 1024 * 1024), why = BUF_INIT(1024);
	char full[PEOPLE_LIST_FULL_MAX + 2], line[4096];
	struct people_list *list;

	make_rows(&text, PEOPLE_LIST_ROWS_MAX, " @a @b");
	assert_int_equal(people_list_parse(buf_text(&text), text.len, NULL, &list, &why), 0);
	assert_int_equal(list->n_rows, PEOPLE_LIST_ROWS_MAX);
	assert_int_equal(list->n_places, 2 * PEOPLE_LIST_ROWS_MAX);
	people_list_free(list);
	buf_done(&text);
	make_rows(&text, 100000, "");
	expect_fault(buf_text(&text), text.len, NULL, "line 10001: there are more than 10000");
	buf_done(&text);
	make_rows(&text, PEOPLE_LIST_ROWS_MAX, " @a @b @c @d @e @f");
	expect_fault(buf_text(&text), text.len, NULL, "too many groups");
	buf_done(&text);
	buf_add_text(&text, LEI);
	for (unsigned i = 0; i <= PEOPLE_LIST_GROUPS_MAX; i++)
		buf_add_format(&text, " @g%u", i);
	buf_add_char(&text, '\n');
	expect_fault(buf_text(&text), text.len, NULL, "at most 32 groups");
	memset(full, 'x', sizeof(full) - 1);
	full[sizeof(full) - 1] = '\0';
	(void)snprintf(line, sizeof(line), LEI " %s\n", full);
	expect_fault(line, strlen(line), NULL, "full name is too long");
	memset(line, ' ', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	expect_fault(line, sizeof(line), NULL, "too long");
	buf_done(&text);
	buf_done(&why);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static void expect_read(const char *path, int result, const char *says)
{
	struct buf why = BUF_INIT(2048);
	struct people_list *list = NULL;

	assert_int_equal(people_list_read(path, NULL, &list, &why), result);
	assert_int_equal(list != NULL, result == 0);
	if (says && (!strstr(buf_text(&why), says) || !text_has_prefix(buf_text(&why), path)))
		fail_msg("%s", buf_text(&why));
	people_list_free(list);
	buf_done(&why);
}

static void whose_file_it_is_matters(void **state UNUSED)
{
	static const struct {
		mode_t mode;
		int result;
		const char *says;
	} cases[] = {
		{ 0640, 0, NULL },
		{ 0600, 0, NULL },
		{ 0400, 0, NULL },
		{ 0660, -EPERM, "chmod go-w" },
		{ 0602, -EPERM, "chmod go-w" },
		{ 0644, -EPERM, "chmod o-r" },
	};
	char folder[] = "/tmp/t-people-list-XXXXXX";
	_cleanup_free_ char *path = NULL, *link = NULL;

	assert_non_null(mkdtemp(folder));
	path = text_format("%s/people", folder);
	link = text_format("%s/link", folder);
	expect_read(path, -ENOENT, "No such file");
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		(void)unlink(path);
		write_file(path, LEI "\n", cases[i].mode);
		expect_read(path, cases[i].result, cases[i].says);
	}
	(void)unlink(path);
	write_file(path, LEI, 0600);
	expect_read(path, -EINVAL, ": line 1: the last line has no end");
	assert_int_equal(symlink(path, link), 0);
	expect_read(link, -ELOOP, "symbolic link");
	assert_int_equal(truncate(path, PEOPLE_LIST_BYTES_MAX + 1), 0);
	expect_read(path, -EPERM, "too large");
	expect_read(folder, -EPERM, "no regular file");
	assert_int_equal(unlink(link) | unlink(path) | rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_file_says),
		cmocka_unit_test(one_mistake_is_enough),
		cmocka_unit_test(a_country_is_needed_for_its_own_numbers),
		cmocka_unit_test(everything_has_its_bound),
		cmocka_unit_test(whose_file_it_is_matters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
