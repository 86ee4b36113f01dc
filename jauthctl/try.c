/* SPDX-License-Identifier: GPL-3.0-or-later */
/* try: a whole login in this terminal. */
#include "jauthctl/args.h"
#include "jauthctl/talk.h"

#define DEFAULT_SERVICE "login"

enum exit_code run_try(struct ctl *ctl, int argc, char **argv)
{
	struct login_facts facts = { .phase = LOGIN_AUTHENTICATE, .service = DEFAULT_SERVICE };
	const struct arg options[] = {
		{ "service", ARG_TEXT, &facts.service },
		{ "method", ARG_TEXT, &facts.method },
		{ 0 }
	};
	struct args args = { .options = options, .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	facts.user = args.rest[0];
	return talk(ctl, &facts, NULL);
}
