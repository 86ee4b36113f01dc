/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first login of somebody who is no Unix user yet, and whose provider bounds who may come: he
 * becomes one, in one transaction with the audit row, and is denied all the same. The programs that
 * ask us keep the user record that they read first (sshd), or have none; the next login finds it.
 *
 * DECIDING  nobody has the name, the rule gives it    what the host itself uses, on a names thread
 *           the picture of it                         the store makes him
 *           he is there                               the user database is written
 *           it is on the disk                         told to come again → OVER
 *
 * Nothing is granted, so no digits are asked for: sshd replaces what such a person types anyway.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/login-verdict.h"
#include "jauthd/people.h"
#include "jauthd/publish.h"

/* --- on the store's thread --- */

static enum verdict_answer unmade(struct verdict *verdict, enum verdict_answer answer,
				  const char *reason)
{
	verdict->is_undone = true;
	(void)text_into(verdict->reason, sizeof(verdict->reason), reason);
	return answer;
}

/* From now on the name is known, and stands in the audit as such. */
static void note_made(struct verdict *verdict, const struct person *person)
{
	(void)text_into(verdict->row.user, sizeof(verdict->row.user), person->name);
	verdict->row.uid = person->uid;
	(void)text_into(verdict->row.mapping, sizeof(verdict->row.mapping),
			verdict_mapping_word(MAPPING_PERSON));
	verdict_set_outcome(verdict, LOGIN_DENIED, "registered");
}

/* Another login was faster. His user is the one that was asked for, or no. */
static enum verdict_answer find_made(struct verdict *verdict, struct db *db,
				     const struct identity *identity)
{
	struct person person;
	int r = person_by_identity(db, identity->issuer, identity->subject, &person);

	if (r < 0 && r != -ENOENT)
		return VERDICT_FAULT;
	if (r < 0 || !text_equals(person.name, verdict->user.name))
		return unmade(verdict, VERDICT_NO, mapping_result_text(MAPPING_OTHER));
	if (person.state != PERSON_ACTIVE)
		return unmade(verdict, VERDICT_LOCKED, "");
	note_made(verdict, &person);
	return VERDICT_YES;
}

static int add_groups(struct verdict *verdict, struct db *db, const struct person *person)
{
	const char *const *groups = verdict->identity.identity.groups;
	size_t n = 0;

	while (groups && groups[n])
		n++;
	return person_set_groups(db, person->uid, verdict->method->id, groups, n);
}

/* By the groups that he would be in; the method must allow that as with any other user. */
static enum verdict_answer look_at_rights(struct verdict *verdict, struct db *db,
					  const struct person *person)
{
	enum verdict_answer answer = VERDICT_YES;
	struct unix_user user;

	if (person_unix_user(db, verdict->config, person->name, verdict->user.host_groups,
			     &user) < 0)
		return VERDICT_FAULT;
	if (mapping_is_privileged(verdict->config, &user) && !verdict->method->privileged)
		answer = unmade(verdict, VERDICT_NO, mapping_result_text(MAPPING_PRIVILEGED));
	unix_user_done(&user);
	return answer;
}

/* False: something does not fit. */
static bool fill(const struct verdict *verdict, struct person *ret_person)
{
	const struct identity *identity = &verdict->identity.identity;
	struct person person = { .state = PERSON_ACTIVE };

	if (!text_into(person.name, sizeof(person.name), verdict->user.name) ||
	    !text_into(person.issuer, sizeof(person.issuer), identity->issuer) ||
	    !text_into(person.subject, sizeof(person.subject), identity->subject) ||
	    person_set_rule(verdict->config, verdict->method, &person) < 0)
		return false;
	person_set_real_name(&person, identity->display);
	*ret_person = person;
	return true;
}

static enum verdict_answer make(struct verdict *verdict, struct db *db)
{
	const struct identity *identity = &verdict->identity.identity;
	struct person person;
	int r;

