/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether an identity may be linked to the user who asks, and the link: on the store's thread,
 * asked once before the digits, once before the user's yes, and once for the link itself; each
 * looks at all there is. The link, the notice and the audit row are one transaction.
 */
#include <errno.h>

#include "base/text.h"
#include "jauthd/accounts.h"
#include "jauthd/audit.h"
#include "jauthd/glass.h"
#include "jauthd/login-verdict.h"

static int count_link(const struct link *link, void *context)
{
	int64_t *n = context;

	*n += !link->pending;
	return 0;
}

/* VERDICT_YES: there is room for one more. */
static enum verdict_answer look_at_room(const struct verdict *verdict, struct db *db)
{
	const struct unix_user *user = &verdict->user;
	int64_t n_links = 0, n_changes = 0;

	if (link_each(db, user->name, count_link, &n_links) < 0 ||
	    notices_count_day(db, user->name, user->uid, verdict->now_s, &n_changes) < 0)
		return VERDICT_FAULT;
	return n_links >= LINKS_PER_USER_MAX || n_changes >= OWN_CHANGES_DAY ? VERDICT_ENOUGH
									     : VERDICT_YES;
}

/* VERDICT_YES: no link or rule leads there yet, and nothing stands against one. */
static enum verdict_answer look_at_identity(struct verdict *verdict, struct db *db)
{
	enum verdict_answer account;

	if (mapping_check(db, verdict->config, verdict->method, &verdict->identity.identity,
			  &verdict->user, &verdict->mapping) < 0)
		return VERDICT_FAULT;
	if (mapping_is_yes(verdict->mapping))
		return VERDICT_LINKED;
	if (verdict->mapping != MAPPING_NO ||
	    text_equals(verdict->identity.identity.issuer, ISSUER_UNIX))
		return VERDICT_NO;
	account = verdict_look_at_account(verdict, db);
	return account == VERDICT_YES ? look_at_room(verdict, db) : account;
}

static int add_notice(const struct verdict *verdict, struct db *db)
{
	const struct identity *identity = &verdict->identity.identity;
	struct notice notice = notice_make(NOTICE_LINKED, verdict->user.name, verdict->user.uid);

	notice_set_identity(&notice, identity->issuer, identity->subject, identity->display);
	notice.time_s = verdict->now_s;
	return notice_add(db, &notice);
}

static enum verdict_answer add_link(struct verdict *verdict, struct db *db)
{
	const struct identity *identity = &verdict->identity.identity;
	const struct link link = {
		.issuer = (char *)identity->issuer,
		.subject = (char *)identity->subject,
		.user = verdict->user.name,
		.uid = verdict->user.uid,
		.note = (char *)"",
		.origin = (char *)"self",
		.created_s = verdict->now_s,
	};
	int64_t id = 0;
	int r = link_add(db, &link, &id);

	if (r == -EEXIST)
		return VERDICT_LINKED;
	if (r < 0 || add_notice(verdict, db) < 0)
		return VERDICT_FAULT;
	if (verdict->is_recovered)
		r = glass_linked(db, verdict->user.name, verdict->user.uid, verdict->now_s);
	if (r == -ENOENT)
		verdict->is_undone = true;
	if (r < 0)
		return r == -ENOENT ? VERDICT_NO : VERDICT_FAULT;
	db_make_durable(db);
	verdict_set_outcome(verdict, LOGIN_GRANTED, verdict->is_recovered ?
			    "linked by the user himself, after a recovery" :
			    "linked by the user himself");
	return verdict_record(verdict, db);
}

enum verdict_answer verdict_decide_recovery(struct verdict *verdict, struct db *db)
{
	bool may = false;

	if (glass_may_link(db, verdict->user.name, verdict->user.uid, verdict->now_s, &may) < 0)
		return VERDICT_FAULT;
	return may ? VERDICT_YES : VERDICT_NO;
}

enum verdict_answer verdict_decide_link(struct verdict *verdict, struct db *db)
{
	enum verdict_answer answer;

	verdict->mapping = MAPPING_NO;
	answer = look_at_identity(verdict, db);
	if (answer != VERDICT_YES)
		return answer;
	if (verdict->needs_match)
		return verdict_look_at_matches(verdict, db);
	return verdict->is_confirmed ? add_link(verdict, db) : VERDICT_YES;
}
