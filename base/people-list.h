/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may become a user by his telephone number, one to a line:
 *
 *   # comment
 *   NUMBER NAME [@GROUP]... [FULL NAME]
 *
 *   +8613900001234 zhangsan @ops @dev 张三
 *
 * A number has no blanks here; NAME and GROUP are [a-z][a-z0-9_-]{0,30}. Read strictly: no number
 * and no name twice, and a last line without an end is half of one. A file that is not right in one
 * line is not right at all.
 */
#pragma once

#include <stddef.h>

#include "base/buf.h"
#include "base/phone.h"

#define PEOPLE_LIST_ROWS_MAX   10000
#define PEOPLE_LIST_GROUPS_MAX 32                /* of one person */
#define PEOPLE_LIST_NAME_MAX   31
#define PEOPLE_LIST_FULL_MAX   240               /* bytes of a full name */
#define PEOPLE_LIST_BYTES_MAX  (2 * 1024 * 1024)

struct people_list_row {
	char number[PHONE_SIZE];         /* E.164; wiped by people_list_wipe() */
	char name[PEOPLE_LIST_NAME_MAX + 1];
	char *full_name;                 /* one line of UTF-8, foreign otherwise; or "" */
	unsigned line;
};

/* Somebody in a group; who is in none stands in "". */
struct people_list_place {
	char *group;
	size_t row;
};

struct people_list {
	struct people_list_row *rows;    /* as in the file */
	size_t n_rows;
	struct people_list_place *places;        /* by group, then as in the file */
	size_t n_places;
};

/* `country`: of numbers without a calling code; NULL: there are none. 0; or -EINVAL and a sentence
 * in `why`, with the line and never a number. */
int people_list_parse(const char *text, size_t len, const struct phone_country *country,
		      struct people_list **ret_list, struct buf *why);
/* A regular file, no symbolic link, of root or of us, that only its owner may write and others may
 * not read. As above, with the path in the sentence; also -errno. */
int people_list_read(const char *path, const struct phone_country *country,
		     struct people_list **ret_list, struct buf *why);
/* Takes the numbers away. */
void people_list_wipe(struct people_list *list);
struct people_list *people_list_free(struct people_list *list);          /* NULL is fine */
