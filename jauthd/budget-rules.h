/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the budget counts and where each count stops, as tables; for budget*.c only. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jauthd/config.h"
#include "jauthd/store.h"
#include "jauthd/throttle.h"

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
	size_t limit;                    /* the field of struct budget_rules */
	unsigned spares;                 /* BUDGET_KNOWN, BUDGET_PROVED: not stopped by it */
	int64_t part, whole;             /* part/whole of the field; 0: all of it */
	bool is_cost;                    /* adds up costs, and 0 is no limit */
	enum budget_pause pause;
};
extern const struct budget_rule budget_table[];           /* ends with a row without `what` */

int64_t budget_rule_limit(const struct budget_rule *rule, const struct budget_rules *rules);
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
