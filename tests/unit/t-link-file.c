/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links in files: CSV and JSON lines, there and back. */
#include "jauthctl/link-file.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static json_t *read_text(const char *text, struct conf_report *report)
{
	return row_file_read(&link_form, text, strlen(text), "links", report);
}

/* The rows as "issuer|subject|user|note;" each. */
static void assert_rows(const char *text, const char *wanted)
{
	struct conf_report report = { 0 };
	struct buf got = BUF_INIT(10000);
	json_t *rows = read_text(text, &report), *row;
	size_t i;

	json_array_foreach(rows, i, row)
		buf_add_format(&got, "%s|%s|%s|%s;",
			       json_string_value(json_object_get(row, "issuer")),
			       json_string_value(json_object_get(row, "subject")),
			       json_string_value(json_object_get(row, "user")),
			       json_string_value(json_object_get(row, "note")));
	if (report.n_mistakes)
		fail_msg("%u: %s", report.mistakes[0].line, report.mistakes[0].text);
	assert_string_equal(buf_text(&got), wanted);
	json_decref(rows);
	buf_done(&got);
}

static void links_are_read(void **state UNUSED)
{
	static const struct {
		const char *text, *rows;
	} cases[] = {
		{ "issuer,subject,user,note\nhttps://i,1,jane,n\n", "https://i|1|jane|n;" },
		{ "issuer,subject,user\nhttps://i,1,jane", "https://i|1|jane|;" },
		{ "user,note,subject,issuer\r\njane,,1,https://i\r\n\r\nravi,b,2,i",
		  "https://i|1|jane|;i|2|ravi|b;" },
		{ "issuer,subject,user,note\ni,\"1,2\",jane,\"say \"\"hi\"\"\"\n",
		  "i|1,2|jane|say \"hi\";" },
		{ "\"issuer\",subject,user\ni,1,Zo\xc3\xab\n", "i|1|Zo\xc3\xab|;" },
		{ "\n\nissuer,subject,user\n\ni,1,a\n\n", "i|1|a|;" },
		{ "issuer,subject,user\n i , 1,a\n", " i | 1|a|;" },
		{ "{\"issuer\": \"i\", \"subject\": \"1\", \"user\": \"jane\"}\n\n"
		  "{\"note\": \"x\", \"user\": \"ravi\", \"subject\": \"2\", \"issuer\": \"i\"}",
		  "i|1|jane|;i|2|ravi|x;" },
		{ "issuer,subject,user\n", "" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(cases); i++)
		assert_rows(cases[i].text, cases[i].rows);
}

static void mistakes_have_their_line(void **state UNUSED)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *part;
	} cases[] = {
		{ "", 0, "empty" },
		{ "\n\n", 0, "empty" },
		{ "i,1,jane\n", 1, "name the columns" },
		{ "issuer,subject\n", 1, "name the columns" },
		{ "issuer,subject,user,user\n", 1, "name the columns" },
		{ "issuer,subject,user,colour\n", 1, "name the columns" },
		{ "issuer,subject,user,note,more\n", 1, "more fields" },
		{ "issuer,subject,user\ni,1\n", 2, "2 fields where the first line has 3" },
		{ "issuer,subject,user\n\ni,1,a,b\n", 3, "4 fields" },
		{ "issuer,subject,user\ni,1,a,b,c\n", 2, "more fields" },
		{ "issuer,subject,user\ni,,a\n", 2, "\"subject\" is empty" },
		{ "issuer,subject,user\ni,1,\"a\n", 2, "not closed" },
		{ "issuer,subject,user\ni,1,\"a\"b\n", 2, "must be a comma" },
		{ "issuer,subject,user\ni,\"1\n2\",a\n", 2, "control" },
		{ "issuer,subject,user\ni,1\r2,a\n", 2, "control" },
		{ "issuer,subject,user\ni,1,\xff\n", 2, "UTF-8" },
		{ "issuer,subject,user\n\"i\n\",1,\na,b\n", 2, "control" },
		{ "{\"issuer\": \"i\"}\n", 1, "\"subject\" is empty" },
		{ "{}\n{\"issuer\": 1}\n", 1, "\"issuer\" is empty" },
		{ "{\"issuer\": 1}\n", 1, "a string" },
		{ "{\"issuer\": \"i\", \"subject\": \"1\", \"user\": \"a\", \"colour\": \"x\"}",
		  1, "members" },
		{ "{\n}\n", 1, "not one JSON object" },
		{ "{\"issuer\":\"i\",\"issuer\":\"j\",\"subject\":\"1\",\"user\":\"a\"}",
		  1, "not one JSON" },
	};
	size_t i;

	for (i = 0; i < N_ELEMENTS(cases); i++) {
		struct conf_report report = { 0 };
		json_t *rows = read_text(cases[i].text, &report);

		if (!report.n_mistakes || report.mistakes[0].line != cases[i].line ||
		    !strstr(report.mistakes[0].text, cases[i].part))
			fail_msg("case %zu: line %u: %s", i,
				 report.n_mistakes ? report.mistakes[0].line : 0,
				 report.n_mistakes ? report.mistakes[0].text : "nothing");
		json_decref(rows);
		conf_report_done(&report);
	}
}

