/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Logging in by a code sent to the person's telephone: NIST SP 800-63B-4 section 3.1.3, a
 * restricted authenticator.
 *
 *   state      waits for        event → next
 *   FINDING    found            numbers → SENDING; several, and proved → CHOOSING;
 *                               none, and proved → denied
 *   CHOOSING   answer           one of them → SENDING; else CHOOSING
 *   SENDING    counted, then    proved: reply, timeout: sent → ASKING; not → failed (ASKING when an
 *                               earlier message may have arrived); too many → denied
 *                               else: timeout, whatever the vendor does → ASKING
 *   ASKING     answer           digits → CHECKING; r → SENDING, when it is time; else ASKING. An
 *                               empty one or r, when the vendor can be asked → LOOKING
 *   LOOKING    reply            ASKING, or SENDING
 *   CHECKING   judged           right → identified; wrong → ASKING, code_tries times; denied
 *
 * PROMPTS_MAX bounds what a person may type; a login's deadline bounds all states. Who proved
 * nothing before (login_is_proved()) reads the same words and waits as long, whoever he says he is:
 * sms-send.c. Of every wrong answer it is said only that it was wrong: late, used and never sent
 * codes are nothing else.
 */
#include "providers/sms.h"

#include <string.h>

#include "base/digits.h"
#include "base/text.h"

#define PROMPTS_MAX 5                  /* and one more for each message asked for again */

static const int64_t resend_gaps_ms[SMS_RESENDS_MAX] = { 60000, 120000 };

/* --- asking for the code --- */

static void give_up(struct login *login, const char *detail)
{
	login_drop_code(login);
	login_deny(login, DENY_WRONG, detail);
}

static void ask(struct login *login)
{
	struct sms_login *own = login_own(login);
	static const char *const texts[2][2] = {         /* hears keys, has a choice */
		{ N_("Enter code, r to resend: "),
		  N_("Enter code, r to resend, c for another way: ") },
		{ N_("Enter code, r to resend, q to quit: "),
		  N_("Enter code, r to resend, c for another way, q to quit: ") },
	};
	const char *text = texts[login_hears_keys(login)][login_has_choice(login)];
	const struct login_prompt prompt = {
		.text = login_text(login, text),
		.echo = true,
		.keys = true,
	};

	if (own->n_prompts++ == PROMPTS_MAX + own->n_resends) {
		give_up(login, "no code was entered");
		return;
	}
	own->state = SMS_ASKING;
	(void)login_prompt(login, &prompt);
}

/* Only somebody who proved something may learn even two digits of a number. */
static void show_sent(struct login *login)
{
	const struct sms_login *own = login_own(login);
	int minutes = sms_code_minutes(login, &own->code);
	_cleanup_free_ char *text = NULL;
	char mask[PHONE_MASK_SIZE];

	if (login_is_proved(login)) {
		phone_mask(own->phone.number, false, mask);
		text = text_format(login_text(login, N_("Code sent to %s (ref %s), valid %d min.")),
				   mask, own->code.reference, minutes);
	} else {
		text = text_format(login_text(login,
			N_("Code sent to the number on file (ref %s), valid %d min.")),
				   own->code.reference, minutes);
	}
	login_show(login, text);
}

static void sent(struct login *login, enum sms_progress progress)
{
	const struct sms_login *own = login_own(login);

	if (progress == SMS_NOT_SENT && own->n_resends == 0) {
		sms_fail(login);
		return;
	}
	if (progress == SMS_NOT_SENT)
		login_show_error(login, login_text(login,
			N_("The code could not be sent again.")));
	else
		show_sent(login);
	if (progress == SMS_PERHAPS_SENT)
		login_show(login, login_text(login,
			N_("The vendor did not confirm it; the message may not arrive.")));
	ask(login);
}

/* An earlier message is as good as it was. */
static void refused(struct login *login, enum send_verdict verdict, int64_t wait_s)
{
	const struct sms_login *own = login_own(login);

	if (own->n_resends == 0 || verdict == SEND_UNAVAILABLE) {
		sms_refuse(login, verdict, wait_s);
		return;
	}
	sms_show_limit(login, verdict, wait_s);
	ask(login);
}

