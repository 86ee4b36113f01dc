/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Adds a number for the user.
 *
 *   state     waits for   event → next
 *   NUMBER    answer      a number that may get messages → LABEL; else NUMBER, SMS_TRIES_MAX times
 *   LABEL     answer      → VERIFY for root, else SENDING
 *   VERIFY    answer      y → SENDING; n → STORING
 *   SENDING   sms-send.c  sent → CODE; else ended
 *   CODE      answer      digits → CHECKING; else CODE, SMS_TRIES_MAX times
 *   CHECKING  judged      right → STORING; wrong → CODE; else ended
 *   STORING   stored      done, or ended
 *
 * A number that a user adds himself is his only when he has read a code there; a sysadmin knows
 * whose it is.
 */
#include <errno.h>
#include <string.h>

#include "base/digits.h"
#include "base/text.h"
#include "providers/sms.h"

void sms_errand_ask(struct login *login, enum sms_state state, const char *text,
		    const char *name)
{
	struct sms_login *own = login_own(login);
	const struct login_prompt prompt = { .text = text, .echo = true, .name = name };

	if (own->n_prompts++ == SMS_TRIES_MAX) {
		login_drop_code(login);
		login_deny(login, DENY_REFUSED, "too many wrong answers");
		return;
	}
	own->state = state;
	(void)login_prompt(login, &prompt);
}

static void ask_number(struct login *login)
{
	sms_errand_ask(login, SMS_ENROL_NUMBER, login_text(login, N_("Mobile number: ")), "number");
}

static void ask_label(struct login *login)
{
	sms_errand_ask(login, SMS_ENROL_LABEL, login_text(login, N_("Label (may be empty): ")),
		       "label");
}

static void ask_verify(struct login *login)
{
	sms_errand_ask(login, SMS_ENROL_VERIFY,
		       login_text(login, N_("Send a code to check it? (y/n) ")), "verify");
}

static void ask_code(struct login *login)
{
	sms_errand_ask(login, SMS_ENROL_CODE, login_text(login, N_("Enter code: ")), NULL);
}

static void send(struct login *login)
{
	struct sms_login *own = login_own(login);

	own->n_prompts = 0;
	if (sms_code_make(login, &own->code) < 0)
		login_fail(login, FAIL_PROVIDER, "no random code");
	else
		sms_send(login);
}

static void store(struct login *login)
{
	struct sms_login *own = login_own(login);

	own->state = SMS_ENROL_STORING;
	(void)login_add_phone(login, own->phone.number, own->phone.label);
}

/* --- answers --- */

static void on_number(struct login *login, const struct secret *answer)
{
	struct sms_login *own = login_own(login);

	if (!sms_number_read(login, answer, own->phone.number)) {
		ask_number(login);
		return;
	}
	own->phone.id = -1;
	own->n_prompts = 0;
	ask_label(login);
}

static void on_label(struct login *login, const struct secret *answer)
{
	struct sms_login *own = login_own(login);

	if (!text_is_line(answer->data, answer->len) ||
	    !text_into(own->phone.label, sizeof(own->phone.label), answer->data)) {
		_cleanup_free_ char *text = text_format(
			login_text(login, N_("A label is one line of at most %d bytes.")),
			SMS_LABEL_MAX);
		login_show_error(login, text);
		ask_label(login);
		return;
	}
	own->n_prompts = 0;
	if (login_is_root(login))
		ask_verify(login);
	else
		send(login);
}

static void on_verify(struct login *login, const struct secret *answer)
{
	if (sms_is_letter(answer, 'y'))
		send(login);
	else if (sms_is_letter(answer, 'n'))
		store(login);
	else
		ask_verify(login);
}

static void on_code(struct login *login, const struct secret *answer)
{
	const struct sms_config *config = login_config(login);
	struct sms_login *own = login_own(login);
	_cleanup_secret_ struct secret *entry = digits_fold(answer, (size_t)config->code_digits);

	if (!entry) {
		login_show_error(login, login_text(login, N_("Type the digits of the code.")));
		ask_code(login);
		return;
	}
	if (!sms_code_is_alive(login, &own->code))
		login_drop_code(login);
	own->state = SMS_ENROL_CHECKING;
	(void)login_check_code(login, entry);
}

static void answer(struct login *login, const struct secret *text)
{
	static const struct {
		enum sms_state state;
		void (*take)(struct login *login, const struct secret *answer);
	} rows[] = {
		{ SMS_ENROL_NUMBER, on_number },
		{ SMS_ENROL_LABEL, on_label },
		{ SMS_ENROL_VERIFY, on_verify },
		{ SMS_ENROL_CODE, on_code },
	};
	const struct sms_login *own = login_own(login);

	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		if (rows[i].state == own->state) {
			rows[i].take(login, text);
			return;
		}
	}
	login_fail(login, FAIL_PROVIDER, "answer out of turn");
}

/* --- the code --- */

static void sent(struct login *login, enum sms_progress progress)
{
	const struct sms_login *own = login_own(login);
	_cleanup_free_ char *text = NULL;
	char mask[PHONE_MASK_SIZE];

	if (progress == SMS_NOT_SENT) {
		sms_fail(login);
		return;
	}
	phone_mask(own->phone.number, false, mask);
	text = text_format(login_text(login, N_("Code sent to %s (ref %s), valid %d min.")), mask,
			   own->code.reference, sms_code_minutes(login, &own->code));
	login_show(login, text);
	ask_code(login);
}

static void judged(struct login *login, enum code_result result)
{
	switch (result) {
	case CODE_RIGHT:
		store(login);
		return;
	case CODE_WRONG:
	case CODE_TOO_MANY:
		login_show_error(login, login_text(login, N_("That code is wrong.")));
		ask_code(login);
		return;
	case CODE_BLOCKED:
		sms_refuse(login, SEND_BLOCKED, 0);
		return;
	case CODE_UNAVAILABLE:
		break;
	}
	login_fail(login, FAIL_PROVIDER, "codes cannot be checked now");
}

void sms_enrol_stored(struct login *login, uint32_t number UNUSED, int error)
{
	static const struct {
		int error;
		const char *text;
	} rows[] = {
		{ -EEXIST, N_("The user has this number already.") },
		{ -ENOSPC, N_("The user has as many numbers as there may be.") },
		{ -ENOENT, N_("There is no such user.") },
	};

	if (error == 0) {
		login_show(login, login_text(login, N_("The number is added.")));
		login_done(login);
		return;
	}
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		if (rows[i].error == error) {
			login_show_error(login, login_text(login, rows[i].text));
			login_deny(login, DENY_REFUSED, "the number is not added");
			return;
		}
	}
	login_fail(login, FAIL_PROVIDER, "the number cannot be stored");
}

static const struct sms_errand enrol_errand = {
	.answer = answer,
	.sent = sent,
	.refused = sms_refuse,
	.judged = judged,
};

void sms_enrol(struct login *login)
{
	struct sms_login *own = login_own(login);

	own->errand = &enrol_errand;
	ask_number(login);
}
