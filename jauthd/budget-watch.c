/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a sysadmin should hear of at once: a total that is used up, and messages that hardly anybody
 * answers, which is what bombing and toll fraud look like from here.
 */
#include "base/log.h"
#include "jauthd/budget-private.h"

#define WATCHED    50            /* the newest messages but the one that just went out */
#define ANSWERED   25            /* of them, at least */
#define AGAIN_S    HOUR_S        /* between two of the same alert */

static int watch_total(const struct budget_call *call, const struct budget_rule *rule, int64_t cost)
{
	const int64_t more = rule->is_cost ? cost : 1;
	struct budget_count count;
	int r;

	r = budget_rule_count(call->db, rule, call->rules, call->keys[BUDGET_KEY_ALL].bytes, 0,
			      call->now_s, &count);
	if (r == 0 && count.count >= count.limit && count.count - more < count.limit)
		log_error("messages: the limit of \"%s\" is reached: %lld", rule->what,
			  (long long)count.limit);
	return r;
}

static int watch_totals(const struct budget_call *call, int64_t cost)
{
	int r = 0;

	for (const struct budget_rule *rule = budget_table; r == 0 && rule->what; rule++) {
		const struct budget_kind *kind = &budget_kinds[rule->event];

		if (kind->key == BUDGET_KEY_ALL && budget_rule_holds(rule, call->rules) &&
		    !(kind->of_strangers && call->standing))
			r = watch_total(call, rule, cost);
	}
	return r;
}

/* How many of the watched messages were answered; *ret_n: how many there are. */
static int count_answered(const struct budget_call *call, int64_t *ret_n, int64_t *ret_answered)
{
	struct query *query;
	int r;

	query = query_new(call->db, "SELECT count(*), sum(answered) FROM (SELECT answered"
				    " FROM events WHERE kind = ?1 AND key = ?2"
				    " ORDER BY time_s DESC, id DESC LIMIT ?3 OFFSET 1)");
	query_number(query, 1, EVENT_MESSAGE);
	query_blob(query, 2, call->keys[BUDGET_KEY_ALL].bytes, THROTTLE_KEY_LEN);
	query_number(query, 3, WATCHED);
	r = query_step(query);
	if (r == 1) {
		*ret_n = query_column_number(query, 0);
		*ret_answered = query_column_number(query, 1);
	}
	query_done(query);
	return r < 0 ? r : 0;
}

static int said_lately(const struct budget_call *call)
{
	struct query *query;
	int r;

	query = query_new(call->db, "SELECT 1 FROM events WHERE kind = ?1 AND key = ?2"
				    " AND time_s > ?3");
	query_number(query, 1, EVENT_ALERT);
	query_blob(query, 2, call->keys[BUDGET_KEY_ALL].bytes, THROTTLE_KEY_LEN);
	query_number(query, 3, call->now_s - AGAIN_S);
	r = query_step(query);
	query_done(query);
	return r;
}

static int watch_answers(const struct budget_call *call)
{
	int64_t n = 0, answered = 0;
	int r;

	r = count_answered(call, &n, &answered);
	if (r < 0 || n < WATCHED || answered >= ANSWERED)
		return r;
	r = said_lately(call);
	if (r != 0)
		return r < 0 ? r : 0;
	log_error("messages: of the last %d only %lld were answered by a right code", WATCHED,
		  (long long)answered);
	return budget_add_event(call, EVENT_ALERT, 0, 0);
}

int budget_watch(const struct budget_call *call, int64_t cost)
{
	int r = watch_totals(call, cost);

	return r < 0 ? r : watch_answers(call);
}
