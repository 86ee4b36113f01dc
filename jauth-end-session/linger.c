/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lingering (loginctl enable-linger): a file named as the user. logind is told, because it then
 * also stops what runs; where there is none, the file alone counts, at the next boot. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macro.h"
#include "jauth-end-session/session.h"

static int exists(int folder, const char *user, bool *ret_exists)
{
	struct stat status;

	*ret_exists = fstatat(folder, user, &status, AT_SYMLINK_NOFOLLOW) == 0;
	return *ret_exists || errno == ENOENT ? 0 : -errno;
}

static int set_file(int folder, const char *user, bool is_on)
{
	_cleanup_close_ int fd = -1;

	if (!is_on)
		return unlinkat(folder, user, 0) == 0 || errno == ENOENT ? 0 : -errno;
	fd = openat(folder, user, O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0644);
	return fd < 0 ? -errno : 0;
}

/* The file is by name: that of a local user who has another uid is not the order's to touch. Users
 * of jauth are in no file. */
static int check_name(const struct helper *helper, const struct end_order *order)
{
	FILE *file = fopen(helper->passwd, "re");
	const struct passwd *entry;
	int r = 0;

	if (!file)
		return -errno;
	while (r == 0 && (entry = fgetpwent(file)))
		if (strcmp(entry->pw_name, order->user) == 0 && entry->pw_uid != order->uid)
			r = -EPERM;
	(void)fclose(file);
	return r;
}

struct answer linger_obey(const struct helper *helper, const struct end_order *order)
{
	static const struct answer failed = { SAYS_FAILED, "lingering cannot be changed" };
	bool is_on = order->verb == VERB_LINGER_ON, was_on;
	_cleanup_close_ int folder = open(helper->linger, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (folder < 0)          /* nobody lingers on a machine without systemd */
		return errno != ENOENT ? failed :
		       (struct answer){ .what = is_on ? SAYS_DONE : SAYS_WAS_OFF };
	if (exists(folder, order->user, &was_on) < 0)
		return failed;
	r = check_name(helper, order);
	if (r < 0)
		return r != -EPERM ? failed :
		       (struct answer){ SAYS_REFUSED, "a local user has this name" };
	if (was_on == is_on)
		return (struct answer){ .what = is_on ? SAYS_DONE : SAYS_WAS_OFF };
	r = helper->logind->set_linger(order->uid, is_on);
	if (r == -ENOTCONN)
		r = set_file(folder, order->user, is_on);
	if (r < 0)
		return failed;
	return (struct answer){ .what = is_on ? SAYS_DONE : SAYS_WAS_ON };
}
