/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Begin. Root begins a login for anybody; another uid only for its own user, either as a service
 * of the locker list, or to enrol himself or link an identity to himself. Of its facts only those
 * that say how to draw are believed, and which method is meant.
 *
 * Where a login comes from: an address means remote. Else the logind session of the calling
 * program tells (sudo, su and polkit run inside one). A Linux console needs no session to be
 * local: nobody far away has one as terminal. Everything else is unknown, and unknown is remote.
 */
#include "jauthd/bus-login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/bus-facts.h"
#include "jauthd/console.h"
#include "jauthd/names.h"
#include "jauthd/people.h"

/* --- origin, asked of logind --- */

struct origin {
	struct core *core;
	uint64_t login;
	bool if_unknown;                 /* is_remote then */
	bool is_console;                 /* as the kernel says; then that of a login without
					  * session */
};

static void origin_is(struct origin *origin, bool is_remote)
{
	const struct login_origin found = { is_remote, origin->is_console };

	logins_set_origin(origin->core->logins, origin->login, &found);
	free(origin);
}

/* Who begins on the console has no session yet; what goes on within one is a program of its user's.
 * An answer that is none leaves both open. */
static bool has_no_session(DBusMessage *reply)
{
	static const char *const errors[] = {
		"org.freedesktop.login1.NoSessionForPID",
		DBUS_ERROR_SERVICE_UNKNOWN, DBUS_ERROR_NAME_HAS_NO_OWNER,      /* no logind */
	};

	for (size_t i = 0; reply && i < N_ELEMENTS(errors); i++)
		if (dbus_message_is_error(reply, errors[i]))
			return true;
	return false;
}

static void on_remote(struct bus *bus UNUSED, DBusMessage *reply, void *data)
{
	struct origin *origin = data;
	DBusMessageIter iter, value;
	dbus_bool_t is_remote = TRUE;

	if (!reply || !dbus_message_has_signature(reply, "v") ||
	    dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN) {
		origin_is(origin, origin->if_unknown);
		return;
	}
	dbus_message_iter_init(reply, &iter);
	dbus_message_iter_recurse(&iter, &value);
	if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_BOOLEAN)
		dbus_message_iter_get_basic(&value, &is_remote);
	origin_is(origin, is_remote);
}

static void on_session(struct bus *bus, DBusMessage *reply, void *data)
{
	struct origin *origin = data;
	const char *path = NULL, *interface = "org.freedesktop.login1.Session", *name = "Remote";
	DBusMessage *call;

	origin->is_console = origin->is_console && has_no_session(reply);
	if (!reply || !dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &path,
					     DBUS_TYPE_INVALID)) {
		origin_is(origin, origin->if_unknown);
		return;
	}
	call = dbus_message_new_method_call("org.freedesktop.login1", path,
					    DBUS_INTERFACE_PROPERTIES, "Get");
	if (!call || !dbus_message_append_args(call, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING,
					       &name, DBUS_TYPE_INVALID))
		abort();
	bus_call(bus, call, ORIGIN_TIMEOUT_MS, on_remote, origin);
}

static void ask_for_origin(struct bus *bus, uint64_t login, pid_t pid,
			   const struct login_facts *facts)
{
	bool is_console = facts->surface == SURFACE_CONSOLE;
	struct origin *origin = malloc(sizeof(*origin));
	DBusMessage *call = dbus_message_new_method_call("org.freedesktop.login1",
							 "/org/freedesktop/login1",
							 "org.freedesktop.login1.Manager",
							 "GetSessionByPID");
	dbus_uint32_t caller = (dbus_uint32_t)pid;

	if (!origin || !call ||
	    !dbus_message_append_args(call, DBUS_TYPE_UINT32, &caller, DBUS_TYPE_INVALID))
		abort();
	dbus_message_set_auto_start(call, FALSE);
	*origin = (struct origin){
		.core = bus_context(bus),
		.login = login,
		.if_unknown = !is_console,
		.is_console = is_console && console_is_held("/proc", pid, facts->source),
	};
	bus_call(bus, call, ORIGIN_TIMEOUT_MS, on_session, origin);
}

/* --- Begin --- */

static void reply_with_fd(struct bus *bus, DBusMessage *call, int fd)
{
	DBusMessage *reply = dbus_message_new_method_return(call);

	if (!reply || !dbus_message_append_args(reply, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_INVALID))
		abort();
	bus_send(bus, reply);
}

static void begin(struct bus *bus, DBusMessage *call, const struct login_facts *facts, pid_t pid)
{
	struct core *core = bus_context(bus);
	struct login_begin begin = {
		.facts = facts,
		.origin_is_known = facts->has_address || facts->surface == SURFACE_SSH || pid <= 0,
		.is_remote = true,
	};
	_cleanup_close_ int fd = -1;
	uint64_t id;
	int r = logins_begin(core->logins, &begin, &id, &fd);

	if (r < 0) {
		bus_reply_error(bus, call, LOGIN_ERROR_LIMIT, "too many logins wait");
		return;
	}
	reply_with_fd(bus, call, fd);
	if (!begin.origin_is_known)
		ask_for_origin(bus, id, pid, facts);
}

/* --- another uid --- */

struct own_login {
	struct job job;
	struct bus *bus;
	uint64_t epoch;
	DBusMessage *call;
	struct login_facts facts;
	struct bus_caller caller;
	struct unix_user user;
	int result;
};

