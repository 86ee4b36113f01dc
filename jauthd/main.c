/* SPDX-License-Identifier: GPL-3.0-or-later */
/* jauthd: makes the parts, runs the loop, ends. What it does for people stands in login.c. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "base/http-message.h"
#include "base/log.h"
#include "base/login-protocol.h"
#include "base/program.h"
#include "base/snapshot.h"
#include "base/text.h"
#include "base/traces.h"
#include "jauthd/audit.h"
#include "jauthd/budget.h"
#include "jauthd/bus-accounts.h"
#include "jauthd/bus-admin.h"
#include "jauthd/bus-limits.h"
#include "jauthd/bus-login.h"
#include "jauthd/bus.h"
#include "jauthd/check.h"
#include "jauthd/config.h"
#include "jauthd/core.h"
#include "jauthd/directory.h"
#include "jauthd/key-refresh.h"
#include "jauthd/metrics.h"
#include "jauthd/notices.h"
#include "jauthd/notify.h"
#include "jauthd/org.jauth1.xml.h"
#include "jauthd/publish.h"
#include "jauthd/requests.h"
#include "jauthd/sessions.h"
#include "jauthd/ssh-keys.h"

#define DAEMON_USER "jauth"

struct options {
	const char *config, *database, *http_socket, *snapshot;
	bool check, debug;
};

static const char usage[] =
	"Usage: jauthd [--config FILE] [--database FILE] [--http-socket PATH] [--snapshot FILE] "
	"[--check] [--debug]\n";

/* As program_read_options(). */
static int read_options(int argc, char **argv, struct options *options)
{
	const struct program_option rows[] = {
		{ "config", .value = &options->config },
		{ "database", .value = &options->database },
		{ "http-socket", .value = &options->http_socket },
		{ "snapshot", .value = &options->snapshot },
		{ "check", .is_on = &options->check },
		{ "debug", .is_on = &options->debug },
	};
	const struct program program = {
		.name = "jauthd", .usage = usage, .options = rows, .n_options = N_ELEMENTS(rows),
	};

	return program_read_options(&program, argc, argv);
}

/* Our memory holds what people type. */
static void guard_process(void)
{
	(void)umask(0077);
	(void)program_guard();
	/* A look-up that goes through systemd's user database could come back to us. */
	(void)setenv("SYSTEMD_BYPASS_USERDB", "1", 1);
}

/* --- configuration --- */

/* Root would find right what the daemon may not read, and would find a file of the daemon's own in
 * wrong hands. */
static int check(const char *path)
{
	int r = program_become(DAEMON_USER);

	if (r < 0) {
		log_error("cannot become user %s: %s", DAEMON_USER, strerror(-r));
		return EXIT_FAILURE;
	}
	if (access(path, R_OK) == 0 || errno != EACCES)
		return config_check_main(path, stdout);
	(void)printf("%s: cannot be read by user %s\n", path, DAEMON_USER);
	return EXIT_FAILURE;
}

static void log_mistakes(const struct conf_report *report)
{
	for (size_t i = 0; i < report->n_mistakes; i++)
		log_error("%s:%u: %s", report->mistakes[i].file, report->mistakes[i].line,
			  report->mistakes[i].text);
}

static void warn_of_test_settings(const struct config *config)
{
	if (config->fail_delay_ms != LOGIN_FAIL_DELAY_MS)
		log_warning("fail_delay_ms of [test] is set: refusals tell how long they took");
	if (config->hash_prefix)
		log_warning("hash_prefix of [test] is set: new passwords are hashed by \"%s\"",
			    config->hash_prefix);
}

static int load(const char *path, struct config **ret_config)
{
	struct conf_report report = { 0 };
	int r = config_load(path, ret_config, &report);

	log_mistakes(&report);
	if (r < 0 && !report.n_mistakes)
		log_error("%s: %s", path, strerror(-r));
	conf_report_done(&report);
	if (r >= 0)
		warn_of_test_settings(*ret_config);
	return r;
}

int core_reload(struct core *core)
{
	struct config *config = NULL;
	int r;

	(void)sd_notify(0, "RELOADING=1");
	r = load(core->config_path, &config);
	if (r < 0) {
		log_error("the configuration has mistakes; the old one stays");
	} else {
		logins_set_config(core->logins, config);
		directories_set_config(core->directories);
		publish_set_config(core->publish, config);
		config_unref(config);
		log_info("configuration read again");
		sessions_look(core->sessions);
	}
	(void)sd_notify(0, "READY=1");
	return r;
}

/* --- signals and times --- */

static int on_reload(sd_event_source *source UNUSED, const struct signalfd_siginfo *info UNUSED,
		     void *userdata)
{
	(void)core_reload(userdata);
	return 0;
}

