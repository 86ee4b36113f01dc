/* SPDX-License-Identifier: GPL-3.0-or-later */
/* status, check, explain, reload, limits, unlock-limits. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/table.h"

#define JAUTHD JAUTH_SBINDIR "/jauthd"

#define UNTIL_UNLOCKED (-1)

static const char *const limit_keys[] = {
	"what", "scope", "user", "user-hash", "count", "limit", "wait-until", NULL
};

static void print_object(const struct ctl *ctl, const json_t *object)
{
	if (ctl->json)
		table_print_json(object, stdout);
	else
		table_print_object(object, stdout);
}

enum exit_code run_status(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { 0 };
	enum exit_code code;
	json_t *status;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = bus_admin(ctl, "Status", json_array(), &status);
	if (code != EXIT_DONE)
		return code;
	print_object(ctl, status);
	json_decref(status);
	return EXIT_DONE;
}

/* jauthd knows the keys; its exit codes are 0 and 1, like ours. */
enum exit_code run_check(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (args.n_rest)
		(void)execl(JAUTHD, "jauthd", "--check", "--config", args.rest[0], (char *)NULL);
	else
		(void)execl(JAUTHD, "jauthd", "--check", (char *)NULL);
	complain("%s cannot be run: %s", JAUTHD, strerror(errno));
	return EXIT_NO;
}

static json_t *question(const char *user, const char *service, const char *source)
{
	json_t *question = json_pack("{s:s, s:s}", "user", user, "service", service);

	if (source)
		(void)json_object_set_new(question, "source", json_string(source));
	return question;
}

enum exit_code run_explain(struct ctl *ctl, int argc, char **argv)
{
	const char *service = NULL, *source = NULL;
	bool remote = false, local = false, ssh_key = false;
	const struct arg options[] = {
		{ "service", ARG_TEXT, &service },
		{ "source", ARG_TEXT, &source },
		{ "remote", ARG_FLAG, &remote },
		{ "local", ARG_FLAG, &local },
		{ "ssh-key", ARG_FLAG, &ssh_key },
		{ 0 }
	};
	struct args args = { .options = options, .min = 1, .max = 1 };
	json_t *asked, *answer;
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (!service || (remote && local)) {
		complain("%s", service ? "--remote and --local exclude each other" :
					 "--service says for which PAM service, such as sshd");
		return EXIT_USAGE;
	}
	asked = question(args.rest[0], service, source);
	/* What is not said is left to jauthd, which takes an unknown origin for remote. */
	if (remote || local)
		(void)json_object_set_new(asked, "remote", json_boolean(remote));
	(void)json_object_set_new(asked, "ssh-key", json_boolean(ssh_key));
	code = bus_admin(ctl, "Explain", json_pack("[o]", asked), &answer);
	if (code != EXIT_DONE)
		return code;
	print_object(ctl, answer);
	json_decref(answer);
	return EXIT_DONE;
}

enum exit_code run_reload(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { 0 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	return bus_admin(ctl, "Reload", json_array(), NULL);
}

/* For people: a moment that does not come is said in words, and no limit is nothing. */
static void name_exceptions(json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		if (json_integer_value(json_object_get(row, "wait-until")) == UNTIL_UNLOCKED)
			(void)json_object_set_new(row, "wait-until", json_string("unlock-limits"));
		if (json_integer_value(json_object_get(row, "limit")) == 0)
			(void)json_object_set_new(row, "limit", json_null());
	}
}

enum exit_code run_limits(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .keys = limit_keys };
	struct args args = { .max = 1 };
	enum exit_code code;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = bus_admin(ctl, "Limits", json_pack("[s]", args.n_rest ? args.rest[0] : ""), &rows);
	if (code != EXIT_DONE)
		return code;
	if (ctl->json) {
		table_print_json(rows, stdout);
	} else {
		name_exceptions(rows);
		table_print(&table, rows, stdout);
	}
	json_decref(rows);
	return EXIT_DONE;
}

enum exit_code run_unlock_limits(struct ctl *ctl, int argc, char **argv)
{
	bool all = false;
	const struct arg options[] = { { "all", ARG_FLAG, &all }, { 0 } };
	struct args args = { .options = options, .max = 1 };
	enum exit_code code;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (all == (args.n_rest == 1)) {
		complain("say either a user or --all");
		return EXIT_USAGE;
	}
	code = bus_admin(ctl, "UnlockLimits", json_pack("[s]", all ? "" : args.rest[0]), &rows);
	if (code != EXIT_DONE)
		return code;
	if (ctl->json)
		table_print_json(rows, stdout);
	else
		printf("%" JSON_INTEGER_FORMAT " forgotten\n", json_integer_value(rows));
	json_decref(rows);
	return EXIT_DONE;
}
