/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of the table stops: counts and pauses that outlast the windows. */
#include "jauthd/budget-private.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/macro.h"
#include "jauthd/limits.h"

#define STOP_COUNT_MAX   1000000
#define STOP_PAUSE_MAX_S 86400

static int64_t pause_s(int64_t n_pauses)
{
	int64_t pause_s = BUDGET_WRONG_PAUSE_S;

	if (n_pauses <= 0)
		return 0;
	while (--n_pauses > 0 && pause_s < STOP_PAUSE_MAX_S)
		pause_s *= 2;
	return MIN(pause_s, STOP_PAUSE_MAX_S);
}

static bool is_count(int64_t number)
{
	return number >= 0 && number <= STOP_COUNT_MAX;
}

static bool is_sound(const struct budget_stop *stop)
{
	return is_count(stop->wrong_row) && is_count(stop->n_pauses) &&
	       is_count(stop->unanswered) && stop->wait_until_s >= 0 &&
	       stop->unanswered_until_s >= 0;
}

/* A pause that is longer than it ever was when it began comes from before the clock was set back:
 * it begins again. True: something changed. */
static bool redate(struct budget_stop *stop, int64_t now_s)
{
	const int64_t wait_max_s = now_s + pause_s(stop->n_pauses);
	const int64_t unanswered_max_s = now_s + BUDGET_UNANSWERED_PAUSE_S;
	bool changes = false;

	if (stop->wait_until_s > wait_max_s) {
		stop->wait_until_s = wait_max_s;
		changes = true;
	}
	if (stop->unanswered_until_s > unanswered_max_s) {
		stop->unanswered_until_s = unanswered_max_s;
		changes = true;
	}
	return changes;
}

static int write_redated(struct db *db, const struct throttle_key *key,
			 const struct budget_stop *stop)
{
	struct query *query;

	query = query_new(db, "UPDATE stops SET wait_until_s = ?2, unanswered_until_s = ?3"
			      " WHERE key = ?1");
	query_blob(query, 1, key->bytes, sizeof(key->bytes));
	query_number(query, 2, stop->wait_until_s);
	query_number(query, 3, stop->unanswered_until_s);
	return query_run(query);
}

int budget_stop_load(struct db *db, const struct throttle_key *key, int64_t now_s,
		     struct budget_stop *ret_stop)
{
	struct budget_stop stop = { 0 };
	struct query *query;
	int r;

	query = query_new(db, "SELECT wrong_row, n_pauses, wait_until_s, unanswered,"
			      " unanswered_until_s FROM stops WHERE key = ?1");
	query_blob(query, 1, key->bytes, sizeof(key->bytes));
	r = query_step(query);
	if (r == 1)
		stop = (struct budget_stop){
			.wrong_row = query_column_number(query, 0),
			.n_pauses = query_column_number(query, 1),
			.wait_until_s = query_column_number(query, 2),
			.unanswered = query_column_number(query, 3),
			.unanswered_until_s = query_column_number(query, 4),
		};
	query_done(query);
	if (r < 0)
		return r;
	if (!is_sound(&stop))
		return -EUCLEAN;
	if (redate(&stop, now_s)) {
		r = write_redated(db, key, &stop);
		if (r < 0)
			return r;
	}
	*ret_stop = stop;
	return 0;
}

static int update(struct db *db, const struct throttle_key *key, const struct budget_stop *stop)
{
	struct query *query;

	query = query_new(db, "UPDATE stops SET wrong_row = ?2, n_pauses = ?3, wait_until_s = ?4,"
			      " unanswered = ?5, unanswered_until_s = ?6 WHERE key = ?1");
	query_blob(query, 1, key->bytes, sizeof(key->bytes));
	query_number(query, 2, MIN(stop->wrong_row, STOP_COUNT_MAX));
	query_number(query, 3, MIN(stop->n_pauses, STOP_COUNT_MAX));
	query_number(query, 4, stop->wait_until_s);
	query_number(query, 5, MIN(stop->unanswered, STOP_COUNT_MAX));
	query_number(query, 6, stop->unanswered_until_s);
	return query_run(query);
}

int budget_stop_save(struct db *db, const struct throttle_key *key,
		     const struct budget_stop *stop)
{
	struct query *query;
	int r = update(db, key, stop);

	if (r < 0 || db_changes(db) > 0)
		return r;
	query = query_new(db, "INSERT INTO stops VALUES (?1, ?2, ?3, 0, 0, 0, 0, 0)");
	query_blob(query, 1, key->bytes, sizeof(key->bytes));
	query_text(query, 2, key->user_hash);
	query_text(query, 3, key->scope);
	r = query_run(query);
	return r < 0 ? r : update(db, key, stop);
}

void budget_stop_pause(struct budget_stop *stop, int64_t now_s)
{
	stop->n_pauses++;
	stop->wait_until_s = now_s + pause_s(stop->n_pauses);
}
