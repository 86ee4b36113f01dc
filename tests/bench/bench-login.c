/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usage: bench-login SERVICE USER PASSWORD COUNT
 *
 * Logs in through PAM as sshd does, again and again, and prints the microseconds of each login.
 * A first one, not counted, stays open until the end, so that no module is loaded again for every
 * login: that is measured by itself. A login that fails ends the program.
 */
#include <string.h>

#include <security/pam_appl.h>

#include "base/macro.h"
#include "tests/bench/clock.h"

static int answer_all(int n_messages, const struct pam_message **messages,
		      struct pam_response **ret_responses, void *password)
{
	struct pam_response *responses = calloc((size_t)n_messages, sizeof(*responses));

	if (!responses)
		return PAM_BUF_ERR;
	for (int i = 0; i < n_messages; i++)
		if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF ||
		    messages[i]->msg_style == PAM_PROMPT_ECHO_ON)
			responses[i].resp = strdup(password);
	*ret_responses = responses;
	return PAM_SUCCESS;
}

static void check(int r)
{
	if (r != PAM_SUCCESS) {
		fprintf(stderr, "login: %s\n", pam_strerror(NULL, r));
		exit(1);
	}
}

static pam_handle_t *log_in(char **argv)
{
	struct pam_conv conversation = { answer_all, argv[3] };
	pam_handle_t *handle;

	check(pam_start(argv[1], argv[2], &conversation, &handle));
	check(pam_set_item(handle, PAM_TTY, "ssh"));
	check(pam_set_item(handle, PAM_RHOST, "192.0.2.1"));
	check(pam_authenticate(handle, 0));
	return handle;
}

int main(int argc, char **argv)
{
	pam_handle_t *first;

	if (argc != 5) {
		fputs("usage: bench-login SERVICE USER PASSWORD COUNT\n", stderr);
		return 2;
	}
	first = log_in(argv);
	for (long i = count_argument(argv[4]); i > 0; i--) {
		int64_t began = now_ns();

		(void)pam_end(log_in(argv), PAM_SUCCESS);
		printf("%.1f\n", (double)(now_ns() - began) / 1000);
	}
	(void)pam_end(first, PAM_SUCCESS);
	return 0;
}
