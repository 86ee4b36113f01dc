/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drop-ins and secrets of methods; see setup-files.h. */
#include "jauthctl/setup-files.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "jauthctl/bus.h"

#define DAEMON_GROUP "jauth"
#define HEADER       "# Written by jauthctl method; change it by jauthctl method set.\n"
#define TEXT_MAX     (64 * 1024)
#define SECRETS_MAX  100     /* of one name, before somebody should clean up */

/* --- what there is --- */

void setup_conf_read(struct conf *ret_conf)
{
	struct conf_report report = { 0 };

	*ret_conf = (struct conf){ .separate = "method" };
	(void)conf_read(SETUP_CONFIG, ret_conf, &report);
	conf_report_done(&report);
}

const struct conf_section *setup_conf_section(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_sections; i++)
		if (text_equals(conf->sections[i].name, name))
			return &conf->sections[i];
	return NULL;
}

const struct conf_section *setup_conf_method(const struct conf *conf, const char *id)
{
	static const char *const kinds[] = { "method", "directory" };
	const struct conf_section *section = NULL;

	for (size_t i = 0; i < N_ELEMENTS(kinds) && !section; i++) {
		_cleanup_free_ char *name = text_format("%s %s", kinds[i], id);

		section = setup_conf_section(conf, name);
	}
	return section;
}

char *setup_drop_in_name(const char *kind, const char *id)
{
	return text_format("%s-%s.conf", kind, id);
}

/* 0, -ENOENT, or another -errno; -EPERM: not of our writing. */
static int load(const char *path, struct buf *ret_text)
{
	int r = file_read(path, ret_text);

	if (r == 0)
		return text_has_prefix(buf_text(ret_text), HEADER) ? 0 : -EPERM;
	return r == -EINVAL ? -EPERM : r;
}

static json_t *sections_of(const struct conf *conf)
{
	json_t *sections = json_object();

	for (size_t i = 0; i < conf->n_sections; i++) {
		const struct conf_section *section = &conf->sections[i];
		json_t *entries = json_object();

		for (size_t k = 0; k < section->n_entries; k++)
			(void)json_object_set_new(entries, section->entries[k].key,
						  json_string(section->entries[k].value));
		(void)json_object_set_new(sections, section->name, entries);
	}
	return sections;
}

enum exit_code setup_drop_in_read(const char *name, json_t **ret_sections)
{
	_cleanup_free_ char *path = text_format("%s/%s", SETUP_FOLDER, name);
	_cleanup_(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
	_cleanup_(conf_report_done) struct conf_report report = { 0 };
	_cleanup_(conf_done) struct conf conf = { 0 };
	int r = load(path, &text);

	if (r == -ENOENT) {
		*ret_sections = json_object();
		return EXIT_DONE;
	}
	if (r == 0)
		conf_read_text(text.data, text.len, path, &conf, &report);
	if (r == 0 && !report.n_mistakes) {
		*ret_sections = sections_of(&conf);
		return EXIT_DONE;
	}
	if (r == -EPERM)
		complain("%s was not written by jauthctl; change it by hand", path);
	else if (r < 0)
		complain("%s cannot be read: %s", path, strerror(-r));
	else
		complain("%s has mistakes; see jauthctl check", path);
	return EXIT_NO;
}

void setup_drop_in_text(const json_t *sections, struct buf *ret_text)
{
	const char *name, *key;
	json_t *entries, *value;

	json_object_foreach((json_t *)sections, name, entries) {
		if (!ret_text->len)
			buf_add_text(ret_text, HEADER);
		buf_add_format(ret_text, "[%s]\n", name);
		json_object_foreach(entries, key, value)
			buf_add_format(ret_text, "%s = %s\n", key, json_string_value(value));
	}
}

/* --- folders --- */

/* As mkdir() makes it: nobody may look inside before it has its owner. So does jauthd not, and one
 * who was killed before that is made up for. */
#define MODE_NEW 0700

static enum exit_code make_folder(const char *path, mode_t mode, gid_t gid)
{
	_cleanup_close_ int fd = -1;
	struct stat st = { 0 };

	if (mkdir(path, MODE_NEW) == 0 || errno == EEXIST)
		fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 ||
	    (st.st_uid == 0 && (st.st_mode & 07777) == MODE_NEW &&
	     (fchown(fd, 0, gid) < 0 || fchmod(fd, mode) < 0))) {
		complain("%s cannot be used: %s", path, strerror(errno));
		return EXIT_NO;
	}
	if (st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return EXIT_DONE;
	complain("%s must belong to root and be writable for nobody else", path);
	return EXIT_NO;
}

enum exit_code setup_check_writable(void)
{
	static const char *const paths[] = { SETUP_SECRETS, SETUP_FOLDER, JAUTH_CONFDIR };

