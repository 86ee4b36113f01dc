/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log: who logged in, who did not, and why. */
#include <poll.h>
#include <stdio.h>

#include <jansson.h>

#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/table.h"

#define LINES_DEFAULT 100
#define LINES_FOLLOW  10000      /* of one look; jauthd gives no more */
#define LOOK_MS       1000

static const char *const log_keys[] = {
	"time", "request", "kind", "user", "service", "origin", "source", "method", "outcome",
	"issuer", "subject", "reason", "note", NULL
};

struct filter {
	const char *user, *service, *outcome, *request;
	int64_t since_s, after, limit;
};

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		(void)json_object_set_new(object, key, json_string(text));
}

static void set_number(json_t *object, const char *key, int64_t number)
{
	if (number)
		(void)json_object_set_new(object, key, json_integer(number));
}

static json_t *filter_to_json(const struct filter *filter)
{
	json_t *object = json_object();

	set_text(object, "user", filter->user);
	set_text(object, "service", filter->service);
	set_text(object, "outcome", filter->outcome);
	set_text(object, "request", filter->request);
	set_number(object, "since", filter->since_s);
	set_number(object, "after", filter->after);
	set_number(object, "limit", filter->limit);
	return object;
}

static void print_lines(const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		table_print_json_line(row, stdout);
}

static int64_t newest_id(const json_t *rows, int64_t before)
{
	size_t n = json_array_size(rows);

	return n ? json_integer_value(json_object_get(json_array_get(rows, n - 1), "id")) : before;
}

/* One look; prints the rows and moves filter->after behind them. */
static enum exit_code look(struct ctl *ctl, struct filter *filter, struct table *table, bool follow)
{
	enum exit_code code;
	json_t *rows;

	code = bus_admin(ctl, "Log", json_pack("[o]", filter_to_json(filter)), &rows);
	if (code != EXIT_DONE)
		return code;
	if (!ctl->json)
		table_print(table, rows, stdout);
	else if (follow)
		print_lines(rows);
	else
		table_print_json(rows, stdout);
	filter->after = newest_id(rows, filter->after);
	json_decref(rows);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_NO;
}

enum exit_code run_log(struct ctl *ctl, int argc, char **argv)
{
	struct filter filter = { .limit = LINES_DEFAULT };
	bool follow = false;
	const struct arg options[] = {
		{ "user", ARG_TEXT, &filter.user },
		{ "service", ARG_TEXT, &filter.service },
		{ "outcome", ARG_TEXT, &filter.outcome },
		{ "request", ARG_TEXT, &filter.request },
		{ "since", ARG_SINCE, &filter.since_s },
		{ "lines", ARG_NUMBER, &filter.limit },
		{ "follow", ARG_FLAG, &follow },
		{ 0 }
	};
	struct table table = { .keys = log_keys };
	struct args args = { .options = options };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = look(ctl, &filter, &table, follow);
	filter.limit = LINES_FOLLOW;
	while (follow && code == EXIT_DONE) {
		(void)poll(NULL, 0, LOOK_MS);
		code = look(ctl, &filter, &table, follow);
	}
	return code;
}
