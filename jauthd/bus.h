/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauthd on the system bus: one connection on the loop, made again whenever the bus comes back.
 * Nothing here blocks. A call is looked up in a table by interface and member, its signature is
 * compared, and the bus is asked who the caller is (kernel credentials, never arguments); only
 * then its handler runs.
 */
#pragma once

#include <dbus/dbus.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

struct bus;

struct bus_caller {
	uid_t uid;
	pid_t pid;               /* 0: the bus does not know */
};

enum bus_who {
	BUS_ROOT,                /* only uid 0 */
	BUS_ANYBODY,             /* the handler decides by the caller's uid */
};

struct bus_method {
	const char *interface, *member, *signature;
	enum bus_who who;
	/* Sends its reply, at once or later; keeps a reference to the message if later. */
	void (*handle)(struct bus *bus, DBusMessage *message, const struct bus_caller *caller);
};

struct bus_config {
	sd_event *event;
	const char *address;
	const struct bus_method *const *tables;  /* NULL-terminated; each ends with a row without
	                                          * member */
	const char *introspection;       /* XML of the object */
	void *context;                   /* for the handlers */
	void (*ready)(void *context);    /* the name is ours (again) */
};

int bus_new(const struct bus_config *config, struct bus **ret_bus);
struct bus *bus_free(struct bus *bus);
void *bus_context(const struct bus *bus);
/* For work that replies later: goes up with every connection. A reply to a caller of an earlier
 * one has nobody to go to, and its address may be somebody else's by now. */
uint64_t bus_epoch(const struct bus *bus);

/* Takes the message over. */
void bus_send(struct bus *bus, DBusMessage *message);
void bus_reply_error(struct bus *bus, DBusMessage *call, const char *name, const char *text);

/* `reply` is called once, on the loop, with NULL when the bus went away or memory ran out. */
typedef void (*bus_reply_fn)(struct bus *bus, DBusMessage *reply, void *data);
void bus_call(struct bus *bus, DBusMessage *call, int timeout_ms, bus_reply_fn reply, void *data);