	for (size_t i = 0; i < N_ELEMENTS(paths); i++) {
		if (access(paths[i], W_OK) == 0 || errno == ENOENT)
			continue;
		complain("%s cannot be written: %s", paths[i], strerror(errno));
		return errno == EACCES ? EXIT_REFUSED : EXIT_NO;
	}
	return EXIT_DONE;
}

enum exit_code setup_open(struct ctl *ctl, struct setup *ret_setup)
{
	const struct group *group = getgrnam(DAEMON_GROUP);
	enum exit_code code;

	*ret_setup = (struct setup){ .ctl = ctl, .folder = -1 };
	if (!group) {
		complain("there is no group " DAEMON_GROUP);
		return EXIT_NO;
	}
	ret_setup->gid = group->gr_gid;
	code = make_folder(SETUP_FOLDER, 0755, 0);
	if (code == EXIT_DONE)
		code = make_folder(SETUP_SECRETS, 0750, group->gr_gid);
	if (code != EXIT_DONE)
		return code;
	ret_setup->folder = open(SETUP_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret_setup->folder >= 0 && flock(ret_setup->folder, LOCK_EX | LOCK_NB) == 0)
		return EXIT_DONE;
	if (errno == EWOULDBLOCK)
		complain("another jauthctl method is at work");
	else
		complain("%s cannot be locked: %s", SETUP_FOLDER, strerror(errno));
	setup_close(ret_setup);
	return EXIT_NO;
}

void setup_close(struct setup *setup)
{
	for (char **path = setup->new_secrets; path && *path; path++)
		(void)unlink(*path);     /* a secret that nothing names */
	setup->new_secrets = list_free(setup->new_secrets);
	close_fd(&setup->folder);
	setup->folder = -1;
	setup->n_changes = 0;
}

/* --- secrets --- */

/* The first of NAME, NAME-2, … that is not there: no file that somebody else may have put there is
 * ever replaced. */
static char *free_path(const char *name)
{
	for (unsigned n = 1; n < SECRETS_MAX; n++) {
		char *path = n == 1 ? text_format("%s/%s", SETUP_SECRETS, name) :
				      text_format("%s/%s-%u", SETUP_SECRETS, name, n);
		struct stat st;

		if (lstat(path, &st) < 0 && errno == ENOENT)
			return path;
		free(path);
	}
	return NULL;
}

enum exit_code setup_secret_write(struct setup *setup, const char *name,
				  const struct secret *secret, char **ret_path)
{
	const struct file_kind kind = { .mode = 0640, .gid = setup->gid, .durable = true };
	_cleanup_free_ char *path = free_path(name);
	int r = path ? file_replace(path, &kind, secret->data, secret->len) : -EEXIST;

	if (r < 0) {
		complain("%s/%s cannot be written: %s", SETUP_SECRETS, name, strerror(-r));
		return EXIT_NO;
	}
	if (list_add(&setup->new_secrets, path) < 0)
		abort();
	*ret_path = steal(&path);
	return EXIT_DONE;
}

static bool is_named(const struct conf *conf, const char *path)
{
	for (size_t i = 0; i < conf->n_sections; i++)
		for (size_t k = 0; k < conf->sections[i].n_entries; k++)
			if (text_equals(conf->sections[i].entries[k].value, path))
				return true;
	return false;
}

/* "method work": "work-", "sms aliyun": "sms.aliyun-". */
static bool is_our_secret(const char *section, const char *path)
{
	const char *id = strchr(section, ' ');
	_cleanup_free_ char *prefix = NULL;

	if (!id)
		return false;
	prefix = text_format("%s/%s%s-", SETUP_SECRETS,
			     text_has_prefix(section, "sms ") ? "sms." : "", id + 1);
	return text_has_prefix(path, prefix) && !strchr(path + strlen(prefix), '/');
}

void setup_secrets_forget(const json_t *before)
{
	_cleanup_(conf_done) struct conf conf = { 0 };
	const char *name, *key;
	json_t *entries, *value;

	setup_conf_read(&conf);
	json_object_foreach((json_t *)before, name, entries)
		json_object_foreach(entries, key, value) {
			const char *path = json_string_value(value);

			if (text_has_suffix(key, "_file") && is_our_secret(name, path) &&
			    !is_named(&conf, path) && unlink(path) < 0 && errno != ENOENT)
				complain("%s cannot be removed: %s", path, strerror(errno));
		}
}

/* --- changes --- */

void setup_change(struct setup *setup, const char *name, json_t *sections)
{
	if (setup->n_changes == SETUP_FILES_MAX)
		abort();
	setup->changes[setup->n_changes++] = (struct setup_change){ name, sections };
}

enum exit_code setup_mistakes(struct ctl *ctl, const struct setup_change *changes, size_t n,
			      json_t **ret_rows)
{
	json_t *texts = json_object();

	for (size_t i = 0; i < n; i++) {
		_cleanup_(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

		setup_drop_in_text(changes[i].sections, &text);
		if (buf_failed(&text)) {
			complain("this is too long for a file of the configuration");
			json_decref(texts);
			return EXIT_NO;
		}
		(void)json_object_set_new(texts, changes[i].name, json_string(buf_text(&text)));
	}
	return bus_admin(ctl, "CheckDropIns", json_pack("[o]", texts), ret_rows);
}

void setup_complain_mistakes(const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
		complain("%s:%lld: %s", json_string_value(json_object_get(row, "file")),
			 (long long)json_integer_value(json_object_get(row, "line")),
			 json_string_value(json_object_get(row, "text")));
}

/* How a file was, to go back there. */
struct past {
	char *path;
	struct buf text;
	bool is_changed;
};

static int put(const char *path, const struct buf *text)
{
	static const struct file_kind kind = { .mode = 0644, .gid = 0, .durable = true };

	if (text->len)
		return file_replace(path, &kind, text->data, text->len);
	return unlink(path) < 0 && errno != ENOENT ? -errno : 0;
}

/* What is there must be of our writing, for the whole file goes. */
static enum exit_code remember(const char *name, struct past *past)
{
	int r;

	*past = (struct past){ .text = BUF_INIT(TEXT_MAX) };
	past->path = text_format("%s/%s", SETUP_FOLDER, name);
	r = load(past->path, &past->text);
	if (r == 0 || r == -ENOENT)
		return EXIT_DONE;
	complain("%s: %s", past->path,
		 r == -EPERM ? "it was not written by jauthctl" : strerror(-r));
	return EXIT_NO;
}

static enum exit_code write_change(const struct setup_change *change, struct past *past)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(TEXT_MAX);
	enum exit_code code = remember(change->name, past);
	int r;

	if (code != EXIT_DONE)
		return code;
	setup_drop_in_text(change->sections, &text);
	r = buf_failed(&text) ? -EFBIG : put(past->path, &text);
	past->is_changed = true;
	if (r == 0)
		return EXIT_DONE;
	complain("%s cannot be written: %s", past->path, strerror(-r));
	return EXIT_NO;
}

/* In the opposite order. */
static void go_back(struct past *pasts, size_t n)
{
	while (n-- > 0) {
		struct past *past = &pasts[n];
		int r = past->is_changed ? put(past->path, &past->text) : 0;

		if (r < 0)
			complain("%s cannot be put back: %s", past->path, strerror(-r));
	}
}

static enum exit_code write_all(struct setup *setup, struct past pasts[SETUP_FILES_MAX])
{
	enum exit_code code = EXIT_DONE;
	size_t n = 0;

	for (; n < setup->n_changes && code == EXIT_DONE; n++)
		code = write_change(&setup->changes[n], &pasts[n]);
	if (code == EXIT_DONE)
		code = bus_admin(setup->ctl, "Reload", json_array(), NULL);
	if (code != EXIT_DONE)
		go_back(pasts, n);
	return code;
}

enum exit_code setup_apply(struct setup *setup)
{
	struct past pasts[SETUP_FILES_MAX] = { 0 };
	enum exit_code code;
	json_t *mistakes;

	code = setup_mistakes(setup->ctl, setup->changes, setup->n_changes, &mistakes);
	if (code != EXIT_DONE)
		return code;
	setup_complain_mistakes(mistakes);
	if (json_array_size(mistakes))
		code = EXIT_NO;
	json_decref(mistakes);
	if (code == EXIT_DONE)
		code = write_all(setup, pasts);
	for (size_t i = 0; i < SETUP_FILES_MAX; i++) {
		free(pasts[i].path);
		buf_done(&pasts[i].text);
	}
	if (code == EXIT_DONE)
		setup->new_secrets = list_free(setup->new_secrets);      /* they are named now */
	return code;
}
