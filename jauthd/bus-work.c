/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bus calls answered by the store, and the dictionaries they speak in: see bus-work.h. */
#include "jauthd/bus-work.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/people.h"
#include "jauthd/publish.h"
#include "jauthd/sessions.h"

/* --- dictionaries --- */

void dict_open(DBusMessageIter *parent, DBusMessageIter *ret_dict)
{
	if (!dbus_message_iter_open_container(parent, DBUS_TYPE_ARRAY, "{sv}", ret_dict))
		abort();
}

void rows_open(DBusMessageIter *parent, DBusMessageIter *ret_rows)
{
	if (!dbus_message_iter_open_container(parent, DBUS_TYPE_ARRAY, "a{sv}", ret_rows))
		abort();
}

static void add_entry(DBusMessageIter *dict, const char *key, const char *signature,
		      const void *value)
{
	DBusMessageIter entry, variant;

	if (!dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry) ||
	    !dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key) ||
	    !dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant) ||
	    !dbus_message_iter_append_basic(&variant, signature[0], value) ||
	    !dbus_message_iter_close_container(&entry, &variant) ||
	    !dbus_message_iter_close_container(dict, &entry))
		abort();
}

void dict_text(DBusMessageIter *dict, const char *key, const char *value)
{
	struct buf clean = BUF_INIT(BUS_TEXT_MAX * 4);
	const char *text = value ? value : "";

	if (!text_is_utf8(text, strlen(text))) {
		text_add_clean(&clean, text, BUS_TEXT_MAX);
		text = buf_text(&clean);
	}
	add_entry(dict, key, "s", &text);
	buf_done(&clean);
}

void dict_number(DBusMessageIter *dict, const char *key, int64_t value)
{
	dbus_int64_t number = value;

	add_entry(dict, key, "x", &number);
}

void dict_bool(DBusMessageIter *dict, const char *key, bool value)
{
	dbus_bool_t answer = value;

	add_entry(dict, key, "b", &answer);
}

void dict_rows_open(DBusMessageIter *dict, const char *key, struct dict_rows *ret_rows)
{
	if (!dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &ret_rows->entry) ||
	    !dbus_message_iter_append_basic(&ret_rows->entry, DBUS_TYPE_STRING, &key) ||
	    !dbus_message_iter_open_container(&ret_rows->entry, DBUS_TYPE_VARIANT, "aa{sv}",
					      &ret_rows->variant))
		abort();
	rows_open(&ret_rows->variant, &ret_rows->rows);
}

void dict_rows_close(DBusMessageIter *dict, struct dict_rows *rows)
{
	dict_close(&rows->variant, &rows->rows);
	dict_close(&rows->entry, &rows->variant);
	dict_close(dict, &rows->entry);
}

/* `dict` is an iterator at an a{sv}; it is not moved. 1: found, with *ret_value at its content. */
static bool find_entry(DBusMessageIter *dict, const char *key, DBusMessageIter *ret_value)
{
	DBusMessageIter entries, entry;

	for (dbus_message_iter_recurse(dict, &entries);
	     dbus_message_iter_get_arg_type(&entries) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(&entries)) {
		const char *name;

		dbus_message_iter_recurse(&entries, &entry);
		dbus_message_iter_get_basic(&entry, &name);
		if (!text_equals(name, key))
			continue;
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, ret_value);
		return true;
	}
	return false;
}

static bool get_basic(DBusMessageIter *dict, const char *key, int type, void *ret_value)
{
	DBusMessageIter value;

	if (!find_entry(dict, key, &value))
		return true;
	if (dbus_message_iter_get_arg_type(&value) != type)
		return false;
	dbus_message_iter_get_basic(&value, ret_value);
	return true;
}

bool dict_get_text(DBusMessageIter *dict, const char *key, const char **ret_value)
{
	return get_basic(dict, key, DBUS_TYPE_STRING, ret_value);
}

bool dict_get_number(DBusMessageIter *dict, const char *key, int64_t *ret_value)
{
	dbus_int64_t number = *ret_value;
	bool is_right = get_basic(dict, key, DBUS_TYPE_INT64, &number);

	*ret_value = number;
	return is_right;
}

bool dict_get_bool(DBusMessageIter *dict, const char *key, bool *ret_value)
{
	dbus_bool_t answer = *ret_value;
	bool is_right = get_basic(dict, key, DBUS_TYPE_BOOLEAN, &answer);

	*ret_value = answer;
	return is_right;
}

/* --- the work --- */

