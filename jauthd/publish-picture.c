/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who is served is decided here at the last moment: nobody beside a user of the host with his name
 * or number, no group beside one of the host's, and nobody in a group of the host's that is root's.
 */
#include "jauthd/publish-picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/snapshot.h"
#include "base/text.h"

/* A group that has a number. */
struct served {
	char *name;
	uint32_t gid;
	bool is_added, is_refused;
};

/* One "METHOD/ID" of a [group NAME]. */
struct origin {
	const char *from;
	const struct group_rule *rule;
};

struct picture {
	struct picture_env env;
	struct host_ids *host;
	char **unsure;                   /* groups that a name source could not tell of */
	struct served *groups;           /* by name */
	size_t n_groups, groups_size;
	struct origin *origins;          /* by text */
	size_t n_origins;
	struct snapshot_writer *writer;
	struct db *db;                   /* while people are added */
	const char *user;                /* whose groups are added */
	uint32_t primary_gid;
	uint32_t last_uid;
	unsigned n_slice;
	size_t n_users, n_left_out;
	bool is_torn;
};

/* --- rules --- */

static int by_from(const void *a, const void *b)
{
	return strcmp(((const struct origin *)a)->from, ((const struct origin *)b)->from);
}

static void sort_origins(struct picture *picture)
{
	const struct config *config = picture->env.config;
	size_t n = 0;

	for (unsigned i = 0; i < config->n_groups; i++)
		n += list_length(config->groups[i].from);
	picture->origins = calloc(n + 1, sizeof(*picture->origins));
	if (!picture->origins)
		abort();
	for (unsigned i = 0; i < config->n_groups; i++)
		for (char *const *from = config->groups[i].from; from && *from; from++)
			picture->origins[picture->n_origins++] =
				(struct origin){ *from, &config->groups[i] };
	qsort(picture->origins, picture->n_origins, sizeof(*picture->origins), by_from);
}

/* The first one that is not before `from`. */
static size_t find_origin(const struct picture *picture, const char *from)
{
	size_t low = 0, high = picture->n_origins;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(picture->origins[middle].from, from) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct picture *picture_new(const struct picture_env *env)
{
	struct picture *picture = calloc(1, sizeof(*picture));

	if (!picture)
		abort();
	picture->env = *env;
	picture->writer = snapshot_writer_new();
	sort_origins(picture);
	return picture;
}

struct picture *picture_free(struct picture *picture)
{
	if (!picture)
		return NULL;
	(void)host_ids_free(picture->host);
	(void)snapshot_writer_free(picture->writer);
	(void)list_free(picture->unsure);
	for (size_t i = 0; i < picture->n_groups; i++)
		free(picture->groups[i].name);
	free(picture->groups);
	free(picture->origins);
	free(picture);
	return NULL;
}

/* --- the host --- */

/* A source that does not answer takes no group away from anybody: one that has its number keeps it,
 * and none is made meanwhile. */
static void look_up(struct picture *picture, const char *name)
{
	int r = host_ids_look_up(picture->host, name);

	if (r == 0)
		return;
	if (picture->env.tells)
		log_warning("whether the host has a group \"%s\" cannot be known now: %s", name,
			    strerror(-r));
	if (list_add(&picture->unsure, name) < 0)
		abort();
}

int picture_look_at_host(struct picture *picture)
{
	const struct config *config = picture->env.config;
	int r = host_ids_read(&picture->host);

	if (r < 0)
		return r;
	look_up(picture, config->accounts.primary_group);
	for (unsigned i = 0; i < config->n_groups; i++)
		look_up(picture, config->groups[i].name);
	return 0;
}

/* --- groups --- */

static int make(struct picture *picture, struct db *db, const char *name, uint32_t *ret_gid)
{
	if (list_has(picture->unsure, name))
		return served_group_get(db, name, ret_gid);
	return served_group_make(db, picture->env.config, picture->host, name, ret_gid);
}

/* A group that cannot be made is left out, and everything else goes on. */
static int make_rules(struct picture *picture, struct db *db)
{
	const struct config *config = picture->env.config;
	uint32_t gid;

	for (unsigned i = 0; i < config->n_groups; i++) {
		const struct group_rule *rule = &config->groups[i];
		int r = rule->is_local ? 0 : make(picture, db, rule->name, &gid);

		if (r == -EADDRINUSE && picture->env.tells)
			log_error("%s:%u: group \"%s\" is not served: its name or number is the "
				  "host's own, or another group's", rule->file, rule->line,
				  rule->name);
		if (r < 0 && r != -EADDRINUSE && r != -ENOENT && r != -ENOSPC)
			return r;
	}
	return 0;
}

static int note_served(const char *name, uint32_t gid, void *context)
{
	struct picture *picture = context;

	if (picture->n_groups == picture->groups_size) {
		picture->groups_size = picture->groups_size ? picture->groups_size * 2 : 64;
		picture->groups = reallocarray(picture->groups, picture->groups_size,
					       sizeof(*picture->groups));
		if (!picture->groups)
			abort();
	}
	picture->groups[picture->n_groups++] =
		(struct served){ .name = text_copy(name), .gid = gid };
	return 0;
}

static int by_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct served *)row)->name);
}

