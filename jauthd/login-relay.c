/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A factor that begins on the telephone. A link at the relay stands for it, of which the terminal
 * shows the code; all methods that this login could go on with share it.
 *
 * SCANNING  a button is pressed         its method's provider starts → RUNNING
 * RUNNING   another button              its provider instead of the first one
 *           the callback                the provider proves who it is → DECIDING; behind a redirect
 *                                       and with its state, or (PROVIDER_NO_STATE) without both
 * DECIDING  the identity is the user's  two digits for the telephone → MATCHING, or on at once
 * MATCHING  the digits                  right → DECIDING; wrong → counted, and the end: one try
 *
 * The digits are made only when the identity was mapped to the requested user, and go only to the
 * browser that brought the callback, or past the relay by a message of the app.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/digits.h"
#include "base/log.h"
#include "base/text.h"
#include "base/url.h"
#include "jauthd/login-private.h"

#define DELIVERY_MAX 1024

static const char way_failed[] = N_("The way over the telephone does not work now.");

static void refuse_way(struct login *login, const char *reason)
{
	log_warning("login %s: relay: %s", login->request, reason);
	login_refuse(login, LOGIN_FAILED, AFTER_MENU, way_failed, reason);
}

/* --- the link --- */

bool login_relay_needs_match(const struct login *login, const struct method *method)
{
	if (login->is_remote && (method->features & PROVIDER_SILENT))
		return true;
	return method->number_match && (!login->rule || login->rule->number_match);
}

static void add_target(const struct login *login, const struct method *method,
		       struct relay_opening *opening)
{
	for (unsigned i = 0; i < opening->n_targets; i++)
		if (text_equals(opening->targets[i].method, method->id))
			return;
	if (opening->n_targets == RELAY_TARGETS_MAX)
		return;
	opening->targets[opening->n_targets++] = (struct relay_target){
		.method = method->id,
		.title = method_title(login, method),
		.app = method->app,
		.has_no_state = method->features & PROVIDER_NO_STATE,
	};
}

/* The alternative that goes on with this method at the factor at hand, or -1. */
static int find_alternative(const struct login *login, const char *method_id)
{
	for (unsigned i = 0; i < login_n_alternatives(login); i++) {
		const struct alternative *alternative = login_nth_alternative(login, i);

		if (login_is_same_scan(login, login->factor, login->alternative, i) &&
		    text_equals(alternative->factors[login->factor]->id, method_id))
			return (int)i;
	}
	return -1;
}

static void collect_targets(struct login *login, struct relay_opening *opening)
{
	for (unsigned i = 0; i < login_n_alternatives(login); i++) {
		const struct method *method;

		if (!login_is_same_scan(login, login->factor, login->alternative, i))
			continue;
		method = login_nth_alternative(login, i)->factors[login->factor];
		add_target(login, method, opening);
		login->relay.is_matched |= login_relay_needs_match(login, method);
	}
}

/* A test has no user, and every link has. */
bool login_relay_open(struct login *login, struct relay_opening *opening)
{
	int64_t left_ms = login->deadline_ms - logins_now_ms(login->logins);
	struct relay_address address;

	opening->user = *login->facts.user ? login->facts.user : "-";
	opening->service = login->facts.service;
	opening->source = login->facts.source;
	opening->since_s = logins_now_s(login->logins);
	login->relay.link = relay_open(logins_relay(login->logins), login->id, opening,
				       left_ms / 1000, &address);
	if (!login->relay.link)
		return false;
	login->relay.url = text_copy(address.code);
	login->relay.page = text_copy(address.page);
	(void)text_into(login->relay.id, sizeof(login->relay.id), address.id);
	return true;
}

void login_relay_start(struct login *login)
{
	struct relay_opening opening = { .n_targets = 0 };

	collect_targets(login, &opening);
	opening.digits = login->relay.is_matched;
	login_set_stage(login, STAGE_SCANNING);
	if (!login_relay_open(login, &opening))
		refuse_way(login, "no link could be opened");
}

/* Nobody reads what is told to a link without a page. */
static void tell(struct login *login, enum relay_result result, const char *digits)
{
	if (!*login->relay.listens)
		relay_tell(logins_relay(login->logins), login->relay.link, result, digits,
			   login->request);
}

