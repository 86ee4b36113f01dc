/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whatever is asked goes the same way: who is it (budget-call.c), which of his pauses last, which
 * rules are full; then it is counted. A user who does not exist is looked up and counted like any
 * other.
 *
 * In a full table of events nothing that still counts is dropped. Strangers wait until there is
 * room, for they alone can fill it: what the others do is bounded by the accounts there are.
 */
#include "jauthd/budget.h"

#include "base/macro.h"
#include "base/secret.h"
#include "jauthd/budget-private.h"
#include "jauthd/limits.h"

#define FULL_WAIT_S HOUR_S               /* told when the table is full */

/* --- may it be? --- */

static int64_t wait_of(const struct budget_call *call, int64_t until_s)
{
	return MAX(until_s - call->now_s, 0);
}

static bool rule_asks(const struct budget_call *call, const struct budget_rule *rule, unsigned acts)
{
	const struct budget_kind *kind = &budget_kinds[rule->event];

	return (kind->act & acts) && !(rule->spares & call->standing) &&
	       budget_call_has_key(call, kind->key) && budget_rule_holds(rule, call->rules);
}

/* Totals are a long look, and only for what would go on otherwise. */
static int look_at_rules(const struct budget_call *call, unsigned acts, int64_t cost,
			 int64_t *wait_s)
{
	struct budget_count count;

	for (const struct budget_rule *rule = budget_table; rule->what; rule++) {
		const enum budget_key key = budget_kinds[rule->event].key;
		int r;

		if (!rule_asks(call, rule, acts) || (*wait_s > 0 && key == BUDGET_KEY_ALL))
			continue;
		r = budget_rule_count(call->db, rule, call->rules, call->keys[key].bytes,
				      rule->is_cost ? cost : 1, call->now_s, &count);
		if (r < 0)
			return r;
		*wait_s = MAX(*wait_s, wait_of(call, count.open_s));
	}
	return 0;
}

static void look_at_pauses(const struct budget_call *call, unsigned acts, int64_t *wait_s)
{
	const struct budget_stop *account = &call->stops[PAUSE_ACCOUNT];

	for (int i = PAUSE_NONE + 1; i < N_PAUSES; i++)
		if ((budget_pauses[i].acts & acts) && !(budget_pauses[i].spares & call->standing))
			*wait_s = MAX(*wait_s, wait_of(call, call->stops[i].wait_until_s));
	if ((acts & BUDGET_SEND) && !(call->standing & BUDGET_KNOWN))
		*wait_s = MAX(*wait_s, wait_of(call, account->unanswered_until_s));
}

/* Only strangers have to look: see above. Ids grow by one, so what the last day added follows from
 * them and need not be counted. */
static int look_for_room(const struct budget_call *call, int64_t *wait_s)
{
	struct query *query;
	int r;

	if (call->standing)
		return 0;
	query = query_new(call->db, "SELECT (SELECT max(id) FROM events) - id + 1 FROM events"
				    " WHERE time_s > ?1 ORDER BY time_s, id LIMIT 1");
	query_number(query, 1, call->now_s - DAY_S);
	r = query_step(query);
	if (r == 1 && query_column_number(query, 0) >= BUDGET_ROWS_MAX)
		*wait_s = MAX(*wait_s, FULL_WAIT_S);
	query_done(query);
	return r < 0 ? r : 0;
}

/* How long to wait until all of `acts` may be; 0: now. */
static int look(const struct budget_call *call, unsigned acts, int64_t cost, int64_t *ret_wait_s)
{
	int64_t wait_s = 0;
	int r;

	look_at_pauses(call, acts, &wait_s);
	r = look_at_rules(call, acts, cost, &wait_s);
	if (r == 0)
		r = look_for_room(call, &wait_s);
	if (r == 0)
		*ret_wait_s = wait_s;
	return r;
}

