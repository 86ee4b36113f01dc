/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Configuration: what is read, what it becomes, and every mistake with its place. */
#include "base/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

struct fruit {
	char *name;
	bool ripe;
	int64_t seeds, days;
	int colour;
	char **friends;
	char *url;
	struct secret *juice;
};

static const char *const colours[] = { "green", "yellow", "red", NULL };

static const struct conf_key fruit_keys[] = {
	{ "name", CONF_TEXT, offsetof(struct fruit, name), CONF_REQUIRED, 2, 10 },
	{ "ripe", CONF_BOOL, offsetof(struct fruit, ripe), .fallback = "yes" },
	{ "seeds", CONF_NUMBER, offsetof(struct fruit, seeds), 0, 1, 20, .fallback = "4" },
	{ "days", CONF_DURATION, offsetof(struct fruit, days), 0, 60, 86400, .fallback = "2h" },
	{ "colour", CONF_CHOICE, offsetof(struct fruit, colour), .choices = colours },
	{ "friends", CONF_LIST, offsetof(struct fruit, friends), 0, 1, 3 },
	{ "url", CONF_URL, offsetof(struct fruit, url) },
	{ "juice", CONF_SECRET, offsetof(struct fruit, juice), 0, 2, 8 },
	{ NULL }
};

static void assert_mistake(const struct conf_report *report, size_t i, unsigned line,
			   const char *part)
{
	assert_true(i < report->n_mistakes);
	if (report->mistakes[i].line != line || !strstr(report->mistakes[i].text, part))
		fail_msg("mistake %zu: %s:%u: %s", i, report->mistakes[i].file,
			 report->mistakes[i].line, report->mistakes[i].text);
}

static void read_named(const char *name, const char *text, struct conf *conf,
		       struct conf_report *report)
{
	conf_read_text(text, strlen(text), name, conf, report);
}

static void read_text(const char *text, struct conf *conf, struct conf_report *report)
{
	read_named("test.conf", text, conf, report);
}

static void sections_and_entries_are_read(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct conf conf = { 0 };
	const struct conf_entry *entry;

	read_text("# comment\n; another\n\n[general]\n  key =  a value # not a comment = x \t\n"
		  "[  method \t work ]\nother=1\n[general]\nthird =\n"
		  "key-4_x = Zo\xc3\xab", &conf, &report);
	assert_int_equal(report.n_mistakes, 0);
	assert_int_equal(conf.n_sections, 2);
	assert_string_equal(conf.sections[0].name, "general");
	assert_int_equal(conf.sections[0].line, 4);
	assert_string_equal(conf.sections[1].name, "method work");
	assert_int_equal(conf.sections[0].n_entries, 3);
	entry = conf_find(&conf.sections[0], "key");
	assert_string_equal(entry->value, "a value # not a comment = x");
	assert_int_equal(entry->line, 5);
	assert_string_equal(entry->file, "test.conf");
	assert_string_equal(conf_find(&conf.sections[0], "third")->value, "");
	assert_string_equal(conf_find(&conf.sections[0], "key-4_x")->value, "Zo\xc3\xab");
	assert_null(conf_find(&conf.sections[0], "other"));
	assert_null(conf_find(NULL, "other"));
	conf_done(&conf);
}

static void every_syntax_mistake_is_reported(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct conf conf = { 0 };

	read_text("early = 1\n"               /* 1 */
		  "[good]\n"
		  "no equals sign\n"          /* 3 */
		  "Upper = 1\n"               /* 4 */
		  "= 1\n"                     /* 5 */
		  "a = 1\n"
		  "a = 2\n"                   /* 7 */
		  "c = \xff\n"                /* 8 */
		  "d = a\tb\n"                /* 9 */
		  "[bad\n"                    /* 10 */
		  "skipped without a word\n"
		  "[]\n"                      /* 12 */
		  "[a] b\n"                   /* 13 */
		  "[a[b]\n"                   /* 14 */
		  "e = 1\r\n"                 /* skipped */
		  "[good]\n"
		  "e = 1\r\n",                /* 17 */
		  &conf, &report);
	assert_mistake(&report, 0, 1, "before the first");
	assert_mistake(&report, 1, 3, "neither");
	assert_mistake(&report, 2, 4, "a key consists of");
	assert_mistake(&report, 3, 5, "a key consists of");
	assert_mistake(&report, 4, 7, "in line 6 already");
	assert_mistake(&report, 5, 8, "UTF-8");
	assert_mistake(&report, 6, 9, "control");
	assert_mistake(&report, 7, 10, "must end with");
	assert_mistake(&report, 8, 12, "name is text");
	assert_mistake(&report, 9, 13, "must end with");
	assert_mistake(&report, 10, 14, "name is text");
	assert_mistake(&report, 11, 17, "control");
	assert_int_equal(report.n_mistakes, 12);
	conf_done(&conf);
	conf_report_done(&report);
	conf_read_text("[a]\nb\0=1\n", 9, "x", &conf, &report);
	assert_mistake(&report, 0, 2, "NUL");
	conf_done(&conf);
	conf_report_done(&report);
}

