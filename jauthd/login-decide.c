/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decides and records, on the store's thread. This is the one place where a login becomes
 * granted: the identity of the last factor maps to the requested user, the account is neither
 * locked nor over, and the audit row is committed, all in one transaction. Then the loop tells
 * the client.
 */
#include <errno.h>

#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/audit.h"
#include "jauthd/budget.h"
#include "jauthd/login-verdict.h"
#include "jauthd/people.h"
#include "jauthd/requests.h"

static const char *const mapping_words[] = {
	[MAPPING_NO] = "",
	[MAPPING_LINK] = "link",
	[MAPPING_RULE] = "rule",
	[MAPPING_PERSON] = "person",
	[MAPPING_SELF] = "self",
	[MAPPING_PRIVILEGED] = "",
	[MAPPING_FILTERED] = "",
	[MAPPING_LOCKED] = "",
	[MAPPING_OTHER] = "",
};

const char *verdict_mapping_word(enum mapping_result mapping)
{
	return mapping_words[mapping];
}

static enum mapping_result mapping_from_word(const char *word)
{
	for (size_t i = 0; i < N_ELEMENTS(mapping_words); i++)
		if (text_equals(mapping_words[i], word))
			return (enum mapping_result)i;
	return MAPPING_NO;
}

void verdict_set_outcome(struct verdict *verdict, enum login_state outcome, const char *reason)
{
	struct audit_row *row = &verdict->row;

	(void)text_into(row->outcome, sizeof(row->outcome), login_state_names[outcome]);
	(void)text_into(row->reason, sizeof(row->reason), reason);
}

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

enum verdict_answer verdict_record(struct verdict *verdict, struct db *db)
{
	if (tell_budget(verdict, db) < 0 || audit_add(db, &verdict->row, NULL) < 0)
		return VERDICT_FAULT;
	return VERDICT_RECORDED;
}

/* Whom jauth made can be locked, too. */
static enum verdict_answer look_at_person(const struct verdict *verdict, struct db *db)
{
	struct person person;
	int r = person_by_uid(db, verdict->user.uid, &person);

	if (r < 0 && r != -ENOENT)
		return VERDICT_FAULT;
	return r == 0 && text_equals(person.name, verdict->user.name) &&
	       person.state != PERSON_ACTIVE ? VERDICT_LOCKED : VERDICT_YES;
}

/* The account kept by jauth, where there is one, can only take away. */
enum verdict_answer verdict_look_at_account(struct verdict *verdict, struct db *db)
{
	enum verdict_answer answer = VERDICT_YES;
	struct account account;
	int r = account_get(db, verdict->user.name, verdict->user.uid, &account);

	if (r == -ENOENT || r == -ESTALE)
		return look_at_person(verdict, db);
	if (r < 0)
		return VERDICT_FAULT;
	answer = look_at_person(verdict, db);
	if (account.locked)
		answer = VERDICT_LOCKED;
	else if (answer == VERDICT_YES && account.expires_s &&
		 account.expires_s <= verdict->now_s)
		answer = VERDICT_EXPIRED;
	account_done(&account);
	return answer;
}

static enum verdict_answer grant(struct verdict *verdict, struct db *db)
{
	verdict_set_outcome(verdict, LOGIN_GRANTED, mapping_result_text(verdict->mapping));
	if (verdict->is_proved)
		(void)text_into(verdict->row.mapping, sizeof(verdict->row.mapping),
				verdict_mapping_word(verdict->mapping));
	return verdict_record(verdict, db);
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

enum verdict_answer verdict_look_at_matches(struct verdict *verdict, struct db *db)
{
	struct budget_asker asker = asker_of(verdict);
	int64_t wait_s = 0;

	if (budget_match_wait(db, &verdict->config->budget, &asker, verdict->now_s, &wait_s) < 0)
		return VERDICT_FAULT;
	return wait_s > 0 ? VERDICT_BLOCKED : VERDICT_MATCH;
}

enum verdict_answer verdict_count_wrong_digits(struct verdict *verdict, struct db *db)
{
	struct budget_asker asker = asker_of(verdict);
	enum verdict_answer answer;

