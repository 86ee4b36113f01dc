/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user add, set, password, lock, unlock, remove. */
#include <jansson.h>

#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/talk.h"

#define NOT_SAID (-1)

/* What was said of an account on the command line. */
struct changes {
	int64_t expires_s;
	int must_change;
};

static json_t *changes_to_json(const struct changes *changes)
{
	json_t *options = json_object();

	if (changes->expires_s != NOT_SAID)
		(void)json_object_set_new(options, "expires", json_integer(changes->expires_s));
	if (changes->must_change != NOT_SAID)
		(void)json_object_set_new(options, "must-change",
					  json_boolean(changes->must_change));
	return options;
}

enum exit_code run_user_add(struct ctl *ctl, int argc, char **argv)
{
	struct changes changes = { NOT_SAID, NOT_SAID };
	const struct arg options[] = { { "expires", ARG_EXPIRY, &changes.expires_s }, { 0 } };
	struct args args = { .options = options, .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	return bus_accounts(ctl, "AddUser",
			    json_pack("[s, o]", args.rest[0], changes_to_json(&changes)), NULL);
}

enum exit_code run_user_set(struct ctl *ctl, int argc, char **argv)
{
	struct changes changes = { NOT_SAID, NOT_SAID };
	const struct arg options[] = {
		{ "expires", ARG_EXPIRY, &changes.expires_s },
		{ "must-change", ARG_YES_NO, &changes.must_change },
		{ 0 }
	};
	struct args args = { .options = options, .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (changes.expires_s == NOT_SAID && changes.must_change == NOT_SAID) {
		complain("say what to change: --expires or --must-change");
		return EXIT_USAGE;
	}
	return bus_accounts(ctl, "SetUser",
			    json_pack("[s, o]", args.rest[0], changes_to_json(&changes)), NULL);
}

/* The methods that take a user and nothing else. */
static enum exit_code call_with_user(struct ctl *ctl, int argc, char **argv, const char *method)
{
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	return bus_accounts(ctl, method, json_pack("[s]", args.rest[0]), NULL);
}

enum exit_code run_user_lock(struct ctl *ctl, int argc, char **argv)
{
	return call_with_user(ctl, argc, argv, "LockUser");
}

enum exit_code run_user_unlock(struct ctl *ctl, int argc, char **argv)
{
	return call_with_user(ctl, argc, argv, "UnlockUser");
}

enum exit_code run_user_remove(struct ctl *ctl, int argc, char **argv)
{
	return call_with_user(ctl, argc, argv, "RemoveUser");
}

/* Over the login's socket: a password never crosses the bus. */
enum exit_code run_user_password(struct ctl *ctl, int argc, char **argv)
{
	struct login_facts facts = { .phase = LOGIN_PASSWORD, .service = "jauthctl" };
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	facts.user = args.rest[0];
	return talk(ctl, &facts, NULL);
}
