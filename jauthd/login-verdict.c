/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decides and records, on the store's thread. This is the one place where a login becomes
 * granted: the identity of the last factor maps to the requested user, the account is neither
 * locked nor over, and the audit row is committed, all in one transaction. Then the loop tells
 * the client.
 *
 * A verdict is a job with copies of all it needs, since the login may be gone when it is done.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/audit.h"
#include "jauthd/budget.h"
#include "jauthd/login-private.h"
#include "jauthd/requests.h"

enum verdict_answer {
	VERDICT_FAULT,           /* the store failed: never yes */
	VERDICT_NO,
	VERDICT_FACTOR,          /* this factor is right, there are more */
	VERDICT_RECORDED,        /* the row, with row.outcome, is in the store */
	VERDICT_LOCKED,
	VERDICT_EXPIRED,
	VERDICT_MATCH,           /* the identity is the user's; the digits decide */
	VERDICT_BLOCKED,         /* the same, but wrong digits were typed too often today */
	VERDICT_YES,             /* the question was right, nothing recorded yet */
};

struct verdict {
	struct job job;
	struct logins *logins;
	uint64_t id;
	struct config *config;
	enum verdict_answer (*decide)(struct verdict *verdict, struct db *db);
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
	struct audit_row row;
	/* results */
	enum verdict_answer answer;
	enum mapping_result mapping;
};

/* How the audit remembers a mapping, for the account phase. */
static const char *const mapping_words[] = {
	[MAPPING_NO] = "",
	[MAPPING_LINK] = "link",
	[MAPPING_RULE] = "rule",
	[MAPPING_SELF] = "self",
};

static enum mapping_result mapping_from_word(const char *word)
{
	for (size_t i = 0; i < N_ELEMENTS(mapping_words); i++)
		if (text_equals(mapping_words[i], word))
			return (enum mapping_result)i;
	return MAPPING_NO;
}

static void set_row_outcome(struct audit_row *row, enum login_state outcome, const char *reason)
{
	(void)text_into(row->outcome, sizeof(row->outcome), login_state_names[outcome]);
	(void)text_into(row->reason, sizeof(row->reason), reason);
}

static void verdict_free(struct verdict *verdict)
{
	unix_user_done(&verdict->user);
	login_identity_done(&verdict->identity);
	config_unref(verdict->config);
	free(verdict);
}

static void run(struct job *job, void *context)
{
	struct verdict *verdict = container_of(job, struct verdict, job);
	struct db *db = context;

	verdict->answer = VERDICT_FAULT;
	if (db_begin(db) < 0)
		return;
	verdict->answer = verdict->decide(verdict, db);
	if (verdict->answer != VERDICT_FAULT && db_commit(db) < 0)
		verdict->answer = VERDICT_FAULT;
	if (verdict->answer == VERDICT_FAULT)
		db_rollback(db);
	if (verdict->answer == VERDICT_RECORDED)
		audit_log(&verdict->row);
}

static struct verdict *verdict_new(struct login *login,
				   enum verdict_answer (*decide)(struct verdict *, struct db *))
{
	struct verdict *verdict = calloc(1, sizeof(*verdict));

	if (!verdict || unix_user_copy(&login->user, &verdict->user) < 0)
		abort();
	verdict->job.run = run;
	verdict->logins = login->logins;
	verdict->id = login->id;
	verdict->config = config_ref(login->config);
	verdict->decide = decide;
	verdict->now_s = logins_now_s(login->logins);
	verdict->method = login->method;
	verdict->has_proof = login_is_proved((struct login *)login);
	verdict->phase = login->facts.phase;
	verdict->has_address = login->facts.has_address;
	login_row_fill(login, &verdict->row);
	return verdict;
}

/* --- on the store's thread --- */

