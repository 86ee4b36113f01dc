/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Between D-Bus and JSON. Everything jauthctl sends and shows is a JSON value:
 * text s, integer x, boolean b, object a{sv}, array of objects aa{sv}.
 */
#pragma once

#include <stdbool.h>

#include <dbus/dbus.h>
#include <jansson.h>

/* Appends each element of the array as one argument; false without memory, or for a value that has
 * no type above. */
bool message_append(DBusMessage *message, const json_t *args);

/* The first argument of the message, the caller's to free; JSON null when it has none, and in place
 * of values whose type we do not know. NULL without memory. */
json_t *message_read(DBusMessage *message);
