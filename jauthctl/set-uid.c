/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * user set-uid: jauthd says whether the number may be given, then nobody must be at work under
 * the old one, then the file of overrides says it for all hosts, and then it counts. Stopped in
 * between, the same command goes on. Files keep the old number until root changes them; which those
 * are is said at the end.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "base/uid-overrides.h"
#include "jauthctl/args.h"
#include "jauthctl/bus.h"
#include "jauthctl/table.h"

#define PROCESSES_SHOWN 5
#define STATUS_MAX      4096
#define NAMED_MAX       512

/* What is asked for, and what jauthd says of it. */
struct move {
	const char *user;
	int64_t uid;
	bool force;
	json_t *reply;
	int64_t old_uid;
};

static const char *reply_text(const struct move *move, const char *key)
{
	const char *text = json_string_value(json_object_get(move->reply, key));

	return text ? text : "";
}

static enum exit_code ask(struct ctl *ctl, struct move *move, bool apply)
{
	json_t *args = json_pack("[s, I, b]", move->user, (json_int_t)move->uid, apply);
	json_t *reply = NULL;
	enum exit_code code = bus_accounts(ctl, "SetUid", args, &reply);

	if (code != EXIT_DONE)
		return code;
	json_decref(move->reply);
	move->reply = reply;
	move->old_uid = json_integer_value(json_object_get(reply, "uid"));
	return EXIT_DONE;
}

/* --- who is at work --- */

static bool read_proc(const char *pid, const char *name, char *ret_text, size_t size)
{
	_cleanup_free_ char *path = text_format("/proc/%s/%s", pid, name);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret_text, size - 1);

	if (n < 0)
		return false;
	ret_text[n] = '\0';
	return true;
}

/* Real, effective, saved and for files: any of them. */
static bool is_of_uid(const char *status, int64_t uid)
{
	const char *line = strstr(status, "\nUid:");
	char *end;

	for (line = line ? line + strlen("\nUid:") : ""; *line == '\t'; line = end)
		if (strtoll(line + 1, &end, 10) == uid)
			return true;
	return false;
}

static void add_process(const char *pid, struct buf *named, unsigned n)
{
	char name[64] = "";

	if (n > PROCESSES_SHOWN)
		return;
	if (n == PROCESSES_SHOWN) {
		buf_add_text(named, ", …");
		return;
	}
	(void)read_proc(pid, "comm", name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	buf_add_format(named, "%s%s %s", n ? ", " : "", pid, name);
}

/* -errno where it cannot be known, which is no "nobody". */
static int find_processes(int64_t uid, struct buf *named)
{
	DIR *folder = opendir("/proc");
	struct dirent *entry;
	unsigned n = 0;

	if (!folder)
		return -errno;
	while ((entry = readdir(folder))) {
		char status[STATUS_MAX];

		/* One that has ended meanwhile has no file any more. */
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    read_proc(entry->d_name, "status", status, sizeof(status)) &&
		    is_of_uid(status, uid))
			add_process(entry->d_name, named, n++);
	}
	(void)closedir(folder);
	return 0;
}

static bool has_session(int64_t uid)
{
	_cleanup_free_ char *path = text_format("/run/systemd/users/%" PRId64, uid);

	return access(path, F_OK) == 0;
}

static bool is_at_rest(const struct move *move)
{
	_cleanup_(buf_done) struct buf named = BUF_INIT(NAMED_MAX);
	int r = find_processes(move->old_uid, &named);

	if (r < 0)
		complain("the processes cannot be looked at: %s", strerror(-r));
	else if (named.len)
		complain("%s has processes: %s; end them, or say --force", move->user,
			 buf_text(&named));
	else if (has_session(move->old_uid))
		complain("%s is logged in; end the session, or say --force", move->user);
	else
		return true;
	return false;
}

/* --- the file of overrides --- */

static void complain_of(const struct conf_report *report)
{
	for (size_t i = 0; i < report->n_mistakes; i++)
		complain("%s:%u: %s", report->mistakes[i].file, report->mistakes[i].line,
			 report->mistakes[i].text);
}

/* 1: it says so already; 0: not yet; -EINVAL after complaining. */
static int look_into(const struct move *move, const char *path)
{
	struct uid_overrides *overrides = NULL;
	struct conf_report report = { 0 };
	uint32_t uid = 0;
	int r = uid_overrides_read(path, &overrides, &report);

	complain_of(&report);
	if (r == 0 && report.n_mistakes == 0)
		r = uid_overrides_find(overrides, reply_text(move, "issuer"),
				       reply_text(move, "subject"), &uid) && uid == move->uid;
	else
		r = -EINVAL;
	uid_overrides_free(overrides);
	conf_report_done(&report);
	return r;
}

