/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Asks the store for verdicts and acts on them, on the loop; login-decide.c decides. What comes
 * back for a login that is gone, or no longer waits for it, is dropped.
 */
#include "jauthd/login-verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/host-ids.h"
#include "jauthd/publish.h"

/* --- what comes of an answer --- */

static enum login_state row_outcome(const struct audit_row *row)
{
	for (int i = 0; i < LOGIN_N_STATES; i++)
		if (text_equals(row->outcome, login_state_names[i]))
			return (enum login_state)i;
	return LOGIN_FAILED;
}

void verdict_refuse(struct login *login, const struct verdict *verdict)
{
	const char *reason = *verdict->reason ? verdict->reason :
						mapping_result_text(verdict->mapping);

	if (verdict->answer == VERDICT_LOCKED)
		reason = "account locked";
	else if (verdict->answer == VERDICT_EXPIRED)
		reason = "account over";
	login_refuse(login, LOGIN_DENIED, AFTER_END,
		     verdict_could_be_linked(verdict) ?
			     N_("This account may not log in here. "
				"To link it, give your administrator the id.") :
			     N_("This account may not log in here."), reason);
}

void login_verdict_refuse_blocked(struct login *login)
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
	if (verdict->has_news && verdict->answer != VERDICT_FAULT)
		publish_now(logins_env(login->logins)->publish);
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
					verdict_mapping_word(verdict->mapping));
		login->good = verdict->good;
		login_next_factor(login);
		return;
	case VERDICT_MATCH:
		if (!login_relay_is_refused(login))
			login_relay_show_digits(login);
		return;
	case VERDICT_BLOCKED:
		login_verdict_refuse_blocked(login);
		return;
	case VERDICT_NO:
	case VERDICT_LOCKED:
	case VERDICT_EXPIRED:
		verdict_refuse(login, verdict);
		return;
	case VERDICT_NEWCOMER:
		if (!login_relay_is_refused(login))
			login_newcomer_start(login);
		return;
	case VERDICT_REFRESHED:
		login_newcomer_refreshed(login);
		return;
	case VERDICT_UNMADE:
	case VERDICT_YES:
	case VERDICT_LINKED:
	case VERDICT_ENOUGH:
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

static void on_recorded(struct login *login, const struct verdict *verdict)
{
	if (verdict->answer == VERDICT_RECORDED)
		login->outcome = row_outcome(&verdict->row);
	login_verdict_on_recorded(login, verdict->answer == VERDICT_RECORDED ? 0 : -EIO);
}

static void show_notices(struct login *login, const struct notices *notices)
{
	const struct notice_style style = {
		.catalogs = logins_env(login->logins)->catalogs,
		.language = login->facts.surface == SURFACE_SSH ? NULL : login_language(login),
		.ascii = login->facts.surface == SURFACE_SSH,
	};

	for (size_t i = 0; i < notices->n; i++) {
		struct buf line = BUF_INIT(LOGIN_SHOWN_MAX);

		buf_add_text(&line, "jauth: ");
		notice_text(&notices->rows[i], &style, &line);
		login_screen_add(login, buf_text(&line), false);
		buf_done(&line);
	}
	if (notices->n)
		login_screen_add(login, catalogs_text(style.catalogs, style.language,
				 N_("If you did not do that, tell your administrator.")), false);
}

static void on_account(struct login *login, const struct verdict *verdict)
{
	if (verdict->answer == VERDICT_RECORDED && row_outcome(&verdict->row) == LOGIN_GRANTED)
		show_notices(login, &verdict->notices);
	on_recorded(login, verdict);
}

/* --- the job --- */

static void verdict_free(struct verdict *verdict)
{
	unix_user_done(&verdict->user);
	login_identity_done(&verdict->identity);
	host_ids_free(verdict->host);
	config_unref(verdict->config);
	free(verdict);
}

