/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Links from identities to Unix users: list, add, remove, import.
 *
 * A link reaches a privileged user only when the caller says so, in an import as for one. An
 * import is looked at whole before anything changes; one refused row refuses all.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "base/url.h"
#include "jauthd/accounts.h"
#include "jauthd/audit.h"
#include "jauthd/bus-accounts.h"
#include "jauthd/bus-audit.h"
#include "jauthd/bus-work.h"
#include "jauthd/mapping.h"

/* --- list --- */

int bus_links_add_row(const struct link *link, void *rows)
{
	DBusMessageIter dict;

	dict_open(rows, &dict);
	dict_number(&dict, "id", link->id);
	dict_text(&dict, "issuer", link->issuer);
	dict_text(&dict, "subject", link->subject);
	dict_text(&dict, "user", link->user);
	dict_number(&dict, "uid", link->uid);
	dict_text(&dict, "note", link->note);
	dict_text(&dict, "origin", link->origin);
	dict_number(&dict, "created", link->created_s);
	dict_number(&dict, "used", link->used_s);
	dict_bool(&dict, "pending", link->pending);
	dict_text(&dict, "request", link->request);
	dict_text(&dict, "method", link->method);
	dict_text(&dict, "chosen-name", link->display);
	dict_text(&dict, "source", link->source);
	dict_close(rows, &dict);
	return 0;
}

static int answer_list(struct bus_work *work, struct db *db)
{
	const char *user = work->input;
	DBusMessageIter iter, rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = link_each(db, text_is_empty(user) ? NULL : user, bus_links_add_row, &rows);
	dict_close(&iter, &rows);
	return r;
}

static void handle_list(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	struct bus_work *work = bus_work_new(bus, call, answer_list);

	bus_work_take_text(work);
	bus_work_start(work);
}

/* --- add and import --- */

struct wanted_link {
	char *issuer, *subject, *user, *note;
};

struct wanted_links {
	struct wanted_link *links;
	size_t n_links;
	bool privileged;
	bool apply;              /* import: else only the difference is told */
};

static void wanted_free(void *input)
{
	struct wanted_links *wanted = input;

	for (size_t i = 0; i < wanted->n_links; i++) {
		free(wanted->links[i].issuer);
		free(wanted->links[i].subject);
		free(wanted->links[i].user);
		free(wanted->links[i].note);
	}
	free(wanted->links);
	free(wanted);
}

static bool read_wanted(DBusMessageIter *dict, struct wanted_link *ret_link)
{
	const char *issuer = "", *subject = "", *user = "", *note = "";

	if (!dict_get_text(dict, "issuer", &issuer) || !dict_get_text(dict, "subject", &subject) ||
	    !dict_get_text(dict, "user", &user) || !dict_get_text(dict, "note", &note))
		return false;
	ret_link->issuer = text_copy(issuer);
	ret_link->subject = text_copy(subject);
	ret_link->user = text_copy(user);
	ret_link->note = text_copy(note);
	return true;
}

static bool is_line(const char *text)
{
	return text_is_line(text, strlen(text));
}

/* NULL, or why this link cannot be. */
static const char *link_mistake(const struct bus_work *work, const struct wanted_link *link,
				const struct unix_user *user, bool privileged)
{
	if (!link->issuer[0] || !link->subject[0] || !link->user[0])
		return "issuer, subject and user are needed";
	if (strlen(link->issuer) > IDENTITY_TEXT_MAX || strlen(link->subject) > IDENTITY_TEXT_MAX ||
	    strlen(link->note) > IDENTITY_TEXT_MAX)
		return "longer than 255 bytes";
	if (!is_line(link->issuer) || !is_line(link->subject) || !is_line(link->note))
		return "control characters are not allowed";
	if (text_equals(link->issuer, ISSUER_UNIX))
		return "this issuer is jauth's own";
	if (!user->exists)
		return "there is no such user";
	if (mapping_is_privileged(work->config, user) && !privileged)
		return "a privileged user: say so with --privileged";
	return NULL;
}

