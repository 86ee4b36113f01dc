/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The user database as one file: jauthd writes it, jauth-userdb has it in memory and answers from
 * it. Users and groups are found by name and by number in a few steps, whatever their number, and
 * nothing is allocated for it. The reader believes nothing: a file that is cut, damaged or of
 * another version is refused whole, and so is one with a user or group that may not be there.
 *
 * Its form stands in snapshot-form.h.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SNAPSHOT_PATH JAUTH_USERDB_STATEDIR "/snapshot"  /* folder: jauth's, 0755 */
#define SNAPSHOT_USERS_MAX  200000
#define SNAPSHOT_GROUPS_MAX 50000
#define SNAPSHOT_MEMBERS_MAX 4000000
#define SNAPSHOT_BYTES_MAX  (512 * 1024 * 1024)
#define SNAPSHOT_NAME_MAX   63           /* bytes, as all that follow */
#define SNAPSHOT_COMMENT_MAX 255         /* real names and descriptions */
#define SNAPSHOT_FILE_NAME_MAX 255       /* homes and shells */
#define SNAPSHOT_KEYS_MAX   32768
/* Of users and of the groups that are here. A user's own gid may be one of the host's, but 0. */
#define SNAPSHOT_ID_MIN     65536
#define SNAPSHOT_ID_MAX     0x7ffffffe

struct snapshot_user {
	const char *name, *real_name, *home, *shell;
	uint32_t uid, gid;
	bool is_locked;
	const char *ssh_keys;            /* lines as in authorized_keys; "": none */
};

struct snapshot_group {
	const char *name, *description;
	uint32_t gid;
};

/* Could it be the name of a user, or of a group, also one of the host's own? */
bool snapshot_name_is_right(const char *name);

/* --- writing --- */

struct snapshot_writer;
struct snapshot_writer *snapshot_writer_new(void);
struct snapshot_writer *snapshot_writer_free(struct snapshot_writer *writer);    /* NULL is fine */
/* Copies. -EEXIST: name or number are there already; -ENOSPC: a maximum above; -EINVAL: a number
 * that nobody may have, a text that is too long, has a control character or ':', or is not UTF-8, a
 * name with '/', ',' or a blank, a home or shell that is no absolute path. NULL is "". After an
 * error the writer is as it was. */
int snapshot_add_user(struct snapshot_writer *writer, const struct snapshot_user *user);
/* A group of ours, whose members come by snapshot_add_member(). */
int snapshot_add_group(struct snapshot_writer *writer, const struct snapshot_group *group);
/* The user was added before, else -ENOENT: nobody else gets a group from here. `group` may be one
 * of the host's own, which has no snapshot_add_group(). Twice is once. */
int snapshot_add_member(struct snapshot_writer *writer, const char *user, const char *group);
/* Whole or not at all: beside `path`, synced, then renamed over it. Mode 0644. */
int snapshot_write(struct snapshot_writer *writer, const char *path);

/* --- reading --- */

struct snapshot;
/* 0; -EBADMSG: damaged or another version; -errno. It is read whole and then used from memory: what
 * happens to the file or its disk afterwards touches nobody. */
int snapshot_open(const char *path, struct snapshot **ret_snapshot);
/* One with nobody in it. */
struct snapshot *snapshot_empty(void);
struct snapshot *snapshot_close(struct snapshot *snapshot);      /* NULL is fine */
/* For tests and fuzzing; `data` is lent, and as aligned as malloc() has it. */
int snapshot_open_data(const void *data, size_t len, struct snapshot **ret_snapshot);
/* Lent texts, until the snapshot is closed. False: there is none. */
bool snapshot_user_by_name(const struct snapshot *snapshot, const char *name,
			   struct snapshot_user *ret_user);
bool snapshot_user_by_uid(const struct snapshot *snapshot, uint32_t uid,
			  struct snapshot_user *ret_user);
bool snapshot_group_by_name(const struct snapshot *snapshot, const char *name,
			    struct snapshot_group *ret_group);
bool snapshot_group_by_gid(const struct snapshot *snapshot, uint32_t gid,
			   struct snapshot_group *ret_group);
size_t snapshot_n_users(const struct snapshot *snapshot);
size_t snapshot_n_groups(const struct snapshot *snapshot);
void snapshot_nth_user(const struct snapshot *snapshot, size_t n, struct snapshot_user *ret_user);
void snapshot_nth_group(const struct snapshot *snapshot, size_t n,
			struct snapshot_group *ret_group);
/* Memberships of one user, or of one group (also one of the host's own), or all: pairs by number.
 * False behind the last one. */
bool snapshot_nth_group_of(const struct snapshot *snapshot, const char *user, size_t n,
			   const char **ret_group);
bool snapshot_nth_member_of(const struct snapshot *snapshot, const char *group, size_t n,
			    const char **ret_user);
bool snapshot_nth_membership(const struct snapshot *snapshot, size_t n, const char **ret_user,
			     const char **ret_group);
