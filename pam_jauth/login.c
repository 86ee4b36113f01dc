/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *	state        what comes                      → next
 *	(begin)      descriptor                      → steps;  error → outcome
 *	LOGIN_WAIT   items, shown                    → next step
 *	LOGIN_ASK    items and an ask, shown         → answer sent, next step
 *	             the conversation breaks off     → cancel sent, LOGIN_CANCELLED
 *	             an answer that cannot be sent   → cancel sent, LOGIN_DENIED
 *	an outcome   items, shown if that is possible → end
 *
 * Every wait is bounded by the deadline in the client; the conversation itself is the program's
 * and may block for as long as it likes, then the next step finds the deadline passed.
 */
#include "pam_jauth/login.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include <security/pam_ext.h>

#include "base/macro.h"
#include "pam_jauth/client.h"
#include "pam_jauth/conversation.h"
#include "pam_jauth/screen.h"
#include "pam_jauth/hangup.h"
#include "pam_jauth/outcome.h"

#define REQUEST_MAX  64
#define LOG_USER_MAX 64
#define LAST_WORD_S  5       /* jauthd is to end first, in its own words and in the audit */

struct login {
	pam_handle_t *pamh;
	const struct options *options;
	enum login_phase phase;
	const char *user;
	struct login_client client;
	char request[REQUEST_MAX + 1];
	struct answer password;          /* the last answer that was the person's password */
	bool has_password;
	bool has_used_first_pass;
};

static const char *text_item(pam_handle_t *pamh, int type)
{
	const void *item = NULL;

	return pam_get_item(pamh, type, &item) == PAM_SUCCESS ? item : NULL;
}

/* The id of the login before, but only if it was made with this very handle. */
static const char *earlier_request(pam_handle_t *pamh)
{
	const void *data = NULL;

	return pam_get_data(pamh, LOGIN_REQUEST_DATA, &data) == PAM_SUCCESS ? data : NULL;
}

static uint32_t jauthd_timeout_s(uint32_t timeout_s)
{
	return timeout_s > 2 * LAST_WORD_S ? timeout_s - LAST_WORD_S : timeout_s;
}

static struct login_facts collect_facts(const struct login *login)
{
	pam_handle_t *pamh = login->pamh;
	struct surroundings surroundings = {
		.tty = text_item(pamh, PAM_TTY),
		.xdisplay = text_item(pamh, PAM_XDISPLAY),
		.ssh_connection = pam_getenv(pamh, "SSH_CONNECTION"),
	};
	struct screen screen = screen_look(&surroundings, login->options->charset);

	return (struct login_facts){
		.phase = login->phase,
		.service = text_item(pamh, PAM_SERVICE),
		.user = login->user,
		.rhost = text_item(pamh, PAM_RHOST),
		.tty = surroundings.tty,
		.surface = screen.surface,
		.rows = screen.rows,
		.columns = screen.columns,
		.glyphs = screen.glyphs,
		.language = screen_language(screen.surface),
		.ssh_auth_info = pam_getenv(pamh, "SSH_AUTH_INFO_0"),
		.caller_uid = getuid(),
		.request = login->phase == LOGIN_ACCOUNT ? earlier_request(pamh) : NULL,
		.timeout_s = jauthd_timeout_s(login->options->timeout_s),
	};
}

/* Steps */