/* A console is nobody's address: who fails there stops nobody else's messages. */
static int tell_budget(const struct verdict *verdict, struct db *db)
{
	const struct audit_row *row = &verdict->row;

	if (verdict->phase != LOGIN_AUTHENTICATE)
		return 0;
	if (text_equals(row->outcome, login_state_names[LOGIN_GRANTED]))
		return budget_granted(db, verdict->user.name, row->source, verdict->now_s);
	if (verdict->has_address && (text_equals(row->outcome, login_state_names[LOGIN_DENIED]) ||
				     text_equals(row->outcome, login_state_names[LOGIN_ENOUGH])))
		return budget_failed(db, &verdict->config->budget, row->source, verdict->now_s);
	return 0;
}

static enum verdict_answer record(struct verdict *verdict, struct db *db)
{
	if (tell_budget(verdict, db) < 0 || audit_add(db, &verdict->row, NULL) < 0)
		return VERDICT_FAULT;
	return VERDICT_RECORDED;
}

/* The account kept by jauth, where there is one, can only take away. */
static enum verdict_answer look_at_account(struct verdict *verdict, struct db *db)
{
	enum verdict_answer answer = VERDICT_YES;
	struct account account;
	int r = account_get(db, verdict->user.name, verdict->user.uid, &account);

	if (r == -ENOENT || r == -ESTALE)
		return VERDICT_YES;
	if (r < 0)
		return VERDICT_FAULT;
	if (account.locked)
		answer = VERDICT_LOCKED;
	else if (account.expires_s && account.expires_s <= verdict->now_s)
		answer = VERDICT_EXPIRED;
	account_done(&account);
	return answer;
}

static enum verdict_answer grant(struct verdict *verdict, struct db *db)
{
	set_row_outcome(&verdict->row, LOGIN_GRANTED, mapping_result_text(verdict->mapping));
	if (verdict->is_proved)
		(void)text_into(verdict->row.mapping, sizeof(verdict->row.mapping),
				mapping_words[verdict->mapping]);
	return record(verdict, db);
}

/* It was of use, whatever comes of the factors behind it. */
static int touch_link(struct verdict *verdict, struct db *db)
{
	const struct identity *identity = &verdict->identity.identity;

	if (verdict->mapping != MAPPING_LINK)
		return 0;
	return link_touch(db, identity->issuer, identity->subject, verdict->user.name,
			  verdict->now_s);
}

static struct budget_asker asker_of(const struct verdict *verdict)
{
	return (struct budget_asker){
		.scope = verdict->method->id,
		.user = verdict->user.name,
		.source = verdict->row.source,
		.is_proved = verdict->has_proof,
	};
}

static enum verdict_answer look_at_matches(struct verdict *verdict, struct db *db)
{
	struct budget_asker asker = asker_of(verdict);
	int64_t wait_s = 0;

	if (budget_match_wait(db, &verdict->config->budget, &asker, verdict->now_s, &wait_s) < 0)
		return VERDICT_FAULT;
	return wait_s > 0 ? VERDICT_BLOCKED : VERDICT_MATCH;
}

static enum verdict_answer count_wrong_digits(struct verdict *verdict, struct db *db)
{
	struct budget_asker asker = asker_of(verdict);
	enum verdict_answer answer;

	if (budget_match_wrong(db, &asker, verdict->now_s) < 0)
		return VERDICT_FAULT;
	answer = look_at_matches(verdict, db);
	return answer == VERDICT_MATCH ? VERDICT_NO : answer;
}

/* Whoever tells this from the screen knows no more of the user than before. */
static bool could_be_linked(const struct verdict *verdict)
{
	return verdict->phase == LOGIN_AUTHENTICATE &&
	       !text_equals(verdict->identity.identity.issuer, ISSUER_UNIX);
}

/* Somebody proved who he is, and perhaps is to be this user. A sysadmin decides that, and not for
 * users whose rights nobody should get by a slip. */
static bool may_be_asked_for(const struct verdict *verdict)
{
	return could_be_linked(verdict) && verdict->mapping == MAPPING_NO &&
	       !mapping_is_privileged(verdict->config, &verdict->user);
}

