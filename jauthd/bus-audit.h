/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is changed over the bus is a decision too: one audit row, in the same transaction. */
#pragma once

#include "jauthd/accounts.h"
#include "jauthd/bus-work.h"
#include "jauthd/notices.h"

int bus_audit(struct bus_work *work, struct db *db, const char *user, int64_t uid,
	      const char *format, ...) PRINTF_LIKE(5, 6);
/* What the user of this link is told; messages go out when the call is answered. */
int bus_notice(struct bus_work *work, struct db *db, enum notice_kind kind,
	       const struct link *link);
