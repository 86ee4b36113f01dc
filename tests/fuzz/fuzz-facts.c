/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A marshalled Begin call from anybody on the bus, read as jauthd reads it. */
#include <dbus/dbus.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/login-protocol.h"
#include "jauthd/bus-facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct login_facts *facts)
{
	if (facts->phase >= LOGIN_N_PHASES || facts->surface >= LOGIN_N_SURFACES)
		abort();
	if (!facts->user[0] || !facts->service[0] || !facts->source[0])
		abort();
	if (strnlen(facts->user, sizeof(facts->user)) == sizeof(facts->user))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct login_facts facts;
	const char *wrong = NULL;
	DBusMessage *message;

	if (size > INT_MAX)
		return 0;
	message = dbus_message_demarshal((const char *)data, (int)size, NULL);
	if (!message)
		return 0;
	if (dbus_message_has_signature(message, "a{sv}")) {
		int r = facts_read(message, &facts, &wrong);

		if (r == 0)
			check(&facts);
	}
	dbus_message_unref(message);
	return 0;
}
