/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * See directory-apply.h. One member after the other: what was (round 0, his person, his locks),
 * what is (round 1), and what follows from the two.
 *
 * Locks of the directory are its own: a sysadmin's stay whatever it tells.
 */
#include "jauthd/directory-apply.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "jauthd/directory-member.h"
#include "jauthd/directory-private.h"
#include "jauthd/phones.h"

/* What locks a person; begins so, that it is known again. */
#define REASON_MARK "directory: "

/* --- what is written down --- */

static void tell(struct directory_pass *pass, enum directory_change change,
		 const struct member *member, const char *text)
{
	directory_report_add(pass->report, change, member->new.subject,
			     member->has_person ? member->person.name : member->new.name, text);
}

static int audit(struct directory_pass *pass, const struct member *member, bool is_denial,
		 const char *text)
{
	return pass->applies ? directory_audit(pass->db, &(struct directory_event){
		.directory = pass->method->id,
		.now_s = pass->now_s,
		.user = member->has_person ? member->person.name : "",
		.uid = member->has_person ? (int64_t)member->person.uid : -1,
		.issuer = member->new.issuer,
		.subject = member->new.subject,
		.display = member->new.display,
		.is_denial = is_denial,
		.text = text,
	}) : 0;
}

/* --- numbers --- */

/* Those that the list itself gave him. */
static int drop_number(struct directory_pass *pass, const struct member *member)
{
	return pass->applies && member->has_person ?
	       phone_drop_listed(pass->db, member->person.name, member->person.uid,
				 pass->method->id) : 0;
}

static bool is_number_new(const struct member *member)
{
	return member->new.number_len && member->was_active && member->old.number_len &&
	       !text_equals(member->old.holder, member->new.mark);
}

static int keep_number(struct directory_pass *pass, const struct member *member)
{
	struct phone_record record = { .uid = member->person.uid, .created_s = pass->now_s };

	(void)text_into(record.user, sizeof(record.user), member->person.name);
	(void)text_into(record.source, sizeof(record.source), pass->method->id);
	return phone_set_listed(pass->db, &record, member->new.number, member->new.number_len);
}

static int set_number(struct directory_pass *pass, struct member *member, bool is_new)
{
	int r = 0;

	if (!member->new.number_len)
		return 0;
	if (!is_new && is_number_new(member)) {
		tell(pass, CHANGE_NUMBER, member, "has another telephone number");
		r = audit(pass, member, false, "has another telephone number");
	}
	if (r == 0 && pass->applies)
		r = keep_number(pass, member);
	if (r != -ENOSPC)
		return r;
	(void)text_into(member->new.fault, sizeof(member->new.fault),
			"has too many telephone numbers: see jauthctl phone list");
	tell(pass, CHANGE_REFUSE, member, member->new.fault);
	return 0;
}

/* --- locks --- */

/* Changes nothing where it is so already. */
static int lock(struct directory_pass *pass, const struct member *member, const char *why)
{
	_cleanup_free_ char *reason = text_format(REASON_MARK "%s", why);
	int r = 0;

	if (!pass->applies)
		return 0;
	if (!member->is_locked)
		r = identity_lock(pass->db, member->new.issuer, member->new.subject,
				  pass->method->id, why, pass->now_s);
	if (r == 0 && member_has_our_person(pass, member, PERSON_ACTIVE))
		r = person_set_state(pass->db, member->person.uid, PERSON_LOCKED, reason,
				     pass->now_s);
	return r;
}

/* Who locked the identity meanwhile means its user, too. */
static bool is_person_locked_by_us(const struct directory_pass *pass, const struct member *member)
{
	return member_has_our_person(pass, member, PERSON_LOCKED) &&
	       text_has_prefix(member->person.reason, REASON_MARK) &&
	       member->is_locked == member->is_locked_by_us;
}

static int unlock(struct directory_pass *pass, struct member *member)
{
	bool was_person_locked = is_person_locked_by_us(pass, member);
	int r = 0;

	if (pass->applies && member->is_locked_by_us)
		r = identity_unlock(pass->db, member->new.issuer, member->new.subject);
	if (r == 0 && pass->applies && was_person_locked)
		r = person_set_state(pass->db, member->person.uid, PERSON_ACTIVE, "",
				     pass->now_s);
	if (r == 0 && (member->is_locked_by_us || was_person_locked)) {
		tell(pass, CHANGE_UNLOCK, member, "is back");
		r = audit(pass, member, false, "is back in the directory");
	}
	return r;
}

