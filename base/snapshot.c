/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a snapshot; see snapshot.h and snapshot-form.h. */
#include "base/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/snapshot-form.h"

struct snapshot {
	const struct snapshot_header *header;
	const struct snapshot_user_row *users;
	const struct snapshot_group_row *groups;
	const struct snapshot_member_row *members;
	const uint32_t *by_uid, *by_gid, *by_group;
	const char *texts;
	void *mapped;                    /* NULL: the bytes are lent */
	size_t mapped_len;
};

/* The first of `n` for which it does not hold; it holds for those before and for no other. */
static size_t first_not(size_t n, bool (*holds)(const struct snapshot *, size_t, const void *),
			const struct snapshot *snapshot, const void *key)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (holds(snapshot, middle, key))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const char *text_at(const struct snapshot *snapshot, uint32_t offset)
{
	return snapshot->texts + offset;
}

static const char *user_name(const struct snapshot *snapshot, size_t n)
{
	return text_at(snapshot, snapshot->users[n].name);
}

static const char *group_name(const struct snapshot *snapshot, size_t n)
{
	return text_at(snapshot, snapshot->groups[n].name);
}

/* The nth member in the order of groups. */
static const struct snapshot_member_row *by_group(const struct snapshot *snapshot, size_t n)
{
	return &snapshot->members[snapshot->by_group[n]];
}

/* --- is it whole? --- */

static bool has_text(const struct snapshot *snapshot, enum snapshot_text_kind kind, uint32_t offset)
{
	return offset < snapshot->header->n_text_bytes &&
	       snapshot_text_is_right(kind, text_at(snapshot, offset));
}

static bool user_is_right(const struct snapshot *snapshot, size_t n)
{
	const struct snapshot_user_row *row = &snapshot->users[n];

	return snapshot_id_is_right(row->uid) && snapshot_primary_gid_is_right(row->gid) &&
	       row->is_locked <= 1 && has_text(snapshot, SNAPSHOT_TEXT_NAME, row->name) &&
	       has_text(snapshot, SNAPSHOT_TEXT_COMMENT, row->real_name) &&
	       has_text(snapshot, SNAPSHOT_TEXT_PATH, row->home) &&
	       has_text(snapshot, SNAPSHOT_TEXT_PATH, row->shell) &&
	       has_text(snapshot, SNAPSHOT_TEXT_KEYS, row->ssh_keys) &&
	       (n == 0 || strcmp(user_name(snapshot, n - 1), user_name(snapshot, n)) < 0);
}

static bool users_are_right(const struct snapshot *snapshot)
{
	size_t n_users = snapshot->header->n_users, i;

	for (i = 0; i < n_users; i++)
		if (!user_is_right(snapshot, i) || snapshot->by_uid[i] >= n_users)
			return false;
	for (i = 1; i < n_users; i++)
		if (snapshot->users[snapshot->by_uid[i - 1]].uid >=
		    snapshot->users[snapshot->by_uid[i]].uid)
			return false;
	return true;
}

static bool group_is_right(const struct snapshot *snapshot, size_t n)
{
	const struct snapshot_group_row *row = &snapshot->groups[n];

	return snapshot_id_is_right(row->gid) &&
	       has_text(snapshot, SNAPSHOT_TEXT_NAME, row->name) &&
	       has_text(snapshot, SNAPSHOT_TEXT_COMMENT, row->description) &&
	       (n == 0 || strcmp(group_name(snapshot, n - 1), group_name(snapshot, n)) < 0);
}

static bool groups_are_right(const struct snapshot *snapshot)
{
	size_t n_groups = snapshot->header->n_groups, i;

	for (i = 0; i < n_groups; i++)
		if (!group_is_right(snapshot, i) || snapshot->by_gid[i] >= n_groups)
			return false;
	for (i = 1; i < n_groups; i++)
		if (snapshot->groups[snapshot->by_gid[i - 1]].gid >=
		    snapshot->groups[snapshot->by_gid[i]].gid)
			return false;
	return true;
}

static int compare_groups(const struct snapshot *snapshot, const struct snapshot_member_row *a,
			  const struct snapshot_member_row *b)
{
	return strcmp(text_at(snapshot, a->group), text_at(snapshot, b->group));
}

/* Is it behind the one before it, in both orders? */
static bool member_is_sorted(const struct snapshot *snapshot, size_t n)
{
	const struct snapshot_member_row *row = &snapshot->members[n];
	const struct snapshot_member_row *last = &snapshot->members[n - 1];
	int order;

	if (last->user > row->user ||
	    (last->user == row->user && compare_groups(snapshot, last, row) >= 0))
		return false;
	last = by_group(snapshot, n - 1);
	row = by_group(snapshot, n);
	order = compare_groups(snapshot, last, row);
	return order < 0 || (order == 0 && last->user < row->user);
}

