/* SPDX-License-Identifier: GPL-3.0-or-later */
/* totp enrol, list, remove. */
#include <jansson.h>

#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/listing.h"
#include "jauthctl/own-name.h"
#include "jauthctl/talk.h"

static const char *const list_keys[] = { "user", "uid", "created", "used", "recovery", NULL };

/* A user has one at most: it is removed by his name. */
static const struct listing keys = {
	.call = bus_accounts, .list = "ListTotp", .keys = list_keys, .is_of_user = true,
};

/* Over the login's socket: neither key nor codes cross the bus. */
enum exit_code run_totp_enrol(struct ctl *ctl, int argc, char **argv)
{
	struct login_facts facts = {
		.phase = LOGIN_ENROL, .service = "jauthctl", .method = "totp",
	};
	const struct arg options[] = { { "method", ARG_TEXT, &facts.method }, { 0 } };
	struct args args = { .options = options, .max = 1 };
	_cleanup_free_ char *own = NULL;
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	facts.user = args.n_rest ? args.rest[0] : (own = own_name());
	if (!facts.user)
		return EXIT_NO;
	return talk(ctl, &facts, NULL);
}

enum exit_code run_totp_list(struct ctl *ctl, int argc, char **argv)
{
	return listing_print(&keys, ctl, argc, argv);
}

enum exit_code run_totp_remove(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	return bus_accounts(ctl, "RemoveTotp", json_pack("[s]", args.rest[0]), NULL);
}
