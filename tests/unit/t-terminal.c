/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions in a terminal: a pseudo-terminal stands for the person's. */
#include "jauthctl/terminal.h"

#include <pty.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macro.h"

struct person {
	int keyboard;            /* write here what is typed */
	int saved_stdin;
	struct terminal terminal;
};

static int sit_down(void **state)
{
	static struct person person;
	int screen;

	if (openpty(&person.keyboard, &screen, NULL, NULL, NULL) < 0)
		return -1;
	person.saved_stdin = dup(STDIN_FILENO);
	dup2(screen, STDIN_FILENO);
	close(screen);
	*state = &person;
	return terminal_begin(&person.terminal);
}

static int stand_up(void **state)
{
	struct person *person = *state;

	terminal_end(&person->terminal);
	dup2(person->saved_stdin, STDIN_FILENO);
	close(person->saved_stdin);
	close(person->keyboard);
	return 0;
}

static void type(const struct person *person, const char *text)
{
	assert_int_equal(write(person->keyboard, text, strlen(text)), (ssize_t)strlen(text));
}

static bool echo_is_on(void)
{
	struct termios mode;

	assert_int_equal(tcgetattr(STDIN_FILENO, &mode), 0);
	return mode.c_lflag & ECHO;
}

static enum line_end ask(struct person *person, bool echo, int other_fd, struct line *line)
{
	const struct question question = { "", stdout, echo, other_fd };

	return terminal_ask(&person->terminal, &question, line);
}

static void a_line_is_an_answer(void **state)
{
	struct person *person = *state;
	struct line line;

	type(person, "first\nsecond\n\n");
	assert_int_equal(ask(person, true, -1, &line), LINE_DONE);
	assert_string_equal(line.text, "first");
	assert_int_equal(line.len, 5);
	assert_int_equal(ask(person, true, -1, &line), LINE_DONE);
	assert_string_equal(line.text, "second");
	assert_int_equal(ask(person, true, -1, &line), LINE_DONE);
	assert_int_equal(line.len, 0);
	line_wipe(&line);
	assert_true(echo_is_on());
}

static void a_line_that_is_too_long_is_none(void **state)
{
	struct person *person = *state;
	char text[LOGIN_ANSWER_MAX + 3];
	struct line line;

	memset(text, 'x', sizeof(text));
	text[LOGIN_ANSWER_MAX] = '\n';
	text[LOGIN_ANSWER_MAX + 1] = '\0';
	type(person, text);
	assert_int_equal(ask(person, true, -1, &line), LINE_DONE);
	assert_int_equal(line.len, LOGIN_ANSWER_MAX);

	text[LOGIN_ANSWER_MAX] = 'x';
	text[LOGIN_ANSWER_MAX + 1] = '\n';
	text[LOGIN_ANSWER_MAX + 2] = '\0';
	type(person, text);
	assert_int_equal(ask(person, true, -1, &line), LINE_TOO_LONG);
	assert_int_equal(line.len, 0);
	type(person, "next\n");
	assert_int_equal(ask(person, true, -1, &line), LINE_DONE);
	assert_string_equal(line.text, "next");
}

static void the_end_of_input_cancels(void **state)
{
	struct person *person = *state;
	struct line line;

	type(person, "\004");
	assert_int_equal(ask(person, true, -1, &line), LINE_CANCELLED);
}

/* The question is over before anything is typed, as the socket has news. */
static void another_descriptor_overtakes(void **state)
{
	struct person *person = *state;
	struct line line;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(ask(person, false, fds[0], &line), LINE_OVERTAKEN);
	assert_true(echo_is_on());
	close(fds[0]);
	close(fds[1]);
}

/* An interrupt ends the question, the echo is back, and the signal still waits. */
static void an_interrupt_restores_the_terminal(void **state)
{
	struct person *person = *state;
	const struct timespec no_time = { 0 };
	struct line line;
	sigset_t set;

	assert_false(terminal_is_interrupted());
	assert_int_equal(raise(SIGINT), 0);
	assert_int_equal(ask(person, false, -1, &line), LINE_CANCELLED);
	assert_true(echo_is_on());
	assert_true(terminal_is_interrupted());

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	assert_int_equal(sigtimedwait(&set, NULL, &no_time), SIGINT);
	assert_false(terminal_is_interrupted());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_line_is_an_answer, sit_down, stand_up),
		cmocka_unit_test_setup_teardown(a_line_that_is_too_long_is_none, sit_down,
						stand_up),
		cmocka_unit_test_setup_teardown(the_end_of_input_cancels, sit_down, stand_up),
		cmocka_unit_test_setup_teardown(another_descriptor_overtakes, sit_down, stand_up),
		cmocka_unit_test_setup_teardown(an_interrupt_restores_the_terminal, sit_down,
						stand_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
