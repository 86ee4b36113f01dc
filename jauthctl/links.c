/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link list, add, remove, import, export; link METHOD. */
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/link-file.h"
#include "jauthctl/link-request.h"
#include "jauthctl/listing.h"
#include "jauthctl/own-name.h"
#include "jauthctl/table.h"
#include "jauthctl/talk.h"
#include "jauthctl/terminal.h"

static const char *const list_keys[] = {
	"id", "user", "uid", "issuer", "subject", "origin", "pending", "method", "chosen-name",
	"created", "used", "note", NULL
};

static const char *const own_keys[] = {
	"id", "issuer", "subject", "origin", "pending", "method", "chosen-name", "created", "used",
	NULL
};

static const char *const difference_keys[] = {
	"action", "user", "issuer", "subject", "reason", NULL
};

static const struct listing links = {
	.call = bus_accounts, .list = "ListLinks", .keys = list_keys, .is_of_user = true,
	.what = "link", .remove = "RemoveLink",
};

/* What everybody may ask of himself. */
static const struct listing own_links = {
	.call = bus_accounts, .list = "ListOwnLinks", .keys = own_keys,
	.what = "link", .remove = "RemoveOwnLink",
};

/* With a user's name it is root's question, whoever asks. */
static bool has_name(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			return true;
	return false;
}

enum exit_code run_link_list(struct ctl *ctl, int argc, char **argv)
{
	return listing_print(getuid() && !has_name(argc, argv) ? &own_links : &links, ctl, argc,
			     argv);
}

enum exit_code run_link_remove(struct ctl *ctl, int argc, char **argv)
{
	return listing_remove(getuid() ? &own_links : &links, ctl, argc, argv);
}

/* Who he is he proves to jauthd, over the login's socket. */
enum exit_code run_link(struct ctl *ctl, int argc, char **argv)
{
	struct login_facts facts = { .phase = LOGIN_LINK, .service = "jauthctl" };
	struct args args = { .min = 1, .max = 1 };
	_cleanup_free_ char *own = NULL;
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	facts.method = args.rest[0];
	facts.user = own = own_name();
	return own ? talk(ctl, &facts, NULL) : EXIT_NO;
}

/* Imported again they would be in force, without their users. */
static void drop_pending(json_t *rows)
{
	size_t i = json_array_size(rows);

	while (i--)
		if (json_is_true(json_object_get(json_array_get(rows, i), "pending")))
			(void)json_array_remove(rows, i);
}

enum exit_code run_link_export(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { .max = 1 };
	enum exit_code code;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = bus_accounts(ctl, links.list, json_pack("[s]", args.n_rest ? args.rest[0] : ""),
			    &rows);
	if (code != EXIT_DONE)
		return code;
	drop_pending(rows);
	if (ctl->json)
		link_file_write_json(rows, stdout);
	else
		link_file_write_csv(rows, stdout);
	json_decref(rows);
	return EXIT_DONE;
}

enum exit_code run_link_add(struct ctl *ctl, int argc, char **argv)
{
	const char *note = "", *request = NULL;
	bool privileged = false;
	const struct arg options[] = {
		{ "note", ARG_TEXT, &note },
		{ "privileged", ARG_FLAG, &privileged },
		{ "request", ARG_TEXT, &request },
		{ 0 }
	};
	struct args args = { .options = options, .min = 1, .max = 3 };
	enum exit_code code;
	json_t *id;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (args.n_rest != (request ? 1 : 3)) {
		complain("say either issuer, subject and user, or --request and the user");
		return EXIT_USAGE;
	}
	if (request && privileged) {
		complain("a request never leads to a privileged user");
		return EXIT_USAGE;
	}
	if (request)
		return accept_request(ctl, request, args.rest[0], note);
	code = bus_accounts(ctl, "AddLink",
			    json_pack("[{s:s, s:s, s:s, s:s, s:b}]", "issuer", args.rest[0],
				      "subject", args.rest[1], "user", args.rest[2],
				      "note", note, "privileged", (int)privileged), &id);
	if (code != EXIT_DONE)
		return code;
	if (ctl->json)
		table_print_json(id, stdout);
	else
		printf("link %" JSON_INTEGER_FORMAT "\n", json_integer_value(id));
	json_decref(id);
	return EXIT_DONE;
}