static void run_own(struct job *job, void *context UNUSED)
{
	struct own_login *own = container_of(job, struct own_login, job);

	own->result = unix_user_by_uid(own->caller.uid, &own->user);
}

static void finish_own(struct own_login *own)
{
	if (own->epoch == bus_epoch(own->bus)) {
		if (own->result == 0 && own->user.exists &&
		    text_equals(own->user.name, own->facts.user))
			begin(own->bus, own->call, &own->facts, own->caller.pid);
		else
			bus_reply_error(own->bus, own->call, LOGIN_ERROR_DENIED,
					"you may log in only as yourself");
	}
	unix_user_done(&own->user);
	dbus_message_unref(own->call);
	free(own);
}

static void run_own_person(struct job *job, void *context)
{
	struct own_login *own = container_of(job, struct own_login, job);
	struct person person;

	own->result = person_by_uid(context, own->caller.uid, &person);
	if (own->result == 0 && text_into(own->user.name, sizeof(own->user.name), person.name))
		own->user.exists = true;
}

static void on_own_person(struct job *job)
{
	finish_own(container_of(job, struct own_login, job));
}

/* Who is none of the host's own users may be one whom jauth made. */
static void on_own(struct job *job)
{
	struct own_login *own = container_of(job, struct own_login, job);
	struct core *core = bus_context(own->bus);

	if (own->result == 0 && !own->user.exists) {
		own->job = (struct job){ .run = run_own_person, .done = on_own_person };
		if (store_add(core->store, &own->job) == 0)
			return;
	}
	finish_own(own);
}

static const char *service_of(const struct login_facts *said)
{
	if (said->phase == LOGIN_ENROL)
		return ENROL_SERVICE;
	return said->phase == LOGIN_LINK ? LINK_SERVICE : said->service;
}

/* Only what draws, and what is checked again: the names, and that the login before was this
 * user's. Enrolling and linking have services of their own, whatever the caller says. */
static struct login_facts believed(const struct login_facts *said, uid_t uid)
{
	struct login_facts facts = {
		.phase = said->phase,
		.surface = said->surface == SURFACE_SSH ? SURFACE_NONE : said->surface,
		.glyphs = said->glyphs,
		.rows = said->rows,
		.columns = said->columns,
		.caller_uid = uid,
		.timeout_s = said->timeout_s,
	};

	if (said->phase == LOGIN_ENROL || said->phase == LOGIN_LINK)
		(void)text_into(facts.method, sizeof(facts.method), said->method);
	(void)text_into(facts.service, sizeof(facts.service), service_of(said));
	(void)text_into(facts.user, sizeof(facts.user), said->user);
	(void)text_into(facts.language, sizeof(facts.language), said->language);
	(void)text_into(facts.request, sizeof(facts.request), said->request);
	(void)snprintf(facts.source, sizeof(facts.source), "uid %u", uid);
	if (facts.surface == SURFACE_CONSOLE)
		facts.surface = SURFACE_TERMINAL;
	return facts;
}

static bool may_begin_own(const struct core *core, const struct login_facts *facts)
{
	switch (facts->phase) {
	case LOGIN_AUTHENTICATE:
	case LOGIN_ACCOUNT:
		return list_has(logins_config(core->logins)->lockers, facts->service);
	case LOGIN_ENROL:                /* policy follows */
	case LOGIN_LINK:
		return true;
	case LOGIN_PASSWORD_CHECK:
	case LOGIN_PASSWORD:
	case LOGIN_TEST:
	case LOGIN_SESSION:
	case LOGIN_SESSION_END:
	case LOGIN_N_PHASES:
		break;
	}
	return false;
}

static void begin_own(struct bus *bus, DBusMessage *call, const struct login_facts *facts,
		      const struct bus_caller *caller)
{
	struct core *core = bus_context(bus);
	struct own_login *own;

	if (!may_begin_own(core, facts)) {
		bus_reply_error(bus, call, LOGIN_ERROR_DENIED, "this service is root's");
		return;
	}
	own = calloc(1, sizeof(*own));
	if (!own)
		abort();
	own->job.run = run_own;
	own->job.done = on_own;
	own->bus = bus;
	own->epoch = bus_epoch(bus);
	own->call = dbus_message_ref(call);
	own->facts = believed(facts, caller->uid);
	own->caller = *caller;
	if (workers_add(core->names, &own->job) == 0)
		return;
	bus_reply_error(bus, call, LOGIN_ERROR_LIMIT, "too much to do");
	dbus_message_unref(call);
	free(own);
}

static void handle_begin(struct bus *bus, DBusMessage *call, const struct bus_caller *caller)
{
	struct login_facts facts;
	const char *what = "";
	int r = facts_read(call, &facts, &what);

	if (r == -EPROTONOSUPPORT)
		bus_reply_error(bus, call, LOGIN_ERROR_VERSION,
				"jauthd and its client are of different versions");
	else if (r < 0)
		bus_reply_error(bus, call, LOGIN_ERROR_FACTS, what);
	else if (phase_is_session(facts.phase))
		bus_reply_error(bus, call, LOGIN_ERROR_FACTS, FACT_PHASE);
	else if (caller->uid == 0)
		begin(bus, call, &facts, caller->pid);
	else
		begin_own(bus, call, &facts, caller);
}

const struct bus_method bus_login_methods[] = {
	{ LOGIN_INTERFACE, "Begin", "a{sv}", BUS_ANYBODY, handle_begin },
	{ 0 }
};
