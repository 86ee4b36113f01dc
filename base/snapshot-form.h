/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The bytes of a snapshot, for its writer and its reader only:
 *
 *   header
 *   user_row    × n_users    in the order of names (strcmp)
 *   uint32_t    × n_users    numbers of users in the order of uids
 *   group_row   × n_groups   in the order of names
 *   uint32_t    × n_groups   numbers of groups in the order of gids
 *   member_row  × n_members  in the order of users, then of the groups' names
 *   uint32_t    × n_members  numbers of members in the order of the groups' names, then of users
 *   texts                    each ended by a NUL byte; the first one is ""
 *
 * In the machine's own byte order: a file of another one has another version. A text is its offset
 * within the texts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_MAGIC   "JAUTHUDB"
#define SNAPSHOT_VERSION 1

struct snapshot_header {
	char magic[8];
	uint32_t version, n_users, n_groups, n_members;
	uint64_t n_text_bytes;
	uint64_t checksum;               /* over all but itself */
};

struct snapshot_user_row {
	uint32_t uid, gid, is_locked;    /* 0 or 1 */
	uint32_t name, real_name, home, shell, ssh_keys;
};

struct snapshot_group_row {
	uint32_t gid, name, description;
};

struct snapshot_member_row {
	uint32_t user;                   /* its number */
	uint32_t group;                  /* its name */
};

/* Where each part begins, and where the last one ends. */
struct snapshot_parts {
	size_t users, by_uid, groups, by_gid, members, by_group, texts, end;
};

void snapshot_find_parts(const struct snapshot_header *header, struct snapshot_parts *ret_parts);
uint64_t snapshot_checksum(const void *data, size_t len);        /* of a whole file */
/* FNV-1a, 64 bits, https://datatracker.ietf.org/doc/html/draft-eastlake-fnv. */
#define SNAPSHOT_HASH_START 0xcbf29ce484222325U
uint64_t snapshot_hash(uint64_t hash, const void *data, size_t len);

enum snapshot_text_kind {
	SNAPSHOT_TEXT_NAME,
	SNAPSHOT_TEXT_COMMENT,
	SNAPSHOT_TEXT_PATH,
	SNAPSHOT_TEXT_KEYS,
};

bool snapshot_text_is_right(enum snapshot_text_kind kind, const char *text);
bool snapshot_id_is_right(uint32_t id);
bool snapshot_primary_gid_is_right(uint32_t gid);