static const char *why_not(int state)
{
	switch (state) {
	case MEMBER_DISABLED:
		return "disabled by the organisation";
	case MEMBER_INACTIVE:
		return "has not activated his account";
	case MEMBER_LEFT:
		return "left the organisation";
	case MEMBER_FILTERED:
		return "is outside groups_allowed or identities_allowed";
	}
	return "unknown state";
}

/* What the sysadmin is asked about when there are too many, whoever let him in before. */
static int64_t count_removal(const struct member *member)
{
	return member->was_active || (member->has_person && !member->is_locked &&
				      member->person.state == PERSON_ACTIVE);
}

/* Whom nobody knew and who has not begun yet is not locked: he would be unlocked on his first
 * day. */
static int refuse_member(struct directory_pass *pass, struct member *member)
{
	const char *why = why_not(member->new.state);
	bool is_known = member->has_old || member->has_person;
	int r = 0;

	if (is_known || member->new.state == MEMBER_DISABLED)
		r = lock(pass, member, why);
	if (r == 0)
		r = drop_number(pass, member);
	member->new.number_len = 0;
	if (r == 0 && (member->was_active || member_has_our_person(pass, member, PERSON_ACTIVE))) {
		pass->report->n_removals += count_removal(member);
		tell(pass, CHANGE_LOCK, member, why);
		r = audit(pass, member, true, why);
	}
	return r;
}

/* --- who may --- */

static int count_links(struct directory_pass *pass, const struct member *member, int64_t *ret_n)
{
	struct query *query;
	int r;

	query = query_new(pass->db, "SELECT count(*) FROM links"
				    " WHERE issuer = ?1 AND subject = ?2");
	query_text(query, 1, member->new.issuer);
	query_text(query, 2, member->new.subject);
	r = query_step(query);
	if (r == 1)
		*ret_n = query_column_number(query, 0);
	query_done(query);
	return r < 0 ? r : 0;
}

/* He may have nothing of the one before him: neither the user nor a link. Told once, and again when
 * a sysadmin unlocked them, which does not settle it. */
static int refuse_other(struct directory_pass *pass, struct member *member, const char *why)
{
	bool is_told = text_equals(member->old.fault, why) && member->is_locked &&
		       !member_has_our_person(pass, member, PERSON_ACTIVE);
	int r = lock(pass, member, "given to somebody else");

	if (r == 0)
		r = drop_number(pass, member);
	if (r < 0 || is_told)
		return r;
	pass->report->n_removals += count_removal(member);
	tell(pass, CHANGE_REFUSE, member, why);
	return r == 0 ? audit(pass, member, true, why) : r;
}

/* False: something does not fit. */
static bool make_person(const struct directory_pass *pass, const struct member *member,
			struct person *person)
{
	*person = (struct person){ 0 };
	person_set_real_name(person, member->new.display);
	return text_into(person->name, sizeof(person->name), member->new.name) &&
	       text_into(person->issuer, sizeof(person->issuer), member->new.issuer) &&
	       text_into(person->subject, sizeof(person->subject), member->new.subject) &&
	       text_into(person->mark, sizeof(person->mark), member->new.mark) &&
	       person_set_rule(pass->config, pass->method, person) == 0;
}

static const char *add_fault(int r)
{
	switch (r) {
	case -EEXIST:
		return "the name is another person's already";
	case -EADDRINUSE:
		return "the uid is another person's; see jauthctl directory collisions";
	case -ENOSPC:
		return "no uid is left";
	case -EINVAL:
		return "home, shell or name cannot be right";
	}
	return NULL;
}

/* Nobody is made yet in the first pass, but whether he could be is said. */
static int try_person(struct directory_pass *pass, struct person *person)
{
	uint32_t uid;
	struct person other;
	int r;

	if (pass->applies)
		return person_add(pass->db, pass->config, pass->host, pass->now_s, person);
	r = person_by_name(pass->db, person->name, &other);
	if (r != -ENOENT)
		return r == 0 ? -EEXIST : r;
	return person_choose_uid(pass->db, pass->config, pass->host, person->issuer,
				 person->subject, &uid);
}

