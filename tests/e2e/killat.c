/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Preloaded into a program: it dies by SIGKILL right before its $KILL_AT-th call that changes
 * something others see; with 0 it says at its end how many there were. */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int rename(const char *from, const char *to);

static int n_calls;
static pid_t first;

static long kill_at(void)
{
	const char *number = getenv("KILL_AT");

	return number ? strtol(number, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
	first = getpid();
	if (kill_at() == 0)
		return;
	(void)unsetenv("LD_PRELOAD");    /* what it starts is not killed */
}

__attribute__((destructor)) static void end(void)
{
	if (getpid() == first && kill_at() == 0)
		fprintf(stderr, "killat:%d", n_calls);
}

static void *next(const char *name)
{
	if (getpid() == first && ++n_calls == kill_at())
		(void)kill(first, SIGKILL);
	return dlsym(RTLD_NEXT, name);
}

int rename(const char *from, const char *to)
{
	return ((int (*)(const char *, const char *))next("rename"))(from, to);
}

int unlink(const char *path)
{
	return ((int (*)(const char *))next("unlink"))(path);
}

pid_t fork(void)
{
	return ((pid_t (*)(void))next("fork"))();
}

int fsync(int fd)
{
	return ((int (*)(int))next("fsync"))(fd);
}
