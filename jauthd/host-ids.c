/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sets that are sorted once, when everything is read. A line that cannot be read counts for as much
 * as can be: a name without a number still takes the name.
 *
 * SSSD's configuration may usually be read by root only. Then its default range counts, wherever
 * SSSD is set up.
 */
#include "jauthd/host-ids.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/text.h"
#include "jauthd/names.h"

/* sssd-ldap(5), ldap_idmap_range_min and ldap_idmap_range_max: the upper one is not part of it. */
#define SSSD_FIRST 200000
#define SSSD_END   2000200000

struct name_set {
	char **names;
	size_t n, size;
};

struct id_range {
	uint32_t first, last;
};

struct id_set {
	struct id_range *ranges;         /* sorted, apart from one another */
	size_t n, size;
};

struct host_ids {
	struct name_set folded;          /* of users and groups, in lower case */
	struct name_set users, groups;   /* as they are */
	struct name_set roots_groups;    /* with gid 0 */
	struct name_set members;         /* of groups, whether there is such a user or not */
	struct id_set ids;               /* of everybody, ranges too */
	struct id_set uids, gids;        /* of users and of groups */
};

/* --- sets --- */

static void *grown(void *rows, size_t n, size_t *size, size_t row)
{
	if (n < *size)
		return rows;
	*size = *size ? *size * 2 : 64;
	rows = reallocarray(rows, *size, row);
	if (!rows)
		abort();
	return rows;
}