static void work_free(struct bus_work *work)
{
	for (size_t i = 0; i < work->n_users; i++)
		unix_user_done(&work->users[i]);
	free(work->users);
	unix_user_done(&work->caller);
	list_free(work->names);
	if (work->free_input)
		work->free_input(work->input);
	if (work->reply)
		dbus_message_unref(work->reply);
	dbus_message_unref(work->call);
	config_unref(work->config);
	free(work);
}

static void finish(struct bus_work *work)
{
	if (work->epoch != bus_epoch(work->bus)) {
		work_free(work);
		return;
	}
	if (work->error)
		bus_reply_error(work->bus, work->call, work->error, work->error_text);
	else
		bus_send(work->bus, steal(&work->reply));
	work_free(work);
}

int bus_work_error(struct bus_work *work, const char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(work->error_text, sizeof(work->error_text), format, args);
	va_end(args);
	work->error = error;
	return -EINVAL;
}

/* Users of the host come first. */
static int add_person(const struct bus_work *work, struct db *db, const char *name,
		      struct unix_user *user)
{
	struct unix_user found;
	int r;

	if (user->exists)
		return 0;
	r = person_unix_user(db, work->config, name, user->host_groups, &found);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	unix_user_done(user);
	*user = found;
	return 0;
}

static int add_people(struct bus_work *work, struct db *db)
{
	struct person person;
	int r = 0;

	for (size_t i = 0; r == 0 && i < work->n_users; i++)
		r = add_person(work, db, work->names[i], &work->users[i]);
	if (r < 0 || !work->looks_up_caller || work->caller.exists)
		return r;
	r = person_by_uid(db, work->caller_uid, &person);
	if (r == 0)
		r = add_person(work, db, person.name, &work->caller);
	return r == -ENOENT ? 0 : r;
}

static void fail(struct bus_work *work, int r, const char *what)
{
	if (r < 0 && !work->error)
		(void)bus_work_error(work, LOGIN_ERROR_FAILED, "%s: %s", what, strerror(-r));
}

static void run_answer(struct job *job, void *context)
{
	struct bus_work *work = container_of(job, struct bus_work, job);
	struct db *db = context;
	int r = db_begin(db);

	work->has_more = false;
	if (r == 0) {
		if (!work->reply)
			work->reply = dbus_message_new_method_return(work->call);
		if (!work->reply)
			abort();
		if (work->changes)
			db_make_durable(db);
		r = add_people(work, db);
		if (r == 0)
			r = work->answer(work, db);
		work->has_more = r == 1;
		if (r < 0 || work->undo)
			db_rollback(db);
		else
			r = db_commit(db);
	}
	fail(work, r, "the store failed");
}

static void answered(struct bus_work *work)
{
	if (work->after && !work->error && !work->undo)
		work->after(work);
	if (work->is_noticed && !work->error)
		logins_noticed(work->core->logins);
	if (work->changes_people && !work->error) {
		publish_now(work->core->publish);
		sessions_look(work->core->sessions);
	}
	finish(work);
}

static void refuse_busy(struct bus_work *work)
{
	(void)bus_work_error(work, LOGIN_ERROR_LIMIT, "too much to do");
	finish(work);
}

static void run_complete(struct job *job, void *context UNUSED)
{
	struct bus_work *work = container_of(job, struct bus_work, job);

	fail(work, work->complete(work), "the answer cannot be made");
}

static void on_completed(struct job *job)
{
	answered(container_of(job, struct bus_work, job));
}

static void complete(struct bus_work *work)
{
	work->job = (struct job){ .run = run_complete, .done = on_completed };
	if (workers_add(work->core->names, &work->job) < 0)
		refuse_busy(work);
}

/* What nobody waits for any more is not gone on with. */
static void on_answered(struct job *job)
{
	struct bus_work *work = container_of(job, struct bus_work, job);
	bool goes_on = !work->error && !work->undo && work->epoch == bus_epoch(work->bus);

	if (goes_on && work->has_more) {
		if (store_add(work->core->store, &work->job) < 0)
			refuse_busy(work);
	} else if (goes_on && work->complete) {
		complete(work);
	} else {
		answered(work);
	}
}

static void start_answer(struct bus_work *work)
{
	work->job = (struct job){ .run = run_answer, .done = on_answered };
	if (store_add(work->core->store, &work->job) < 0)
		refuse_busy(work);
}