/* --- finding the number --- */

static void send_to(struct login *login, const struct sms_phone *phone)
{
	struct sms_login *own = login_own(login);

	if (phone)
		own->phone = *phone;
	if (sms_code_make(login, &own->code) < 0)
		login_fail(login, FAIL_PROVIDER, "no random code");
	else
		sms_send(login);
}

static void choose(struct login *login)
{
	struct sms_login *own = login_own(login);
	const char *text = login_has_choice(login) ?
		N_("Which number, c for another way, q to quit: ") :
		N_("Which number, q to quit: ");
	const struct login_prompt prompt = {
		.text = login_text(login, text),
		.echo = true,
		.keys = true,
	};

	if (own->n_prompts++ == PROMPTS_MAX) {
		login_deny(login, DENY_REFUSED, "no number was chosen");
		return;
	}
	for (size_t i = 0; i < own->n_phones; i++) {
		char mask[PHONE_MASK_SIZE];
		_cleanup_free_ char *line = NULL;

		phone_mask(own->phones[i].number, false, mask);
		line = text_format("%zu  %s  %s", i + 1, mask, own->phones[i].label);
		login_show(login, line);
	}
	own->state = SMS_CHOOSING;
	(void)login_prompt(login, &prompt);
}

static void on_choice(struct login *login, const struct secret *answer)
{
	struct sms_login *own = login_own(login);
	_cleanup_secret_ struct secret *digit = digits_fold(answer, 1);
	size_t n = digit ? (size_t)(digit->data[0] - '0') : 0;

	if (n < 1 || n > own->n_phones) {
		choose(login);
		return;
	}
	own->n_prompts = 0;
	send_to(login, &own->phones[n - 1]);
}

/* What no message may go to is as if it were not there. */
static void gather(struct login *login, const struct phone *phones, size_t n)
{
	const struct sms_config *config = login_config(login);
	struct sms_login *own = login_own(login);

	for (size_t i = 0; i < n && own->n_phones < SMS_PHONES_MAX; i++) {
		struct sms_phone *phone = &own->phones[own->n_phones];

		if (!phone_is_valid(phones[i].number) ||
		    sms_number_fault(config, phones[i].number) != SMS_FAULT_NONE)
			continue;
		phone->id = phones[i].id;
		phone->used_s = phones[i].used_s;
		(void)text_into(phone->number, sizeof(phone->number), phones[i].number);
		(void)text_into(phone->label, sizeof(phone->label), phones[i].label);
		own->n_phones++;
	}
}

/* Used last, else the oldest; NULL: there is none. */
static const struct sms_phone *best_phone(const struct sms_login *own)
{
	const struct sms_phone *best = own->n_phones ? &own->phones[0] : NULL;

	for (size_t i = 1; i < own->n_phones; i++)
		if (own->phones[i].used_s > best->used_s)
			best = &own->phones[i];
	return best;
}

void sms_found(struct login *login, uint32_t number UNUSED, const struct phone *phones, size_t n)
{
	struct sms_login *own = login_own(login);

	gather(login, phones, n);
	if (!login_is_proved(login) || own->n_phones == 1) {
		send_to(login, best_phone(own));
	} else if (own->n_phones > 1) {
		choose(login);
	} else {
		login_show_error(login, login_text(login,
			N_("There is no number on file for you; ask your sysadmin.")));
		login_deny(login, DENY_REFUSED, "no number that may get a code");
	}
}

/* --- what was entered --- */

static void resend(struct login *login)
{
	struct sms_login *own = login_own(login);
	_cleanup_free_ char *text = NULL;
	int64_t wait_ms;

	if (!sms_code_is_alive(login, &own->code)) {
		give_up(login, "asked for a code again after its life");
		return;
	}
	if (own->n_resends == SMS_RESENDS_MAX) {
		login_show_error(login, login_text(login,
			N_("No more messages can be sent in this login.")));
		ask(login);
		return;
	}
	wait_ms = own->last_ms + resend_gaps_ms[own->n_resends] - login_now_ms(login);
	if (wait_ms <= 0) {
		own->n_resends++;
		sms_send(login);
		return;
	}
	text = text_format(login_text(login, N_("You can ask for another code in %d s.")),
			   (int)((wait_ms + 999) / 1000));
	login_show_error(login, text);
	ask(login);
}