/* Import */

static size_t count_action(const json_t *difference, const char *action)
{
	size_t n = 0, i;
	json_t *row;

	json_array_foreach(difference, i, row)
		n += text_equals(json_string_value(json_object_get(row, "action")), action);
	return n;
}

struct import {
	const json_t *links;
	bool privileged, apply;
};

static enum exit_code send_import(struct ctl *ctl, const struct import *import,
				  json_t **ret_difference)
{
	return bus_accounts(ctl, "ImportLinks",
			    json_pack("[O, {s:b, s:b}]", import->links, "apply", (int)import->apply,
				      "privileged", (int)import->privileged), ret_difference);
}

/* Prints what an import does or would do; EXIT_NO when something of it is refused. */
static enum exit_code show_difference(const struct ctl *ctl, const json_t *difference)
{
	struct table table = { .keys = difference_keys };
	size_t n_refused = count_action(difference, "refused");

	if (ctl->json)
		table_print_json(difference, stdout);
	else
		table_print(&table, difference, stdout);
	if (!n_refused)
		return EXIT_DONE;
	complain("nothing is changed: %zu of %zu links are refused", n_refused,
		 json_array_size(difference));
	return EXIT_NO;
}

/* After the difference was shown: is it wanted? */
static bool is_wanted(const struct ctl *ctl, const json_t *difference, bool *is_asked)
{
	size_t n_new = count_action(difference, "add");
	_cleanup_free_ char *prompt = text_format("Add %zu links?", n_new);

	*is_asked = n_new && !ctl->json && isatty(STDOUT_FILENO);
	if (!*is_asked)
		return false;
	(void)fflush(stdout);
	return terminal_confirm(prompt);
}

/* jauthd compares again when it applies, so what is shown then is what happened. */
static enum exit_code apply_import(struct ctl *ctl, struct import *import)
{
	enum exit_code code;
	json_t *difference;

	import->apply = true;
	code = send_import(ctl, import, &difference);
	if (code != EXIT_DONE)
		return code;
	if (ctl->json || count_action(difference, "refused"))
		code = show_difference(ctl, difference);
	else
		printf("%zu links added\n", count_action(difference, "add"));
	json_decref(difference);
	return code;
}

static enum exit_code import_links(struct ctl *ctl, struct import *import, bool apply)
{
	enum exit_code code;
	json_t *difference;
	bool is_asked = false;

	code = send_import(ctl, import, &difference);
	if (code != EXIT_DONE)
		return code;
	/* For programs there is one answer: that of applying, if it comes to that. */
	if (!ctl->json || !apply || count_action(difference, "refused"))
		code = show_difference(ctl, difference);
	if (code == EXIT_DONE && (apply || is_wanted(ctl, difference, &is_asked)))
		code = apply_import(ctl, import);
	else if (code == EXIT_DONE && !ctl->json)
		puts(count_action(difference, "add") ?
		     is_asked ? "nothing changed" : "nothing changed; --apply makes it so" :
		     "all of these links are there");
	json_decref(difference);
	return code;
}

enum exit_code run_link_import(struct ctl *ctl, int argc, char **argv)
{
	bool apply = false;
	struct import import = { 0 };
	const struct arg options[] = {
		{ "apply", ARG_FLAG, &apply },
		{ "privileged", ARG_FLAG, &import.privileged },
		{ 0 }
	};
	struct args args = { .options = options, .max = 1 };
	enum exit_code code;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	rows = row_file_load(&link_form, args.n_rest ? args.rest[0] : "-");
	if (!rows)
		return EXIT_NO;
	import.links = rows;
	code = import_links(ctl, &import, apply);
	json_decref(rows);
	return code;
}