static void limits_are_kept(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct conf conf = { 0 };
	struct buf text = BUF_INIT(400 * 1024);
	int i;

	buf_add_text(&text, "[a]\n");
	for (i = 0; i < 5000; i++)
		buf_add_format(&text, "k%d = 1\n", i);
	conf_read_text(buf_text(&text), text.len, "x", &conf, &report);
	assert_int_equal(conf.sections[0].n_entries, 4095);
	assert_mistake(&report, 0, 4097, "4096 lines");
	assert_int_equal(report.n_mistakes, 1);
	conf_done(&conf);
	conf_report_done(&report);

	buf_done(&text);
	for (i = 0; i < 4097; i++)
		buf_add_char(&text, '#');
	buf_add_text(&text, "\n[a]\n");
	conf_read_text(buf_text(&text), text.len, "x", &conf, &report);
	assert_mistake(&report, 0, 1, "longer than 4096");
	assert_int_equal(conf.n_sections, 1);
	conf_done(&conf);
	conf_report_done(&report);

	for (i = 0; i < 300 * 1024; i++)
		buf_add_char(&text, '\n');
	conf_read_text(buf_text(&text), text.len, "x", &conf, &report);
	assert_mistake(&report, 0, 0, "256 KiB");
	assert_int_equal(conf.n_sections, 0);
	conf_report_done(&report);
	buf_done(&text);

	for (i = 0; i < 200; i++)
		conf_mistake(&report, "x", 1, "mistake %d", i);
	assert_int_equal(report.n_mistakes, CONF_MISTAKES_MAX);
	conf_report_done(&report);
}

static void mistakes_are_clean_lines(void **state UNUSED)
{
	struct conf_report report = { 0 };

	conf_mistake(&report, "x", 1, "%s", "a\033[1mb\nc");
	assert_string_equal(report.mistakes[0].text, "a?[1mb?c");
	conf_report_done(&report);
}

/* Applies one text's first section. */
static void apply(const char *text, struct fruit *fruit, struct conf_report *report)
{
	const struct conf_table table = { fruit_keys, fruit };
	struct conf conf = { 0 };

	*fruit = (struct fruit){ 0 };
	read_text(text, &conf, report);
	conf_apply(conf.n_sections ? conf.sections : NULL, &table, 1, report);
	conf_done(&conf);
}

static void values_reach_their_fields(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct fruit fruit;

	apply("[x]\nname = apple\nripe = no\nseeds = 20\ndays = 1d\ncolour = red\n"
	      "friends = pear,  plum ,fig tree\nurl = https://example.org/a\n", &fruit, &report);
	assert_int_equal(report.n_mistakes, 0);
	assert_string_equal(fruit.name, "apple");
	assert_false(fruit.ripe);
	assert_int_equal(fruit.seeds, 20);
	assert_int_equal(fruit.days, 86400);
	assert_int_equal(fruit.colour, 2);
	assert_int_equal(list_length(fruit.friends), 3);
	assert_string_equal(fruit.friends[1], "plum");
	assert_string_equal(fruit.friends[2], "fig tree");
	assert_string_equal(fruit.url, "https://example.org/a");
	assert_null(fruit.juice);
	conf_release(fruit_keys, &fruit);
	assert_null(fruit.name);
	assert_null(fruit.friends);
}

