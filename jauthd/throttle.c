/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A row per (scope, user, source), found by a keyed hash of the three.
 *
 * The wall clock is used, for a reboot must not end a pause. When it was set back, a pause
 * could last as long as the step; so a row from the future is dated now and its pause begins again.
 */
#include "jauthd/throttle.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauthd/limits.h"

#define THROTTLE_PART_MAX     (size_t)4096
#define THROTTLE_FAILURES_MAX 1000000

struct throttle_state {
	bool is_known;
	int64_t failures, last_s, wait_until_s;
};

/* --- keys --- */

static void add_part(struct buf *buf, const void *data, size_t len)
{
	const uint32_t marked_len = (uint32_t)len;

	buf_add(buf, &marked_len, sizeof(marked_len));
	buf_add(buf, data, len);
}

/* Nothing that long is a name or an address; cut rather than fail. */
static void add_text(struct buf *buf, const char *text)
{
	size_t len = strlen(text);

	add_part(buf, text, MIN(len, THROTTLE_PART_MAX));
}

/* Whoever has one IPv6 address has the 2^64 of its network; IPv4 in IPv6's clothes is IPv4. */
static void add_source(struct buf *buf, const char *source)
{
	struct in6_addr address;
	char ipv4[INET_ADDRSTRLEN];

	if (inet_pton(AF_INET6, source, &address) != 1)
		add_text(buf, source);
	else if (IN6_IS_ADDR_V4MAPPED(&address) &&
		 inet_ntop(AF_INET, &address.s6_addr[12], ipv4, sizeof(ipv4)))
		add_text(buf, ipv4);
	else
		add_part(buf, &address, sizeof(address) / 2);
}

static_assert(THROTTLE_KEY_LEN == SHA256_BYTES, "a key is a whole HMAC");

/* This can fail for want of memory only; then no count is safe any more. */
static void keyed_hash(const unsigned char db_key[32], const struct buf *message,
		       unsigned char ret_hash[THROTTLE_KEY_LEN])
{
	_cleanup_secret_ struct secret *key = secret_new(db_key, 32);

	if (!key || buf_failed(message) ||
	    crypto_hmac_sha256(key, buf_text(message), message->len, ret_hash) < 0)
		abort();
}

void throttle_user_hash(const unsigned char db_key[32], const char *user, char ret_hash[17])
{
	_cleanup_(buf_done) struct buf message = BUF_INIT(2 * (THROTTLE_PART_MAX + 4));
	_cleanup_(buf_done) struct buf hex = BUF_INIT(16);
	unsigned char hash[THROTTLE_KEY_LEN];

	add_text(&message, "user");
	add_text(&message, user);
	keyed_hash(db_key, &message, hash);
	hex_add(&hex, hash, 8);
	(void)text_into(ret_hash, 17, buf_text(&hex));
}

void throttle_hash(const unsigned char db_key[32], const char *scope, const char *user,
		   const char *source, unsigned char ret_hash[THROTTLE_KEY_LEN])
{
	_cleanup_(buf_done) struct buf message = BUF_INIT(4 * (THROTTLE_PART_MAX + 4));

	add_text(&message, "throttle");
	add_text(&message, scope);
	add_text(&message, user);
	add_source(&message, source);
	keyed_hash(db_key, &message, ret_hash);
}

void throttle_key_make(const unsigned char db_key[32], const char *scope, const char *user,
		       const char *source, struct throttle_key *ret_key)
{
	throttle_hash(db_key, scope, user, source, ret_key->bytes);
	throttle_user_hash(db_key, user, ret_key->user_hash);
	(void)snprintf(ret_key->scope, sizeof(ret_key->scope), "%s", scope);
}

/* --- counting --- */

static int64_t pause_after(int64_t failures)
{
	int64_t pause_s = 1;

	if (failures <= THROTTLE_FREE_FAILURES)
		return 0;
	while (--failures > THROTTLE_FREE_FAILURES && pause_s < THROTTLE_PAUSE_MAX_S)
		pause_s *= 2;
	return MIN(pause_s, THROTTLE_PAUSE_MAX_S);
}

static int throttle_read(struct db *db, const struct throttle_key *key,
			 struct throttle_state *ret_state)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT failures, last_s, wait_until_s FROM throttle WHERE key = ?1");
	query_blob(query, 1, key->bytes, sizeof(key->bytes));
	r = query_step(query);
	if (r == 1)
		*ret_state = (struct throttle_state){
			.is_known = true,
			.failures = query_column_number(query, 0),
			.last_s = query_column_number(query, 1),
			.wait_until_s = query_column_number(query, 2),
		};
	query_done(query);
	return r < 0 ? r : 0;
}