void login_relay_end(struct login *login, enum relay_result result)
{
	login_push_end(login);
	if (login->relay.link) {
		tell(login, result, NULL);
		relay_close(logins_relay(login->logins), login->relay.link);
	}
	free(login->relay.url);
	free(login->relay.page);
	free(login->relay.redirect_uri);
	explicit_bzero(login->relay.state, sizeof(login->relay.state));
	explicit_bzero(login->relay.digits, sizeof(login->relay.digits));
	login->relay = (struct login_relay){ .link = 0 };
}

void login_relay_on_opened(struct login *login)
{
	if (login->stage == STAGE_SCANNING)
		login_screen_scan(login);
}

void login_relay_on_failed(struct login *login, enum relay_failure failure, const char *detail)
{
	bool is_early = login->stage == STAGE_SCANNING || login->stage == STAGE_RUNNING;

	login->relay.link = 0;
	if (login->stage == STAGE_DECIDING || login->stage == STAGE_OVER)
		return;
	if (failure == RELAY_FAILED_NETWORK && is_early &&
	    login_offline_start(login, way_failed, detail))
		return;
	if (failure == RELAY_FAILED_BUSY)
		login_refuse(login, LOGIN_DENIED, AFTER_MENU,
			     N_("This way to log in is busy. Try again or choose another way."),
			     "the relay has no room for another link");
	else
		refuse_way(login, detail);
}

static void refuse_by_telephone(struct login *login)
{
	log_warning("login %s: whoever opened the link on the telephone says he did not begin "
		    "this login", login->request);
	login_relay_end(login, RELAY_RESULT_REFUSED);
	login_refuse(login, LOGIN_DENIED, AFTER_END, N_("The request was refused."),
		     "refused on the telephone: this wasn't me");
}

/* What the store decides goes its way; what comes after it does not. */
void login_relay_on_refused(struct login *login)
{
	if (login->stage == STAGE_DECIDING)
		login->relay.was_refused = true;
	else if (login->stage != STAGE_OVER && login->stage != STAGE_DELAYING)
		refuse_by_telephone(login);
}

bool login_relay_is_refused(struct login *login)
{
	if (!login->relay.was_refused)
		return false;
	refuse_by_telephone(login);
	return true;
}

/* --- the way to the provider and back --- */

/* A new state makes callbacks of before worthless. */
static bool make_view(struct login *login)
{
	struct buf uri = BUF_INIT(URL_MAX);

	if (random_hex(login->relay.state, (RELAY_STATE_SIZE - 1) / 2) < 0)
		return false;
	relay_add_callback_url(logins_relay(login->logins), login->method->id, &uri);
	free(login->relay.redirect_uri);
	login->relay.redirect_uri = buf_steal(&uri);
	login->relay.view = (struct login_link){
		.redirect_uri = login->relay.redirect_uri,
		.state = login->relay.state,
		.id = login->relay.id,
		.page = login->relay.page,
		.method = login->method->id,
	};
	login->relay.was_left |= login->relay.was_redirected;
	login->relay.was_redirected = false;
	return true;
}

void login_relay_on_pressed(struct login *login, const char *method_id)
{
	int alternative = find_alternative(login, method_id);

	if (alternative < 0 || login->relay.was_called_back ||
	    (login->stage != STAGE_SCANNING && login->stage != STAGE_RUNNING))
		return;
	login_provider_end(login);
	login->alternative = (unsigned)alternative;
	login->method = login_alternative(login)->factors[login->factor];
	if (make_view(login))
		login_run_provider(login);
	else
		refuse_way(login, "no random bytes");
}

const struct login_link *login_link(struct login *login)
{
	bool is_begun = login->relay.link && login->errand == ERRAND_LOGIN &&
			!login->relay.is_delivering;

	return is_begun && *login->relay.state ? &login->relay.view : NULL;
}

