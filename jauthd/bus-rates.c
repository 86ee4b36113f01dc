/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/bus-rates.h"

#include "base/macro.h"

#define CALL_MS (1000 / BUS_RATE_PER_S)
#define FULL_MS ((int64_t)BUS_RATE_BURST * CALL_MS)

static int64_t tokens_at(const struct bus_rate *row, int64_t now_ms)
{
	return MIN(row->tokens_ms + MAX(now_ms - row->last_ms, (int64_t)0), FULL_MS);
}

/* The row of this uid; else a free one; else that of who has used least. */
static struct bus_rate *find(struct bus_rates *rates, uid_t uid, int64_t now_ms)
{
	struct bus_rate *best = &rates->rows[0];
	int64_t most = -1;

	for (size_t i = 0; i < N_ELEMENTS(rates->rows); i++) {
		struct bus_rate *row = &rates->rows[i];
		int64_t tokens_ms = row->is_used ? tokens_at(row, now_ms) : FULL_MS + 1;

		if (row->is_used && row->uid == uid)
			return row;
		if (tokens_ms > most) {
			most = tokens_ms;
			best = row;
		}
	}
	*best = (struct bus_rate){
		.uid = uid, .tokens_ms = FULL_MS, .last_ms = now_ms, .is_used = true,
	};
	return best;
}

bool bus_rates_take(struct bus_rates *rates, uid_t uid, int64_t now_ms)
{
	struct bus_rate *row = find(rates, uid, now_ms);

	row->tokens_ms = tokens_at(row, now_ms);
	row->last_ms = now_ms;
	if (row->tokens_ms < CALL_MS)
		return false;
	row->tokens_ms -= CALL_MS;
	return true;
}
