/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls on the bus, ours and others', and the connection that carries them.
 *
 * dbus_bus_register() and dbus_bus_get_unix_user() block: Hello, RequestName and the credentials
 * are ordinary calls. connect() to a bus that is stopped with a full backlog blocks: it is tried
 * on a descriptor of our own first.
 */
#include "jauthd/bus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/login-protocol.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauthd/bus-loop.h"
#include "jauthd/bus-rates.h"
#include "jauthd/limits.h"

struct incoming;

struct bus {
	struct bus_config config;
	DBusConnection *connection;
	struct bus_loop loop;            /* while there is a connection */
	sd_event_source *reconnect;
	uint64_t epoch;
	struct incoming *incoming;       /* calls whose callers' credentials were asked for */
	unsigned n_calls;
	uint64_t backoff_ms;
	struct bus_rates rates;
};

void *bus_context(const struct bus *bus)
{
	return bus->config.context;
}

uint64_t bus_epoch(const struct bus *bus)
{
	return bus->epoch;
}

/* --- sending --- */

void bus_send(struct bus *bus, DBusMessage *message)
{
	if (message && bus->connection)
		(void)dbus_connection_send(bus->connection, message, NULL);
	if (message)
		dbus_message_unref(message);
}

void bus_reply_error(struct bus *bus, DBusMessage *call, const char *name, const char *text)
{
	if (!dbus_message_get_no_reply(call))
		bus_send(bus, dbus_message_new_error(call, name, text));
}

struct outgoing {
	struct bus *bus;
	bus_reply_fn reply;
	void *data;
};

static void on_pending(DBusPendingCall *pending, void *data)
{
	struct outgoing *outgoing = data;
	DBusMessage *message = dbus_pending_call_steal_reply(pending);
	bus_reply_fn reply = outgoing->reply;

	outgoing->reply = NULL;          /* once */
	if (reply)
		reply(outgoing->bus, message, outgoing->data);
	if (message)
		dbus_message_unref(message);
}

void bus_call(struct bus *bus, DBusMessage *call, int timeout_ms, bus_reply_fn reply, void *data)
{
	DBusPendingCall *pending = NULL;
	struct outgoing *outgoing = malloc(sizeof(*outgoing));

	if (!call || !outgoing)
		abort();
	*outgoing = (struct outgoing){ .bus = bus, .reply = reply, .data = data };
	if (!bus->connection ||
	    !dbus_connection_send_with_reply(bus->connection, call, &pending, timeout_ms) ||
	    !pending ||
	    !dbus_pending_call_set_notify(pending, on_pending, outgoing, free)) {
		free(outgoing);
		reply(bus, NULL, data);
	}
	if (pending)
		dbus_pending_call_unref(pending);
	dbus_message_unref(call);
}

static DBusMessage *driver_call(const char *member)
{
	return dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
					    member);
}

/* --- calls to us --- */

struct incoming {
	DBusMessage *message;
	const struct bus_method *method;
	struct incoming *next, **previous;       /* of bus->incoming */
};

static bool find_number(DBusMessageIter *entries, const char *wanted, dbus_uint32_t *ret_number)
{
	for (; dbus_message_iter_get_arg_type(entries) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(entries)) {
		DBusMessageIter entry, value;
		const char *key;

		dbus_message_iter_recurse(entries, &entry);
		dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		dbus_message_iter_recurse(&entry, &value);
		if (!text_equals(key, wanted) ||
		    dbus_message_iter_get_arg_type(&value) != DBUS_TYPE_UINT32)
			continue;
		dbus_message_iter_get_basic(&value, ret_number);
		return true;
	}
	return false;
}

static bool read_caller(DBusMessage *reply, struct bus_caller *ret_caller)
{
	DBusMessageIter iter, entries;
	dbus_uint32_t uid, pid = 0;

	if (!reply || dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN ||
	    !dbus_message_has_signature(reply, "a{sv}"))
		return false;
	dbus_message_iter_init(reply, &iter);
	dbus_message_iter_recurse(&iter, &entries);
	if (!find_number(&entries, "UnixUserID", &uid))
		return false;
	dbus_message_iter_recurse(&iter, &entries);
	(void)find_number(&entries, "ProcessID", &pid);
	ret_caller->uid = uid;
	ret_caller->pid = (pid_t)pid;
	return true;
}

/* Of one connection no more may wait than leaves room for the others. */
static bool has_room(const struct bus *bus, const char *sender)
{
	unsigned n = 0;

	for (const struct incoming *other = bus->incoming; other; other = other->next)
		n += text_equals(dbus_message_get_sender(other->message), sender);
	return bus->n_calls < BUS_CALLS_MAX && n < BUS_CALLS_PER_SENDER;
}