static void fallbacks_fill_what_is_absent(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct fruit fruit;

	apply("", &fruit, &report);
	assert_int_equal(report.n_mistakes, 0);
	assert_true(fruit.ripe);
	assert_int_equal(fruit.seeds, 4);
	assert_int_equal(fruit.days, 7200);
	assert_int_equal(fruit.colour, 0);
	assert_null(fruit.name);
	conf_release(fruit_keys, &fruit);

	apply("[x]\n", &fruit, &report);
	assert_int_equal(report.n_mistakes, 1);
	assert_mistake(&report, 0, 1, "[x] needs \"name\"");
	conf_release(fruit_keys, &fruit);
	conf_report_done(&report);
}

static void every_wrong_value_says_what_would_be_right(void **state UNUSED)
{
	static const struct {
		const char *line, *part;
	} rows[] = {
		{ "name = a", "2 to 10 bytes" },
		{ "name = elevenchars", "2 to 10 bytes" },
		{ "name =", "2 to 10 bytes" },
		{ "ripe = true", "yes or no" },
		{ "ripe = Yes", "yes or no" },
		{ "seeds = 0", "whole number from 1 to 20" },
		{ "seeds = 21", "whole number from 1 to 20" },
		{ "seeds = 3.0", "whole number" },
		{ "days = 59", "from 60 to 86400 seconds" },
		{ "days = 2d", "from 60 to 86400 seconds" },
		{ "days = 3 min", "3min" },
		{ "days = 3m", "3min" },
		{ "days = min", "3min" },
		{ "days = -90", "3min" },
		{ "days = 99999999999999999999d", "3min" },
		{ "colour = blue", "one of green, yellow, red" },
		{ "colour =", "one of" },
		{ "friends =", "list" },
		{ "friends = a,,b", "list" },
		{ "friends = a,", "list" },
		{ "friends = a, b, c, d", "of 1 to 3" },
		{ "url = http://example.org/", "https" },
		{ "url = example.org", "https" },
		{ "colours = red", "\"colours\" is no key of [x]; did you mean \"colour\"?" },
		{ "shape = round", "\"shape\" is no key of [x]; there are: name, ripe" },
		{ "name_file = /x", "no key" },
		{ "juice = sweet", "juice_file = /path" },
		{ "juice_file = relative", "must start with" },
		{ "juice_file = /nonexistent/file", "cannot be opened" },
		{ "juice_credential = ../x", "no \"/\"" },
		{ "juice_credential = x", "LoadCredential" },
		{ "juice_file_file = /x", "no key" },
	};
	size_t i;

	unsetenv("CREDENTIALS_DIRECTORY");
	for (i = 0; i < N_ELEMENTS(rows); i++) {
		_cleanup_free_ char *text = text_format("[x]\n%s%s\n",
			text_has_prefix(rows[i].line, "name =") ? "" : "name = apple\n",
			rows[i].line);
		struct conf_report report = { 0 };
		struct fruit fruit;

		apply(text, &fruit, &report);
		assert_int_equal(report.n_mistakes, 1);
		assert_mistake(&report, 0, strncmp(rows[i].line, "name =", 6) ? 3 : 2,
			       rows[i].part);
		assert_null(strstr(report.mistakes[0].text, "sweet"));
		conf_release(fruit_keys, &fruit);
		conf_report_done(&report);
	}
}

static void a_separate_section_is_new_each_time(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct conf conf = { .separate = "a" };

	read_named("one", "[a]\nx = 1\n[a]\nx = 2\n[a b]\ny = 1\n[a b]\nz = 1\n", &conf, &report);
	read_named("two", "[a]\nx = 3\n[a b]\ny = 2\n", &conf, &report);
	assert_int_equal(report.n_mistakes, 0);
	assert_int_equal(conf.n_sections, 4);
	assert_string_equal(conf_find(&conf.sections[0], "x")->value, "1");
	assert_string_equal(conf_find(&conf.sections[1], "x")->value, "2");
	assert_string_equal(conf_find(&conf.sections[2], "y")->value, "2");
	assert_string_equal(conf_find(&conf.sections[3], "x")->value, "3");
	conf_done(&conf);
}

