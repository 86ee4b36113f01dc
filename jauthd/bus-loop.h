/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A libdbus connection driven by an sd-event loop. */
#pragma once

#include <dbus/dbus.h>
#include <systemd/sd-event.h>

#define BUS_WATCHES_MAX 4

struct bus_loop {
	sd_event *event;                 /* the owner's */
	DBusConnection *connection;      /* NULL: not attached */
	DBusWatch *watches[BUS_WATCHES_MAX];
	sd_event_source *io, *dispatch;
};

/* The struct must stay where it is until detached. 0 or -errno. */
int bus_loop_attach(struct bus_loop *loop, sd_event *event, DBusConnection *connection);
/* Before the connection's last reference goes; fine when not attached. */
void bus_loop_detach(struct bus_loop *loop);
