/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Session, ListSessions, EndSession.
 *
 * Which process tells of a session is what the bus says, and which session that is in, what logind
 * says. A logind that is not there or is silent leaves the process alone to know it by.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthd/bus-accounts.h"
#include "jauthd/bus-audit.h"
#include "jauthd/bus-facts.h"
#include "jauthd/bus-work.h"
#include "jauthd/mapping.h"
#include "jauthd/sessions.h"

#define LOGIND            "org.freedesktop.login1"
#define LOGIND_TIMEOUT_MS 1000           /* the module waits for twice that */

/* --- Session --- */

struct report {
	struct bus *bus;
	uint64_t epoch;
	DBusMessage *call;
	bool is_end;
	bool must_end;                   /* he was locked while he logged in */
	struct session session;
};

static void look_after(struct bus_work *work)
{
	sessions_look(work->core->sessions);
}

static void look_after_report(struct bus_work *work)
{
	const struct report *report = work->input;

	if (report->must_end)
		look_after(work);
}

/* Of nobody below that uid a session would ever be ended. */
static int answer_session(struct bus_work *work, struct db *db)
{
	struct report *report = work->input;
	struct session *session = &report->session;
	int r;

	if (!work->users[0].exists)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND, "there is no user \"%s\"",
				      session->user);
	session->uid = work->users[0].uid;
	if (session->uid < END_SESSION_UID_MIN)
		return 0;
	if (report->is_end) {
		r = session_close(db, session, work->now_s);
		return r == -ENOENT ? 0 : r;
	}
	session->opened_s = work->now_s;
	r = session_match(db, work->now_s, session);
	if (r == 0)
		r = session_add(db, session);
	if (r == 0)
		r = session_is_locked(db, session, &report->must_end);
	if (r == -ENOSPC)
		return bus_work_error(work, LOGIN_ERROR_LIMIT, "too many sessions are open");
	return r;
}

static void report_free(void *input)
{
	struct report *report = input;

	dbus_message_unref(report->call);
	free(report);
}

static void keep_report(struct report *report)
{
	struct bus_work *work;

	if (report->epoch != bus_epoch(report->bus)) {
		report_free(report);
		return;
	}
	work = bus_work_new(report->bus, report->call, answer_session);
	work->input = report;
	work->free_input = report_free;
	work->after = look_after_report;
	if (list_add(&work->names, report->session.user) < 0)
		abort();
	bus_work_start(work);
}

static void on_id(struct bus *bus UNUSED, DBusMessage *reply, void *data)
{
	struct report *report = data;
	DBusMessageIter iter, value;
	const char *id = NULL;

	if (reply && dbus_message_has_signature(reply, "v") &&
	    dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN) {
		dbus_message_iter_init(reply, &iter);
		dbus_message_iter_recurse(&iter, &value);
		if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_STRING)
			dbus_message_iter_get_basic(&value, &id);
	}
	if (id && end_session_id_check(id) == 0)
		(void)text_into(report->session.logind, sizeof(report->session.logind), id);
	keep_report(report);
}

static void on_path(struct bus *bus, DBusMessage *reply, void *data)
{
	const char *path = NULL, *interface = LOGIND ".Session", *name = "Id";
	DBusMessage *call;

	if (!reply || !dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &path,
					     DBUS_TYPE_INVALID)) {
		keep_report(data);
		return;
	}
	call = dbus_message_new_method_call(LOGIND, path, DBUS_INTERFACE_PROPERTIES, "Get");
	if (!call || !dbus_message_append_args(call, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING,
					       &name, DBUS_TYPE_INVALID))
		abort();
	bus_call(bus, call, LOGIND_TIMEOUT_MS, on_id, data);
}

static void ask_for_session(struct report *report)
{
	DBusMessage *call = dbus_message_new_method_call(LOGIND, "/org/freedesktop/login1",
							 LOGIND ".Manager", "GetSessionByPID");
	dbus_uint32_t pid = report->session.pid;

	if (!call || !dbus_message_append_args(call, DBUS_TYPE_UINT32, &pid, DBUS_TYPE_INVALID))
		abort();
	dbus_message_set_auto_start(call, FALSE);
	bus_call(report->bus, call, LOGIND_TIMEOUT_MS, on_path, report);
}

