/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The core's side of provider.h: what the running provider may call, and how events reach it.
 *
 * A provider that ends (identify, deny, fail, done) does so from inside one of its own
 * operations; the end is kept and acted on when that operation has returned, so its state never
 * vanishes under it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/login-private.h"

/* --- ends --- */

static const struct refusal deny_refusals[] = {
	[DENY_WRONG] = { LOGIN_DENIED, AFTER_AGAIN, RELAY_RESULT_DENIED, N_("Login incorrect.") },
	[DENY_REFUSED] = { LOGIN_DENIED, AFTER_MENU, RELAY_RESULT_REFUSED,
			   N_("The request was refused.") },
	[DENY_EXPIRED] = { LOGIN_DENIED, AFTER_MENU, RELAY_RESULT_OVER,
			   N_("Nobody approved in time.") },
	[DENY_FILTERED] = { LOGIN_DENIED, AFTER_END, RELAY_RESULT_DENIED,
			    N_("This account may not log in here.") },
	[DENY_BUSY] = { LOGIN_DENIED, AFTER_MENU, RELAY_RESULT_FAILED,
		N_("This way to log in is busy. Try again or choose another way.") },
	[DENY_INVALID] = { LOGIN_DENIED, AFTER_END, RELAY_RESULT_DENIED,
		N_("The provider's answer cannot be trusted.") },
};

static const struct refusal fail_refusals[] = {
	[FAIL_NETWORK] = { LOGIN_FAILED, AFTER_MENU, RELAY_RESULT_FAILED,
			   N_("The provider cannot be reached."), .is_unreachable = true },
	[FAIL_PROVIDER] = { LOGIN_FAILED, AFTER_MENU, RELAY_RESULT_FAILED,
			    N_("The provider reports a fault.") },
	[FAIL_CONFIG] = { LOGIN_FAILED, AFTER_MENU, RELAY_RESULT_FAILED,
			  N_("This way to log in is not set up correctly.") },
};

bool login_has_ended(const struct login *login)
{
	return login->end != END_NOT || login->stage != STAGE_RUNNING;
}

static void end_with(struct login *login, const struct refusal *refusal, const char *detail)
{
	if (login_has_ended(login))
		return;
	text_into_clean(login->end_detail, sizeof(login->end_detail), detail ? detail : "");
	login->end_refusal = *refusal;
	login->end = END_REFUSED;
}

void login_deny(struct login *login, enum deny_reason reason, const char *detail)
{
	if (reason == DENY_INVALID)
		log_warning("method %s: proof refused: %s", login->method->id, detail);
	end_with(login, &deny_refusals[reason], detail);
}

void login_fail(struct login *login, enum fail_reason reason, const char *detail)
{
	if (!login_has_ended(login) && !login->is_prepare)
		log_line(reason == FAIL_CONFIG ? LOG_ERR : LOG_WARNING, "method %s: %s",
			 login->method->id, detail);
	end_with(login, &fail_refusals[reason], detail);
	if (login->is_prepare && !login->in_provider)
		login_provider_after(login);
}

void login_identify(struct login *login, const struct identity *identity)
{
	if (login_has_ended(login) || login->is_prepare)
		return;
	login_identity_done(&login->identified);
	if (login_identity_copy(identity, &login->identified) < 0) {
		login_deny(login, DENY_INVALID, "identity out of bounds");
		return;
	}
	login->end = END_IDENTIFIED;
}

void login_done(struct login *login)
{
	if (!login_has_ended(login))
		login->end = END_DONE;
}

static void end_prepare(struct login *login)
{
	struct logins_list list = login->list;
	enum login_ending end = login->end;

	if (list.listing && list.ended)
		list.ended(list.context, end == END_DONE ? NULL :
			   login->end_detail[0] ? login->end_detail : "refused");
	else if (!list.listing && !login->quiet.is_set)
		logins_prepared(login->logins, login->method,
				end == END_DONE ? "" : login->end_detail);
	login_provider_end(login);
	if (login->quiet.is_set)
		login_quiet_end(login, end == END_DONE ? NULL : login->end_detail);
	login->stage = STAGE_OVER;
	logins_finished(login);
}

/* A login ends with an identity, every errand with "done". */
static void end_well(struct login *login, enum login_ending end)
{
	bool is_login = login->errand == ERRAND_LOGIN;

	if (is_login != (end == END_IDENTIFIED))
		login_refuse(login, LOGIN_FAILED, AFTER_END, N_("The provider reports a fault."),
			     "method ended in a wrong way");
	else if (is_login)
		login_factor_proved(login);
	else
		login_end(login, LOGIN_GRANTED, NULL);
}

