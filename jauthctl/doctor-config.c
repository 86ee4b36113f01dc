/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor: the configuration: its mistakes, what stands in two files, who may change it. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "jauthctl/child.h"
#include "jauthctl/doctor.h"

#define JAUTHD      JAUTH_SBINDIR "/jauthd"
#define FOLDER      DOCTOR_CONFIG ".d"
#define SUFFIX      ".conf"
#define TIMEOUT_MS  20000
#define FILE_MAX    (256 * 1024)
#define UNREAD_MAX  20                   /* rows; who has more sees the first ones */

/* --- mistakes --- */

static void judge_mistakes(struct doctor *doctor)
{
	static const char *const argv[] = { JAUTHD, "--check", NULL };
	const struct child child = { argv, TIMEOUT_MS, true };
	_cleanup_(buf_done) struct buf out = BUF_INIT(16 * 1024);
	int r = child_run(&child, &out);
	const char *text = buf_text(&out);

	if (r == 0)
		note(doctor, VERDICT_OK, "", "jauthd --check finds no mistake");
	else if (r < 0)
		note(doctor, VERDICT_BROKEN, N_("is jauth installed whole?"), "%s: %s", JAUTHD,
		     strerror(-r));
	else
		note(doctor, VERDICT_BROKEN, N_("jauthctl check names every mistake"), "%.*s",
		     (int)strcspn(text, "\n"), text);
}

/* --- what stands in two files --- */

/* Whether a command of ours keeps the file. */
static bool is_of_jauthctl(const char *path)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(FILE_MAX);

	return file_read(path, &text) == 0 &&
	       text_has_prefix(buf_text(&text), "# Written by jauthctl ");
}

/* Who overrides by hand what stands in another file of his own means it. */
static void judge_override(struct doctor *doctor, const char *section,
			   const struct conf_entry *counts, const struct conf_entry *idle)
{
	bool is_kept = is_of_jauthctl(counts->file);
	_cleanup_free_ char *fix = NULL;

	if (!is_kept && !is_of_jauthctl(idle->file)) {
		note(doctor, VERDICT_OK, "", "[%s] %s: %s:%u counts, and not %s:%u", section,
		     counts->key, counts->file, counts->line, idle->file, idle->line);
		return;
	}
	if (is_kept)
		fix = fix_text(doctor, "take %s:%u away; what shall count is written in %s",
			       idle->file, idle->line, counts->file);
	else
		fix = fix_text(doctor, "take %s:%u away, so that what jauthctl writes counts",
			       counts->file, counts->line);
	note(doctor, VERDICT_WARNING, fix,
	     "[%s] %s stands in two files with different values: %s:%u counts, and %s:%u has "
	     "no effect", section, counts->key, counts->file, counts->line, idle->file, idle->line);
}

static void judge_overrides(struct doctor *doctor)
{
	for (size_t i = 0; i < doctor->conf.n_sections; i++) {
		const struct conf_section *section = &doctor->conf.sections[i];

		for (size_t k = 0; k < section->n_entries; k++) {
			const struct conf_entry *entry = &section->entries[k], *before;

			for (before = entry->before; before; before = before->before)
				if (!text_equals(before->value, entry->value))
					judge_override(doctor, section->name, entry, before);
		}
	}
}

/* --- who may change it --- */

static bool others_may_write(const struct stat *st)
{
	return st->st_mode & S_IWOTH || (st->st_mode & S_IWGRP && st->st_gid != 0);
}

/* One that is missing, or is a link to nothing, is told by jauthd --check. */
static bool judge_place(struct doctor *doctor, const char *path)
{
	_cleanup_free_ char *fix = text_format("chown root %s; chmod go-w %s", path, path);
	struct stat st;

	if (stat(path, &st) < 0)
		return true;
	if (st.st_uid != 0 || others_may_write(&st)) {
		note(doctor, VERDICT_BROKEN, fix,
		     "%s can be changed by others than root, who so decide who may log in", path);
		return false;
	}
	if (doctor_jauthd_may_read(path))
		return true;
	free(fix);
	fix = text_format("chmod a+rX %s", path);
	note(doctor, VERDICT_BROKEN, fix, "%s: jauthd, which runs as jauth, cannot read it", path);
	return false;
}

static int is_drop_in(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && text_has_suffix(entry->d_name, SUFFIX);
}

static void judge_places(struct doctor *doctor)
{
	static const char *const fixed[] = { JAUTH_CONFDIR, DOCTOR_CONFIG, FOLDER };
	struct dirent **entries = NULL;
	bool is_right = true;
	int n;

	for (size_t i = 0; i < N_ELEMENTS(fixed); i++)
		is_right &= judge_place(doctor, fixed[i]);
	n = scandir(FOLDER, &entries, is_drop_in, alphasort);
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = text_format(FOLDER "/%s", entries[i]->d_name);

		is_right &= judge_place(doctor, path);
		free(entries[i]);
	}
	free(entries);
	if (is_right)
		note(doctor, VERDICT_OK, "", "only root may change it, and jauthd may read it");
}

/* --- what is not read --- */

/* What editors and packages leave. */
static bool is_copy(const char *name)
{
	static const char *const endings[] = {
		"~", "#", ".swp", ".swo", ".bak", ".orig", ".rej", ".old", ".save",
		".rpmnew", ".rpmsave", ".rpmorig", ".dpkg-old", ".dpkg-new", ".dpkg-dist",
		".dpkg-bak", ".ucf-old", ".ucf-new", ".ucf-dist",
	};

	for (size_t i = 0; i < N_ELEMENTS(endings); i++)
		if (text_has_suffix(name, endings[i]))
			return true;
	return false;
}

/* A ".conf.tmp" is jauthctl's, which is writing it. */
static int is_unread(const struct dirent *entry)
{
	const char *name = entry->d_name;

	if (is_drop_in(entry) || text_has_suffix(name, SUFFIX ".tmp") ||
	    text_has_prefix(name, "README"))
		return false;
	return name[0] != '.' || strstr(name, SUFFIX);
}

static void judge_unread(struct doctor *doctor)
{
	struct dirent **entries = NULL;
	int n = scandir(FOLDER, &entries, is_unread, alphasort);

	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (i < UNREAD_MAX)
			note(doctor, VERDICT_WARNING, is_copy(name) ?
			     N_("compare it with the file it was made from, and take it away") :
			     N_("give it a name that ends in .conf, or take it away"),
			     "%s/%s is not read, because of its name", FOLDER, name);
		free(entries[i]);
	}
	free(entries);
}

void check_configuration(struct doctor *doctor)
{
	judge_mistakes(doctor);
	judge_places(doctor);
	judge_overrides(doctor);
	judge_unread(doctor);
}
