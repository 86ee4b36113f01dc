/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Doubt means not exempt: an unknown user, a failed look-up, a group that does not exist.
 * jauthd then decides. Only exactly this user's own record counts.
 */
#include "pam_jauth/exempt.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"

#define RECORD_MIN  2048u
#define RECORD_MAX  (1024u * 1024u)      /* a group record lists all its members */
#define GROUPS_MAX  65536                /* NGROUPS_MAX of Linux */

struct identity {
	uid_t uid;
	gid_t gid;
};

static bool find_user(const char *user, struct identity *ret_identity)
{
	struct passwd record, *found = NULL;

	for (size_t size = RECORD_MIN; size <= RECORD_MAX; size *= 2) {
		_cleanup_free_ char *buf = malloc(size);
		int r = buf ? getpwnam_r(user, &record, buf, size, &found) : 0;

		if (r == ERANGE)
			continue;
		if (!buf || r != 0 || !found || strcmp(record.pw_name, user) != 0)
			return false;
		*ret_identity = (struct identity){ record.pw_uid, record.pw_gid };
		return true;
	}
	return false;
}

static bool find_group(const char *group, gid_t *ret_gid)
{
	struct group record, *found = NULL;

	for (size_t size = RECORD_MIN; size <= RECORD_MAX; size *= 2) {
		_cleanup_free_ char *buf = malloc(size);
		int r = buf ? getgrnam_r(group, &record, buf, size, &found) : 0;

		if (r == ERANGE)
			continue;
		if (!buf || r != 0 || !found)
			return false;
		*ret_gid = record.gr_gid;
		return true;
	}
	return false;
}

static bool is_member(const char *user, gid_t primary, gid_t wanted)
{
	for (int size = 64; size <= GROUPS_MAX; size *= 2) {
		_cleanup_free_ gid_t *gids = calloc((size_t)size, sizeof(*gids));
		int n = size;

		if (!gids)
			return false;
		if (getgrouplist(user, primary, gids, &n) < 0)
			continue;
		for (int i = 0; i < n; i++)
			if (gids[i] == wanted)
				return true;
		return false;
	}
	return false;
}

const char *exempt_reason(const char *user, const struct options *options)
{
	struct identity identity;
	gid_t group;

	if (!find_user(user, &identity))
		return NULL;
	if (identity.uid == 0)
		return "root";
	if (identity.uid < options->min_uid)
		return "uid below min_uid";
	if (options->break_glass && find_group(options->break_glass, &group) &&
	    is_member(user, identity.gid, group))
		return "member of the break_glass group";
	return NULL;
}
