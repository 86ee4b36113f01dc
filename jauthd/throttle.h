/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Growing pauses, kept in the database so that neither kill -9 nor a reboot resets them.
 * Store thread only. Keys are keyed hashes: a typed user name, known or not, is never stored.
 *
 * A failure is counted before the answer is checked (a verdict waits for its count) and taken back
 * by throttle_clear() on success. THROTTLE_FREE_FAILURES are free, then the pause is 1, 2, 4 … s up
 * to THROTTLE_PAUSE_MAX_S; THROTTLE_FORGET_S after the last failure the key is forgotten.
 */
#pragma once

#include <stdint.h>

#include "jauthd/store.h"

#define THROTTLE_KEY_LEN 32

struct throttle_key {
	unsigned char bytes[THROTTLE_KEY_LEN];
	char user_hash[17];      /* throttle_user_hash(): for throttle_unlock() */
	char scope[32];          /* cut to fit */
};

/* HMAC of the parts, each with its length, under db_key(). `scope` names what is counted
 * ("password"). An IPv6 address as source counts by its /64 network, which is what one customer
 * gets. */
void throttle_key_make(const unsigned char db_key[32], const char *scope, const char *user,
		       const char *source, struct throttle_key *ret_key);
/* Its `bytes` alone. */
void throttle_hash(const unsigned char db_key[32], const char *scope, const char *user,
		   const char *source, unsigned char ret_hash[THROTTLE_KEY_LEN]);
/* Counts one attempt. *ret_wait_s is 0 when it may go on, else the seconds still to wait; an
 * attempt that has to wait is not counted. 0 or -errno: on an error nothing may go on. */
int throttle_attempt(struct db *db, const struct throttle_key *key, int64_t now_s,
		     int64_t *ret_wait_s);
int throttle_clear(struct db *db, const struct throttle_key *key);
/* All keys of one user: user_hash as throttle_user_hash() makes it; NULL: everything. *ret_n rows
 * went. */
int throttle_unlock(struct db *db, const char *user_hash, int64_t *ret_n);
/* 16 hex digits and NUL: how an unknown name is written to audit and throttle. */
void throttle_user_hash(const unsigned char db_key[32], const char *user, char ret_hash[17]);

struct throttle_row {
	char user_hash[17];
	char scope[32];
	int64_t failures, last_s, wait_until_s;
};
int throttle_each(struct db *db, const char *user_hash,
		  int (*each)(const struct throttle_row *row, void *context), void *context);
