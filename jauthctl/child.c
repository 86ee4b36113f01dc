/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pam_jauth/deadline.h"

#define NOT_RUN 127              /* as a shell says it */

/* In the new process. */
static void become(const struct child *child, int out)
{
	static const char *const env[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
	};
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(child->with_errors ? out : null, STDERR_FILENO) < 0)
		_exit(NOT_RUN);
	(void)execve(child->argv[0], (char *const *)child->argv, (char *const *)env);
	_exit(NOT_RUN);
}

/* Until its end of the pipe is closed; -ETIMEDOUT. */
static int read_all(int fd, int64_t until_ms, struct buf *out)
{
	for (;;) {
		struct pollfd ready = { .fd = fd, .events = POLLIN };
		int64_t left_ms = until_ms - monotonic_ms();
		char part[4096];
		ssize_t n;

		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (poll(&ready, 1, (int)left_ms) <= 0)
			continue;
		n = read(fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		buf_add(out, part, MIN((size_t)n, out->max - out->len));
	}
}

static int wait_end(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run(const struct child *child, struct buf *ret_out)
{
	_cleanup_close_ int in = -1, out = -1;
	int fds[2], r, status;
	pid_t pid;

	if (access(child->argv[0], X_OK) < 0 || pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	in = fds[0];
	out = fds[1];
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		become(child, out);
	close_fd(&out);
	out = -1;
	r = read_all(in, monotonic_ms() + child->timeout_ms, ret_out);
	if (r < 0)
		(void)kill(pid, SIGKILL);
	status = wait_end(pid);
	return r < 0 ? r : status;
}
