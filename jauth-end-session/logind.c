/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls to logind, a connection each: this program lives for a moment, so that it may wait. */
#include "jauth-end-session/logind.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include <dbus/dbus.h>

#include "base/macro.h"

#define LOGIND          "org.freedesktop.login1"
#define LOGIND_PATH     "/org/freedesktop/login1"
#define LOGIND_MANAGER  "org.freedesktop.login1.Manager"
#define LOGIND_SESSION  "org.freedesktop.login1.Session"
#define TIMEOUT_MS      5000

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "org.freedesktop.login1.NoSuchSession", -ENOENT },
	{ DBUS_ERROR_SERVICE_UNKNOWN, -ENOTCONN },
	{ DBUS_ERROR_NAME_HAS_NO_OWNER, -ENOTCONN },
	{ DBUS_ERROR_FILE_NOT_FOUND, -ENOTCONN },        /* no bus */
	{ DBUS_ERROR_NO_SERVER, -ENOTCONN },
	{ DBUS_ERROR_NO_REPLY, -ETIMEDOUT },
	{ DBUS_ERROR_ACCESS_DENIED, -EACCES },
};

static int error_number(const DBusError *error)
{
	for (size_t i = 0; i < N_ELEMENTS(errors); i++)
		if (dbus_error_has_name(error, errors[i].name))
			return errors[i].error;
	return -EIO;
}

/* Takes the call over. The reply is the caller's. */
static int call_logind(DBusConnection *connection, DBusMessage *call, DBusMessage **ret_reply)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply = NULL;
	int r = 0;

	if (!call)
		return -ENOMEM;
	dbus_message_set_auto_start(call, FALSE);
	reply = dbus_connection_send_with_reply_and_block(connection, call, TIMEOUT_MS, &error);
	dbus_message_unref(call);
	if (!reply)
		r = error_number(&error);
	dbus_error_free(&error);
	*ret_reply = reply;
	return r;
}

static int open_bus(DBusConnection **ret_connection)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusConnection *connection = dbus_bus_get_private(DBUS_BUS_SYSTEM, &error);
	int r = connection ? 0 : error_number(&error);

	dbus_error_free(&error);
	if (!connection)
		return r;
	dbus_connection_set_exit_on_disconnect(connection, FALSE);
	*ret_connection = connection;
	return 0;
}

static void close_bus(DBusConnection *connection)
{
	dbus_connection_close(connection);
	dbus_connection_unref(connection);
}

static DBusMessage *manager_call(const char *member)
{
	return dbus_message_new_method_call(LOGIND, LOGIND_PATH, LOGIND_MANAGER, member);
}

static int find_path(DBusConnection *connection, const char *session, char *ret_path, size_t size)
{
	DBusMessage *call = manager_call("GetSession"), *reply = NULL;
	const char *path;
	int r;

	if (call && !dbus_message_append_args(call, DBUS_TYPE_STRING, &session,
					      DBUS_TYPE_INVALID)) {
		dbus_message_unref(call);
		return -ENOMEM;
	}
	r = call_logind(connection, call, &reply);
	if (r < 0)
		return r;
	if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID) ||
	    strlen(path) >= size)
		r = -EBADMSG;
	else
		memcpy(ret_path, path, strlen(path) + 1);
	dbus_message_unref(reply);
	return r;
}

/* Of a session. *ret_value lives as long as the reply, which is the caller's. */
static int get_property(DBusConnection *connection, const char *path, const char *name,
			DBusMessage **ret_reply, DBusMessageIter *ret_value)
{
	DBusMessage *call = dbus_message_new_method_call(LOGIND, path, DBUS_INTERFACE_PROPERTIES,
							 "Get");
	const char *interface = LOGIND_SESSION;
	DBusMessage *reply = NULL;
	DBusMessageIter iter;
	int r;

	if (call && !dbus_message_append_args(call, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING,
					      &name, DBUS_TYPE_INVALID)) {
		dbus_message_unref(call);
		return -ENOMEM;
	}
	r = call_logind(connection, call, &reply);
	if (r < 0)
		return r;
	if (!dbus_message_has_signature(reply, "v")) {
		dbus_message_unref(reply);
		return -EBADMSG;
	}
	dbus_message_iter_init(reply, &iter);
	dbus_message_iter_recurse(&iter, ret_value);
	*ret_reply = reply;
	return 0;
}

