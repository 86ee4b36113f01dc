/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The course of one login.
 *
 * stage       waits for                    event → next
 * LOOKING_UP  user record and origin       both there → CHOOSING, PRESENCE, RUNNING, DECIDING, end
 * CHOOSING    an answer to the menu        a way → PRESENCE, SCANNING, RUNNING; else the menu again
 * PRESENCE    an answer that is not empty  → RUNNING
 * RUNNING     the provider                 identified → HOLDING or DECIDING; refused → DELAYING;
 *                                          not reached → OFFLINE, where policy says so;
 *                                          done (an errand) → DECIDING (recording)
 * SCANNING    the telephone                a button is pressed → RUNNING (login-relay.c); no relay
 *                                          reached → OFFLINE, as above
 * HOLDING     Enter under the code         → DECIDING
 * MATCHING    the telephone's digits       right → DECIDING again; wrong → DELAYING
 * DECIDING    the store                    mapped → MATCHING, next factor's PRESENCE, SCANNING or
 *                                          RUNNING, the enrolment's RUNNING, or OVER; not
 *                                          mapped → DELAYING; recorded → OVER; may be
 *                                          linked → CONFIRMING
 * OFFLINE     the password instead         checked → DECIDING; nothing typed → DELAYING
 *                                          (login-offline.c)
 * CONFIRMING  the user's yes               → DECIDING (login-link.c)
 * DELAYING    the clock                    → CHOOSING, RUNNING again, or DECIDING (recording)
 * OVER        the loop                     collected
 *
 * In every stage: deadline → DELAYING and end; the person gives up → end; the client leaves → OVER.
 */
#include "jauthd/login.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/login-private.h"

void login_set_stage(struct login *login, enum login_stage stage)
{
	if (login->stage != STAGE_OVER)
		login->stage = stage;
}

/* --- ends --- */

void login_end(struct login *login, enum login_state outcome, const char *text)
{
	if (login->stage == STAGE_OVER)
		return;
	login_provider_end(login);
	login->outcome = outcome;
	login->refusal_text = text;
	login->asked = ASKED_NOTHING;
	login_set_stage(login, STAGE_DECIDING);
	login_verdict_record(login, outcome);
}

/* What could not be recorded is not granted. */
void login_verdict_on_recorded(struct login *login, int error)
{
	if (error < 0 && login->outcome == LOGIN_GRANTED) {
		login->outcome = LOGIN_FAILED;
		login->refusal_text = N_("The login could not be recorded.");
	}
	login_relay_end(login, login->outcome == LOGIN_GRANTED ? RELAY_RESULT_GRANTED :
								 RELAY_RESULT_OVER);
	login_screen_outcome(login, login->outcome, login->refusal_text);
	logins_count(login->logins, login->outcome);
	if (login->outcome == LOGIN_GRANTED && login->offline.method[0])
		logins_count_offline(login->logins);
	login_set_stage(login, STAGE_OVER);
	logins_finished(login);
}

/* What the store is deciding or recording goes its way, and is one row as ever. */
void login_abandon(struct login *login, const char *why)
{
	login->is_gone = true;
	if (login->stage == STAGE_OVER || login->stage == STAGE_DECIDING)
		return;
	login_provider_end(login);
	login_relay_end(login, RELAY_RESULT_OVER);
	(void)text_into(login->reason, sizeof(login->reason), why);
	login->asked = ASKED_NOTHING;
	login_set_stage(login, STAGE_OVER);
	login_verdict_record(login, LOGIN_CANCELLED);
	logins_count(login->logins, LOGIN_CANCELLED);
	logins_finished(login);
}

/* While the store decides or records it is as with one who leaves. */
void login_on_cancel(struct login *login)
{
	if (login->stage == STAGE_DECIDING) {
		login->is_gone = true;
		return;
	}
	(void)text_into(login->reason, sizeof(login->reason), "given up at a prompt");
	login_end(login, LOGIN_CANCELLED, NULL);
}

static void start_delay(struct login *login)
{
	uint64_t delay_us = (uint64_t)login->config->fail_delay_ms * 1000;

	if (login->refusal != LOGIN_DENIED && login->refusal != LOGIN_ENOUGH)
		delay_us = 0;
	login_set_stage(login, STAGE_DELAYING);
	if (sd_event_source_set_time_relative(login->timer, delay_us) < 0 ||
	    sd_event_source_set_enabled(login->timer, SD_EVENT_ONESHOT) < 0)
		login_on_delay_over(login);
}

/* Every refusal is told at the same distance from the answer, so that how long it took to be
 * found says nothing. */
