/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * We are a guest: libdbus must neither change SIGPIPE nor exit, and the connection is private.
 *
 * libdbus connects with a blocking connect(), which never returns when the bus is stopped and its
 * backlog is full. A probe of our own that does not block comes first. That a connection gets
 * into the backlog proves nothing (it may have taken the last place), so the probe speaks the
 * first line of the authentication protocol and waits for the bus to say something.
 */
#include "pam_jauth/begin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <dbus/dbus.h>

#include "base/macro.h"
#include "pam_jauth/deadline.h"

#define BACKLOG_RETRY_MS 20

/* What to do with a text that is too long or no UTF-8. What policy may decide by is sent whole or
 * the login fails; of SSH_AUTH_INFO_0 (certificates are long) the first methods suffice. */
enum fit {
	FIT_REQUIRED,    /* whole, and never absent */
	FIT_WHOLE,
	FIT_CUT,
	FIT_DROP,
};

static const struct {
	const char *name;
	size_t offset;
	enum fit fit;
} text_facts[] = {
	{ FACT_SERVICE,       offsetof(struct login_facts, service),       FIT_REQUIRED },
	{ FACT_USER,          offsetof(struct login_facts, user),          FIT_REQUIRED },
	{ FACT_RHOST,         offsetof(struct login_facts, rhost),         FIT_WHOLE },
	{ FACT_TTY,           offsetof(struct login_facts, tty),           FIT_WHOLE },
	{ FACT_REQUEST,       offsetof(struct login_facts, request),       FIT_WHOLE },
	{ FACT_METHOD,        offsetof(struct login_facts, method),        FIT_WHOLE },
	{ FACT_START,         offsetof(struct login_facts, start),         FIT_WHOLE },
	{ FACT_SSH_AUTH_INFO, offsetof(struct login_facts, ssh_auth_info), FIT_CUT },
	{ FACT_LANGUAGE,      offsetof(struct login_facts, language),      FIT_DROP },
};

static const struct {
	const char *name;
	size_t offset;
} number_facts[] = {
	{ FACT_ROWS,       offsetof(struct login_facts, rows) },
	{ FACT_COLUMNS,    offsetof(struct login_facts, columns) },
	{ FACT_GLYPHS,     offsetof(struct login_facts, glyphs) },
	{ FACT_CALLER_UID, offsetof(struct login_facts, caller_uid) },
	{ FACT_TIMEOUT,    offsetof(struct login_facts, timeout_s) },
};

/* Errors of Begin; a name that ends in '.' stands for all below it. All others: LOGIN_FAILED. */
static const struct {
	const char *name;
	enum login_state state;
	const char *reason;
} begin_errors[] = {
	{ LOGIN_ERROR_VERSION, LOGIN_UNAVAILABLE,
	  "jauthd speaks another version of the protocol: "
	  "module and daemon must be of one package" },
	{ LOGIN_ERROR_LIMIT, LOGIN_UNAVAILABLE, "too many logins are waiting" },
	{ LOGIN_ERROR_DENIED, LOGIN_DENIED,
	  "jauthd does not allow this caller to ask for this user" },
	{ LOGIN_ERROR_FACTS, LOGIN_FAILED, "jauthd refuses what it was told about this login" },
	{ DBUS_ERROR_ACCESS_DENIED, LOGIN_DENIED, "the bus does not let us talk to jauthd" },
	{ DBUS_ERROR_SERVICE_UNKNOWN, LOGIN_UNAVAILABLE, "jauthd is not running" },
	{ DBUS_ERROR_NAME_HAS_NO_OWNER, LOGIN_UNAVAILABLE, "jauthd is not running" },
	{ DBUS_ERROR_NO_REPLY, LOGIN_UNAVAILABLE, "jauthd does not answer" },
	{ DBUS_ERROR_TIMEOUT, LOGIN_UNAVAILABLE, "jauthd cannot be started in time" },
	{ DBUS_ERROR_TIMED_OUT, LOGIN_UNAVAILABLE, "jauthd cannot be started in time" },
	{ DBUS_ERROR_DISCONNECTED, LOGIN_UNAVAILABLE, "the bus has closed the connection" },
	{ DBUS_ERROR_LIMITS_EXCEEDED, LOGIN_UNAVAILABLE, "the bus is at its limits" },
	{ DBUS_ERROR_NO_MEMORY, LOGIN_UNAVAILABLE, "no memory" },
	{ "org.freedesktop.DBus.Error.Spawn.", LOGIN_UNAVAILABLE, "jauthd cannot be started" },
	{ "org.freedesktop.systemd1.", LOGIN_UNAVAILABLE, "jauthd cannot be started" },
};