static void later_files_override_keys_and_add_to_sections(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct conf conf = { 0 };

	read_named("one", "[a]\nx = 1\ny = 1\n", &conf, &report);
	read_named("two", "[a]\nx = 2\nz = 2\n[b]\n", &conf, &report);
	assert_int_equal(report.n_mistakes, 0);
	assert_int_equal(conf.n_sections, 2);
	assert_int_equal(conf.sections[0].n_entries, 3);
	assert_string_equal(conf_find(conf.sections, "x")->value, "2");
	assert_string_equal(conf_find(conf.sections, "x")->file, "two");
	assert_string_equal(conf_find(conf.sections, "y")->file, "one");
	assert_string_equal(conf.sections[0].file, "one");
	conf_done(&conf);
}

/* A folder of the test's own, removed at the end. */
struct folder {
	char path[64];
};

static int folder_make(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	(void)snprintf(folder->path, sizeof(folder->path), "/tmp/t-conf-XXXXXX");
	*state = folder;
	return mkdtemp(folder->path) ? 0 : -1;
}

static const char *const made[] = {
	"main.conf.d/10-a.conf", "main.conf.d/9-b.conf", "main.conf.d/.hidden.conf",
	"main.conf.d/note.txt", "main.conf.d/folder.conf", "main.conf.d", "main.conf", "secret",
	"link",
};

static int folder_remove(void **state)
{
	struct folder *folder = *state;
	size_t i;

	for (i = 0; i < N_ELEMENTS(made); i++) {
		_cleanup_free_ char *path = text_format("%s/%s", folder->path, made[i]);

		(void)remove(path);
	}
	(void)remove(folder->path);
	free(folder);
	return 0;
}

static char *folder_write(const struct folder *folder, const char *name, const char *text,
			  mode_t mode)
{
	char *path = text_format("%s/%s", folder->path, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static void drop_ins_follow_in_the_order_of_their_names(void **state)
{
	struct folder *folder = *state;
	_cleanup_free_ char *dir = text_format("%s/main.conf.d", folder->path);
	_cleanup_free_ char *sub = text_format("%s/folder.conf", dir);
	_cleanup_free_ char *path = folder_write(folder, "main.conf", "[a]\nx = 0\n", 0644);
	struct conf_report report = { 0 };
	struct conf conf = { 0 };

	assert_int_equal(conf_read(path, &conf, &report), 0);
	assert_string_equal(conf_find(conf.sections, "x")->value, "0");
	conf_done(&conf);

	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mkdir(sub, 0755), 0);
	free(folder_write(folder, made[0], "[a]\nx = 10\n", 0644));
	free(folder_write(folder, made[1], "[a]\nx = 9\nwrong\n", 0644));
	free(folder_write(folder, made[2], "wrong", 0644));
	free(folder_write(folder, made[3], "wrong", 0644));
	assert_int_equal(conf_read(path, &conf, &report), 0);
	assert_string_equal(conf_find(conf.sections, "x")->value, "9");
	assert_int_equal(report.n_mistakes, 2);
	assert_mistake(&report, 0, 3, "neither");
	assert_true(text_has_suffix(report.mistakes[0].file, "9-b.conf"));
	assert_mistake(&report, 1, 0, "cannot be read");
	conf_done(&conf);
	conf_report_done(&report);

	assert_int_equal(conf_read("/nonexistent/main.conf", &conf, &report), -ENOENT);
	assert_int_equal(conf_read(dir, &conf, &report), -EISDIR);
	assert_int_equal(report.n_mistakes, 0);
}

static void what_earlier_files_said_is_remembered(void **state UNUSED)
{
	static const struct {
		const char *file, *text;
	} files[] = {
		{ "main", "[a]\nx = 0\ny = 1\n" }, { "1", "[a]\nx = 2\n" },
		{ "2", "[b]\nx = 9\n[a]\n\nx = 3\nx = 4\n" },
	};
	struct conf_report report = { 0 };
	struct conf conf = { 0 };
	const struct conf_entry *entry;

	for (size_t i = 0; i < N_ELEMENTS(files); i++)
		conf_read_text(files[i].text, strlen(files[i].text), files[i].file, &conf,
			       &report);
	entry = conf_find(&conf.sections[0], "x");
	for (size_t i = N_ELEMENTS(files); i-- > 0; entry = entry->before) {
		assert_string_equal(entry->file, files[i].file);
		assert_int_equal(entry->line, i == 2 ? 5 : 2);
		assert_string_equal(entry->value, i == 2 ? "3" : i == 1 ? "2" : "0");
	}
	assert_null(entry);
	assert_null(conf_find(&conf.sections[0], "y")->before);
	assert_null(conf_find(&conf.sections[1], "x")->before);
	/* The same key twice in one file is a mistake, and overrides nothing. */
	assert_int_equal(report.n_mistakes, 1);
	conf_done(&conf);
	conf_report_done(&report);
}

static void read_with(const char *path, const struct conf_drop_in *drop_ins, size_t n,
		      struct conf *conf, struct conf_report *report)
{
	*conf = (struct conf){ .drop_ins = drop_ins, .n_drop_ins = n };
	assert_int_equal(conf_read(path, conf, report), 0);
}

static void a_drop_in_can_be_tried_before_it_is_there(void **state)
{
	struct folder *folder = *state;
	_cleanup_free_ char *dir = text_format("%s/main.conf.d", folder->path);
	_cleanup_free_ char *path = folder_write(folder, "main.conf", "[a]\nx = 0\n", 0644);
	static const struct {
		const char *name, *text, *x, *y;
	} rows[] = {
		{ "5-new.conf", "[a]\nx = 5\n", "9", NULL },     /* before the others */
		{ "95-new.conf", "[a]\nx = 95\ny = 1\n", "95", "1" },     /* behind them */
		{ "9-b.conf", "[a]\ny = 2\n", "10", "2" },                /* instead of one */
		{ "9-b.conf", NULL, "10", NULL },                         /* without it */
		{ "99-none.conf", NULL, "9", NULL },
	};
	struct conf_report report = { 0 };
	struct conf conf;

	read_with(path, &(struct conf_drop_in){ "n.conf", "[a]\nx = 3\n", 10 }, 1, &conf, &report);
	assert_string_equal(conf_find(conf.sections, "x")->value, "3");
	conf_done(&conf);
	assert_int_equal(mkdir(dir, 0755), 0);
	free(folder_write(folder, made[0], "[a]\nx = 10\n", 0644));
	free(folder_write(folder, made[1], "[a]\nx = 9\n", 0644));
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		const struct conf_drop_in given = {
			rows[i].name, rows[i].text, rows[i].text ? strlen(rows[i].text) : 0
		};
		const struct conf_entry *y;

		read_with(path, &given, 1, &conf, &report);
		assert_string_equal(conf_find(conf.sections, "x")->value, rows[i].x);
		y = conf_find(conf.sections, "y");
		assert_true(text_equals(y ? y->value : NULL, rows[i].y));
		conf_done(&conf);
	}
	assert_int_equal(report.n_mistakes, 0);
}