/* NULL, or the fact that is wrong. */
static const char *fault_of(const struct login_facts *facts, const struct bus_caller *caller)
{
	char boot[END_SESSION_BOOT_LEN + 1];
	uint64_t ticks;

	if (!phase_is_session(facts->phase))
		return FACT_PHASE;
	if (end_start_parse(facts->start, boot, &ticks) < 0)
		return FACT_START;
	return caller->pid < 2 ? "pid" : NULL;
}

static struct report *report_new(struct bus *bus, DBusMessage *call,
				 const struct login_facts *facts, pid_t pid)
{
	struct report *report = calloc(1, sizeof(*report));
	struct session *session;

	if (!report)
		abort();
	report->bus = bus;
	report->epoch = bus_epoch(bus);
	report->call = dbus_message_ref(call);
	report->is_end = facts->phase == LOGIN_SESSION_END;
	session = &report->session;
	session->pid = (uint32_t)pid;
	(void)text_into(session->start, sizeof(session->start), facts->start);
	(void)text_into(session->user, sizeof(session->user), facts->user);
	(void)text_into(session->service, sizeof(session->service), facts->service);
	(void)text_into(session->source, sizeof(session->source), facts->source);
	(void)text_into(session->request, sizeof(session->request), facts->request);
	return report;
}

static void handle_session(struct bus *bus, DBusMessage *call, const struct bus_caller *caller)
{
	struct login_facts facts;
	struct report *report;
	const char *what = "";
	int r = facts_read(call, &facts, &what);

	if (r == -EPROTONOSUPPORT) {
		bus_reply_error(bus, call, LOGIN_ERROR_VERSION,
				"jauthd and its client are of different versions");
		return;
	}
	if (r == 0)
		what = fault_of(&facts, caller);
	if (r < 0 || what) {
		bus_reply_error(bus, call, LOGIN_ERROR_FACTS, what);
		return;
	}
	report = report_new(bus, call, &facts, caller->pid);
	if (report->is_end)
		keep_report(report);
	else
		ask_for_session(report);
}

/* --- ListSessions --- */

static const char *state_of(const struct session *session)
{
	if (session->ending[0])
		return session->told_s ? "ending" : "to be ended";
	return session->closed_s ? "left behind" : "open";
}

static int add_row(const struct session *session, void *context)
{
	DBusMessageIter *rows = context, dict;

	dict_open(rows, &dict);
	dict_number(&dict, "id", session->id);
	dict_text(&dict, "user", session->user);
	dict_number(&dict, "uid", session->uid);
	dict_text(&dict, "service", session->service);
	dict_text(&dict, "source", session->source);
	dict_text(&dict, "state", state_of(session));
	dict_text(&dict, "why", session->ending);
	dict_number(&dict, "pid", session->pid);
	dict_text(&dict, "logind", session->logind);
	dict_text(&dict, "method", session->method);
	dict_text(&dict, "issuer", session->issuer);
	dict_text(&dict, "subject", session->subject);
	dict_text(&dict, "request", session->request);
	dict_number(&dict, "since", session->opened_s);
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
	r = session_each(db, user[0] ? user : NULL, add_row, &rows);
	dict_close(&iter, &rows);
	return r;
}

static void handle_list(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	struct bus_work *work = bus_work_new(bus, call, answer_list);

	bus_work_take_text(work);
	bus_work_start(work);
}

/* --- EndSession --- */

static int answer_end(struct bus_work *work, struct db *db)
{
	int64_t id = *(int64_t *)work->input;
	struct session session;
	int r = session_end(db, id, "a sysadmin ends it", work->now_s, &session);

	if (r == -ENOENT)
		return bus_work_error(work, LOGIN_ERROR_NOT_FOUND, "there is no such session");
	return r < 0 ? r : bus_audit(work, db, session.user, session.uid, "session %lld is to end",
				     (long long)id);
}

static void handle_end(struct bus *bus, DBusMessage *call, const struct bus_caller *caller UNUSED)
{
	struct bus_work *work = bus_work_new(bus, call, answer_end);

	bus_work_take_number(work);
	work->changes = true;
	work->after = look_after;
	bus_work_start(work);
}

const struct bus_method bus_sessions_methods[] = {
	{ LOGIN_INTERFACE, "Session", "a{sv}", BUS_ROOT, handle_session },
	{ ACCOUNTS_INTERFACE, "ListSessions", "s", BUS_ROOT, handle_list },
	{ ACCOUNTS_INTERFACE, "EndSession", "x", BUS_ROOT, handle_end },
	{ 0 }
};