/* 1: it is in the snapshot; 0: it is not served; -errno. */
static int serve(struct picture *picture, const char *name)
{
	struct served *group = picture->n_groups ?
			       bsearch(name, picture->groups, picture->n_groups,
				       sizeof(*group), by_name) : NULL;
	int r;

	if (!group || group->is_refused)
		return 0;
	if (group->is_added)
		return 1;
	if (host_ids_has_group(picture->host, group->name, group->gid)) {
		if (picture->env.tells)
			log_warning("group \"%s\" is not served: the host has one of this name or "
				    "number", group->name);
		group->is_refused = true;
		return 0;
	}
	r = snapshot_add_group(picture->writer, &(struct snapshot_group){
		.name = group->name, .gid = group->gid, .description = "",
	});
	if (r < 0)
		return r;
	group->is_added = true;
	return 1;
}

/* Those that everybody has, or may have, also while nobody is there. */
static int serve_all(struct picture *picture)
{
	const struct config *config = picture->env.config;
	int r = serve(picture, config->accounts.primary_group);

	for (unsigned i = 0; r >= 0 && i < config->n_groups; i++)
		if (!config->groups[i].is_local)
			r = serve(picture, config->groups[i].name);
	return r < 0 ? r : 0;
}

int picture_add_groups(struct picture *picture, struct db *db)
{
	const char *primary = picture->env.config->accounts.primary_group;
	int r = db_begin(db);

	if (r == 0)
		r = make(picture, db, primary, &picture->primary_gid);
	if (r == -EADDRINUSE)
		log_error("the primary group \"%s\" of [accounts] is one of the host's own",
			  primary);
	if (r == 0)
		r = make_rules(picture, db);
	if (r == 0)
		r = db_commit(db);
	if (r < 0) {
		db_rollback(db);
		return r;
	}
	r = served_group_each(db, note_served, picture);
	return r < 0 ? r : serve_all(picture);
}

static bool is_of_section(const struct picture *picture, const char *name)
{
	const struct config *config = picture->env.config;

	for (unsigned i = 0; i < config->n_groups; i++)
		if (config->groups[i].is_local && text_equals(config->groups[i].name, name))
			return true;
	return false;
}

static int add_to_served(struct picture *picture, const char *group)
{
	int r = serve(picture, group);

	return r == 1 ? snapshot_add_member(picture->writer, picture->user, group) : r;
}

static int add_to_rule(struct picture *picture, const struct group_rule *rule)
{
	if (!rule->is_local)
		return add_to_served(picture, rule->name);
	/* An entry of /etc/group with gid 0 under another name is root's all the same. */
	if (host_ids_is_roots_group(picture->host, rule->name))
		return 0;
	return snapshot_add_member(picture->writer, picture->user, rule->name);
}

static int add_group_of_provider(const char *source, const char *id, void *context)
{
	struct picture *picture = context;
	_cleanup_free_ char *from = text_format("%s/%s", source, id);
	int r = 0;

	for (size_t i = find_origin(picture, from);
	     r == 0 && i < picture->n_origins && text_equals(picture->origins[i].from, from); i++)
		r = add_to_rule(picture, picture->origins[i].rule);
	return r;
}

/* --- people --- */

static int add_user(struct picture *picture, const struct person *person)
{
	_cleanup_(buf_done) struct buf keys = BUF_INIT(SNAPSHOT_KEYS_MAX);
	int r = picture->env.add_keys ? picture->env.add_keys(picture->db, person, &keys) : 0;

	if (r < 0)
		return r;
	if (buf_failed(&keys))
		log_error("user %s has too many SSH keys; none is served", person->name);
	return snapshot_add_user(picture->writer, &(struct snapshot_user){
		.name = person->name, .real_name = person->real_name, .home = person->home,
		.shell = person->shell, .uid = person->uid, .gid = picture->primary_gid,
		.is_locked = person->state != PERSON_ACTIVE, .ssh_keys = buf_text(&keys),
	});
}

static int add_groups_of(struct picture *picture, const struct person *person)
{
	int r = 0;

	picture->user = person->name;
	if (person->structure[0] && !is_of_section(picture, person->structure))
		r = add_to_served(picture, person->structure);
	if (r >= 0 && picture->n_origins)
		r = person_each_group(picture->db, person->uid, NULL, add_group_of_provider,
				      picture);
	return r;
}

static int add_person(const struct person *person, void *context)
{
	struct picture *picture = context;
	int r;

	picture->last_uid = person->uid;
	picture->n_slice++;
	if (host_ids_has_user(picture->host, person->name, person->uid)) {
		picture->n_left_out++;
		return 0;
	}
	r = add_user(picture, person);
	if (r == -EEXIST) {
		picture->is_torn = true;         /* he moved or was made again meanwhile */
		return 0;
	}
	/* The others are, and above all those who are locked now. */
	if (r == -ENOSPC) {
		picture->n_left_out++;
		return 0;
	}
	if (r < 0)
		log_error("user %s cannot be served: %s", person->name, strerror(-r));
	if (r < 0)
		return r == -EINVAL ? 0 : r;
	picture->n_users++;
	return add_groups_of(picture, person);
}

int picture_add_people(struct picture *picture, struct db *db, bool *ret_more)
{
	int r;

	picture->db = db;
	picture->n_slice = 0;
	r = person_slice(db, picture->last_uid, PICTURE_SLICE, add_person, picture);
	picture->db = NULL;
	*ret_more = r == 0 && picture->n_slice == PICTURE_SLICE;
	return r;
}

int picture_write(struct picture *picture, const char *path)
{
	return snapshot_write(picture->writer, path);
}

bool picture_is_torn(const struct picture *picture)
{
	return picture->is_torn;
}

size_t picture_n_users(const struct picture *picture)
{
	return picture->n_users;
}

size_t picture_n_left_out(const struct picture *picture)
{
	return picture->n_left_out;
}
