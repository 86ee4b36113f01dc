/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See directory.h. What one sync does stands in directory-run.c. */
#include "jauthd/directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/directory-private.h"

#define NEVER_MS INT64_MAX

struct directory {
	struct method *method;           /* of the configuration; NULL: free */
	int64_t due_ms;
	struct directory_run *run;       /* the one under way, or the last one */
	uint64_t n_runs;
	enum directory_state state;
	char text[AUDIT_TEXT_MAX];
};

struct directories {
	struct directories_env env;
	struct config *config;
	sd_event_source *timer;
	struct directory rows[METHODS_MAX];
	unsigned n;
	struct directory_run *orphans;   /* of directories that the configuration has no more */
	uint64_t n_loads;                /* a late answer is for another configuration */
	struct directories_totals totals;
};

const struct directories_env *directories_env(const struct directories *directories)
{
	return &directories->env;
}

static struct directory *find(struct directories *directories, const char *id)
{
	for (unsigned i = 0; i < directories->n; i++)
		if (text_equals(directories->rows[i].method->id, id))
			return &directories->rows[i];
	return NULL;
}

static int64_t now_ms(const struct directories *directories)
{
	return logins_now_ms(directories->env.logins);
}

/* --- when --- */

static void set_timer(struct directories *directories)
{
	int64_t due_ms = NEVER_MS, now = now_ms(directories);

	for (unsigned i = 0; i < directories->n; i++)
		if (directories->rows[i].state != DIRECTORY_RUNNING)
			due_ms = MIN(due_ms, directories->rows[i].due_ms);
	if (due_ms == NEVER_MS) {
		(void)sd_event_source_set_enabled(directories->timer, SD_EVENT_OFF);
		return;
	}
	(void)sd_event_source_set_time_relative(directories->timer,
						(uint64_t)MAX(due_ms - now, (int64_t)0) * 1000);
	(void)sd_event_source_set_enabled(directories->timer, SD_EVENT_ONESHOT);
}

static void set_due(struct directories *directories, struct directory *directory, bool has_failed)
{
	int64_t interval_s = directory->method->directory->interval_s;

	if (has_failed && interval_s)
		interval_s = MIN(interval_s, (int64_t)DIRECTORY_AGAIN_S);
	directory->due_ms = interval_s ? now_ms(directories) + interval_s * 1000 : NEVER_MS;
}

static void start(struct directories *directories, struct directory *directory,
		  const struct directory_options *options)
{
	directory_run_free(steal(&directory->run));
	directory->run = directory_run_new(directories, directories->config, directory->method,
					   options, logins_now_s(directories->env.logins));
	directory->state = DIRECTORY_RUNNING;
	directory->text[0] = '\0';
	directory->n_runs++;
	directories->totals.n_running++;
	log_info("directory %s: %s begins", directory->method->id,
		 options->is_dry ? "a dry run" : "a sync");
	directory_run_start(directory->run);
}

static int on_timer(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	static const struct directory_options scheduled = { .removals_allowed = -1 };
	struct directories *directories = userdata;
	int64_t now = now_ms(directories);

	for (unsigned i = 0; i < directories->n; i++) {
		struct directory *directory = &directories->rows[i];

		if (directory->state != DIRECTORY_RUNNING && directory->due_ms <= now) {
			set_due(directories, directory, true);
			start(directories, directory, &scheduled);
		}
	}
	set_timer(directories);
	return 0;
}

/* --- the end of a run --- */

/* The row of a run that ended, or of one that the configuration took away. */
static void drop_orphan(struct directories *directories, struct directory_run *run)
{
	struct directory_run **at = &directories->orphans;

	while (*at && *at != run)
		at = &(*at)->next;
	/* It is freed with the rest: its own functions are on the stack. */
	if (*at)
		log_info("directory %s: is none any more", run->id);
}

static void settle(struct directories *directories, struct directory *directory,
		   struct directory_run *run, const char *fault)
{
	struct buf text = BUF_INIT(AUDIT_TEXT_MAX);
	bool asks = fault && run->row.stage == DIRECTORY_LISTED;

