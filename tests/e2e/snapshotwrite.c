/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Writes a snapshot of what stands on its input, for tests and the benchmark:
 *
 *   snapshotwrite FILE
 *
 * A line is one of these, its fields between tabs; in the keys "\n" stands for a new line:
 *
 *   user NAME UID GID HOME SHELL REAL-NAME locked|active KEYS
 *   group NAME GID DESCRIPTION
 *   member USER GROUP
 *   many N UID GID GROUPS     users p0 … of these and the following uids, each in GROUPS groups
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "base/snapshot.h"
#include "base/text.h"

#define FIELDS_MAX 9

static uint32_t number(const char *text)
{
	int64_t found = -1;

	if (text_to_number(text, 0, UINT32_MAX, &found) < 0) {
		(void)fprintf(stderr, "no number: %s\n", text);
		exit(EXIT_FAILURE);
	}
	return (uint32_t)found;
}

/* In place. */
static char *unescape(char *keys)
{
	char *to = keys;

	for (const char *from = keys; *from; from++) {
		bool is_line_end = from[0] == '\\' && from[1] == 'n';

		*to++ = is_line_end ? '\n' : *from;
		from += is_line_end;
	}
	*to = '\0';
	return keys;
}

static int add_user(struct snapshot_writer *writer, char **fields)
{
	struct snapshot_user user = {
		.name = fields[1], .uid = number(fields[2]), .gid = number(fields[3]),
		.home = fields[4], .shell = fields[5], .real_name = fields[6],
		.is_locked = text_equals(fields[7], "locked"), .ssh_keys = unescape(fields[8]),
	};

	return snapshot_add_user(writer, &user);
}

static int add_group(struct snapshot_writer *writer, char **fields)
{
	struct snapshot_group group = {
		.name = fields[1], .gid = number(fields[2]), .description = fields[3],
	};

	return snapshot_add_group(writer, &group);
}

static int add_member(struct snapshot_writer *writer, char **fields)
{
	return snapshot_add_member(writer, fields[1], fields[2]);
}

/* 100 users to a group, or ten groups; the groups' gids begin behind the last user's uid. */
static int add_many(struct snapshot_writer *writer, char **fields)
{
	uint32_t n = number(fields[1]), uid = number(fields[2]), n_each = number(fields[4]);
	uint32_t n_groups = n / 100 + 10;
	char name[32], home[48], group_name[32];
	struct snapshot_user user = {
		.name = name, .home = home, .shell = "/bin/bash", .gid = number(fields[3]),
	};
	int r = 0;

	for (uint32_t i = 0; i < n_groups && r == 0; i++) {
		struct snapshot_group group = { .name = group_name, .gid = uid + n + i };

		(void)snprintf(group_name, sizeof(group_name), "g%u", i);
		r = snapshot_add_group(writer, &group);
	}
	for (uint32_t i = 0; i < n && r == 0; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		(void)snprintf(home, sizeof(home), "/home/p%u", i);
		user.uid = uid + i;
		r = snapshot_add_user(writer, &user);
		for (uint32_t k = 0; k < n_each && r == 0; k++) {
			(void)snprintf(group_name, sizeof(group_name), "g%u",
				       (i + k * 7) % n_groups);
			r = snapshot_add_member(writer, name, group_name);
		}
	}
	return r;
}

static const struct {
	const char *word;
	size_t n_fields;
	int (*add)(struct snapshot_writer *writer, char **fields);
} lines[] = {
	{ "user", 9, add_user },
	{ "group", 4, add_group },
	{ "member", 3, add_member },
	{ "many", 5, add_many },
};

static int add_line(struct snapshot_writer *writer, char *line)
{
	char *fields[FIELDS_MAX + 1] = { NULL };
	size_t n = 0;

	while (n <= FIELDS_MAX && (fields[n] = strsep(&line, "\t")))
		n++;
	for (size_t i = 0; i < N_ELEMENTS(lines); i++)
		if (text_equals(lines[i].word, fields[0]) && lines[i].n_fields == n)
			return lines[i].add(writer, fields);
	return -EBADMSG;
}

int main(int argc, char **argv)
{
	struct snapshot_writer *writer = snapshot_writer_new();
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int r = argc == 2 ? 0 : -EINVAL;

	while (r == 0 && (len = getline(&line, &size, stdin)) > 0) {
		line[len - 1] = '\0';
		r = add_line(writer, line);
		if (r < 0)
			(void)fprintf(stderr, "%s: %s\n", line, strerror(-r));
	}
	free(line);
	if (r == 0)
		r = snapshot_write(writer, argv[1]);
	snapshot_writer_free(writer);
	if (r < 0)
		(void)fprintf(stderr, "snapshotwrite: %s\n", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
