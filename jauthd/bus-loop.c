/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libdbus on sd-event.
 *
 * Two traps are met here. libdbus hands out two watches for one descriptor, which epoll refuses:
 * they are merged into one source. Dispatching inside its status callback deadlocks: a deferred
 * source does it, until no data remains.
 */
#include "jauthd/bus-loop.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/macro.h"

static uint32_t wanted_events(const struct bus_loop *loop)
{
	uint32_t events = 0;

	for (int i = 0; i < BUS_WATCHES_MAX; i++) {
		DBusWatch *watch = loop->watches[i];

		if (!watch || !dbus_watch_get_enabled(watch))
			continue;
		if (dbus_watch_get_flags(watch) & DBUS_WATCH_READABLE)
			events |= EPOLLIN;
		if (dbus_watch_get_flags(watch) & DBUS_WATCH_WRITABLE)
			events |= EPOLLOUT;
	}
	return events;
}

static int on_io(sd_event_source *source UNUSED, int fd UNUSED, uint32_t revents, void *userdata)
{
	struct bus_loop *loop = userdata;
	unsigned flags = 0;

	if (revents & EPOLLIN)
		flags |= DBUS_WATCH_READABLE;
	if (revents & EPOLLOUT)
		flags |= DBUS_WATCH_WRITABLE;
	if (revents & EPOLLHUP)
		flags |= DBUS_WATCH_HANGUP;
	if (revents & EPOLLERR)
		flags |= DBUS_WATCH_ERROR;
	for (int i = 0; i < BUS_WATCHES_MAX; i++) {
		DBusWatch *watch = loop->watches[i];
		unsigned mine;

		if (!watch || !dbus_watch_get_enabled(watch))
			continue;
		mine = flags & (dbus_watch_get_flags(watch) | DBUS_WATCH_HANGUP | DBUS_WATCH_ERROR);
		if (mine && !dbus_watch_handle(watch, mine))
			log_error("bus: out of memory");
	}
	return 0;
}

static void update_io(struct bus_loop *loop)
{
	if (loop->io)
		(void)sd_event_source_set_io_events(loop->io, wanted_events(loop));
}

static dbus_bool_t add_watch(DBusWatch *watch, void *data)
{
	struct bus_loop *loop = data;
	int fd = dbus_watch_get_unix_fd(watch);

	for (int i = 0; i < BUS_WATCHES_MAX; i++) {
		if (loop->watches[i])
			continue;
		if (!loop->io && sd_event_add_io(loop->event, &loop->io, fd, 0, on_io, loop) < 0)
			return FALSE;
		loop->watches[i] = watch;
		update_io(loop);
		return TRUE;
	}
	return FALSE;
}

static void remove_watch(DBusWatch *watch, void *data)
{
	struct bus_loop *loop = data;
	bool is_empty = true;

	for (int i = 0; i < BUS_WATCHES_MAX; i++) {
		if (loop->watches[i] == watch)
			loop->watches[i] = NULL;
		is_empty = is_empty && !loop->watches[i];
	}
	if (is_empty)
		loop->io = sd_event_source_disable_unref(loop->io);
	else
		update_io(loop);
}

static void toggle_watch(DBusWatch *watch UNUSED, void *data)
{
	update_io(data);
}

static int on_timeout(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	(void)dbus_timeout_handle(userdata);
	return 0;
}

static void toggle_timeout(DBusTimeout *timeout, void *data UNUSED)
{
	sd_event_source *source = dbus_timeout_get_data(timeout);
	uint64_t delay_us = (uint64_t)dbus_timeout_get_interval(timeout) * 1000;

	if (!source)
		return;
	(void)sd_event_source_set_time_relative(source, delay_us);
	(void)sd_event_source_set_enabled(source, dbus_timeout_get_enabled(timeout)
							  ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

static dbus_bool_t add_timeout(DBusTimeout *timeout, void *data)
{
	struct bus_loop *loop = data;
	sd_event_source *source;

	if (sd_event_add_time_relative(loop->event, &source, CLOCK_MONOTONIC, 0, 0, on_timeout,
				       timeout) < 0)
		return FALSE;
	dbus_timeout_set_data(timeout, source, NULL);
	toggle_timeout(timeout, loop);
	return TRUE;
}

static void remove_timeout(DBusTimeout *timeout, void *data UNUSED)
{
	sd_event_source_disable_unref(dbus_timeout_get_data(timeout));
	dbus_timeout_set_data(timeout, NULL, NULL);
}

static void on_status(DBusConnection *connection UNUSED, DBusDispatchStatus status, void *data)
{
	struct bus_loop *loop = data;

	if (status != DBUS_DISPATCH_COMPLETE)
		(void)sd_event_source_set_enabled(loop->dispatch, SD_EVENT_ONESHOT);
}

static int on_dispatch(sd_event_source *source UNUSED, void *userdata)
{
	struct bus_loop *loop = userdata;
	DBusConnection *connection = loop->connection;

	if (!connection)
		return 0;
	dbus_connection_ref(connection);
	while (loop->connection == connection &&
	       dbus_connection_dispatch(connection) == DBUS_DISPATCH_DATA_REMAINS)
		;
	dbus_connection_unref(connection);
	return 0;
}

int bus_loop_attach(struct bus_loop *loop, sd_event *event, DBusConnection *connection)
{
	int r;

	*loop = (struct bus_loop){ .event = event, .connection = connection };
	r = sd_event_add_defer(event, &loop->dispatch, on_dispatch, loop);
	if (r < 0)
		return r;
	dbus_connection_set_dispatch_status_function(connection, on_status, loop, NULL);
	if (!dbus_connection_set_watch_functions(connection, add_watch, remove_watch, toggle_watch,
						 loop, NULL) ||
	    !dbus_connection_set_timeout_functions(connection, add_timeout, remove_timeout,
						   toggle_timeout, loop, NULL)) {
		bus_loop_detach(loop);
		return -ENOMEM;
	}
	return 0;
}

void bus_loop_detach(struct bus_loop *loop)
{
	DBusConnection *connection = loop->connection;

	if (!connection)
		return;
	loop->connection = NULL;
	(void)dbus_connection_set_watch_functions(connection, NULL, NULL, NULL, NULL, NULL);
	(void)dbus_connection_set_timeout_functions(connection, NULL, NULL, NULL, NULL, NULL);
	dbus_connection_set_dispatch_status_function(connection, NULL, NULL, NULL);
	loop->dispatch = sd_event_source_disable_unref(loop->dispatch);
}
