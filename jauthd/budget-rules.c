/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of budget.h, and how one row of it is looked up in the events. */
#include "jauthd/budget-private.h"

#include "base/macro.h"


const struct budget_kind budget_kinds[N_EVENTS] = {
	[EVENT_NUMBER] = { BUDGET_SEND, BUDGET_KEY_NUMBER, false },
	[EVENT_NUMBER_STRANGER] = { BUDGET_SEND, BUDGET_KEY_NUMBER, true },
	[EVENT_ACCOUNT] = { BUDGET_SEND, BUDGET_KEY_ACCOUNT, false },
	[EVENT_ACCOUNT_STRANGER] = { BUDGET_SEND, BUDGET_KEY_ACCOUNT, true },
	[EVENT_SOURCE] = { BUDGET_SEND, BUDGET_KEY_SOURCE, false },
	[EVENT_NETWORK] = { BUDGET_SEND, BUDGET_KEY_NETWORK, false },
	[EVENT_STRANGER] = { BUDGET_SEND, BUDGET_KEY_ALL, true },
	[EVENT_MESSAGE] = { BUDGET_SEND, BUDGET_KEY_ALL, false },
	[EVENT_WRONG] = { BUDGET_TRY, BUDGET_KEY_ACCOUNT, false },
	[EVENT_WRONG_STRANGER] = { BUDGET_TRY, BUDGET_KEY_ACCOUNT, true },
	[EVENT_MATCH] = { BUDGET_MATCH, BUDGET_KEY_ACCOUNT, false },
	[EVENT_FAILURE] = { BUDGET_FAILURE, BUDGET_KEY_SOURCE, false },
};

#define LIMIT(field)        .limit = offsetof(struct budget_rules, field)
#define STRANGERS           .spares = BUDGET_KNOWN | BUDGET_PROVED
#define SHARE(of, everyone) .part = (of), .whole = (everyone)

/* Totals last: they are only asked about what would go out otherwise. */
const struct budget_rule budget_table[] = {
	{ "messages to a number, gap", EVENT_NUMBER },
	{ "messages to a number, 1 h", EVENT_NUMBER, HOUR_S, LIMIT(number_hour) },
	{ "messages to a number, 1 d", EVENT_NUMBER, DAY_S, LIMIT(number_day) },
	{ "messages of strangers to a number, 1 h", EVENT_NUMBER_STRANGER, HOUR_S,
	  LIMIT(number_hour), STRANGERS, SHARE(BUDGET_STRANGER_HOUR, BUDGET_NUMBER_HOUR) },
	{ "messages of strangers to a number, 1 d", EVENT_NUMBER_STRANGER, DAY_S,
	  LIMIT(number_day), STRANGERS, SHARE(BUDGET_STRANGER_DAY, BUDGET_NUMBER_DAY) },
	{ "messages, gap", EVENT_ACCOUNT },
	{ "messages, 1 h", EVENT_ACCOUNT, HOUR_S, LIMIT(number_hour) },
	{ "messages, 1 d", EVENT_ACCOUNT, DAY_S, LIMIT(number_day) },
	{ "messages of strangers, 1 h", EVENT_ACCOUNT_STRANGER, HOUR_S,
	  LIMIT(number_hour), STRANGERS, SHARE(BUDGET_STRANGER_HOUR, BUDGET_NUMBER_HOUR) },
	{ "messages of strangers, 1 d", EVENT_ACCOUNT_STRANGER, DAY_S,
	  LIMIT(number_day), STRANGERS, SHARE(BUDGET_STRANGER_DAY, BUDGET_NUMBER_DAY) },
	{ "messages from a source, 1 h", EVENT_SOURCE, HOUR_S, LIMIT(source_hour) },
	{ "messages from a source, 1 d", EVENT_SOURCE, DAY_S, LIMIT(source_day) },
	{ "messages from a network, 1 d", EVENT_NETWORK, DAY_S, LIMIT(network_day) },
	{ "wrong codes, 1 d", EVENT_WRONG, DAY_S, LIMIT(wrong_day), .pause = PAUSE_ACCOUNT },
	{ "wrong codes of strangers, 1 d", EVENT_WRONG_STRANGER, DAY_S,
	  LIMIT(wrong_day), STRANGERS, SHARE(BUDGET_WRONG_STRANGER_DAY, BUDGET_WRONG_DAY),
	  .pause = PAUSE_STRANGERS },
	{ "wrong digits, 1 d", EVENT_MATCH, DAY_S, .fixed = MATCH_WRONG_DAY },
	{ "failed logins from a source, 1 h", EVENT_FAILURE, HOUR_S, LIMIT(failed_hour),
	  .pause = PAUSE_SOURCE },
	{ "all messages of strangers, 1 h", EVENT_STRANGER, HOUR_S, LIMIT(strangers_hour),
	  STRANGERS },
	{ "all messages, 1 h", EVENT_MESSAGE, HOUR_S, LIMIT(total_hour), .spares = BUDGET_PROVED },
	{ "all messages, 1 d", EVENT_MESSAGE, DAY_S, LIMIT(total_day), .spares = BUDGET_PROVED },
	{ "cost of all messages, 1 d", EVENT_MESSAGE, DAY_S, LIMIT(cost_day), .is_cost = true },
	{ 0 }
};

