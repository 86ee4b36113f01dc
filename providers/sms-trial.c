/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends one real message, for a sysadmin who reads every step.
 *
 *   state     waits for   event → next
 *   NUMBER    answer      a number that may get messages → SENDING; else NUMBER, three times
 *   SENDING   sms-send.c  sent → CODE; else ended
 *   CODE      answer      digits → CHECKING; empty → LOOKING; else CODE, three times
 *   CHECKING  judged      → LOOKING
 *   LOOKING   reply       done
 */
#include "base/digits.h"
#include "base/text.h"
#include "providers/sms.h"

static void ask_number(struct login *login)
{
	sms_errand_ask(login, SMS_TRIAL_NUMBER, login_text(login, N_("Mobile number: ")), "number");
}

static void ask_code(struct login *login)
{
	const char *text = login_text(login,
		N_("The code that arrived, or Enter when none did: "));

	sms_errand_ask(login, SMS_TRIAL_CODE, text, NULL);
}

/* "Route +86: aliyun, twilio" */
static void show_route(struct login *login, const char *number)
{
	const struct sms_route *route = sms_route_find(login_config(login), number);
	struct buf line = BUF_INIT(512);

	buf_add_format(&line, "%s%s%s:", login_text(login, N_("Route")), *route->prefix ? " " : "",
		       route->prefix);
	for (size_t i = 0; i < route->n_gateways; i++)
		buf_add_format(&line, "%s %s", i ? "," : "", route->gateways[i]->id);
	login_show(login, buf_text(&line));
	buf_done(&line);
}

static void on_number(struct login *login, const struct secret *answer)
{
	struct sms_login *own = login_own(login);

	if (!sms_number_read(login, answer, own->phone.number)) {
		ask_number(login);
		return;
	}
	own->phone.id = -1;
	own->n_prompts = 0;
	show_route(login, own->phone.number);
	if (sms_code_make(login, &own->code) < 0)
		login_fail(login, FAIL_PROVIDER, "no random code");
	else
		sms_send(login);
}

static void sent(struct login *login, enum sms_progress progress)
{
	const struct sms_login *own = login_own(login);
	_cleanup_free_ char *text = NULL;

	if (progress == SMS_NOT_SENT) {
		login_show_error(login, login_text(login, N_("The message was not sent.")));
		login_fail(login, FAIL_PROVIDER, "no vendor sent the test message");
		return;
	}
	text = text_format(login_text(login, N_("The message says ref %s.")), own->code.reference);
	login_show(login, text);
	ask_code(login);
}

/* --- after the message --- */

static void look(struct login *login)
{
	struct sms_login *own = login_own(login);

	login_drop_code(login);
	own->state = SMS_TRIAL_LOOKING;
	if (!sms_sending_ask(login, &own->sending, own->phone.number))
		login_done(login);
}

/* What it is was shown by sms_sending_told(). */
static void told(struct login *login, enum sms_delivery delivery UNUSED)
{
	login_done(login);
}

static void on_code(struct login *login, const struct secret *answer)
{
	const struct sms_config *config = login_config(login);
	_cleanup_secret_ struct secret *entry = digits_fold(answer, (size_t)config->code_digits);
	struct sms_login *own = login_own(login);

	if (entry) {
		own->state = SMS_TRIAL_CHECKING;
		(void)login_check_code(login, entry);
	} else if (answer->len == 0) {
		look(login);
	} else {
		login_show_error(login, login_text(login, N_("Type the digits of the code.")));
		ask_code(login);
	}
}

static void answer(struct login *login, const struct secret *text)
{
	const struct sms_login *own = login_own(login);

	if (own->state == SMS_TRIAL_NUMBER)
		on_number(login, text);
	else if (own->state == SMS_TRIAL_CODE)
		on_code(login, text);
	else
		login_fail(login, FAIL_PROVIDER, "answer out of turn");
}

static void judged(struct login *login, enum code_result result)
{
	static const char *const texts[] = {
		[CODE_RIGHT] = N_("That is the code that was sent."),
		[CODE_WRONG] = N_("That is not the code that was sent."),
		[CODE_TOO_MANY] = N_("Too many wrong codes; this one was not looked at."),
		[CODE_BLOCKED] = N_("Too many wrong codes; this one was not looked at."),
		[CODE_UNAVAILABLE] = N_("Codes cannot be checked now."),
	};

	login_show(login, login_text(login, texts[result]));
	look(login);
}

static const struct sms_errand trial_errand = {
	.answer = answer,
	.sent = sent,
	.refused = sms_refuse,
	.judged = judged,
	.told = told,
};

void sms_trial(struct login *login)
{
	struct sms_login *own = login_own(login);

	own->errand = &trial_errand;
	own->sending.is_shown = true;
	ask_number(login);
}