	if (fault)
		buf_add_text(&text, fault);
	else
		directory_report_text(&run->report, &text);
	text_into_clean(directory->text, sizeof(directory->text), buf_text(&text));
	buf_done(&text);
	directory->state = asks ? DIRECTORY_ASKS : fault ? DIRECTORY_FAILED : DIRECTORY_DONE;
	if (!run->options.is_dry)
		set_due(directories, directory, fault && !asks);
	set_timer(directories);
	log_line(fault ? LOG_WARNING : LOG_INFO, "directory %s: %s%s", run->id,
		 run->options.is_dry ? "dry run: " : "", directory->text);
}

void directories_ended(struct directory_run *run, const char *fault)
{
	struct directories *directories = run->directories;
	struct directory *directory = find(directories, run->id);
	struct directories_totals *totals = &directories->totals;

	run->listing = listing_free(run->listing);
	run->host = host_ids_free(run->host);
	totals->n_running--;
	if (run->step == RUN_FINISHING)
		totals->n_locked += (uint64_t)run->report.n_changes[CHANGE_LOCK];
	if (fault && run->row.stage == DIRECTORY_LISTED)
		totals->n_asks++;
	else if (fault)
		totals->n_failed++;
	else
		totals->n_done++;
	/* Groups may be others without a change that is told of. */
	if (run->step == RUN_FINISHING ||
	    (!run->options.is_dry && directory_report_has_changes(&run->report)))
		directories->env.changed(directories->env.context);
	if (directory && directory->run == run)
		settle(directories, directory, run, fault);
	else
		drop_orphan(directories, run);
}

/* --- configuration --- */

struct due {
	struct job job;
	struct directories *directories;
	uint64_t n_load;
	char id[METHOD_ID_MAX + 1];
	struct directory_row row;
	int result;
};

static void run_due(struct job *job, void *context)
{
	struct due *due = container_of(job, struct due, job);

	due->result = stage_get(context, due->id, &due->row);
}

/* From the last time on, also of an earlier jauthd: restarts cost no calls. */
static void on_due(struct job *job)
{
	struct due *due = container_of(job, struct due, job);
	struct directories *directories = due->directories;
	struct directory *directory = find(directories, due->id);
	int64_t interval_s, passed_s;

	if (due->n_load == directories->n_loads && directory && due->result == 0) {
		interval_s = directory->method->directory->interval_s;
		if (due->row.result[0] && due->row.stage != DIRECTORY_LISTED)
			interval_s = MIN(interval_s, (int64_t)DIRECTORY_AGAIN_S);
		passed_s = logins_now_s(directories->env.logins) - due->row.tried_s;
		passed_s = MAX(passed_s, (int64_t)0);
		if (due->row.stage == DIRECTORY_APPLYING || due->row.stage == DIRECTORY_LISTING)
			interval_s = MIN(interval_s ? interval_s : INT64_MAX / 2000, passed_s);
		if (interval_s)
			directory->due_ms = now_ms(directories) +
					    MAX(interval_s - passed_s, (int64_t)DIRECTORY_FIRST_S) *
					    1000;
		set_timer(directories);
	}
	free(due);
}

static void find_due(struct directories *directories, struct directory *directory)
{
	struct due *due = calloc(1, sizeof(*due));

	if (!due)
		abort();
	due->job = (struct job){ .run = run_due, .done = on_due };
	due->directories = directories;
	due->n_load = directories->n_loads;
	(void)text_into(due->id, sizeof(due->id), directory->method->id);
	if (store_add(directories->env.store, &due->job) < 0)
		free(due);
}

/* One of a directory that was away for a while and is back goes on as its own: two at once would
 * write into one another's rows. */
static struct directory_run *take_orphan(struct directories *directories, const char *id)
{
	struct directory_run **at = &directories->orphans;
	struct directory_run *run;

	while (*at && ((*at)->is_over || !text_equals((*at)->id, id)))
		at = &(*at)->next;
	run = *at;
	if (run)
		*at = run->next;
	return run;
}

static void take_over(struct directories *directories, struct directory *directory,
		      struct directories *old)
{
	struct directory *before = NULL;

	for (unsigned i = 0; !before && i < old->n; i++)
		if (text_equals(old->rows[i].method->id, directory->method->id))
			before = &old->rows[i];
	if (!before) {
		directory->run = take_orphan(directories, directory->method->id);
		directory->n_runs = directory->run ? 1 : 0;
		directory->state = directory->run ? DIRECTORY_RUNNING : DIRECTORY_NEVER;
		return;
	}
	directory->run = steal(&before->run);
	directory->n_runs = before->n_runs;
	directory->state = before->state;
	(void)text_into(directory->text, sizeof(directory->text), before->text);
}

