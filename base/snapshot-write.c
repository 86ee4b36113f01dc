/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes a snapshot; see snapshot.h and snapshot-form.h. */
#include "base/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/macro.h"
#include "base/snapshot-form.h"

/* From numbers to numbers that are not 0; open addressing, at most half full. */
struct slot {
	uint64_t key;
	uint32_t value;                  /* 0: free */
};

struct map {
	struct slot *slots;
	size_t n, size;                  /* a power of two, or 0 */
};

struct snapshot_writer {
	struct snapshot_user_row *users;
	struct snapshot_group_row *groups;
	struct snapshot_member_row *members;     /* users by their number in the order of adding */
	char *texts;
	size_t n_users, n_groups, n_members, n_text_bytes;
	size_t users_size, groups_size, members_size, texts_size;
	struct map text_map;             /* hash → offset */
	struct map users_by_name, users_by_uid, groups_by_name, groups_by_gid;
	struct map member_map;           /* user and group → 1 */
};

/* The slot of this key, or the free one where it belongs. */
static struct slot *find_slot(const struct map *map, uint64_t key)
{
	size_t at = (size_t)((key * 0x9e3779b97f4a7c15U) >> 20) & (map->size - 1);

	while (map->slots[at].value && map->slots[at].key != key)
		at = (at + 1) & (map->size - 1);
	return &map->slots[at];
}

static uint32_t map_get(const struct map *map, uint64_t key)
{
	return map->size ? find_slot(map, key)->value : 0;
}

/* Room for one more, so that map_put() cannot fail. */
static int map_reserve(struct map *map)
{
	struct map larger = { .n = map->n, .size = map->size ? 2 * map->size : 64 };

	if (map->size > 2 * map->n)
		return 0;
	larger.slots = calloc(larger.size, sizeof(*larger.slots));
	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < map->size; i++)
		if (map->slots[i].value)
			*find_slot(&larger, map->slots[i].key) = map->slots[i];
	free(map->slots);
	*map = larger;
	return 0;
}

static void map_put(struct map *map, uint64_t key, uint32_t value)
{
	*find_slot(map, key) = (struct slot){ .key = key, .value = value };
	map->n++;
}

/* Room for `more` elements behind the `n` in an array of `*size`. */
static int reserve(void **array, size_t n, size_t more, size_t element, size_t *size)
{
	size_t larger = MAX(MAX(2 * *size, n + more), (size_t)64);
	void *moved;

	if (n + more <= *size)
		return 0;
	moved = reallocarray(*array, larger, element);
	if (!moved)
		return -ENOMEM;
	*array = moved;
	*size = larger;
	return 0;
}

struct snapshot_writer *snapshot_writer_new(void)
{
	struct snapshot_writer *writer = calloc(1, sizeof(*writer));

	if (!writer || reserve((void **)&writer->texts, 0, 1, 1, &writer->texts_size) < 0)
		abort();                 /* small, daemon only */
	writer->texts[0] = '\0';
	writer->n_text_bytes = 1;
	return writer;
}

struct snapshot_writer *snapshot_writer_free(struct snapshot_writer *writer)
{
	if (!writer)
		return NULL;
	free(writer->users);
	free(writer->groups);
	free(writer->members);
	free(writer->texts);
	free(writer->text_map.slots);
	free(writer->users_by_name.slots);
	free(writer->users_by_uid.slots);
	free(writer->groups_by_name.slots);
	free(writer->groups_by_gid.slots);
	free(writer->member_map.slots);
	free(writer);
	return NULL;
}

/* The key under which a text stands, or would. Two texts of one hash stand under neighbours. */
static uint64_t text_key(const struct snapshot_writer *writer, const char *text)
{
	uint64_t key = snapshot_hash(SNAPSHOT_HASH_START, text, strlen(text));
	uint32_t offset;

	while ((offset = map_get(&writer->text_map, key)) != 0 &&
	       strcmp(writer->texts + offset, text) != 0)
		key++;
	return key;
}