void login_provider_after(struct login *login)
{
	enum login_ending end = login->end;

	if (end == END_NOT || login->stage != STAGE_RUNNING)
		return;
	if (login->is_prepare) {
		end_prepare(login);
		return;
	}
	login_provider_end(login);
	if (login->relay.is_delivering) {
		login_relay_delivered(login, end == END_DONE);
		return;
	}
	switch (end) {
	case END_REFUSED:
		/* The sysadmin who tries a method reads what else only the log is told. */
		if (login->errand == ERRAND_TEST)
			login_screen_add(login, login->end_detail, true);
		login_relay_end(login, login->end_refusal.told);
		if (login->end_refusal.is_unreachable && login->was_lost &&
		    login_offline_start(login, login->end_refusal.text, login->end_detail))
			return;
		login_refuse(login, login->end_refusal.outcome, login->end_refusal.after,
			     login->end_refusal.text, login->end_detail);
		return;
	case END_IDENTIFIED:
	case END_DONE:
		end_well(login, end);
		return;
	case END_NOT:
		return;
	}
}

static void close_requests(struct login *login)
{
	for (unsigned i = 0; i < PROVIDER_REQUESTS_MAX; i++) {
		if (login->requests[i].number)
			http_cancel(logins_http(login->logins), login->requests[i].http_id);
		login->requests[i].number = 0;
	}
}

void login_provider_end(struct login *login)
{
	const struct provider *provider = login->method ? login->method->provider : NULL;

	login->timer_number = login->prompt_number = login->check_number = 0;
	if (login->timer)
		(void)sd_event_source_set_enabled(login->timer, SD_EVENT_OFF);
	close_requests(login);
	logins_give_slot(login);
	if (login->own) {
		if (provider->finish)
			provider->finish(login);
		explicit_bzero(login->own, provider->login_size);
		free(login->own);
		login->own = NULL;
	}
	explicit_bzero(&login->sent, sizeof(login->sent));
	login->end = END_NOT;
}

/* --- events --- */

static void begin(struct login *login)
{
	login->end = END_NOT;
	login->end_detail[0] = '\0';
	login->was_lost = false;
	login->own = calloc(1, MAX(login->method->provider->login_size, (size_t)1));
	if (!login->own)
		abort();
}

static void start_with(struct login *login, void (*operation)(struct login *login))
{
	begin(login);
	login->in_provider = true;
	operation(login);
	login->in_provider = false;
	login_provider_after(login);
}

void login_provider_start(struct login *login)
{
	const struct provider *provider = login->method->provider;
	void (*const operations[])(struct login *) = {
		[ERRAND_LOGIN] = provider->start,
		[ERRAND_CHANGE] = provider->change,
		[ERRAND_ENROL] = provider->enrol,
		[ERRAND_TEST] = provider->test,
	};

	start_with(login, operations[login->errand]);
}

void login_provider_prepare(struct login *login)
{
	const struct provider *provider = login->method->provider;

	start_with(login, login->list.listing ? provider->list : provider->prepare);
}

void login_provider_deliver(struct login *login, const struct login_delivery *delivery)
{
	begin(login);
	DELIVER(login, deliver, delivery);
}

void login_provider_ssh_keys(struct login *login, const char *subject)
{
	begin(login);
	DELIVER(login, ssh_keys, subject);
}

void login_provider_callback(struct login *login, const struct parameters *parameters)
{
	DELIVER(login, callback, parameters);
}

enum push_verdict login_provider_pushed(struct login *login, const struct login_push *push)
{
	enum push_verdict verdict;

	login->in_provider = true;
	verdict = login->method->provider->pushed(login, push);
	login->in_provider = false;
	return verdict;
}

void login_provider_answer(struct login *login, uint32_t number, const struct secret *answer)
{
	if (login->stage != STAGE_RUNNING || number != login->prompt_number)
		return;
	login->prompt_number = 0;
	DELIVER(login, answer, number, answer);
}

void login_provider_timer(struct login *login)
{
	uint32_t number = login->timer_number;

	if (login->stage != STAGE_RUNNING || !number)
		return;
	login->timer_number = 0;
	DELIVER(login, timeout, number);
}

void login_provider_reply(struct login *login, uint32_t number, const struct http_reply *reply)
{
	if (login->stage != STAGE_RUNNING)
		return;
	for (unsigned i = 0; i < PROVIDER_REQUESTS_MAX; i++) {
		if (!number || login->requests[i].number != number)
			continue;
		login->requests[i].number = 0;
		login->was_lost = reply->result != HTTP_DONE;
		DELIVER(login, reply, number, reply);
		return;
	}
}

bool login_take_check(struct login *login, uint32_t number)
{
	if (login->stage != STAGE_RUNNING || !number || number != login->check_number)
		return false;
	login->check_number = 0;
	return true;
}

void login_provider_checked(struct login *login, uint32_t number, enum password_result result)
{
	if (login_take_check(login, number))
		DELIVER(login, checked, number, result);
}

/* --- what a provider may do --- */

uint32_t login_next_number(struct login *login)
{
	return ++login->last_number;
}

