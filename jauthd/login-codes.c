/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codes that providers let the core keep and compare; see login-checks.h.
 *
 * A code that was sent takes two transactions: one counts the try, then the loop compares, and when
 * it was right another forgives. A TOTP code is counted, compared and forgiven in one.
 */
#include "jauthd/login-checks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void tell_judged(struct login *login, struct check *check)
{
	if (check->error < 0) {
		check->result = CODE_UNAVAILABLE;
		check->wait_s = 0;
	}
	DELIVER(login, judged, check->number, check->result, check->wait_s);
}

static int run_right(struct check *check, struct db *db)
{
	const struct budget_asker asker = check_asker(check);
	int r;

	check->result = CODE_RIGHT;
	r = budget_right(db, &asker);
	if (r == 0 && check->phone_id)
		r = phone_used(db, check->phone_id, check->now_s);
	return r;
}

static const struct check_kind check_right = { run_right, tell_judged };

static int run_try(struct check *check, struct db *db)
{
	const struct budget_asker asker = check_asker(check);

	return budget_try(db, &check->config->budget, &asker, check->now_s, &check->result,
			  &check->wait_s);
}

/* The try is counted and on the disk: now it may be compared. What was right is used up before
 * anything else happens. */
static void tell_tried(struct login *login, struct check *check)
{
	bool is_equal = codes_equal(&login->sent.tag, &check->tag) && login->sent.has_tag;
	struct check *right;

	if (check->error < 0 || check->result != CODE_WRONG || !is_equal) {
		tell_judged(login, check);
		return;
	}
	right = check_make(login, &check_right);
	right->phone_id = login->sent.phone_id;
	right->number = check->number;
	login_drop_code(login);
	if (check_add(login, right)) {
		login->check_number = check->number;
		return;
	}
	check->result = CODE_UNAVAILABLE;
	tell_judged(login, check);
}

static const struct check_kind check_try = { run_try, tell_tried };

static int make_tag(struct login *login, const struct secret *code, struct code_tag *ret_tag)
{
	int64_t uid = login->user.exists ? login->user.uid : UID_NONE;

	return codes_tag(logins_env(login->logins)->codes, login->code_id, sizeof(login->code_id),
			 uid, code, ret_tag);
}

void login_keep_code(struct login *login, const struct secret *code, int64_t phone_id)
{
	int r;

	if (login_has_ended(login))
		return;
	login_drop_code(login);
	r = make_tag(login, code, &login->sent.tag);
	if (r < 0) {
		log_error("login %s: no tag for a code: %s", login->request, strerror(-r));
		return;
	}
	login->sent.has_tag = login->sent.is_open = true;
	login->sent.phone_id = phone_id;
}

void login_drop_code(struct login *login)
{
	explicit_bzero(&login->sent.tag, sizeof(login->sent.tag));
	login->sent.has_tag = login->sent.is_open = false;
}

uint32_t login_check_code(struct login *login, const struct secret *entry)
{
	struct check *check = check_new(login, &check_try);

	if (!check)
		return 0;
	check->error = make_tag(login, entry, &check->tag);
	return check_start(login, check);
}

/* --- TOTP --- */

static int run_totp(struct check *check, struct db *db)
{
	const struct budget_asker asker = check_asker(check);
	enum enrolment_match match = ENROLMENT_NO;
	int r;

	r = budget_try(db, &check->config->budget, &asker, check->now_s, &check->result,
		       &check->wait_s);
	if (r < 0 || check->result != CODE_WRONG)
		return r;
	r = enrolment_check(db, check->user, check->uid, check->secret, check->window,
			    check->now_s, &match);
	if (r < 0 || match == ENROLMENT_NO)
		return r;
	check->result = CODE_RIGHT;
	return budget_right(db, &asker);
}

static const struct check_kind check_totp = { run_totp, tell_judged };

uint32_t login_check_totp(struct login *login, const struct secret *entry, int64_t window)
{
	struct check *check = check_new(login, &check_totp);

	if (!check)
		return 0;
	check->window = window;
	check->secret = secret_new(entry->data, entry->len);
	if (!check->secret)
		abort();
	return check_start(login, check);
}

static int run_set_totp(struct check *check, struct db *db)
{
	db_make_durable(db);
	return enrolment_set(db, check->user, check->uid, &check->enrolment, check->now_s);
}

static const struct check_kind check_set_totp = { run_set_totp, check_tell_stored };

static int copy_enrolment(struct check *check, const struct totp_enrolment *from)
{
	if (from->n_recovery > RECOVERY_CODES_MAX)
		return -EINVAL;
	check->secret = secret_new(from->key->data, from->key->len);
	if (!check->secret)
		return -ENOMEM;
	for (size_t i = 0; i < from->n_recovery; i++) {
		check->recovery[i] = secret_new(from->recovery[i]->data, from->recovery[i]->len);
		if (!check->recovery[i])
			return -ENOMEM;
	}
	check->enrolment = *from;
	check->enrolment.key = check->secret;
	check->enrolment.recovery = check->recovery;
	return 0;
}

uint32_t login_set_totp(struct login *login, const struct totp_enrolment *enrolment)
{
	struct check *check = check_new(login, &check_set_totp);

	if (!check)
		return 0;
	check->error = check_has_user(login);
	if (check->error == 0)
		check->error = copy_enrolment(check, enrolment);
	return check_start(login, check);
}
