/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A subcommand's options as rows; see args.h. */
#include "jauthctl/args.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "jauthctl/moment.h"

#define OPTIONS_MAX 16
#define NUMBER_MAX  1000000

enum { OPTION_JSON, OPTION_HELP, OWN_OPTIONS };

static const char *wanted(enum arg_kind kind)
{
	switch (kind) {
	case ARG_NUMBER:
		return "a number from 1 to 1000000";
	case ARG_YES_NO:
		return "yes or no";
	case ARG_SINCE:
		return "a date such as 2026-01-31 or \"2026-01-31 12:30\", "
		       "or how long ago, such as 2h";
	case ARG_EXPIRY:
		return "a date such as 2026-01-31, or in how long, such as 30d, or never";
	case ARG_FLAG:
	case ARG_TEXT:
	case ARG_TEXTS:
		break;
	}
	return "text in UTF-8";
}

static bool set_yes_no(int *field, const char *text)
{
	if (!text_equals(text, "yes") && !text_equals(text, "no"))
		return false;
	*field = text_equals(text, "yes");
	return true;
}

static bool set_field(const struct arg *arg, const char *text)
{
	switch (arg->kind) {
	case ARG_FLAG:
		*(bool *)arg->field = true;
		return true;
	case ARG_TEXT:
		*(const char **)arg->field = text;
		return text_is_line(text, strlen(text));
	case ARG_TEXTS:
		return text_is_line(text, strlen(text)) && list_add(arg->field, text) == 0;
	case ARG_NUMBER:
		return text_to_number(text, 1, NUMBER_MAX, arg->field) == 0;
	case ARG_YES_NO:
		return set_yes_no(arg->field, text);
	case ARG_SINCE:
		return moment_parse(text, time(NULL), MOMENT_PAST, arg->field) == 0;
	case ARG_EXPIRY:
		return moment_parse(text, time(NULL), MOMENT_FUTURE, arg->field) == 0;
	}
	return false;
}

static void print_usage(FILE *out, const struct ctl *ctl)
{
	fprintf(out, "Usage: jauthctl %s%s%s\n", ctl->command->name,
		*ctl->command->usage ? " " : "", ctl->command->usage);
}

/* The first two are everybody's. */
static void fill_options(const struct arg *rows, struct option options[OPTIONS_MAX + 1])
{
	size_t n = OWN_OPTIONS;

	options[OPTION_JSON] = (struct option){ "json", no_argument, NULL, 0 };
	options[OPTION_HELP] = (struct option){ "help", no_argument, NULL, 0 };
	for (; rows && rows->name && n < OPTIONS_MAX; rows++)
		options[n++] = (struct option){
			rows->name, rows->kind == ARG_FLAG ? no_argument : required_argument,
			NULL, 0,
		};
	options[n] = (struct option){ 0 };
}

static bool leave(enum exit_code *ret_code, enum exit_code code)
{
	*ret_code = code;
	return false;
}

static bool wrong_usage(const struct ctl *ctl, enum exit_code *ret_code)
{
	print_usage(stderr, ctl);
	return leave(ret_code, EXIT_USAGE);
}

/* Option number `i` with its value; false: leave. */
static bool take_option(struct ctl *ctl, const struct args *args, int i, enum exit_code *ret_code)
{
	const struct arg *arg;

	if (i == OPTION_JSON) {
		ctl->json = true;
		return true;
	}
	if (i == OPTION_HELP) {
		print_usage(stdout, ctl);
		return leave(ret_code, EXIT_DONE);
	}
	arg = &args->options[i - OWN_OPTIONS];
	if (set_field(arg, optarg))
		return true;
	complain("--%s takes %s", arg->name, wanted(arg->kind));
	return leave(ret_code, EXIT_USAGE);
}

bool args_parse(struct ctl *ctl, int argc, char **argv, struct args *args,
		enum exit_code *ret_code)
{
	struct option options[OPTIONS_MAX + 1];
	int c, i;

	fill_options(args->options, options);
	optind = 0;    /* glibc: start anew */
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, &i)) == 0)
		if (!take_option(ctl, args, i, ret_code))
			return false;
	if (c != -1) {
		complain("\"%s\" is no option here, or lacks its value", argv[optind - 1]);
		return wrong_usage(ctl, ret_code);
	}
	args->rest = argv + optind;
	args->n_rest = argc - optind;
	if (args->n_rest < args->min || args->n_rest > args->max)
		return wrong_usage(ctl, ret_code);
	for (i = 0; i < args->n_rest; i++) {
		if (!text_is_line(args->rest[i], strlen(args->rest[i]))) {
			complain("an argument is not text in UTF-8");
			return leave(ret_code, EXIT_USAGE);
		}
	}
	return true;
}
