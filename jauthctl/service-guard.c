/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthctl/service-guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "jauthctl/child.h"

#define SYSTEMD_RUNS "/run/systemd/system"       /* as sd_booted(3) has it */
#define SYSTEMD_RUN  "/usr/bin/systemd-run"
#define SYSTEMCTL    "/usr/bin/systemctl"
#define CRON_FOLDER  "/etc/cron.d"
#define CRON_FILE    CRON_FOLDER "/jauth-service"
#define TIMEOUT_MS   15000
#define SELF_MAX     4096

static bool has_systemd(void)
{
	return access(SYSTEMD_RUNS, F_OK) == 0;
}

/* This program, to be run again; "" when it cannot be told. */
static void find_self(char ret_path[SELF_MAX])
{
	ssize_t n = readlink("/proc/self/exe", ret_path, SELF_MAX - 1);

	ret_path[MAX(n, 0)] = '\0';
}

/* --- systemd --- */

static char *unit_name(const struct service *service, const struct service_pending *pending)
{
	return text_format("jauth-service-%s-%.8s", service->name, pending->token);
}

static enum exit_code start_timer(const struct service *service,
				  const struct service_pending *pending, const char *self)
{
	_cleanup_free_ char *unit = unit_name(service, pending);
	_cleanup_free_ char *unit_option = text_format("--unit=%s", unit);
	_cleanup_free_ char *when = text_format("--on-active=%llds",
						(long long)service_left_s(pending));
	const char *const argv[] = {
		SYSTEMD_RUN, "--quiet", "--collect", unit_option, when,
		"--timer-property=AccuracySec=1s", "--", self, "service", "rollback",
		service->name, "--token", pending->token, NULL
	};
	const struct child child = { argv, TIMEOUT_MS, true };
	_cleanup_(buf_done) struct buf out = BUF_INIT(1024);
	int r = child_run(&child, &out);

	if (r == 0)
		return EXIT_DONE;
	complain(N_("systemd takes no timer that would undo this: %s"),
		 r < 0 ? strerror(-r) : buf_text(&out));
	return EXIT_NO;
}

static void stop_timer(const struct service *service, const struct service_pending *pending)
{
	_cleanup_free_ char *unit = unit_name(service, pending);
	_cleanup_free_ char *timer = text_format("%s.timer", unit);
	const char *const argv[] = { SYSTEMCTL, "--quiet", "stop", timer, NULL };
	const struct child child = { argv, TIMEOUT_MS, false };
	_cleanup_(buf_done) struct buf out = BUF_INIT(64);

	(void)child_run(&child, &out);           /* it would find nothing to do */
}

/* --- a process of its own --- */

static void close_all(int null)
{
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			_exit(1);
	for (int fd = 3; fd < 1024; fd++)
		(void)close(fd);
}

/* In the process between us and the guard. */
static void become_guard(const struct service *service, const struct service_pending *pending,
			 const char *self)
{
	_cleanup_free_ char *wait_s = text_format("%lld", (long long)service_left_s(pending));
	const char *const argv[] = {
		self, "service", "rollback", service->name, "--token", pending->token,
		"--wait", wait_s, NULL
	};
	static const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;
	pid_t pid;

	/* The lock belongs to all who have it open: the guard must not have it for a moment. */
	(void)close(service->folder);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (null < 0 || setsid() < 0 || chdir("/") < 0)
		_exit(1);
	pid = fork();
	if (pid != 0)
		_exit(pid < 0);
	close_all(null);
	(void)execve(self, (char *const *)argv, (char *const *)env);
	_exit(1);
}

static enum exit_code start_process(const struct service *service,
				    const struct service_pending *pending, const char *self)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		become_guard(service, pending, self);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return EXIT_DONE;
	complain(N_("no process can be started that would undo this"));
	return EXIT_NO;
}

/* --- a new start of the machine --- */

/* With systemd it is jauth-service-rollback.service that looks. */
static void tell_cron(const char *self)
{
	static const struct file_kind kind = { .mode = 0644, .gid = 0, .durable = true };
	_cleanup_free_ char *line = text_format(
		"# While nobody has confirmed what jauthctl service enable did.\n"
		"@reboot root %s service rollback\n", self);
	int r = file_replace(CRON_FILE, &kind, line, strlen(line));

	if (r < 0)
		complain(N_("%s cannot be written (%s): after a new start of the machine run "
			    "jauthctl service rollback"), CRON_FILE, strerror(-r));
}

static void forget_cron(void)
{
	_cleanup_list_ char **left = service_list_pending();

	if (!list_length(left))
		(void)unlink(CRON_FILE);
}

/* --- all of it --- */

enum exit_code service_guard_start(const struct service *service,
				   const struct service_pending *pending)
{
	char self[SELF_MAX];

	find_self(self);
	if (access(self, X_OK) < 0) {
		complain(N_("%s: %s: nothing could undo this"), *self ? self : "/proc/self/exe",
			 strerror(errno));
		return EXIT_NO;
	}
	if (has_systemd())
		return start_timer(service, pending, self);
	tell_cron(self);
	return start_process(service, pending, self);
}

void service_guard_stop(const struct service *service, const struct service_pending *pending)
{
	if (has_systemd())
		stop_timer(service, pending);
	forget_cron();
}

static int64_t boot_time_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool is_still_pending(const struct service *service, const char *token)
{
	struct service_pending pending;

	return service_read_pending(service, &pending) && text_equals(pending.token, token);
}

/* Without news of the folder it sleeps to the end. */
bool service_guard_wait(const struct service *service, const char *token, int64_t for_s)
{
	int64_t until_ms = boot_time_ms() + for_s * 1000, left_ms;
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd news = { .fd = fd, .events = POLLIN };

	if (fd >= 0)
		(void)inotify_add_watch(fd, SERVICE_FOLDER, IN_DELETE | IN_MOVED_TO | IN_ONLYDIR);
	while ((left_ms = until_ms - boot_time_ms()) > 0 && is_still_pending(service, token)) {
		char events[4096];

		/* A machine that sleeps does not count poll()'s time: look once a minute. */
		(void)poll(&news, 1, (int)MIN(left_ms, 60000));
		if (news.revents)
			(void)!read(fd, events, sizeof(events));
	}
	return is_still_pending(service, token);
}