	if (!fill(verdict, &person))
		return unmade(verdict, VERDICT_UNMADE, "a new user's record would be too long");
	r = person_add(db, verdict->config, verdict->host, verdict->now_s, &person);
	switch (r) {
	case 0:
		break;
	case -EEXIST:
		return find_made(verdict, db, identity);
	case -EADDRINUSE:
		return unmade(verdict, VERDICT_UNMADE, "the uid of a new user is another one's: "
			      "see jauthctl directory collisions");
	case -ENOSPC:
		return unmade(verdict, VERDICT_UNMADE, "no uid is left for a new user");
	case -EINVAL:
		return unmade(verdict, VERDICT_UNMADE, "a new user's record cannot be written");
	default:
		return VERDICT_FAULT;
	}
	if (add_groups(verdict, db, &person) < 0)
		return VERDICT_FAULT;
	note_made(verdict, &person);
	return look_at_rights(verdict, db, &person);
}

static enum verdict_answer refuse_name(struct verdict *verdict, const char *fault)
{
	_cleanup_free_ char *reason = text_format("no new user: the name %s", fault);

	return unmade(verdict, VERDICT_NO, reason);
}

enum verdict_answer verdict_decide_newcomer(struct verdict *verdict, struct db *db)
{
	const char *fault = name_claim_fault(verdict->config, verdict->host, verdict->user.name);
	enum verdict_answer answer;

	/* What led here may have changed since. */
	if (mapping_check_new(db, verdict->method, &verdict->identity.identity, verdict->user.name,
			      &verdict->mapping) < 0)
		return VERDICT_FAULT;
	if (verdict->mapping == MAPPING_OTHER)
		answer = find_made(verdict, db, &verdict->identity.identity);
	else if (verdict->mapping != MAPPING_RULE)
		answer = unmade(verdict, VERDICT_NO, "");
	else if (fault)
		answer = refuse_name(verdict, fault);
	else
		answer = make(verdict, db);
	if (answer != VERDICT_YES)
		return answer;
	db_make_durable(db);
	return audit_add(db, &verdict->row, NULL) < 0 ? VERDICT_FAULT : VERDICT_RECORDED;
}

/* --- on the loop --- */

struct published {
	struct logins *logins;
	uint64_t login;
	void (*act)(struct login *login, int error);
};

static void act(struct published *published, int error)
{
	struct login *login = logins_find(published->logins, published->login);

	/* The login may be gone; the user is there all the same. */
	if (login && login->stage == STAGE_DECIDING)
		published->act(login, error);
}

static int on_read(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	act(userdata, 0);
	return 0;
}

/* On the disk. Who looks the user up a moment later is to find him as he is now. */
static void on_published(void *data, int error)
{
	struct published *published = data;
	sd_event *event = logins_env(published->logins)->event;
	_cleanup_(sd_event_source_unrefp) sd_event_source *timer = NULL;

	if (error == 0 && sd_event_add_time_relative(event, &timer, CLOCK_MONOTONIC,
						     LOGIN_USERDB_READS_MS * 1000, 0, on_read,
						     published) >= 0 &&
	    sd_event_source_set_destroy_callback(timer, free) >= 0 &&
	    sd_event_source_set_floating(timer, true) >= 0)
		return;
	act(published, error);
	if (!timer)
		free(published);
}

static void wait_for_publication(struct login *login, void (*done)(struct login *login, int error))
{
	struct published *published = calloc(1, sizeof(*published));

	if (!published)
		abort();
	*published = (struct published){ login->logins, login->id, done };
	publish_wait(logins_env(login->logins)->publish, on_published, published);
}

static void on_made_known(struct login *login, int error)
{
	if (error < 0) {
		login->outcome = LOGIN_FAILED;
		login->refusal_text = N_("The user database cannot be written now.");
		login_relay_end(login, RELAY_RESULT_FAILED);
	} else {
		/* Asked again on this connection, sshd would still not know the user. */
		login->outcome = LOGIN_ENOUGH;
		login->refusal_text = N_("Your account is ready. Connect again.");
		login_relay_end(login, RELAY_RESULT_REGISTERED);
	}
	login_verdict_on_recorded(login, 0);
}

