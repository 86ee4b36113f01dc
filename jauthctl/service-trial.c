/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/service-trial.h"

#include <string.h>
#include <unistd.h>

#include <security/pam_appl.h>

#include "base/text.h"

struct trial_talk {
	struct terminal *terminal;
	FILE *out;
	unsigned n_asked;
};

static int ask(struct trial_talk *talk, const struct pam_message *message, char **ret_answer)
{
	const struct question question = {
		message->msg, talk->out, message->msg_style == PAM_PROMPT_ECHO_ON, -1
	};
	struct line line;

	talk->n_asked++;
	if (terminal_ask(talk->terminal, &question, &line) == LINE_DONE)
		*ret_answer = strdup(line.text);
	line_wipe(&line);
	return *ret_answer ? PAM_SUCCESS : PAM_CONV_ERR;
}

/* What PAM's modules say is theirs; the terminal shall draw jauth's codes. */
static int handle_message(struct trial_talk *talk, const struct pam_message *message,
			  char **ret_answer)
{
	switch (message->msg_style) {
	case PAM_PROMPT_ECHO_ON:
	case PAM_PROMPT_ECHO_OFF:
		return ask(talk, message, ret_answer);
	case PAM_TEXT_INFO:
	case PAM_ERROR_MSG:
		fprintf(talk->out, "%s\n", message->msg);
		(void)fflush(talk->out);
		return PAM_SUCCESS;
	}
	return PAM_CONV_ERR;
}

static void free_answers(struct pam_response *answers, int n)
{
	for (int i = 0; i < n; i++)
		text_free_wiped(answers[i].resp);
	free(answers);
}

static int converse(int n, const struct pam_message **messages, struct pam_response **ret_answers,
		    void *data)
{
	struct trial_talk *talk = data;
	struct pam_response *answers;

	if (n <= 0 || n > PAM_MAX_NUM_MSG)
		return PAM_CONV_ERR;
	answers = calloc((size_t)n, sizeof(*answers));
	if (!answers)
		return PAM_BUF_ERR;
	for (int i = 0; i < n; i++) {
		int r = handle_message(talk, messages[i], &answers[i].resp);

		if (r != PAM_SUCCESS) {
			free_answers(answers, n);
			return r;
		}
	}
	*ret_answers = answers;
	return PAM_SUCCESS;
}

enum trial service_try(struct terminal *terminal, FILE *out, const char *service,
		       const char *user, struct buf *why)
{
	struct trial_talk talk = { .terminal = terminal, .out = out };
	const struct pam_conv conv = { converse, &talk };
	const char *tty = ttyname(STDIN_FILENO);
	pam_handle_t *pam = NULL;
	int r = pam_start(service, user, &conv, &pam);

	if (r == PAM_SUCCESS && tty)
		r = pam_set_item(pam, PAM_TTY, tty);
	if (r == PAM_SUCCESS)
		r = pam_authenticate(pam, 0);
	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(pam, 0);
	if (r != PAM_SUCCESS)
		buf_add_text(why, pam_strerror(pam, r));
	if (pam)
		(void)pam_end(pam, r);
	if (terminal_is_interrupted())
		return TRIAL_INTERRUPTED;
	if (r != PAM_SUCCESS)
		return TRIAL_DENIED;
	return talk.n_asked ? TRIAL_GRANTED : TRIAL_UNASKED;
}
