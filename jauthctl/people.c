/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user list and show, directory collisions: accounts, and the users that jauth made. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/listing.h"
#include "jauthctl/table.h"

static const char *const list_keys[] = {
	"user", "uid", "state", "made-by", "locked", "must-change", "has-password", "expires",
	"password-expires", "created", "changed", NULL
};

static const char *const collision_keys[] = {
	"uid", "user", "fault", "issuer", "subject", NULL
};

static const struct listing collisions = {
	.call = bus_accounts, .list = "ListCollisions", .keys = collision_keys,
};

/* --- list --- */

static const char *text_of(const json_t *row, const char *key)
{
	const char *text = json_string_value(json_object_get(row, key));

	return text ? text : "";
}

/* What a row says that belongs to an account only. */
static json_t *without_account(const json_t *person)
{
	return json_pack("{s:O, s:O, s:b, s:b, s:b, s:i, s:i, s:O, s:O}",
			 "user", json_object_get(person, "user"),
			 "uid", json_object_get(person, "uid"),
			 "locked", strcmp(text_of(person, "state"), "locked") == 0,
			 "must-change", 0, "has-password", 0, "expires", 0, "password-expires", 0,
			 "created", json_object_get(person, "made"),
			 "changed", json_object_get(person, "altered"));
}

/* By user; the row of an account tells of the person, too. */
static void add_people(const json_t *rows, json_t *users)
{
	json_t *person;
	size_t i;

	json_array_foreach(rows, i, person) {
		const char *name = text_of(person, "user");
		json_t *row = json_object_get(users, name);

		if (!row) {
			row = without_account(person);
			(void)json_object_set_new(users, name, row);
		}
		(void)json_object_set(row, "state", json_object_get(person, "state"));
		(void)json_object_set(row, "made-by", json_object_get(person, "made-by"));
	}
}

/* As many as there are, page after page. */
static enum exit_code add_pages(struct ctl *ctl, json_t *users)
{
	json_int_t after = 0;
	size_t n;

	do {
		json_t *rows = NULL;
		enum exit_code code = bus_accounts(ctl, "ListPeople", json_pack("[I]", after),
						   &rows);

		if (code != EXIT_DONE)
			return code;
		n = json_array_size(rows);
		if (n)
			after = json_integer_value(json_object_get(json_array_get(rows, n - 1),
								   "uid"));
		add_people(rows, users);
		json_decref(rows);
	} while (n);
	return EXIT_DONE;
}

static json_t *by_user(const json_t *accounts)
{
	json_t *users = json_object(), *row;
	size_t i;

	json_array_foreach(accounts, i, row) {
		bool locked = json_is_true(json_object_get(row, "locked"));

		(void)json_object_set_new(row, "state", json_string(locked ? "locked" : "active"));
		(void)json_object_set_new(row, "made-by", json_string(""));
		(void)json_object_set(users, text_of(row, "user"), row);
	}
	return users;
}

static json_t *in_order(json_t *users)
{
	json_t *rows = json_array();
	const char *name;
	json_t *row;

	json_object_foreach(users, name, row)
		(void)json_array_append(rows, row);
	return rows;
}

enum exit_code run_user_list(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .keys = list_keys };
	struct args args = { 0 };
	json_t *accounts, *users, *rows;
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = bus_accounts(ctl, "ListUsers", json_array(), &accounts);
	if (code != EXIT_DONE)
		return code;
	users = by_user(accounts);
	code = add_pages(ctl, users);
	rows = in_order(users);
	if (code == EXIT_DONE && ctl->json)
		table_print_json(rows, stdout);
	else if (code == EXIT_DONE)
		table_print(&table, rows, stdout);
	json_decref(rows);
	json_decref(users);
	json_decref(accounts);
	return code;
}

/* --- show --- */

enum exit_code run_user_show(struct ctl *ctl, int argc, char **argv)
{
	struct args args = { .min = 1, .max = 1 };
	enum exit_code code;
	json_t *person;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = bus_accounts(ctl, "ShowUser", json_pack("[s]", args.rest[0]), &person);
	if (code != EXIT_DONE)
		return code;
	if (ctl->json)
		table_print_json(person, stdout);
	else
		table_print_object(person, stdout);
	json_decref(person);
	return EXIT_DONE;
}

/* --- collisions --- */

enum exit_code run_directory_collisions(struct ctl *ctl, int argc, char **argv)
{
	return listing_print(&collisions, ctl, argc, argv);
}