void login_redirect(struct login *login, const char *url)
{
	if (login_has_ended(login))
		return;
	if (!login_link(login) || login->relay.was_redirected ||
	    !url_is_location(url, RELAY_TARGET_URL_MAX)) {
		login_fail(login, FAIL_PROVIDER, "no way for the telephone");
		return;
	}
	login->relay.was_redirected = true;
	relay_send_to(logins_relay(login->logins), login->relay.link, login->method->id,
		      login->relay.state, url);
}

static bool is_own_state(const struct login *login, const struct parameters *parameters)
{
	const char *state = parameters_text(parameters, "state", RELAY_STATE_MAX);

	return state && strlen(state) == RELAY_STATE_SIZE - 1 &&
	       crypto_equals(state, login->relay.state, RELAY_STATE_SIZE - 1);
}

/* What is wrong with the link's one callback, as far as it is not the provider's. */
static const char *callback_mistake(const struct login *login, bool has_no_state,
				    const struct parameters *parameters)
{
	if (!parameters->n)
		return "a callback that cannot be read";
	if (has_no_state)
		return parameters_has(parameters, "state") ? "a callback with a state" : NULL;
	return is_own_state(login, parameters) ? NULL : "a callback with another login's state";
}

/* The relay has compared the state, too; it is not to be trusted with that. */
void login_relay_on_callback(struct login *login, const char *query)
{
	struct parameters parameters = { .n = 0 };
	bool has_no_state = login->method && login->method->features & PROVIDER_NO_STATE;
	const char *mistake;

	if (login->stage != STAGE_RUNNING || login->relay.was_called_back ||
	    !(has_no_state || login->relay.was_redirected || login->relay.was_left))
		return;
	login->relay.was_called_back = true;
	if (!has_no_state && !login->relay.was_redirected) {
		/* The relay did not know of the other button yet: the link's one callback. */
		refuse_way(login, "a callback of an earlier button");
		return;
	}
	(void)parameters_parse(query, RELAY_CALLBACK_MAX, &parameters);
	mistake = callback_mistake(login, has_no_state, &parameters);
	if (mistake) {
		login_deny(login, DENY_INVALID, mistake);
		login_provider_after(login);
	} else {
		login_provider_callback(login, &parameters);
	}
	parameters_done(&parameters);
}

/* --- the digits --- */

/* 00 to 99, each as likely. */
static int make_digits(char ret_digits[RELAY_DIGITS + 1])
{
	unsigned char byte;
	int r;

	do
		r = random_bytes(&byte, sizeof(byte));
	while (r == 0 && byte >= 200);
	if (r == 0)
		(void)snprintf(ret_digits, RELAY_DIGITS + 1, "%02u", byte % 100u);
	explicit_bzero(&byte, sizeof(byte));
	return r;
}

static void deliver(struct login *login)
{
	struct login_delivery delivery = {
		.subject = login->proved.identity.subject,
		.push = login_push_kept(login),
	};
	struct buf text = BUF_INIT_SECRET(DELIVERY_MAX * 4), user = BUF_INIT(DELIVERY_MAX);

	text_add_clean(&user, login->facts.user, RELAY_USER_MAX);
	buf_add_format(&text, login_text(login, N_("Somebody logs in to %s as user %s, %s from %s."
						   "\n")),
		       login_host(login), buf_text(&user), login->facts.service,
		       login->facts.source);
	buf_add_format(&text, login_text(login, N_("Only if that is you: type %s into your own "
						   "terminal. Tell it to nobody.")),
		       login->relay.digits);
	delivery.text = buf_text(&text);
	login->relay.is_delivering = true;
	login_set_stage(login, STAGE_RUNNING);
	login_provider_deliver(login, &delivery);
	buf_done(&text);
	buf_done(&user);
}

void login_relay_delivered(struct login *login, bool is_done)
{
	login->relay.is_delivering = false;
	login_push_end(login);
	if (!is_done) {
		if (*login->end_detail)
			login_note(login, login->end_detail);
		refuse_way(login, "the message with the digits could not be sent");
		return;
	}
	login_set_stage(login, STAGE_MATCHING);
	tell(login, RELAY_RESULT_MESSAGE, NULL);
}

static void refuse_second(struct login *login)
{
	login_relay_end(login, RELAY_RESULT_BUSY);
	login_refuse(login, LOGIN_DENIED, AFTER_END,
		     N_("Another login of this user waits for its digits."),
		     "another approval of this user is open");
}

