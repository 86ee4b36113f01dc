/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauth-userdb: tells the host about the users and groups that jauth made; see jauth-userdb(8).
 * Asks nobody anything: not the bus, not jauthd, not the name sources, which would ask it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/program.h"
#include "base/text.h"
#include "jauth-userdb/server.h"

struct options {
	const char *socket_path, *snapshot;
	bool debug;
};

static const char usage[] =
	"usage: jauth-userdb [--socket PATH] [--snapshot FILE] [--debug]\n";

/* As program_read_options(). */
static int read_options(int argc, char **argv, struct options *options)
{
	const struct program_option rows[] = {
		{ "socket", .value = &options->socket_path },
		{ "snapshot", .value = &options->snapshot },
		{ "debug", .is_on = &options->debug },
	};
	const struct program program = {
		.name = "jauth-userdb", .usage = usage,
		.options = rows, .n_options = N_ELEMENTS(rows),
	};

	return program_read_options(&program, argc, argv);
}

static int harden(void)
{
	int r = program_guard();

	if (r < 0)
		return r;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

/* Everybody may ask. */
static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t old_mask;
	int r;

	if (fd < 0)
		return -errno;
	if (!text_into(address.sun_path, sizeof(address.sun_path), path))
		return -ENAMETOOLONG;
	(void)unlink(path);              /* left by an earlier run; else bind() tells */
	old_mask = umask(0);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(old_mask);
	if (r < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	return steal_fd(&fd);
}

/* systemd's socket when there is one, else a new one, which is ours to remove. */
static int get_socket(const struct options *options, bool *ret_is_ours)
{
	int n = sd_listen_fds(1);

	*ret_is_ours = n == 0;
	if (n < 0)
		return n;
	if (n == 0)
		return listen_at(options->socket_path);
	if (n > 1 || sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_STREAM, 1) <= 0)
		return -EINVAL;
	/* Whoever handed it over may not have thought of it, and then accept4() would wait. */
	if (fcntl(SD_LISTEN_FDS_START, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return -errno;
	return SD_LISTEN_FDS_START;
}

static int handle_signals(sd_event *event)
{
	static const int ending[] = { SIGTERM, SIGINT };
	int r = program_block_signals(ending, N_ELEMENTS(ending));

	/* Without a handler sd-event ends the loop. */
	for (size_t i = 0; i < N_ELEMENTS(ending) && r >= 0; i++)
		r = sd_event_add_signal(event, NULL, ending[i], NULL, NULL);
	return r;
}

static int run(int fd, const char *snapshot)
{
	_cleanup_(sd_event_unrefp) sd_event *event = NULL;
	struct server *server = NULL;
	int r = sd_event_default(&event);

	if (r >= 0)
		r = handle_signals(event);
	if (r >= 0)
		r = sd_event_set_watchdog(event, true);
	if (r >= 0)
		r = server_new(event, fd, snapshot, &server);
	if (r >= 0) {
		(void)sd_notify(0, "READY=1");
		r = sd_event_loop(event);
		(void)sd_notify(0, "STOPPING=1");
	}
	server_free(server);
	return r;
}

static int serve(const struct options *options)
{
	bool is_ours;
	_cleanup_close_ int fd = get_socket(options, &is_ours);
	int r;

	if (fd < 0)
		return fd;
	r = run(fd, options->snapshot);
	if (is_ours)
		(void)unlink(options->socket_path);
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {
		.socket_path = "/run/jauth-userdb/socket",
		.snapshot = SNAPSHOT_PATH,
	};
	int r = read_options(argc, argv, &options);

	if (r > 0)
		return r - 1;
	log_set_debug(options.debug);
	r = harden();
	if (r >= 0)
		r = serve(&options);
	if (r < 0)
		log_error("cannot serve: %s", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
