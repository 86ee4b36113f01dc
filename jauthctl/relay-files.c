/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a host keeps of its relay; see relay-files.h. */
#include "jauthctl/relay-files.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "base/file.h"
#include "base/secret-file.h"
#include "base/text.h"
#include "base/url.h"

#define CONFIG       JAUTH_CONFDIR "/jauthd.conf"
#define DROP_INS     CONFIG ".d"
#define DROP_IN      DROP_INS "/relay.conf"
#define DAEMON_GROUP "jauth"
#define SERVERS_MAX  64

/* --- the configuration --- */

/* The meaning of all keys is jauthd's matter (config-relay.c); these we need. */
static const struct conf_key keys[] = {
	{ .name = "url", .kind = CONF_URL, .offset = offsetof(struct relay_conf, url) },
	{ .name = "servers", .kind = CONF_LIST, .offset = offsetof(struct relay_conf, servers),
	  .max = SERVERS_MAX },
	{ .name = "key_file", .kind = CONF_TEXT, .offset = offsetof(struct relay_conf, key_file),
	  .min = 1, .max = 4000 },
	{ NULL }
};

static const struct conf_section *find_section(const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_sections; i++)
		if (text_equals(conf->sections[i].name, "relay"))
			return &conf->sections[i];
	return NULL;
}

/* Mistakes are told by jauthd --check; what is right counts here. */
void relay_conf_read(struct relay_conf *ret_conf)
{
	struct conf_report report = { 0 };
	struct conf conf = { .separate = "method" };
	const struct conf_section *section;
	const struct conf_entry *entry;

	*ret_conf = (struct relay_conf){ 0 };
	(void)conf_read(CONFIG, &conf, &report);
	section = find_section(&conf);
	if (section) {
		struct conf_table table = { keys, ret_conf };

		conf_apply(section, &table, 1, &report);
		entry = conf_find(section, "url");
		if (entry)
			ret_conf->url_at = text_format("%s:%u", entry->file, entry->line);
	}
	conf_done(&conf);
	conf_report_done(&report);
}

void relay_conf_done(struct relay_conf *conf)
{
	conf_release(keys, conf);
	free(steal(&conf->url_at));
}

static bool conf_is(const struct relay_conf *conf, const char *url, const char *key_file)
{
	return text_equals(conf->url, url) && text_equals(conf->key_file, key_file);
}

static enum exit_code write_drop_in(const struct relay_conf *before, const char *url,
				    const char *key_file)
{
	static const struct file_kind kind = { .mode = 0644, .gid = 0, .durable = true };
	_cleanup_(buf_done) struct buf text = BUF_INIT(64 * 1024);
	char *const *server = before->servers;
	int r;

	buf_add_format(&text, "# Written by jauthctl relay enrol.\n[relay]\nurl = %s\n", url);
	/* Servers of another relay, wherever they are written, must not count any more. */
	if (server && !text_equals(before->url, url))
		buf_add_format(&text, "servers = %s\n", url);
	else if (server)
		for (; *server; server++)
			buf_add_format(&text, "%s%s%s", server == before->servers ?
				       "servers = " : ", ", *server, server[1] ? "" : "\n");
	buf_add_format(&text, "key_file = %s\n", key_file);
	if (mkdir(DROP_INS, 0755) == 0)
		(void)chmod(DROP_INS, 0755);
	r = buf_failed(&text) ? -E2BIG : file_replace(DROP_IN, &kind, text.data, text.len);
	if (r == 0)
		return EXIT_DONE;
	complain("%s cannot be written: %s", DROP_IN, strerror(-r));
	return EXIT_NO;
}

enum exit_code relay_conf_write(const struct relay_conf *before, const char *url,
				const char *key_file)
{
	_cleanup_(relay_conf_done) struct relay_conf after = { 0 };
	enum exit_code code;

	if (conf_is(before, url, key_file))
		return EXIT_DONE;
	code = write_drop_in(before, url, key_file);
	if (code != EXIT_DONE)
		return code;
	relay_conf_read(&after);
	if (conf_is(&after, url, key_file))
		return EXIT_DONE;
	complain("another file overrides %s: url is %s (%s), key_file is %s", DROP_IN,
		 after.url ? after.url : "wrong", after.url_at ? after.url_at : "missing",
		 after.key_file ? after.key_file : "missing");
	return EXIT_NO;
}

/* --- the folder --- */

/* Nobody may look inside between its making and its owner. */
static void make_folder(const char *path, gid_t gid)
{
	_cleanup_close_ int fd = -1;

	if (mkdir(path, 0700) < 0)
		return;                  /* it is there, or open() tells */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, 0, gid) < 0 || fchmod(fd, 0750) < 0)
		complain("%s cannot be given to group " DAEMON_GROUP ": %s", path,
			 strerror(errno));
}

