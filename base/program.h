/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the daemons begin: their command line, what guards the process, the user it becomes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* --NAME VALUE or the switch --NAME: one of `value` and `is_on` says where it goes. */
struct program_option {
	const char *name;
	const char **value;
	bool *is_on;
};

#define PROGRAM_OPTIONS_MAX 8

struct program {
	const char *name;
	const char *usage;               /* ends with a newline */
	const struct program_option *options;
	size_t n_options;                /* at most PROGRAM_OPTIONS_MAX */
	/* Where the words begin that are no options; NULL: there may be none. */
	int *first_word;
};

/* Reads the command line; --help and --version are everybody's. 0: go on; else it is all said, and
 * that is the exit status and one more than it. */
int program_read_options(const struct program *program, int argc, char **argv);

/* No core, no debugger, for our memory holds secrets; and no death by a pipe. 0 or -errno. */
int program_guard(void);

/* For the loop, which takes them from a descriptor; before threads start. 0 or -errno. */
int program_block_signals(const int *signals, size_t n_signals);

/* As root: becomes the daemon's user, to see files as the daemon does. Without such a user there is
 * nothing to become. 0 or -errno. */
int program_become(const char *user);
