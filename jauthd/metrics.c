/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers for monitoring; see metrics.h. */
#include "jauthd/metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "jauthd/limits.h"

#define FACT(field) offsetof(struct metrics_facts, field)

/* One line each; a row without `help` goes on with the name before it. */
static const struct {
	const char *name, *labels, *type, *help;
	size_t offset;
} rows[] = {
	{ "jauth_logins_waiting", "", "gauge", "Logins under way.", FACT(waiting) },
	{ "jauth_logins_begun_total", "", "counter", "Logins begun.", FACT(begun) },
	{ "jauth_logins_total", "{outcome=\"granted\"}", "counter",
	  "Logins that ended, by their outcome.", FACT(granted) },
	{ "jauth_logins_total", "{outcome=\"denied\"}", NULL, NULL, FACT(denied) },
	{ "jauth_logins_total", "{outcome=\"failed\"}", NULL, NULL, FACT(failed) },
	{ "jauth_logins_offline_total", "", "counter",
	  "Logins granted on the console by a password in place of a provider.", FACT(offline) },
	{ "jauth_break_glass_total", "", "counter", "Break-glass codes that were used.",
	  FACT(break_glass) },
	{ "jauth_http_connected", "", "gauge", "Whether there is a connection to jauth-http.",
	  FACT(http_connected) },
	{ "jauth_http_requests_total", "", "counter", "Requests handed to jauth-http.",
	  FACT(http_requests) },
	{ "jauth_http_failures_total", "", "counter", "Requests that got no reply.",
	  FACT(http_failures) },
	{ "jauth_relay_connected", "", "gauge", "Whether a relay answered last.",
	  FACT(relay_connected) },
	{ "jauth_relay_links", "", "gauge", "Links at the relay.", FACT(relay_links) },
	{ "jauth_relay_opened_total", "", "counter", "Links that a relay took.",
	  FACT(relay_opened) },
	{ "jauth_relay_failures_total", "", "counter", "Answers of relays that were none.",
	  FACT(relay_failures) },
	{ "jauth_directories", "", "gauge", "Directories in the configuration.",
	  FACT(directories) },
	{ "jauth_directories_syncing", "", "gauge", "Syncs under way.", FACT(directories_syncing) },
	{ "jauth_directory_syncs_total", "{outcome=\"done\"}", "counter",
	  "Syncs that ended, by their outcome.", FACT(directory_syncs_done) },
	{ "jauth_directory_syncs_total", "{outcome=\"failed\"}", NULL, NULL,
	  FACT(directory_syncs_failed) },
	{ "jauth_directory_syncs_total", "{outcome=\"asks\"}", NULL, NULL,
	  FACT(directory_syncs_asking) },
	{ "jauth_directory_locked_total", "", "counter", "Members who lost access.",
	  FACT(directory_locked) },
};

struct metrics {
	const struct logins *logins;
	const struct directories *directories;
	struct workers *workers;
	sd_event_source *timer;
	struct job job;
	bool is_writing;                 /* then the rest is the job's */
	char *path;
	struct buf text;
	int result;
	int told;                        /* the fault that was logged last; 0: none */
};

/* --- the text --- */

static void add_head(struct buf *buf, const char *name, const char *type, const char *help)
{
	buf_add_format(buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_render(const struct metrics_facts *facts, struct buf *buf)
{
	for (size_t i = 0; i < N_ELEMENTS(rows); i++) {
		uint64_t number;

		memcpy(&number, (const char *)facts + rows[i].offset, sizeof(number));
		if (rows[i].help)
			add_head(buf, rows[i].name, rows[i].type, rows[i].help);
		buf_add_format(buf, "%s%s %" PRIu64 "\n", rows[i].name, rows[i].labels, number);
	}
	add_head(buf, "jauth_build_info", "gauge", "The program that wrote this; always 1.");
	buf_add_text(buf, "jauth_build_info{version=\"" PACKAGE_VERSION "\"} 1\n");
}

/* --- the file --- */

static void run_write(struct job *job, void *context UNUSED)
{
	static const struct file_kind readable = { .mode = 0644, .gid = FILE_OWN_GROUP };
	struct metrics *metrics = container_of(job, struct metrics, job);

	metrics->result = file_replace(metrics->path, &readable, buf_text(&metrics->text),
				       metrics->text.len);
}

/* A fault that stays is told once. */
static void on_written(struct job *job)
{
	struct metrics *metrics = container_of(job, struct metrics, job);

	if (metrics->result < 0 && metrics->result != metrics->told)
		log_warning("%s cannot be written: %s", metrics->path, strerror(-metrics->result));
	metrics->told = metrics->result;
	free(steal(&metrics->path));
	buf_done(&metrics->text);
	metrics->is_writing = false;
}

static void collect(const struct metrics *metrics, struct metrics_facts *ret_facts)
{
	struct directories_totals totals;
	struct logins_status status;

	logins_get_status(metrics->logins, &status);
	directories_get_totals(metrics->directories, &totals);
	*ret_facts = (struct metrics_facts){
		.waiting = status.n_waiting,
		.begun = status.n_begun,
		.granted = status.n_granted,
		.denied = status.n_denied,
		.failed = status.n_failed,
		.offline = status.n_offline,
		.break_glass = status.n_break_glass,
		.http_connected = status.http.connected ? 1 : 0,
		.http_requests = status.http.n_sent,
		.http_failures = status.http.n_failed,
		.relay_connected = status.relay.is_connected,
		.relay_links = status.relay.n_links,
		.relay_opened = status.relay.n_opened,
		.relay_failures = status.relay.n_failures,
		.directories = totals.n_directories,
		.directories_syncing = totals.n_running,
		.directory_syncs_done = totals.n_done,
		.directory_syncs_failed = totals.n_failed,
		.directory_syncs_asking = totals.n_asks,
		.directory_locked = totals.n_locked,
	};
}

static void begin_write(struct metrics *metrics, const char *path)
{
	struct metrics_facts facts;

	collect(metrics, &facts);
	metrics->path = text_copy(path);
	metrics_render(&facts, &metrics->text);
	metrics->is_writing = true;
	if (workers_add(metrics->workers, &metrics->job) < 0) {
		metrics->result = -ENOBUFS;
		on_written(&metrics->job);
	}
}

/* A disk that hangs keeps one file waiting, not one for each tick. */
static int on_tick(sd_event_source *source, uint64_t usec UNUSED, void *userdata)
{
	struct metrics *metrics = userdata;
	const char *path = logins_config(metrics->logins)->metrics_file;

	if (path && !metrics->is_writing)
		begin_write(metrics, path);
	(void)sd_event_source_set_time_relative(source, METRICS_S * 1000000ull);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* --- life --- */

int metrics_new(sd_event *event, const struct logins *logins,
		const struct directories *directories, struct workers *workers,
		struct metrics **ret_metrics)
{
	struct metrics *metrics = calloc(1, sizeof(*metrics));
	int r;

	if (!metrics)
		abort();
	*metrics = (struct metrics){
		.logins = logins,
		.directories = directories,
		.workers = workers,
		.job = { .run = run_write, .done = on_written },
		.text = BUF_INIT(METRICS_TEXT_MAX),
	};
	r = sd_event_add_time_relative(event, &metrics->timer, CLOCK_MONOTONIC, 0, 0, on_tick,
				       metrics);
	if (r < 0) {
		free(metrics);
		return r;
	}
	*ret_metrics = metrics;
	return 0;
}

struct metrics *metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return NULL;
	sd_event_source_disable_unref(metrics->timer);
	free(metrics->path);
	buf_done(&metrics->text);
	free(metrics);
	return NULL;
}
