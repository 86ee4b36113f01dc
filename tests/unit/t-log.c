/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log: what reaches stderr. */
#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct capture {
	int saved_stderr, pipe_read;
};

static void capture_begin(struct capture *capture)
{
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	capture->saved_stderr = dup(STDERR_FILENO);
	capture->pipe_read = fds[0];
	assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	close(fds[1]);
}

/* Everything written since; `text` has room for 4096 bytes. */
static void capture_end(struct capture *capture, char *text)
{
	ssize_t n;

	dup2(capture->saved_stderr, STDERR_FILENO);
	close(capture->saved_stderr);
	n = read(capture->pipe_read, text, 4095);
	text[n > 0 ? n : 0] = '\0';
	close(capture->pipe_read);
}

static void a_line_is_clean_and_bounded(void **state UNUSED)
{
	struct capture capture;
	char text[4096], wide[3000];

	memset(wide, 'x', sizeof(wide) - 1);
	wide[sizeof(wide) - 1] = '\0';
	unsetenv("JOURNAL_STREAM");
	capture_begin(&capture);
	errno = ENOTTY;
	log_error("user \"%s\"", "a\033[2J\nb");
	assert_int_equal(errno, ENOTTY);
	log_info("%s", wide);
	capture_end(&capture, text);

	assert_true(strncmp(text, "user \"a?[2J?b\"\nxxx", 18) == 0);
	assert_true(strlen(text) <= 15 + 1024);
	assert_int_equal(text[strlen(text) - 1], '\n');
}

static void debug_is_dropped_unless_switched_on(void **state UNUSED)
{
	struct capture capture;
	char text[4096];

	capture_begin(&capture);
	log_debug("first");
	log_set_debug(true);
	log_debug("second");
	log_set_debug(false);
	log_debug("third");
	capture_end(&capture, text);
	assert_string_equal(text, "second\n");
}

static void the_journal_gets_the_priority(void **state UNUSED)
{
	struct capture capture;
	char text[4096], stream[64];
	struct stat st;

	capture_begin(&capture);
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	(void)snprintf(stream, sizeof(stream), "%ju:%ju",
		       (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_warning("careful");
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_warning("elsewhere");
	capture_end(&capture, text);
	unsetenv("JOURNAL_STREAM");
	assert_string_equal(text, "<4>careful\nelsewhere\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_clean_and_bounded),
		cmocka_unit_test(debug_is_dropped_unless_switched_on),
		cmocka_unit_test(the_journal_gets_the_priority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
