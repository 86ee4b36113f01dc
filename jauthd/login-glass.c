/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A break-glass code is entered; see login-checks.h. The try is counted, the code compared and used
 * up, and who must know is told, in one transaction: no kill leaves one without the other. It is
 * logged whether or not the login still waits for the answer.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/audit.h"
#include "jauthd/glass.h"
#include "jauthd/login-checks.h"
#include "jauthd/notices.h"

static int add_notice(struct check *check, struct db *db, enum notice_kind kind, const char *to,
		      int64_t uid)
{
	struct notice notice = notice_make(kind, to, uid);

	notice_set_identity(&notice, check->source, check->user, NULL);
	notice.time_s = check->now_s;
	notice.is_sent = uid == NOTICE_ANY_UID;  /* no app is known to be an admin's */
	return notice_add(db, &notice);
}

static int tell_people(struct check *check, struct db *db, enum glass_match match)
{
	char *const *admin = check->config->admins;
	int r = add_notice(check, db,
			   match == GLASS_RECOVERY ? NOTICE_RECOVERED : NOTICE_GLASS,
			   check->user, check->uid);

	for (; r == 0 && admin && *admin; admin++)
		if (!text_equals(*admin, check->user))
			r = add_notice(check, db, NOTICE_GLASS, *admin, NOTICE_ANY_UID);
	return r;
}

static int record(struct check *check, struct db *db, enum glass_match match)
{
	struct audit_row *row = check->row;

	(void)text_into(row->kind, sizeof(row->kind), "break-glass");
	(void)text_into(row->outcome, sizeof(row->outcome), login_state_names[LOGIN_GRANTED]);
	(void)text_into(row->reason, sizeof(row->reason),
			match == GLASS_RECOVERY ? "ALERT: a recovery code was used"
						: "ALERT: a break-glass code was used");
	return audit_add(db, row, NULL);
}

static int run_glass(struct check *check, struct db *db)
{
	const struct budget_asker asker = check_asker(check);
	enum glass_match match = GLASS_NO;
	int r;

	r = budget_try(db, &check->config->budget, &asker, check->now_s, &check->result,
		       &check->wait_s);
	if (r < 0 || check->result != CODE_WRONG)
		return r;
	r = glass_take(db, check->user, check->uid, check->secret, check->now_s, &match);
	if (r < 0 || match == GLASS_NO)
		return r;
	r = record(check, db, match);
	if (r == 0)
		r = tell_people(check, db, match);
	if (r == 0)
		r = budget_right(db, &asker);
	if (r == 0)
		check->result = CODE_RIGHT;
	return r;
}

static void alert(struct check *check)
{
	if (check->error < 0 || check->result != CODE_RIGHT)
		return;
	audit_log(check->row);
	log_error("login %s: a break-glass code of user %s was used, from %s", check->row->request,
		  check->user, check->source);
	logins_count_break_glass(check->logins);
	logins_noticed(check->logins);
}

static void tell_glass(struct login *login, struct check *check)
{
	if (check->error < 0) {
		check->result = CODE_UNAVAILABLE;
		check->wait_s = 0;
	}
	DELIVER(login, judged, check->number, check->result, check->wait_s);
}

static const struct check_kind check_glass = { run_glass, tell_glass, alert };

uint32_t login_check_glass(struct login *login, const struct secret *entry)
{
	struct check *check = check_new(login, &check_glass);

	if (!check)
		return 0;
	check->secret = secret_new(entry->data, entry->len);
	check->row = calloc(1, sizeof(*check->row));
	if (!check->secret || !check->row)
		abort();
	login_row_fill(login, check->row);
	return check_start(login, check);
}