/* The text's offset; each text is kept once. */
static int add_text(struct snapshot_writer *writer, const char *text, uint32_t *ret_offset)
{
	size_t size = strlen(text) + 1;
	uint64_t key;
	uint32_t offset;

	if (size == 1) {
		*ret_offset = 0;
		return 0;
	}
	key = text_key(writer, text);
	offset = map_get(&writer->text_map, key);
	if (offset == 0) {
		if (writer->n_text_bytes + size > SNAPSHOT_BYTES_MAX)
			return -ENOSPC;
		if (map_reserve(&writer->text_map) < 0 ||
		    reserve((void **)&writer->texts, writer->n_text_bytes, size, 1,
			    &writer->texts_size) < 0)
			return -ENOMEM;
		offset = (uint32_t)writer->n_text_bytes;
		memcpy(writer->texts + offset, text, size);
		writer->n_text_bytes += size;
		map_put(&writer->text_map, key, offset);
	}
	*ret_offset = offset;
	return 0;
}

struct field {
	enum snapshot_text_kind kind;
	const char *text;
	uint32_t *ret_offset;
};

static int add_fields(struct snapshot_writer *writer, const struct field *fields, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (!snapshot_text_is_right(fields[i].kind, fields[i].text ? fields[i].text : ""))
			return -EINVAL;
	/* What is kept before one fails is in nobody's way. */
	for (size_t i = 0; i < n && r == 0; i++)
		r = add_text(writer, fields[i].text ? fields[i].text : "", fields[i].ret_offset);
	return r;
}

int snapshot_add_user(struct snapshot_writer *writer, const struct snapshot_user *user)
{
	struct snapshot_user_row row = {
		.uid = user->uid, .gid = user->gid, .is_locked = user->is_locked,
	};
	const struct field fields[] = {
		{ SNAPSHOT_TEXT_NAME, user->name, &row.name },
		{ SNAPSHOT_TEXT_COMMENT, user->real_name, &row.real_name },
		{ SNAPSHOT_TEXT_PATH, user->home, &row.home },
		{ SNAPSHOT_TEXT_PATH, user->shell, &row.shell },
		{ SNAPSHOT_TEXT_KEYS, user->ssh_keys, &row.ssh_keys },
	};
	uint32_t number = (uint32_t)writer->n_users + 1;
	int r;

	if (!snapshot_id_is_right(user->uid) || !snapshot_primary_gid_is_right(user->gid))
		return -EINVAL;
	if (writer->n_users == SNAPSHOT_USERS_MAX)
		return -ENOSPC;
	r = add_fields(writer, fields, N_ELEMENTS(fields));
	if (r < 0)
		return r;
	if (map_get(&writer->users_by_name, row.name) || map_get(&writer->users_by_uid, row.uid))
		return -EEXIST;
	if (map_reserve(&writer->users_by_name) < 0 || map_reserve(&writer->users_by_uid) < 0 ||
	    reserve((void **)&writer->users, writer->n_users, 1, sizeof(row),
		    &writer->users_size) < 0)
		return -ENOMEM;
	writer->users[writer->n_users++] = row;
	map_put(&writer->users_by_name, row.name, number);
	map_put(&writer->users_by_uid, row.uid, number);
	return 0;
}

