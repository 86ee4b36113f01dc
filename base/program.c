/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/program.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/macro.h"

#define STATUS_USAGE 2

enum {
	OPTION_HELP = 256,
	OPTION_VERSION,
	OPTION_FIRST,            /* the program's own */
};

static const struct option common_options[] = {
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
};

static void make_table(const struct program *program, struct option *table)
{
	for (size_t i = 0; i < program->n_options; i++)
		*table++ = (struct option){
			.name = program->options[i].name,
			.has_arg = program->options[i].value ? required_argument : no_argument,
			.val = OPTION_FIRST + (int)i,
		};
	for (size_t i = 0; i < N_ELEMENTS(common_options); i++)
		*table++ = common_options[i];
	*table = (struct option){ 0 };
}

static int complain(const struct program *program)
{
	(void)fputs(program->usage, stderr);
	return 1 + STATUS_USAGE;
}

/* As program_read_options(). */
static int take_option(const struct program *program, int c)
{
	const struct program_option *option;

	switch (c) {
	case OPTION_HELP:
		(void)fputs(program->usage, stdout);
		return 1 + EXIT_SUCCESS;
	case OPTION_VERSION:
		(void)printf("%s " PACKAGE_VERSION "\n", program->name);
		return 1 + EXIT_SUCCESS;
	case '?':
		return complain(program);
	}
	option = &program->options[c - OPTION_FIRST];
	if (option->value)
		*option->value = optarg;
	else
		*option->is_on = true;
	return 0;
}

int program_read_options(const struct program *program, int argc, char **argv)
{
	struct option table[PROGRAM_OPTIONS_MAX + N_ELEMENTS(common_options) + 1];
	const char *order = program->first_word ? "+" : "";      /* "+": words end the options */
	int c;

	assert(program->n_options <= PROGRAM_OPTIONS_MAX);
	make_table(program, table);
	while ((c = getopt_long(argc, argv, order, table, NULL)) != -1) {
		int r = take_option(program, c);

		if (r != 0)
			return r;
	}
	if (program->first_word)
		*program->first_word = optind;
	else if (optind < argc)
		return complain(program);
	return 0;
}

int program_guard(void)
{
	static const struct rlimit no_core = { 0, 0 };
	int r = 0;

	/* A unit does this too, and may forbid the call. */
	(void)setrlimit(RLIMIT_CORE, &no_core);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		r = -errno;
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		r = -errno;
	return r;
}

int program_block_signals(const int *signals, size_t n_signals)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < n_signals; i++)
		(void)sigaddset(&set, signals[i]);
	return sigprocmask(SIG_BLOCK, &set, NULL) < 0 ? -errno : 0;
}

int program_become(const char *user)
{
	const struct passwd *entry = geteuid() == 0 ? getpwnam(user) : NULL;

	if (entry && (initgroups(entry->pw_name, entry->pw_gid) < 0 || setgid(entry->pw_gid) < 0 ||
		      setuid(entry->pw_uid) < 0))
		return -errno;
	return 0;
}
