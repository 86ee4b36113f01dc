/* SPDX-License-Identifier: GPL-3.0-or-later */
/* link requests, link add --request, link confirm, link refuse. */
#include "jauthctl/link-request.h"

#include <stdio.h>

#include <jansson.h>

#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/listing.h"
#include "jauthctl/table.h"
#include "jauthctl/terminal.h"

/* "chosen-name" says itself whose word it is. */
static const char *const request_keys[] = {
	"request", "user", "uid", "method", "issuer", "subject", "chosen-name", "linked-to",
	"source", "time", NULL
};

static const char *const pending_keys[] = {
	"id", "method", "issuer", "subject", "chosen-name", "source", "created", "note", NULL
};

static const struct listing requests = {
	.call = bus_accounts, .list = "ListRequests", .keys = request_keys,
};

enum exit_code run_link_requests(struct ctl *ctl, int argc, char **argv)
{
	return listing_print(&requests, ctl, argc, argv);
}

enum exit_code accept_request(struct ctl *ctl, const char *request, const char *user,
			      const char *note)
{
	enum exit_code code;
	json_t *accepted;

	code = bus_accounts(ctl, "AcceptRequest",
			    json_pack("[{s:s, s:s, s:s}]", "request", request, "user", user,
				      "note", note), &accepted);
	if (code != EXIT_DONE)
		return code;
	if (ctl->json) {
		table_print_json(accepted, stdout);
	} else {
		table_print_object(accepted, stdout);
		printf("\nIt lets nobody in before %s has run: jauthctl link confirm\n", user);
	}
	json_decref(accepted);
	return EXIT_DONE;
}

/* --- confirm and refuse --- */

/* What a user does to a link that waits for him. */
struct word {
	const char *call, *question, *done, *not_done;
};

static const struct word word_confirm = {
	"ConfirmLink", "Is this you, and may it log in as you?", "confirmed",
	"nothing changed; without you it lets nobody in",
};

static const struct word word_refuse = {
	"RefuseLink", "Is it to be forgotten?", "refused",
	"nothing changed; it still waits for you",
};

static const json_t *find_id(const json_t *rows, int64_t id)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (json_integer_value(json_object_get(row, "id")) == id)
			return row;
	return NULL;
}

/* The one that is meant, or NULL after saying why none is. `id` 0: the only one. */
static const json_t *choose(const json_t *rows, int64_t id)
{
	struct table table = { .keys = pending_keys };
	const json_t *row = NULL;

	if (id)
		row = find_id(rows, id);
	else if (json_array_size(rows) == 1)
		row = json_array_get(rows, 0);
	if (row)
		return row;
	if (id || !json_array_size(rows)) {
		complain(id ? "no such link waits for you" : "no link waits for you");
		return NULL;
	}
	table_print(&table, rows, stdout);
	complain("several wait for you; say which one");
	return NULL;
}

static bool is_wanted(const struct ctl *ctl, const struct word *word, const json_t *row, bool yes)
{
	FILE *out = ctl->json ? stderr : stdout;

	if (yes)
		return true;
	table_print_object(row, out);
	(void)fflush(out);
	return terminal_confirm(word->question);
}

static enum exit_code say(struct ctl *ctl, const struct word *word, const json_t *row, bool yes)
{
	json_int_t id = json_integer_value(json_object_get(row, "id"));
	enum exit_code code;

	if (!is_wanted(ctl, word, row, yes)) {
		complain("%s", word->not_done);
		return EXIT_NO;
	}
	code = bus_accounts(ctl, word->call, json_pack("[I]", id), NULL);
	if (code != EXIT_DONE)
		return code;
	if (ctl->json)
		table_print_json(row, stdout);
	else
		printf("link %" JSON_INTEGER_FORMAT " is %s\n", id, word->done);
	return EXIT_DONE;
}

static enum exit_code run_word(struct ctl *ctl, const struct word *word, int argc, char **argv)
{
	bool yes = false;
	const struct arg options[] = { { "yes", ARG_FLAG, &yes }, { 0 } };
	struct args args = { .options = options, .max = 1 };
	const json_t *row;
	enum exit_code code;
	int64_t id = 0;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (args.n_rest && text_to_number(args.rest[0], 1, INT64_MAX, &id) < 0) {
		complain("\"%s\" is not the id of a link", args.rest[0]);
		return EXIT_USAGE;
	}
	code = bus_accounts(ctl, "ListPending", json_array(), &rows);
	if (code != EXIT_DONE)
		return code;
	row = choose(rows, id);
	code = row ? say(ctl, word, row, yes) : EXIT_NO;
	json_decref(rows);
	return code;
}

enum exit_code run_link_confirm(struct ctl *ctl, int argc, char **argv)
{
	return run_word(ctl, &word_confirm, argc, argv);
}

enum exit_code run_link_refuse(struct ctl *ctl, int argc, char **argv)
{
	return run_word(ctl, &word_refuse, argc, argv);
}