/* Keeps the request id if a step brings one; it goes into a log and an environment. */
static void take_request(struct login *login, const struct login_step *step)
{
	for (unsigned i = 0; i < step->n_items; i++) {
		const char *id = step->items[i].text;
		size_t len = strlen(id);

		if (step->items[i].kind != ITEM_REQUEST || len > REQUEST_MAX)
			continue;
		if (strspn(id, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") ==
		    len)
			memcpy(login->request, id, len + 1);
	}
}

/* The password that a module before us has asked for answers the first ask for a password. */
static bool answer_with_first_pass(struct login *login, struct answer *ret_answer)
{
	const char *token = text_item(login->pamh, PAM_AUTHTOK);
	size_t len = token ? strlen(token) : 0;

	if (!login->options->try_first_pass && !login->options->use_first_pass)
		return false;
	if (login->has_used_first_pass || len == 0 || len > LOGIN_ANSWER_MAX)
		return false;
	login->has_used_first_pass = true;
	ret_answer->len = len;
	memcpy(ret_answer->text, token, len + 1);
	return true;
}

/* 0 with an answer, or an error of conversation_show(), or -ENOKEY: nobody may be asked. */
static int find_answer(struct login *login, const struct login_step *step,
		       struct answer *ret_answer)
{
	if (step->items[step->n_items - 1].password) {
		if (answer_with_first_pass(login, ret_answer))
			return 0;
		if (login->options->use_first_pass)
			return -ENOKEY;
	}
	return conversation_show(login->pamh, step, true, ret_answer);
}

static void remember_password(struct login *login, const struct answer *answer)
{
	login->password = *answer;
	login->has_password = true;
}

/* LOGIN_WAIT to go on, or our own outcome. */
static enum login_state break_off(struct login *login, enum login_state state, const char *reason)
{
	client_cancel(&login->client);
	(void)snprintf(login->client.reason, sizeof(login->client.reason), "%s", reason);
	return state;
}

static enum login_state ask(struct login *login, const struct login_step *step)
{
	const struct login_item *item = &step->items[step->n_items - 1];
	_cleanup_(answer_wipe) struct answer answer = { .len = 0 };

	switch (find_answer(login, step, &answer)) {
	case 0:
		break;
	case -EMSGSIZE:
		return break_off(login, LOGIN_DENIED, "the answer is too long");
	case -ENOKEY:
		return break_off(login, LOGIN_DENIED, "use_first_pass, but no other password fits");
	default:
		return break_off(login, LOGIN_CANCELLED, "the conversation was broken off");
	}
	if (item->password)
		remember_password(login, &answer);
	(void)client_answer(&login->client, item->number, answer.text, answer.len);
	return LOGIN_WAIT;
}

/* Shows what came with a state that asks nothing. Only a login that goes on needs to be seen. */
static enum login_state show(struct login *login, const struct login_step *step)
{
	bool is_outcome = login_state_is_outcome(step->state);
	int r = conversation_show(login->pamh, step, !is_outcome || !login->options->quiet, NULL);

	if (r < 0 && !is_outcome)
		return break_off(login, LOGIN_CANCELLED, "the conversation was broken off");
	return step->state;
}

static enum login_state converse(struct login *login)
{
	enum login_state state;

	do {
		struct login_step step;

		client_next(&login->client, &step);
		if (login->options->debug)
			pam_syslog(login->pamh, LOG_DEBUG, "step %s with %u items",
				   login_state_names[step.state], step.n_items);
		take_request(login, &step);
		state = step.state == LOGIN_ASK ? ask(login, &step) : show(login, &step);
		login_step_done(&step);
	} while (!login_state_is_outcome(state));
	return state;
}

/* The end */

static void free_request(pam_handle_t *pamh UNUSED, void *data, int status UNUSED)
{
	free(data);
}

/* Failures here take nothing from the login: the phases after it then know less. */
static void leave_request(struct login *login)
{
	char variable[sizeof(LOGIN_REQUEST_ENV) + 1 + REQUEST_MAX];
	char *copy = strdup(login->request);

	(void)snprintf(variable, sizeof(variable), "%s=%s", LOGIN_REQUEST_ENV, login->request);
	if (pam_putenv(login->pamh, variable) != PAM_SUCCESS)
		pam_syslog(login->pamh, LOG_WARNING, "cannot set " LOGIN_REQUEST_ENV);
	if (copy &&
	    pam_set_data(login->pamh, LOGIN_REQUEST_DATA, copy, free_request) != PAM_SUCCESS)
		free(copy);
}

/* The name was typed by anybody. */
static void clean_user(const char *user, char ret_clean[LOG_USER_MAX + 1])
{
	size_t i;

	for (i = 0; user[i] && i < LOG_USER_MAX; i++)
		ret_clean[i] = isprint((unsigned char)user[i]) ? user[i] : '?';
	ret_clean[i] = '\0';
}

static void log_outcome(const struct login *login, const struct outcome *outcome)
{
	char user[LOG_USER_MAX + 1];

	if (outcome->priority == LOG_DEBUG && !login->options->debug)
		return;
	clean_user(login->user, user);
	pam_syslog(login->pamh, outcome->priority, "user %s: %s%s%s%s%s", user, outcome->text,
		   *login->client.reason ? ": " : "", login->client.reason,
		   *login->request ? ", request " : "", login->request);
}

static void succeed(struct login *login)
{
	if (login->phase == LOGIN_AUTHENTICATE)
		leave_request(login);
	/* pam_gnome_keyring and others open what they keep with it. */
	if (login->has_password)
		(void)pam_set_item(login->pamh, PAM_AUTHTOK, login->password.text);
}

int login_run(pam_handle_t *pamh, const struct options *options, enum login_phase phase,
	      const char *user)
{
	struct login login = { .pamh = pamh, .options = options, .phase = phase, .user = user };
	struct login_facts facts = collect_facts(&login);
	const struct outcome *outcome;
	enum login_state state;

	client_init(&login.client, (int64_t)options->timeout_s * 1000);
	login.client.hangup_fd = hangup_find(pam_getenv(pamh, "SSH_CONNECTION"));
	if (hangup_signals_are_blocked())
		login.client.is_interrupted = hangup_signal_is_pending;
	state = client_begin(&login.client, LOGIN_BUS_ADDRESS, &facts);
	if (!login_state_is_outcome(state))
		state = converse(&login);
	client_done(&login.client);
	outcome = outcome_of(phase, state);
	if (outcome->pam_code == PAM_SUCCESS)
		succeed(&login);
	log_outcome(&login, outcome);
	answer_wipe(&login.password);
	return outcome->pam_code;
}
