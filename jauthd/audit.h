/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every decision is one row and one log line. Store thread only, but audit_log().
 * Rows are capped by number and age (audit_trim()); the request id is what the person saw.
 */
#pragma once

#include <stdint.h>

#include "jauthd/limits.h"
#include "jauthd/store.h"

struct audit_row {
	int64_t id, time_s;
	char request[17];                /* 16 lower-case hex digits */
	char kind[24];                   /* "login", "account", "password", "admin",
					  * "enrol", "test", "link", "break-glass" */
	char user[USER_NAME_MAX + 1];    /* no such user: "?" and throttle_user_hash() */
	int64_t uid;                     /* -1: unknown */
	char service[64];
	char origin[16];                 /* "local", "remote" */
	char source[64];                 /* address, tty or "uid N" */
	char method[METHOD_ID_MAX * FACTORS_MAX + FACTORS_MAX * 3 + 1];  /* "password + work" */
	char outcome[24];                /* a word of login_state_names */
	char reason[AUDIT_TEXT_MAX];     /* cleaned */
	char note[AUDIT_TEXT_MAX];       /* what the methods add: login_note(); cleaned */
	char issuer[AUDIT_TEXT_MAX], subject[AUDIT_TEXT_MAX];    /* the identity; "": none */
	char display[AUDIT_TEXT_MAX];    /* a name the person chose */
	char mapped_method[METHOD_ID_MAX + 1];   /* whose identity this is */
	char mapping[16];                /* how it was mapped: "link", "rule", "person", "self"; "":
	                                  * not */
};

/* ret_id may be NULL. */
int audit_add(struct db *db, const struct audit_row *row, int64_t *ret_id);
/* To the journal: key=value, one line, cleaned. Any thread. */
void audit_log(const struct audit_row *row);
/* Deletes beyond `rows_max` and older than `days`, at most AUDIT_TRIM_ROWS of each a call: logins
 * wait for the same thread. */
int audit_trim(struct db *db, int64_t now_s, int64_t days, int64_t rows_max);

struct audit_filter {
	const char *user, *service, *outcome, *request;  /* exact; NULL: any */
	int64_t since_s, after_id;                       /* 0: any */
	int64_t limit;                                   /* newest rows, given oldest first */
};
int audit_each(struct db *db, const struct audit_filter *filter,
	       int (*each)(const struct audit_row *row, void *context), void *context);
/* The granted login with this request id; -ENOENT. */
int audit_find_granted(struct db *db, const char *request, struct audit_row *ret_row);