static void add_incoming(struct bus *bus, struct incoming *incoming)
{
	incoming->next = bus->incoming;
	incoming->previous = &bus->incoming;
	if (incoming->next)
		incoming->next->previous = &incoming->next;
	bus->incoming = incoming;
	bus->n_calls++;
}

static void remove_incoming(struct bus *bus, struct incoming *incoming)
{
	*incoming->previous = incoming->next;
	if (incoming->next)
		incoming->next->previous = incoming->previous;
	bus->n_calls--;
}

/* Root is not counted: his logins are everybody's. */
static bool may_call(struct bus *bus, const struct bus_caller *caller)
{
	uint64_t now_us = 0;

	(void)sd_event_now(bus->config.event, CLOCK_MONOTONIC, &now_us);
	return caller->uid == 0 ||
	       bus_rates_take(&bus->rates, caller->uid, (int64_t)(now_us / 1000));
}

static void on_caller(struct bus *bus, DBusMessage *reply, void *data)
{
	struct incoming *incoming = data;
	struct bus_caller caller;

	remove_incoming(bus, incoming);
	if (!read_caller(reply, &caller))
		bus_reply_error(bus, incoming->message, LOGIN_ERROR_FAILED, "who are you?");
	else if (incoming->method->who == BUS_ROOT && caller.uid != 0)
		bus_reply_error(bus, incoming->message, LOGIN_ERROR_DENIED,
				"only root may do this");
	else if (!may_call(bus, &caller))
		bus_reply_error(bus, incoming->message, LOGIN_ERROR_LIMIT,
				"too many calls; wait a moment");
	else
		incoming->method->handle(bus, incoming->message, &caller);
	dbus_message_unref(incoming->message);
	free(incoming);
}

static void ask_for_caller(struct bus *bus, DBusMessage *message, const struct bus_method *method)
{
	const char *sender = dbus_message_get_sender(message);
	struct incoming *incoming;
	DBusMessage *call;

	if (!sender || !has_room(bus, sender)) {
		bus_reply_error(bus, message, LOGIN_ERROR_LIMIT, "too many calls at once");
		return;
	}
	incoming = malloc(sizeof(*incoming));
	call = driver_call("GetConnectionCredentials");
	if (!incoming || !call ||
	    !dbus_message_append_args(call, DBUS_TYPE_STRING, &sender, DBUS_TYPE_INVALID))
		abort();
	incoming->message = dbus_message_ref(message);
	incoming->method = method;
	add_incoming(bus, incoming);
	bus_call(bus, call, BUS_TIMEOUT_MS, on_caller, incoming);
}

static const struct bus_method *find_method(const struct bus *bus, DBusMessage *message)
{
	for (const struct bus_method *const *table = bus->config.tables; *table; table++)
		for (const struct bus_method *row = *table; row->member; row++)
			if (dbus_message_is_method_call(message, row->interface, row->member))
				return row;
	return NULL;
}

static void introspect(struct bus *bus, DBusMessage *message)
{
	DBusMessage *reply = dbus_message_new_method_return(message);

	if (!reply || !dbus_message_append_args(reply, DBUS_TYPE_STRING, &bus->config.introspection,
						DBUS_TYPE_INVALID))
		abort();
	bus_send(bus, reply);
}

