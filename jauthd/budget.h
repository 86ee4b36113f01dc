/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How many messages may go out and how many wrong codes may come in. Counted in the database before
 * anything happens, so neither kill -9 nor a reboot gives anybody a fresh count. Store thread only.
 *
 * All windows roll: a message counts for 60 s, an hour or a day from its own moment. Numbers, users
 * and sources are kept as keyed hashes. A row from the future (the clock was set back) counts as of
 * now and is dated so.
 *
 * Three kinds of askers. One who is *proved* gave a right password or key before in this login. One
 * who is *known* comes from a source where this user logged in within KNOWN_SOURCE_DAYS. Everybody
 * else is a *stranger*, whoever he says he is. Strangers share a part of what one number and one
 * account may get (BUDGET_STRANGER_…), so that they can neither use it up nor lock out the person
 * it belongs to; all other limits of a number or account hold for everybody. Totals stop only those
 * who are not proved.
 *
 *   what counts                          window   default   stops
 *   messages to a number                 60 s     1         everybody
 *   messages to a number                 1 h, 1 d 5, 10     everybody; strangers at 3, 6
 *   messages for an account (user)       as number          everybody; strangers at 3, 6
 *   messages for an account, none right  a row    5         for a day, all but the known
 *   messages asked from a source         1 h, 1 d 10, 30    everybody from there
 *   messages asked from an IPv6 /48      1 d      100       everybody from there
 *   messages of strangers, together      1 h      60        strangers
 *   all messages                         1 h, 1 d 300, 2000 all but the proved
 *   cost of all messages                 1 d      none      everybody
 *   failed logins from a source          1 h      30        messages to anybody from there, 1 h
 *   wrong codes, account and scope       1 d      10        everybody; strangers at 6. At least
 *                                                           1 h, doubling each time up to 24 h
 *   wrong codes in a row, same           ever     50        until unlocked
 *
 * An IPv6 source counts by its /64. What is not an address (a tty, a uid) is a source too.
 * A total that is used up is logged as an error, and so is, once an hour, that of the last fifty
 * messages fewer than half were answered by a right code.
 *
 * Wrong digits of a number match (the right person approved, somebody else typed) count apart, for
 * user and method: MATCH_WRONG_DAY in a day, then none is looked at until the first is a day old.
 *
 * A right code forgets the account's wrong ones and its unanswered messages.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "jauthd/config.h"
#include "jauthd/store.h"
#include "providers/provider.h"

/* Who asks. Texts are lent. */
struct budget_asker {
	const char *scope;       /* the provider's type: "sms" and "totp" are limited apart */
	const char *user;        /* as typed: unknown users are counted alike */
	const char *source;
	bool is_proved;
};

/* Counts one message, or says why not; a refused one is not counted. `number` NULL: somebody
 * without one, counted as if a number of his own. *ret_send is for budget_return(). */
int budget_send(struct db *db, const struct budget_rules *rules, const struct budget_asker *asker,
		const char *number, int64_t cost, int64_t now_s, enum send_verdict *ret_verdict,
		int64_t *ret_wait_s, int64_t *ret_send);
/* That message surely did not go out. */
int budget_return(struct db *db, int64_t send);
/* Counts one entered code as wrong, before it is compared. CODE_WRONG: compare; otherwise
 * CODE_TOO_MANY or CODE_BLOCKED, and nothing was counted. */
int budget_try(struct db *db, const struct budget_rules *rules, const struct budget_asker *asker,
	       int64_t now_s, enum code_result *ret_result, int64_t *ret_wait_s);
/* The code was right. */
int budget_right(struct db *db, const struct budget_asker *asker);
/* Has the user, with the method as scope, room for another number match? *ret_wait_s 0: yes. */
int budget_match_wait(struct db *db, const struct budget_rules *rules,
		      const struct budget_asker *asker, int64_t now_s, int64_t *ret_wait_s);
/* The digits were wrong. */
int budget_match_wrong(struct db *db, const struct budget_asker *asker, int64_t now_s);
/* A login from here was denied. */
int budget_failed(struct db *db, const struct budget_rules *rules, const char *source,
		  int64_t now_s);
/* The user got in from here: its next messages are not a stranger's. Writes at most once a day. */
int budget_granted(struct db *db, const char *user, const char *source, int64_t now_s);
/* Drops what no rule looks at any more, at most so many rows a call; for the audit's trimming. */
int budget_trim(struct db *db, int64_t now_s);

/* Forgets counts of the user, as throttle_user_hash() names him; NULL: all of everybody, totals
 * too. Sources stay known. *ret_n: rows that went. */
int budget_unlock(struct db *db, const char *user_hash, int64_t *ret_n);

/* What stands now, for jauthctl limits. Rows of totals first, then of the users that are stopped or
 * counted (`user_hash` NULL: all). */
struct budget_row {
	const char *what;        /* "messages of strangers, 1 h" */
	const char *scope;       /* "sms", "totp"; "" for totals */
	char user_hash[17];      /* "" for totals */
	int64_t count, limit;
	int64_t wait_until_s;    /* 0: open; -1: until a sysadmin unlocks */
};
int budget_each(struct db *db, const struct budget_rules *rules, const char *user_hash,
		int64_t now_s, int (*each)(const struct budget_row *row, void *context),
		void *context);