static void go_on(struct login *login)
{
	const struct sms_login *own = login_own(login);

	if (own->wants_resend) {
		resend(login);
		return;
	}
	login_show_error(login, login_text(login, N_("Type the digits of the code.")));
	ask(login);
}

static void told(struct login *login, enum sms_delivery delivery)
{
	static const char *const texts[] = {
		[SMS_DELIVERY_UNKNOWN] = NULL,
		[SMS_ON_ITS_WAY] = N_("The message is on its way."),
		[SMS_DELIVERED] = N_("The message was delivered."),
		[SMS_NOT_DELIVERED] = N_("The message could not be delivered."),
	};

	if (texts[delivery])
		login_show(login, login_text(login, texts[delivery]));
	go_on(login);
}

static void wrong(struct login *login, const char *detail)
{
	const struct sms_config *config = login_config(login);
	struct sms_login *own = login_own(login);

	if (++own->n_wrong == config->code_tries) {
		give_up(login, detail);
		return;
	}
	login_show_error(login, login_text(login, N_("That code is wrong.")));
	ask(login);
}

/* A late code is dead before it is looked at: then there is none, and the answer is the same. */
static void on_entry(struct login *login, const struct secret *entry)
{
	struct sms_login *own = login_own(login);

	if (!sms_code_is_alive(login, &own->code))
		login_drop_code(login);
	own->state = SMS_CHECKING;
	(void)login_check_code(login, entry);
}

/* Where keys are not heard one character asks for the code again, whatever it is, and all else is a
 * wrong code. */
static void on_unheard(struct login *login, const struct secret *answer)
{
	struct sms_login *own = login_own(login);

	own->wants_resend = answer->len == 1;
	if (answer->len > 1)
		wrong(login, "not a code");
	else
		go_on(login);
}

static void on_code(struct login *login, const struct secret *answer)
{
	const struct sms_config *config = login_config(login);
	struct sms_login *own = login_own(login);
	_cleanup_secret_ struct secret *entry = digits_fold(answer, (size_t)config->code_digits);

	if (entry) {
		on_entry(login, entry);
		return;
	}
	if (!login_hears_keys(login)) {
		on_unheard(login, answer);
		return;
	}
	own->wants_resend = sms_is_letter(answer, 'r');
	if (login_is_proved(login) && (own->wants_resend || answer->len == 0) &&
	    sms_sending_ask(login, &own->sending, own->phone.number))
		own->state = SMS_LOOKING;
	else
		go_on(login);
}

static void answer(struct login *login, const struct secret *text)
{
	const struct sms_login *own = login_own(login);

	if (own->state == SMS_CHOOSING)
		on_choice(login, text);
	else if (own->state == SMS_ASKING)
		on_code(login, text);
	else
		login_fail(login, FAIL_PROVIDER, "answer out of turn");
}

/* --- verdicts --- */

static void judged(struct login *login, enum code_result result)
{
	const struct identity identity = { .issuer = ISSUER_UNIX, .subject = login_user(login) };

	switch (result) {
	case CODE_RIGHT:
		login_identify(login, &identity);
		return;
	case CODE_WRONG:
		wrong(login, "wrong code");
		return;
	case CODE_TOO_MANY:
		wrong(login, "too many wrong codes lately");
		return;
	case CODE_BLOCKED:
		if (!login_is_proved(login))
			wrong(login, "blocked by wrong codes");
		else
			sms_refuse(login, SEND_BLOCKED, 0);
		return;
	case CODE_UNAVAILABLE:
		break;
	}
	login_fail(login, FAIL_PROVIDER, "codes cannot be checked now");
}

static const struct sms_errand login_errand = {
	.answer = answer,
	.sent = sent,
	.refused = refused,
	.judged = judged,
	.told = told,
};

void sms_start(struct login *login)
{
	const struct sms_config *config = login_config(login);
	struct sms_login *own = login_own(login);

	own->errand = &login_errand;
	own->state = SMS_FINDING;
	(void)login_find_phones(login, config->unused_days);
}