void login_show(struct login *login, const char *text)
{
	if (!login_has_ended(login))
		login_screen_add(login, text, false);
}

void login_show_error(struct login *login, const char *text)
{
	if (!login_has_ended(login))
		login_screen_add(login, text, true);
}

/* At most so many bytes of `text` as make whole characters. */
static size_t whole_characters(const char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

void login_note(struct login *login, const char *text)
{
	struct buf whole = BUF_INIT(sizeof(login->note) + AUDIT_TEXT_MAX * 4);
	size_t len;

	buf_add_text(&whole, login->note);
	if (whole.len)
		buf_add_text(&whole, "; ");
	text_add_clean(&whole, text, AUDIT_TEXT_MAX - 4);        /* and "..." */
	if (!buf_failed(&whole)) {
		len = whole_characters(buf_text(&whole), MIN(whole.len, sizeof(login->note) - 1));
		memcpy(login->note, buf_text(&whole), len);
		login->note[len] = '\0';
	}
	buf_done(&whole);
}

uint32_t login_prompt(struct login *login, const struct login_prompt *prompt)
{
	if (login_has_ended(login) || login->is_prepare)
		return 0;
	login->prompt_number = login_next_number(login);
	login->prompt_keys = prompt->keys;
	login->prompt_name = prompt->name;
	login_screen_ask(login, ASKED_PROVIDER, prompt->text, prompt->echo, prompt->password);
	return login->prompt_number;
}

uint32_t login_show_code(struct login *login, const struct login_code *code)
{
	bool is_matched = *login->relay.listens && login->relay.is_matched;

	if (login_has_ended(login) || login->is_prepare)
		return 0;
	login_code_done(&login->code);
	login->code.link = text_copy(code->link);
	login->code.plain_link = text_copy(code->plain_link ? code->plain_link : code->link);
	login->code.user_code = text_copy(code->user_code);
	login->code.text = text_copy(code->text);
	if (code->prompt && !is_matched) {
		login_screen_draw(login);
		return login_prompt(login, code->prompt);
	}
	login->prompt_number = login_next_number(login);
	login_screen_code(login);
	return login->prompt_number;
}

/* A request that cannot be sent gets its reply all the same, from the loop. */
uint32_t login_request(struct login *login, struct http_request *request)
{
	uint32_t number = 0;

	for (unsigned i = 0; i < PROVIDER_REQUESTS_MAX && !login_has_ended(login) && request; i++) {
		struct login_open_request *open = &login->requests[i];

		if (open->number)
			continue;
		number = login_next_number(login);
		open->number = number;
		open->http_id = http_send(logins_http(login->logins), request, login->id, number);
		if (!open->http_id)
			logins_reply_later(login, number);
		break;
	}
	http_request_free(request);
	if (!number)
		login_fail(login, FAIL_PROVIDER, "too many requests at once");
	return number;
}

uint32_t login_timer(struct login *login, int64_t delay_ms)
{
	uint64_t delay_us = (uint64_t)MAX(delay_ms, (int64_t)0) * 1000;

	if (login_has_ended(login))
		return 0;
	if (sd_event_source_set_time_relative(login->timer, delay_us) < 0 ||
	    sd_event_source_set_enabled(login->timer, SD_EVENT_ONESHOT) < 0) {
		login_fail(login, FAIL_PROVIDER, "no timer");
		return 0;
	}
	login->timer_number = login_next_number(login);
	return login->timer_number;
}

static uint32_t start_check(struct login *login, const struct password_request *request,
			    const struct secret *password, password_start_fn start)
{
	if (login_has_ended(login))
		return 0;
	login->check_number = login_next_number(login);
	if (logins_start_password(login, request, password, start) < 0) {
		login_fail(login, FAIL_PROVIDER, "too many passwords at once");
		return 0;
	}
	return login->check_number;
}

uint32_t login_check_password(struct login *login, const struct secret *password,
			      char *const *sources)
{
	struct password_request request = { .sources = sources };

	return start_check(login, &request, password, password_check_start);
}

uint32_t login_set_password(struct login *login, const struct secret *password,
			    int64_t expires_days)
{
	struct password_request request = { 0 };

	if (expires_days)
		request.expires_s = login_now_s(login) + expires_days * SECONDS_A_DAY;
	return start_check(login, &request, password, password_set_start);
}

void login_cancel(struct login *login, uint32_t number)
{
	if (!number)
		return;
	if (login->timer_number == number) {
		login->timer_number = 0;
		(void)sd_event_source_set_enabled(login->timer, SD_EVENT_OFF);
	}
	if (login->prompt_number == number)
		login->prompt_number = 0;
	if (login->check_number == number)
		login->check_number = 0;
	for (unsigned i = 0; i < PROVIDER_REQUESTS_MAX; i++) {
		if (login->requests[i].number != number)
			continue;
		http_cancel(logins_http(login->logins), login->requests[i].http_id);
		login->requests[i].number = 0;
	}
}