static enum login_state finish(enum login_state state, char *ret_reason, const char *reason,
			       const char *detail)
{
	(void)snprintf(ret_reason, LOGIN_REASON_MAX, "%s%s%s", reason, detail ? ": " : "",
		       detail ? detail : "");    /* a cut reason is still a reason */
	return state;
}

/* The probe */

/* The socket of a "unix:path=" address; false for other transports, which have no backlog. */
static bool socket_of_address(const char *bus_address, struct sockaddr_un *ret_socket)
{
	DBusAddressEntry **entries = NULL;
	const char *path = NULL;
	bool fits = false;
	int n_entries = 0;

	if (!dbus_parse_address(bus_address, &entries, &n_entries, NULL))
		return false;
	if (n_entries > 0 && strcmp(dbus_address_entry_get_method(entries[0]), "unix") == 0)
		path = dbus_address_entry_get_value(entries[0], "path");
	if (path && strlen(path) < sizeof(ret_socket->sun_path)) {
		*ret_socket = (struct sockaddr_un){ .sun_family = AF_UNIX };
		memcpy(ret_socket->sun_path, path, strlen(path));
		fits = true;
	}
	dbus_address_entries_free(entries);
	return fits;
}

/* 0, or -errno; a full backlog is waited for, since many logins may start at once. */
static int connect_in_time(int fd, const struct sockaddr_un *address, int64_t deadline_ms)
{
	while (connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (remaining_ms(deadline_ms) == 0)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, MIN(BACKLOG_RETRY_MS, remaining_ms(deadline_ms)));
	}
	return 0;
}

/* 0 when the bus is alive, otherwise -errno. */
static int probe(const char *bus_address, int64_t deadline_ms)
{
	static const char hello[] = "\0AUTH\r\n";    /* "which mechanisms do you know?" */
	_cleanup_close_ int fd = -1;
	struct sockaddr_un address;
	struct pollfd wait;
	char byte;
	int r;

	if (!socket_of_address(bus_address, &address))
		return 0;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	r = connect_in_time(fd, &address, deadline_ms);
	if (r < 0)
		return r;
	if (send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL) < 0)
		return -errno;
	wait = (struct pollfd){ .fd = fd, .events = POLLIN };
	do {
		r = poll(&wait, 1, remaining_ms(deadline_ms));
	} while (r < 0 && errno == EINTR);
	if (r <= 0)
		return -ETIMEDOUT;
	return recv(fd, &byte, 1, MSG_DONTWAIT) == 1 ? 0 : -ECONNRESET;
}

/* Facts */

static bool append_fact(DBusMessageIter *dict, const char *name, int type, const void *value)
{
	const char signature[] = { (char)type, '\0' };
	DBusMessageIter entry, variant;

	return dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry) &&
	       dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &name) &&
	       dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant) &&
	       dbus_message_iter_append_basic(&variant, type, value) &&
	       dbus_message_iter_close_container(&entry, &variant) &&
	       dbus_message_iter_close_container(dict, &entry);
}

/* 0, or -EINVAL when the login must not go on without this fact, or -ENOMEM. */
static int append_text(DBusMessageIter *dict, const char *name, const char *text, enum fit fit)
{
	char copy[LOGIN_FACT_MAX + 1];
	const char *bounded = copy;
	size_t len;

	if (!text)
		return fit == FIT_REQUIRED ? -EINVAL : 0;
	len = strnlen(text, LOGIN_FACT_MAX + 1);
	if (len > LOGIN_FACT_MAX && fit != FIT_CUT)
		return fit == FIT_DROP ? 0 : -EINVAL;
	len = MIN(len, LOGIN_FACT_MAX);
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (!dbus_validate_utf8(copy, NULL))
		return fit == FIT_DROP || fit == FIT_CUT ? 0 : -EINVAL;
	return append_fact(dict, name, DBUS_TYPE_STRING, &bounded) ? 0 : -ENOMEM;
}

static int append_facts(DBusMessageIter *dict, const struct login_facts *facts)
{
	dbus_uint32_t version = LOGIN_PROTOCOL_VERSION;

	if (!append_fact(dict, FACT_VERSION, DBUS_TYPE_UINT32, &version) ||
	    !append_fact(dict, FACT_PHASE, DBUS_TYPE_STRING, &login_phase_names[facts->phase]) ||
	    !append_fact(dict, FACT_SURFACE, DBUS_TYPE_STRING,
			 &login_surface_names[facts->surface]))
		return -ENOMEM;
	for (size_t i = 0; i < N_ELEMENTS(number_facts); i++)
		if (!append_fact(dict, number_facts[i].name, DBUS_TYPE_UINT32,
				 (const char *)facts + number_facts[i].offset))
			return -ENOMEM;
	for (size_t i = 0; i < N_ELEMENTS(text_facts); i++) {
		const char *const *text =
			(const void *)((const char *)facts + text_facts[i].offset);
		int r = append_text(dict, text_facts[i].name, *text, text_facts[i].fit);

		if (r < 0)
			return r;
	}
	return 0;
}