static int look_up(struct bus_work *work)
{
	size_t n = list_length(work->names);
	int r = 0;

	work->users = calloc(MAX(n, (size_t)1), sizeof(*work->users));
	if (!work->users)
		abort();
	for (; r == 0 && work->n_users < n; work->n_users++)
		r = unix_user_look_up(work->names[work->n_users], &work->users[work->n_users]);
	if (r == 0 && work->looks_up_caller)
		r = unix_user_by_uid(work->caller_uid, &work->caller);
	if (r == 0 && work->prepare)
		r = work->prepare(work);
	return r;
}

static void run_names(struct job *job, void *context UNUSED)
{
	struct bus_work *work = container_of(job, struct bus_work, job);

	if (look_up(work) < 0 && !work->error)
		(void)bus_work_error(work, LOGIN_ERROR_FAILED, "users cannot be looked up now");
}

static void on_caller_groups(struct job *job)
{
	struct bus_work *work = container_of(job, struct bus_work, job);

	if (work->error)
		finish(work);
	else
		start_answer(work);
}

/* The host has his name itself: then the name is not his. */
static void run_caller_groups(struct job *job, void *context UNUSED)
{
	struct bus_work *work = container_of(job, struct bus_work, job);
	char name[sizeof(work->caller.name)];

	memcpy(name, work->caller.name, sizeof(name));
	if (unix_user_look_up(name, &work->caller) < 0 || work->caller.exists)
		(void)bus_work_error(work, LOGIN_ERROR_FAILED, "users cannot be looked up now");
}

static void on_caller(struct job *job)
{
	struct bus_work *work = container_of(job, struct bus_work, job);

	if (work->error) {
		finish(work);
		return;
	}
	if (!work->caller.name[0]) {
		start_answer(work);
		return;
	}
	work->job = (struct job){ .run = run_caller_groups, .done = on_caller_groups };
	if (workers_add(work->core->names, &work->job) < 0)
		refuse_busy(work);
}

static void run_caller(struct job *job, void *context)
{
	struct bus_work *work = container_of(job, struct bus_work, job);
	struct person person;
	int r = person_by_uid(context, work->caller_uid, &person);

	if (r == 0)
		(void)text_into(work->caller.name, sizeof(work->caller.name), person.name);
	else if (r != -ENOENT)
		(void)bus_work_error(work, LOGIN_ERROR_FAILED, "the store failed: %s",
				     strerror(-r));
}

/* A caller whom the host does not know may be one whom jauth made, whose groups of the host are
 * found by his name. */
static void on_names(struct job *job)
{
	struct bus_work *work = container_of(job, struct bus_work, job);

	if (work->error) {
		finish(work);
		return;
	}
	if (!work->looks_up_caller || work->caller.exists) {
		start_answer(work);
		return;
	}
	work->job = (struct job){ .run = run_caller, .done = on_caller };
	if (store_add(work->core->store, &work->job) < 0)
		refuse_busy(work);
}

struct bus_work *bus_work_new(struct bus *bus, DBusMessage *call,
			      int (*answer)(struct bus_work *work, struct db *db))
{
	struct bus_work *work = calloc(1, sizeof(*work));

	if (!work)
		abort();
	work->bus = bus;
	work->core = bus_context(bus);
	work->epoch = bus_epoch(bus);
	work->call = dbus_message_ref(call);
	work->config = config_ref(logins_config(work->core->logins));
	work->now_s = logins_now_s(work->core->logins);
	work->answer = answer;
	return work;
}

void bus_work_take_number(struct bus_work *work)
{
	int64_t *input = malloc(sizeof(*input));
	dbus_int64_t number = 0;

	if (!input)
		abort();
	(void)dbus_message_get_args(work->call, NULL, DBUS_TYPE_INT64, &number, DBUS_TYPE_INVALID);
	*input = number;
	work->input = input;
	work->free_input = free;
}

const char *bus_text(DBusMessage *call)
{
	const char *text = "";

	(void)dbus_message_get_args(call, NULL, DBUS_TYPE_STRING, &text, DBUS_TYPE_INVALID);
	return text;
}

void bus_work_take_text(struct bus_work *work)
{
	work->input = text_copy(bus_text(work->call));
	work->free_input = free;
}

void bus_work_start(struct bus_work *work)
{
	if (!work->names && !work->looks_up_caller && !work->prepare) {
		start_answer(work);
		return;
	}
	work->job = (struct job){ .run = run_names, .done = on_names };
	if (workers_add(work->core->names, &work->job) < 0)
		refuse_busy(work);
}

void bus_work_start_own(struct bus_work *work, const struct bus_caller *caller)
{
	work->caller_uid = caller->uid;
	work->looks_up_caller = true;
	bus_work_start(work);
}
