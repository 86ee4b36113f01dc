/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauth-end-session: ends sessions of people who have left. The only part of jauth that runs as
 * root by itself, so it does nothing else: systemd starts it for one connection of jauthd, whose
 * socket is its stdin and stdout (base/end-session.h). A line it does not understand is the last
 * one it reads.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "base/end-session.h"
#include "base/macro.h"
#include "jauth-end-session/processes.h"
#include "jauth-end-session/session.h"

#define READ_MS 5000          /* jauthd sends its lines at once */

/* A process that has taken the id of one that ended is another one: looked at after the
 * descriptor stands for it. */
static int signal_process(const struct helper *helper, uint32_t pid, uint64_t ticks, int signal)
{
	_cleanup_close_ int fd = pidfd_open((pid_t)pid, 0);
	uint64_t began;
	int r;

	if (fd < 0)
		return -errno;
	r = process_began(helper->proc, pid, &began);
	if (r < 0)
		return r;
	if (began != ticks)
		return -ESRCH;
	return pidfd_send_signal(fd, signal, NULL, 0) < 0 ? -errno : 0;
}

static void pause_ms(unsigned ms)
{
	const struct timespec time = { .tv_nsec = (long)ms * 1000000 };

	(void)nanosleep(&time, NULL);
}

/* A line without its newline. False at the end, and for what is no line. */
static bool read_line(char ret_line[END_SESSION_LINE_MAX])
{
	struct pollfd wait = { .fd = STDIN_FILENO, .events = POLLIN };

	for (size_t len = 0; len < END_SESSION_LINE_MAX; len++) {
		if (poll(&wait, 1, READ_MS) != 1 || read(STDIN_FILENO, &ret_line[len], 1) != 1)
			return false;
		if (ret_line[len] == '\n') {
			ret_line[len] = '\0';
			return strlen(ret_line) == len;
		}
	}
	return false;
}

static bool write_answer(const struct answer *answer)
{
	char line[END_SESSION_LINE_MAX];
	int len = snprintf(line, sizeof(line), "%s%s%s\n", end_answer_names[answer->what],
			   answer->why ? " " : "", answer->why ? answer->why : "");

	return write(STDOUT_FILENO, line, (size_t)len) == len;
}

static struct answer obey(const struct helper *helper, const struct end_order *order)
{
	switch (order->verb) {
	case VERB_LOOK:
	case VERB_END:
		return session_obey(helper, order);
	case VERB_LINGER_OFF:
	case VERB_LINGER_ON:
		return linger_obey(helper, order);
	case END_N_VERBS:
		break;
	}
	return (struct answer){ SAYS_REFUSED, "not an order" };
}

/* The journal tells what root did. */
static void tell(const char *line, const struct answer *answer)
{
	if (answer->what == SAYS_ENDED || answer->what == SAYS_WAS_ON ||
	    answer->what == SAYS_DONE || answer->why)
		(void)fprintf(stderr, "%s: %s%s%s\n", line, end_answer_names[answer->what],
			      answer->why ? ": " : "", answer->why ? answer->why : "");
}

int main(int argc UNUSED, char **argv UNUSED)
{
	const struct helper helper = {
		.proc = "/proc",
		.linger = "/var/lib/systemd/linger",
		.passwd = "/etc/passwd",
		.logind = &system_logind,
		.signal = signal_process,
		.pause = pause_ms,
	};
	char line[END_SESSION_LINE_MAX];

	(void)signal(SIGPIPE, SIG_IGN);
	for (unsigned n = 0; n < END_SESSION_LINES_MAX && read_line(line); n++) {
		struct end_order order;
		struct answer answer;

		if (end_order_parse(line, &order) < 0) {
			(void)fprintf(stderr, "a line that is no order\n");
			return 1;
		}
		answer = obey(&helper, &order);
		tell(line, &answer);
		if (!write_answer(&answer))
			return 1;
	}
	return 0;
}
