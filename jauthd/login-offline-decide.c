/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whether a password counts in place of a method that cannot be reached, on the store's thread:
 * this user was let in by the method not long ago, and what led the identity to him then still
 * does. The same is looked up for everybody, whatever was typed.
 */
#include <errno.h>

#include "base/text.h"
#include "jauthd/login-verdict.h"

static bool is_in_time(const struct method *method, int64_t then_s, int64_t now_s)
{
	/* Behind a clock that was set back nothing is known of how long ago it was. */
	return method->offline_for_s > 0 && then_s <= now_s &&
	       now_s - then_s <= method->offline_for_s;
}

struct look {
	struct good_login good;
	const struct alternative *way;   /* NULL: none counts */
	const char *why;
};

/* 0, or -errno of the store. */
static int look_at_way(const struct verdict *verdict, struct db *db, unsigned i, struct look *look)
{
	const struct offline_question *question = &verdict->question;
	const struct method *method = question->ways[i].factors[question->factor];
	struct mapping_past past;
	bool holds = false;
	int r = good_login_get(db, &verdict->user, method->id, &look->good);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (!is_in_time(method, look->good.time_s, verdict->now_s)) {
		look->why = "offline: the last login by this method is too long ago";
		return 0;
	}
	past = (struct mapping_past){
		.method_id = method->id,
		.issuer = look->good.issuer,
		.subject = look->good.subject,
		.result = verdict_mapping_from_word(look->good.mapping),
	};
	r = mapping_still_holds(db, verdict->config, &past, &verdict->user, &holds);
	if (r == 0 && holds)
		look->way = &question->ways[i];
	else
		look->why = "offline: the identity is locked or no longer this user's";
	return r;
}

static int look_at_ways(struct verdict *verdict, struct db *db, struct look *look)
{
	int r = 0;

	look->why = "offline: no login by this method lately";
	for (unsigned i = 0; i < verdict->question.n && !look->way && r == 0; i++) {
		r = look_at_way(verdict, db, i, look);
		verdict->question.chosen = i;
	}
	return r;
}

static const char *const password_faults[] = {
	[PASSWORD_RIGHT] = NULL,
	[PASSWORD_WRONG] = "offline: wrong password",
	[PASSWORD_MUST_CHANGE] = "offline: the password must be changed first",
	[PASSWORD_CHANGED] = "offline: wrong password",
	[PASSWORD_NOT_OURS] = "offline: wrong password",
	[PASSWORD_UNAVAILABLE] = "offline: passwords cannot be checked now",
};

static enum verdict_answer refuse(struct verdict *verdict, const char *reason)
{
	(void)text_into(verdict->reason, sizeof(verdict->reason), reason);
	return VERDICT_NO;
}

/* The row says as whom he counts: what locks that identity ends what he does then. */
static void fill_row(struct verdict *verdict, const struct look *look)
{
	struct buf method = BUF_INIT(sizeof(verdict->row.method) - 1);
	struct audit_row *row = &verdict->row;

	(void)text_into(verdict->offline, sizeof(verdict->offline), look->good.method);
	(void)text_into(row->issuer, sizeof(row->issuer), look->good.issuer);
	(void)text_into(row->subject, sizeof(row->subject), look->good.subject);
	(void)text_into(row->mapped_method, sizeof(row->mapped_method), look->good.method);
	(void)text_into(row->mapping, sizeof(row->mapping), look->good.mapping);
	policy_alternative_text(look->way, &method);
	(void)text_into(row->method, sizeof(row->method), buf_text(&method));
	buf_done(&method);
}

enum verdict_answer verdict_decide_offline(struct verdict *verdict, struct db *db)
{
	struct look look = { .way = NULL };
	enum verdict_answer account;

	if (look_at_ways(verdict, db, &look) < 0)
		return VERDICT_FAULT;
	account = verdict_look_at_account(verdict, db);
	if (account == VERDICT_FAULT)
		return VERDICT_FAULT;
	if (verdict->question.password != PASSWORD_RIGHT)
		return refuse(verdict, password_faults[verdict->question.password]);
	if (!verdict->user.exists || account != VERDICT_YES)
		return refuse(verdict, account == VERDICT_EXPIRED ? "offline: account over" :
								    "offline: account locked");
	if (!look.way)
		return refuse(verdict, look.why);
	fill_row(verdict, &look);
	if (verdict->question.factor + 1 < look.way->n_factors)
		return VERDICT_FACTOR;
	verdict->good = (struct good_login){ .time_s = 0 };      /* not by the method itself */
	verdict->is_proved = false;
	return verdict_grant(verdict, db);
}