static int64_t field(const struct budget_rule *rule, const struct budget_rules *rules)
{
	return *(const int64_t *)(const void *)((const char *)rules + rule->limit);
}

/* A part of a small limit is still one: strangers are people who log in from a new place, too. */
static int64_t limit_of(const struct budget_rule *rule, const struct budget_rules *rules)
{
	if (!rule->window_s)
		return 1;
	if (rule->fixed)
		return rule->fixed;
	if (!rule->whole)
		return field(rule, rules);
	return MAX(field(rule, rules) * rule->part / rule->whole, 1);
}

bool budget_rule_holds(const struct budget_rule *rule, const struct budget_rules *rules)
{
	return !rule->is_cost || field(rule, rules) > 0;
}

/* Newest first: the event at which it became too much is the one that has to leave the window. */
int budget_rule_count(struct db *db, const struct budget_rule *rule,
		      const struct budget_rules *rules, const unsigned char *key, int64_t more,
		      int64_t now_s, struct budget_count *ret_count)
{
	const int64_t window_s = rule->window_s ? rule->window_s : rules->number_gap_s;
	struct budget_count count = { .limit = limit_of(rule, rules) };
	struct query *query;
	int r;

	query = query_new(db, "SELECT time_s, cost FROM events WHERE kind = ?1 AND key = ?2"
			      " AND time_s > ?3 ORDER BY time_s DESC");
	query_number(query, 1, rule->event);
	query_blob(query, 2, key, THROTTLE_KEY_LEN);
	query_number(query, 3, now_s - window_s);
	while ((r = query_step(query)) == 1) {
		count.count += rule->is_cost ? query_column_number(query, 1) : 1;
		if (!count.open_s && count.count + more > count.limit)
			count.open_s = query_column_number(query, 0) + window_s;
	}
	query_done(query);
	if (r < 0)
		return r;
	if (!count.open_s && window_s && more > count.limit)
		count.open_s = now_s + window_s;
	*ret_count = count;
	return 0;
}

int budget_redate(struct db *db, int64_t now_s)
{
	struct query *query;
	int r;

	query = query_new(db, "UPDATE events SET time_s = ?1 WHERE time_s > ?1");
	query_number(query, 1, now_s);
	r = query_run(query);
	if (r < 0)
		return r;
	query = query_new(db, "UPDATE known_sources SET last_s = ?1 WHERE last_s > ?1");
	query_number(query, 1, now_s);
	return query_run(query);
}