static DBusHandlerResult on_method_call(struct bus *bus, DBusMessage *message)
{
	const struct bus_method *method = find_method(bus, message);

	if (dbus_message_is_method_call(message, DBUS_INTERFACE_INTROSPECTABLE, "Introspect")) {
		introspect(bus, message);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	if (!method || !dbus_message_has_path(message, LOGIN_BUS_PATH))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	if (!dbus_message_has_signature(message, method->signature))
		bus_reply_error(bus, message, DBUS_ERROR_INVALID_ARGS, method->signature);
	else
		ask_for_caller(bus, message, method);
	return DBUS_HANDLER_RESULT_HANDLED;
}

static void start_reconnect(struct bus *bus)
{
	bus->backoff_ms = MIN(MAX(bus->backoff_ms * 2, (uint64_t)BUS_BACKOFF_MIN_MS),
			      (uint64_t)BUS_BACKOFF_MAX_MS);
	(void)sd_event_source_set_time_relative(bus->reconnect, bus->backoff_ms * 1000);
	(void)sd_event_source_set_enabled(bus->reconnect, SD_EVENT_ONESHOT);
}

static DBusHandlerResult on_message(DBusConnection *connection UNUSED, DBusMessage *message,
				    void *data)
{
	struct bus *bus = data;

	if (dbus_message_is_signal(message, DBUS_INTERFACE_LOCAL, "Disconnected")) {
		log_warning("the system bus is gone; logins that go on are not touched");
		start_reconnect(bus);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	if (dbus_message_get_type(message) == DBUS_MESSAGE_TYPE_METHOD_CALL)
		return on_method_call(bus, message);
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

/* --- connecting --- */

static void disconnect(struct bus *bus)
{
	DBusConnection *connection = bus->connection;

	if (!connection)
		return;
	bus->connection = NULL;
	bus->epoch++;
	dbus_connection_remove_filter(connection, on_message, bus);
	dbus_connection_close(connection);
	/* Callers that still wait are told so. */
	while (dbus_connection_dispatch(connection) == DBUS_DISPATCH_DATA_REMAINS)
		;
	bus_loop_detach(&bus->loop);
	dbus_connection_unref(connection);
}

static void on_name(struct bus *bus, DBusMessage *reply, void *data UNUSED)
{
	dbus_uint32_t result = 0;

	if (reply && dbus_message_get_args(reply, NULL, DBUS_TYPE_UINT32, &result,
					   DBUS_TYPE_INVALID) &&
	    (result == DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER ||
	     result == DBUS_REQUEST_NAME_REPLY_ALREADY_OWNER)) {
		bus->backoff_ms = 0;
		bus->config.ready(bus->config.context);
		return;
	}
	log_error("the name " LOGIN_BUS_NAME " is not to be had: %s",
		  reply && dbus_message_get_error_name(reply) ? dbus_message_get_error_name(reply)
							      : "somebody else owns it");
	start_reconnect(bus);
}

static void on_hello(struct bus *bus, DBusMessage *reply, void *data UNUSED)
{
	DBusMessage *call = driver_call("RequestName");
	const char *name = LOGIN_BUS_NAME, *unique;
	dbus_uint32_t flags = DBUS_NAME_FLAG_DO_NOT_QUEUE;

	if (!call ||
	    !dbus_message_append_args(call, DBUS_TYPE_STRING, &name, DBUS_TYPE_UINT32, &flags,
				      DBUS_TYPE_INVALID))
		abort();
	if (!bus->connection || !reply ||
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &unique, DBUS_TYPE_INVALID) ||
	    !dbus_bus_set_unique_name(bus->connection, unique)) {
		dbus_message_unref(call);
		start_reconnect(bus);
		return;
	}
	bus_call(bus, call, BUS_TIMEOUT_MS, on_name, NULL);
}

/* The address is "unix:path=…", ours; any other form is left to libdbus. */
static bool answers(const char *address)
{
	static const char prefix[] = "unix:path=";
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = -1;

	if (!text_has_prefix(address, prefix))
		return true;
	if (!text_into(to.sun_path, sizeof(to.sun_path), address + sizeof(prefix) - 1))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
}

static bool attach(struct bus *bus, DBusConnection *connection)
{
	dbus_connection_set_change_sigpipe(FALSE);
	dbus_connection_set_exit_on_disconnect(connection, FALSE);
	dbus_connection_set_max_message_size(connection, BUS_MESSAGE_MAX);
	bus->connection = connection;
	return dbus_connection_add_filter(connection, on_message, bus, NULL) &&
	       bus_loop_attach(&bus->loop, bus->config.event, connection) == 0;
}

static int connect_bus(struct bus *bus)
{
	DBusConnection *connection;

	if (!answers(bus->config.address))
		return -ECONNREFUSED;
	connection = dbus_connection_open_private(bus->config.address, NULL);
	if (!connection)
		return -ECONNREFUSED;
	if (!attach(bus, connection)) {
		disconnect(bus);
		return -ENOMEM;
	}
	bus_call(bus, driver_call("Hello"), BUS_TIMEOUT_MS, on_hello, NULL);
	return 0;
}

static int on_reconnect(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	struct bus *bus = userdata;

	disconnect(bus);
	if (connect_bus(bus) < 0)
		start_reconnect(bus);
	return 0;
}

int bus_new(const struct bus_config *config, struct bus **ret_bus)
{
	struct bus *bus = calloc(1, sizeof(*bus));
	int r;

	if (!bus || !dbus_threads_init_default())
		abort();
	bus->config = *config;
	r = sd_event_add_time_relative(config->event, &bus->reconnect, CLOCK_MONOTONIC, 0, 1000,
				       on_reconnect, bus);
	if (r < 0) {
		bus_free(bus);
		return r;
	}
	*ret_bus = bus;
	return 0;
}

struct bus *bus_free(struct bus *bus)
{
	if (!bus)
		return NULL;
	disconnect(bus);
	sd_event_source_disable_unref(bus->reconnect);
	free(bus);
	return NULL;
}
