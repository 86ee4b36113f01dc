/* SPDX-License-Identifier: GPL-3.0-or-later */
/* phone add, list, remove, import; sms test. A number goes to jauthd over the login's socket, as
 * the answer to what the method asks: never over the bus. */
#include <stdio.h>

#include <jansson.h>

#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/listing.h"
#include "jauthctl/own-name.h"
#include "jauthctl/row-file.h"
#include "jauthctl/table.h"
#include "jauthctl/talk.h"

static const char *const list_keys[] = {
	"id", "user", "uid", "number", "label", "list", "created", "used", NULL
};

static const struct listing phones = {
	.call = bus_accounts, .list = "ListPhones", .keys = list_keys, .is_of_user = true,
	.what = "phone", .remove = "RemovePhone",
};

static const char *const import_keys[] = { "line", "user", "result", "reason", NULL };

static const char *const columns[] = { "user", "number", "label", NULL };
static const struct row_form phone_form = {
	.columns = columns, .n_required = 2, .what = "numbers", .with_lines = true,
};

static struct login_facts facts_of(enum login_phase phase)
{
	return (struct login_facts){
		.phase = phase, .service = "jauthctl", .method = "sms", .user = "",
	};
}

/* Who gives the number on the command line is a script as often as not: what he does not say beside
 * it is not asked. */
enum exit_code run_phone_add(struct ctl *ctl, int argc, char **argv)
{
	struct login_facts facts = facts_of(LOGIN_ENROL);
	const char *number = NULL, *label = NULL;
	bool self = false, verify = false;
	const struct arg options[] = {
		{ "self", ARG_FLAG, &self },
		{ "label", ARG_TEXT, &label },
		{ "verify", ARG_FLAG, &verify },
		{ "method", ARG_TEXT, &facts.method },
		{ 0 }
	};
	struct args args = { .options = options, .max = 2 };
	_cleanup_free_ char *own = NULL;
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (args.n_rest > (self ? 1 : 2) || (!self && !args.n_rest)) {
		complain("say either a user or --self, and then perhaps the number");
		return EXIT_USAGE;
	}
	facts.user = self ? (own = own_name()) : args.rest[0];
	if (!facts.user)
		return EXIT_NO;
	number = args.n_rest == (self ? 1 : 2) ? args.rest[args.n_rest - 1] : NULL;
	return talk(ctl, &facts, (const struct talk_answer[]){
		{ "number", number },
		{ "label", label ? label : number ? "" : NULL },
		{ "verify", verify ? "y" : number ? "n" : NULL },
		{ 0 }
	});
}

enum exit_code run_phone_list(struct ctl *ctl, int argc, char **argv)
{
	return listing_print(&phones, ctl, argc, argv);
}

enum exit_code run_phone_remove(struct ctl *ctl, int argc, char **argv)
{
	return listing_remove(&phones, ctl, argc, argv);
}

/* Import */

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

/* One row, added or not, and what is to be printed of it. */
static enum exit_code import_row(struct ctl *ctl, struct login_facts *facts, const json_t *row,
				 json_t **ret_report)
{
	const struct talk_answer answers[] = {
		{ "number", text_of(row, "number") },
		{ "label", text_of(row, "label") },
		{ "verify", "n" },
		{ 0 }
	};
	struct buf reason = BUF_INIT(LOGIN_TEXT_MAX);
	enum exit_code code;

	facts->user = text_of(row, "user");
	code = talk_alone(ctl, facts, answers, &reason);
	*ret_report = json_pack("{s:O, s:s, s:s, s:s}", ROW_LINE, json_object_get(row, ROW_LINE),
				"user", facts->user, "result",
				code == EXIT_DONE ? "added" : "refused",
				"reason", code == EXIT_DONE ? "" : buf_text(&reason));
	buf_done(&reason);
	return code;
}

/* Goes on after a number that is refused, but not without jauthd. */
static enum exit_code import_rows(struct ctl *ctl, struct login_facts *facts, const json_t *rows)
{
	struct table table = { .keys = import_keys };
	enum exit_code code, worst = EXIT_DONE;
	json_t *reports = json_array(), *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		json_t *report;

		code = import_row(ctl, facts, row, &report);
		worst = MAX(worst, code);
		(void)json_array_append_new(reports, report);
		if (!ctl->json) {
			table_print(&table, reports, stdout);
			(void)json_array_clear(reports);
		}
		if (code > EXIT_NO)
			break;
	}
	if (ctl->json)
		table_print_json(reports, stdout);
	json_decref(reports);
	return worst;
}

enum exit_code run_phone_import(struct ctl *ctl, int argc, char **argv)
{
	struct login_facts facts = facts_of(LOGIN_ENROL);
	bool dry_run = false;
	const struct arg options[] = {
		{ "dry-run", ARG_FLAG, &dry_run },
		{ "method", ARG_TEXT, &facts.method },
		{ 0 }
	};
	struct args args = { .options = options, .max = 1 };
	enum exit_code code;
	json_t *rows;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	rows = row_file_load(&phone_form, args.n_rest ? args.rest[0] : "-");
	if (!rows)
		return EXIT_NO;
	if (!dry_run)
		code = import_rows(ctl, &facts, rows);
	else if (ctl->json)
		table_print_json(rows, stdout);
	else
		printf("%zu numbers; nothing changed\n", json_array_size(rows));
	json_decref(rows);
	return dry_run ? EXIT_DONE : code;
}

enum exit_code run_sms_test(struct ctl *ctl, int argc, char **argv)
{
	struct login_facts facts = facts_of(LOGIN_TEST);
	const struct arg options[] = { { "method", ARG_TEXT, &facts.method }, { 0 } };
	struct args args = { .options = options, .min = 1, .max = 1 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	return talk(ctl, &facts, (const struct talk_answer[]){
		{ "number", args.rest[0] },
		{ 0 }
	});
}
