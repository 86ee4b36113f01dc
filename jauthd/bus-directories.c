/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Directories, for a sysadmin: when, what changed, who is in them. */
#include <errno.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/bus-admin.h"
#include "jauthd/bus-work.h"
#include "jauthd/core.h"
#include "jauthd/directory.h"
#include "jauthd/people.h"

static const char *const state_words[] = {
	[DIRECTORY_NEVER] = "waits", [DIRECTORY_RUNNING] = "runs", [DIRECTORY_DONE] = "done",
	[DIRECTORY_FAILED] = "failed", [DIRECTORY_ASKS] = "asks",
};

static void add_status(const char *id, const struct directory_status *status,
		       DBusMessageIter *dict)
{
	dict_text(dict, "directory", id);
	dict_text(dict, "state", state_words[status->state]);
	dict_text(dict, "step", status->step);
	dict_number(dict, "run", (int64_t)status->n_runs);
	dict_bool(dict, "dry-run", status->is_dry);
	dict_number(dict, "departments", (int64_t)status->progress.n_departments);
	dict_number(dict, "departments-done", (int64_t)status->progress.n_done);
	dict_number(dict, "members", (int64_t)status->progress.n_members);
	dict_number(dict, "looked-at", status->n_looked_at);
	dict_text(dict, "result", status->text);
	dict_number(dict, "next", status->next_s);
}

/* --- ListDirectories: what the store has of each, and what goes on --- */

struct listed {
	size_t n;
	struct listed_directory {
		char id[METHOD_ID_MAX + 1];
		struct directory_status status;
	} rows[METHODS_MAX];
};

static int count(struct db *db, const char *directory, const char *sql, int64_t *ret_n)
{
	struct query *query = query_new(db, sql);
	int r;

	query_text(query, 1, directory);
	r = query_step(query);
	if (r == 1)
		*ret_n = query_column_number(query, 0);
	query_done(query);
	return r < 0 ? r : 0;
}

static int add_counts(struct db *db, const char *id, DBusMessageIter *dict)
{
	int64_t n_departments = 0, n_members = 0, n_refused = 0;
	struct directory_row row = { 0 };
	int r = stage_get(db, id, &row);

	if (r == 0)
		r = count(db, id, "SELECT count(*) FROM directory_departments"
				  " WHERE directory = ?1 AND round = 0 AND id <> ''",
			  &n_departments);
	if (r == 0)
		r = count(db, id, "SELECT count(*) FROM directory_members"
				  " WHERE directory = ?1 AND round = 0 AND state = 0", &n_members);
	if (r == 0)
		r = count(db, id, "SELECT count(*) FROM directory_members"
				  " WHERE directory = ?1 AND round = 0 AND fault <> ''",
			  &n_refused);
	dict_number(dict, "kept-departments", n_departments);
	dict_number(dict, "kept-members", n_members);
	dict_number(dict, "refused", n_refused);
	dict_number(dict, "synced", row.synced_s);
	dict_number(dict, "tried", row.tried_s);
	return r;
}

static int answer_list(struct bus_work *work, struct db *db)
{
	const struct listed *listed = work->input;
	DBusMessageIter iter, rows;
	int r = 0;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	for (size_t i = 0; r == 0 && i < listed->n; i++) {
		DBusMessageIter dict;

		dict_open(&rows, &dict);
		add_status(listed->rows[i].id, &listed->rows[i].status, &dict);
		r = add_counts(db, listed->rows[i].id, &dict);
		dict_close(&rows, &dict);
	}
	dict_close(&iter, &rows);
	return r;
}

static void handle_list(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	struct core *core = bus_context(bus);
	const struct config *config = logins_config(core->logins);
	struct bus_work *work = bus_work_new(bus, call, answer_list);
	struct listed *listed = calloc(1, sizeof(*listed));

	if (!listed)
		abort();
	for (unsigned i = 0; i < config->n_methods; i++) {
		struct listed_directory *row = &listed->rows[listed->n];
		const char *id = config->methods[i]->id;

		if (directories_get_status(core->directories, id, &row->status) < 0)
			continue;
		(void)text_into(row->id, sizeof(row->id), id);   /* the same size */
		row->status.report = NULL;
		listed->n++;
	}
	work->input = listed;
	work->free_input = free;
	bus_work_start(work);
}

/* --- SyncDirectory, DescribeSync --- */

