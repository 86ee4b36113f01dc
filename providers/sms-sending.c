/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message and its vendors; see sms-sending.h. */
#include "providers/sms-sending.h"

#include <assert.h>

#include "base/log.h"
#include "base/text.h"
#include "providers/sms-request.h"

#define WAIT_MIN_MS  1000
#define WAIT_SPAN_MS 1000                /* of the jitter */
#define WAIT_MAX_S   5                   /* a vendor who wants longer is passed over */

enum step {
	STEP_SENT,
	STEP_PERHAPS,
	STEP_NOT,
	STEP_LATER,                      /* once; then STEP_NEXT */
	STEP_NOW,                        /* the same */
	STEP_NEXT,
};

static const struct {
	const char *word;
	enum step step;
	bool is_alert;
} classes[] = {
	[SMS_ACCEPTED] = { "accepted", STEP_SENT, false },
	[SMS_REFUSED] = { "refused", STEP_NOT, false },
	[SMS_CONFIG] = { "configuration", STEP_NEXT, true },
	[SMS_NUMBER] = { "number", STEP_NOT, false },
	[SMS_LIMIT] = { "limit", STEP_NOT, false },
	[SMS_AGAIN] = { "again", STEP_LATER, false },
	[SMS_CLOCK] = { "clock", STEP_NOW, false },
	[SMS_UNKNOWN] = { "unknown", STEP_PERHAPS, false },
};

static const char *const result_words[HTTP_RESULT_N_] = {
	[HTTP_DONE] = "answered",
	[HTTP_NOT_SENT] = "not-reached",
	[HTTP_TIMED_OUT] = "timed-out",
	[HTTP_BROKEN] = "broken",
	[HTTP_NO_HELPER] = "no-helper",
};

static const char *const delivery_words[] = {
	[SMS_DELIVERY_UNKNOWN] = "unknown",
	[SMS_ON_ITS_WAY] = "on its way",
	[SMS_DELIVERED] = "delivered",
	[SMS_NOT_DELIVERED] = "not delivered",
};

static const struct sms_gateway *gateway_of(const struct sms_sending *sending)
{
	return sending->route->gateways[sending->at];
}

/* --- notes --- */

static void note(struct login *login, const struct sms_sending *sending, const char *text)
{
	login_note(login, text);
	if (sending->is_shown)
		login_show(login, text);
}

/* "aliyun: configuration isv.OUT_OF_SERVICE, *****34, 120 ms" */
static void note_attempt(struct login *login, const struct sms_sending *sending,
			 const char *outcome)
{
	const struct sms_result *result = &sending->result;
	const char *word = result->class == SMS_ACCEPTED ? result->id : result->word;
	char mask[PHONE_MASK_SIZE];
	_cleanup_free_ char *line = NULL;

	phone_mask(sending->message->number, false, mask);
	line = text_format("%s: %s%s%s, %s, %lld ms", gateway_of(sending)->id, outcome,
			   *word ? " " : "", word, mask,
			   (long long)(login_now_ms(login) - sending->begun_ms));
	note(login, sending, line);
}

/* --- attempts --- */

static enum sms_progress finish(struct sms_sending *sending, enum sms_progress progress)
{
	sending->message = NULL;
	return progress;
}

static struct sms_attempt attempt_now(struct login *login, char nonce[SMS_NONCE_LEN + 1])
{
	return (struct sms_attempt){ .now_s = login_now_s(login), .nonce = nonce };
}

static enum sms_progress try_gateway(struct login *login, struct sms_sending *sending)
{
	const struct sms_gateway *gateway = gateway_of(sending);
	char nonce[SMS_NONCE_LEN + 1];
	struct http_request *request = NULL;

	sending->begun_ms = login_now_ms(login);
	sending->result = (struct sms_result){ .class = SMS_REFUSED };
	if (random_hex(nonce, SMS_NONCE_LEN / 2) == 0) {
		const struct sms_attempt attempt = attempt_now(login, nonce);

		request = gateway->vendor->send(gateway->config, sending->message, &attempt);
	}
	if (!request) {
		note_attempt(login, sending, "cannot be said");
		return finish(sending, SMS_NOT_SENT);
	}
	request->once = true;
	(void)login_request(login, request);
	return SMS_UNDER_WAY;
}

enum sms_progress sms_sending_start(struct login *login, struct sms_sending *sending,
				    const struct sms_route *route,
				    const struct sms_message *message)
{
	assert(!sending->message);
	*sending = (struct sms_sending){
		.route = route,
		.message = message,
		.is_shown = sending->is_shown,
	};
	return try_gateway(login, sending);
}

