/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rows of the budget as a whole: what is dropped, forgotten, shown. */
#include <errno.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/budget-private.h"
#include "jauthd/limits.h"

/* --- what is dropped --- */

static int trim_events(struct db *db, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "DELETE FROM events WHERE id IN (SELECT id FROM events"
			      " WHERE time_s <= ?1 ORDER BY time_s LIMIT ?2)");
	query_number(query, 1, now_s - DAY_S);
	query_number(query, 2, AUDIT_TRIM_ROWS);
	return query_run(query);
}

static int trim_known_sources(struct db *db, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "DELETE FROM known_sources WHERE key IN"
			      " (SELECT key FROM known_sources WHERE last_s <= ?1"
			      "  ORDER BY last_s LIMIT ?2)");
	query_number(query, 1, now_s - KNOWN_SOURCE_DAYS * DAY_S);
	query_number(query, 2, AUDIT_TRIM_ROWS);
	return query_run(query);
}

/* Those of accounts that have neither counts nor messages, and of sources whose pause is over. */
static int trim_stops(struct db *db, int64_t now_s)
{
	struct query *query;

	query = query_new(db, "DELETE FROM stops WHERE key IN (SELECT key FROM stops"
			      " WHERE wrong_row = 0 AND unanswered = 0 AND wait_until_s <= ?1"
			      " AND (n_pauses = 0 OR user_hash = '') AND NOT EXISTS"
			      "  (SELECT 1 FROM events WHERE kind IN (?2, ?4) AND key = stops.key)"
			      " LIMIT ?3)");
	query_number(query, 1, now_s);
	query_number(query, 2, EVENT_ACCOUNT);
	query_number(query, 3, AUDIT_TRIM_ROWS);
	query_number(query, 4, EVENT_MATCH);
	return query_run(query);
}

/* Beyond the cap those go that never led to a pause, or long ago. What is forgotten are codes in a
 * row only: those of the last day are events. */
static int cap_stops(struct db *db)
{
	struct query *query;

	query = query_new(db, "DELETE FROM stops WHERE key IN (SELECT key FROM stops"
			      " ORDER BY wait_until_s, wrong_row, unanswered LIMIT"
			      "  min(max((SELECT count(*) FROM stops) - ?1, 0), ?2))");
	query_number(query, 1, BUDGET_ROWS_MAX);
	query_number(query, 2, AUDIT_TRIM_ROWS);
	return query_run(query);
}

int budget_trim(struct db *db, int64_t now_s)
{
	int r = trim_events(db, now_s);

	if (r == 0)
		r = trim_known_sources(db, now_s);
	if (r == 0)
		r = trim_stops(db, now_s);
	return r < 0 ? r : cap_stops(db);
}

/* --- what is forgotten --- */

int budget_unlock(struct db *db, const char *user_hash, int64_t *ret_n)
{
	struct query *query;
	int64_t n;
	int r;

	query = query_new(db, "DELETE FROM events WHERE ?1 IS NULL OR user_hash = ?1");
	query_text(query, 1, user_hash);
	r = query_run(query);
	if (r < 0)
		return r;
	n = db_changes(db);
	query = query_new(db, "DELETE FROM stops WHERE ?1 IS NULL OR user_hash = ?1");
	query_text(query, 1, user_hash);
	r = query_run(query);
	if (r == 0)
		*ret_n = n + db_changes(db);
	return r;
}

/* --- what is shown --- */

struct listing {
	struct db *db;
	const struct budget_rules *rules;
	int64_t now_s;
	int (*each)(const struct budget_row *row, void *context);
	void *context;
};

static int64_t still(const struct listing *listing, int64_t until_s)
{
	return until_s > listing->now_s ? until_s : 0;
}

/* The rules of one key: totals always, the rest when something was counted. Counts of a number
 * repeat its account's as a rule and are shown only where they stop somebody. */
