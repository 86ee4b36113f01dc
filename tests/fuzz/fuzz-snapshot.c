/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever is taken for a snapshot is looked through without leaving it, and holds nobody with the
 * number of root. The checksum is put right first: it is no secret. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/snapshot-form.h"
#include "base/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_through_users(const struct snapshot *snapshot)
{
	struct snapshot_user user, same;

	for (size_t i = 0; i < snapshot_n_users(snapshot); i++) {
		snapshot_nth_user(snapshot, i, &user);
		assert(user.uid >= SNAPSHOT_ID_MIN && user.gid != 0);
		assert(!strpbrk(user.name, ":\n") && !strpbrk(user.real_name, ":\n"));
		assert(strlen(user.home) && strlen(user.shell) + strlen(user.ssh_keys));
		assert(snapshot_user_by_name(snapshot, user.name, &same) && same.uid == user.uid);
		assert(snapshot_user_by_uid(snapshot, user.uid, &same) && same.name == user.name);
	}
}

static void look_through_groups(const struct snapshot *snapshot)
{
	struct snapshot_group group, same;

	for (size_t i = 0; i < snapshot_n_groups(snapshot); i++) {
		snapshot_nth_group(snapshot, i, &group);
		assert(group.gid >= SNAPSHOT_ID_MIN && !strpbrk(group.name, ":\n"));
		assert(strlen(group.description) <= SNAPSHOT_COMMENT_MAX);
		assert(snapshot_group_by_name(snapshot, group.name, &same));
		assert(snapshot_group_by_gid(snapshot, group.gid, &same));
	}
}

static void look_through_members(const struct snapshot *snapshot)
{
	const char *user, *group, *other;

	for (size_t i = 0; snapshot_nth_membership(snapshot, i, &user, &group); i++) {
		assert(!strpbrk(group, ":\n"));
		assert(snapshot_nth_group_of(snapshot, user, 0, &other));
		assert(snapshot_nth_member_of(snapshot, group, 0, &other));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot *snapshot;
	char *copy = malloc(size ? size : 1);

	memcpy(copy, data, size);
	if (size >= sizeof(struct snapshot_header))
		((struct snapshot_header *)(void *)copy)->checksum = snapshot_checksum(copy, size);
	if (snapshot_open_data(copy, size, &snapshot) == 0) {
		look_through_users(snapshot);
		look_through_groups(snapshot);
		look_through_members(snapshot);
		snapshot_close(snapshot);
	}
	free(copy);
	return 0;
}
