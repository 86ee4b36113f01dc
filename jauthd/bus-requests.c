/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests of strangers: a sysadmin lists and accepts them, and the user confirms what was accepted
 * for him. Both are needed, and each looks again at all that is known: a request is accepted once,
 * in time, for the user the login asked for and no privileged one; a link is confirmed in time, by
 * exactly this user, name and uid, or refused by him. Root may add links without any of this, so he
 * confirms none in a user's name.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/audit.h"
#include "jauthd/bus-accounts.h"
#include "jauthd/bus-audit.h"
#include "jauthd/bus-work.h"
#include "jauthd/mapping.h"
#include "jauthd/requests.h"

/* --- list --- */

static void add_request(const struct link_request *request, DBusMessageIter *dict)
{
	dict_text(dict, "request", request->request);
	dict_text(dict, "user", request->user);
	dict_number(dict, "uid", request->uid);
	dict_text(dict, "method", request->method);
	dict_text(dict, "issuer", request->issuer);
	dict_text(dict, "subject", request->subject);
	dict_text(dict, "chosen-name", request->display);
	dict_text(dict, "linked-to", request->linked);
	dict_text(dict, "source", request->source);
	dict_number(dict, "time", request->time_s);
}

static int add_request_row(const struct link_request *request, void *context)
{
	DBusMessageIter *rows = context, dict;

	dict_open(rows, &dict);
	add_request(request, &dict);
	dict_close(rows, &dict);
	return 0;
}

static int answer_list(struct bus_work *work, struct db *db)
{
	DBusMessageIter iter, rows;
	int r;

	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &rows);
	r = requests_each(db, work->now_s, add_request_row, &rows);
	dict_close(&iter, &rows);
	return r;
}

static void handle_list(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	bus_work_start(bus_work_new(bus, call, answer_list));
}

/* --- accept --- */

struct acceptance {
	char *request, *user, *note;
};

static void acceptance_free(void *input)
{
	struct acceptance *acceptance = input;

	free(acceptance->request);
	free(acceptance->user);
	free(acceptance->note);
	free(acceptance);
}

static int note_time(const struct audit_row *row, void *context)
{
	*(int64_t *)context = row->time_s;
	return 0;
}

/* There is none: was there a login? */
static int explain_missing(struct bus_work *work, struct db *db, const char *request)
{
	const struct audit_filter filter = { .request = request, .limit = 1 };
	int64_t time_s = 0;
	int r = audit_each(db, &filter, note_time, &time_s);

	if (r < 0)
		return r;
	if (!time_s)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND,
				      "there was no login with this request id");
	if (requests_is_over(&(struct link_request){ .time_s = time_s }, work->now_s))
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND,
				      "too late: that login was more than an hour ago");
	return bus_work_error(work, LOGIN_ERROR_NOT_FOUND,
			      "that login asked for no link, or it is confirmed already; "
			      "see \"jauthctl log --request %s\"", request);
}

/* NULL, or why it cannot be for this user. */
static const char *user_mistake(const struct bus_work *work, const struct unix_user *user)
{
	if (!user->exists)
		return "there is no such user";
	if (mapping_is_privileged(work->config, user))
		return "a request never leads to a privileged user: add the link itself, "
		       "with --privileged";
	return NULL;
}

/* 0, or an error that says why not. */
static int look_at_request(struct bus_work *work, const struct link_request *request)
{
	const struct unix_user *user = &work->users[0];

	if (!text_equals(request->user, user->name))
		return bus_work_error(work, LOGIN_ERROR_INVALID,
				      "that login asked for the user \"%s\"", request->user);
	if (request->uid != user->uid)
		return bus_work_error(work, LOGIN_ERROR_INVALID,
				      "this user was made again since that login");
	if (request->link_id)
		return bus_work_error(work, LOGIN_ERROR_INVALID,
				      "accepted already: link %" PRId64, request->link_id);
	if (requests_is_over(request, work->now_s))
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND,
				      "too late: that login was more than an hour ago");
	return 0;
}

static void add_accepted(struct bus_work *work, const struct link_request *request, int64_t link_id)
{
	DBusMessageIter iter, dict;

	dbus_message_iter_init_append(work->reply, &iter);
	dict_open(&iter, &dict);
	dict_number(&dict, "link", link_id);
	add_request(request, &dict);
	dict_close(&iter, &dict);
}

static int answer_accept(struct bus_work *work, struct db *db)
{
	const struct acceptance *wanted = work->input;
	const char *mistake = user_mistake(work, &work->users[0]);
	struct link_request request;
	int64_t link_id = 0;
	int r;

	if (mistake)
		return bus_work_error(work, LOGIN_ERROR_INVALID, "%s", mistake);
	r = requests_get(db, wanted->request, &request);
	if (r == -ENOENT)
		return explain_missing(work, db, wanted->request);
	if (r == 0)
		r = look_at_request(work, &request);
	if (r == 0)
		r = requests_trim(db, work->now_s);
	if (r == 0)
		r = requests_accept(db, &request, wanted->note, work->now_s, &link_id);
	if (r == -EEXIST)
		return bus_work_error(work, LOGIN_ERROR_INVALID,
				      "this link is there already, or waits for the user");
	if (r < 0)
		return r;
	add_accepted(work, &request, link_id);
	(void)text_into(work->about, sizeof(work->about), request.request);
	return bus_audit(work, db, request.user, request.uid,
			 "request accepted: link %" PRId64 ", %s %s", link_id, request.issuer,
			 request.subject);
}

