/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 *   step     thread      what                                       then
 *   HOST     names       what the host has itself                   GROUPS
 *   GROUPS   store       groups that are new get numbers            PEOPLE
 *   PEOPLE   store       some of them, again until all were read    WRITE
 *   WRITE    names       the file                                   over
 *
 * Each step is a job; a fault ends the run. The next run begins when something changed meanwhile,
 * and not before as much time went by as the last one took, so that publishing never has more than
 * half of the store's thread. After a fault the pause doubles up to a minute.
 *
 * The host's own users and groups are a part of it, too: one whom the host makes later must not get
 * the groups and SSH keys of ours who has his name.
 */
#include "jauthd/publish.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/log.h"
#include "base/macro.h"
#include "base/snapshot.h"
#include "base/text.h"
#include "jauthd/publish-picture.h"

#define AGAIN_MIN_MS 1000
#define AGAIN_MAX_MS 60000

enum step {
	STEP_HOST,
	STEP_GROUPS,
	STEP_PEOPLE,
	STEP_WRITE,
};

struct waiter {
	publish_done_fn done;
	void *data;
	struct waiter *next;
};

/* One snapshot on its way. */
struct run {
	struct job job;
	struct publish *publish;
	struct config *config;
	struct picture *picture;
	struct waiter *waiters;
	int64_t began_ms;
	enum step step;
	bool has_more;
	int result;
};

struct publish {
	struct publish_env env;
	struct config *config;
	struct run *run;
	struct waiter *waiters;          /* for the next run */
	bool is_dirty;
	bool tells;                      /* the configuration or the host changed since the last */
	sd_event_source *timer, *host;
	int64_t not_before_ms, again_ms;
	struct publish_status status;
};

static int64_t now_ms(const struct publish *publish)
{
	uint64_t now_us = 0;

	(void)sd_event_now(publish->env.event, CLOCK_MONOTONIC, &now_us);
	return (int64_t)(now_us / 1000);
}

static void tell(struct waiter *waiters, int error)
{
	while (waiters) {
		struct waiter *waiter = waiters;

		waiters = waiter->next;
		waiter->done(waiter->data, error);
		free(waiter);
	}
}

/* --- a run --- */

static void run_step(struct job *job, void *context)
{
	struct run *run = container_of(job, struct run, job);

	switch (run->step) {
	case STEP_HOST:
		run->result = picture_look_at_host(run->picture);
		return;
	case STEP_GROUPS:
		run->result = picture_add_groups(run->picture, context);
		return;
	case STEP_PEOPLE:
		run->result = picture_add_people(run->picture, context, &run->has_more);
		return;
	case STEP_WRITE:
		run->result = picture_write(run->picture, run->publish->env.path);
		return;
	}
}

/* False: it could not be, and that is the result. Else the result is the thread's from now on: it
 * may be there before this returns. */
static bool add_job(struct run *run)
{
	const struct publish_env *env = &run->publish->env;
	int r;

	if (run->step == STEP_GROUPS || run->step == STEP_PEOPLE)
		r = store_add(env->store, &run->job);
	else
		r = workers_add(env->names, &run->job);
	if (r < 0)
		run->result = r;
	return r == 0;
}

static void schedule(struct publish *publish)
{
	int64_t wait_ms = publish->not_before_ms - now_ms(publish);

	if (publish->run || !publish->is_dirty)
		return;
	(void)sd_event_source_set_time_relative(publish->timer,
						wait_ms > 0 ? (uint64_t)wait_ms * 1000 : 0);
	(void)sd_event_source_set_enabled(publish->timer, SD_EVENT_ONESHOT);
}

static void note_result(struct publish *publish, const struct run *run)
{
	struct publish_status *status = &publish->status;
	int64_t now = now_ms(publish);

	if (run->result < 0) {
		/* At the end no thread takes a job any more. */
		if (run->result != status->error && run->result != -ENOBUFS)
			log_error("the user database cannot be written to %s: %s",
				  publish->env.path, strerror(-run->result));
		publish->is_dirty = true;
		publish->not_before_ms = now + publish->again_ms;
		publish->again_ms = MIN(publish->again_ms * 2, AGAIN_MAX_MS);
	} else {
		size_t n_left_out = picture_n_left_out(run->picture);

		if (status->error < 0)
			log_info("the user database is written again");
		if (n_left_out != status->n_left_out)
			log_warning("%zu users are not served: the host itself has users of their "
				    "name or uid, or there are more than %d", n_left_out,
				    SNAPSHOT_USERS_MAX);
		publish->is_dirty |= picture_is_torn(run->picture);
		publish->not_before_ms = now + (now - run->began_ms);
		publish->again_ms = AGAIN_MIN_MS;
		status->n_written++;
		status->n_users = picture_n_users(run->picture);
		status->n_left_out = n_left_out;
	}
	status->error = run->result;
}

