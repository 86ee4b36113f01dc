/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers of people and of the groups that jauth serves; see people.h. On one host the next one is
 * taken, uids and gids from one row of numbers, so that none is both. In a fleet each is a hash
 * under a key that the hosts share: they agree without talking to one another, and two that meet
 * are settled by the overrides, not by who came first.
 */
#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "base/macro.h"
#include "base/text.h"
#include "jauthd/people.h"

#define FLEET_SIZE (UID_FLEET_LAST - UID_FLEET_FIRST + 1)

/* Of one kind of number: a uid is never a second one's, whoever has it or had it. */
struct numbers {
	const char *is_taken;            /* query */
};

static const struct numbers uids = { "SELECT 1 FROM people WHERE uid = ?1" };
static const struct numbers gids = { "SELECT 1 FROM unix_groups WHERE gid = ?1" };

/* 1, 0 or -errno. */
static int is_taken(struct db *db, const struct numbers *numbers, const struct host_ids *host,
		    uint32_t id)
{
	struct query *query;
	int r;

	if (host_ids_has_id(host, id))
		return 1;
	query = query_new(db, numbers->is_taken);
	query_number(query, 1, id);
	r = query_step(query);
	query_done(query);
	return r;
}

static int take_exactly(struct db *db, const struct numbers *numbers, const struct host_ids *host,
			uint32_t id, uint32_t *ret_id)
{
	int r = is_taken(db, numbers, host, id);

	if (r != 0)
		return r < 0 ? r : -EADDRINUSE;
	*ret_id = id;
	return 0;
}

/* --- one host --- */

/* The largest number given out so far; what is behind it was never anybody's. */
static int get_largest(struct db *db, uint32_t *ret_id)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT max("
			      " coalesce((SELECT max(uid) FROM people WHERE uid <= ?2), ?1),"
			      " coalesce((SELECT max(gid) FROM unix_groups WHERE gid <= ?2), ?1))");
	query_number(query, 1, UID_LOCAL_FIRST - 1);
	query_number(query, 2, UID_LOCAL_LAST);
	r = query_step(query);
	if (r == 1)
		*ret_id = (uint32_t)query_column_number(query, 0);
	query_done(query);
	return r == 1 ? 0 : r < 0 ? r : -EIO;
}

/* From `*id` on, before `end`. */
static bool find_free(const struct host_ids *host, uint32_t *id, uint32_t end)
{
	while (*id < end && host_ids_has_id(host, *id))
		++*id;
	return *id < end;
}

/* Only when the end of the row was reached: who was given a number by hand left a gap before it. */
static int find_gap(struct db *db, const struct host_ids *host, uint32_t *ret_id)
{
	uint32_t id = UID_LOCAL_FIRST;
	struct query *query;
	bool found = false;
	int r;

	query = query_new(db, "SELECT uid FROM people WHERE uid BETWEEN ?1 AND ?2"
			      " UNION SELECT gid FROM unix_groups WHERE gid BETWEEN ?1 AND ?2"
			      " ORDER BY 1");
	query_number(query, 1, UID_LOCAL_FIRST);
	query_number(query, 2, UID_LOCAL_LAST);
	while (!found && (r = query_step(query)) == 1) {
		uint32_t taken = (uint32_t)query_column_number(query, 0);

		found = find_free(host, &id, taken);
		if (!found)
			id = taken + 1;
	}
	query_done(query);
	if (!found && r < 0)
		return r;
	if (!found && !find_free(host, &id, UID_LOCAL_LAST + 1))
		return -ENOSPC;
	*ret_id = id;
	return 0;
}

static int take_next(struct db *db, const struct host_ids *host, uint32_t *ret_id)
{
	uint32_t id;
	int r = get_largest(db, &id);

	if (r < 0)
		return r;
	id++;
	if (!find_free(host, &id, UID_LOCAL_LAST + 1))
		return find_gap(db, host, ret_id);
	*ret_id = id;
	return 0;
}

/* --- a fleet --- */

/* The NUL ends the issuer, so that no two identities are hashed as one. */
static int hash_identity(const struct secret *key, const char *issuer, const char *subject,
			 uint32_t *ret_id)
{
	_cleanup_(buf_done) struct buf message = BUF_INIT(URL_MAX + IDENTITY_TEXT_MAX + 2);
	unsigned char mac[SHA256_BYTES];
	uint64_t number = 0;
	int r;

	buf_add(&message, issuer, strlen(issuer) + 1);
	buf_add_text(&message, subject);
	if (buf_failed(&message))
		return -EINVAL;
	r = crypto_hmac_sha256(key, message.data, message.len, mac);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(number); i++)
		number = number << 8 | mac[i];
	*ret_id = (uint32_t)(UID_FLEET_FIRST + number % FLEET_SIZE);
	return 0;
}

/* --- both --- */

static int choose(struct db *db, const struct numbers *numbers, const struct config *config,
		  const struct host_ids *host, const char *issuer, const char *subject,
		  uint32_t *ret_id)
{
	const struct account_rules *rules = &config->accounts;
	uint32_t id;
	int r;

	if (uid_overrides_find(rules->override_rows, issuer, subject, &id))
		return take_exactly(db, numbers, host, id, ret_id);
	if (rules->uids == UIDS_LOCAL)
		return take_next(db, host, ret_id);
	r = hash_identity(rules->fleet_key, issuer, subject, &id);
	return r < 0 ? r : take_exactly(db, numbers, host, id, ret_id);
}

int person_choose_uid(struct db *db, const struct config *config, const struct host_ids *host,
		      const char *issuer, const char *subject, uint32_t *ret_uid)
{
	return choose(db, &uids, config, host, issuer, subject, ret_uid);
}

int person_fleet_uid(const struct config *config, const char *issuer, const char *subject,
		     uint32_t *ret_uid)
{
	const struct account_rules *rules = &config->accounts;

	if (uid_overrides_find(rules->override_rows, issuer, subject, ret_uid))
		return 0;
	if (rules->uids != UIDS_FLEET)
		return -ENOENT;
	return hash_identity(rules->fleet_key, issuer, subject, ret_uid);
}

int served_group_get(struct db *db, const char *name, uint32_t *ret_gid)
{
	struct query *query = query_new(db, "SELECT gid FROM unix_groups WHERE name = ?1");
	int r;

	query_text(query, 1, name);
	r = query_step(query);
	if (r == 1)
		*ret_gid = (uint32_t)query_column_number(query, 0);
	query_done(query);
	return r == 1 ? 0 : r < 0 ? r : -ENOENT;
}

int served_group_each(struct db *db, int (*each)(const char *name, uint32_t gid, void *context),
		      void *context)
{
	struct query *query = query_new(db, "SELECT name, gid FROM unix_groups ORDER BY name");
	int r;

	while ((r = query_step(query)) == 1) {
		r = each(query_column_text(query, 0), (uint32_t)query_column_number(query, 1),
			 context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

int served_group_make(struct db *db, const struct config *config, const struct host_ids *host,
		      const char *name, uint32_t *ret_gid)
{
	struct query *query;
	uint32_t gid;
	int r = served_group_get(db, name, ret_gid);

	if (r != -ENOENT)
		return r;
	if (host_ids_has_name(host, name))
		return -EADDRINUSE;
	r = choose(db, &gids, config, host, UID_OVERRIDES_GROUP, name, &gid);
	if (r < 0)
		return r;
	query = query_new(db, "INSERT INTO unix_groups (gid, name) VALUES (?1, ?2)");
	query_number(query, 1, gid);
	query_text(query, 2, name);
	r = query_run(query);
	if (r == 0)
		*ret_gid = gid;
	return r;
}
