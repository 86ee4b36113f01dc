/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the limits stand at, on the bus: org.jauth1.Admin.Limits and UnlockLimits; root only. */
#pragma once

#include "jauthd/bus-work.h"

extern const struct bus_method bus_limits_methods[];

/* One row for each count that holds for the user, "" for all users; on the store's thread. */
int bus_limits_add(const struct bus_work *work, struct db *db, const char *user,
		   DBusMessageIter *rows);
