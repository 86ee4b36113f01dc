/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usage: bench-wait SERVICE USER COUNT [ANSWER]
 *
 * Begins that many logins on jauthd's own socket, gives each the answer to its first question if
 * there is one, prints "waiting" when all stand at their question, and holds them until its input
 * ends.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/macro.h"
#include "pam_jauth/client.h"
#include "tests/bench/clock.h"

#define TIMEOUT_MS 600000

static void fail(const char *what, const char *reason)
{
	fprintf(stderr, "%s: %s\n", what, reason);
	exit(1);
}

/* Every login comes from an address of its own, as no machine has a thousand waiting. */
static void begin(struct login_client *client, const char *service, const char *user, long number)
{
	char rhost[32];
	const struct login_facts facts = {
		.phase = LOGIN_AUTHENTICATE,
		.service = service,
		.user = user,
		.rhost = rhost,
		.tty = "ssh",
		.surface = SURFACE_SSH,
		.glyphs = GLYPH_UTF8,
		.timeout_s = TIMEOUT_MS / 1000,
	};

	(void)snprintf(rhost, sizeof(rhost), "10.%ld.%ld.%ld", number >> 16 & 255,
		       number >> 8 & 255, number & 255);
	client_init(client, TIMEOUT_MS);
	if (client_begin(client, LOGIN_BUS_ADDRESS, &facts) != LOGIN_WAIT)
		fail("begin", client->reason);
}

/* Reads steps up to the next question; its number. */
static uint32_t wait_for_question(struct login_client *client)
{
	for (;;) {
		struct login_step step;
		uint32_t number = 0;
		bool asks;

		client_next(client, &step);
		asks = step.state == LOGIN_ASK;
		if (login_state_is_outcome(step.state))
			fail(login_state_names[step.state], client->reason);
		if (asks)
			number = step.items[step.n_items - 1].number;
		login_step_done(&step);
		if (asks)
			return number;
	}
}

static void allow_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);    /* too few: Begin says so */
	}
}

int main(int argc, char **argv)
{
	struct login_client *clients;
	long count;
	char byte;

	if (argc != 4 && argc != 5) {
		fputs("usage: bench-wait SERVICE USER COUNT [ANSWER]\n", stderr);
		return 2;
	}
	count = count_argument(argv[3]);
	allow_descriptors();
	clients = calloc((size_t)count, sizeof(*clients));
	if (!clients)
		fail("memory", strerror(errno));
	for (long i = 0; i < count; i++) {
		uint32_t number;

		begin(&clients[i], argv[1], argv[2], i);
		number = wait_for_question(&clients[i]);
		if (argc == 5)
			client_answer(&clients[i], number, argv[4], strlen(argv[4]));
	}
	for (long i = 0; argc == 5 && i < count; i++)
		(void)wait_for_question(&clients[i]);

	puts("waiting");
	(void)fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
	for (long i = 0; i < count; i++)
		client_done(&clients[i]);
	free(clients);
	return 0;
}