static int refuse_name(struct directory_pass *pass, struct member *member, const char *why)
{
	(void)text_into(member->new.fault, sizeof(member->new.fault), why);
	if (text_equals(member->old.fault, why))
		return 0;
	tell(pass, CHANGE_REFUSE, member, why);
	return 0;
}

static int add_person(struct directory_pass *pass, struct member *member)
{
	struct person person;
	const char *fault;
	int r;

	if (!member->new.name[0])
		return refuse_name(pass, member, "the rule makes no user name of him");
	if (pass->is_host_unsure)
		return refuse_name(pass, member, "the host's own users cannot be looked up now");
	fault = name_claim_fault(pass->config, pass->host, member->new.name);
	if (fault)
		return refuse_name(pass, member, fault);
	if (!make_person(pass, member, &person))
		return refuse_name(pass, member, "home, shell or name cannot be right");
	r = try_person(pass, &person);
	fault = add_fault(r);
	if (fault)
		return refuse_name(pass, member, fault);
	if (r < 0)
		return r;
	member->person = person;
	member->has_person = true;
	tell(pass, CHANGE_ADD, member, member->new.display);
	return 0;
}

static int update_person(struct directory_pass *pass, struct member *member)
{
	struct person changed = member->person;
	int r = 0;

	person_set_real_name(&changed, member->new.display);
	if (member->new.mark[0])
		(void)text_into(changed.mark, sizeof(changed.mark), member->new.mark);
	if (!text_equals(changed.real_name, member->person.real_name))
		tell(pass, CHANGE_RENAME, member, member->new.display);
	if (pass->applies)
		r = person_update(pass->db, &changed, pass->now_s);
	return r;
}

/* Of places, the one that stands for no department is none. Somebody in more of them than a person
 * may be is no reason to stop for all: he is in the first ones. */
static int set_groups(struct directory_pass *pass, struct member *member, bool is_new)
{
	const char **ids = calloc(list_length(member->new_places) + 1, sizeof(*ids));
	bool has_moved = list_length(member->old_places) != list_length(member->new_places);
	size_t n = 0;
	int r = 0;

	if (!ids)
		abort();
	for (size_t i = 0; member->new_places && member->new_places[i]; i++) {
		if (member->new_places[i][0] && n < PERSON_GROUPS_MAX)
			ids[n++] = member->new_places[i];
		has_moved = has_moved || !list_has(member->old_places, member->new_places[i]);
	}
	if (has_moved && !is_new && member->was_active) {
		struct buf text = BUF_INIT(AUDIT_TEXT_MAX);

		for (size_t i = 0; i < n; i++)
			buf_add_format(&text, "%s%s", i ? ", " : "", ids[i]);
		tell(pass, CHANGE_MOVE, member, buf_failed(&text) ? "many departments" :
								     buf_text(&text));
		buf_done(&text);
	}
	if (pass->applies && member->has_person)
		r = person_set_groups(pass->db, member->person.uid, pass->method->id, ids, n);
	free(ids);
	return r;
}

static int admit_member(struct directory_pass *pass, struct member *member)
{
	bool is_new = !member->has_person;
	int64_t n_links = 0;
	int r = 0;

	if (member_is_somebody_else(member)) {
		const char *why = NULL;

		r = count_links(pass, member, &n_links);
		if (member->has_person)
			why = "the id was given to somebody else: remove the user first";
		else if (n_links)
			why = "the id was given to somebody else: remove its links first";
		if (r < 0 || why) {
			(void)text_into(member->new.holder, sizeof(member->new.holder),
					member->has_person && member->person.mark[0] ?
					member->person.mark : member->old.holder);
			(void)text_into(member->new.fault, sizeof(member->new.fault),
					why ? why : "");
			return r < 0 ? r : refuse_other(pass, member, why);
		}
	}
	if (member->new.mark[0])         /* else it is nobody else's for that */
		(void)text_into(member->new.holder, sizeof(member->new.holder), member->new.mark);
	r = unlock(pass, member);
	if (r == 0 && member->has_person)
		r = update_person(pass, member);
	else if (r == 0)
		r = add_person(pass, member);
	if (r == 0 && member->has_person)
		r = set_groups(pass, member, is_new);
	if (r == 0 && member->has_person)
		r = set_number(pass, member, is_new);
	return r;
}

