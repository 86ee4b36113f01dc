/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a client says about a login, read from the dictionary of Begin. Pure. */
#pragma once

#include <dbus/dbus.h>

#include "jauthd/login.h"

/* The message must have the signature a{sv}. 0; -EPROTONOSUPPORT for another version; -EINVAL with
 * *ret_what naming the fact that is missing, of another type, unknown as a word, or too long. */
int facts_read(DBusMessage *message, struct login_facts *ret_facts, const char **ret_what);