static int list_rules(const struct listing *listing, enum budget_key key,
		      const struct throttle_key *of)
{
	int r = 0;

	for (const struct budget_rule *rule = budget_table; r == 0 && rule->what; rule++) {
		struct budget_row row = { .what = rule->what, .scope = of->scope };
		struct budget_count count;

		if (budget_kinds[rule->event].key != key ||
		    !budget_rule_holds(rule, listing->rules))
			continue;
		r = budget_rule_count(listing->db, rule, listing->rules, of->bytes, 1,
				      listing->now_s, &count);
		if (r < 0)
			return r;
		memcpy(row.user_hash, of->user_hash, sizeof(row.user_hash));
		row.count = count.count;
		row.limit = count.limit;
		row.wait_until_s = still(listing, count.open_s);
		if (key == BUDGET_KEY_ALL || row.wait_until_s ||
		    (row.count && key != BUDGET_KEY_NUMBER))
			r = listing->each(&row, listing->context);
	}
	return r;
}

/* A row of stops: the account's own, or that of its strangers, who have nothing but pauses. */
static int list_stop(const struct listing *listing, const struct throttle_key *of)
{
	const int64_t row_max = MIN(listing->rules->wrong_row, BUDGET_WRONG_ROW_MAX);
	struct budget_stop stop;
	int r = budget_stop_load(listing->db, of, listing->now_s, &stop);

	if (r < 0)
		return r;
	const struct budget_row rows[] = {
		{ "messages without a right code, in a row", of->scope, "", stop.unanswered,
		  listing->rules->unanswered, still(listing, stop.unanswered_until_s) },
		{ "wrong codes in a row", of->scope, "", stop.wrong_row, row_max,
		  stop.wrong_row >= row_max ? -1 : 0 },
		{ stop.wrong_row ? "pause after wrong codes"
				 : "pause of strangers after wrong codes",
		  of->scope, "", stop.n_pauses, 0, still(listing, stop.wait_until_s) },
	};

	for (size_t i = 0; r == 0 && i < N_ELEMENTS(rows); i++) {
		struct budget_row row = rows[i];

		memcpy(row.user_hash, of->user_hash, sizeof(row.user_hash));
		if (row.count > 0)
			r = listing->each(&row, listing->context);
	}
	return r;
}

static int read_key(struct query *query, struct throttle_key *ret_key)
{
	size_t len;
	const void *bytes = query_column_blob(query, 0, &len);

	if (len != sizeof(ret_key->bytes) ||
	    !text_into(ret_key->user_hash, sizeof(ret_key->user_hash),
		       query_column_text(query, 1)) ||
	    !text_into(ret_key->scope, sizeof(ret_key->scope), query_column_text(query, 2)))
		return -EUCLEAN;
	memcpy(ret_key->bytes, bytes, len);
	return 0;
}

static int list_accounts(const struct listing *listing, const char *user_hash)
{
	struct throttle_key key;
	struct query *query;
	int r;

	query = query_new(listing->db, "SELECT key, user_hash, scope FROM stops"
				       " WHERE user_hash <> '' AND (?1 IS NULL OR user_hash = ?1)"
				       " ORDER BY user_hash, scope");
	query_text(query, 1, user_hash);
	while ((r = query_step(query)) == 1) {
		r = read_key(query, &key);
		if (r == 0)
			r = list_rules(listing, BUDGET_KEY_ACCOUNT, &key);
		if (r == 0)
			r = list_stop(listing, &key);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

static int list_numbers(const struct listing *listing, const char *user_hash)
{
	struct throttle_key key;
	struct query *query;
	int r;

	query = query_new(listing->db, "SELECT DISTINCT key, user_hash, '' FROM events"
				       " WHERE kind = ?2 AND (?1 IS NULL OR user_hash = ?1)"
				       " ORDER BY user_hash");
	query_text(query, 1, user_hash);
	query_number(query, 2, EVENT_NUMBER);
	while ((r = query_step(query)) == 1) {
		r = read_key(query, &key);
		if (r == 0)
			r = list_rules(listing, BUDGET_KEY_NUMBER, &key);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

int budget_each(struct db *db, const struct budget_rules *rules, const char *user_hash,
		int64_t now_s, int (*each)(const struct budget_row *row, void *context),
		void *context)
{
	static const struct throttle_key everybody;
	const struct listing listing = { db, rules, now_s, each, context };
	int r = budget_redate(db, now_s);

	if (r == 0)
		r = list_rules(&listing, BUDGET_KEY_ALL, &everybody);
	if (r == 0)
		r = list_accounts(&listing, user_hash);
	return r != 0 ? r : list_numbers(&listing, user_hash);
}