static bool members_are_right(const struct snapshot *snapshot)
{
	const struct snapshot_header *header = snapshot->header;
	size_t i;

	for (i = 0; i < header->n_members; i++)
		if (snapshot->members[i].user >= header->n_users ||
		    !has_text(snapshot, SNAPSHOT_TEXT_NAME, snapshot->members[i].group) ||
		    snapshot->by_group[i] >= header->n_members)
			return false;
	for (i = 1; i < header->n_members; i++)
		if (!member_is_sorted(snapshot, i))
			return false;
	return true;
}

static bool header_is_right(const struct snapshot_header *header)
{
	return memcmp(header->magic, SNAPSHOT_MAGIC, sizeof(header->magic)) == 0 &&
	       header->version == SNAPSHOT_VERSION && header->n_users <= SNAPSHOT_USERS_MAX &&
	       header->n_groups <= SNAPSHOT_GROUPS_MAX &&
	       header->n_members <= SNAPSHOT_MEMBERS_MAX && header->n_text_bytes > 0 &&
	       header->n_text_bytes <= SNAPSHOT_BYTES_MAX;
}

/* --- opening --- */

int snapshot_open_data(const void *data, size_t len, struct snapshot **ret_snapshot)
{
	const struct snapshot_header *header = data;
	struct snapshot_parts parts;
	struct snapshot *snapshot;
	const char *bytes = data;

	if (len < sizeof(*header) || !header_is_right(header))
		return -EBADMSG;
	snapshot_find_parts(header, &parts);
	if (parts.end != len || bytes[len - 1] != '\0' ||
	    snapshot_checksum(data, len) != header->checksum)
		return -EBADMSG;
	snapshot = calloc(1, sizeof(*snapshot));
	if (!snapshot)
		return -ENOMEM;
	snapshot->header = header;
	snapshot->users = (const void *)(bytes + parts.users);
	snapshot->by_uid = (const void *)(bytes + parts.by_uid);
	snapshot->groups = (const void *)(bytes + parts.groups);
	snapshot->by_gid = (const void *)(bytes + parts.by_gid);
	snapshot->members = (const void *)(bytes + parts.members);
	snapshot->by_group = (const void *)(bytes + parts.by_group);
	snapshot->texts = bytes + parts.texts;
	if (!users_are_right(snapshot) || !groups_are_right(snapshot) ||
	    !members_are_right(snapshot)) {
		free(snapshot);
		return -EBADMSG;
	}
	*ret_snapshot = snapshot;
	return 0;
}

static int read_all(int fd, char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, data, len);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EBADMSG;         /* somebody cuts it right now */
		if (n > 0) {
			data += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Into memory of our own: a mapped file that is cut, or whose disk fails, kills who looks at it. */
static int read_file(const char *path, void **ret_data, size_t *ret_len)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	void *data;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > SNAPSHOT_BYTES_MAX)
		return -EBADMSG;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (data == MAP_FAILED)
		return -errno;
	r = read_all(fd, data, (size_t)st.st_size);
	if (r == 0 && mprotect(data, (size_t)st.st_size, PROT_READ) < 0)
		r = -errno;
	if (r < 0) {
		(void)munmap(data, (size_t)st.st_size);
		return r;
	}
	*ret_data = data;
	*ret_len = (size_t)st.st_size;
	return 0;
}

int snapshot_open(const char *path, struct snapshot **ret_snapshot)
{
	size_t len = 0;
	void *data = NULL;
	int r = read_file(path, &data, &len);

	if (r < 0)
		return r;
	r = snapshot_open_data(data, len, ret_snapshot);
	if (r < 0) {
		(void)munmap(data, len);
		return r;
	}
	(*ret_snapshot)->mapped = data;
	(*ret_snapshot)->mapped_len = len;
	return 0;
}

struct snapshot *snapshot_empty(void)
{
	static const struct snapshot_header nobody = { .n_text_bytes = 1 };
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		abort();                 /* small, daemon only */
	snapshot->header = &nobody;
	snapshot->texts = "";
	return snapshot;
}

struct snapshot *snapshot_close(struct snapshot *snapshot)
{
	if (snapshot && snapshot->mapped)
		(void)munmap(snapshot->mapped, snapshot->mapped_len);
	free(snapshot);
	return NULL;
}

/* --- looking up --- */

size_t snapshot_n_users(const struct snapshot *snapshot)
{
	return snapshot->header->n_users;
}

size_t snapshot_n_groups(const struct snapshot *snapshot)
{
	return snapshot->header->n_groups;
}

void snapshot_nth_user(const struct snapshot *snapshot, size_t n, struct snapshot_user *ret_user)
{
	const struct snapshot_user_row *row = &snapshot->users[n];

	*ret_user = (struct snapshot_user){
		.name = text_at(snapshot, row->name),
		.real_name = text_at(snapshot, row->real_name),
		.home = text_at(snapshot, row->home),
		.shell = text_at(snapshot, row->shell),
		.uid = row->uid,
		.gid = row->gid,
		.is_locked = row->is_locked != 0,
		.ssh_keys = text_at(snapshot, row->ssh_keys),
	};
}