int snapshot_add_group(struct snapshot_writer *writer, const struct snapshot_group *group)
{
	struct snapshot_group_row row = { .gid = group->gid };
	const struct field fields[] = {
		{ SNAPSHOT_TEXT_NAME, group->name, &row.name },
		{ SNAPSHOT_TEXT_COMMENT, group->description, &row.description },
	};
	uint32_t number = (uint32_t)writer->n_groups + 1;
	int r;

	if (!snapshot_id_is_right(group->gid))
		return -EINVAL;
	if (writer->n_groups == SNAPSHOT_GROUPS_MAX)
		return -ENOSPC;
	r = add_fields(writer, fields, N_ELEMENTS(fields));
	if (r < 0)
		return r;
	if (map_get(&writer->groups_by_name, row.name) || map_get(&writer->groups_by_gid, row.gid))
		return -EEXIST;
	if (map_reserve(&writer->groups_by_name) < 0 || map_reserve(&writer->groups_by_gid) < 0 ||
	    reserve((void **)&writer->groups, writer->n_groups, 1, sizeof(row),
		    &writer->groups_size) < 0)
		return -ENOMEM;
	writer->groups[writer->n_groups++] = row;
	map_put(&writer->groups_by_name, row.name, number);
	map_put(&writer->groups_by_gid, row.gid, number);
	return 0;
}

int snapshot_add_member(struct snapshot_writer *writer, const char *user, const char *group)
{
	struct snapshot_member_row row;
	const struct field fields[] = { { SNAPSHOT_TEXT_NAME, group, &row.group } };
	uint32_t name = map_get(&writer->text_map, text_key(writer, user));
	uint32_t number = name ? map_get(&writer->users_by_name, name) : 0;
	uint64_t key;
	int r;

	if (number == 0)
		return -ENOENT;
	r = add_fields(writer, fields, N_ELEMENTS(fields));
	if (r < 0)
		return r;
	row.user = number - 1;
	key = (uint64_t)row.user << 32 | row.group;
	if (map_get(&writer->member_map, key))
		return 0;
	if (writer->n_members == SNAPSHOT_MEMBERS_MAX)
		return -ENOSPC;
	if (map_reserve(&writer->member_map) < 0 ||
	    reserve((void **)&writer->members, writer->n_members, 1, sizeof(row),
		    &writer->members_size) < 0)
		return -ENOMEM;
	writer->members[writer->n_members++] = row;
	map_put(&writer->member_map, key, 1);
	return 0;
}

/* --- the file --- */

/* The bytes that are made, and their parts. */
struct image {
	char *data;
	const char *texts;
	struct snapshot_parts parts;
	struct snapshot_user_row *users;
	struct snapshot_group_row *groups;
	struct snapshot_member_row *members;
	uint32_t *by_uid, *by_gid, *by_group;
};

