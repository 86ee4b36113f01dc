/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is changed over the bus is a decision too: one audit row, in the same transaction. */
#pragma once

#include "jauthd/bus-work.h"

int bus_audit(struct bus_work *work, struct db *db, const char *user, int64_t uid,
	      const char *format, ...) PRINTF_LIKE(5, 6);