static void drop_ins_that_are_tried_have_their_places(void **state)
{
	struct folder *folder = *state;
	_cleanup_free_ char *path = folder_write(folder, "main.conf", "[a]\nx = 0\n", 0644);
	static const struct conf_drop_in given[] = {
		{ "a.conf", "[a]\nx = 1\nwrong\n", 16 }, { "b.conf", "[a]\nx = 2\n", 10 },
	};
	struct conf_report report = { 0 };
	struct conf conf;

	read_with(path, given, 2, &conf, &report);
	assert_string_equal(conf_find(conf.sections, "x")->value, "2");
	assert_int_equal(report.n_mistakes, 1);
	assert_mistake(&report, 0, 3, "neither");
	assert_true(text_has_suffix(report.mistakes[0].file, "main.conf.d/a.conf"));
	conf_done(&conf);
	conf_report_done(&report);
}

static void assert_secret(const char *text, const char *content, const char *complaint)
{
	struct conf_report report = { 0 };
	struct fruit fruit;

	apply(text, &fruit, &report);
	assert_int_equal(report.n_mistakes, complaint ? 1 : 0);
	if (complaint)
		assert_mistake(&report, 0, 3, complaint);
	if (content)
		assert_true(secret_equals(fruit.juice, content, strlen(content)));
	else
		assert_null(fruit.juice);
	conf_release(fruit_keys, &fruit);
	conf_report_done(&report);
}