static void set_aside(struct directories *directories, struct directory_run *run)
{
	if (!run)
		return;
	if (run->is_over) {
		directory_run_free(run);
		return;
	}
	run->next = directories->orphans;
	directories->orphans = run;
}

void directories_set_config(struct directories *directories)
{
	struct config *config = logins_config(directories->env.logins);
	struct directories old = *directories;

	directories->n = 0;
	directories->n_loads++;
	memset(directories->rows, 0, sizeof(directories->rows));
	for (unsigned i = 0; i < config->n_methods; i++) {
		struct directory *directory = &directories->rows[directories->n];

		if (!config->methods[i]->directory)
			continue;
		*directory = (struct directory){ .method = config->methods[i], .due_ms = NEVER_MS };
		directories->n++;
		take_over(directories, directory, &old);
		find_due(directories, directory);
	}
	for (unsigned i = 0; i < old.n; i++)
		set_aside(directories, old.rows[i].run);
	directories->totals.n_directories = directories->n;
	directories->config = config_ref(config);
	config_unref(old.config);
	set_timer(directories);
}

/* --- what others ask --- */

int directories_sync(struct directories *directories, const char *id,
		     const struct directory_options *options)
{
	struct directory *directory = find(directories, id);

	if (!directory)
		return -ENOENT;
	if (directory->state == DIRECTORY_RUNNING)
		return -EBUSY;
	start(directories, directory, options);
	set_timer(directories);
	return 0;
}

static const char *step_word(enum run_step step)
{
	static const char *const words[] = {
		[RUN_LOADING] = "begins", [RUN_LISTING] = "lists", [RUN_KEEPING] = "lists",
		[RUN_READING] = "compares", [RUN_PLANNING] = "compares",
		[RUN_BEGINNING] = "applies", [RUN_APPLYING] = "applies",
		[RUN_FINISHING] = "applies", [RUN_ENDING] = "ends",
	};

	return words[step];
}

int directories_get_status(struct directories *directories, const char *id,
			   struct directory_status *ret_status)
{
	struct directory *directory = find(directories, id);
	const struct directory_run *run = directory ? directory->run : NULL;

	if (!directory)
		return -ENOENT;
	*ret_status = (struct directory_status){
		.state = directory->state,
		.step = "",
		.n_runs = directory->n_runs,
		.next_s = directory->due_ms == NEVER_MS ? -1 :
			  MAX((directory->due_ms - now_ms(directories)) / 1000, (int64_t)0),
	};
	(void)text_into(ret_status->text, sizeof(ret_status->text), directory->text);
	if (!run)
		return 0;
	ret_status->is_dry = run->options.is_dry;
	ret_status->report = &run->report;
	ret_status->n_looked_at = run->report.n_looked_at;
	ret_status->step = run->is_over ? "" : step_word(run->step);
	if (run->listing)
		listing_get_progress(run->listing, &ret_status->progress);
	return 0;
}

void directories_get_totals(const struct directories *directories,
			    struct directories_totals *ret_totals)
{
	*ret_totals = directories->totals;
}

/* --- life --- */

int directories_new(const struct directories_env *env, struct directories **ret_directories)
{
	struct directories *directories = calloc(1, sizeof(*directories));
	int r;

	if (!directories)
		abort();
	directories->env = *env;
	r = sd_event_add_time_relative(env->event, &directories->timer, CLOCK_MONOTONIC, 0, 100000,
				       on_timer, directories);
	if (r >= 0)
		r = sd_event_source_set_enabled(directories->timer, SD_EVENT_OFF);
	if (r < 0) {
		directories_free(directories);
		return r;
	}
	directories_set_config(directories);
	*ret_directories = directories;
	return 0;
}

struct directories *directories_free(struct directories *directories)
{
	struct directory_run *run;

	if (!directories)
		return NULL;
	for (unsigned i = 0; i < directories->n; i++)
		directory_run_free(directories->rows[i].run);
	while ((run = directories->orphans)) {
		directories->orphans = run->next;
		directory_run_free(run);
	}
	sd_event_source_disable_unref(directories->timer);
	config_unref(directories->config);
	free(directories);
	return NULL;
}
