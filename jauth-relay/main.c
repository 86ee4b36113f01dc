/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * jauth-relay: the address on the internet to which a QR code leads and to which providers send
 * people back. Knows no secret of theirs and decides nothing; see jauth-relay(8).
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/catalog.h"
#include "base/log.h"
#include "base/program.h"
#include "base/text.h"
#include "jauth-relay/hosts-cli.h"
#include "jauth-relay/listen.h"
#include "jauth-relay/records.h"
#include "jauth-relay/relay.h"
#include "jauth-relay/server.h"

#define DAEMON_USER "jauth-relay"

/* Connections, the store, the log, and what is open for a moment. */
#define DESCRIPTORS (CONNECTIONS_MAX + 256)

struct options {
	const char *config, *hosts;
	bool check, debug;
	int first_word;                  /* "host", or there is none */
};

/* The daemon: what relay.h shares, and what only main.c knows. */
struct daemon {
	struct relay relay;
	const struct options *options;
	int fds[LISTEN_MAX];
	size_t n_fds;
};

static const char usage[] =
	"Usage: jauth-relay [--config FILE] [--hosts FILE] [--check] [--debug]\n"
	"       jauth-relay [--config FILE] [--hosts FILE] host COMMAND\n";

/* As program_read_options(). */
static int read_options(int argc, char **argv, struct options *options)
{
	const struct program_option rows[] = {
		{ "config", .value = &options->config },
		{ "hosts", .value = &options->hosts },
		{ "check", .is_on = &options->check },
		{ "debug", .is_on = &options->debug },
	};
	const struct program program = {
		.name = "jauth-relay", .usage = usage,
		.options = rows, .n_options = N_ELEMENTS(rows),
		.first_word = &options->first_word,
	};
	int r = program_read_options(&program, argc, argv);

	if (r > 0 || options->first_word == argc || text_equals(argv[options->first_word], "host"))
		return r;
	(void)fputs(usage, stderr);
	return 1 + 2;
}

/* --- the process --- */

/* Our memory holds what people bring back from their providers. */
static void guard_process(void)
{
	struct rlimit files;

	(void)umask(0077);
	(void)program_guard();
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= DESCRIPTORS)
		return;
	files.rlim_cur = MIN(files.rlim_max, DESCRIPTORS);
	(void)setrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < DESCRIPTORS)
		log_warning("only %ju files may be open: fewer connections than usual",
			    (uintmax_t)files.rlim_cur);
}

/* --- configuration --- */

static void print_mistakes(const struct conf_report *report, bool to_log)
{
	for (size_t i = 0; i < report->n_mistakes; i++) {
		const struct conf_mistake *mistake = &report->mistakes[i];

		if (to_log)
			log_error("%s:%u: %s", mistake->file, mistake->line, mistake->text);
		else
			(void)printf("%s:%u: %s\n", mistake->file, mistake->line, mistake->text);
	}
}

static int load(const char *path, bool to_log, struct config **ret_config)
{
	struct conf_report report = { 0 };
	int r = config_load(path, ret_config, &report);

	print_mistakes(&report, to_log);
	if (r < 0 && !report.n_mistakes && to_log)
		log_error("%s: %s", path, strerror(-r));
	else if (r < 0 && !report.n_mistakes)
		(void)printf("%s: %s\n", path, strerror(-r));
	conf_report_done(&report);
	return r;
}

/* Root would find right what the daemon may not read. */
static int check(const char *path)
{
	struct config *config = NULL;
	int r = program_become(DAEMON_USER);

	if (r < 0)
		log_error("cannot become user %s: %s", DAEMON_USER, strerror(-r));
	if (r < 0 || load(path, false, &config) < 0)
		return EXIT_FAILURE;
	(void)printf("%s: ok\n", path);
	config_free(config);
	return EXIT_SUCCESS;
}

/* jauth-relay host … */
static int manage_hosts(const struct options *options, int argc, char **argv)
{
	struct config *config = NULL;
	struct hosts_cli_settings settings = { .path = options->hosts, .user = DAEMON_USER };
	int status = EXIT_FAILURE;

	if (load(options->config, true, &config) == 0) {
		settings.url = config->url;
		status = hosts_cli(argc, argv, &settings);
	}
	config_free(config);
	return status;
}

/* --- what happens --- */

static void on_link_changed(void *context, const char *id)
{
	struct relay *relay = context;

	waits_wake(relay->waits, id);
}

static void on_keys_changed(void *context)
{
	records_read(context);
}

static void on_hosts_changed(void *context)
{
	records_share(context);
}

/* Whoever waits may have missed something. */
static void on_came_back(void *context)
{
	struct relay *relay = context;

	records_share(relay);
	waits_wake(relay->waits, NULL);
}

