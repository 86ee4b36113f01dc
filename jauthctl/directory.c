/* SPDX-License-Identifier: GPL-3.0-or-later */
/* directory list, sync, members: organisations whose members become users. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/listing.h"
#include "jauthctl/table.h"

#define LOOK_MS   200
#define BAR_WIDTH 30

#define RESULT_CHARS_MAX 2000

static const char *const list_keys[] = {
	"directory", "state", "kept-departments", "kept-members", "refused", "synced", "next",
	"result", NULL
};
static const char *const change_keys[] = { "change", "user", "subject", "text", NULL };
static const char *const member_keys[] = {
	"subject", "chosen-name", "state", "user", "uid", "departments", "fault", NULL
};

static const struct listing directories = {
	.call = bus_admin, .list = "ListDirectories", .keys = list_keys,
};

enum exit_code run_directory_list(struct ctl *ctl, int argc, char **argv)
{
	return listing_print(&directories, ctl, argc, argv);
}

static int64_t number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* --- sync --- */

/* On a terminal alone: it is drawn again and again in one line. */
static void draw(const json_t *status)
{
	int64_t n = number_of(status, "departments"), done = number_of(status, "departments-done");
	int filled = n > 0 ? (int)(done * BAR_WIDTH / n) : 0;
	char bar[BAR_WIDTH + 1];

	if (!isatty(STDERR_FILENO))
		return;
	for (int i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < filled ? '#' : '.';
	bar[BAR_WIDTH] = '\0';
	(void)fprintf(stderr, "\r[%s] %-8s %lld/%lld departments, %lld members, %lld compared  ",
		      bar, text_of(status, "step"), (long long)done, (long long)n,
		      (long long)number_of(status, "members"),
		      (long long)number_of(status, "looked-at"));
	(void)fflush(stderr);
}

static void wipe_line(void)
{
	if (isatty(STDERR_FILENO))
		(void)fprintf(stderr, "\r%*s\r", BAR_WIDTH + 70, "");
}

/* Until the run that was begun is over; another one may have begun by then. */
static enum exit_code wait_end(struct ctl *ctl, const char *id, int64_t run, json_t **ret_status)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	for (;;) {
		enum exit_code code;
		json_t *status;

		code = bus_admin(ctl, "DescribeSync", json_pack("[s]", id), &status);
		if (code != EXIT_DONE)
			return code;
		if (number_of(status, "run") != run) {
			json_decref(status);
			complain("jauthd was started again; what came of the sync shows "
				 "jauthctl directory list");
			return EXIT_NO;
		}
		if (!text_equals(text_of(status, "state"), "runs")) {
			wipe_line();
			*ret_status = status;
			return EXIT_DONE;
		}
		draw(status);
		json_decref(status);
		(void)nanosleep(&pause, NULL);
	}
}

static enum exit_code show(struct ctl *ctl, const char *id, const json_t *status)
{
	struct table table = { .keys = change_keys };
	_cleanup_(buf_done) struct buf result = BUF_INIT(4 * RESULT_CHARS_MAX + 8);
	bool is_done = text_equals(text_of(status, "state"), "done");
	enum exit_code code;
	json_t *changes;

	code = bus_admin(ctl, "ListChanges", json_pack("[s]", id), &changes);
	if (code != EXIT_DONE)
		return code;
	if (ctl->json) {
		json_t *whole = json_pack("{s:O, s:O}", "sync", status, "changes", changes);

		table_print_json(whole, stdout);
		json_decref(whole);
	} else {
		if (json_array_size(changes))
			table_print(&table, changes, stdout);
		/* What a vendor says of a fault is foreign text. */
		text_add_clean(&result, text_of(status, "result"), RESULT_CHARS_MAX);
		(void)printf("%s%s\n", json_is_true(json_object_get(status, "dry-run")) && is_done ?
			     "would be: " : "", buf_text(&result));
	}
	json_decref(changes);
	return is_done ? EXIT_DONE : EXIT_NO;
}

enum exit_code run_directory_sync(struct ctl *ctl, int argc, char **argv)
{
	bool is_dry = false;
	int64_t allowed = -1;
	const struct arg options[] = {
		{ "dry-run", ARG_FLAG, &is_dry },
		{ "allow-removals", ARG_NUMBER, &allowed },
		{ 0 }
	};
	struct args args = { .options = options, .min = 1, .max = 1 };
	enum exit_code code;
	json_t *run, *status = NULL;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	code = bus_admin(ctl, "SyncDirectory",
			 json_pack("[s, {s:b, s:I}]", args.rest[0], "dry-run", (int)is_dry,
				   "allow-removals", (json_int_t)allowed), &run);
	if (code != EXIT_DONE)
		return code;
	code = wait_end(ctl, args.rest[0], json_integer_value(run), &status);
	json_decref(run);
	if (code != EXIT_DONE)
		return code;
	code = show(ctl, args.rest[0], status);
	json_decref(status);
	return code;
}

/* --- members --- */

/* Page by page, each after the last subject of the one before. */
enum exit_code run_directory_members(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .keys = member_keys };
	struct args args = { .min = 1, .max = 1 };
	_cleanup_free_ char *after = text_copy("");
	enum exit_code code;
	json_t *all = json_array();

	if (!args_parse(ctl, argc, argv, &args, &code)) {
		json_decref(all);
		return code;
	}
	for (;;) {
		json_t *rows;
		size_t n;

		code = bus_admin(ctl, "ListMembers", json_pack("[s, s]", args.rest[0], after),
				 &rows);
		if (code != EXIT_DONE)
			break;
		n = json_array_size(rows);
		if (!n) {
			json_decref(rows);
			break;
		}
		free(after);
		after = text_copy(text_of(json_array_get(rows, n - 1), "subject"));
		if (ctl->json)
			(void)json_array_extend(all, rows);
		else
			table_print(&table, rows, stdout);
		json_decref(rows);
	}
	if (code == EXIT_DONE && ctl->json)
		table_print_json(all, stdout);
	json_decref(all);
	return code;
}