static void name_add(struct name_set *set, const char *name)
{
	set->names = grown(set->names, set->n, &set->size, sizeof(*set->names));
	set->names[set->n++] = text_copy(name);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void name_settle(struct name_set *set)
{
	if (set->n)
		qsort(set->names, set->n, sizeof(*set->names), by_text);
}

static bool name_has(const struct name_set *set, const char *name)
{
	return set->n && bsearch(&name, set->names, set->n, sizeof(*set->names), by_text);
}

static void name_free(struct name_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		free(set->names[i]);
	free(set->names);
}

static void id_add(struct id_set *set, uint32_t first, uint32_t last)
{
	set->ranges = grown(set->ranges, set->n, &set->size, sizeof(*set->ranges));
	set->ranges[set->n++] = (struct id_range){ first, last };
}

static int by_first(const void *a, const void *b)
{
	const struct id_range *left = a, *right = b;

	return (left->first > right->first) - (left->first < right->first);
}

/* Afterwards each range ends before the next one begins. */
static void id_settle(struct id_set *set)
{
	size_t kept = 0;

	if (!set->n)
		return;
	qsort(set->ranges, set->n, sizeof(*set->ranges), by_first);
	for (size_t i = 1; i < set->n; i++) {
		struct id_range *last = &set->ranges[kept];

		if (set->ranges[i].first <= last->last)
			last->last = MAX(last->last, set->ranges[i].last);
		else
			set->ranges[++kept] = set->ranges[i];
	}
	set->n = kept + 1;
}

static int by_place(const void *key, const void *row)
{
	const uint32_t id = *(const uint32_t *)key;
	const struct id_range *range = row;

	return id < range->first ? -1 : id > range->last;
}

static bool id_has(const struct id_set *set, uint32_t id)
{
	return set->n && bsearch(&id, set->ranges, set->n, sizeof(*set->ranges), by_place);
}

static void settle(struct host_ids *host)
{
	name_settle(&host->folded);
	name_settle(&host->users);
	name_settle(&host->groups);
	name_settle(&host->roots_groups);
	name_settle(&host->members);
	id_settle(&host->ids);
	id_settle(&host->uids);
	id_settle(&host->gids);
}

/* --- entries --- */

static char *folded(const char *name)
{
	char *copy = text_copy(name);

	for (char *c = copy; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

static void add_name(struct host_ids *host, struct name_set *exact, const char *name)
{
	_cleanup_free_ char *lower = folded(name);

	name_add(exact, name);
	name_add(&host->folded, lower);
}

static void add_id(struct host_ids *host, struct id_set *exact, uint32_t id)
{
	id_add(exact, id, id);
	id_add(&host->ids, id, id);
}

/* --- files --- */

typedef void (*line_fn)(struct host_ids *host, char **fields, size_t n_fields);

#define FIELDS_MAX 4

/* 0, or -errno: -ENOENT when there is no such file. */
static int read_lines(struct host_ids *host, const char *root, const char *name, line_fn take)
{
	_cleanup_free_ char *path = text_format("%s%s", root, name);
	_cleanup_free_ char *line = NULL;
	FILE *file = fopen(path, "re");
	size_t size = 0;
	int r = 0;

	if (!file)
		return -errno;
	while (errno = 0, getline(&line, &size, file) > 0) {
		char *fields[FIELDS_MAX] = { NULL }, *rest = line;
		size_t n = 0;

		line[strcspn(line, "\n")] = '\0';
		while (n < FIELDS_MAX && rest)
			fields[n++] = strsep(&rest, ":");
		take(host, fields, n);
	}
	if (ferror(file))
		r = errno ? -errno : -EIO;
	(void)fclose(file);
	return r;
}

static bool get_id(const char *text, int64_t *ret_id)
{
	return text_to_number(text, 0, UINT32_MAX, ret_id) == 0;
}

static void take_user(struct host_ids *host, char **fields, size_t n_fields)
{
	int64_t id;

	if (!*fields[0] || fields[0][0] == '#')
		return;
	add_name(host, &host->users, fields[0]);
	if (n_fields > 2 && get_id(fields[2], &id))
		add_id(host, &host->uids, (uint32_t)id);
	if (n_fields > 3 && get_id(fields[3], &id))
		id_add(&host->ids, (uint32_t)id, (uint32_t)id);
}

static void add_members(struct host_ids *host, char *list)
{
	const char *member;

	while ((member = strsep(&list, ",")))
		if (*member)
			name_add(&host->members, member);
}

static void take_group(struct host_ids *host, char **fields, size_t n_fields)
{
	int64_t id;

	if (!*fields[0] || fields[0][0] == '#')
		return;
	add_name(host, &host->groups, fields[0]);
	if (n_fields > 3)
		add_members(host, fields[3]);
	if (n_fields < 3 || !get_id(fields[2], &id))
		return;
	add_id(host, &host->gids, (uint32_t)id);
	if (id == 0)
		name_add(&host->roots_groups, fields[0]);
}

/* Names a user and which numbers are his to give away. */
static void take_range(struct host_ids *host, char **fields, size_t n_fields)
{
	int64_t first, n;

	if (n_fields > 2 && fields[0][0] != '#' && get_id(fields[1], &first) &&
	    get_id(fields[2], &n) && n > 0)
		id_add(&host->ids, (uint32_t)first, (uint32_t)MIN(first + n - 1, UINT32_MAX));
}

/* --- SSSD --- */

struct sssd_range {
	int64_t first, end;
};

static void read_sssd_key(const char *line, const char *key, int64_t *ret_value)
{
	_cleanup_free_ char *value = NULL;
	size_t len;

	line += strspn(line, " \t");
	if (!text_has_prefix(line, key))
		return;
	line += strlen(key);
	line += strspn(line, " \t");
	if (*line != '=')
		return;
	line += 1 + strspn(line + 1, " \t");
	value = text_copy(line);
	len = strspn(value, "0123456789");
	value[len] = '\0';
	(void)get_id(value, ret_value);
}

static void read_sssd_file(const char *path, struct sssd_range *range)
{
	_cleanup_free_ char *line = NULL;
	FILE *file = fopen(path, "re");
	size_t size = 0;

	if (!file)
		return;
	while (getline(&line, &size, file) > 0) {
		read_sssd_key(line, "ldap_idmap_range_min", &range->first);
		read_sssd_key(line, "ldap_idmap_range_max", &range->end);
	}
	(void)fclose(file);
}

static void read_sssd(struct host_ids *host, const char *root)
{
	_cleanup_free_ char *path = text_format("%s/etc/sssd/sssd.conf", root);
	struct sssd_range range = { SSSD_FIRST, SSSD_END };

	/* The folder may be closed to us as well: only "there is none" says that there is none. */
	if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR))
		return;
	read_sssd_file(path, &range);
	if (range.first < range.end)
		id_add(&host->ids, (uint32_t)range.first, (uint32_t)(range.end - 1));
}

/* --- public --- */

/* Without them nothing is known of the host. */
static const struct {
	const char *name;
	line_fn take;
	bool is_required;
} files[] = {
	{ "/etc/passwd", take_user, true },
	{ "/etc/group", take_group, true },
	{ "/etc/subuid", take_range, false },
	{ "/etc/subgid", take_range, false },
};

int host_ids_read_below(const char *root, struct host_ids **ret_host)
{
	struct host_ids *host = calloc(1, sizeof(*host));

	if (!host)
		abort();
	for (size_t i = 0; i < N_ELEMENTS(files); i++) {
		int r = read_lines(host, root, files[i].name, files[i].take);

		if (r == 0 || (r == -ENOENT && !files[i].is_required))
			continue;
		(void)host_ids_free(host);
		return r;
	}
	read_sssd(host, root);
	settle(host);
	*ret_host = host;
	return 0;
}

int host_ids_read(struct host_ids **ret_host)
{
	return host_ids_read_below("", ret_host);
}

struct host_ids *host_ids_free(struct host_ids *host)
{
	if (!host)
		return NULL;
	name_free(&host->folded);
	name_free(&host->users);
	name_free(&host->groups);
	name_free(&host->roots_groups);
	name_free(&host->members);
	free(host->ids.ranges);
	free(host->uids.ranges);
	free(host->gids.ranges);
	free(host);
	return NULL;
}

/* Most names are nobody's, so sorting again is rare. */
int host_ids_look_up(struct host_ids *host, const char *name)
{
	struct unix_name found;
	int r = unix_name_look_up(name, &found);

	if (r < 0)
		return r;
	if (found.is_user && !name_has(&host->users, name)) {
		add_name(host, &host->users, name);
		add_id(host, &host->uids, found.uid);
		settle(host);
	}
	if (found.is_group && !name_has(&host->groups, name)) {
		add_name(host, &host->groups, name);
		add_id(host, &host->gids, found.gid);
		if (found.gid == 0)
			name_add(&host->roots_groups, name);
		settle(host);
	}
	return 0;
}

bool host_ids_has_id(const struct host_ids *host, uint32_t id)
{
	return id_has(&host->ids, id);
}

bool host_ids_has_name(const struct host_ids *host, const char *name)
{
	_cleanup_free_ char *lower = folded(name);

	return name_has(&host->folded, lower);
}

bool host_ids_has_member(const struct host_ids *host, const char *name)
{
	return name_has(&host->members, name);
}

bool host_ids_has_user(const struct host_ids *host, const char *name, uint32_t uid)
{
	return name_has(&host->users, name) || id_has(&host->uids, uid);
}

bool host_ids_has_group(const struct host_ids *host, const char *name, uint32_t gid)
{
	return name_has(&host->groups, name) || id_has(&host->gids, gid);
}

bool host_ids_is_roots_group(const struct host_ids *host, const char *name)
{
	return name_has(&host->roots_groups, name);
}
