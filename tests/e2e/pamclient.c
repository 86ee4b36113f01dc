/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program that uses PAM, for tests: its conversation is read from stdin and written to stdout.
 *
 *	pamclient SERVICE USER ACTION…
 *
 *	tty=TTY rhost=HOST xdisplay=DISPLAY   items of PAM
 *	env=NAME=VALUE                        the PAM environment
 *	no-conversation                       from here on conv->conv is NULL
 *	block-signals                         SIGINT, SIGQUIT and SIGTERM, as sudo does
 *	authenticate account password establish delete open close
 *	                                      prints "result PHASE CODE"
 *	environment                           prints "environment NAME=VALUE" for each
 *
 * Each message is a line "info TEXT", "error TEXT", "echo-on TEXT" or "echo-off TEXT", each call's
 * first one after a line "call N". A prompt takes a line from stdin: "answer TEXT", "null" (no
 * answer, but success) or "fail" (PAM_CONV_ERR). End of file fails. Bytes outside of printable
 * ASCII, and '%', are written as %XX in both directions.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <security/pam_appl.h>

#include "base/macro.h"

static void print_line(const char *word, const char *text)
{
	printf("%s ", word);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		printf(*c < 0x20 || *c > 0x7e || *c == '%' ? "%%%02X" : "%c", *c);
	printf("\n");
	fflush(stdout);
}

/* In place: what is decoded is never longer. %00 stays a NUL in the middle. */
static void decode(char *text)
{
	char *out = text;

	for (; *text; text++, out++) {
		if (*text == '%' && text[1] && text[2]) {
			char digits[] = { text[1], text[2], '\0' };

			*out = (char)strtoul(digits, NULL, 16);
			text += 2;
		} else {
			*out = *text;
		}
	}
	*out = '\0';
}

static int answer(char **ret_answer)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	ssize_t len = getline(&line, &size, stdin);

	if (len <= 0 || strcmp(line, "fail\n") == 0)
		return PAM_CONV_ERR;
	if (strcmp(line, "null\n") == 0)
		return PAM_SUCCESS;
	line[len - 1] = '\0';
	if (strncmp(line, "answer ", 7) != 0)
		return PAM_CONV_ERR;
	memmove(line, line + 7, (size_t)len - 7);
	decode(line);
	*ret_answer = steal(&line);
	return PAM_SUCCESS;
}

static int converse(int n_messages, const struct pam_message **messages,
		    struct pam_response **ret_responses, void *data UNUSED)
{
	static const char *const words[] = {
		[PAM_PROMPT_ECHO_OFF] = "echo-off",
		[PAM_PROMPT_ECHO_ON] = "echo-on",
		[PAM_ERROR_MSG] = "error",
		[PAM_TEXT_INFO] = "info",
	};
	struct pam_response *responses = calloc((size_t)n_messages, sizeof(*responses));
	int r = PAM_SUCCESS;

	printf("call %d\n", n_messages);
	for (int i = 0; i < n_messages && r == PAM_SUCCESS; i++) {
		print_line(words[messages[i]->msg_style], messages[i]->msg);
		if (messages[i]->msg_style <= PAM_PROMPT_ECHO_ON)
			r = answer(&responses[i].resp);
	}
	if (r == PAM_SUCCESS) {
		*ret_responses = responses;
		return r;
	}
	for (int i = 0; i < n_messages; i++)
		free(responses[i].resp);
	free(responses);
	return r;
}

struct client {
	pam_handle_t *pamh;
	struct pam_conv conversation;
};

static int establish(pam_handle_t *pamh, int flags)
{
	return pam_setcred(pamh, flags | PAM_ESTABLISH_CRED);
}

static int delete(pam_handle_t *pamh, int flags)
{
	return pam_setcred(pamh, flags | PAM_DELETE_CRED);
}

static const struct {
	const char *name;
	int (*run)(pam_handle_t *pamh, int flags);
} phases[] = {
	{ "authenticate", pam_authenticate },
	{ "account", pam_acct_mgmt },
	{ "password", pam_chauthtok },
	{ "establish", establish },
	{ "delete", delete },
	{ "open", pam_open_session },
	{ "close", pam_close_session },
};

static const struct {
	const char *name;
	int type;
} items[] = {
	{ "tty=", PAM_TTY },
	{ "rhost=", PAM_RHOST },
	{ "xdisplay=", PAM_XDISPLAY },
};

static void print_environment(pam_handle_t *pamh)
{
	char **list = pam_getenvlist(pamh);

	for (char **entry = list; entry && *entry; entry++) {
		print_line("environment", *entry);
		free(*entry);
	}
	free(list);
}

static void block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static bool act(struct client *client, const char *action)
{
	for (size_t i = 0; i < N_ELEMENTS(phases); i++) {
		if (strcmp(action, phases[i].name) == 0) {
			printf("result %s %d\n", action, phases[i].run(client->pamh, 0));
			fflush(stdout);
			return true;
		}
	}
	for (size_t i = 0; i < N_ELEMENTS(items); i++) {
		size_t len = strlen(items[i].name);

		if (strncmp(action, items[i].name, len) == 0)
			return pam_set_item(client->pamh, items[i].type, action + len) ==
			       PAM_SUCCESS;
	}
	if (strncmp(action, "env=", 4) == 0)
		return pam_putenv(client->pamh, action + 4) == PAM_SUCCESS;
	if (strcmp(action, "environment") == 0)
		return print_environment(client->pamh), true;
	if (strcmp(action, "block-signals") == 0)
		return block_signals(), true;
	if (strcmp(action, "no-conversation") == 0) {
		client->conversation.conv = NULL;
		return pam_set_item(client->pamh, PAM_CONV, &client->conversation) == PAM_SUCCESS;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct client client = { .conversation = { .conv = converse } };

	if (argc < 3)
		return 2;
	if (pam_start(argv[1], *argv[2] ? argv[2] : NULL, &client.conversation, &client.pamh) !=
	    PAM_SUCCESS)
		return 2;
	for (int i = 3; i < argc; i++) {
		if (!act(&client, argv[i])) {
			fprintf(stderr, "pamclient: %s?\n", argv[i]);
			return 2;
		}
	}
	return pam_end(client.pamh, PAM_SUCCESS) == PAM_SUCCESS ? 0 : 2;
}
