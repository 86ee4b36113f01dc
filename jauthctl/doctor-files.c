/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: files: who may read the secrets, and whether the disk takes anything. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/text.h"
#include "jauthctl/doctor.h"

#define SECRETS JAUTH_CONFDIR "/secrets"
#define DAEMON  "jauth"

#define FULL_BYTES  (16LL * 1024 * 1024)
#define TIGHT_BYTES (256LL * 1024 * 1024)

/* --- secrets --- */

struct reader {
	uid_t uid;
	gid_t gid;
};

static bool may(const struct reader *reader, const struct stat *st, mode_t right)
{
	if (st->st_uid == reader->uid)
		return st->st_mode & (right << 6);
	if (st->st_gid == reader->gid)
		return st->st_mode & (right << 3);
	return st->st_mode & right;
}

#define READ_RIGHT   04
#define SEARCH_RIGHT 01

/* Whether jauthd gets as far as the folder of the path. */
static bool may_reach(const struct reader *reader, const char *path)
{
	const char *slash = path;

	while ((slash = strchr(slash + 1, '/'))) {
		_cleanup_free_ char *folder = text_format("%.*s", (int)(slash - path), path);
		struct stat st;

		if (stat(folder, &st) < 0 || !may(reader, &st, SEARCH_RIGHT))
			return false;
	}
	return true;
}

bool doctor_jauthd_may_read(const char *path)
{
	const struct passwd *user = getpwnam(DAEMON);
	struct reader reader;
	struct stat st;

	if (!user)
		return true;             /* which is told of the secrets */
	reader = (struct reader){ user->pw_uid, user->pw_gid };
	return stat(path, &st) == 0 && may_reach(&reader, path) && may(&reader, &st, READ_RIGHT) &&
	       (!S_ISDIR(st.st_mode) || may(&reader, &st, SEARCH_RIGHT));
}

static const char *fault_of(const struct reader *reader, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return strerror(errno);
	if (S_ISLNK(st.st_mode))
		return N_("it is a symbolic link, which jauthd does not follow");
	if (!S_ISREG(st.st_mode))
		return N_("it is no file");
	if (st.st_uid != 0 && st.st_uid != reader->uid)
		return N_("it belongs neither to root nor to jauth");
	if (st.st_mode & 06)
		return N_("others may read or write it");
	if (st.st_uid == 0 && st.st_mode & 060 && st.st_gid != reader->gid && st.st_gid != 0)
		return N_("another group than jauth may read or write it");
	if (!may(reader, &st, READ_RIGHT) || !may_reach(reader, path))
		return N_("jauthd, which runs as jauth, cannot read it");
	return NULL;
}

static bool judge_secret(struct doctor *doctor, const struct reader *reader, const char *path)
{
	const char *fault = fault_of(reader, path);
	_cleanup_free_ char *fix = text_format("chown root:" DAEMON " %s; chmod 0640 %s", path,
					       path);

	if (fault)
		note(doctor, VERDICT_BROKEN, fix, "%s: %s", path, say_found(doctor, fault));
	return !fault;
}

/* Every file that a key names as one with a secret. */
static void add_named(const struct doctor *doctor, char ***paths)
{
	for (size_t i = 0; i < doctor->conf.n_sections; i++) {
		const struct conf_section *section = &doctor->conf.sections[i];

		for (size_t k = 0; k < section->n_entries; k++) {
			const struct conf_entry *entry = &section->entries[k];

			if (!text_has_suffix(entry->key, "_file") || entry->value[0] != '/' ||
			    text_equals(entry->key, "metrics_file") ||
			    list_has(*paths, entry->value))
				continue;
			if (list_add(paths, entry->value) < 0)
				abort();
		}
	}
}

/* And what lies beside them. Half-written ones are their writer's. */
static void add_lying_about(char ***paths)
{
	DIR *folder = opendir(SECRETS);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		_cleanup_free_ char *path = text_format(SECRETS "/%s", entry->d_name);

		if (entry->d_name[0] != '.' && !text_has_suffix(path, ".new") &&
		    !text_has_suffix(path, ".tmp") && !list_has(*paths, path) &&
		    list_add(paths, path) < 0)
			abort();
	}
	if (folder)
		(void)closedir(folder);
}

static bool judge_folder(struct doctor *doctor)
{
	struct stat st;

	if (stat(SECRETS, &st) < 0 || (st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH))))
		return true;
	note(doctor, VERDICT_BROKEN, "chown root:" DAEMON " " SECRETS "; chmod 0750 " SECRETS,
	     "%s can be changed by others than root", SECRETS);
	return false;
}

void check_secrets(struct doctor *doctor)
{
	const struct passwd *user = getpwnam(DAEMON);
	_cleanup_list_ char **paths = NULL;
	struct reader reader;
	bool is_right;

	if (!user) {
		note(doctor, VERDICT_BROKEN, "systemd-sysusers", "there is no user %s", DAEMON);
		return;
	}
	reader = (struct reader){ user->pw_uid, user->pw_gid };
	add_named(doctor, &paths);
	add_lying_about(&paths);
	is_right = judge_folder(doctor);
	for (size_t i = 0; i < list_length(paths); i++)
		is_right &= judge_secret(doctor, &reader, paths[i]);
	if (is_right)
		note(doctor, VERDICT_OK, "", "%zu files, readable for jauthd and root only",
		     list_length(paths));
}

/* --- the disk --- */

static void judge_place(struct doctor *doctor, const char *path)
{
	struct statvfs fs;
	long long free_bytes;

	if (statvfs(path, &fs) < 0) {
		note(doctor, VERDICT_BROKEN, "systemd-tmpfiles --create", "%s: %s", path,
		     strerror(errno));
		return;
	}
	free_bytes = (long long)fs.f_bavail * (long long)fs.f_frsize;
	if (fs.f_flag & ST_RDONLY)
		note(doctor, VERDICT_BROKEN, N_("look into the kernel's log; mount -o remount,rw"),
		     "%s is read-only", path);
	else if (free_bytes < FULL_BYTES || (fs.f_files > 0 && fs.f_favail == 0))
		note(doctor, VERDICT_BROKEN, N_("make room"),
		     "%s is full: no login can be counted, and so none is granted", path);
	else if (free_bytes < TIGHT_BYTES)
		note(doctor, VERDICT_WARNING, N_("make room"), "%s has only %lld MiB left", path,
		     free_bytes >> 20);
	else
		note(doctor, VERDICT_OK, "", "%s has %lld MiB left", path, free_bytes >> 20);
}

void check_disk(struct doctor *doctor)
{
	judge_place(doctor, JAUTH_STATEDIR);
	judge_place(doctor, JAUTH_CONFDIR);
}