static void on_made(struct login *login, const struct verdict *verdict)
{
	switch (verdict->answer) {
	case VERDICT_RECORDED:
		log_info("login %s: user %s is new", login->request, verdict->user.name);
		wait_for_publication(login, on_made_known);
		return;
	case VERDICT_NO:
	case VERDICT_LOCKED:
		verdict_refuse(login, verdict);
		return;
	case VERDICT_UNMADE:
		log_error("login %s: no user %s is made: %s", login->request, verdict->user.name,
			  verdict->reason);
		login_refuse(login, LOGIN_FAILED, AFTER_END,
			     N_("Your account cannot be made. Tell your administrator."),
			     verdict->reason);
		return;
	case VERDICT_FAULT:
	case VERDICT_FACTOR:
	case VERDICT_EXPIRED:
	case VERDICT_MATCH:
	case VERDICT_BLOCKED:
	case VERDICT_NEWCOMER:
	case VERDICT_REFRESHED:
	case VERDICT_YES:
	case VERDICT_LINKED:
	case VERDICT_ENOUGH:
		break;
	}
	login_refuse(login, LOGIN_FAILED, AFTER_END, N_("The accounts cannot be read now."),
		     "store failed");
}

struct host_look {
	struct job job;
	struct logins *logins;
	uint64_t login;
	char name[USER_NAME_MAX + 1];
	struct host_ids *host;
	int result;
};

static void run_host_look(struct job *job, void *context UNUSED)
{
	struct host_look *look = container_of(job, struct host_look, job);

	look->result = host_ids_read(&look->host);
	if (look->result == 0)
		look->result = host_ids_look_up(look->host, look->name);
}

static void refuse_look_up(struct login *login, int error)
{
	log_error("login %s: names in use cannot be looked up: %s", login->request,
		  strerror(-error));
	login_refuse(login, LOGIN_FAILED, AFTER_END, N_("Users cannot be looked up now."),
		     "names in use cannot be looked up");
}

static void on_host_looked_up(struct job *job)
{
	struct host_look *look = container_of(job, struct host_look, job);
	struct login *login = logins_find(look->logins, look->login);
	struct verdict *verdict;

	if (login && login->stage != STAGE_DECIDING)
		login = NULL;
	if (login && look->result < 0) {
		refuse_look_up(login, look->result);
	} else if (login && login_relay_is_refused(login)) {
		/* Nothing was made yet. */
	} else if (login) {
		verdict = verdict_new(login, verdict_decide_newcomer, on_made);
		verdict->host = steal(&look->host);
		if (login_identity_copy(&login->proved.identity, &verdict->identity) < 0)
			abort();
		verdict_start(login, verdict);
	}
	host_ids_free(look->host);
	free(look);
}

void login_newcomer_start(struct login *login)
{
	struct host_look *look = calloc(1, sizeof(*look));

	if (!look)
		abort();
	look->job.run = run_host_look;
	look->job.done = on_host_looked_up;
	look->logins = login->logins;
	look->login = login->id;
	(void)text_into(look->name, sizeof(look->name), login->facts.user);
	if (workers_add(logins_env(login->logins)->names, &look->job) == 0)
		return;
	free(look);
	refuse_look_up(login, -ENOBUFS);
}

/* --- the groups of whom we know --- */

static void on_refreshed_known(struct login *login, int error)
{
	if (login_relay_is_refused(login))
		return;
	if (error < 0)
		login_refuse(login, LOGIN_FAILED, AFTER_END,
			     N_("The user database cannot be written now."),
			     "new groups cannot be made known");
	else
		login_verdict_again(login);
}

void login_newcomer_refreshed(struct login *login)
{
	login->is_refreshed = true;
	wait_for_publication(login, on_refreshed_known);
}