static int on_end(sd_event_source *source UNUSED, const struct signalfd_siginfo *info UNUSED,
		  void *userdata)
{
	struct relay *relay = userdata;

	(void)sd_notify(0, "STOPPING=1");
	relay->is_stopping = true;
	waits_end(relay->waits, NULL);
	server_stop(relay->server);
	return 0;
}

/* Sockets, the store and its limits stay as they were. */
static int on_reload(sd_event_source *source UNUSED, const struct signalfd_siginfo *info UNUSED,
		     void *userdata)
{
	struct daemon *daemon = userdata;
	struct config *config = NULL;

	(void)sd_notify(0, "RELOADING=1");
	if (load(daemon->options->config, true, &config) < 0) {
		log_error("the configuration has mistakes; the old one stays");
	} else {
		config_free(daemon->relay.config);
		daemon->relay.config = config;
		log_info("configuration read again");
	}
	(void)sd_notify(0, "READY=1");
	return 0;
}

/* --- parts --- */

static int add_sources(struct daemon *daemon)
{
	sd_event *event = daemon->relay.event;
	int r = sd_event_add_signal(event, NULL, SIGTERM, on_end, &daemon->relay);

	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGINT, on_end, &daemon->relay);
	if (r >= 0)
		r = sd_event_add_signal(event, NULL, SIGHUP, on_reload, daemon);
	if (r >= 0)
		r = sd_event_set_watchdog(event, true);
	return r;
}

static int make_store(struct relay *relay)
{
	const struct config *config = relay->config;
	const struct store_settings settings = {
		.event = relay->event,
		.redis = config->redis,
		.redis_user = config->redis_user,
		.redis_password = config->redis_password,
		.redis_prefix = config->redis_prefix,
		.links_max = config->links_max,
		.links_per_host = config->links_per_host,
		.link_changed = on_link_changed,
		.host_changed = on_link_changed,
		.keys_changed = on_keys_changed,
		.came_back = on_came_back,
		.context = relay,
	};

	return store_new(&settings, &relay->store);
}

static int make(struct daemon *daemon)
{
	struct relay *relay = &daemon->relay;
	const struct server_settings settings = {
		.relay = relay, .fds = daemon->fds, .n_fds = 0,
	};
	int r = sd_event_default(&relay->event);

	if (r >= 0)
		r = add_sources(daemon);
	if (r >= 0)
		r = page_make_policy(relay->policy);
	if (r < 0)
		return r;
	relay->catalogs = catalogs_open(JAUTH_LOCALEDIR);
	relay->waits = waits_new(relay->event);
	relay->strangers = strangers_new();
	relay->pushers = strangers_new();
	if (!relay->strangers || !relay->pushers)
		return -ENOMEM;
	r = hosts_open(relay->event, daemon->options->hosts, on_hosts_changed, relay,
		       &relay->hosts);
	if (r >= 0)
		r = make_store(relay);
	if (r >= 0)
		r = listen_open(relay->config->listen, daemon->fds, &daemon->n_fds);
	if (r >= 0) {
		struct server_settings all = settings;

		all.n_fds = daemon->n_fds;
		r = server_new(&all, &relay->server);
	}
	return r;
}

/* The store first: it answers whoever asked it, and those still find the server. */
static void end(struct daemon *daemon)
{
	struct relay *relay = &daemon->relay;

	store_free(relay->store);
	server_free(relay->server);
	waits_free(relay->waits);
	strangers_free(relay->strangers);
	strangers_free(relay->pushers);
	hosts_free(relay->hosts);
	catalogs_free(relay->catalogs);
	config_free(relay->config);
	sd_event_unref(relay->event);
	for (size_t i = 0; i < daemon->n_fds; i++)
		(void)close(daemon->fds[i]);
}

static int serve(struct daemon *daemon)
{
	int r = make(daemon);

	if (r < 0) {
		log_error("cannot start: %s", strerror(-r));
		return r;
	}
	log_info("ready, version " PACKAGE_VERSION);
	(void)sd_notify(0, "READY=1");
	return sd_event_loop(daemon->relay.event);
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct options options = {
		.config = JAUTH_CONFDIR "/jauth-relay.conf",
		.hosts = JAUTH_RELAY_STATEDIR "/hosts",
	};
	struct daemon daemon = { .options = &options };
	int r = read_options(argc, argv, &options);

	if (r > 0)
		return r - 1;
	if (options.first_word < argc)
		return manage_hosts(&options, argc - options.first_word,
				    argv + options.first_word);
	if (options.check)
		return check(options.config);
	log_set_debug(options.debug);
	guard_process();
	(void)program_block_signals(signals, N_ELEMENTS(signals));
	if (load(options.config, true, &daemon.relay.config) < 0)
		return EXIT_FAILURE;
	r = serve(&daemon);
	end(&daemon);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