void login_relay_show_digits(struct login *login)
{
	if (login->is_gone) {
		(void)text_into(login->reason, sizeof(login->reason), "client left");
		login_end(login, LOGIN_CANCELLED, NULL);
	} else if (!login->relay.link) {
		refuse_way(login, "the link is gone");
	} else if (logins_has_match(login)) {
		refuse_second(login);
	} else if (make_digits(login->relay.digits) < 0) {
		refuse_way(login, "no random bytes");
	} else if (login->method->digits == DIGITS_APP_MESSAGE || *login->relay.listens) {
		deliver(login);
	} else {
		login_set_stage(login, STAGE_MATCHING);
		tell(login, RELAY_RESULT_DIGITS, login->relay.digits);
	}
}

/* The digits stand where the person went on: where nothing was to be scanned, on a page. */
static const char *place_text(const struct login *login, const char *telephone, const char *page)
{
	return login->code.link ? telephone : page;
}

static void ask_again(struct login *login, const char *text)
{
	if (login_another_round(login))
		login_screen_digits(login, text);
	else
		login_refuse_nobody(login);
}

/* What is typed does not come here: the program that asks does not find in the user database whom
 * we find in the store. */
static void refuse_unseen(struct login *login)
{
	log_error("login %s: service %s does not know user %s, whom jauth made: does jauth-userdb "
		  "run, and does nsswitch.conf name systemd for passwd?", login->request,
		  login->facts.service, login->user.name);
	login_relay_end(login, RELAY_RESULT_FAILED);
	login_refuse(login, LOGIN_ENOUGH, AFTER_END,
		     N_("This computer does not know the user yet. Connect again."),
		     "the service does not know the user: jauth-userdb, nsswitch.conf");
}

/* What cannot be two digits is no guess. */
static void compare(struct login *login, const struct secret *answer)
{
	_cleanup_secret_ struct secret *digits = digits_fold(answer, RELAY_DIGITS);
	bool is_right;

	if (login->is_person && login_is_junk_of_sshd(answer)) {
		refuse_unseen(login);
		return;
	}
	if (!digits) {
		ask_again(login, place_text(login, N_("Two digits, as the telephone shows them: "),
					    N_("Two digits, as the page shows them: ")));
		return;
	}
	is_right = crypto_equals(digits->data, login->relay.digits, RELAY_DIGITS);
	explicit_bzero(login->relay.digits, sizeof(login->relay.digits));
	login_set_stage(login, STAGE_DECIDING);
	if (is_right)
		login_verdict_matched(login);
	else
		login_verdict_wrong_digits(login);
}

/* True when it was one of the keys that the prompt names. There is no way back while the store
 * decides: its answer would meet another way. */
static bool take_key(struct login *login, const struct secret *answer)
{
	if (login_answer_is(answer, 'q')) {
		login_on_cancel(login);
		return true;
	}
	if (login_answer_is(answer, 'i') && login_another_round(login)) {
		login->inverted = !login->inverted;
		login_screen_code(login);
		return true;
	}
	return (login_answer_is(answer, 'm') || login_answer_is(answer, 'c')) &&
	       login->stage != STAGE_DECIDING && login_go_back(login);
}

void login_relay_on_answer(struct login *login, const struct secret *answer)
{
	switch (login->stage) {
	case STAGE_SCANNING:
	case STAGE_RUNNING:
	case STAGE_DECIDING:
		if (!take_key(login, answer))
			ask_again(login, place_text(
				login, N_("Nothing is approved yet. The telephone's digits: "),
				N_("Nothing is approved yet. The page's digits: ")));
		return;
	case STAGE_MATCHING:
		if (!take_key(login, answer))
			compare(login, answer);
		return;
	case STAGE_LOOKING_UP:
	case STAGE_CHOOSING:
	case STAGE_PRESENCE:
	case STAGE_HOLDING:
	case STAGE_OFFLINE:
	case STAGE_CONFIRMING:
	case STAGE_DELAYING:
	case STAGE_OVER:
		return;
	}
}
