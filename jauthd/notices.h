/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a user is told of the identities that may log in as him: at his next logins, and by messages
 * of the apps that are linked to him. Store thread only, but notice_text().
 *
 * Whoever got into an account could use a notice up by logging in once; so it is told at every
 * login for NOTICE_TOLD_S after the first one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/catalog.h"
#include "base/url.h"
#include "jauthd/limits.h"
#include "jauthd/store.h"
#include "providers/provider.h"

enum notice_kind {
	NOTICE_LINKED,           /* from now on the identity may log in as the user */
	NOTICE_UNLINKED,         /* no longer */
	NOTICE_REFUSED,          /* what waited for the user's word has his no */
	NOTICE_GLASS,            /* a break-glass code of `subject` was used, from `issuer` */
	NOTICE_RECOVERED,        /* the same for the user, by a recovery: he may link something */
	N_NOTICES
};

struct notice {
	int64_t id;              /* given by notice_add() */
	enum notice_kind kind;
	char user[USER_NAME_MAX + 1];
	int64_t uid;
	char issuer[URL_MAX + 1], subject[IDENTITY_TEXT_MAX + 1];
	char display[IDENTITY_TEXT_MAX + 1];     /* a name the person chose; or "" */
	int64_t time_s;
	bool is_sent;            /* no messages: many at once, by a sysadmin */
};

/* What is longer than a field is cut. */
struct notice notice_make(enum notice_kind kind, const char *user, int64_t uid);
void notice_set_identity(struct notice *notice, const char *issuer, const char *subject,
			 const char *display);

/* In place of a uid: whoever has the name. */
#define NOTICE_ANY_UID INT64_C(-1)

/* A user's oldest ones go when he has too many. */
int notice_add(struct db *db, const struct notice *notice);

struct notices {
	struct notice rows[NOTICES_SHOWN_MAX];   /* the newest, oldest first */
	size_t n;
	int64_t n_more;          /* older ones that are told nowhere but in the log */
};

/* What this user, name and uid, is to be told at a login at `now_s`; it counts as told. */
int notices_tell(struct db *db, const char *user, int64_t uid, int64_t now_s,
		 struct notices *ret_notices);
/* How many changes of links this user was told of, or is to be, in the day before `now_s`. */
int notices_count_day(struct db *db, const char *user, int64_t uid, int64_t now_s,
		      int64_t *ret_n);
/* The oldest one that is to go out by messages, and from now on it is not: once, or never.
 * -ENOENT. */
int notice_take_unsent(struct db *db, struct notice *ret_notice);
int notices_trim(struct db *db, int64_t now_s);

/* One line, in `language` (as catalogs_text()); with `host` also where, for who reads it elsewhere.
 * `ascii`: nothing but ASCII. Not cleaned: what is foreign in it is still foreign. */
struct notice_style {
	const struct catalogs *catalogs;
	const char *language;
	const char *host;                /* NULL: here */
	bool ascii;
};
void notice_text(const struct notice *notice, const struct notice_style *style, struct buf *buf);