static int rewrite(const struct move *move, const char *path)
{
	static const struct file_kind kind = {
		.mode = 0644, .gid = FILE_OWN_GROUP, .durable = true,
	};
	_cleanup_(buf_done) struct buf before = BUF_INIT(UID_OVERRIDES_BYTES_MAX);
	_cleanup_(buf_done) struct buf after = BUF_INIT(UID_OVERRIDES_BYTES_MAX);
	struct uid_overrides *overrides;
	struct conf_report report = { 0 };
	int r = file_read(path, &before);

	if (r == 0)
		r = uid_overrides_set(buf_text(&before), before.len, reply_text(move, "issuer"),
				      reply_text(move, "subject"), (uint32_t)move->uid, &after);
	if (r < 0)
		return r;
	/* The number may stand there for another one. */
	overrides = uid_overrides_parse(buf_text(&after), after.len, path, &report);
	uid_overrides_free(overrides);
	complain_of(&report);
	r = report.n_mistakes ? -EINVAL : file_replace(path, &kind, buf_text(&after), after.len);
	conf_report_done(&report);
	return r;
}

/* Where jauthd's word is no reason to write: it does not run as root. */
static bool may_write(const char *path)
{
	return text_has_prefix(path, JAUTH_CONFDIR "/") && !strstr(path, "/../");
}

/* `ret_written`: jauthd is to read it. */
static bool settle(const struct move *move, bool *ret_written)
{
	const char *path = reply_text(move, "overrides");
	int r;

	*ret_written = false;
	if (!*path && json_is_true(json_object_get(move->reply, "fleet"))) {
		complain("other hosts would give %s the old uid: write uid_overrides = "
			 JAUTH_CONFDIR "/uids into [accounts], and make that file", move->user);
		return false;
	}
	r = *path ? look_into(move, path) : 1;
	if (r != 0)
		return r == 1;
	if (!may_write(path)) {
		complain("add this line to %s, and try again: %s %s %" PRId64, path,
			 reply_text(move, "issuer"), reply_text(move, "subject"), move->uid);
		return false;
	}
	r = rewrite(move, path);
	if (r < 0)
		complain("%s is as it was: %s", path, strerror(-r));
	*ret_written = r == 0;
	return r == 0;
}

/* --- what is left to do --- */

static bool is_owned(const char *path, int64_t uid)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_uid == uid;
}

/* Where files of a user usually are; others are found by the command. */
static json_t *list_files(const struct move *move)
{
	static const char *const places[] = {
		"/var/mail/%s", "/var/spool/cron/crontabs/%s", "/var/spool/cron/%s",
		"/var/lib/systemd/linger/%s",
	};
	json_t *files = json_array();
	const char *home = reply_text(move, "home");

	if (is_owned(home, move->old_uid))
		(void)json_array_append_new(files, json_string(home));
	for (size_t i = 0; i < N_ELEMENTS(places); i++) {
		const char *slash = strrchr(places[i], '/');
		_cleanup_free_ char *path = text_format("%.*s/%s", (int)(slash - places[i]),
							places[i], move->user);

		if (is_owned(path, move->old_uid))
			(void)json_array_append_new(files, json_string(path));
	}
	return files;
}

static void print_moved(const struct ctl *ctl, const struct move *move)
{
	_cleanup_free_ char *command =
		text_format("find / -xdev -uid %" PRId64 " -exec chown -h %" PRId64 " {} +",
			    move->old_uid, move->uid);
	json_t *files = list_files(move), *file;
	size_t i;

	if (ctl->json) {
		json_t *object = json_pack("{s:s, s:I, s:I, s:O, s:s}", "user", move->user, "uid",
					   (json_int_t)move->uid, "was",
					   (json_int_t)move->old_uid, "files", files, "command",
					   command);

		table_print_json(object, stdout);
		json_decref(object);
		json_decref(files);
		return;
	}
	(void)printf("%s has uid %" PRId64 " now; it was %" PRId64 ".\n", move->user, move->uid,
		     move->old_uid);
	json_array_foreach(files, i, file)
		(void)printf("still of the old uid: %s\n", json_string_value(file));
	(void)printf("change the owner of everything on every file system, as root:\n  %s\n",
		     command);
	json_decref(files);
}

static enum exit_code do_move(struct ctl *ctl, struct move *move)
{
	bool is_written;
	enum exit_code code = ask(ctl, move, false);

	if (code != EXIT_DONE)
		return code;
	if (move->old_uid == move->uid) {
		complain("%s has uid %" PRId64 " already", move->user, move->uid);
		return EXIT_NO;
	}
	if ((!move->force && !is_at_rest(move)) || !settle(move, &is_written))
		return EXIT_NO;
	code = ask(ctl, move, true);
	if (code == EXIT_DONE && is_written)
		code = bus_admin(ctl, "Reload", json_array(), NULL);
	if (code == EXIT_DONE)
		print_moved(ctl, move);
	return code;
}

enum exit_code run_user_set_uid(struct ctl *ctl, int argc, char **argv)
{
	struct move move = { 0 };
	const struct arg options[] = { { "force", ARG_FLAG, &move.force }, { 0 } };
	struct args args = { .options = options, .min = 2, .max = 2 };
	enum exit_code code;

	if (!args_parse(ctl, argc, argv, &args, &code))
		return code;
	move.user = args.rest[0];
	if (text_to_number(args.rest[1], 0, UINT32_MAX, &move.uid) < 0) {
		complain("\"%s\" is no uid", args.rest[1]);
		return EXIT_USAGE;
	}
	code = do_move(ctl, &move);
	json_decref(move.reply);
	return code;
}