static struct link link_from(const struct bus_work *work, const struct wanted_link *wanted,
			     const struct unix_user *user, const char *origin)
{
	return (struct link){
		.issuer = wanted->issuer,
		.subject = wanted->subject,
		.user = wanted->user,
		.uid = user->uid,
		.note = wanted->note,
		.origin = (char *)origin,
		.created_s = work->now_s,
	};
}

static int answer_add(struct bus_work *work, struct db *db)
{
	struct wanted_links *wanted = work->input;
	const char *mistake = link_mistake(work, &wanted->links[0], &work->users[0],
					   wanted->privileged);
	struct link link = link_from(work, &wanted->links[0], &work->users[0], "admin");
	dbus_int64_t id = 0;
	int64_t new_id = 0;
	int r;

	if (mistake)
		return bus_work_error(work, LOGIN_ERROR_INVALID, "%s", mistake);
	r = link_add(db, &link, &new_id);
	if (r == -EEXIST)
		return bus_work_error(work, LOGIN_ERROR_INVALID, "this link is there already");
	if (r < 0)
		return r;
	r = bus_notice(work, db, NOTICE_LINKED, &link);
	if (r < 0)
		return r;
	id = new_id;
	if (!dbus_message_append_args(work->reply, DBUS_TYPE_INT64, &id, DBUS_TYPE_INVALID))
		abort();
	return bus_audit(work, db, link.user, link.uid, "link added: %s %s", link.issuer,
			 link.subject);
}

static struct wanted_links *wanted_new(size_t n)
{
	struct wanted_links *wanted = calloc(1, sizeof(*wanted));

	if (!wanted)
		abort();
	wanted->links = calloc(MAX(n, (size_t)1), sizeof(*wanted->links));
	if (!wanted->links)
		abort();
	return wanted;
}

static void start_wanted(struct bus_work *work, struct wanted_links *wanted)
{
	work->input = wanted;
	work->free_input = wanted_free;
	for (size_t i = 0; i < wanted->n_links; i++)
		if (list_add(&work->names, wanted->links[i].user) < 0)
			abort();
	bus_work_start(work);
}

static void handle_add(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	struct wanted_links *wanted = wanted_new(1);
	struct bus_work *work;
	DBusMessageIter dict;

	dbus_message_iter_init(call, &dict);
	if (!dict_get_bool(&dict, "privileged", &wanted->privileged) ||
	    !read_wanted(&dict, &wanted->links[0])) {
		wanted_free(wanted);
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID, "a value has another type");
		return;
	}
	wanted->n_links = 1;
	work = bus_work_new(bus, call, answer_add);
	work->changes = true;
	start_wanted(work, wanted);
}

enum import_action { IMPORT_ADD, IMPORT_SAME, IMPORT_REFUSED };
static const char *const import_actions[] = { "add", "same", "refused" };

static int import_one(struct bus_work *work, struct db *db, size_t i, const char **ret_reason,
		      enum import_action *ret_action)
{
	struct wanted_links *wanted = work->input;
	struct link link = link_from(work, &wanted->links[i], &work->users[i], "import");
	int r;

	*ret_reason = link_mistake(work, &wanted->links[i], &work->users[i], wanted->privileged);
	if (*ret_reason) {
		*ret_action = IMPORT_REFUSED;
		return 0;
	}
	*ret_reason = "";
	r = link_add(db, &link, NULL);
	*ret_action = r == -EEXIST ? IMPORT_SAME : IMPORT_ADD;
	if (r == 0)
		r = bus_notice(work, db, NOTICE_LINKED, &link);
	return r == -EEXIST ? 0 : r;
}

static void add_import_row(DBusMessageIter *rows, const struct wanted_link *link,
			   enum import_action action, const char *reason)
{
	DBusMessageIter dict;

	dict_open(rows, &dict);
	dict_text(&dict, "action", import_actions[action]);
	dict_text(&dict, "reason", reason);
	dict_text(&dict, "issuer", link->issuer);
	dict_text(&dict, "subject", link->subject);
	dict_text(&dict, "user", link->user);
	dict_close(rows, &dict);
}

