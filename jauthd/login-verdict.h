/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A question of a login to the store: a job with copies of all it needs, since the login may be
 * gone when it is done. login-verdict.c asks and acts on the answer, login-decide.c answers.
 */
#pragma once

#include "jauthd/login-private.h"
#include "jauthd/notices.h"
#include "jauthd/worker.h"

enum verdict_answer {
	VERDICT_FAULT,           /* the store failed: never yes */
	VERDICT_NO,
	VERDICT_FACTOR,          /* this factor is right, there are more */
	VERDICT_RECORDED,        /* the row, with row.outcome, is in the store */
	VERDICT_LOCKED,
	VERDICT_EXPIRED,
	VERDICT_MATCH,           /* the identity is the user's; the digits decide */
	VERDICT_BLOCKED,         /* the same, but wrong digits were typed too often today */
	VERDICT_NEWCOMER,        /* nobody has the name, and the identity may become its user */
	VERDICT_REFRESHED,       /* the provider says of new groups: they were kept, ask again */
	VERDICT_UNMADE,          /* a newcomer, and no user could be made: `reason` says why */
	VERDICT_YES,             /* the question was right, nothing recorded yet */
	VERDICT_LINKED,          /* link: it is the user's already */
	VERDICT_ENOUGH,          /* link: he has too many, or made too many changes today */
};

struct verdict;

typedef enum verdict_answer (*verdict_decide_fn)(struct verdict *verdict, struct db *db);
typedef void (*verdict_act_fn)(struct login *login, const struct verdict *verdict);

struct verdict {
	struct job job;
	struct logins *logins;
	uint64_t id;
	struct config *config;
	verdict_decide_fn decide;        /* on the store's thread, in one transaction */
	verdict_act_fn act;              /* then on the loop, if the login is still there */
	int64_t now_s;
	/* copies of the login's */
	enum login_phase phase;
	struct unix_user user;
	struct method *method;           /* of `config` */
	struct login_identity identity;
	char earlier_request[REQUEST_ID_LEN + 1];
	bool is_last;
	bool is_proved;                  /* `identity` is the one the row names */
	bool has_address;                /* row.source is one */
	bool needs_match;                /* the digits were not typed yet */
	bool has_proof;                  /* somebody proved himself before, for the budget */
	bool may_be_new;                 /* the login may end by making a user */
	bool is_refreshed;               /* VERDICT_REFRESHED was said before */
	struct good_login good;          /* the login's, or by this identity */
	char offline[METHOD_ID_MAX + 1]; /* a password stood in for this method; "": none did */
	struct offline_question question;        /* verdict_decide_offline() */
	struct host_ids *host;           /* of a newcomer */
	bool is_confirmed;               /* link: the user wants it */
	bool is_recovered;               /* link: and may once, by a sysadmin's recovery */
	struct audit_row row;
	/* results */
	enum verdict_answer answer;
	enum mapping_result mapping;
	char reason[AUDIT_TEXT_MAX];     /* instead of the mapping's; or "" */
	bool is_undone;                  /* nothing of it was written */
	bool has_news;                   /* of the user database */
	struct notices notices;          /* account: for a user who is let in */
};

/* --- login-verdict.c --- */

struct verdict *verdict_new(struct login *login, verdict_decide_fn decide, verdict_act_fn act);
/* Takes it over. */
void verdict_start(struct login *login, struct verdict *verdict);
/* Says no, by what the verdict says of the identity. */
void verdict_refuse(struct login *login, const struct verdict *verdict);

/* --- login-decide.c, on the store's thread --- */

void verdict_run(struct job *job, void *context);

/* Each is a verdict's `decide`. */
enum verdict_answer verdict_decide_mapping(struct verdict *verdict, struct db *db);
enum verdict_answer verdict_decide_account(struct verdict *verdict, struct db *db);
enum verdict_answer verdict_decide_password(struct verdict *verdict, struct db *db);
enum verdict_answer verdict_count_wrong_digits(struct verdict *verdict, struct db *db);
/* login-newcomer.c: the row is recorded with it. VERDICT_RECORDED: there is such a user now. */
enum verdict_answer verdict_decide_newcomer(struct verdict *verdict, struct db *db);
enum verdict_answer verdict_record(struct verdict *verdict, struct db *db);

/* login-offline-decide.c */
enum verdict_answer verdict_decide_offline(struct verdict *verdict, struct db *db);

/* login-link-decide.c */
/* VERDICT_YES: a sysadmin's recovery lets him link one without proving himself. */
enum verdict_answer verdict_decide_recovery(struct verdict *verdict, struct db *db);
enum verdict_answer verdict_decide_link(struct verdict *verdict, struct db *db);

/* Parts of those. */
enum verdict_answer verdict_grant(struct verdict *verdict, struct db *db);
enum verdict_answer verdict_look_at_account(struct verdict *verdict, struct db *db);
/* VERDICT_MATCH, or VERDICT_BLOCKED: too many wrong digits today. */
enum verdict_answer verdict_look_at_matches(struct verdict *verdict, struct db *db);

/* --- login-decide.c, on either thread --- */

/* How the audit remembers a mapping, for the account phase. */
const char *verdict_mapping_word(enum mapping_result mapping);
enum mapping_result verdict_mapping_from_word(const char *word);
void verdict_set_outcome(struct verdict *verdict, enum login_state outcome, const char *reason);
/* Whether a link is what a refused identity lacks. Whoever tells this from the screen knows no more
 * of the user than before. */
bool verdict_could_be_linked(const struct verdict *verdict);
