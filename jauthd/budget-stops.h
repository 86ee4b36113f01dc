/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts and pauses beyond the windows, a row per account and scope; for budget*.c only. */
#pragma once

#include <stdint.h>

#include "jauthd/store.h"
#include "jauthd/throttle.h"

struct budget_stop {
	int64_t wrong_row;               /* wrong codes since the last right one */
	int64_t n_pauses, wait_until_s;  /* the pause of a full rule */
	int64_t unanswered, unanswered_until_s;  /* messages since the last right code */
};

/* All zeros when there is none. -EUCLEAN: numbers nobody wrote, so nothing may go on. */
int budget_stop_load(struct db *db, const struct throttle_key *key, int64_t now_s,
		     struct budget_stop *ret_stop);
int budget_stop_save(struct db *db, const struct throttle_key *key, const char *user_hash,
		     const struct budget_stop *stop);
/* From now on: BUDGET_WRONG_PAUSE_S, twice as long each time, a day at most. */
void budget_stop_pause(struct budget_stop *stop, int64_t now_s);
