/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How often a uid may call: BUS_RATE_BURST at once, and BUS_RATE_PER_S more each second. Where
 * there is no row left, who has used least is forgotten and has his burst again: to gain by that
 * takes more uids than there are rows.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "jauthd/limits.h"

struct bus_rate {
	uid_t uid;
	int64_t tokens_ms;       /* a call costs 1000 / BUS_RATE_PER_S */
	int64_t last_ms;
	bool is_used;
};

/* All zero: nobody has called. */
struct bus_rates {
	struct bus_rate rows[BUS_RATE_UIDS];
};

/* True: this call may go on, and is counted. */
bool bus_rates_take(struct bus_rates *rates, uid_t uid, int64_t now_ms);
