/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The person at the keyboard. Between terminal_begin() and terminal_end() SIGINT, SIGTERM,
 * SIGHUP and SIGQUIT wait: they end a question, the terminal gets its echo back, and then they
 * act as ever.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/login-protocol.h"

struct terminal {
	sigset_t old_mask;
	int signal_fd;
};

/* 0 or -errno. */
int terminal_begin(struct terminal *terminal);
void terminal_end(struct terminal *terminal);
/* True when one of those signals waits. */
bool terminal_is_interrupted(void);

struct line {
	size_t len;
	char text[LOGIN_ANSWER_MAX + 1];     /* NUL-terminated; wipe with line_wipe() */
};

enum line_end {
	LINE_DONE,
	LINE_CANCELLED,      /* a signal, or the end of the input */
	LINE_TOO_LONG,
	LINE_OVERTAKEN,      /* `other_fd` has something to read */
};

struct question {
	const char *prompt;
	FILE *out;           /* where the prompt goes */
	bool echo;
	int other_fd;        /* or -1 */
};

/* Prints the prompt and reads one line from stdin, without its newline. */
enum line_end terminal_ask(struct terminal *terminal, const struct question *question,
			   struct line *ret_line);
void line_wipe(struct line *line);

/* "… [y/N] " on the controlling terminal, which need not be stdin; false unless it is answered
 * by y. */
bool terminal_confirm(const char *prompt);
