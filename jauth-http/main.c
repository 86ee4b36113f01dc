/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauth-http: carries out HTTP requests for jauthd, which has no network of its own.
 * Decides nothing and keeps nothing; see jauth-http(8).
 */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/program.h"
#include "base/text.h"
#include "jauth-http/server.h"

struct options {
	const char *socket_path;
	const char *ca_file;
	const char *client_user;
	bool allow_loopback, debug;
};

static const char usage[] =
	"usage: jauth-http [--socket PATH] [--client-user NAME] [--debug]\n"
	"                  [--ca-file FILE] [--allow-loopback]\n";

/* As program_read_options(). */
static int read_options(int argc, char **argv, struct options *options)
{
	const struct program_option rows[] = {
		{ "socket", .value = &options->socket_path },
		{ "client-user", .value = &options->client_user },
		{ "ca-file", .value = &options->ca_file },
		{ "allow-loopback", .is_on = &options->allow_loopback },
		{ "debug", .is_on = &options->debug },
	};
	const struct program program = {
		.name = "jauth-http", .usage = usage,
		.options = rows, .n_options = N_ELEMENTS(rows),
	};

	return program_read_options(&program, argc, argv);
}

/* libcurl, OpenSSL and the resolver take orders from the environment: proxies, key logs, search
 * paths, engines. Only what systemd says to sd_notify() and the log stays. */
static int clean_environment(void)
{
	static const char *const kept[] = {
		"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID",
		"LISTEN_FDNAMES", "JOURNAL_STREAM",
	};
	char *values[N_ELEMENTS(kept)];
	int r = 0;
	size_t i;

	for (i = 0; i < N_ELEMENTS(kept); i++)
		values[i] = text_copy(secure_getenv(kept[i]));
	if (clearenv() != 0)
		r = -ENOMEM;
	for (i = 0; i < N_ELEMENTS(kept); i++) {
		if (values[i] && setenv(kept[i], values[i], 1) < 0)
			r = -errno;
		free(values[i]);
	}
	return r;
}

static int harden(void)
{
	int r = program_guard();

	if (r < 0)
		return r;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return clean_environment();
}

/* Without such a user only root may connect. */
static uid_t find_client(const char *name, gid_t *ret_gid)
{
	const struct passwd *user = getpwnam(name);

	if (!user) {
		log_warning("there is no user \"%s\": only root may connect", name);
		*ret_gid = 0;
		return 0;
	}
	*ret_gid = user->pw_gid;
	return user->pw_uid;
}

/* The mode keeps strangers out of the queue; who really may connect is decided by SO_PEERCRED. The
 * group is the client's: by the set-group-id bit of the folder (tmpfiles), or because we may give
 * it. */
static int listen_at(const char *path, gid_t client_gid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct stat st;
	mode_t old_mask;
	int r;

	if (fd < 0)
		return -errno;
	if (!text_into(address.sun_path, sizeof(address.sun_path), path))
		return -ENAMETOOLONG;
	(void)unlink(path);              /* left by an earlier run; else bind() tells */
	old_mask = umask(0117);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	(void)umask(old_mask);
	if (r < 0 || listen(fd, SOMAXCONN) < 0)
		return -errno;
	if (stat(path, &st) < 0)
		return -errno;
	if (st.st_gid != client_gid && chown(path, (uid_t)-1, client_gid) < 0)
		log_warning("cannot give %s to group %u: %s", path, client_gid, strerror(errno));
	return steal_fd(&fd);
}

/* systemd's socket when there is one, else a new one. */
static int get_socket(const struct options *options, gid_t client_gid)
{
	int n = sd_listen_fds(1);

	if (n < 0)
		return n;
	if (n == 0)
		return listen_at(options->socket_path, client_gid);
	if (n > 1 || sd_is_socket(SD_LISTEN_FDS_START, AF_UNIX, SOCK_STREAM, 1) <= 0)
		return -EINVAL;
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

static int serve(const struct options *options)
{
	struct server_settings settings = {
		.ca_file = options->ca_file,
		.allow_loopback = options->allow_loopback,
	};
	_cleanup_close_ int fd = -1;
	_cleanup_(sd_event_unrefp) sd_event *event = NULL;
	struct server *server = NULL;
	gid_t client_gid;
	int r;

	settings.client_uid = find_client(options->client_user, &client_gid);
	settings.fd = fd = get_socket(options, client_gid);
	if (fd < 0)
		return fd;
	r = sd_event_default(&event);
	if (r >= 0)
		r = handle_signals(event);
	if (r >= 0)
		r = sd_event_set_watchdog(event, true);
	if (r >= 0)
		r = server_new(event, &settings, &server);
	if (r >= 0) {
		(void)sd_notify(0, "READY=1");
		r = sd_event_loop(event);
		(void)sd_notify(0, "STOPPING=1");
	}
	server_free(server);
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {
		.socket_path = "/run/jauth-http/socket",
		.client_user = "jauth",
	};
	int r = read_options(argc, argv, &options);

	if (r > 0)
		return r - 1;
	log_set_debug(options.debug);
	r = harden();
	if (r == 0 && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		r = -ENOMEM;
	if (r < 0) {
		log_error("cannot start: %s", strerror(-r));
		return EXIT_FAILURE;
	}
	if (options.allow_loopback)
		log_warning("connections to this machine are allowed: a test setting");
	r = serve(&options);
	if (r < 0)
		log_error("cannot serve %s: %s", options.socket_path, strerror(-r));
	curl_global_cleanup();
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
