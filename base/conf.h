/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Configuration files: sections of key = value lines, read strictly, every mistake kept.
 *
 *   # comment (also ;), alone on its line
 *   [section name]
 *   key = value            the value runs to the end of the line, outer blanks removed
 *
 * Two steps. conf_read() turns files into sections and remembers file and line.
 * conf_apply() fills a struct from one section by a table of rows; unknown keys,
 * keys given twice in one file, values out of bounds and missing required keys become
 * mistakes. A later file overrides a key of an earlier one and adds to its section.
 * Nothing here stops at the first mistake.
 *
 * Limits: 256 KiB a file, 64 files, 4096 bytes a line, 4096 lines with content.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"

enum conf_kind {
	CONF_TEXT,       /* char *: min..max bytes of UTF-8 without control characters */
	CONF_BOOL,       /* bool: yes, no */
	CONF_NUMBER,     /* int64_t, min..max */
	CONF_DURATION,   /* int64_t seconds, min..max; "90", "90s", "3min", "2h", "1d" */
	CONF_CHOICE,     /* int: index into `choices` */
	CONF_LIST,       /* char **: split at commas, no empty parts; min..max parts */
	CONF_URL,        /* char *: https URL */
	/* struct secret *: `NAME_file = /path` or `NAME_credential = ID` (of systemd, from
	 * $CREDENTIALS_DIRECTORY); `NAME = …` itself is a mistake that says so. One trailing
	 * newline is dropped. min..max bytes. The file must be a regular file, not readable or
	 * writable for others, owned by root or by us. */
	CONF_SECRET,
};

enum conf_flag {
	CONF_REQUIRED = 1 << 0,
};

/* One row of a key table. Rows end with one whose name is NULL. */
struct conf_key {
	const char *name;
	enum conf_kind kind;
	size_t offset;               /* of the field in the struct that is filled */
	unsigned flags;
	int64_t min, max;            /* see conf_kind; 0,0: no bounds but the kind's own */
	const char *const *choices;  /* CONF_CHOICE: NULL-terminated */
	const char *fallback;        /* written as in the file; NULL: 0, false, NULL */
	const char *help;            /* one line for sample file and manual */
};

/* A mistake says where, what, and what would be right. */
struct conf_mistake {
	char *file;
	unsigned line;               /* 0: the file as a whole */
	char *text;
};

struct conf_report {
	struct conf_mistake *mistakes;
	size_t n_mistakes;           /* at most CONF_MISTAKES_MAX are kept */
};

#define CONF_MISTAKES_MAX 100

void conf_mistake(struct conf_report *report, const char *file, unsigned line,
		  const char *format, ...) PRINTF_LIKE(4, 5);
void conf_report_done(struct conf_report *report);

struct conf_entry {
	char *key, *value;
	char *file;
	unsigned line;
	struct conf_entry *before;   /* what an earlier file said, which does not count; or NULL */
};

struct conf_section {
	char *name;                  /* "method work": inner blanks folded to one */
	char *file;                  /* of its first appearance */
	unsigned line;
	struct conf_entry *entries;
	size_t n_entries;
};

/* A file among the drop-ins that is not there yet, or differs from what is there. */
struct conf_drop_in {
	const char *name;            /* "method-work.conf"; no folder */
	const char *text;            /* NULL: as if there were none of this name */
	size_t len;
};

struct conf {
	struct conf_section *sections;   /* in order of first appearance */
	size_t n_sections;
	/* Set before reading, or NULL: a section of exactly this name is a new one wherever it
	 * appears. All others with one name are one section. Not copied. */
	const char *separate;
	/* Set before reading, in the order of their names: conf_read() takes these in the place of
	 * those on the disk. Not copied. */
	const struct conf_drop_in *drop_ins;
	size_t n_drop_ins;
};

/* `conf` has no sections yet. Reads `path`, then every "*.conf" of `path`.d in the order of
 * their names (the folder may be missing). 0, or -errno when `path` itself cannot be opened;
 * syntax mistakes go into the report. */
int conf_read(const char *path, struct conf *conf, struct conf_report *report);
/* One text as if it were a file; for tests and fuzzing. */
void conf_read_text(const char *text, size_t len, const char *name, struct conf *conf,
		    struct conf_report *report);
void conf_done(struct conf *conf);

const struct conf_entry *conf_find(const struct conf_section *section, const char *key);
/* A mistake about one key, at its line or, where it is absent, the section's: `"key" text`. */
void conf_mistake_key(struct conf_report *report, const struct conf_section *section,
		      const char *key, const char *text);

/* Fills `target` (zeroed by the caller) from `section` by the tables, a NULL-terminated list
 * of tables so that common and special keys can be combined; each table's offsets are
 * applied to the target of the same index. `section` may be NULL: only fallbacks. */
struct conf_table {
	const struct conf_key *keys;
	void *target;
};
void conf_apply(const struct conf_section *section, const struct conf_table *tables,
		size_t n_tables, struct conf_report *report);
/* "90", "90s", "3min", "2h", "1d"; -1: none of these. */
int64_t conf_duration_s(const char *text);
/* Frees what conf_apply() allocated in `target` and zeroes those fields. */
void conf_release(const struct conf_key *keys, void *target);
