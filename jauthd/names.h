/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Unix users and groups, from any NSS source. Blocking: worker threads only, and with
 * SYSTEMD_BYPASS_USERDB set in main so that a look-up never comes back to jauth.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "jauthd/limits.h"

struct unix_user {
	char name[USER_NAME_MAX + 1];    /* as asked for */
	bool exists;                     /* and getpwnam() gave back exactly this name */
	uid_t uid;                       /* (uid_t)-1 when not */
	gid_t gid;
	char **groups;                   /* names, primary first, NULL-terminated; NULL when none */
	/* Those that have this name as a member, also when the user does not exist: it may be that
	 * of somebody whom jauth made. */
	char **host_groups;
};

/* 0 also for a user who does not exist; -errno when the source failed (then nobody is let in). */
int unix_user_look_up(const char *name, struct unix_user *ret_user);
int unix_user_by_uid(uid_t uid, struct unix_user *ret_user);
/* What any source has under a name, however it spells it itself. As unix_user_look_up(). */
struct unix_name {
	bool is_user, is_group;
	uid_t uid;                       /* of is_user */
	gid_t gid;                       /* of is_group */
};
int unix_name_look_up(const char *name, struct unix_name *ret_name);
/* 0 or -ENOMEM. */
int unix_user_copy(const struct unix_user *user, struct unix_user *ret_user);
void unix_user_done(struct unix_user *user);
bool unix_user_in_group(const struct unix_user *user, const char *group);
