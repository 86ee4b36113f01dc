/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Calls to jauthd over the system bus; see bus.h. */
#include "jauthctl/bus.h"

#include <dbus/dbus.h>

#include "base/json.h"
#include "base/login-protocol.h"
#include "base/text.h"
#include "jauthctl/message.h"

#define REPLY_MS   30000
#define QUIETLY_MS 5000                  /* of one who wants to know whether it answers */

/* Errors that are not a plain no; a name that ends in '.' stands for all below it. */
static const struct {
	const char *name;
	enum exit_code code;
} error_codes[] = {
	{ LOGIN_ERROR_DENIED, EXIT_REFUSED },
	{ DBUS_ERROR_ACCESS_DENIED, EXIT_REFUSED },
	{ DBUS_ERROR_SERVICE_UNKNOWN, EXIT_NOT_REACHED },
	{ DBUS_ERROR_NAME_HAS_NO_OWNER, EXIT_NOT_REACHED },
	{ DBUS_ERROR_NO_SERVER, EXIT_NOT_REACHED },
	{ DBUS_ERROR_FILE_NOT_FOUND, EXIT_NOT_REACHED },
	{ DBUS_ERROR_NO_REPLY, EXIT_NOT_REACHED },
	{ DBUS_ERROR_TIMEOUT, EXIT_NOT_REACHED },
	{ DBUS_ERROR_TIMED_OUT, EXIT_NOT_REACHED },
	{ DBUS_ERROR_DISCONNECTED, EXIT_NOT_REACHED },
	{ "org.freedesktop.DBus.Error.Spawn.", EXIT_NOT_REACHED },
	{ "org.freedesktop.systemd1.", EXIT_NOT_REACHED },
};

static bool error_is(const char *error_name, const char *row)
{
	return text_has_suffix(row, ".") ? text_has_prefix(error_name, row) :
					   text_equals(error_name, row);
}

/* The bus's own refusal is written for programmers. */
static void complain_of(const DBusError *error, enum exit_code code)
{
	if (dbus_error_has_name(error, DBUS_ERROR_ACCESS_DENIED))
		complain(N_("the bus lets only root ask this of jauthd"));
	else if (code == EXIT_NOT_REACHED)
		complain(N_("jauthd cannot be reached: %s"), error->message);
	else
		complain("%s", error->message);
}

/* Takes the error. */
static enum exit_code failed(const struct ctl *ctl, DBusError *error)
{
	enum exit_code code = EXIT_NO;
	size_t i;

	for (i = 0; i < N_ELEMENTS(error_codes); i++) {
		if (!error_is(error->name, error_codes[i].name))
			continue;
		code = error_codes[i].code;
		break;
	}
	if (!ctl->quiet)
		complain_of(error, code);
	dbus_error_free(error);
	return code;
}

static enum exit_code no_memory(void)
{
	complain("no memory");
	return EXIT_NO;
}

static enum exit_code open_bus(struct ctl *ctl)
{
	DBusError error = DBUS_ERROR_INIT;

	if (ctl->connection)
		return EXIT_DONE;
	/* Else a closed pipe behind us would be an error of every write instead of our end. */
	dbus_connection_set_change_sigpipe(FALSE);
	ctl->connection = dbus_connection_open_private(LOGIN_BUS_ADDRESS, &error);
	if (!ctl->connection)
		return failed(ctl, &error);
	dbus_connection_set_exit_on_disconnect(ctl->connection, FALSE);
	if (!dbus_bus_register(ctl->connection, &error)) {
		bus_close(ctl);
		return failed(ctl, &error);
	}
	return EXIT_DONE;
}

void bus_close(struct ctl *ctl)
{
	if (!ctl->connection)
		return;
	dbus_connection_close(ctl->connection);
	dbus_connection_unref(ctl->connection);
	ctl->connection = NULL;
}

static enum exit_code send_call(struct ctl *ctl, DBusMessage *call, json_t **ret_reply)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *message;
	json_t *reply;

	message = dbus_connection_send_with_reply_and_block(ctl->connection, call,
							    ctl->quiet ? QUIETLY_MS : REPLY_MS,
							    &error);
	if (!message)
		return failed(ctl, &error);
	reply = message_read(message);
	dbus_message_unref(message);
	if (!reply)
		return no_memory();
	if (ret_reply)
		*ret_reply = reply;
	else
		json_decref(reply);
	return EXIT_DONE;
}

/* Takes the arguments and the call, either of which may be NULL. */
static enum exit_code call_method(struct ctl *ctl, DBusMessage *call, json_t *args,
				  json_t **ret_reply)
{
	enum exit_code code;

	if (!call || !args || !message_append(call, args))
		code = no_memory();
	else
		code = open_bus(ctl);
	if (code == EXIT_DONE)
		code = send_call(ctl, call, ret_reply);
	json_decref(args);
	if (call)
		dbus_message_unref(call);
	return code;
}

enum exit_code bus_accounts(struct ctl *ctl, const char *method, json_t *args, json_t **ret_reply)
{
	return call_method(ctl, dbus_message_new_method_call(LOGIN_BUS_NAME, LOGIN_BUS_PATH,
							     ACCOUNTS_INTERFACE, method),
			   args, ret_reply);
}

enum exit_code bus_admin(struct ctl *ctl, const char *method, json_t *args, json_t **ret_reply)
{
	return call_method(ctl, dbus_message_new_method_call(LOGIN_BUS_NAME, LOGIN_BUS_PATH,
							     ADMIN_INTERFACE, method),
			   args, ret_reply);
}

enum exit_code bus_admin_quietly(struct ctl *ctl, const char *method, json_t *args,
				 json_t **ret_reply)
{
	enum exit_code code;

	ctl->quiet = true;
	code = bus_admin(ctl, method, args, ret_reply);
	ctl->quiet = false;
	return code;
}