static int throttle_write(struct db *db, const struct throttle_key *key,
			  const struct throttle_state *state)
{
	struct query *query;

	query = query_new(db, "INSERT INTO throttle"
			      " (key, user_hash, scope, failures, last_s, wait_until_s)"
			      " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (key) DO UPDATE SET"
			      " failures = ?4, last_s = ?5, wait_until_s = ?6");
	query_blob(query, 1, key->bytes, sizeof(key->bytes));
	query_text(query, 2, key->user_hash);
	query_text(query, 3, key->scope);
	query_number(query, 4, state->failures);
	query_number(query, 5, state->last_s);
	query_number(query, 6, state->wait_until_s);
	return query_run(query);
}

/* Makes room for one more row. The oldest go first: were it those with the fewest failures, then
 * in a full table two keys in turn would push each other out and never be made to wait. */
static int throttle_make_room(struct db *db, int64_t now_s)
{
	struct query *query;
	int r;

	query = query_new(db, "DELETE FROM throttle WHERE last_s < ?1");
	query_number(query, 1, now_s - THROTTLE_FORGET_S);
	r = query_run(query);
	if (r < 0)
		return r;
	query = query_new(db, "DELETE FROM throttle WHERE key IN"
			      " (SELECT key FROM throttle ORDER BY last_s LIMIT"
			      "  max(0, (SELECT count(*) FROM throttle) - ?1 + 1))");
	query_number(query, 1, THROTTLE_ROWS_MAX);
	return query_run(query);
}

/* What the row means at this moment. */
static void throttle_judge(struct throttle_state *state, int64_t now_s)
{
	if (state->last_s > now_s) {
		state->last_s = now_s;
		state->wait_until_s = now_s + pause_after(state->failures);
	}
	if (now_s - state->last_s > THROTTLE_FORGET_S)
		state->failures = state->wait_until_s = 0;
}

int throttle_attempt(struct db *db, const struct throttle_key *key, int64_t now_s,
		     int64_t *ret_wait_s)
{
	struct throttle_state state = { .last_s = now_s };
	bool is_from_future;
	int r;

	r = throttle_read(db, key, &state);
	if (r == 0 && !state.is_known)
		r = throttle_make_room(db, now_s);
	if (r < 0)
		return r;
	is_from_future = state.last_s > now_s;
	throttle_judge(&state, now_s);
	if (state.wait_until_s > now_s) {
		if (is_from_future)
			r = throttle_write(db, key, &state);
		if (r == 0)
			*ret_wait_s = state.wait_until_s - now_s;
		return r;
	}
	state.failures = MIN(MAX(state.failures, 0), THROTTLE_FAILURES_MAX - 1) + 1;
	state.last_s = now_s;
	state.wait_until_s = now_s + pause_after(state.failures);
	r = throttle_write(db, key, &state);
	if (r == 0)
		*ret_wait_s = 0;
	return r;
}

int throttle_clear(struct db *db, const struct throttle_key *key)
{
	struct query *query = query_new(db, "DELETE FROM throttle WHERE key = ?1");

	query_blob(query, 1, key->bytes, sizeof(key->bytes));
	return query_run(query);
}

int throttle_unlock(struct db *db, const char *user_hash, int64_t *ret_n)
{
	struct query *query;
	int r;

	query = query_new(db, "DELETE FROM throttle WHERE ?1 IS NULL OR user_hash = ?1");
	query_text(query, 1, user_hash);
	r = query_run(query);
	if (r == 0)
		*ret_n = db_changes(db);
	return r;
}

int throttle_each(struct db *db, const char *user_hash,
		  int (*each)(const struct throttle_row *row, void *context), void *context)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT user_hash, scope, failures, last_s, wait_until_s"
			      " FROM throttle WHERE ?1 IS NULL OR user_hash = ?1"
			      " ORDER BY user_hash, last_s");
	query_text(query, 1, user_hash);
	while ((r = query_step(query)) == 1) {
		struct throttle_row row = {
			.failures = query_column_number(query, 2),
			.last_s = query_column_number(query, 3),
			.wait_until_s = query_column_number(query, 4),
		};

		if (!text_into(row.user_hash, sizeof(row.user_hash), query_column_text(query, 0)) ||
		    !text_into(row.scope, sizeof(row.scope), query_column_text(query, 1)))
			r = -EUCLEAN;
		else
			r = each(&row, context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}