static int compare_numbers(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_users(const void *a, const void *b, void *texts)
{
	const struct snapshot_user_row *one = a, *other = b;

	return strcmp((const char *)texts + one->name, (const char *)texts + other->name);
}

static int compare_groups(const void *a, const void *b, void *texts)
{
	const struct snapshot_group_row *one = a, *other = b;

	return strcmp((const char *)texts + one->name, (const char *)texts + other->name);
}

static int compare_members(const void *a, const void *b, void *texts)
{
	const struct snapshot_member_row *one = a, *other = b;
	int order = compare_numbers(one->user, other->user);

	return order ? order : strcmp((const char *)texts + one->group,
				      (const char *)texts + other->group);
}

static int compare_uids(const void *a, const void *b, void *image)
{
	const struct snapshot_user_row *users = ((const struct image *)image)->users;

	return compare_numbers(users[*(const uint32_t *)a].uid, users[*(const uint32_t *)b].uid);
}

static int compare_gids(const void *a, const void *b, void *image)
{
	const struct snapshot_group_row *groups = ((const struct image *)image)->groups;

	return compare_numbers(groups[*(const uint32_t *)a].gid, groups[*(const uint32_t *)b].gid);
}

static int compare_by_group(const void *a, const void *b, void *userdata)
{
	const struct image *image = userdata;
	const struct snapshot_member_row *one = &image->members[*(const uint32_t *)a];
	const struct snapshot_member_row *other = &image->members[*(const uint32_t *)b];
	int order = strcmp(image->texts + one->group, image->texts + other->group);

	return order ? order : compare_numbers(one->user, other->user);
}

static void sort_numbers(uint32_t *numbers, size_t n, struct image *image,
			 int (*compare)(const void *, const void *, void *))
{
	for (size_t i = 0; i < n; i++)
		numbers[i] = (uint32_t)i;
	qsort_r(numbers, n, sizeof(*numbers), compare, image);
}

static void copy_sorted(void *rows, const void *from, size_t n, size_t element, char *texts,
			int (*compare)(const void *, const void *, void *))
{
	if (n == 0)
		return;
	memcpy(rows, from, n * element);
	qsort_r(rows, n, element, compare, texts);
}

/* Users have other numbers now that they are sorted: by way of their names, of which each is one
 * user's. */
static int copy_members(struct snapshot_writer *writer, struct image *image)
{
	uint32_t *numbers = calloc(writer->n_users ? writer->n_users : 1, sizeof(*numbers));
	size_t i;

	if (!numbers)
		return -ENOMEM;
	for (i = 0; i < writer->n_users; i++)
		numbers[map_get(&writer->users_by_name, image->users[i].name) - 1] = (uint32_t)i;
	for (i = 0; i < writer->n_members; i++)
		image->members[i] = (struct snapshot_member_row){
			.user = numbers[writer->members[i].user],
			.group = writer->members[i].group,
		};
	free(numbers);
	qsort_r(image->members, writer->n_members, sizeof(*image->members), compare_members,
		writer->texts);
	return 0;
}

static int fill_image(struct snapshot_writer *writer, struct image *image)
{
	int r;

	copy_sorted(image->users, writer->users, writer->n_users, sizeof(*image->users),
		    writer->texts, compare_users);
	copy_sorted(image->groups, writer->groups, writer->n_groups, sizeof(*image->groups),
		    writer->texts, compare_groups);
	r = copy_members(writer, image);
	if (r < 0)
		return r;
	sort_numbers(image->by_uid, writer->n_users, image, compare_uids);
	sort_numbers(image->by_gid, writer->n_groups, image, compare_gids);
	sort_numbers(image->by_group, writer->n_members, image, compare_by_group);
	memcpy(image->data + image->parts.texts, writer->texts, writer->n_text_bytes);
	return 0;
}

static int make_image(struct snapshot_writer *writer, struct image *image)
{
	struct snapshot_header header = {
		.version = SNAPSHOT_VERSION,
		.n_users = (uint32_t)writer->n_users,
		.n_groups = (uint32_t)writer->n_groups,
		.n_members = (uint32_t)writer->n_members,
		.n_text_bytes = writer->n_text_bytes,
	};
	int r;

	memcpy(header.magic, SNAPSHOT_MAGIC, sizeof(header.magic));
	snapshot_find_parts(&header, &image->parts);
	if (image->parts.end > SNAPSHOT_BYTES_MAX)
		return -ENOSPC;
	image->data = malloc(image->parts.end);
	if (!image->data)
		return -ENOMEM;
	memcpy(image->data, &header, sizeof(header));
	image->texts = writer->texts;
	image->users = (void *)(image->data + image->parts.users);
	image->by_uid = (void *)(image->data + image->parts.by_uid);
	image->groups = (void *)(image->data + image->parts.groups);
	image->by_gid = (void *)(image->data + image->parts.by_gid);
	image->members = (void *)(image->data + image->parts.members);
	image->by_group = (void *)(image->data + image->parts.by_group);
	r = fill_image(writer, image);
	if (r < 0)
		return r;
	header.checksum = snapshot_checksum(image->data, image->parts.end);
	memcpy(image->data, &header, sizeof(header));
	return 0;
}

int snapshot_write(struct snapshot_writer *writer, const char *path)
{
	static const struct file_kind kind = {
		.mode = 0644, .gid = FILE_OWN_GROUP, .durable = true,
	};
	struct image image = { 0 };
	int r = make_image(writer, &image);

	if (r == 0)
		r = file_replace(path, &kind, image.data, image.parts.end);
	free(image.data);
	return r;
}