static int facts_message(const char *member, const struct login_facts *facts,
			 DBusMessage **ret_message)
{
	DBusMessage *message = dbus_message_new_method_call(LOGIN_BUS_NAME, LOGIN_BUS_PATH,
							    LOGIN_INTERFACE, member);
	DBusMessageIter iter, dict;
	int r;

	if (!message)
		return -ENOMEM;
	dbus_message_iter_init_append(message, &iter);
	if (!dbus_message_iter_open_container(&iter, DBUS_TYPE_ARRAY, "{sv}", &dict))
		r = -ENOMEM;
	else if ((r = append_facts(&dict, facts)) < 0)
		dbus_message_iter_abandon_container(&iter, &dict);
	else if (!dbus_message_iter_close_container(&iter, &dict))
		r = -ENOMEM;
	if (r < 0) {
		dbus_message_unref(message);
		return r;
	}
	*ret_message = message;
	return 0;
}

/* Calls */

/* False when the deadline passed or the connection broke before the reply. */
static bool wait_for_reply(DBusConnection *connection, DBusPendingCall *pending,
			   int64_t deadline_ms)
{
	while (!dbus_pending_call_get_completed(pending)) {
		int left = remaining_ms(deadline_ms);

		if (left == 0 || !dbus_connection_read_write_dispatch(connection, left))
			return false;
	}
	return true;
}

/* The reply, which the caller frees, or NULL and an error.
 * dbus_connection_send_with_reply_and_block() would first flush without a limit, and a bus
 * that stops while it authenticates us would hang us there. */
static DBusMessage *call_bus(DBusConnection *connection, DBusMessage *call, int64_t deadline_ms,
			     DBusError *ret_error)
{
	DBusPendingCall *pending = NULL;
	DBusMessage *reply = NULL;

	if (!dbus_connection_send_with_reply(connection, call, &pending, DBUS_TIMEOUT_INFINITE))
		dbus_set_error_const(ret_error, DBUS_ERROR_NO_MEMORY, "no memory");
	else if (!pending)
		dbus_set_error_const(ret_error, DBUS_ERROR_DISCONNECTED, "no connection");
	else if (!wait_for_reply(connection, pending, deadline_ms))
		dbus_set_error_const(ret_error, DBUS_ERROR_NO_REPLY, "no reply in time");
	else
		reply = dbus_pending_call_steal_reply(pending);
	if (pending) {
		dbus_pending_call_cancel(pending);
		dbus_pending_call_unref(pending);
	}
	if (reply && dbus_set_error_from_message(ret_error, reply)) {
		dbus_message_unref(reply);
		reply = NULL;
	}
	return reply;
}

/* dbus_bus_register() would do this too, but waits 25 seconds whatever our deadline says. */
static bool say_hello(DBusConnection *connection, int64_t deadline_ms, DBusError *ret_error)
{
	DBusMessage *call = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
							 DBUS_INTERFACE_DBUS, "Hello");
	DBusMessage *reply = NULL;

	if (call) {
		reply = call_bus(connection, call, deadline_ms, ret_error);
		dbus_message_unref(call);
	}
	if (reply)
		dbus_message_unref(reply);
	return reply != NULL;
}

static bool error_is(const char *name, const char *row)
{
	size_t len = strlen(row);

	return row[len - 1] == '.' ? strncmp(name, row, len) == 0 : strcmp(name, row) == 0;
}

static enum login_state begin_failed(const DBusError *error, char *ret_reason)
{
	for (size_t i = 0; i < N_ELEMENTS(begin_errors); i++)
		if (error_is(error->name, begin_errors[i].name))
			return finish(begin_errors[i].state, ret_reason,
				      begin_errors[i].reason, NULL);
	return finish(LOGIN_FAILED, ret_reason, "jauthd answers with an error", error->name);
}