static enum verdict_answer refuse_stranger(const struct verdict *verdict, struct db *db)
{
	const struct identity *identity = &verdict->identity.identity;
	struct link_request request = { .uid = verdict->user.uid, .time_s = verdict->now_s };

	if (!may_be_asked_for(verdict) ||
	    !text_into(request.issuer, sizeof(request.issuer), identity->issuer) ||
	    !text_into(request.subject, sizeof(request.subject), identity->subject))
		return VERDICT_NO;
	(void)text_into(request.request, sizeof(request.request), verdict->row.request);
	(void)text_into(request.method, sizeof(request.method), verdict->method->id);
	(void)text_into(request.user, sizeof(request.user), verdict->user.name);
	(void)text_into(request.source, sizeof(request.source), verdict->row.source);
	if (identity->display)
		(void)text_into(request.display, sizeof(request.display), identity->display);
	return requests_add(db, &request) < 0 ? VERDICT_FAULT : VERDICT_NO;
}

static enum verdict_answer decide_mapping(struct verdict *verdict, struct db *db)
{
	enum verdict_answer account;

	verdict->mapping = MAPPING_NO;
	if (!verdict->user.exists)
		return VERDICT_NO;
	if (mapping_check(db, verdict->config, verdict->method, &verdict->identity.identity,
			  &verdict->user, &verdict->mapping) < 0)
		return VERDICT_FAULT;
	if (!mapping_is_yes(verdict->mapping))
		return refuse_stranger(verdict, db);
	account = look_at_account(verdict, db);
	if (account != VERDICT_YES)
		return account;
	if (verdict->needs_match)
		return look_at_matches(verdict, db);
	if (touch_link(verdict, db) < 0)
		return VERDICT_FAULT;
	if (!verdict->is_last)
		return VERDICT_FACTOR;
	return grant(verdict, db);
}

/* The login a moment ago was by an identity: it must still be this user's. */
static enum verdict_answer look_at_login(struct verdict *verdict, struct db *db)
{
	struct audit_row earlier;
	struct mapping_past past;
	bool holds = false;
	int r;

	if (!verdict->earlier_request[0])
		return VERDICT_YES;
	r = audit_find_granted(db, verdict->earlier_request, &earlier);
	if (r == -ENOENT)
		return VERDICT_LOCKED;
	if (r < 0)
		return VERDICT_FAULT;
	if (earlier.uid != verdict->user.uid || !text_equals(earlier.user, verdict->user.name) ||
	    earlier.time_s < verdict->now_s - LOGIN_ACCOUNT_WITHIN_S)
		return VERDICT_LOCKED;
	past = (struct mapping_past){
		.method_id = earlier.mapped_method,
		.issuer = earlier.issuer,
		.subject = earlier.subject,
		.result = mapping_from_word(earlier.mapping),
	};
	if (mapping_still_holds(db, verdict->config, &past, &verdict->user, &holds) < 0)
		return VERDICT_FAULT;
	return holds ? VERDICT_YES : VERDICT_LOCKED;
}

struct account_outcome {
	enum login_state outcome;
	const char *reason;
};

static const struct account_outcome account_outcomes[] = {
	[VERDICT_LOCKED] = { LOGIN_LOCKED, "locked, or the identity is no longer this user's" },
	[VERDICT_EXPIRED] = { LOGIN_EXPIRED, "the account is over" },
	[VERDICT_YES] = { LOGIN_GRANTED, "" },
};

static enum verdict_answer decide_account(struct verdict *verdict, struct db *db)
{
	enum verdict_answer answer = VERDICT_LOCKED;

	if (verdict->is_last)    /* policy leaves a way */
		answer = look_at_account(verdict, db);
	if (answer == VERDICT_YES)
		answer = look_at_login(verdict, db);
	if (answer == VERDICT_FAULT)
		return VERDICT_FAULT;
	set_row_outcome(&verdict->row, account_outcomes[answer].outcome,
			account_outcomes[answer].reason);
	return record(verdict, db);
}