/* The waiters last: they may ask for the next snapshot. */
static void finish(struct run *run)
{
	struct publish *publish = run->publish;

	note_result(publish, run);
	publish->run = NULL;
	schedule(publish);
	tell(run->waiters, run->result);
	(void)picture_free(run->picture);
	(void)config_unref(run->config);
	free(run);
}

static bool go_on(struct run *run)
{
	if (run->result < 0 || run->step == STEP_WRITE)
		return false;
	if (run->step != STEP_PEOPLE || !run->has_more)
		run->step++;
	return add_job(run);
}

static void on_step_done(struct job *job)
{
	struct run *run = container_of(job, struct run, job);

	if (!go_on(run))
		finish(run);
}

static int on_timer(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	struct publish *publish = userdata;
	struct run *run;

	/* Armed by schedule() only. */
	assert(!publish->run && publish->is_dirty);
	run = calloc(1, sizeof(*run));
	if (!run)
		abort();
	run->job = (struct job){ .run = run_step, .done = on_step_done };
	run->publish = publish;
	run->config = config_ref(publish->config);
	run->picture = picture_new(&(struct picture_env){
		.config = run->config, .add_keys = publish->env.add_keys,
		.tells = publish->tells,
	});
	run->waiters = steal(&publish->waiters);
	run->began_ms = now_ms(publish);
	publish->run = run;
	publish->is_dirty = false;
	publish->tells = false;
	if (!add_job(run))
		finish(run);
	return 0;
}

/* --- the host's own --- */

/* Whoever writes them puts a new file in the old one's place, or writes into it. */
static int on_host_changed(sd_event_source *source UNUSED, const struct inotify_event *event,
			   void *userdata)
{
	struct publish *publish = userdata;

	/* Events may have been lost when it is full, and then they have no name. */
	if (event->mask & IN_Q_OVERFLOW ||
	    (event->len > 0 && (text_equals(event->name, "passwd") ||
				text_equals(event->name, "group")))) {
		publish->tells = true;
		publish_now(publish);
	}
	return 0;
}

static void watch_host(struct publish *publish)
{
	int r = sd_event_add_inotify(publish->env.event, &publish->host, publish->env.host_folder,
				     IN_MOVED_TO | IN_CLOSE_WRITE | IN_ONLYDIR, on_host_changed,
				     publish);

	if (r < 0)
		log_warning("%s cannot be watched: %s; users and groups that the host itself gets "
			    "count when others change", publish->env.host_folder, strerror(-r));
}

/* --- public --- */

int publish_new(const struct publish_env *env, struct config *config, struct publish **ret_publish)
{
	struct publish *publish = calloc(1, sizeof(*publish));
	int r;

	if (!publish)
		return -ENOMEM;
	publish->env = *env;
	publish->config = config_ref(config);
	publish->again_ms = AGAIN_MIN_MS;
	publish->is_dirty = publish->tells = true;
	r = sd_event_add_time_relative(env->event, &publish->timer, CLOCK_MONOTONIC, 0, 1000,
				       on_timer, publish);
	if (r < 0) {
		(void)publish_free(publish);
		return r;
	}
	watch_host(publish);
	*ret_publish = publish;
	return 0;
}

struct publish *publish_free(struct publish *publish)
{
	if (!publish)
		return NULL;
	tell(steal(&publish->waiters), -ECANCELED);
	(void)sd_event_source_disable_unref(publish->timer);
	(void)sd_event_source_disable_unref(publish->host);
	(void)config_unref(publish->config);
	free(publish);
	return NULL;
}

void publish_set_config(struct publish *publish, struct config *config)
{
	(void)config_unref(publish->config);
	publish->config = config_ref(config);
	publish->tells = true;
	publish_now(publish);
}

void publish_now(struct publish *publish)
{
	if (!publish)
		return;
	publish->is_dirty = true;
	schedule(publish);
}

void publish_wait(struct publish *publish, publish_done_fn done, void *data)
{
	struct waiter *waiter = calloc(1, sizeof(*waiter));

	if (!waiter)
		abort();
	*waiter = (struct waiter){ done, data, publish->waiters };
	publish->waiters = waiter;
	publish_now(publish);
}

void publish_get_status(const struct publish *publish, struct publish_status *ret_status)
{
	*ret_status = publish->status;
}