	if (budget_match_wrong(db, &asker, verdict->now_s) < 0)
		return VERDICT_FAULT;
	answer = verdict_look_at_matches(verdict, db);
	return answer == VERDICT_MATCH ? VERDICT_NO : answer;
}

bool verdict_could_be_linked(const struct verdict *verdict)
{
	return verdict->phase == LOGIN_AUTHENTICATE &&
	       !text_equals(verdict->identity.identity.issuer, ISSUER_UNIX);
}

/* Somebody proved who he is, and perhaps is to be this user. A sysadmin decides that, and not for
 * users whose rights nobody should get by a slip. */
static bool may_be_asked_for(const struct verdict *verdict)
{
	return verdict_could_be_linked(verdict) && verdict->mapping == MAPPING_NO &&
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

/* Nobody had this name when it was looked up: the identity may become him, or another login of the
 * same person was faster. */
static enum verdict_answer look_at_newcomer(struct verdict *verdict, struct db *db)
{
	const struct identity *identity = &verdict->identity.identity;
	struct person person;
	int r;

	if (!verdict->may_be_new)
		return VERDICT_NO;
	if (mapping_check_new(db, verdict->method, identity, verdict->user.name,
			      &verdict->mapping) < 0)
		return VERDICT_FAULT;
	if (verdict->mapping == MAPPING_RULE)
		return VERDICT_NEWCOMER;
	if (verdict->mapping != MAPPING_OTHER)
		return VERDICT_NO;
	r = person_by_identity(db, identity->issuer, identity->subject, &person);
	if (r < 0 && r != -ENOENT)
		return VERDICT_FAULT;
	return r == 0 && text_equals(person.name, verdict->user.name) ? VERDICT_NEWCOMER
								      : VERDICT_NO;
}

struct group_look {
	const char *const *groups;       /* of the identity */
	size_t n_known;
	bool has_lost;
};

static bool has_group(const char *const *groups, const char *id)
{
	for (; groups && *groups; groups++)
		if (text_equals(*groups, id))
			return true;
	return false;
}

static int look_at_group(const char *source UNUSED, const char *id, void *context)
{
	struct group_look *look = context;

	if (has_group(look->groups, id))
		look->n_known++;
	else
		look->has_lost = true;
	return 0;
}

/* 1: the provider's groups were others, and are kept; 0: the same; -errno. */
static int keep_groups(const struct verdict *verdict, struct db *db, const struct person *person)
{
	const char *const *groups = verdict->identity.identity.groups;
	struct group_look look = { .groups = groups };
	size_t n = 0, n_each = 0;
	int r = person_each_group(db, person->uid, verdict->method->id, look_at_group, &look);

	if (r < 0)
		return r;
	for (; groups && groups[n]; n++)
		n_each += !has_group(groups + n + 1, groups[n]);
	if (!look.has_lost && look.n_known == n_each)
		return 0;
	r = person_set_groups(db, person->uid, verdict->method->id, groups, n);
	return r < 0 ? r : 1;
}

static int keep_real_name(struct verdict *verdict, struct db *db, const struct person *person)
{
	struct person now = *person;

	person_set_real_name(&now, verdict->identity.identity.display);
	if (!text_equals(person->source, verdict->method->id) || !*now.real_name ||
	    text_equals(now.real_name, person->real_name))
		return 0;
	verdict->has_news = true;
	return person_update(db, &now, verdict->now_s);
}

static int keep_news(struct verdict *verdict, struct db *db, const struct person *person)
{
	int r = keep_real_name(verdict, db, person);

	return r < 0 ? r : keep_groups(verdict, db, person);
}

/* What the provider says now of whom jauth made for this identity, unless a directory says it. His
 * groups are in the user database before anything is decided by them. VERDICT_YES: they are. */
static enum verdict_answer refresh(struct verdict *verdict, struct db *db)
{
	const struct identity *identity = &verdict->identity.identity;
	struct unix_user user;
	struct person person;
	int r = person_by_identity(db, identity->issuer, identity->subject, &person);

	if (r == -ENOENT || (r == 0 && (person.uid != verdict->user.uid ||
					!text_equals(person.name, verdict->user.name))))
		return VERDICT_YES;
	if (r == 0 && !verdict->is_refreshed && !verdict->method->directory)
		r = keep_news(verdict, db, &person);
	if (r == 1)
		return VERDICT_REFRESHED;
	if (r == 0)
		r = person_unix_user(db, verdict->config, person.name,
				     verdict->user.host_groups, &user);
	if (r < 0)
		return VERDICT_FAULT;
	unix_user_done(&verdict->user);
	verdict->user = user;
	return VERDICT_YES;
}

enum verdict_answer verdict_decide_mapping(struct verdict *verdict, struct db *db)
{
	enum verdict_answer account, refreshed;

	verdict->mapping = MAPPING_NO;
	if (!verdict->user.exists)
		return look_at_newcomer(verdict, db);
	refreshed = refresh(verdict, db);
	if (refreshed != VERDICT_YES)
		return refreshed;
	if (mapping_check(db, verdict->config, verdict->method, &verdict->identity.identity,
			  &verdict->user, &verdict->mapping) < 0)
		return VERDICT_FAULT;
	if (!mapping_is_yes(verdict->mapping))
		return refuse_stranger(verdict, db);
	account = verdict_look_at_account(verdict, db);
	if (account != VERDICT_YES)
		return account;
	if (verdict->needs_match)
		return verdict_look_at_matches(verdict, db);
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

enum verdict_answer verdict_decide_account(struct verdict *verdict, struct db *db)
{
	enum verdict_answer answer = VERDICT_LOCKED;

	if (verdict->is_last)    /* policy leaves a way */
		answer = verdict_look_at_account(verdict, db);
	if (answer == VERDICT_YES)
		answer = look_at_login(verdict, db);
	if (answer == VERDICT_FAULT)
		return VERDICT_FAULT;
	if (answer == VERDICT_YES && notices_tell(db, verdict->user.name, verdict->user.uid,
						  verdict->now_s, &verdict->notices) < 0)
		return VERDICT_FAULT;
	verdict_set_outcome(verdict, account_outcomes[answer].outcome,
			account_outcomes[answer].reason);
	return verdict_record(verdict, db);
}

enum verdict_answer verdict_decide_password(struct verdict *verdict, struct db *db)
{
	struct account account;
	int r = account_get(db, verdict->user.name, verdict->user.uid, &account);

	if (r == 0)
		account_done(&account);
	return r == 0 ? VERDICT_YES : r == -ENOENT || r == -ESTALE ? VERDICT_NO : VERDICT_FAULT;
}

void verdict_run(struct job *job, void *context)
{
	struct verdict *verdict = container_of(job, struct verdict, job);
	struct db *db = context;

	verdict->answer = VERDICT_FAULT;
	if (db_begin(db) < 0)
		return;
	verdict->answer = verdict->decide(verdict, db);
	if (verdict->answer != VERDICT_FAULT && !verdict->is_undone && db_commit(db) < 0)
		verdict->answer = VERDICT_FAULT;
	if (verdict->answer == VERDICT_FAULT || verdict->is_undone)
		db_rollback(db);
	if (verdict->answer == VERDICT_RECORDED)
		audit_log(&verdict->row);
}
