/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/uid-overrides.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/macro.h"
#include "base/text.h"

#define BLANKS " \t"
#define LINE_MAX_BYTES 4096

struct row {
	char *issuer, *subject;
	uint32_t uid;
	unsigned line;
};

struct uid_overrides {
	struct row *rows;                /* sorted by issuer and subject */
	size_t n, size;
};

/* Points into a line that was copied. */
struct parts {
	const char *issuer, *subject, *uid;
};

bool uid_is_ours(int64_t uid)
{
	return (uid >= UID_LOCAL_FIRST && uid <= UID_LOCAL_LAST) ||
	       (uid >= UID_FLEET_FIRST && uid <= UID_FLEET_LAST);
}

/* --- a line --- */

/* Cuts blanks at both ends. */
static char *trimmed(char *text)
{
	size_t len;

	text += strspn(text, BLANKS);
	for (len = strlen(text); len && strchr(BLANKS, text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

/* Cuts `line` into its three parts. */
static bool split(char *line, struct parts *ret_parts)
{
	char *issuer = trimmed(line), *subject, *uid;
	size_t len = strcspn(issuer, BLANKS);

	if (!issuer[len])
		return false;
	issuer[len] = '\0';
	subject = trimmed(issuer + len + 1);
	for (uid = subject + strlen(subject); uid > subject && !strchr(BLANKS, uid[-1]); uid--)
		;
	if (uid == subject)
		return false;
	uid[-1] = '\0';
	*ret_parts = (struct parts){ issuer, trimmed(subject), uid };
	return *ret_parts->issuer && *ret_parts->subject && *uid;
}

/* The next line of the text, without its end; NULL behind the last. */
static const char *next_line(const char **at, const char *end, size_t *ret_len)
{
	const char *line = *at;
	const char *newline;

	if (line == end)
		return NULL;
	newline = memchr(line, '\n', (size_t)(end - line));
	*ret_len = (size_t)((newline ? newline : end) - line);
	*at = newline ? newline + 1 : end;
	return line;
}

static bool is_comment(const char *line, size_t len)
{
	size_t i = 0;

	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	return i == len || line[i] == '#';
}

static bool is_readable(const char *line, size_t len)
{
	if (len > LINE_MAX_BYTES || memchr(line, '\0', len))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' && line[i] != '\t')
			return false;
	return text_is_utf8(line, len);
}

/* NULL, or what is wrong with it. */
static const char *parse_line(const char *line, size_t len, struct row *ret_row)
{
	_cleanup_free_ char *copy = NULL;
	struct parts parts;
	int64_t uid;

	if (!is_readable(line, len))
		return "the line is too long, or is not UTF-8 text";
	copy = strndup(line, len);
	if (!copy)
		abort();
	if (!split(copy, &parts))
		return "write ISSUER SUBJECT UID";
	if (text_to_number(parts.uid, 0, UINT32_MAX, &uid) < 0)
		return "the last word must be a number";
	if (!uid_is_ours(uid))
		return "jauth gives out 65536 to 199999 and 2013265920 to 2147483646 only";
	ret_row->issuer = text_copy(parts.issuer);
	ret_row->subject = text_copy(parts.subject);
	ret_row->uid = (uint32_t)uid;
	return NULL;
}

/* --- all of them --- */

static void add_row(struct uid_overrides *overrides, const struct row *row)
{
	if (overrides->n == overrides->size) {
		overrides->size = overrides->size ? overrides->size * 2 : 16;
		overrides->rows = reallocarray(overrides->rows, overrides->size, sizeof(*row));
		if (!overrides->rows)
			abort();
	}
	overrides->rows[overrides->n++] = *row;
}

static int by_identity(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	int order = strcmp(left->issuer, right->issuer);

	return order ? order : strcmp(left->subject, right->subject);
}

static bool is_group(const struct row *row)
{
	return text_equals(row->issuer, UID_OVERRIDES_GROUP);
}

/* Users and groups are numbered apart. */
static int by_uid(const void *a, const void *b)
{
	const struct row *left = *(const struct row *const *)a;
	const struct row *right = *(const struct row *const *)b;

	if (is_group(left) != is_group(right))
		return is_group(left) - is_group(right);
	if (left->uid != right->uid)
		return left->uid < right->uid ? -1 : 1;
	return (left->line > right->line) - (left->line < right->line);
}

static void refuse_equal_identities(const struct uid_overrides *overrides, const char *name,
				    struct conf_report *report)
{
	for (size_t i = 1; i < overrides->n; i++) {
		const struct row *a = &overrides->rows[i - 1], *b = &overrides->rows[i];

		if (by_identity(a, b) == 0)
			conf_mistake(report, name, MAX(a->line, b->line),
				     "this identity stands in line %u already",
				     MIN(a->line, b->line));
	}
}

static void refuse_equal_uids(const struct uid_overrides *overrides, const char *name,
			      struct conf_report *report)
{
	_cleanup_free_ const struct row **rows = calloc(overrides->n + 1, sizeof(*rows));

	if (!rows)
		abort();
	for (size_t i = 0; i < overrides->n; i++)
		rows[i] = &overrides->rows[i];
	qsort(rows, overrides->n, sizeof(*rows), by_uid);
	for (size_t i = 1; i < overrides->n; i++)
		if (rows[i]->uid == rows[i - 1]->uid && is_group(rows[i]) == is_group(rows[i - 1]))
			conf_mistake(report, name, rows[i]->line,
				     "this number stands in line %u already", rows[i - 1]->line);
}

struct uid_overrides *uid_overrides_parse(const char *text, size_t len, const char *name,
					  struct conf_report *report)
{
	struct uid_overrides *overrides = calloc(1, sizeof(*overrides));
	const char *at = text, *line;
	unsigned number = 0;
	size_t line_len = 0;

	if (!overrides)
		abort();
	while ((line = next_line(&at, text + len, &line_len))) {
		struct row row = { .line = ++number };
		const char *wrong;

		if (is_comment(line, line_len))
			continue;
		if (overrides->n == UID_OVERRIDES_MAX) {
			conf_mistake(report, name, number, "more than %d rows", UID_OVERRIDES_MAX);
			break;
		}
		wrong = parse_line(line, line_len, &row);
		if (wrong)
			conf_mistake(report, name, number, "%s", wrong);
		else
			add_row(overrides, &row);
	}
	if (overrides->n)
		qsort(overrides->rows, overrides->n, sizeof(*overrides->rows), by_identity);
	refuse_equal_identities(overrides, name, report);
	refuse_equal_uids(overrides, name, report);
	return overrides;
}

struct uid_overrides *uid_overrides_free(struct uid_overrides *overrides)
{
	if (!overrides)
		return NULL;
	for (size_t i = 0; i < overrides->n; i++) {
		free(overrides->rows[i].issuer);
		free(overrides->rows[i].subject);
	}
	free(overrides->rows);
	free(overrides);
	return NULL;
}

size_t uid_overrides_count(const struct uid_overrides *overrides)
{
	return overrides ? overrides->n : 0;
}

bool uid_overrides_find(const struct uid_overrides *overrides, const char *issuer,
			const char *subject, uint32_t *ret_uid)
{
	const struct row key = { .issuer = (char *)issuer, .subject = (char *)subject };
	const struct row *row;

	if (!overrides || !overrides->n)
		return false;
	row = bsearch(&key, overrides->rows, overrides->n, sizeof(key), by_identity);
	if (row)
		*ret_uid = row->uid;
	return row != NULL;
}

/* --- files --- */

/* Who may write here decides whose files somebody gets. */
static const char *fault_of(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return "must be owned by root";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "must not be writable for others than its owner; chmod go-w it";
	if (st->st_size > UID_OVERRIDES_BYTES_MAX)
		return "is too large";
	return NULL;
}

int uid_overrides_read(const char *path, struct uid_overrides **ret_overrides,
		       struct conf_report *report)
{
	_cleanup_(buf_done) struct buf text = BUF_INIT(UID_OVERRIDES_BYTES_MAX);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *fault;
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = -errno;
	fault = r == 0 ? fault_of(&st) : NULL;
	if (fault) {
		conf_mistake(report, path, 0, "%s %s", path, fault);
		return -EPERM;
	}
	if (r == 0)
		r = file_read_rest(fd, &text);
	if (r < 0) {
		conf_mistake(report, path, 0, "%s: %s", path, strerror(-r));
		return r;
	}
	*ret_overrides = uid_overrides_parse(buf_text(&text), text.len, path, report);
	return 0;
}

/* --- writing --- */

static bool is_row_of(const char *line, size_t len, const char *issuer, const char *subject)
{
	_cleanup_free_ char *copy = NULL;
	struct parts parts;

	if (is_comment(line, len) || !is_readable(line, len))
		return false;
	copy = strndup(line, len);
	if (!copy)
		abort();
	return split(copy, &parts) && text_equals(parts.issuer, issuer) &&
	       text_equals(parts.subject, subject);
}

int uid_overrides_set(const char *text, size_t len, const char *issuer, const char *subject,
		      uint32_t uid, struct buf *ret_text)
{
	_cleanup_free_ char *row = text_format("%s %s %u", issuer, subject, uid);
	struct row parsed = { 0 };
	const char *at = text, *line;
	size_t line_len = 0;
	bool is_same;

	if (is_comment(row, strlen(row)) || parse_line(row, strlen(row), &parsed))
		return -EINVAL;
	is_same = text_equals(parsed.issuer, issuer) && text_equals(parsed.subject, subject);
	free(parsed.issuer);
	free(parsed.subject);
	if (!is_same)
		return -EINVAL;
	while ((line = next_line(&at, text + len, &line_len))) {
		if (is_row_of(line, line_len, issuer, subject))
			continue;
		buf_add(ret_text, line, line_len);
		buf_add_char(ret_text, '\n');
	}
	buf_add_format(ret_text, "%s\n", row);
	return buf_failed(ret_text) ? -E2BIG : 0;
}