/* The descriptor came from jauthd, but by way of the bus: look what it is. */
static bool is_login_socket(int fd)
{
	int domain = -1, type = -1;
	socklen_t domain_len = sizeof(domain), type_len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &domain_len) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) == 0 &&
	       domain == AF_UNIX && type == SOCK_SEQPACKET && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static enum login_state call_begin(DBusConnection *connection, DBusMessage *call,
				   int64_t deadline_ms, int *ret_fd, char *ret_reason)
{
	DBusError error = DBUS_ERROR_INIT;
	_cleanup_close_ int fd = -1;
	enum login_state state;
	DBusMessage *reply;

	reply = call_bus(connection, call, deadline_ms, &error);
	if (!reply) {
		state = begin_failed(&error, ret_reason);
	} else if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_UNIX_FD, &fd, DBUS_TYPE_INVALID) ||
		   !is_login_socket(fd)) {
		state = finish(LOGIN_FAILED, ret_reason,
			       "jauthd's answer is not a login's socket", NULL);
	} else {
		*ret_fd = steal_fd(&fd);
		state = LOGIN_WAIT;
	}
	if (reply)
		dbus_message_unref(reply);
	dbus_error_free(&error);
	return state;
}

static void close_bus(DBusConnection *connection)
{
	dbus_connection_close(connection);
	dbus_connection_unref(connection);
}

/* A connection of our own, or NULL and the error. */
static DBusConnection *open_bus(const char *bus_address, int64_t deadline_ms, DBusError *ret_error)
{
	DBusConnection *connection;

	dbus_connection_set_change_sigpipe(FALSE);
	connection = dbus_connection_open_private(bus_address, ret_error);
	if (!connection)
		return NULL;
	dbus_connection_set_exit_on_disconnect(connection, FALSE);
	if (say_hello(connection, deadline_ms, ret_error))
		return connection;
	close_bus(connection);
	return NULL;
}

static enum login_state begin_on_bus(const char *bus_address, DBusMessage *call,
				     int64_t deadline_ms, int *ret_fd, char *ret_reason)
{
	DBusError error = DBUS_ERROR_INIT;
	enum login_state state;
	DBusConnection *connection = open_bus(bus_address, deadline_ms, &error);

	if (connection) {
		state = call_begin(connection, call, deadline_ms, ret_fd, ret_reason);
		close_bus(connection);
	} else {
		state = finish(LOGIN_UNAVAILABLE, ret_reason, "the system bus does not take us",
			       error.name);
	}
	dbus_error_free(&error);
	return state;
}

enum login_state login_begin(const char *bus_address, const struct login_facts *facts,
			     int64_t deadline_ms, int *ret_fd, char ret_reason[LOGIN_REASON_MAX])
{
	DBusMessage *call = NULL;
	enum login_state state;
	int r;

	r = facts_message("Begin", facts, &call);
	if (r < 0)
		return finish(LOGIN_FAILED, ret_reason,
			      r == -ENOMEM ? "no memory" :
			      "a fact is missing, too long or no UTF-8", NULL);
	r = probe(bus_address, deadline_ms);
	if (r < 0)
		state = finish(LOGIN_UNAVAILABLE, ret_reason, "no system bus", strerrordesc_np(-r));
	else
		state = begin_on_bus(bus_address, call, deadline_ms, ret_fd, ret_reason);
	dbus_message_unref(call);
	return state;
}

/* A session */

static bool is_only_away(const DBusError *error)
{
	return dbus_error_has_name(error, DBUS_ERROR_SERVICE_UNKNOWN) ||
	       dbus_error_has_name(error, DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	       dbus_error_has_name(error, DBUS_ERROR_NO_REPLY);
}

static int report_on_bus(const char *bus_address, DBusMessage *call, int64_t deadline_ms,
			 char *ret_reason)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusConnection *connection = open_bus(bus_address, deadline_ms, &error);
	DBusMessage *reply = NULL;
	int r = 0;

	if (connection) {
		reply = call_bus(connection, call, deadline_ms, &error);
		close_bus(connection);
	}
	if (reply) {
		dbus_message_unref(reply);
	} else {
		r = is_only_away(&error) ? -EAGAIN : -EIO;
		(void)begin_failed(&error, ret_reason);
	}
	dbus_error_free(&error);
	return r;
}

int login_report(const char *bus_address, const struct login_facts *facts, int64_t deadline_ms,
		 char ret_reason[LOGIN_REASON_MAX])
{
	DBusMessage *call = NULL;
	int r = facts_message("Session", facts, &call);

	if (r < 0) {
		(void)finish(LOGIN_FAILED, ret_reason, "a fact is missing, too long or no UTF-8",
			     NULL);
		return r;
	}
	dbus_message_set_auto_start(call, FALSE);
	r = probe(bus_address, deadline_ms);
	if (r < 0)
		(void)finish(LOGIN_UNAVAILABLE, ret_reason, "no system bus", strerrordesc_np(-r));
	else
		r = report_on_bus(bus_address, call, deadline_ms, ret_reason);
	dbus_message_unref(call);
	return r;
}
