/* SPDX-License-Identifier: GPL-3.0-or-later */
/* method list, probe: what the configuration's methods can do, and whether their vendors agree. */
#include <jansson.h>

#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/listing.h"
#include "jauthctl/setup-draft.h"
#include "jauthctl/talk.h"

static const char *const list_keys[] = {
	"method", "type", "title", "relay", "test", "enrol", "features", "state", NULL
};

static const struct listing methods = {
	.call = bus_admin, .list = "ListMethods", .keys = list_keys,
};

enum exit_code run_method_list(struct ctl *ctl, int argc, char **argv)
{
	return listing_print(&methods, ctl, argc, argv);
}

static bool can_be_probed(const json_t *rows, const char *id)
{
	/* By its ID, and not, as jauthd also takes it, by its type: a probe of another one than was
	 * meant would be no proof. */
	const json_t *row = methods_find(rows, id);

	if (!row) {
		complain("there is no method \"%s\"; see jauthctl method list", id);
		return false;
	}
	if (row_is(row, "test"))
		return true;
	complain("methods of type %s have no test; a whole login is one: "
		 "jauthctl try USER --method %s", row_text(row, "type"), id);
	return false;
}

enum exit_code run_method_probe(struct ctl *ctl, int argc, char **argv)
{
	struct login_facts facts = { .phase = LOGIN_TEST, .service = "jauthctl", .user = "" };
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;
	bool is_possible;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = bus_admin(ctl, "ListMethods", json_array(), &rows);
	if (code != EXIT_DONE)
		return code;
	is_possible = can_be_probed(rows, args.rest[0]);
	json_decref(rows);
	if (!is_possible)
		return EXIT_NO;
	facts.method = args.rest[0];
	return talk(ctl, &facts, NULL);
}
