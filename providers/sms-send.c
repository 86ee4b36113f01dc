/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From a number to "sent"; see sms.h.
 *
 * Somebody who proved nothing yet must not learn whether the user exists, has a number, has used up
 * his messages, or whose vendor is down. So for him the store does the same work, the prompt comes
 * after a random while that nothing else moves, and the vendor is asked behind it.
 */
#include <string.h>

#include "base/text.h"
#include "providers/sms.h"

#define STRANGER_MIN_MS  300
#define STRANGER_SPAN_MS 1700

/* --- what the person is told --- */

void sms_show_limit(struct login *login, enum send_verdict verdict, int64_t wait_s)
{
	_cleanup_free_ char *text = NULL;
	int minutes;

	if (verdict == SEND_BLOCKED) {
		login_show_error(login, login_text(login,
			N_("Codes by SMS are closed for this account; ask your sysadmin.")));
		return;
	}
	minutes = (int)((wait_s + SECONDS_A_MINUTE - 1) / SECONDS_A_MINUTE);
	text = text_format(login_text(login,
			N_("Too many codes were asked for. Try again in %d minutes.")),
			   MAX(minutes, 2));
	login_show_error(login, text);
}

void sms_refuse(struct login *login, enum send_verdict verdict, int64_t wait_s)
{
	if (verdict == SEND_UNAVAILABLE) {
		login_fail(login, FAIL_PROVIDER, "messages cannot be counted now");
		return;
	}
	sms_show_limit(login, verdict, wait_s);
	login_deny(login, DENY_REFUSED, verdict == SEND_BLOCKED ? "sending is closed"
								: "too many messages");
}

void sms_fail(struct login *login)
{
	const struct sms_login *own = login_own(login);

	login_show_error(login, login_text(login,
		N_("The code could not be sent. Use another way to log in.")));
	login_fail(login, own->sending.result.class == SMS_CONFIG ? FAIL_CONFIG : FAIL_PROVIDER,
		   "no vendor sent the code");
}

/* The audit is told what a stranger is not. */
static void note_refusal(struct login *login, enum send_verdict verdict)
{
	static const char *const words[] = {
		[SEND_ALLOWED] = "no number that may get a message",
		[SEND_TOO_MANY] = "too many messages",
		[SEND_BLOCKED] = "sending is closed",
		[SEND_UNAVAILABLE] = "messages cannot be counted now",
	};

	login_note(login, words[verdict]);
}

/* --- timers: one of the core's for both waits --- */

static void arm(struct login *login)
{
	const struct sms_login *own = login_own(login);
	int64_t at_ms = own->again_at_ms;

	if (own->sent_at_ms && (!at_ms || own->sent_at_ms < at_ms))
		at_ms = own->sent_at_ms;
	if (at_ms)
		(void)login_timer(login, MAX(at_ms - login_now_ms(login), 1));
}

static void wait_like_everybody(struct login *login)
{
	struct sms_login *own = login_own(login);
	uint16_t jitter;

	if (random_bytes(&jitter, sizeof(jitter)) < 0) {
		login_fail(login, FAIL_PROVIDER, "no random bytes");
		return;
	}
	own->sent_at_ms = login_now_ms(login) + STRANGER_MIN_MS + jitter % STRANGER_SPAN_MS;
	arm(login);
}

/* --- sending --- */

static void settle(struct login *login, enum sms_progress progress)
{
	struct sms_login *own = login_own(login);

	sms_code_unsay(&own->code);
	if (own->n_resends == SMS_RESENDS_MAX)
		own->code.digits = secret_free(own->code.digits);
	if (!login_is_proved(login))
		return;
	/* Not for strangers: they would have no limit while a vendor refuses. */
	if (progress == SMS_NOT_SENT)
		login_return_send(login);
	own->errand->sent(login, progress);
}

static void follow(struct login *login, enum sms_progress progress)
{
	struct sms_login *own = login_own(login);

	switch (progress) {
	case SMS_UNDER_WAY:
		return;
	case SMS_WAITING:
		own->again_at_ms = login_now_ms(login) + own->sending.wait_ms;
		arm(login);
		return;
	case SMS_SENT:
	case SMS_PERHAPS_SENT:
	case SMS_NOT_SENT:
		settle(login, progress);
		return;
	}
}

static void begin(struct login *login)
{
	const struct sms_config *config = login_config(login);
	struct sms_login *own = login_own(login);
	const struct sms_message *message = NULL;

	if (own->code.digits)
		message = sms_code_say(login, &own->code, own->phone.number);
	if (!message) {
		login_note(login, "no message could be made");
		settle(login, SMS_NOT_SENT);
		return;
	}
	if (!own->is_kept)
		login_keep_code(login, own->code.digits, MAX(own->phone.id, 0));
	own->is_kept = true;
	follow(login, sms_sending_start(login, &own->sending,
					sms_route_find(config, own->phone.number), message));
}

void sms_send(struct login *login)
{
	const struct sms_config *config = login_config(login);
	struct sms_login *own = login_own(login);
	const struct sms_route *route = own->phone.id ?
		sms_route_find(config, own->phone.number) : NULL;
	const struct phone phone = {
		.id = own->phone.id,
		.number = own->phone.id ? own->phone.number : "",
		.label = own->phone.label,
	};

	own->state = SMS_SENDING;
	(void)login_count_send(login, &phone, route ? sms_route_cost(route) : 0);
}

void sms_counted(struct login *login, uint32_t number UNUSED, enum send_verdict verdict,
		 int64_t wait_s)
{
	struct sms_login *own = login_own(login);
	/* A stranger may ask again while the vendors are still at it: one message is enough. */
	bool may_send = verdict == SEND_ALLOWED && own->phone.id != 0 && !own->sending.message;

	own->last_ms = login_now_ms(login);
	if (verdict != SEND_ALLOWED || own->phone.id == 0)
		note_refusal(login, verdict);
	if (may_send)
		begin(login);
	else if (login_is_proved(login))
		own->errand->refused(login, verdict, wait_s);
	if (!login_is_proved(login))
		wait_like_everybody(login);
}

/* --- events of a sending --- */

void sms_replied(struct login *login, uint32_t number UNUSED, const struct http_reply *reply)
{
	struct sms_login *own = login_own(login);

	if (own->sending.message)
		follow(login, sms_sending_reply(login, &own->sending, reply));
	else
		own->errand->told(login, sms_sending_told(login, &own->sending, reply));
}

void sms_timeout(struct login *login, uint32_t number UNUSED)
{
	struct sms_login *own = login_own(login);
	int64_t now_ms = login_now_ms(login);

	if (own->again_at_ms && own->again_at_ms <= now_ms) {
		own->again_at_ms = 0;
		follow(login, sms_sending_again(login, &own->sending));
	}
	if (!own->sent_at_ms || own->sent_at_ms > now_ms) {
		arm(login);
		return;
	}
	own->sent_at_ms = 0;
	arm(login);
	own->errand->sent(login, SMS_SENT);
}
