/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What providers ask of the store: numbers, counts of messages, codes, TOTP keys. For
 * login-checks.c and login-codes.c only.
 *
 * A check is a job of one transaction with copies of all it needs, since the login may be gone when
 * it is done; then it is told to nobody, and what was counted stays counted.
 *
 * Who does not exist costs the same work under the name that was typed, with a uid that no row has.
 */
#pragma once

#include "jauthd/audit.h"
#include "jauthd/budget.h"
#include "jauthd/enrolments.h"
#include "jauthd/login-private.h"
#include "jauthd/phones.h"

#define UID_NONE INT64_C(-2)

struct check;

struct check_kind {
	/* On the store's thread: 0, or -errno and the transaction is rolled back. */
	int (*run)(struct check *check, struct db *db);
	/* On the loop, where the login still waits. With check->error nothing else holds. MAY be
	 * NULL. */
	void (*tell)(struct login *login, struct check *check);
	/* On the loop before that, whether or not the login still waits. MAY be NULL. */
	void (*after)(struct check *check);
};

struct check {
	struct job job;
	const struct check_kind *kind;
	struct logins *logins;
	uint64_t login;
	uint32_t number;
	struct config *config;
	int64_t now_s;
	/* who asks */
	char user[USER_NAME_MAX + 1];
	int64_t uid;
	char source[64];
	const char *scope;               /* the provider's literal */
	bool is_proved;
	/* what for */
	int64_t newer_than_s;            /* of numbers */
	struct phone_record phones[PHONES_PER_USER_MAX];         /* found; or the one at hand */
	size_t n_phones;
	bool is_full;                    /* no room for another open code */
	int64_t cost, send;
	struct code_tag tag;             /* of what was entered */
	int64_t phone_id;
	struct secret *secret;           /* entry, or a TOTP key */
	int64_t window;
	struct totp_enrolment enrolment;
	struct secret *recovery[RECOVERY_CODES_MAX];
	struct audit_row *row;           /* of a break-glass code that is right; or NULL */
	/* what came of it */
	int error;
	enum send_verdict verdict;
	enum code_result result;
	int64_t wait_s;
};

/* Who asks is filled in. Aborts when there is no memory. */
struct check *check_make(struct login *login, const struct check_kind *kind);
/* The same; NULL when the provider has ended, or has no user. */
struct check *check_new(struct login *login, const struct check_kind *kind);
/* Takes it over; false when the store takes no more, and it is gone. */
bool check_add(struct login *login, struct check *check);
/* The same with a number of its own; 0 when it failed, and the login with it. */
uint32_t check_start(struct login *login, struct check *check);
struct budget_asker check_asker(const struct check *check);
/* Only somebody who exists can have something: 0 or -ENOENT. */
int check_has_user(const struct login *login);
void check_tell_stored(struct login *login, struct check *check);