static void handle_sync(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	struct core *core = bus_context(bus);
	struct directory_options options = { .by_hand = true, .removals_allowed = -1 };
	struct directory_status status;
	DBusMessage *reply;
	DBusMessageIter iter;
	dbus_int64_t run;
	const char *id;
	int r;

	dbus_message_iter_init(call, &iter);
	dbus_message_iter_get_basic(&iter, &id);
	dbus_message_iter_next(&iter);
	if (!dict_get_bool(&iter, "dry-run", &options.is_dry) ||
	    !dict_get_number(&iter, "allow-removals", &options.removals_allowed) ||
	    options.removals_allowed < -1) {
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID,
				"a value has another type, or is out of bounds");
		return;
	}
	r = directories_sync(core->directories, id, &options);
	if (r < 0) {
		bus_reply_error(bus, call, r == -ENOENT ? LOGIN_ERROR_NOT_FOUND :
						      LOGIN_ERROR_LIMIT,
				r == -ENOENT ? "there is no such directory" :
					       "a sync of it is under way already");
		return;
	}
	(void)directories_get_status(core->directories, id, &status);
	run = (dbus_int64_t)status.n_runs;
	reply = dbus_message_new_method_return(call);
	if (!reply || !dbus_message_append_args(reply, DBUS_TYPE_INT64, &run, DBUS_TYPE_INVALID))
		abort();
	bus_send(bus, reply);
}

/* Of the directory that the call, of signature "s", names. NULL: there is none, and that was
 * replied; else a reply to be filled. */
static DBusMessage *take_directory(struct bus *bus, DBusMessage *call, const char **ret_id,
				   struct directory_status *ret_status)
{
	struct core *core = bus_context(bus);
	DBusMessage *reply;

	*ret_id = bus_text(call);
	if (directories_get_status(core->directories, *ret_id, ret_status) < 0) {
		bus_reply_error(bus, call, LOGIN_ERROR_NOT_FOUND, "there is no such directory");
		return NULL;
	}
	reply = dbus_message_new_method_return(call);
	if (!reply)
		abort();
	return reply;
}

static void handle_describe(struct bus *bus, DBusMessage *call,
			    const struct bus_caller *caller UNUSED)
{
	struct directory_status status;
	DBusMessageIter iter, dict;
	const char *id;
	DBusMessage *reply = take_directory(bus, call, &id, &status);

	if (!reply)
		return;
	dbus_message_iter_init_append(reply, &iter);
	dict_open(&iter, &dict);
	add_status(id, &status, &dict);
	dict_close(&iter, &dict);
	bus_send(bus, reply);
}

/* --- ListChanges --- */

static void add_change(const struct directory_change_row *change, DBusMessageIter *rows)
{
	DBusMessageIter dict;

	dict_open(rows, &dict);
	dict_text(&dict, "change", directory_change_word(change->change));
	dict_text(&dict, "subject", change->subject);
	dict_text(&dict, "user", change->user);
	dict_text(&dict, "text", change->text);
	dict_close(rows, &dict);
}

static void handle_changes(struct bus *bus, DBusMessage *call,
			   const struct bus_caller *caller UNUSED)
{
	struct directory_status status;
	DBusMessageIter iter, rows;
	const char *id;
	DBusMessage *reply = take_directory(bus, call, &id, &status);

	if (!reply)
		return;
	dbus_message_iter_init_append(reply, &iter);
	rows_open(&iter, &rows);
	for (size_t i = 0; status.report && i < status.report->n_rows; i++)
		add_change(&status.report->rows[i], &rows);
	dict_close(&iter, &rows);
	bus_send(bus, reply);
}

/* --- ListMembers --- */

static const char *member_state(int64_t state)
{
	static const char *const words[] = {
		[MEMBER_ACTIVE] = "active", [MEMBER_DISABLED] = "disabled",
		[MEMBER_INACTIVE] = "inactive", [MEMBER_LEFT] = "left",
		[MEMBER_FILTERED] = "filtered",
	};

	return state >= 0 && state < (int64_t)N_ELEMENTS(words) ? words[state] : "unknown";
}