/* --- passes --- */

/* Of another organisation than before under the same id: the one before is gone. */
static int leave_old(struct directory_pass *pass, struct member *member)
{
	struct member gone = { .old = member->old, .new = member->old, .has_old = true,
			       .was_active = member->was_active };
	int r;

	if (!member->has_old || text_equals(member->old.issuer, member->new.issuer))
		return 0;
	gone.new.state = MEMBER_LEFT;
	r = member_read_identity(pass, &gone);
	if (r == 0)
		r = refuse_member(pass, &gone);
	member->has_old = member->was_active = false;
	member->old = (struct stage_member){ 0 };
	return r;
}

static int run_member(struct directory_pass *pass, const char *subject, void *context UNUSED)
{
	struct member member = { 0 };
	int r = member_read(pass, subject, &member);

	if (r == -ENOENT) {
		member_done(&member);
		return 0;
	}
	if (r == 0)
		r = leave_old(pass, &member);
	if (r == 0) {
		member.new.state = member_state(pass, &member);
		member.new.fault[0] = '\0';
		(void)text_into(member.new.holder, sizeof(member.new.holder),
				member.has_old ? member.old.holder : member.new.mark);
		r = member.new.state == MEMBER_ACTIVE ? admit_member(pass, &member) :
							refuse_member(pass, &member);
	}
	if (r == 0 && pass->applies)
		r = stage_put_member(pass->db, pass->method->id, &member.new);
	if (r == 0 && pass->applies)
		r = stage_put_places(pass->db, pass->method->id, subject, member.old_places,
				     member.new_places);
	if (r == 0 && pass->applies && !pass->retries)
		r = stage_drop_member(pass->db, pass->method->id, subject);
	pass->report->n_looked_at++;
	member_done(&member);
	return r;
}

/* 1: one is written; 0: none is left; 2: see stage_next_affected(). */
static int next_subject(struct directory_pass *pass, const char *after, struct stage_scan *scan,
			char ret_subject[IDENTITY_TEXT_MAX + 1])
{
	return pass->retries ?
	       stage_next_faulty(pass->db, pass->method->id, after, ret_subject) :
	       stage_next_affected(pass->db, pass->method->id, after, scan, ret_subject);
}

/* The same members in every pass from the same `after` on. */
static int for_slice(struct directory_pass *pass, char after[IDENTITY_TEXT_MAX + 1],
		     int (*each)(struct directory_pass *pass, const char *subject, void *context),
		     void *context)
{
	struct stage_scan scan = { .n_rows = DIRECTORY_SCAN };
	char subject[IDENTITY_TEXT_MAX + 1];
	int found = 1, r = 0;

	for (unsigned n = 0; found == 1 && n < DIRECTORY_SLICE; n++) {
		found = next_subject(pass, after, &scan, subject);
		if (found <= 0)
			return found;
		if (found == 1)
			r = each(pass, subject, context);
		if (r < 0)
			return r;
		(void)text_into(after, IDENTITY_TEXT_MAX + 1, subject);  /* the same size */
	}
	return 1;
}

int directory_run_slice(struct directory_pass *pass, char after[IDENTITY_TEXT_MAX + 1])
{
	return for_slice(pass, after, run_member, NULL);
}

static int collect_name(struct directory_pass *pass, const char *subject, void *context)
{
	struct member member = { 0 };
	char ***names = context;
	int r = member_read(pass, subject, &member);

	if (r == 0 && !member.has_person && member.new.name[0] &&
	    member_state(pass, &member) == MEMBER_ACTIVE && list_add(names, member.new.name) < 0)
		abort();
	member_done(&member);
	return r == -ENOENT ? 0 : r;
}

int directory_collect_names(struct directory_pass *pass, char after[IDENTITY_TEXT_MAX + 1],
			    char ***ret_names)
{
	return for_slice(pass, after, collect_name, ret_names);
}