static void secrets_come_from_files_that_others_cannot_read(void **state)
{
	static const struct {
		const char *content;
		mode_t mode;
		const char *secret, *complaint;
	} rows[] = {
		{ "sour", 0600, "sour", NULL },
		{ "sour\n", 0640, "sour", NULL },
		{ "sour\n\n", 0400, "sour\n", NULL },
		{ "12345678\n", 0600, "12345678", NULL },
		{ "123456789", 0600, NULL, "2 to 8 bytes" },
		{ "1\n", 0600, NULL, "2 to 8 bytes" },
		{ "", 0600, NULL, "2 to 8 bytes" },
		{ "sour", 0604, NULL, "others" },
		{ "sour", 0602, NULL, "others" },
	};
	struct folder *folder = *state;
	_cleanup_free_ char *path = text_format("%s/secret", folder->path);
	_cleanup_free_ char *link = text_format("%s/link", folder->path);
	_cleanup_free_ char *by_file = text_format("[x]\nname = apple\njuice_file = %s\n", path);
	_cleanup_free_ char *by_link = text_format("[x]\nname = apple\njuice_file = %s\n", link);
	_cleanup_free_ char *folder_as_file =
		text_format("[x]\nname = apple\njuice_file = %s\n", folder->path);
	size_t i;

	for (i = 0; i < N_ELEMENTS(rows); i++) {
		(void)unlink(path);
		free(folder_write(folder, "secret", rows[i].content, rows[i].mode));
		assert_secret(by_file, rows[i].secret, rows[i].complaint);
	}
	free(folder_write(folder, "secret", "sour", 0600));
	assert_int_equal(symlink(path, link), 0);
	assert_secret(by_link, NULL, "symbolic link");
	assert_secret(folder_as_file, NULL, "regular file");
	setenv("CREDENTIALS_DIRECTORY", folder->path, 1);
	assert_secret("[x]\nname = apple\njuice_credential = secret\n", "sour", NULL);
	assert_secret("[x]\nname = apple\njuice_credential = absent\n", NULL, "cannot be opened");
	unsetenv("CREDENTIALS_DIRECTORY");
}

static void a_secret_is_given_once(void **state UNUSED)
{
	struct conf_report report = { 0 };
	struct fruit fruit;

	apply("[x]\nname = apple\njuice_file = /a\njuice_credential = b\n", &fruit, &report);
	assert_int_equal(report.n_mistakes, 1);
	assert_mistake(&report, 0, 4, "both given");
	conf_release(fruit_keys, &fruit);
	conf_report_done(&report);
}

static void several_tables_share_a_section(void **state UNUSED)
{
	static const struct conf_key box_keys[] = {
		{ "size", CONF_NUMBER, 0 },
		{ NULL }
	};
	struct conf_report report = { 0 };
	struct conf conf = { 0 };
	struct fruit fruit = { 0 };
	int64_t size = 0;
	const struct conf_table tables[] = { { fruit_keys, &fruit }, { box_keys, &size } };

	read_text("[x]\nname = apple\nsize = -7\nwrong = 1\n", &conf, &report);
	conf_apply(conf.sections, tables, 2, &report);
	assert_int_equal(size, -7);
	assert_string_equal(fruit.name, "apple");
	assert_int_equal(report.n_mistakes, 1);
	assert_mistake(&report, 0, 4, "juice_file, size");
	conf_release(fruit_keys, &fruit);
	conf_done(&conf);
	conf_report_done(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_and_entries_are_read),
		cmocka_unit_test(every_syntax_mistake_is_reported),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(mistakes_are_clean_lines),
		cmocka_unit_test(values_reach_their_fields),
		cmocka_unit_test(fallbacks_fill_what_is_absent),
		cmocka_unit_test(every_wrong_value_says_what_would_be_right),
		cmocka_unit_test(a_separate_section_is_new_each_time),
		cmocka_unit_test(later_files_override_keys_and_add_to_sections),
		cmocka_unit_test(what_earlier_files_said_is_remembered),
		cmocka_unit_test_setup_teardown(drop_ins_follow_in_the_order_of_their_names,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(a_drop_in_can_be_tried_before_it_is_there,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(drop_ins_that_are_tried_have_their_places,
						folder_make, folder_remove),
		cmocka_unit_test_setup_teardown(secrets_come_from_files_that_others_cannot_read,
						folder_make, folder_remove),
		cmocka_unit_test(a_secret_is_given_once),
		cmocka_unit_test(several_tables_share_a_section),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