enum sms_progress sms_sending_again(struct login *login, struct sms_sending *sending)
{
	sending->was_repeated = true;
	return try_gateway(login, sending);
}

/* --- what came back --- */

static enum sms_progress go_on(struct login *login, struct sms_sending *sending)
{
	if (++sending->at == sending->route->n_gateways)
		return finish(sending, SMS_NOT_SENT);
	sending->was_repeated = false;
	return try_gateway(login, sending);
}

static enum sms_progress wait_or_go_on(struct login *login, struct sms_sending *sending)
{
	int64_t wait_s = sending->result.wait_s;
	uint16_t jitter;

	if (sending->was_repeated || wait_s > WAIT_MAX_S ||
	    random_bytes(&jitter, sizeof(jitter)) < 0)
		return go_on(login, sending);
	sending->wait_ms = wait_s > 0 ? wait_s * 1000 : WAIT_MIN_MS + jitter % WAIT_SPAN_MS;
	return SMS_WAITING;
}

static enum sms_progress take_step(struct login *login, struct sms_sending *sending,
				   enum step step)
{
	switch (step) {
	case STEP_SENT:
		sending->taker = gateway_of(sending);
		sending->sent_s = login_now_s(login);
		return finish(sending, SMS_SENT);
	case STEP_PERHAPS:
		return finish(sending, SMS_PERHAPS_SENT);
	case STEP_NOT:
		return finish(sending, SMS_NOT_SENT);
	case STEP_LATER:
		return wait_or_go_on(login, sending);
	case STEP_NOW:
		if (!sending->was_repeated)
			return sms_sending_again(login, sending);
		return go_on(login, sending);
	case STEP_NEXT:
		return go_on(login, sending);
	}
	return finish(sending, SMS_PERHAPS_SENT);
}

/* A clock that is wrong twice is ours. */
static void alert(const struct sms_sending *sending)
{
	const struct sms_result *result = &sending->result;

	if (classes[result->class].is_alert)
		log_error("sms %s: the vendor refuses our settings: %s", gateway_of(sending)->id,
			  result->word);
	else if (result->class == SMS_CLOCK && sending->was_repeated)
		log_error("sms %s: the vendor refuses our clock: %s", gateway_of(sending)->id,
			  result->word);
}

enum sms_progress sms_sending_reply(struct login *login, struct sms_sending *sending,
				    const struct http_reply *reply)
{
	const struct sms_gateway *gateway = gateway_of(sending);

	sending->result = (struct sms_result){ .class = SMS_UNKNOWN };
	if (reply->result != HTTP_DONE) {
		sms_word(sending->result.word, reply->error);
		note_attempt(login, sending, result_words[reply->result]);
		return take_step(login, sending,
				 reply->result == HTTP_NOT_SENT ? STEP_LATER : STEP_PERHAPS);
	}
	gateway->vendor->judge(gateway->config, reply, &sending->result);
	note_attempt(login, sending, classes[sending->result.class].word);
	alert(sending);
	return take_step(login, sending, classes[sending->result.class].step);
}

/* --- what became of it --- */

bool sms_sending_ask(struct login *login, struct sms_sending *sending, const char *number)
{
	const struct sms_gateway *gateway = sending->taker;
	char nonce[SMS_NONCE_LEN + 1];
	struct sms_attempt attempt;
	struct http_request *request;

	if (!gateway || !gateway->vendor->ask || !sending->result.id[0] ||
	    random_hex(nonce, SMS_NONCE_LEN / 2) < 0)
		return false;
	attempt = attempt_now(login, nonce);
	request = gateway->vendor->ask(gateway->config, sending->result.id, number,
				       sending->sent_s, &attempt);
	if (!request)
		return false;
	request->total_ms = MIN(request->total_ms, SMS_ASK_MS);
	request->connect_ms = MIN(request->connect_ms, request->total_ms);
	(void)login_request(login, request);
	return true;
}

enum sms_delivery sms_sending_told(struct login *login, struct sms_sending *sending,
				   const struct http_reply *reply)
{
	const struct sms_gateway *gateway = sending->taker;
	enum sms_delivery delivery = SMS_DELIVERY_UNKNOWN;
	char word[SMS_WORD_MAX + 1] = "";
	_cleanup_free_ char *line = NULL;

	if (reply->result == HTTP_DONE)
		delivery = gateway->vendor->judge_delivery(gateway->config, reply, word);
	line = text_format("%s: delivery %s%s%s", gateway->id, delivery_words[delivery],
			   *word ? " " : "", word);
	note(login, sending, line);
	return delivery;
}