static void reading_goes_on_after_a_mistake(void **state UNUSED)
{
	struct conf_report report = { 0 };
	json_t *rows = read_text("issuer,subject,user\ni,,a\ni,1,\"a\"b,c\ni,2,c\ni\n", &report);

	assert_int_equal(report.n_mistakes, 3);
	assert_int_equal(report.mistakes[1].line, 3);
	assert_int_equal(report.mistakes[2].line, 5);
	assert_int_equal(json_array_size(rows), 1);
	json_decref(rows);
	conf_report_done(&report);
}

static void limits_are_kept(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct buf text = BUF_INIT(ROW_FILE_BYTES_MAX + 100);
	json_t *rows;
	int i;

	buf_add_text(&text, "issuer,subject,user\n");
	for (i = 0; i < ROW_FILE_ROWS_MAX + 5; i++)
		buf_add_format(&text, "i,%d,a\n", i);
	rows = row_file_read(&link_form, buf_text(&text), text.len, "links", &report);
	assert_int_equal(json_array_size(rows), ROW_FILE_ROWS_MAX);
	assert_int_equal(report.n_mistakes, 1);
	assert_int_equal(report.mistakes[0].line, ROW_FILE_ROWS_MAX + 2);
	json_decref(rows);
	conf_report_done(&report);
	buf_done(&text);

	buf_add_text(&text, "issuer,subject,user\n");
	for (i = 0; i < 5000; i++)
		buf_add_char(&text, 'x');
	buf_add_text(&text, ",1,a\n");
	rows = row_file_read(&link_form, buf_text(&text), text.len, "links", &report);
	assert_int_equal(report.n_mistakes, 1);
	assert_non_null(strstr(report.mistakes[0].text, "too long"));
	json_decref(rows);
	conf_report_done(&report);
	buf_done(&text);
}

/* What export writes, import reads back. */
static void assert_there_and_back(void (*write)(const json_t *rows, FILE *out))
{
	json_t *rows = json_pack(
		"[{s:s,s:s,s:s,s:s,s:i}, {s:s,s:s,s:s,s:s,s:i}, {s:s,s:s,s:s,s:s,s:i}]",
		"issuer", "https://i", "subject", "1", "user", "jane", "note", "", "id", 1,
		"issuer", "a,b", "subject", "say \"hi\"", "user", "Zo\xc3\xab",
		"note", " x ", "id", 2,
		"issuer", "{", "subject", "#", "user", "\"", "note", ",", "id", 3);
	struct conf_report report = { 0 };
	json_t *again, *row;
	char *text = NULL;
	size_t len, i;
	FILE *out = open_memstream(&text, &len);

	write(rows, out);
	fclose(out);
	again = row_file_read(&link_form, text, len, "links", &report);
	assert_int_equal(report.n_mistakes, 0);
	json_array_foreach(rows, i, row)
		(void)json_object_del(row, "id");
	assert_true(json_equal(rows, again));
	json_decref(rows);
	json_decref(again);
	free(text);
}

static void what_is_written_is_read_back(void **state UNUSED)
{
	assert_there_and_back(link_file_write_csv);
	assert_there_and_back(link_file_write_json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_are_read),
		cmocka_unit_test(mistakes_have_their_line),
		cmocka_unit_test(reading_goes_on_after_a_mistake),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(what_is_written_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
