/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reload. The answer waits for the snapshot of jauth-userdb, so that a group which the
 * configuration has no more is gone when it comes; not for long, since the new configuration
 * counts in any case.
 */
#include "jauthd/bus-admin.h"

#include <stdlib.h>
#include <systemd/sd-event.h>

#include "base/login-protocol.h"
#include "base/macro.h"
#include "jauthd/core.h"
#include "jauthd/limits.h"
#include "jauthd/publish.h"

struct reload {
	struct bus *bus;
	uint64_t epoch;
	DBusMessage *call;               /* NULL: answered */
	sd_event_source *timer;
};

static void answer(struct reload *reload)
{
	if (!reload->call)
		return;
	if (reload->epoch == bus_epoch(reload->bus))
		bus_send(reload->bus, dbus_message_new_method_return(reload->call));
	dbus_message_unref(reload->call);
	reload->call = NULL;
}

static int on_late(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	answer(userdata);
	return 0;
}

/* A snapshot that could not be written is in the log, and in Status. */
static void on_published(void *data, int error UNUSED)
{
	struct reload *reload = data;

	answer(reload);
	sd_event_source_disable_unref(reload->timer);
	free(reload);
}

static void handle_reload(struct bus *bus, DBusMessage *call,
			  const struct bus_caller *caller UNUSED)
{
	struct core *core = bus_context(bus);
	struct reload *reload;

	if (core_reload(core) < 0) {
		bus_reply_error(bus, call, LOGIN_ERROR_INVALID,
				"the configuration has mistakes, the old one stays: "
				"see \"jauthctl check\"");
		return;
	}
	reload = calloc(1, sizeof(*reload));
	if (!reload)
		abort();
	reload->bus = bus;
	reload->epoch = bus_epoch(bus);
	reload->call = dbus_message_ref(call);
	if (sd_event_add_time_relative(core->event, &reload->timer, CLOCK_MONOTONIC,
				       BUS_RELOAD_WAIT_MS * 1000, 1000, on_late, reload) < 0)
		answer(reload);
	publish_wait(core->publish, on_published, reload);
}

const struct bus_method bus_reload_methods[] = {
	{ ADMIN_INTERFACE, "Reload", "", BUS_ROOT, handle_reload },
	{ 0 }
};
