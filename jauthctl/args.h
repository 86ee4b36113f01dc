/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subcommand's options as rows, over getopt_long(). --json and --help need no row. */
#pragma once

#include <stdint.h>

#include "jauthctl/command.h"

enum arg_kind {
	ARG_FLAG,        /* bool */
	ARG_TEXT,        /* const char *, into argv */
	ARG_TEXTS,       /* char **, a list of copies: the option may be given several times */
	ARG_NUMBER,      /* int64_t, 1..1000000 */
	ARG_YES_NO,      /* int: 1, 0; stays when absent */
	ARG_SINCE,       /* int64_t seconds since 1970: moment_parse() into the past */
	ARG_EXPIRY,      /* the same into the future; "never" is 0 */
};

/* Rows end with one whose name is NULL. */
struct arg {
	const char *name;
	enum arg_kind kind;
	void *field;
};

struct args {
	const struct arg *options;       /* NULL: none */
	int min, max;                    /* how many other arguments */
	char **rest;                     /* out: those, `n_rest` of them */
	int n_rest;
};

#define ARGS_UNBOUNDED 1000

/* True: go on. False: leave with *ret_code, everything was said. */
bool args_parse(struct ctl *ctl, int argc, char **argv, struct args *args,
		enum exit_code *ret_code);