void login_refuse(struct login *login, enum login_state outcome, enum login_after after,
		  const char *text, const char *reason)
{
	if (login->stage == STAGE_OVER || login->stage == STAGE_DELAYING)
		return;
	login_provider_end(login);
	login_relay_end(login, outcome == LOGIN_FAILED ? RELAY_RESULT_FAILED : RELAY_RESULT_DENIED);
	login->refusal = outcome;
	login->refusal_text = text;
	login->after = after;
	(void)text_into(login->reason, sizeof(login->reason), reason);
	start_delay(login);
}

static void show_menu(struct login *login)
{
	login->factor = 0;
	login_set_stage(login, STAGE_CHOOSING);
	login_screen_menu(login);
}

/* A person may change his mind often, a program that answers at random may not. */
bool login_another_round(struct login *login)
{
	return ++login->n_rounds < LOGIN_ROUNDS_MAX;
}

void login_on_delay_over(struct login *login)
{
	bool go_on = login->after != AFTER_END && login->errand == ERRAND_LOGIN &&
		     !login->is_gone && login_another_round(login);

	if (login->after == AFTER_AGAIN && ++login->n_tries >= login->config->login_tries)
		go_on = false;
	if (!go_on || (login->after == AFTER_MENU && !login_has_choice(login))) {
		login_end(login, login->refusal, login->refusal_text);
		return;
	}
	login_screen_add(login, login_text(login, login->refusal_text), true);
	if (login->after == AFTER_MENU)
		show_menu(login);
	else
		login_start_factor(login);
}

void login_on_expiry(struct login *login)
{
	if (login->stage == STAGE_DECIDING || login->stage == STAGE_OVER)
		return;
	(void)text_into(login->reason, sizeof(login->reason), "time is over");
	login_end(login, LOGIN_DENIED, N_("The time for this login is over."));
}

/* --- ways and factors --- */

void login_run_provider(struct login *login)
{
	if (!logins_take_slot(login)) {
		log_warning("login %s: no room for another login of method %s", login->request,
			    login->method->id);
		login_relay_end(login, RELAY_RESULT_FAILED);
		login_refuse(login, LOGIN_DENIED, AFTER_MENU,
			     N_("This way to log in is busy. Try again or choose another way."),
			     "no room for another login of this method");
		return;
	}
	login_set_stage(login, STAGE_RUNNING);
	login_provider_start(login);
}

void login_start_factor(struct login *login)
{
	if (login->factor == 0)
		login_offline_forget(login);
	login->method = login_alternative(login)->factors[login->factor];
	if (login->method->features & PROVIDER_RELAY) {
		login_relay_start(login);        /* contacts nobody before the telephone does */
		return;
	}
	if ((login->method->features & PROVIDER_CONTACTS) && !login->was_present) {
		login_set_stage(login, STAGE_PRESENCE);
		login_screen_presence(login);
		return;
	}
	login_run_provider(login);
}

void login_start_errand(struct login *login, enum login_errand errand, struct method *method)
{
	login->errand = errand;
	login->method = method;
	login_run_provider(login);
}

/* Behind a user's last factor something else than being let in comes only in the phases LOGIN_ENROL
 * and LOGIN_LINK. */
void login_next_factor(struct login *login)
{
	login_relay_end(login, RELAY_RESULT_GRANTED);
	login->factor++;
	if (login->is_gone) {
		(void)text_into(login->reason, sizeof(login->reason), "client left");
		login_end(login, LOGIN_CANCELLED, NULL);
	} else if (login->factor < login_alternative(login)->n_factors) {
		login_start_factor(login);
	} else if (login->facts.phase == LOGIN_LINK) {
		login_link_go_on(login);
	} else {
		login_start_errand(login, ERRAND_ENROL, login->errand_method);
	}
}

/* An approval counts when the client can take it: while the code's prompt is open the person may
 * still give up. */
void login_factor_proved(struct login *login)
{
	if (!login->relay.is_matched)
		login_push_end(login);   /* no digits go that way */
	if (login->asked == ASKED_CODE) {
		login_set_stage(login, STAGE_HOLDING);
		return;
	}
	login_set_stage(login, STAGE_DECIDING);
	login_verdict_map(login);
}

void login_start_ways(struct login *login)
{
	if (login_n_alternatives(login) == 0) {
		login_refuse(login, LOGIN_DENIED, AFTER_END, N_("You may not log in here."),
			     "no method allowed");
		return;
	}
	if (login_has_choice(login))
		show_menu(login);
	else
		login_start_factor(login);
}

/* --- answers --- */

/* sshd hides from us what somebody types whom it does not know: it gives this instead, repeated to
 * the same length (OpenSSH, auth-pam.c). A code in it would not look like one, and be asked for
 * again, where a wrong one of a user is refused; so it becomes a wrong one. */