static void handle_accept(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	const char *request = "", *user = "", *note = "";
	struct acceptance *acceptance;
	struct bus_work *work;
	DBusMessageIter dict;

	dbus_message_iter_init(call, &dict);
	if (!dict_get_text(&dict, "request", &request) || !dict_get_text(&dict, "user", &user) ||
	    !dict_get_text(&dict, "note", &note) || !request[0] || !user[0] ||
	    strlen(note) > IDENTITY_TEXT_MAX || !text_is_line(note, strlen(note))) {
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID,
				"request and user are needed, a note is one line of 255 bytes");
		return;
	}
	acceptance = malloc(sizeof(*acceptance));
	if (!acceptance)
		abort();
	*acceptance = (struct acceptance){ text_copy(request), text_copy(user), text_copy(note) };
	work = bus_work_new(bus, call, answer_accept);
	work->input = acceptance;
	work->free_input = acceptance_free;
	work->changes = true;
	if (list_add(&work->names, user) < 0)
		abort();
	bus_work_start(work);
}

/* --- what a user sees and does of his own --- */

static bool is_waiting_for(const struct link *link, const struct unix_user *user, int64_t now_s)
{
	return link->pending && text_equals(link->user, user->name) && link->uid == user->uid &&
	       !requests_link_is_over(link->created_s, now_s);
}

struct waiting {
	const struct bus_work *work;
	DBusMessageIter rows;
};

static int add_waiting(const struct link *link, void *context)
{
	struct waiting *waiting = context;

	if (!is_waiting_for(link, &waiting->work->caller, waiting->work->now_s))
		return 0;
	return bus_links_add_row(link, &waiting->rows);
}

/* Who may add every link needs to confirm none; and what he confirms in passing would open more
 * than one account. */
static int look_at_caller(struct bus_work *work)
{
	if (work->caller.exists && !mapping_is_privileged(work->config, &work->caller))
		return 0;
	return bus_work_error(work, LOGIN_ERROR_DENIED,
			      "root and privileged users confirm no links: root adds them");
}

static int answer_waiting(struct bus_work *work, struct db *db)
{
	struct waiting waiting = { .work = work };
	DBusMessageIter iter;
	int r = look_at_caller(work);

	if (r < 0)
		return r;
	dbus_message_iter_init_append(work->reply, &iter);
	rows_open(&iter, &waiting.rows);
	r = link_each(db, work->caller.name, add_waiting, &waiting);
	dict_close(&iter, &waiting.rows);
	return r;
}

static int answer_confirm(struct bus_work *work, struct db *db)
{
	_cleanup_(link_done) struct link link = { 0 };
	int64_t id = *(int64_t *)work->input;
	int r = look_at_caller(work);

	if (r < 0)
		return r;
	r = link_get(db, id, &link);
	if (r == -ENOENT || (r == 0 && !is_waiting_for(&link, &work->caller, work->now_s)))
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND,
				      "no link %" PRId64 " waits for you", id);
	if (r == 0)
		r = link_confirm(db, id, work->caller.name, work->caller.uid);
	if (r < 0)
		return r;
	r = bus_notice(work, db, NOTICE_LINKED, &link);
	if (r < 0)
		return r;
	(void)text_into(work->about, sizeof(work->about), link.request);
	return bus_audit(work, db, link.user, link.uid, "link confirmed: %" PRId64 ", %s %s", id,
			 link.issuer, link.subject);
}

/* It is gone, and the request with it. No changes nothing for anybody, so everybody may say it. */
static int answer_refuse(struct bus_work *work, struct db *db)
{
	_cleanup_(link_done) struct link link = { 0 };
	int64_t id = *(int64_t *)work->input;
	int r = link_get(db, id, &link);

	if (r == -ENOENT || (r == 0 && !(work->caller.exists &&
					 is_waiting_for(&link, &work->caller, work->now_s))))
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND,
				      "no link %" PRId64 " waits for you", id);
	if (r == 0)
		r = link_remove(db, id);
	if (r == 0)
		r = bus_notice(work, db, NOTICE_REFUSED, &link);
	if (r < 0)
		return r;
	(void)text_into(work->about, sizeof(work->about), link.request);
	return bus_audit(work, db, link.user, link.uid, "link refused: %" PRId64 ", %s %s", id,
			 link.issuer, link.subject);
}

static void handle_waiting(struct bus *bus, DBusMessage *call, const struct bus_caller *caller)
{
	bus_work_start_own(bus_work_new(bus, call, answer_waiting), caller);
}

static void handle_confirm(struct bus *bus, DBusMessage *call, const struct bus_caller *caller)
{
	struct bus_work *work = bus_work_new(bus, call, answer_confirm);

	bus_work_take_number(work);
	work->changes = true;
	bus_work_start_own(work, caller);
}

static void handle_refuse(struct bus *bus, DBusMessage *call, const struct bus_caller *caller)
{
	struct bus_work *work = bus_work_new(bus, call, answer_refuse);

	bus_work_take_number(work);
	work->changes = true;
	bus_work_start_own(work, caller);
}

const struct bus_method bus_requests_methods[] = {
	{ ACCOUNTS_INTERFACE, "ListRequests", "", BUS_ROOT, handle_list },
	{ ACCOUNTS_INTERFACE, "AcceptRequest", "a{sv}", BUS_ROOT, handle_accept },
	{ ACCOUNTS_INTERFACE, "ListPending", "", BUS_ANYBODY, handle_waiting },
	{ ACCOUNTS_INTERFACE, "ConfirmLink", "x", BUS_ANYBODY, handle_confirm },
	{ ACCOUNTS_INTERFACE, "RefuseLink", "x", BUS_ANYBODY, handle_refuse },
	{ 0 }
};