struct trim {
	struct job job;
	int64_t now_s, days, rows;
	int result;
};

/* A link and the row that tells of its end go together. */
static int trim_requests(struct db *db, int64_t now_s)
{
	int r = db_begin(db);

	if (r == 0)
		r = requests_trim(db, now_s);
	if (r == 0)
		r = notices_trim(db, now_s);
	if (r == 0)
		r = db_commit(db);
	if (r < 0)
		db_rollback(db);
	return r;
}

static void run_trim(struct job *job, void *context)
{
	struct trim *trim = container_of(job, struct trim, job);

	trim->result = audit_trim(context, trim->now_s, trim->days, trim->rows);
	if (trim->result == 0)
		trim->result = budget_trim(context, trim->now_s);
	if (trim->result == 0)
		trim->result = trim_requests(context, trim->now_s);
}

static void on_trimmed(struct job *job)
{
	struct trim *trim = container_of(job, struct trim, job);

	if (trim->result < 0)
		log_error("old rows could not be dropped: %s", strerror(-trim->result));
	free(trim);
}

static int on_trim(sd_event_source *source, uint64_t usec UNUSED, void *userdata)
{
	struct core *core = userdata;
	const struct config *config = logins_config(core->logins);
	struct trim *trim = calloc(1, sizeof(*trim));

	if (!trim)
		abort();
	trim->job = (struct job){ .run = run_trim, .done = on_trimmed };
	trim->now_s = logins_now_s(core->logins);
	trim->days = config->audit_days;
	trim->rows = config->audit_rows;
	if (store_add(core->store, &trim->job) < 0)
		free(trim);
	(void)sd_event_source_set_time_relative(source, AUDIT_TRIM_S * 1000000ull);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* After each turn of the loop: what replies and answers left on the stack and in registers. */
static int on_turn_done(sd_event_source *source UNUSED, void *userdata UNUSED)
{
	traces_wipe();
	return 0;
}

static int add_sources(struct core *core)
{
	int r = sd_event_add_signal(core->event, NULL, SIGTERM, NULL, NULL);

	if (r >= 0)
		r = sd_event_add_signal(core->event, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(core->event, NULL, SIGHUP, on_reload, core);
	if (r >= 0)
		r = sd_event_add_post(core->event, NULL, on_turn_done, core);
	if (r >= 0)
		r = sd_event_set_watchdog(core->event, true);
	if (r >= 0)
		r = sd_event_add_time_relative(core->event, NULL, CLOCK_MONOTONIC,
					       AUDIT_TRIM_FIRST_S * 1000000ull, 0, on_trim, core);
	return r;
}

/* --- parts --- */

static const struct bus_method *const bus_tables[] = {
	bus_login_methods, bus_links_methods, bus_own_methods, bus_users_methods,
	bus_glass_methods, bus_people_methods, bus_phones_methods, bus_requests_methods,
	bus_sessions_methods, bus_admin_methods, bus_reload_methods, bus_ways_methods,
	bus_setup_methods, bus_limits_methods, bus_directories_methods, NULL,
};

static void on_bus_ready(void *context)
{
	struct core *core = context;

	if (!core->is_ready)
		log_info("ready, version " PACKAGE_VERSION);
	core->is_ready = true;
	(void)sd_notify(0, "READY=1\nSTATUS=Logging people in.");
}

static unsigned n_processors(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > WORKER_HASH_THREADS_MAX ? WORKER_HASH_THREADS_MAX : (unsigned)n;
}

static int make_workers(struct core *core, const char *database)
{
	int r = store_new(core->event, database, &core->store);

	if (r < 0) {
		log_error("%s: %s", database,
			  r == -EPROTO ? "made by a newer jauth" : strerror(-r));
		return r;
	}
	r = workers_new(core->event, "names", WORKER_NAMES_THREADS, WORKER_NAMES_QUEUE, NULL,
			&core->names);
	if (r < 0)
		return r;
	return workers_new(core->event, "hashes", n_processors(), WORKER_HASH_QUEUE, NULL,
			   &core->hashes);
}

static int make_publish(struct core *core, const struct options *options, struct config *config)
{
	const struct publish_env env = {
		.event = core->event,
		.store = core->store,
		.names = core->names,
		.path = options->snapshot, .host_folder = "/etc",
		.add_keys = ssh_keys_add_of,
	};

	return publish_new(&env, config, &core->publish);
}

static void on_noticed(void *context)
{
	struct core *core = context;

	notify_look(core->notify);
	publish_now(core->publish);      /* who is linked has other SSH keys */
}

static void on_keys_changed(void *context)
{
	struct core *core = context;

	publish_now(core->publish);
}

static int make_self_service(struct core *core)
{
	const struct notify_env notify = {
		.store = core->store, .logins = core->logins, .catalogs = core->catalogs,
	};
	const struct key_refresh_env keys = {
		.event = core->event, .store = core->store, .logins = core->logins,
		.changed = on_keys_changed, .context = core,
	};

	core->notify = notify_new(&notify);
	notify_look(core->notify);       /* what was not sent when the daemon ended */
	return key_refresh_new(&keys, &core->key_refresh);
}

static int make_logins(struct core *core, const struct options *options, struct config *config)
{
	struct logins_env env;
	int r = password_hash_dummy(config->hash_prefix, core->dummy_hash,
				    sizeof(core->dummy_hash));

	if (r >= 0)
		r = codes_new(&core->codes);
	if (r < 0)
		return r;
	core->catalogs = catalogs_open(JAUTH_LOCALEDIR);
	env = (struct logins_env){
		.event = core->event,
		.store = core->store,
		.names = core->names,
		.hashes = core->hashes,
		.catalogs = core->catalogs,
		.http_socket = options->http_socket,
		.dummy_hash = core->dummy_hash,
		.codes = core->codes,
		.noticed = on_noticed,
		.context = core,
		.publish = core->publish,
	};
	return logins_new(&env, config, &core->logins);
}

/* Who was locked goes, with his jobs, also in the middle of a long sync; who returns has them
 * back. */
static void on_people_changed(void *context)
{
	const struct core *core = context;

	publish_now(core->publish);
	sessions_look(core->sessions);
}

static int make_directories(struct core *core)
{
	const struct directories_env env = {
		.event = core->event,
		.store = core->store,
		.names = core->names,
		.logins = core->logins,
		.changed = on_people_changed,
		.context = core,
	};

	return directories_new(&env, &core->directories);
}

static int make_bus(struct core *core)
{
	struct bus_config config = {
		.event = core->event,
		.address = LOGIN_BUS_ADDRESS,
		.tables = bus_tables,
		.introspection = introspection_xml,
		.context = core,
		.ready = on_bus_ready,
	};

	return bus_new(&config, &core->bus);
}

static int make(struct core *core, const struct options *options, struct config *config)
{
	int r = sd_event_default(&core->event);

	if (r >= 0)
		r = make_workers(core, options->database);
	if (r >= 0)
		r = make_publish(core, options, config);
	if (r >= 0)
		r = make_logins(core, options, config);
	if (r >= 0)
		r = make_directories(core);
	if (r >= 0)
		r = make_self_service(core);
	if (r >= 0)
		r = add_sources(core);
	if (r >= 0)
		r = metrics_new(core->event, core->logins, core->directories, core->names,
				&core->metrics);
	if (r >= 0)
		r = sessions_new(core->event, core->store, END_SESSION_SOCKET, &core->sessions);
	if (r >= 0)
		r = make_bus(core);
	core->began_s = r >= 0 ? logins_now_s(core->logins) : 0;
	return r;
}

/* Threads first: what they finish still finds the logins and the bus, and one another. */
static void end(struct core *core)
{
	workers_stop(core->names);
	workers_stop(core->hashes);
	store_stop(core->store);
	workers_free(core->names);
	workers_free(core->hashes);
	store_free(core->store);
	metrics_free(core->metrics);
	directories_free(core->directories);
	sessions_free(core->sessions);
	notify_free(core->notify);
	key_refresh_free(core->key_refresh);
	publish_free(core->publish);
	logins_free(core->logins);
	codes_free(core->codes);
	bus_free(core->bus);
	catalogs_free(core->catalogs);
	sd_event_unref(core->event);
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct options options = {
		.config = JAUTH_CONFDIR "/jauthd.conf",
		.database = JAUTH_STATEDIR "/jauth.db",
		.http_socket = HTTP_SOCKET_PATH,
		.snapshot = SNAPSHOT_PATH,
	};
	struct config *config = NULL;
	struct core core = { 0 };
	int r = read_options(argc, argv, &options);

	if (r > 0)
		return r - 1;
	if (options.check)
		return check(options.config);
	log_set_debug(options.debug);
	guard_process();
	(void)program_block_signals(signals, N_ELEMENTS(signals));
	if (load(options.config, &config) < 0)
		return EXIT_FAILURE;
	core.config_path = options.config;
	r = make(&core, &options, config);
	config_unref(config);
	if (r >= 0)
		r = sd_event_loop(core.event);
	else
		log_error("cannot start: %s", strerror(-r));
	(void)sd_notify(0, "STOPPING=1");
	end(&core);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