static bool is_blocked(const struct budget_call *call)
{
	return call->stops[PAUSE_ACCOUNT].wrong_row >=
	       MIN(call->rules->wrong_row, BUDGET_WRONG_ROW_MAX);
}

/* --- counting --- */

int budget_add_event(const struct budget_call *call, enum budget_event event, int64_t send,
		     int64_t cost)
{
	const struct throttle_key *key = &call->keys[budget_kinds[event].key];
	struct query *query;

	query = query_new(call->db, "INSERT INTO events (kind, key, user_hash, send, time_s, cost)"
				    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	query_number(query, 1, event);
	query_blob(query, 2, key->bytes, sizeof(key->bytes));
	query_text(query, 3, key->user_hash);
	query_number(query, 4, send);
	query_number(query, 5, call->now_s);
	query_number(query, 6, cost);
	return query_run(query);
}

static int count_act(const struct budget_call *call, enum budget_act act, int64_t send,
		     int64_t cost)
{
	int r = 0;

	for (int i = 1; r == 0 && i < N_EVENTS; i++) {
		const struct budget_kind *kind = &budget_kinds[i];

		if (kind->act == act && budget_call_has_key(call, kind->key) &&
		    !(kind->of_strangers && call->standing))
			r = budget_add_event(call, (enum budget_event)i, send, cost);
	}
	return r;
}

/* Begins the pauses of the rules that are full now. */
static int begin_pauses(struct budget_call *call, enum budget_act act)
{
	struct budget_count count;
	int r = 0;

	for (const struct budget_rule *rule = budget_table; r == 0 && rule->what; rule++) {
		const enum budget_key key = budget_kinds[rule->event].key;

		if (rule->pause == PAUSE_NONE || !rule_asks(call, rule, act))
			continue;
		r = budget_rule_count(call->db, rule, call->rules, call->keys[key].bytes, 1,
				      call->now_s, &count);
		if (r < 0 || count.open_s <= call->now_s)
			continue;
		budget_stop_pause(&call->stops[rule->pause], call->now_s);
		r = budget_call_save(call, rule->pause);
	}
	return r;
}

/* A row of messages without a right code; one that was paused for begins anew. */
static int count_unanswered(struct budget_call *call)
{
	struct budget_stop *stop = &call->stops[PAUSE_ACCOUNT];

	if (stop->unanswered_until_s && stop->unanswered_until_s <= call->now_s)
		stop->unanswered = stop->unanswered_until_s = 0;
	stop->unanswered++;
	if (!stop->unanswered_until_s && stop->unanswered >= call->rules->unanswered)
		stop->unanswered_until_s = call->now_s + BUDGET_UNANSWERED_PAUSE_S;
	return budget_call_save(call, PAUSE_ACCOUNT);
}

/* By chance rather than in turn: the number of a message that is forgotten is nobody else's. */
static int make_send(int64_t *ret_send)
{
	uint64_t send = 0;
	int r = random_bytes(&send, sizeof(send));

	if (r == 0)
		*ret_send = (int64_t)(send >> 1) | 1;
	return r;
}

/* A sysadmin's test message has no account whose row it could stand in. */
static int count_send(struct budget_call *call, const struct budget_asker *asker, int64_t cost,
		      int64_t *ret_send)
{
	int64_t send = 0;
	int r = make_send(&send);

	if (r == 0)
		r = count_act(call, BUDGET_SEND, send, cost);
	if (r == 0 && asker->user[0])
		r = count_unanswered(call);
	if (r == 0)
		*ret_send = send;
	return r;
}

/* Whose code would not be looked at gets none. */
int budget_send(struct db *db, const struct budget_rules *rules, const struct budget_asker *asker,
		const char *number, int64_t cost, int64_t now_s, enum send_verdict *ret_verdict,
		int64_t *ret_wait_s, int64_t *ret_send)
{
	struct budget_call call = { .db = db, .rules = rules, .now_s = now_s };
	enum send_verdict verdict = SEND_ALLOWED;
	int64_t wait_s = 0, send = 0;
	int r = budget_call_begin(&call, asker, number);

	if (r == 0)
		r = look(&call, BUDGET_SEND | BUDGET_TRY, cost, &wait_s);
	if (r < 0)
		return r;
	if (is_blocked(&call))
		verdict = SEND_BLOCKED;
	else if (wait_s > 0)
		verdict = SEND_TOO_MANY;
	else
		r = count_send(&call, asker, cost, &send);
	if (r == 0 && verdict == SEND_ALLOWED)
		r = budget_watch(&call, cost);
	if (r < 0)
		return r;
	*ret_verdict = verdict;
	*ret_wait_s = verdict == SEND_TOO_MANY ? wait_s : 0;
	*ret_send = send;
	return 0;
}

int budget_return(struct db *db, int64_t send)
{
	struct query *query;
	int r;

	query = query_new(db, "UPDATE stops SET unanswered = max(unanswered - 1, 0),"
			      " unanswered_until_s = iif(unanswered_until_s = sent.time_s + ?3, 0,"
			      "  unanswered_until_s)"
			      " FROM (SELECT key, time_s FROM events WHERE send = ?1 AND send <> 0"
			      "  AND kind = ?2) AS sent WHERE stops.key = sent.key");
	query_number(query, 1, send);
	query_number(query, 2, EVENT_ACCOUNT);
	query_number(query, 3, BUDGET_UNANSWERED_PAUSE_S);
	r = query_run(query);
	if (r < 0)
		return r;
	query = query_new(db, "DELETE FROM events WHERE send = ?1 AND send <> 0");
	query_number(query, 1, send);
	return query_run(query);
}

static int count_wrong(struct budget_call *call)
{
	int r;

	call->stops[PAUSE_ACCOUNT].wrong_row++;
	r = budget_call_save(call, PAUSE_ACCOUNT);
	if (r == 0)
		r = count_act(call, BUDGET_TRY, 0, 0);
	return r < 0 ? r : begin_pauses(call, BUDGET_TRY);
}

int budget_try(struct db *db, const struct budget_rules *rules, const struct budget_asker *asker,
	       int64_t now_s, enum code_result *ret_result, int64_t *ret_wait_s)
{
	struct budget_call call = { .db = db, .rules = rules, .now_s = now_s };
	enum code_result result = CODE_WRONG;
	int64_t wait_s = 0;
	int r = budget_call_begin(&call, asker, NULL);

	if (r == 0)
		r = look(&call, BUDGET_TRY, 0, &wait_s);
	if (r < 0)
		return r;
	if (is_blocked(&call))
		result = CODE_BLOCKED;
	else if (wait_s > 0)
		result = CODE_TOO_MANY;
	else
		r = count_wrong(&call);
	if (r < 0)
		return r;
	*ret_result = result;
	*ret_wait_s = result == CODE_TOO_MANY ? wait_s : 0;
	return 0;
}

/* The rows of stops stay: budget_each() finds the account's messages by them. */
/* The message of the code, or one of the row it stands in. */
static int mark_answered(const struct budget_call *call)
{
	struct query *query;

	query = query_new(call->db, "UPDATE events SET answered = 1 WHERE kind = ?1 AND send ="
				    " (SELECT send FROM events WHERE kind = ?2 AND key = ?3"
				    "  ORDER BY time_s DESC, id DESC LIMIT 1)");
	query_number(query, 1, EVENT_MESSAGE);
	query_number(query, 2, EVENT_ACCOUNT);
	query_blob(query, 3, call->keys[BUDGET_KEY_ACCOUNT].bytes, THROTTLE_KEY_LEN);
	return query_run(query);
}

int budget_right(struct db *db, const struct budget_asker *asker)
{
	struct budget_call call = { .db = db };
	struct query *query;
	int r;

	budget_call_make_keys(&call, asker, NULL);
	query = query_new(db, "DELETE FROM events WHERE kind IN (?1, ?2) AND key = ?3");
	query_number(query, 1, EVENT_WRONG);
	query_number(query, 2, EVENT_WRONG_STRANGER);
	query_blob(query, 3, call.keys[BUDGET_KEY_ACCOUNT].bytes, THROTTLE_KEY_LEN);
	r = query_run(query);
	if (r == 0)
		r = mark_answered(&call);
	if (r < 0)
		return r;
	query = query_new(db, "UPDATE stops SET wrong_row = 0, n_pauses = 0, wait_until_s = 0,"
			      " unanswered = 0, unanswered_until_s = 0 WHERE key IN (?1, ?2)");
	query_blob(query, 1, call.keys[BUDGET_KEY_ACCOUNT].bytes, THROTTLE_KEY_LEN);
	query_blob(query, 2, call.keys[BUDGET_KEY_STRANGERS].bytes, THROTTLE_KEY_LEN);
	return query_run(query);
}

/* --- number match --- */

int budget_match_wait(struct db *db, const struct budget_rules *rules,
		      const struct budget_asker *asker, int64_t now_s, int64_t *ret_wait_s)
{
	struct budget_call call = { .db = db, .rules = rules, .now_s = now_s };
	int r = budget_call_begin(&call, asker, NULL);

	*ret_wait_s = 0;
	return r == 0 ? look_at_rules(&call, BUDGET_MATCH, 0, ret_wait_s) : r;
}

/* Nobody gets here but by an approval of the user's own, so no stranger fills the table by it. */
int budget_match_wrong(struct db *db, const struct budget_asker *asker, int64_t now_s)
{
	struct budget_call call = { .db = db, .now_s = now_s };
	int r = budget_call_begin(&call, asker, NULL);

	if (r == 0)
		r = budget_call_save(&call, PAUSE_ACCOUNT);      /* budget_each() finds it there */
	return r < 0 ? r : budget_add_event(&call, EVENT_MATCH, 0, 0);
}

/* --- sources --- */

/* While a pause lasts nothing is counted: a source has no more rows than the limit, and they are
 * too old when it ends. */
int budget_failed(struct db *db, const struct budget_rules *rules, const char *source,
		  int64_t now_s)
{
	struct budget_call call = { .db = db, .rules = rules, .now_s = now_s };
	struct budget_stop *stop = &call.stops[PAUSE_SOURCE];
	int64_t wait_s = 0;
	int r = budget_call_begin_source(&call, source);

	if (r == 0)
		r = look_for_room(&call, &wait_s);
	if (r < 0 || wait_s > 0 || stop->wait_until_s > now_s)
		return r;
	stop->n_pauses = 0;
	r = count_act(&call, BUDGET_FAILURE, 0, 0);
	if (r == 0)
		r = begin_pauses(&call, BUDGET_FAILURE);
	return r;
}

int budget_granted(struct db *db, const char *user, const char *source, int64_t now_s)
{
	unsigned char key[THROTTLE_KEY_LEN];
	struct query *query;
	int r;

	budget_known_key(db, user, source, key);
	query = query_new(db, "INSERT INTO known_sources (key, last_s) VALUES (?1, ?2)"
			      " ON CONFLICT (key) DO UPDATE SET last_s = ?2"
			      " WHERE last_s <= ?2 - ?3 OR last_s > ?2");
	query_blob(query, 1, key, sizeof(key));
	query_number(query, 2, now_s);
	query_number(query, 3, DAY_S);
	r = query_run(query);
	if (r < 0 || db_changes(db) == 0)
		return r;
	query = query_new(db, "DELETE FROM known_sources WHERE key IN"
			      " (SELECT key FROM known_sources ORDER BY last_s LIMIT"
			      "  max(0, (SELECT count(*) FROM known_sources) - ?1))");
	query_number(query, 1, BUDGET_ROWS_MAX);
	return query_run(query);
}