static void on_decided(struct job *job)
{
	struct verdict *verdict = container_of(job, struct verdict, job);
	struct login *login = logins_find(verdict->logins, verdict->id);

	if (verdict->answer == VERDICT_FAULT)
		log_error("login %s: the store failed", verdict->row.request);
	if (login && login->stage == STAGE_DECIDING)
		verdict->act(login, verdict);
	verdict_free(verdict);
}

struct verdict *verdict_new(struct login *login, verdict_decide_fn decide, verdict_act_fn act)
{
	struct verdict *verdict = calloc(1, sizeof(*verdict));

	if (!verdict || unix_user_copy(&login->user, &verdict->user) < 0)
		abort();
	verdict->job = (struct job){ .run = verdict_run, .done = on_decided };
	verdict->logins = login->logins;
	verdict->id = login->id;
	verdict->config = config_ref(login->config);
	verdict->decide = decide;
	verdict->act = act;
	verdict->now_s = logins_now_s(login->logins);
	verdict->method = login->method;
	verdict->has_proof = login_is_proved(login);
	verdict->phase = login->facts.phase;
	verdict->has_address = login->facts.has_address;
	verdict->good = login->good;
	(void)text_into(verdict->offline, sizeof(verdict->offline), login->offline.method);
	login_row_fill(login, &verdict->row);
	return verdict;
}

void verdict_start(struct login *login, struct verdict *verdict)
{
	if (store_add(logins_env(login->logins)->store, &verdict->job) == 0)
		return;
	log_error("login %s: the store has too much to do", login->request);
	verdict_free(verdict);
	if (login->stage != STAGE_OVER)
		login_verdict_on_recorded(login, -ENOBUFS);
}

/* --- what is asked --- */

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
	struct verdict *verdict = login->is_linking ?
				  verdict_new(login, verdict_decide_link, login_link_act) :
				  verdict_new(login, verdict_decide_mapping, on_mapped);

	verdict->is_proved = is_proved;
	verdict->is_confirmed = login->is_confirmed;
	verdict->is_recovered = login->is_recovered;
	verdict->needs_match = login->relay.is_matched && !login->relay.was_matched;
	verdict->is_last = login->facts.phase == LOGIN_AUTHENTICATE &&
			   login->factor + 1 >= login_alternative(login)->n_factors;
	verdict->may_be_new = login->facts.phase == LOGIN_AUTHENTICATE;
	verdict->is_refreshed = login->is_refreshed;
	verdict->identity = login->identified;
	memset(&login->identified, 0, sizeof(login->identified));
	login->outcome = LOGIN_FAILED;
	login->refusal_text = N_("The accounts cannot be read now.");
	verdict_start(login, verdict);
}

void login_verdict_again(struct login *login)
{
	if (login_identity_copy(&login->proved.identity, &login->identified) < 0)
		abort();
	login_verdict_map(login);
}

void login_verdict_matched(struct login *login)
{
	login->relay.was_matched = true;
	login_verdict_again(login);
}

void login_verdict_confirmed(struct login *login)
{
	login->is_confirmed = true;
	login_verdict_again(login);
}

void login_verdict_wrong_digits(struct login *login)
{
	verdict_start(login, verdict_new(login, verdict_count_wrong_digits, on_wrong_digits));
}

void login_verdict_record(struct login *login, enum login_state outcome)
{
	struct verdict *verdict;

	if (outcome == LOGIN_IGNORED) {
		if (login->stage != STAGE_OVER)
			login_verdict_on_recorded(login, 0);
		return;
	}
	verdict = verdict_new(login, verdict_record, on_recorded);
	verdict_set_outcome(verdict, outcome, login->reason);
	verdict_start(login, verdict);
}

void login_verdict_account(struct login *login)
{
	struct verdict *verdict = verdict_new(login, verdict_decide_account, on_account);

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
	verdict_start(login, verdict_new(login, verdict_decide_password, on_password_checked));
}
