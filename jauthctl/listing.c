/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of jauthd; see listing.h. */
#include "jauthctl/listing.h"

#include <stdio.h>

#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/table.h"

enum exit_code listing_print(const struct listing *listing, struct ctl *ctl, int argc,
			     char **argv)
{
	struct table table = { .keys = listing->keys };
	struct args args = { .max = listing->is_of_user ? 1 : 0 };
	enum exit_code code;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = listing->call(ctl, listing->list,
			     listing->is_of_user ?
				     json_pack("[s]", args.n_rest ? args.rest[0] : "") :
				     json_array(), &rows);
	if (code != EXIT_DONE)
		return code;
	if (ctl->json)
		table_print_json(rows, stdout);
	else
		table_print(&table, rows, stdout);
	json_decref(rows);
	return EXIT_DONE;
}

enum exit_code listing_remove(const struct listing *listing, struct ctl *ctl, int argc,
			      char **argv)
{
	struct args args = { .min = 1, .max = ARGS_UNBOUNDED };
	enum exit_code code, worst = EXIT_DONE;
	int64_t id;
	int i;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	for (i = 0; i < args.n_rest; i++) {
		if (text_to_number(args.rest[i], 1, INT64_MAX, &id) < 0) {
			complain("\"%s\" is not the id of a %s; see jauthctl %s list",
				 args.rest[i], listing->what, listing->what);
			return EXIT_USAGE;
		}
	}
	for (i = 0; i < args.n_rest; i++) {
		(void)text_to_number(args.rest[i], 1, INT64_MAX, &id);
		code = bus_accounts(ctl, listing->remove, json_pack("[I]", (json_int_t)id), NULL);
		worst = MAX(worst, code);
	}
	return worst;
}