/* One that is a u, or a struct that begins with one. */
static int get_number(DBusConnection *connection, const char *path, const char *name,
		      uint32_t *ret_number)
{
	DBusMessage *reply;
	DBusMessageIter value, member;
	int r = get_property(connection, path, name, &reply, &value);

	if (r < 0)
		return r;
	r = -EBADMSG;
	member = value;
	if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_STRUCT)
		dbus_message_iter_recurse(&value, &member);
	if (dbus_message_iter_get_arg_type(&member) == DBUS_TYPE_UINT32) {
		dbus_message_iter_get_basic(&member, ret_number);
		r = 0;
	}
	dbus_message_unref(reply);
	return r;
}

static int get_is_closing(DBusConnection *connection, const char *path, bool *ret_is_closing)
{
	DBusMessage *reply;
	DBusMessageIter value;
	const char *text;
	int r = get_property(connection, path, "State", &reply, &value);

	if (r < 0)
		return r;
	r = -EBADMSG;
	if (dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_STRING) {
		dbus_message_iter_get_basic(&value, &text);
		*ret_is_closing = strcmp(text, "closing") == 0;
		r = 0;
	}
	dbus_message_unref(reply);
	return r;
}

static int find(const char *session, struct logind_session *ret_session)
{
	DBusConnection *connection;
	struct logind_session found = { 0 };
	char path[256];
	int r = open_bus(&connection);

	if (r < 0)
		return r;
	r = find_path(connection, session, path, sizeof(path));
	if (r == 0)
		r = get_number(connection, path, "User", &found.uid);
	if (r == 0)
		r = get_number(connection, path, "Leader", &found.leader);
	if (r == 0)
		r = get_is_closing(connection, path, &found.is_closing);
	close_bus(connection);
	if (r == 0)
		*ret_session = found;
	return r;
}

/* Takes the call over. */
static int order_logind(DBusMessage *call)
{
	DBusConnection *connection;
	DBusMessage *reply = NULL;
	int r = open_bus(&connection);

	if (r < 0) {
		dbus_message_unref(call);
		return r;
	}
	r = call_logind(connection, call, &reply);
	if (reply)
		dbus_message_unref(reply);
	close_bus(connection);
	return r;
}

static int terminate(const char *session)
{
	DBusMessage *call = manager_call("TerminateSession");

	if (!call)
		return -ENOMEM;
	if (dbus_message_append_args(call, DBUS_TYPE_STRING, &session, DBUS_TYPE_INVALID))
		return order_logind(call);
	dbus_message_unref(call);
	return -ENOMEM;
}

static int kill_all(const char *session)
{
	DBusMessage *call = manager_call("KillSession");
	const char *who = "all";
	dbus_int32_t number = SIGKILL;

	if (!call)
		return -ENOMEM;
	if (dbus_message_append_args(call, DBUS_TYPE_STRING, &session, DBUS_TYPE_STRING, &who,
				     DBUS_TYPE_INT32, &number, DBUS_TYPE_INVALID))
		return order_logind(call);
	dbus_message_unref(call);
	return -ENOMEM;
}

static int set_linger(uint32_t uid, bool is_on)
{
	DBusMessage *call = manager_call("SetUserLinger");
	dbus_uint32_t user = uid;
	dbus_bool_t on = is_on, interactive = FALSE;

	if (!call)
		return -ENOMEM;
	if (dbus_message_append_args(call, DBUS_TYPE_UINT32, &user, DBUS_TYPE_BOOLEAN, &on,
				     DBUS_TYPE_BOOLEAN, &interactive, DBUS_TYPE_INVALID))
		return order_logind(call);
	dbus_message_unref(call);
	return -ENOMEM;
}

const struct logind system_logind = {
	.find = find,
	.terminate = terminate,
	.kill_all = kill_all,
	.set_linger = set_linger,
};
