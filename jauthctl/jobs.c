/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * user jobs: what works for a user without his being there. It is read from where cron, at, systemd
 * and the kernel keep it, so it takes root, and shows what others' files say: cleaned, as foreign
 * text.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/text.h"
#include "jauthctl/args.h"
#include "jauthctl/table.h"

#define ROWS_MAX        10000
#define CRON_TIME_WORDS 5        /* of a line of a crontab; "@daily" is one */

static const char *const columns[] = { "kind", "where", "what", NULL };

struct jobs {
	const char *user;
	uid_t uid;
	json_t *rows;
	bool is_partial;                 /* something could not be read */
};

static void add_row(struct jobs *jobs, const char *kind, const char *where, const char *what)
{
	struct buf clean = BUF_INIT(4096);

	if (json_array_size(jobs->rows) >= ROWS_MAX) {
		if (!jobs->is_partial)
			complain("there are more than %d; the others are not shown", ROWS_MAX);
		jobs->is_partial = true;
		return;
	}
	text_add_clean(&clean, what, 512);
	(void)json_array_append_new(jobs->rows,
				    json_pack("{s:s, s:s, s:s}", "kind", kind, "where", where,
					      "what", buf_text(&clean)));
	buf_done(&clean);
}

static void cannot_read(struct jobs *jobs, const char *path)
{
	complain("%s: %s", path, strerror(errno));
	jobs->is_partial = true;
}

static FILE *open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;
	FILE *file;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
	    !(file = fdopen(fd, "r"))) {
		(void)close(fd);
		errno = EINVAL;
		return NULL;
	}
	return file;
}

/* --- cron --- */

/* Where the words after the time begin; NULL: not a job. */
static const char *after_time(const char *line)
{
	unsigned n_words = CRON_TIME_WORDS;

	line += strspn(line, " \t");
	if (!*line || *line == '#' || !strchr("@*0123456789", *line))
		return NULL;
	if (*line == '@')
		n_words = 1;
	for (; n_words; n_words--) {
		line += strcspn(line, " \t");
		line += strspn(line, " \t");
	}
	return *line ? line : NULL;
}

/* `names_user`: the line says whose it is, before the command. */
static void add_cron_line(struct jobs *jobs, const char *path, char *line, bool names_user)
{
	const char *rest;
	size_t len = strlen(jobs->user);

	line[strcspn(line, "\n")] = '\0';
	rest = after_time(line);
	if (!rest)
		return;
	if (names_user && (strncmp(rest, jobs->user, len) != 0 || !rest[len] ||
			   !strchr(" \t", rest[len])))
		return;
	add_row(jobs, "cron", path, line);
}

static void add_crontab(struct jobs *jobs, const char *path, bool names_user)
{
	FILE *file = open_file(path);
	char line[4096];

	if (!file) {
		if (errno != ENOENT)
			cannot_read(jobs, path);
		return;
	}
	while (fgets(line, sizeof(line), file))
		add_cron_line(jobs, path, line, names_user);
	(void)fclose(file);
}

static void each_file(struct jobs *jobs, const char *folder,
		      void (*each)(struct jobs *jobs, const char *path))
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir) {
		if (errno != ENOENT)
			cannot_read(jobs, folder);
		return;
	}
	while ((entry = readdir(dir))) {
		_cleanup_free_ char *path = NULL;

		if (entry->d_name[0] == '.')
			continue;
		path = text_format("%s/%s", folder, entry->d_name);
		each(jobs, path);
	}
	(void)closedir(dir);
}

static void add_system_crontab(struct jobs *jobs, const char *path)
{
	add_crontab(jobs, path, true);
}

static void add_cron(struct jobs *jobs)
{
	_cleanup_free_ char *own = text_format("/var/spool/cron/crontabs/%s", jobs->user);

	add_crontab(jobs, own, false);
	add_system_crontab(jobs, "/etc/crontab");
	each_file(jobs, "/etc/cron.d", add_system_crontab);
}

/* --- at, lingering --- */

/* The queue's letter, five digits, and the minutes since 1970 when it runs, in hex. */
static void add_at_file(struct jobs *jobs, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == jobs->uid &&
	    name[0] != '=')
		add_row(jobs, "at", path, name);
}

static void add_lingering(struct jobs *jobs)
{
	_cleanup_free_ char *path = text_format("/var/lib/systemd/linger/%s", jobs->user);
	struct stat status;

	if (lstat(path, &status) == 0)
		add_row(jobs, "linger", path, "his services start when the machine does");
}

/* --- processes --- */

static bool uid_of(const char *folder, uid_t *ret_uid)
{
	struct stat status;

	if (stat(folder, &status) < 0)
		return false;
	*ret_uid = status.st_uid;
	return true;
}

/* Arguments are separated by NULs; the kernel's threads have none. */
static void add_process(struct jobs *jobs, const char *folder)
{
	_cleanup_free_ char *path = text_format("%s/cmdline", folder);
	char command[1024];
	FILE *file;
	size_t len;
	uid_t uid;

	if (!strchr("123456789", folder[strlen("/proc/")]) || !uid_of(folder, &uid) ||
	    uid != jobs->uid)
		return;
	file = open_file(path);
	if (!file)
		return;          /* it has ended */
	len = fread(command, 1, sizeof(command) - 1, file);
	(void)fclose(file);
	for (size_t i = 0; i < len; i++)
		if (!command[i])
			command[i] = ' ';
	command[len] = '\0';
	add_row(jobs, "process", folder, command);
}

/* --- the command --- */

enum exit_code run_user_jobs(struct ctl *ctl, int argc, char **argv)
{
	struct table table = { .keys = columns };
	struct args args = { .min = 1, .max = 1 };
	const struct passwd *entry;
	struct jobs jobs = { 0 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	if (geteuid() != 0) {
		complain("only root may see others' jobs");
		return EXIT_REFUSED;
	}
	entry = getpwnam(args.rest[0]);
	if (!entry || strchr(args.rest[0], '/')) {
		complain("there is no user \"%s\"", args.rest[0]);
		return EXIT_NO;
	}
	jobs.user = args.rest[0];
	jobs.uid = entry->pw_uid;
	jobs.rows = json_array();
	add_cron(&jobs);
	each_file(&jobs, "/var/spool/cron/atjobs", add_at_file);
	add_lingering(&jobs);
	each_file(&jobs, "/proc", add_process);
	if (ctl->json)
		table_print_json(jobs.rows, stdout);
	else
		table_print(&table, jobs.rows, stdout);
	json_decref(jobs.rows);
	return jobs.is_partial ? EXIT_NO : EXIT_DONE;
}