void snapshot_nth_group(const struct snapshot *snapshot, size_t n, struct snapshot_group *ret_group)
{
	const struct snapshot_group_row *row = &snapshot->groups[n];

	*ret_group = (struct snapshot_group){
		.name = text_at(snapshot, row->name),
		.description = text_at(snapshot, row->description),
		.gid = row->gid,
	};
}

static bool user_name_is_below(const struct snapshot *snapshot, size_t n, const void *key)
{
	return strcmp(user_name(snapshot, n), key) < 0;
}

static bool uid_is_below(const struct snapshot *snapshot, size_t n, const void *key)
{
	return snapshot->users[snapshot->by_uid[n]].uid < *(const uint32_t *)key;
}

static bool group_name_is_below(const struct snapshot *snapshot, size_t n, const void *key)
{
	return strcmp(group_name(snapshot, n), key) < 0;
}

static bool gid_is_below(const struct snapshot *snapshot, size_t n, const void *key)
{
	return snapshot->groups[snapshot->by_gid[n]].gid < *(const uint32_t *)key;
}

static bool member_user_is_below(const struct snapshot *snapshot, size_t n, const void *key)
{
	return snapshot->members[n].user < *(const uint32_t *)key;
}

static bool member_group_is_below(const struct snapshot *snapshot, size_t n, const void *key)
{
	return strcmp(text_at(snapshot, by_group(snapshot, n)->group), key) < 0;
}

static bool find_user(const struct snapshot *snapshot, const char *name, uint32_t *ret_number)
{
	size_t n = first_not(snapshot->header->n_users, user_name_is_below, snapshot, name);

	if (n == snapshot->header->n_users || strcmp(user_name(snapshot, n), name) != 0)
		return false;
	*ret_number = (uint32_t)n;
	return true;
}

bool snapshot_user_by_name(const struct snapshot *snapshot, const char *name,
			   struct snapshot_user *ret_user)
{
	uint32_t n;

	if (!find_user(snapshot, name, &n))
		return false;
	snapshot_nth_user(snapshot, n, ret_user);
	return true;
}

bool snapshot_user_by_uid(const struct snapshot *snapshot, uint32_t uid,
			  struct snapshot_user *ret_user)
{
	size_t n = first_not(snapshot->header->n_users, uid_is_below, snapshot, &uid);

	if (n == snapshot->header->n_users || snapshot->users[snapshot->by_uid[n]].uid != uid)
		return false;
	snapshot_nth_user(snapshot, snapshot->by_uid[n], ret_user);
	return true;
}

bool snapshot_group_by_name(const struct snapshot *snapshot, const char *name,
			    struct snapshot_group *ret_group)
{
	size_t n = first_not(snapshot->header->n_groups, group_name_is_below, snapshot, name);

	if (n == snapshot->header->n_groups || strcmp(group_name(snapshot, n), name) != 0)
		return false;
	snapshot_nth_group(snapshot, n, ret_group);
	return true;
}

bool snapshot_group_by_gid(const struct snapshot *snapshot, uint32_t gid,
			   struct snapshot_group *ret_group)
{
	size_t n = first_not(snapshot->header->n_groups, gid_is_below, snapshot, &gid);

	if (n == snapshot->header->n_groups || snapshot->groups[snapshot->by_gid[n]].gid != gid)
		return false;
	snapshot_nth_group(snapshot, snapshot->by_gid[n], ret_group);
	return true;
}

bool snapshot_nth_group_of(const struct snapshot *snapshot, const char *user, size_t n,
			   const char **ret_group)
{
	size_t n_members = snapshot->header->n_members, first;
	uint32_t number;

	if (!find_user(snapshot, user, &number))
		return false;
	first = first_not(n_members, member_user_is_below, snapshot, &number);
	if (n >= n_members - first || snapshot->members[first + n].user != number)
		return false;
	*ret_group = text_at(snapshot, snapshot->members[first + n].group);
	return true;
}

bool snapshot_nth_member_of(const struct snapshot *snapshot, const char *group, size_t n,
			    const char **ret_user)
{
	size_t n_members = snapshot->header->n_members;
	size_t first = first_not(n_members, member_group_is_below, snapshot, group);
	const struct snapshot_member_row *row;

	if (n >= n_members - first)
		return false;
	row = by_group(snapshot, first + n);
	if (strcmp(text_at(snapshot, row->group), group) != 0)
		return false;
	*ret_user = user_name(snapshot, row->user);
	return true;
}

bool snapshot_nth_membership(const struct snapshot *snapshot, size_t n, const char **ret_user,
			     const char **ret_group)
{
	if (n >= snapshot->header->n_members)
		return false;
	*ret_user = user_name(snapshot, snapshot->members[n].user);
	*ret_group = text_at(snapshot, snapshot->members[n].group);
	return true;
}
