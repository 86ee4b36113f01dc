/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * glibc says "not there" in several ways; everything else is a fault of the source, and whoever
 * asked must not take it for "not there". A user in more groups than we keep is a fault too: the
 * group that is left out could be the privileged one.
 */
#include "jauthd/names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"

#define NAMES_BUFFER_MIN 1024
#define NAMES_BUFFER_MAX (1024 * 1024)

/* One of getpwnam_r(), getpwuid_r(), getgrgid_r(), getgrnam_r(): 0, ERANGE for a larger buffer, or
 * an errno. */
typedef int (*look_up_fn)(const void *key, void *ret_entry, char *buffer, size_t size,
			  bool *ret_found);

static int by_name(const void *key, void *ret_entry, char *buffer, size_t size, bool *ret_found)
{
	struct passwd *found = NULL;
	int error = getpwnam_r(key, ret_entry, buffer, size, &found);

	*ret_found = found != NULL;
	return error;
}

static int by_uid(const void *key, void *ret_entry, char *buffer, size_t size, bool *ret_found)
{
	struct passwd *found = NULL;
	int error = getpwuid_r(*(const uid_t *)key, ret_entry, buffer, size, &found);

	*ret_found = found != NULL;
	return error;
}

static int by_gid(const void *key, void *ret_entry, char *buffer, size_t size, bool *ret_found)
{
	struct group *found = NULL;
	int error = getgrgid_r(*(const gid_t *)key, ret_entry, buffer, size, &found);

	*ret_found = found != NULL;
	return error;
}

static int group_by_name(const void *key, void *ret_entry, char *buffer, size_t size,
			 bool *ret_found)
{
	struct group *found = NULL;
	int error = getgrnam_r(key, ret_entry, buffer, size, &found);

	*ret_found = found != NULL;
	return error;
}

/* ENOLINK is what nss-systemd says of groups when it is told, by SYSTEMD_BYPASS_USERDB, to ask
 * nobody. */
static bool is_not_there(int error)
{
	return error == 0 || error == ENOENT || error == ESRCH || error == ENOLINK;
}

/* 1: found, the entry points into *ret_buffer; 0: there is none; -errno. */
static int look_up(look_up_fn function, const void *key, void *ret_entry, char **ret_buffer)
{
	for (size_t size = NAMES_BUFFER_MIN; size <= NAMES_BUFFER_MAX; size *= 2) {
		_cleanup_free_ char *buffer = malloc(size);
		bool found = false;
		int error;

		if (!buffer)
			return -ENOMEM;
		error = function(key, ret_entry, buffer, size, &found);
		if (error == ERANGE || error == EINTR)
			continue;
		if (found) {
			*ret_buffer = steal(&buffer);
			return 1;
		}
		return is_not_there(error) ? 0 : -error;
	}
	return -ERANGE;
}

/* A gid without a name can be in nobody's rule. */
static int add_group_name(gid_t gid, char ***groups)
{
	_cleanup_free_ char *buffer = NULL;
	struct group entry;
	int r;

	r = look_up(by_gid, &gid, &entry, &buffer);
	if (r == 1)
		r = list_add(groups, entry.gr_name);
	return r;
}

/* `primary` -1: the user does not exist, and has none. */
static int look_up_groups(const char *name, gid_t primary, char ***ret_groups)
{
	_cleanup_list_ char **groups = NULL;
	_cleanup_free_ gid_t *gids = NULL;
	int n = USER_GROUPS_MAX, r;

	gids = calloc((size_t)n, sizeof(*gids));
	if (!gids)
		return -ENOMEM;
	if (getgrouplist(name, primary, gids, &n) < 0)
		return -E2BIG;
	r = primary == (gid_t)-1 ? 0 : add_group_name(primary, &groups);
	for (int i = 0; i < n && r >= 0; i++)
		if (gids[i] != primary)
			r = add_group_name(gids[i], &groups);
	if (r < 0)
		return r;
	*ret_groups = steal(&groups);
	return 0;
}

static int copy_groups(char *const *groups, char ***ret_groups)
{
	_cleanup_list_ char **copy = NULL;

	for (; groups && *groups; groups++)
		if (list_add(&copy, *groups) < 0)
			return -ENOMEM;
	*ret_groups = steal(&copy);
	return 0;
}

int unix_user_look_up(const char *name, struct unix_user *ret_user)
{
	_cleanup_free_ char *buffer = NULL;
	struct unix_user user = { .uid = (uid_t)-1, .gid = (gid_t)-1 };
	struct passwd entry;
	int r;

	if (text_is_empty(name) || !text_into(user.name, sizeof(user.name), name)) {
		*ret_user = user;
		return 0;
	}
	r = look_up(by_name, name, &entry, &buffer);
	if (r < 0)
		return r;
	/* A source that folds case or cuts a domain answers for another name than was asked. */
	if (r == 1 && strcmp(entry.pw_name, name) == 0 && entry.pw_uid != (uid_t)-1) {
		user.exists = true;
		user.uid = entry.pw_uid;
		user.gid = entry.pw_gid;
	}
	r = look_up_groups(name, user.gid, &user.host_groups);
	if (r == 0 && user.exists)
		r = copy_groups(user.host_groups, &user.groups);
	if (r < 0) {
		unix_user_done(&user);
		return r;
	}
	*ret_user = user;
	return 0;
}

int unix_user_by_uid(uid_t uid, struct unix_user *ret_user)
{
	_cleanup_free_ char *buffer = NULL;
	_cleanup_(unix_user_done) struct unix_user user = { 0 };
	struct passwd entry;
	int r;

	r = look_up(by_uid, &uid, &entry, &buffer);
	if (r < 0)
		return r;
	r = unix_user_look_up(r == 1 ? entry.pw_name : "", &user);
	if (r < 0)
		return r;
	/* Two names may share a uid; the name must lead back to it. */
	if (user.exists && user.uid != uid)
		return -ESTALE;
	*ret_user = user;
	user = (struct unix_user){ 0 };
	return 0;
}

int unix_name_look_up(const char *name, struct unix_name *ret_name)
{
	_cleanup_free_ char *user_buffer = NULL, *group_buffer = NULL;
	struct passwd user;
	struct group group;
	int is_user, is_group;

	is_user = look_up(by_name, name, &user, &user_buffer);
	if (is_user < 0)
		return is_user;
	is_group = look_up(group_by_name, name, &group, &group_buffer);
	if (is_group < 0)
		return is_group;
	*ret_name = (struct unix_name){
		.is_user = is_user == 1,
		.is_group = is_group == 1,
		.uid = is_user == 1 ? user.pw_uid : (uid_t)-1,
		.gid = is_group == 1 ? group.gr_gid : (gid_t)-1,
	};
	return 0;
}

int unix_user_copy(const struct unix_user *user, struct unix_user *ret_user)
{
	struct unix_user copy = *user;

	copy.groups = copy.host_groups = NULL;
	if (copy_groups(user->groups, &copy.groups) < 0 ||
	    copy_groups(user->host_groups, &copy.host_groups) < 0) {
		unix_user_done(&copy);
		return -ENOMEM;
	}
	*ret_user = copy;
	return 0;
}

void unix_user_done(struct unix_user *user)
{
	(void)list_free(user->groups);
	(void)list_free(user->host_groups);
	*user = (struct unix_user){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
}

bool unix_user_in_group(const struct unix_user *user, const char *group)
{
	return list_has(user->groups, group);
}
