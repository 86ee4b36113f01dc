/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * state       waits for            next
 * IDLE        -                    device_login_start() → REQUESTING
 * REQUESTING  device endpoint      a code → WAITING; else the login ends
 * WAITING     timer                → POLLING; code over → RENEWING
 * POLLING     token endpoint       not yet → WAITING; tokens → IDLE and ops->approved();
 *                                  code over → RENEWING; else the login ends
 * RENEWING    a key press          → REQUESTING
 *
 * A probe shows no code, and ends with the first poll that says "not yet".
 *
 * The prompt that goes with the code needs no state: whether Enter comes before or after the
 * approval changes nothing here.
 */
#include "providers/device-login.h"

#include <assert.h>

#include "base/text.h"
#include "providers/ending.h"
#include "providers/renewal.h"
#include "providers/request.h"

/* How a result ends the login; a row without an ending goes on. */
static const struct ending endings[] = {
	[DEVICE_GOOD] = { ENDING_NONE },
	[DEVICE_REFUSED] = { ENDING_DENIES, DENY_REFUSED, "refused at the provider" },
	[DEVICE_SETUP] = { ENDING_FAILS, FAIL_CONFIG, "the provider does not accept this client" },
	[DEVICE_RETRY] = { ENDING_FAILS, FAIL_NETWORK, "no answer from the device endpoint" },
	[DEVICE_FAULT] = { ENDING_FAILS, FAIL_PROVIDER, "an answer against the rules" },
	[DEVICE_PENDING] = { ENDING_NONE },
	[DEVICE_SLOW_DOWN] = { ENDING_NONE },
	[DEVICE_EXPIRED] = { ENDING_NONE },
	[DEVICE_UNKNOWN_CODE] = { ENDING_FAILS, FAIL_PROVIDER, "the code is unknown or used" },
	[DEVICE_BUSY] = { ENDING_DENIES, DENY_BUSY, "the provider's quota is used up" },
};
static_assert(N_ELEMENTS(endings) == DEVICE_N_RESULTS, "an ending for every result");

static void request_code(struct login *login, struct device_login *device)
{
	device_code_done(&device->code);
	device->state = DEVICE_REQUESTING;
	login_request(login, device->ops->code_request(login));
}

static void show_code(struct login *login, const struct device_code *code)
{
	struct login_code shown = {
		.link = code->link,
		.plain_link = code->plain_link,
		.user_code = code->user_code,
	};

	if (code->link_is_complete)
		shown.text = login_text(login, N_("Scan the code or open the link, "
						  "compare the code there and approve."));
	else
		shown.text = login_text(login, N_("Scan the code or open the link, "
						  "and enter the code there."));
	login_show_code(login, &shown);
}

static void expire(struct login *login, struct device_login *device)
{
	device_code_done(&device->code);
	if (device->probes) {
		login_fail(login, FAIL_PROVIDER, "the code ran out at once");
		return;
	}
	device->state = DEVICE_RENEWING;
	renewal_offer(login, &device->n_renewals);
}

/* Waits for the next poll, or for the end of the code if that comes first. */
static void wait(struct login *login, struct device_login *device, int64_t delay_ms)
{
	int64_t left_ms = device->expires_at_ms - login_now_ms(login);

	if (left_ms <= 0) {
		expire(login, device);
		return;
	}
	device->state = DEVICE_WAITING;
	login_timer(login, MIN(delay_ms, left_ms));
}

/* A vendor's own reader says all there is to say. */
static void end_without_code(struct login *login, const struct device_login *device,
			     enum device_result result, const struct http_reply *reply)
{
	_cleanup_free_ char *what = reply_describe(reply, "device endpoint");
	_cleanup_free_ char *both = text_format("%s, %s", what, device->code.error);
	const char *detail = both;

	if (!device->code.error[0])
		detail = what;
	else if (device->ops->read_code)
		detail = device->code.error;
	ending_apply(login, &endings[result], detail);
}

static void take_code(struct login *login, struct device_login *device,
		      const struct http_reply *reply)
{
	enum device_result result = device->ops->read_code ?
		device->ops->read_code(login, reply, &device->code) :
		device_code_read(reply, &device->code);

	if (result != DEVICE_GOOD) {
		end_without_code(login, device, result, reply);
		return;
	}
	device->expires_at_ms = login_now_ms(login) + device->code.expires_ms;
	device_pace_start(&device->pace, device->code.interval_ms);
	if (device->probes)
		login_show(login, login_text(login, N_("The device flow is on: the provider gave a "
						       "code.")));
	else
		show_code(login, &device->code);
	wait(login, device, device->pace.interval_ms);
}

/* Nobody has approved anything, and nothing of it would be used. */
static void end_probe(struct login *login, struct device_login *device)
{
	device->state = DEVICE_IDLE;
	device_code_done(&device->code);
	login_show(login, login_text(login, N_("The provider takes the client.")));
	login_done(login);
}

static bool ends_probe(const struct device_login *device, enum device_result result)
{
	return device->probes && (result == DEVICE_GOOD || result == DEVICE_PENDING ||
				  result == DEVICE_SLOW_DOWN);
}

static void take_poll(struct login *login, struct device_login *device,
		      const struct http_reply *reply)
{
	struct device_poll poll;

	if (device->ops->read_poll)
		device->ops->read_poll(reply, &poll);
	else
		device_poll_read(reply, &poll);
	if (ends_probe(device, poll.result)) {
		end_probe(login, device);
		oauth_tokens_done(&poll.tokens);
		return;
	}
	switch (poll.result) {
	case DEVICE_GOOD:
		device->state = DEVICE_IDLE;
		device_code_done(&device->code);
		device->ops->approved(login, &poll.tokens);
		break;
	case DEVICE_PENDING:
	case DEVICE_SLOW_DOWN:
	case DEVICE_RETRY:
		wait(login, device, device_pace_next(&device->pace, &poll));
		break;
	case DEVICE_EXPIRED:
		expire(login, device);
		break;
	case DEVICE_REFUSED:
	case DEVICE_SETUP:
	case DEVICE_FAULT:
	case DEVICE_UNKNOWN_CODE:
	case DEVICE_BUSY:
	case DEVICE_N_RESULTS:
		ending_apply(login, &endings[poll.result],
			     poll.error[0] ? poll.error : "token endpoint");
		break;
	}
	oauth_tokens_done(&poll.tokens);
}

void device_login_start(struct login *login, struct device_login *device,
			const struct device_login_ops *ops)
{
	device->ops = ops;
	request_code(login, device);
}

void device_login_probe(struct login *login, struct device_login *device,
			const struct device_login_ops *ops)
{
	device->probes = true;
	device_login_start(login, device, ops);
}

void device_login_answer(struct login *login, struct device_login *device)
{
	/* Any other answer is Enter at the code's prompt: the polls go on as they were. */
	if (device->state == DEVICE_RENEWING)
		request_code(login, device);
}

void device_login_reply(struct login *login, struct device_login *device,
			const struct http_reply *reply)
{
	if (device->state == DEVICE_REQUESTING)
		take_code(login, device, reply);
	else
		take_poll(login, device, reply);
}

void device_login_timeout(struct login *login, struct device_login *device)
{
	if (login_now_ms(login) >= device->expires_at_ms) {
		expire(login, device);
		return;
	}
	device->state = DEVICE_POLLING;
	login_request(login, device->ops->poll_request(login, device->code.device_code));
}

void device_login_done(struct device_login *device)
{
	device_code_done(&device->code);
}
