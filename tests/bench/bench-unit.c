/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usage: bench-unit bus COUNT
 *        bench-unit hash SETTING PASSWORD COUNT
 *
 * What logins are measured in: one unit of bus work (connect, Hello, one call, close), and the
 * hashing of one password. Prints the microseconds of each.
 */
#include <crypt.h>
#include <string.h>

#include <dbus/dbus.h>

#include "base/login-protocol.h"
#include "tests/bench/clock.h"

static void fail(const char *what, const DBusError *error)
{
	fprintf(stderr, "%s: %s\n", what, error && error->message ? error->message : "failed");
	exit(1);
}

static void bus_unit(void)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusConnection *connection = dbus_connection_open_private(LOGIN_BUS_ADDRESS, &error);
	DBusMessage *call, *reply;

	if (!connection || !dbus_bus_register(connection, &error))
		fail("connect", &error);
	call = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
					    "GetId");
	reply = call ? dbus_connection_send_with_reply_and_block(connection, call, 5000, &error) :
		NULL;
	if (!reply)
		fail("call", &error);
	dbus_message_unref(reply);
	dbus_message_unref(call);
	dbus_connection_close(connection);
	dbus_connection_unref(connection);
}

static void hash_unit(const char *setting, const char *password)
{
	struct crypt_data data = { 0 };

	if (!crypt_r(password, setting, &data) || data.output[0] == '*')
		fail(setting, NULL);
}

int main(int argc, char **argv)
{
	bool is_bus = argc == 3 && strcmp(argv[1], "bus") == 0;
	bool is_hash = argc == 5 && strcmp(argv[1], "hash") == 0;

	if (!is_bus && !is_hash) {
		fputs("usage: bench-unit bus COUNT | hash SETTING PASSWORD COUNT\n", stderr);
		return 2;
	}
	for (long i = count_argument(argv[argc - 1]); i > 0; i--) {
		int64_t began = now_ns();

		if (is_bus)
			bus_unit();
		else
			hash_unit(argv[2], argv[3]);
		printf("%.1f\n", (double)(now_ns() - began) / 1000);
	}
	return 0;
}