static enum verdict_answer decide_password(struct verdict *verdict, struct db *db)
{
	struct account account;
	int r = account_get(db, verdict->user.name, verdict->user.uid, &account);

	if (r == 0)
		account_done(&account);
	return r == 0 ? VERDICT_YES : r == -ENOENT || r == -ESTALE ? VERDICT_NO : VERDICT_FAULT;
}

/* --- on the loop --- */

static enum login_state row_outcome(const struct audit_row *row)
{
	for (int i = 0; i < LOGIN_N_STATES; i++)
		if (text_equals(row->outcome, login_state_names[i]))
			return (enum login_state)i;
	return LOGIN_FAILED;
}

static void refuse_identity(struct login *login, const struct verdict *verdict)
{
	const char *reason = mapping_result_text(verdict->mapping);

	if (verdict->answer == VERDICT_LOCKED)
		reason = "account locked";
	else if (verdict->answer == VERDICT_EXPIRED)
		reason = "account over";
	login_refuse(login, LOGIN_DENIED, AFTER_END,
		     could_be_linked(verdict) ? N_("This account may not log in here. "
						   "To link it, give your administrator the id.")
					      : N_("This account may not log in here."), reason);
}

static void refuse_blocked(struct login *login)
{
	login_refuse(login, LOGIN_DENIED, AFTER_MENU,
		     N_("This way is closed for today: wrong digits were typed too often."),
		     "too many wrong digits today");
}

/* The right person approved, and somebody who does not see his telephone typed. */
static void on_wrong_digits(struct login *login, const struct verdict *verdict)
{
	if (verdict->answer == VERDICT_FAULT) {
		login_refuse(login, LOGIN_FAILED, AFTER_END,
			     N_("The accounts cannot be read now."), "store failed");
		return;
	}
	if (verdict->answer == VERDICT_BLOCKED)
		log_error("user %s: wrong digits %d times in a day, method %s is closed for him: "
			  "somebody may be tricking him into approving logins",
			  verdict->user.name, MATCH_WRONG_DAY, verdict->method->id);
	else
		log_warning("login %s: wrong digits after an approval of user %s",
			    login->request, verdict->user.name);
	login_relay_end(login, RELAY_RESULT_OVER);
	login_refuse(login, LOGIN_DENIED, AFTER_END,
		     N_("Those are not the digits on the telephone."),
		     "wrong digits: approved by the right person, typed by another, or a slip");
}

static void on_mapped(struct login *login, const struct verdict *verdict)
{
	switch (verdict->answer) {
	case VERDICT_RECORDED:
		login->outcome = LOGIN_GRANTED;
		login_verdict_on_recorded(login, 0);
		return;
	case VERDICT_FACTOR:
		if (login_relay_is_refused(login))
			return;
		if (verdict->is_proved)
			(void)text_into(login->proved_mapping, sizeof(login->proved_mapping),
					mapping_words[verdict->mapping]);
		login_next_factor(login);
		return;
	case VERDICT_MATCH:
		if (!login_relay_is_refused(login))
			login_relay_show_digits(login);
		return;
	case VERDICT_BLOCKED:
		refuse_blocked(login);
		return;
	case VERDICT_NO:
	case VERDICT_LOCKED:
	case VERDICT_EXPIRED:
		refuse_identity(login, verdict);
		return;
	case VERDICT_YES:
	case VERDICT_FAULT:
		break;
	}
	login_refuse(login, LOGIN_FAILED, AFTER_END, N_("The accounts cannot be read now."),
		     "store failed");
}

static void on_password_checked(struct login *login, const struct verdict *verdict)
{
	login->outcome = LOGIN_UNAVAILABLE;
	if (verdict->answer == VERDICT_YES)
		login->outcome = LOGIN_GRANTED;
	else if (verdict->answer == VERDICT_NO)
		login->outcome = LOGIN_IGNORED;
	login_verdict_on_recorded(login, 0);
}