/* The rows are added to learn what they do; unless all are right and to be applied, that is
 * undone. */
static int answer_import(struct bus_work *work, struct db *db)
{
	struct wanted_links *wanted = work->input;
	size_t n_refused = 0, n_added = 0;
	DBusMessageIter iter, rows;
	int r = 0;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	for (size_t i = 0; r == 0 && i < wanted->n_links; i++) {
		enum import_action action = IMPORT_REFUSED;
		const char *reason;

		r = import_one(work, db, i, &reason, &action);
		n_refused += action == IMPORT_REFUSED;
		n_added += action == IMPORT_ADD;
		add_import_row(&rows, &wanted->links[i], action, reason);
	}
	dict_close(&iter, &rows);
	if (r < 0)
		return r;
	work->undo = !wanted->apply || n_refused;
	if (work->undo)
		return 0;
	return bus_audit(work, db, "", -1, "links imported: %zu", n_added);
}

static size_t count_rows(DBusMessageIter *array)
{
	return (size_t)dbus_message_iter_get_element_count(array);
}

static bool read_import(DBusMessage *call, struct wanted_links **ret_wanted)
{
	struct wanted_links *wanted;
	DBusMessageIter iter, row;
	bool is_right = true;

	dbus_message_iter_init(call, &iter);
	if (count_rows(&iter) > BUS_ROWS_MAX)
		return false;
	wanted = wanted_new(count_rows(&iter));
	for (dbus_message_iter_recurse(&iter, &row);
	     is_right && dbus_message_iter_get_arg_type(&row) == DBUS_TYPE_ARRAY;
	     dbus_message_iter_next(&row)) {
		is_right = read_wanted(&row, &wanted->links[wanted->n_links]);
		wanted->n_links += is_right;
	}
	dbus_message_iter_next(&iter);
	is_right = is_right && dict_get_bool(&iter, "apply", &wanted->apply) &&
		   dict_get_bool(&iter, "privileged", &wanted->privileged);
	if (!is_right) {
		wanted_free(wanted);
		return false;
	}
	*ret_wanted = wanted;
	return true;
}

static void handle_import(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	struct wanted_links *wanted;
	struct bus_work *work;

	if (!read_import(call, &wanted)) {
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID,
				"too many rows, or a value has another type");
		return;
	}
	work = bus_work_new(bus, call, answer_import);
	work->changes = wanted->apply;
	work->has_many = true;
	start_wanted(work, wanted);
}

/* --- remove --- */

static int answer_remove(struct bus_work *work, struct db *db)
{
	_cleanup_(link_done) struct link link = { 0 };
	int64_t id = *(int64_t *)work->input;
	int r = link_get(db, id, &link);

	if (r == -ENOENT)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND, "there is no link %lld",
				      (long long)id);
	if (r == 0)
		r = link_remove(db, id);
	/* One that waited for its user let nobody in. */
	if (r == 0 && !link.pending)
		r = bus_notice(work, db, NOTICE_UNLINKED, &link);
	if (r < 0)
		return r;
	return bus_audit(work, db, link.user, link.uid, "link removed: %lld, %s %s", (long long)id,
			 link.issuer, link.subject);
}

static void handle_remove(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	struct bus_work *work = bus_work_new(bus, call, answer_remove);

	bus_work_take_number(work);
	work->changes = true;
	bus_work_start(work);
}

const struct bus_method bus_links_methods[] = {
	{ ACCOUNTS_INTERFACE, "ListLinks", "s", BUS_ROOT, handle_list },
	{ ACCOUNTS_INTERFACE, "AddLink", "a{sv}", BUS_ROOT, handle_add },
	{ ACCOUNTS_INTERFACE, "RemoveLink", "x", BUS_ROOT, handle_remove },
	{ ACCOUNTS_INTERFACE, "ImportLinks", "aa{sv}a{sv}", BUS_ROOT, handle_import },
	{ 0 }
};
