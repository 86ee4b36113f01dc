/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The offline policy: a method cannot be reached, because nothing answers at its provider, at the
 * relay or at jauth-http. On the physical console the password that jauth keeps may count as that
 * factor, once the user was let in by the method a short time ago.
 *
 *   not reached   policy, console and way allow it     → OFFLINE: the password is asked for
 *   OFFLINE       nothing is typed                     → refused as if there were no policy
 *                 a password                           checked, with all its limits → DECIDING
 *   DECIDING      login-offline-decide.c               counts → on, or let in; else "incorrect"
 *
 * Everybody is asked, whoever he is: whether it can count is looked at behind the password only, by
 * the same work for all, so the question says nothing of a user.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/login-verdict.h"

/* It stands in for the first factor that knows foreign identities, and never where the way asks for
 * a password anyway: one secret would be two factors. */
static bool may_stand_in(const struct alternative *way, unsigned factor)
{
	if (way->factors[factor]->offline != OFFLINE_CONSOLE_PASSWORD)
		return false;
	for (unsigned i = 0; i < way->n_factors; i++) {
		unsigned features = way->factors[i]->features;

		if ((features & PROVIDER_CHANGES_PASSWORD) ||
		    (i < factor && !(features & PROVIDER_LOCAL_USER)))
			return false;
	}
	return true;
}

/* The way at hand; before a button was pressed any that the same code would have served. */
static void find_ways(const struct login *login, bool is_scanning,
		      struct offline_question *ret_question)
{
	struct offline_question question = { .factor = login->factor };

	for (unsigned i = 0; i < login_n_alternatives(login) && i < ALTERNATIVES_MAX; i++) {
		const struct alternative *way = login_nth_alternative(login, i);
		bool is_it = is_scanning ? login_is_same_scan(login, login->factor,
							      login->alternative, i)
					 : way == login_alternative(login);

		if (!is_it || !may_stand_in(way, login->factor))
			continue;
		question.numbers[question.n] = i;
		question.ways[question.n++] = *way;
	}
	*ret_question = question;
}

/* The provider of a scan starts when a button is pressed. */
static bool is_scanning(const struct login *login)
{
	return (login->method->features & PROVIDER_RELAY) && !login->relay.redirect_uri;
}

bool login_offline_start(struct login *login, const char *text, const char *reason)
{
	struct offline_question question;

	if (!login->is_console || login->is_remote || login->is_gone ||
	    login->facts.surface != SURFACE_CONSOLE || login->facts.phase != LOGIN_AUTHENTICATE ||
	    login->errand != ERRAND_LOGIN || login->is_linking || login->relay.is_delivering)
		return false;
	find_ways(login, is_scanning(login), &question);
	if (!question.n)
		return false;
	login_provider_end(login);
	login->offline.question = question;
	login->offline.text = text;
	(void)text_into(login->offline.reason, sizeof(login->offline.reason), reason);
	login_relay_end(login, RELAY_RESULT_FAILED);
	login_set_stage(login, STAGE_OFFLINE);
	login_screen_add(login, login_text(login, text), true);
	login_screen_add(login, login_text(login, N_("Your password on this computer counts "
						     "instead.")), false);
	login_screen_ask(login, ASKED_OFFLINE, login_text(login, N_("Password: ")), false, true);
	return true;
}

void login_offline_forget(struct login *login)
{
	if (login->offline.method[0]) {
		login_identity_done(&login->proved);     /* nobody proved it */
		login->proved_method[0] = login->proved_mapping[0] = '\0';
	}
	login->offline = (struct login_offline){ .text = NULL };
	login->good = (struct good_login){ .time_s = 0 };
}

void login_offline_on_answer(struct login *login, const struct secret *answer)
{
	char source[] = PASSWORD_SOURCE_JAUTH;
	char *const sources[] = { source, NULL };
	const struct password_request request = { .sources = sources };

	if (login->stage != STAGE_OFFLINE)
		return;
	if (!answer->len) {
		login_refuse(login, LOGIN_FAILED, AFTER_MENU, login->offline.text,
			     login->offline.reason);
		return;
	}
	login->check_number = login_next_number(login);
	if (logins_start_password(login, &request, answer, password_check_start) < 0)
		login_refuse(login, LOGIN_FAILED, AFTER_END,
			     N_("The provider reports a fault."),
			     "offline: too many passwords at once");
}

static void let_in(struct login *login, const struct verdict *verdict)
{
	log_warning("login %s: offline: user %s typed his password on the console instead of "
		    "method %s, which cannot be reached: %s", login->request, verdict->user.name,
		    verdict->offline, login->offline.reason);
	(void)text_into(login->offline.method, sizeof(login->offline.method), verdict->offline);
	login->alternative = verdict->question.numbers[verdict->question.chosen];
}

/* As whom he counts, for the record and for who looks at it later. */
static void go_on(struct login *login, const struct verdict *verdict)
{
	const struct identity identity = {
		.issuer = verdict->row.issuer, .subject = verdict->row.subject,
	};
	_cleanup_free_ char *note = text_format("offline: password instead of %s",
						verdict->offline);

	login_identity_done(&login->proved);
	if (login_identity_copy(&identity, &login->proved) < 0)
		abort();
	(void)text_into(login->proved_method, sizeof(login->proved_method), verdict->offline);
	(void)text_into(login->proved_mapping, sizeof(login->proved_mapping), verdict->row.mapping);
	login_note(login, note);
	login_next_factor(login);
}

static void on_decided(struct login *login, const struct verdict *verdict)
{
	if (verdict->answer == VERDICT_RECORDED || verdict->answer == VERDICT_FACTOR)
		let_in(login, verdict);
	if (verdict->answer == VERDICT_RECORDED) {
		login->outcome = LOGIN_GRANTED;
		login_verdict_on_recorded(login, 0);
	} else if (verdict->answer == VERDICT_FACTOR) {
		go_on(login, verdict);
	} else if (verdict->answer == VERDICT_FAULT) {
		login_refuse(login, LOGIN_FAILED, AFTER_END,
			     N_("The accounts cannot be read now."), "store failed");
	} else {
		login_refuse(login, LOGIN_DENIED, AFTER_AGAIN, N_("Login incorrect."),
			     verdict->reason);
	}
}

void login_offline_checked(struct login *login, uint32_t number, enum password_result result)
{
	struct verdict *verdict;

	if (!number || number != login->check_number)
		return;
	login->check_number = 0;
	verdict = verdict_new(login, verdict_decide_offline, on_decided);
	verdict->question = login->offline.question;
	verdict->question.password = result;
	login->outcome = LOGIN_FAILED;
	login->refusal_text = N_("The accounts cannot be read now.");
	login_set_stage(login, STAGE_DECIDING);
	verdict_start(login, verdict);
}