static void on_decided(struct job *job)
{
	struct verdict *verdict = container_of(job, struct verdict, job);
	struct login *login = logins_find(verdict->logins, verdict->id);

	if (verdict->answer == VERDICT_FAULT)
		log_error("login %s: the store failed", verdict->row.request);
	if (login && login->stage == STAGE_DECIDING) {
		if (verdict->decide == decide_mapping) {
			on_mapped(login, verdict);
		} else if (verdict->decide == count_wrong_digits) {
			on_wrong_digits(login, verdict);
		} else if (verdict->decide == decide_password) {
			on_password_checked(login, verdict);
		} else {
			if (verdict->answer == VERDICT_RECORDED)
				login->outcome = row_outcome(&verdict->row);
			login_verdict_on_recorded(login,
						  verdict->answer == VERDICT_RECORDED ? 0 : -EIO);
		}
	}
	verdict_free(verdict);
}

static void verdict_start(struct login *login, struct verdict *verdict)
{
	verdict->job.done = on_decided;
	if (store_add(logins_env(login->logins)->store, &verdict->job) == 0)
		return;
	log_error("login %s: the store has too much to do", login->request);
	verdict_free(verdict);
	if (login->stage != STAGE_OVER)
		login_verdict_on_recorded(login, -ENOBUFS);
}

/* For the record a provider's identity says more than the user's own name. */
static bool remember_identity(struct login *login)
{
	const char *issuer = login->identified.identity.issuer;

	if (login->proved.identity.issuer && text_equals(issuer, ISSUER_UNIX))
		return false;
	login_identity_done(&login->proved);
	if (login_identity_copy(&login->identified.identity, &login->proved) < 0)
		abort();
	(void)text_into(login->proved_method, sizeof(login->proved_method), login->method->id);
	login->proved_mapping[0] = '\0';
	return true;
}

void login_verdict_map(struct login *login)
{
	bool is_proved = remember_identity(login);
	struct verdict *verdict = verdict_new(login, decide_mapping);

	verdict->is_proved = is_proved;
	verdict->needs_match = login->relay.is_matched && !login->relay.was_matched;
	verdict->is_last = login->facts.phase == LOGIN_AUTHENTICATE &&
			   login->factor + 1 >= login_alternative(login)->n_factors;
	verdict->identity = login->identified;
	memset(&login->identified, 0, sizeof(login->identified));
	login->outcome = LOGIN_FAILED;
	login->refusal_text = N_("The accounts cannot be read now.");
	verdict_start(login, verdict);
}

void login_verdict_matched(struct login *login)
{
	login->relay.was_matched = true;
	if (login_identity_copy(&login->proved.identity, &login->identified) < 0)
		abort();
	login_verdict_map(login);
}

void login_verdict_wrong_digits(struct login *login)
{
	verdict_start(login, verdict_new(login, count_wrong_digits));
}

void login_verdict_record(struct login *login, enum login_state outcome)
{
	struct verdict *verdict;

	if (outcome == LOGIN_IGNORED) {
		if (login->stage != STAGE_OVER)
			login_verdict_on_recorded(login, 0);
		return;
	}
	verdict = verdict_new(login, record);
	set_row_outcome(&verdict->row, outcome, login->reason);
	verdict_start(login, verdict);
}

void login_verdict_account(struct login *login)
{
	struct verdict *verdict = verdict_new(login, decide_account);

	login->stage = STAGE_DECIDING;
	login->outcome = LOGIN_UNAVAILABLE;
	verdict->is_last = login->rule->n_alternatives > 0;
	(void)text_into(verdict->earlier_request, sizeof(verdict->earlier_request),
			login->facts.request);
	verdict_start(login, verdict);
}

void login_verdict_password_check(struct login *login)
{
	login->stage = STAGE_DECIDING;
	login->outcome = LOGIN_UNAVAILABLE;
	verdict_start(login, verdict_new(login, decide_password));
}