static int add_departments(struct db *db, const char *directory, const char *subject,
			   DBusMessageIter *dict)
{
	struct buf text = BUF_INIT(BUS_TEXT_MAX);
	struct query *query;
	int r;

	query = query_new(db, "SELECT place.department, department.name FROM directory_places"
			      " AS place LEFT JOIN directory_departments AS department"
			      " ON department.directory = ?1 AND department.round = 0"
			      " AND department.id = place.department"
			      " WHERE place.directory = ?1 AND place.round = 0"
			      " AND place.subject = ?2 AND place.department <> ''"
			      " ORDER BY place.department");
	query_text(query, 1, directory);
	query_text(query, 2, subject);
	while ((r = query_step(query)) == 1)
		buf_add_format(&text, "%s%s %s", text.len ? ", " : "", query_column_text(query, 0),
			       query_column_text(query, 1));
	query_done(query);
	dict_text(dict, "departments", buf_failed(&text) ? "many" : buf_text(&text));
	buf_done(&text);
	return r;
}

static int add_member(struct db *db, const char *directory, struct query *query,
		      DBusMessageIter *rows)
{
	const char *issuer = query_column_text(query, 1);
	const char *subject = query_column_text(query, 0);
	struct person person;
	DBusMessageIter dict;
	int r = person_by_identity(db, issuer, subject, &person);

	if (r < 0 && r != -ENOENT)
		return r;
	dict_open(rows, &dict);
	dict_text(&dict, "subject", subject);
	dict_text(&dict, "chosen-name", query_column_text(query, 2));
	dict_text(&dict, "state", member_state(query_column_number(query, 3)));
	dict_text(&dict, "user", r == 0 ? person.name : "");
	dict_number(&dict, "uid", r == 0 ? (int64_t)person.uid : -1);
	dict_text(&dict, "fault", query_column_text(query, 4));
	r = add_departments(db, directory, subject, &dict);
	dict_close(rows, &dict);
	return r;
}

/* Pages of BUS_PAGE_ROWS: a reply has its bound. */
struct members_query {
	char *directory, *after;
};

static void members_query_free(void *input)
{
	struct members_query *wanted = input;

	free(wanted->directory);
	free(wanted->after);
	free(wanted);
}

static int answer_members(struct bus_work *work, struct db *db)
{
	const struct members_query *wanted = work->input;
	DBusMessageIter iter, rows;
	struct query *query;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	query = query_new(db, "SELECT subject, issuer, display, state, fault"
			      " FROM directory_members WHERE directory = ?1 AND round = 0"
			      " AND subject > ?2 ORDER BY subject LIMIT ?3");
	query_text(query, 1, wanted->directory);
	query_text(query, 2, wanted->after);
	query_number(query, 3, BUS_PAGE_ROWS);
	while ((r = query_step(query)) == 1) {
		r = add_member(db, wanted->directory, query, &rows);
		if (r < 0)
			break;
	}
	query_done(query);
	dict_close(&iter, &rows);
	return r;
}

static void handle_members(struct bus *bus, DBusMessage *call,
			   const struct bus_caller *caller UNUSED)
{
	struct core *core = bus_context(bus);
	struct directory_status status;
	struct members_query *wanted;
	struct bus_work *work;
	const char *id = "", *after = "";

	(void)dbus_message_get_args(call, NULL, DBUS_TYPE_STRING, &id, DBUS_TYPE_STRING, &after,
				    DBUS_TYPE_INVALID);
	if (directories_get_status(core->directories, id, &status) < 0) {
		bus_reply_error(bus, call, LOGIN_ERROR_NOT_FOUND, "there is no such directory");
		return;
	}
	wanted = malloc(sizeof(*wanted));
	if (!wanted)
		abort();
	*wanted = (struct members_query){ text_copy(id), text_copy(after) };
	work = bus_work_new(bus, call, answer_members);
	work->input = wanted;
	work->free_input = members_query_free;
	bus_work_start(work);
}

const struct bus_method bus_directories_methods[] = {
	{ ADMIN_INTERFACE, "ListDirectories", "", BUS_ROOT, handle_list },
	{ ADMIN_INTERFACE, "SyncDirectory", "sa{sv}", BUS_ROOT, handle_sync },
	{ ADMIN_INTERFACE, "DescribeSync", "s", BUS_ROOT, handle_describe },
	{ ADMIN_INTERFACE, "ListChanges", "s", BUS_ROOT, handle_changes },
	{ ADMIN_INTERFACE, "ListMembers", "ss", BUS_ROOT, handle_members },
	{ 0 }
};