static enum exit_code open_folder(const char *path, struct relay_files *files)
{
	struct stat st;

	files->folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (files->folder < 0 || fstat(files->folder, &st) < 0)
		complain("%s: %s", path, strerror(errno));
	else if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		complain("%s must belong to root and be writable for nobody else", path);
	else if (flock(files->folder, LOCK_EX | LOCK_NB) < 0)
		complain("another jauthctl relay is at work");
	else
		return EXIT_DONE;
	return EXIT_NO;
}

enum exit_code relay_files_open(const char *key_path, struct relay_files *ret_files)
{
	const struct group *group = getgrnam(DAEMON_GROUP);
	const char *slash = strrchr(key_path, '/');
	_cleanup_free_ char *folder = NULL;
	enum exit_code code;

	*ret_files = (struct relay_files){ .folder = -1 };
	if (!group || key_path[0] != '/') {
		complain("%s", group ? "key_file of [relay] must start with \"/\"" :
				       "there is no group " DAEMON_GROUP);
		return EXIT_NO;
	}
	/* With a slash at its end, O_NOFOLLOW would follow. */
	folder = text_format("%.*s", (int)MAX(slash - key_path, 1), key_path);
	ret_files->gid = group->gr_gid;
	ret_files->key = text_copy(key_path);
	ret_files->pending = text_format("%s.new", key_path);
	if (text_equals(key_path, RELAY_KEY_FILE))
		make_folder(folder, group->gr_gid);
	code = open_folder(folder, ret_files);
	if (code != EXIT_DONE)
		relay_files_close(ret_files);
	return code;
}

void relay_files_close(struct relay_files *files)
{
	close_fd(&files->folder);
	files->folder = -1;
	free(steal(&files->key));
	free(steal(&files->pending));
}

/* --- key and pending step --- */

enum exit_code relay_key_read(const char *path, struct relay_key *ret_key)
{
	struct secret_file file = { SECRET_IN_FILE, path, 1, 128 };
	_cleanup_(buf_done) struct buf why = BUF_INIT(8192);
	_cleanup_secret_ struct secret *token = NULL;
	int r = secret_file_read(&file, &token, &why);

	if (r == 0)
		r = relay_key_parse(token, ret_key);
	if (r == 0)
		return EXIT_DONE;
	if (why.len)
		complain("%s", buf_text(&why));
	else
		complain("%s holds no key of a relay", path);
	return EXIT_NO;
}

static enum exit_code write_file(const char *path, const struct file_kind *kind,
				 const struct buf *text)
{
	int r = buf_failed(text) ? -E2BIG : file_replace(path, kind, text->data, text->len);

	if (r == 0)
		return EXIT_DONE;
	complain("%s cannot be written: %s", path, strerror(-r));
	return EXIT_NO;
}

enum exit_code relay_key_write(const struct relay_files *files, const struct relay_key *key)
{
	struct file_kind kind = { .mode = 0640, .gid = files->gid, .durable = true };
	_cleanup_(buf_done) struct buf text = BUF_INIT_SECRET(256);

	buf_add_format(&text, "%s\n", key->token->data);
	return write_file(files->key, &kind, &text);
}

void relay_pending_read(const struct relay_files *files, struct relay_pending *ret_pending)
{
	struct secret_file file = { SECRET_IN_FILE, files->pending, 1, URL_MAX + 256 };
	_cleanup_(buf_done) struct buf why = BUF_INIT(8192);
	_cleanup_secret_ struct secret *text = NULL;

	*ret_pending = (struct relay_pending){ 0 };
	if (secret_file_read(&file, &text, &why) == 0)
		(void)relay_pending_parse(text, ret_pending);
}

enum exit_code relay_pending_begin(const struct relay_files *files, enum relay_step step,
				   const char *url, const char *of,
				   struct relay_pending *ret_pending)
{
	static const struct file_kind kind = { .mode = 0600, .gid = 0, .durable = true };
	_cleanup_(buf_done) struct buf text = BUF_INIT_SECRET(URL_MAX + 256);
	int r;

	relay_pending_done(ret_pending);
	*ret_pending = (struct relay_pending){ .step = step, .url = text_copy(url) };
	(void)text_into(ret_pending->of, sizeof(ret_pending->of), of);
	r = relay_key_new(&ret_pending->key);
	if (r < 0) {
		complain("no key can be made: %s", strerror(-r));
		return EXIT_NO;
	}
	relay_pending_write(ret_pending, &text);
	return write_file(files->pending, &kind, &text);
}

void relay_pending_end(const struct relay_files *files)
{
	if (unlink(files->pending) < 0 && errno != ENOENT)
		complain("%s cannot be removed: %s", files->pending, strerror(errno));
}
