/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is in which group; see people.h. What a provider says of a person is kept as it says it;
 * which groups of Unix that makes is the configuration's to say, each time anew, so that a rule
 * that is taken away takes the group away from everybody.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/people.h"

/* --- of the provider --- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, each once; the array is the caller's to free, its texts are lent. */
static const char **sorted(const char *const *ids, size_t *n_ids)
{
	const char **copy = calloc(*n_ids + 1, sizeof(*copy));
	size_t kept = 0;

	if (!copy)
		abort();
	if (*n_ids)
		memcpy(copy, ids, *n_ids * sizeof(*copy));
	qsort(copy, *n_ids, sizeof(*copy), by_text);
	for (size_t i = 0; i < *n_ids; i++)
		if (!kept || !text_equals(copy[kept - 1], copy[i]))
			copy[kept++] = copy[i];
	*n_ids = kept;
	return copy;
}

/* 1, 0 or -errno. */
static int has_exactly(struct db *db, uint32_t uid, const char *source, const char *const *ids,
		       size_t n_ids)
{
	struct query *query;
	size_t n = 0;
	int r;

	query = query_new(db, "SELECT id FROM people_groups WHERE uid = ?1 AND source = ?2"
			      " ORDER BY id");
	query_number(query, 1, uid);
	query_text(query, 2, source);
	while ((r = query_step(query)) == 1) {
		if (n == n_ids || !text_equals(query_column_text(query, 0), ids[n]))
			break;
		n++;
	}
	query_done(query);
	return r < 0 ? r : r == 0 && n == n_ids;
}

static int drop(struct db *db, uint32_t uid, const char *source)
{
	struct query *query = query_new(db, "DELETE FROM people_groups"
					    " WHERE uid = ?1 AND source = ?2");

	query_number(query, 1, uid);
	query_text(query, 2, source);
	return query_run(query);
}

static int add(struct db *db, uint32_t uid, const char *source, const char *id)
{
	struct query *query = query_new(db, "INSERT INTO people_groups (uid, source, id)"
					    " VALUES (?1, ?2, ?3)");

	query_number(query, 1, uid);
	query_text(query, 2, source);
	query_text(query, 3, id);
	return query_run(query);
}

int person_set_groups(struct db *db, uint32_t uid, const char *source, const char *const *ids,
		      size_t n_ids)
{
	_cleanup_free_ const char **wanted = NULL;
	int r;

	if (n_ids > PERSON_GROUPS_MAX)
		return -E2BIG;
	wanted = sorted(ids, &n_ids);
	r = has_exactly(db, uid, source, wanted, n_ids);
	if (r != 0)
		return r < 0 ? r : 0;
	r = drop(db, uid, source);
	for (size_t i = 0; r == 0 && i < n_ids; i++)
		r = add(db, uid, source, wanted[i]);
	return r;
}

int person_each_group(struct db *db, uint32_t uid, const char *source,
		      int (*each)(const char *source, const char *id, void *context),
		      void *context)
{
	struct query *query;
	int r;

	query = query_new(db, "SELECT source, id FROM people_groups"
			      " WHERE uid = ?1 AND (?2 IS NULL OR source = ?2)"
			      " ORDER BY source, id");
	query_number(query, 1, uid);
	query_text(query, 2, source);
	while ((r = query_step(query)) == 1) {
		r = each(query_column_text(query, 0), query_column_text(query, 1), context);
		if (r != 0)
			break;
	}
	query_done(query);
	return r;
}

/* --- of Unix --- */

bool group_rule_takes(const struct group_rule *rule, const char *source, const char *id)
{
	size_t len = strlen(source);

	for (char *const *from = rule->from; from && *from; from++)
		if (strncmp(*from, source, len) == 0 && (*from)[len] == '/' &&
		    text_equals(*from + len + 1, id))
			return true;
	return false;
}

struct membership {
	const struct config *config;
	bool *is_in;                     /* of config->groups */
};

static int note_group(const char *source, const char *id, void *context)
{
	struct membership *membership = context;
	const struct config *config = membership->config;

	for (unsigned i = 0; i < config->n_groups; i++)
		membership->is_in[i] |= group_rule_takes(&config->groups[i], source, id);
	return 0;
}

static int add_name(char ***groups, const char *name)
{
	return list_has(*groups, name) ? 0 : list_add(groups, name);
}

/* One of ours that has no number is nobody's yet. */
static int add_served(struct db *db, const char *name, char ***groups)
{
	uint32_t gid;
	int r = served_group_get(db, name, &gid);

	return r == -ENOENT ? 0 : r < 0 ? r : add_name(groups, name);
}

static bool is_rule(const struct config *config, const char *name, bool is_local)
{
	for (unsigned i = 0; i < config->n_groups; i++)
		if (config->groups[i].is_local == is_local &&
		    text_equals(config->groups[i].name, name))
			return true;
	return false;
}

int person_groups(struct db *db, const struct config *config, const struct person *person,
		  char ***ret_groups)
{
	_cleanup_free_ bool *is_in = calloc(config->n_groups + 1u, sizeof(*is_in));
	struct membership membership = { config, is_in };
	_cleanup_list_ char **groups = NULL;
	int r;

	if (!is_in)
		return -ENOMEM;
	r = person_each_group(db, person->uid, NULL, note_group, &membership);
	if (r == 0)
		r = add_served(db, config->accounts.primary_group, &groups);
	if (r == 0 && person->structure[0] && !is_rule(config, person->structure, true))
		r = add_served(db, person->structure, &groups);
	for (unsigned i = 0; r == 0 && i < config->n_groups; i++) {
		const struct group_rule *rule = &config->groups[i];

		if (is_in[i])
			r = rule->is_local ? add_name(&groups, rule->name) :
					     add_served(db, rule->name, &groups);
	}
	if (r == 0)
		*ret_groups = steal(&groups);
	return r;
}

/* A sysadmin may put anybody into a group of the host, and the rights that it gives are his. */
static int add_host_groups(char *const *host_groups, struct unix_user *user)
{
	int r = 0;

	for (; r == 0 && host_groups && *host_groups; host_groups++) {
		r = list_add(&user->host_groups, *host_groups);
		if (r == 0)
			r = add_name(&user->groups, *host_groups);
	}
	return r;
}

int person_unix_user(struct db *db, const struct config *config, const char *name,
		     char *const *host_groups, struct unix_user *ret_user)
{
	struct unix_user user = { .exists = true, .gid = (gid_t)-1 };
	struct person person;
	uint32_t gid;
	int r = person_by_name(db, name, &person);

	if (r == 0)
		r = served_group_get(db, config->accounts.primary_group, &gid);
	else
		return r;
	if (r == 0)
		user.gid = gid;
	if (r == 0 || r == -ENOENT)
		r = person_groups(db, config, &person, &user.groups);
	if (r == 0)
		r = add_host_groups(host_groups, &user);
	if (r < 0) {
		unix_user_done(&user);
		return r;
	}
	(void)text_into(user.name, sizeof(user.name), person.name);      /* it is shorter */
	user.uid = person.uid;
	*ret_user = user;
	return 0;
}
