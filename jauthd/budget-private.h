/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The inside of the budget, for budget*.c only: tables of what is counted and where each count
 * stops, rows beyond the windows, and what one question needs to know. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jauthd/budget.h"
#include "jauthd/throttle.h"

#define HOUR_S ((int64_t)3600)
#define DAY_S  ((int64_t)86400)

/* --- budget-rules.c --- */

/* Whose count it is. */
enum budget_key {
	BUDGET_KEY_ALL,                  /* one for everybody: 32 zero bytes */
	BUDGET_KEY_NUMBER,
	BUDGET_KEY_ACCOUNT,              /* user and scope */
	BUDGET_KEY_STRANGERS,            /* the same, for the strangers that claim to be him */
	BUDGET_KEY_SOURCE,
	BUDGET_KEY_NETWORK,              /* the /48 of an IPv6 address; other sources have none */
	BUDGET_N_KEYS,
};

/* What happened, or would. Bits. */
enum budget_act {
	BUDGET_SEND = 1 << 0,
	BUDGET_TRY = 1 << 1,
	BUDGET_FAILURE = 1 << 2,
	BUDGET_MATCH = 1 << 3,
};

/* Column `kind` of the table events: numbers are never given to something else. */
enum budget_event {
	EVENT_NUMBER = 1,
	EVENT_NUMBER_STRANGER = 2,
	EVENT_ACCOUNT = 3,
	EVENT_ACCOUNT_STRANGER = 4,
	EVENT_SOURCE = 5,
	EVENT_NETWORK = 6,
	EVENT_STRANGER = 7,
	EVENT_MESSAGE = 8,
	EVENT_WRONG = 9,
	EVENT_WRONG_STRANGER = 10,
	EVENT_FAILURE = 11,
	EVENT_ALERT = 12,                /* said to the sysadmin; no act */
	EVENT_MATCH = 13,
	N_EVENTS,
};

/* An act is an event of each of its kinds. */
struct budget_kind {
	enum budget_act act;
	enum budget_key key;
	bool of_strangers;               /* only what a stranger does */
};
extern const struct budget_kind budget_kinds[N_EVENTS];    /* 0 is none */

/* What an asker is; a stranger is nothing. */
#define BUDGET_KNOWN   (1u << 0)
#define BUDGET_PROVED  (1u << 1)

/* Pauses, rows of the table stops: begun when a rule's count is full, or none. */
enum budget_pause {
	PAUSE_NONE,
	PAUSE_ACCOUNT,
	PAUSE_STRANGERS,
	PAUSE_SOURCE,
	N_PAUSES,
};

struct budget_rule {
	const char *what;                /* as in struct budget_row */
	enum budget_event event;
	int64_t window_s;                /* 0: number_gap_s, in which one is allowed */
	size_t limit;                    /* the field of struct budget_rules, unless `fixed` */
	int64_t fixed;                   /* the limit itself; 0: a field */
	unsigned spares;                 /* BUDGET_KNOWN, BUDGET_PROVED: not stopped by it */
	int64_t part, whole;             /* part/whole of the field; 0: all of it */
	bool is_cost;                    /* adds up costs, and 0 is no limit */
	enum budget_pause pause;
};
extern const struct budget_rule budget_table[];           /* ends with a row without `what` */

/* False: it is switched off. */
bool budget_rule_holds(const struct budget_rule *rule, const struct budget_rules *rules);

struct budget_count {
	int64_t count, limit;
	int64_t open_s;                  /* when there is room for `more`; 0: now */
};
/* How far one rule is used up under one key, before `more` is added. */
int budget_rule_count(struct db *db, const struct budget_rule *rule,
		      const struct budget_rules *rules, const unsigned char *key, int64_t more,
		      int64_t now_s, struct budget_count *ret_count);

/* Gives what lies in the future, since the clock was set back, the time of now. */
int budget_redate(struct db *db, int64_t now_s);

/* --- budget-stops.c: counts and pauses beyond the windows, a row per account and scope --- */

struct budget_stop {
	int64_t wrong_row;               /* wrong codes since the last right one */
	int64_t n_pauses, wait_until_s;  /* the pause of a full rule */
	int64_t unanswered, unanswered_until_s;  /* messages since the last right code */
};

/* All zeros when there is none. -EUCLEAN: numbers nobody wrote, so nothing may go on. */
int budget_stop_load(struct db *db, const struct throttle_key *key, int64_t now_s,
		     struct budget_stop *ret_stop);
int budget_stop_save(struct db *db, const struct throttle_key *key,
		     const struct budget_stop *stop);
/* From now on: BUDGET_WRONG_PAUSE_S, twice as long each time, a day at most. */
void budget_stop_pause(struct budget_stop *stop, int64_t now_s);

/* --- budget-call.c: one question --- */

/* Whose row of stops a pause is, what it stops, and whom it spares. */
struct budget_pause_kind {
	enum budget_key key;
	unsigned acts, spares;
};
extern const struct budget_pause_kind budget_pauses[N_PAUSES];

struct budget_call {
	struct db *db;
	const struct budget_rules *rules;
	int64_t now_s;
	unsigned standing;               /* BUDGET_KNOWN, BUDGET_PROVED */
	struct throttle_key keys[BUDGET_N_KEYS];
	bool has_network;
	struct budget_stop stops[N_PAUSES];
};

/* Fills in the rest: who asks, and which pauses there are. */
int budget_call_begin(struct budget_call *call, const struct budget_asker *asker,
		      const char *number);
/* The same when all that is known is a source: for failures. */
int budget_call_begin_source(struct budget_call *call, const char *source);
void budget_call_make_keys(struct budget_call *call, const struct budget_asker *asker,
			   const char *number);
bool budget_call_has_key(const struct budget_call *call, enum budget_key key);
int budget_call_save(struct budget_call *call, enum budget_pause pause);
/* The row of known_sources. */
void budget_known_key(struct db *db, const char *user, const char *source,
		      unsigned char ret_key[THROTTLE_KEY_LEN]);
/* One row of the table events. */
int budget_add_event(const struct budget_call *call, enum budget_event event, int64_t send,
		     int64_t cost);

/* --- budget-watch.c --- */

/* After a message was counted: logs what calls for somebody. */
int budget_watch(const struct budget_call *call, int64_t cost);