bool login_is_junk_of_sshd(const struct secret *answer)
{
	static const char junk[] = "\b\n\r\177INCORRECT";

	for (size_t i = 0; i < answer->len; i++)
		if (answer->data[i] != junk[i % (sizeof(junk) - 1)])
			return false;
	return answer->len > 0;
}

/* NULL when there is no memory. */
static struct secret *zeros_like(const struct secret *answer)
{
	struct secret *zeros = secret_new(answer->data, answer->len);

	if (zeros)
		memset(zeros->data, '0', zeros->len);
	return zeros;
}

bool login_answer_is(const struct secret *answer, char key)
{
	return answer->len == 1 && (answer->data[0] | 0x20) == key;
}

/* Nobody was refused, so that is not what a telephone is told. */
void login_refuse_nobody(struct login *login)
{
	login_relay_end(login, RELAY_RESULT_OVER);
	login_refuse(login, LOGIN_DENIED, AFTER_END, N_("Nothing was chosen."), "nobody answers");
}

static void on_menu_answer(struct login *login, const struct secret *answer)
{
	unsigned choice = answer->len == 1 ? (unsigned char)answer->data[0] - (unsigned)'0' : 0;
	struct login_ways ways;

	login_find_ways(login, &ways);
	if (login_answer_is(answer, 'q')) {
		login_on_cancel(login);
	} else if (choice >= 1 && choice <= ways.n) {
		login->alternative = ways.first[choice - 1];
		login_start_factor(login);
	} else if (login_another_round(login)) {
		login_screen_menu(login);
	} else {
		login_refuse_nobody(login);
	}
}

static void on_presence_answer(struct login *login, const struct secret *answer)
{
	if ((login_answer_is(answer, 'q') || login_answer_is(answer, 'n')) &&
	    login_gate_hears_keys(login))
		login_on_cancel(login);
	else if (login->was_present)
		login_run_provider(login);
	else if (login_another_round(login))
		login_screen_presence(login);
	else
		login_refuse_nobody(login);
}

/* Back to the choice of methods, when there is one. */
bool login_go_back(struct login *login)
{
	if (!login_has_choice(login) || !login_another_round(login))
		return false;
	login_provider_end(login);
	login_relay_end(login, RELAY_RESULT_OVER);
	show_menu(login);
	return true;
}

static void on_code_answer(struct login *login, uint32_t number, const struct secret *answer)
{
	if (login_answer_is(answer, 'q')) {
		login_on_cancel(login);
	} else if (login_answer_is(answer, 'i') && login_another_round(login)) {
		login->inverted = !login->inverted;
		login_screen_code(login);
	} else if ((login_answer_is(answer, 'm') || login_answer_is(answer, 'c')) &&
		   login_go_back(login)) {
		return;
	} else if (login->stage == STAGE_HOLDING) {
		login_factor_proved(login);
	} else if (login->stage == STAGE_RUNNING || login->stage == STAGE_SCANNING) {
		login_screen_wait(login);
		login_provider_answer(login, number, answer);
	}
}

static void on_provider_answer(struct login *login, uint32_t number, const struct secret *answer)
{
	_cleanup_secret_ struct secret *typed = NULL;

	if (!login->user.exists && login_is_junk_of_sshd(answer))
		typed = zeros_like(answer);
	if (login->prompt_keys && login_answer_is(answer, 'q') && login_hears_keys(login))
		login_on_cancel(login);
	else if (!login->prompt_keys || !login_answer_is(answer, 'c') || !login_go_back(login))
		login_provider_answer(login, number, typed ? typed : answer);
}

void login_on_answer(struct login *login, uint32_t number, const struct secret *answer)
{
	enum login_asked asked = login->asked;

	if (asked == ASKED_NOTHING || number != login->asked_number)
		return;
	login->asked = ASKED_NOTHING;
	login->was_present = login->was_present || answer->len > 0;
	switch (asked) {
	case ASKED_MENU:
		on_menu_answer(login, answer);
		return;
	case ASKED_PRESENCE:
		on_presence_answer(login, answer);
		return;
	case ASKED_PROVIDER:
		on_provider_answer(login, number, answer);
		return;
	case ASKED_CODE:
		on_code_answer(login, number, answer);
		return;
	case ASKED_DIGITS:
		login_relay_on_answer(login, answer);
		return;
	case ASKED_OFFLINE:
		login_offline_on_answer(login, answer);
		return;
	case ASKED_LINK:
		login_link_on_answer(login, answer);
		return;
	case ASKED_NOTHING:
		return;
	}
}
