/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The person at the keyboard; see terminal.h. */
#include "jauthctl/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/text.h"

static sigset_t our_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGQUIT);
	return set;
}

/* The descriptor is polled and never read: the signals stay pending until terminal_end(). */
int terminal_begin(struct terminal *terminal)
{
	sigset_t set = our_signals();

	terminal->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (terminal->signal_fd < 0)
		return -errno;
	if (sigprocmask(SIG_BLOCK, &set, &terminal->old_mask) < 0) {
		close_fd(&terminal->signal_fd);
		return -errno;
	}
	return 0;
}

void terminal_end(struct terminal *terminal)
{
	close_fd(&terminal->signal_fd);
	(void)sigprocmask(SIG_SETMASK, &terminal->old_mask, NULL);
}

bool terminal_is_interrupted(void)
{
	sigset_t pending;

	return sigpending(&pending) == 0 &&
	       (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1 ||
		sigismember(&pending, SIGHUP) == 1 || sigismember(&pending, SIGQUIT) == 1);
}

/* Waits for stdin; LINE_DONE: it can be read. */
static enum line_end wait_for_input(const struct terminal *terminal, int other_fd)
{
	struct pollfd fds[] = {
		{ .fd = terminal->signal_fd, .events = POLLIN },
		{ .fd = other_fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};

	while (poll(fds, N_ELEMENTS(fds), -1) < 0)
		if (errno != EINTR)
			return LINE_CANCELLED;
	if (fds[0].revents)
		return LINE_CANCELLED;
	return fds[1].revents ? LINE_OVERTAKEN : LINE_DONE;
}

/* Byte by byte, so that nothing beyond the line is taken from a pipe. */
static enum line_end read_line(const struct terminal *terminal, int other_fd, struct line *line)
{
	bool fits = true;

	for (;;) {
		enum line_end end = wait_for_input(terminal, other_fd);
		ssize_t n;
		char c;

		if (end != LINE_DONE)
			return end;
		n = read(STDIN_FILENO, &c, 1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0)
			return LINE_CANCELLED;
		if (c == '\n')
			return fits ? LINE_DONE : LINE_TOO_LONG;
		fits = fits && line->len < LOGIN_ANSWER_MAX;
		if (fits)
			line->text[line->len++] = c;
	}
}

enum line_end terminal_ask(struct terminal *terminal, const struct question *question,
			   struct line *ret_line)
{
	struct termios before, silent;
	bool is_typed = tcgetattr(STDIN_FILENO, &before) == 0;
	bool hide = is_typed && !question->echo;
	enum line_end end;

	*ret_line = (struct line){ 0 };
	/* Before the prompt, so that nobody who answers at once is seen, or loses what he typed. */
	if (hide) {
		silent = before;
		silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
	}
	fputs(question->prompt, question->out);
	(void)fflush(question->out);
	end = read_line(terminal, question->other_fd, ret_line);
	if (hide)
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	/* The newline that was not echoed. */
	if (hide || !is_typed || end != LINE_DONE)
		fputc('\n', question->out);
	if (end != LINE_DONE)
		line_wipe(ret_line);
	return end;
}

void line_wipe(struct line *line)
{
	explicit_bzero(line, sizeof(*line));
}

bool terminal_confirm(const char *prompt)
{
	_cleanup_close_ int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	char answer[16];
	ssize_t n;

	if (fd < 0 || dprintf(fd, "%s [y/N] ", prompt) < 0)
		return false;
	n = read(fd, answer, sizeof(answer));
	return n == 2 && (answer[0] == 'y' || answer[0] == 'Y') && answer[1] == '\n';
}
