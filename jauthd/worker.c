/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Two lists behind one lock: jobs waiting for a thread, and jobs that are done and wait for the
 * loop, which an eventfd wakes.
 */
#include "jauthd/worker.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/macro.h"

/* The default of 8 MiB is a limit, not a use, but a thread's stack is never given back once it was
 * touched. Foreign NSS modules run here: they get more than our own code needs. */
#define WORKER_STACK (512 * 1024)

struct job_list {
	struct job *first, **end;
};

struct workers {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct job_list waiting, finished;
	bool ending;                     /* set by the loop */
	unsigned n_idle;
	size_t n_open;                   /* added and not yet done; the loop's */
	size_t queue_max;
	pthread_t *threads;
	unsigned n_threads, threads_max;
	char name[16];
	void *context;
	int event_fd;
	sd_event_source *source;
};

static void job_list_init(struct job_list *list)
{
	list->first = NULL;
	list->end = &list->first;
}

static void job_list_add(struct job_list *list, struct job *job)
{
	job->next = NULL;
	*list->end = job;
	list->end = &job->next;
}

static struct job *job_list_take(struct job_list *list)
{
	struct job *job = list->first;

	if (!job)
		return NULL;
	list->first = job->next;
	if (!list->first)
		list->end = &list->first;
	return job;
}

/* An eventfd's counter cannot overflow by ones, so the only failure would be our mistake. */
static void workers_wake_loop(struct workers *workers)
{
	const uint64_t one = 1;

	if (write(workers->event_fd, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN);
}

static void *worker_main(void *argument)
{
	struct workers *workers = argument;
	struct job *job;

	(void)pthread_mutex_lock(&workers->lock);
	for (;;) {
		while ((job = job_list_take(&workers->waiting))) {
			(void)pthread_mutex_unlock(&workers->lock);
			job->run(job, workers->context);
			(void)pthread_mutex_lock(&workers->lock);
			job_list_add(&workers->finished, job);
			workers_wake_loop(workers);
		}
		if (workers->ending)
			break;
		workers->n_idle++;
		(void)pthread_cond_wait(&workers->wake, &workers->lock);
		workers->n_idle--;
	}
	(void)pthread_mutex_unlock(&workers->lock);
	return NULL;
}

/* Signals are the loop's: a thread blocks them all from its birth on. */
static int worker_start(struct workers *workers)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error;

	error = pthread_attr_init(&attributes);
	if (error)
		return -error;
	(void)pthread_attr_setstacksize(&attributes, WORKER_STACK);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&workers->threads[workers->n_threads], &attributes, worker_main,
			       workers);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	if (error)
		return -error;
	(void)pthread_setname_np(workers->threads[workers->n_threads], workers->name);
	workers->n_threads++;
	return 0;
}

/* Takes the list as it is now: a job's `done` may add another one. */
static void workers_collect(struct workers *workers)
{
	struct job *job, *next;

	(void)pthread_mutex_lock(&workers->lock);
	job = workers->finished.first;
	job_list_init(&workers->finished);
	(void)pthread_mutex_unlock(&workers->lock);
	for (; job; job = next) {
		next = job->next;
		workers->n_open--;
		job->done(job);
	}
}

static int on_finished(sd_event_source *source UNUSED, int fd, uint32_t revents UNUSED,
		       void *context)
{
	uint64_t count;

	/* Only empties the counter; a wake-up without a finished job does no harm. */
	(void)!read(fd, &count, sizeof(count));
	workers_collect(context);
	return 0;
}

int workers_new(sd_event *event, const char *name, unsigned n_threads, size_t queue_max,
		void *context, struct workers **ret_workers)
{
	struct workers *workers = calloc(1, sizeof(*workers));
	int r;

	if (!workers)
		return -ENOMEM;
	(void)pthread_mutex_init(&workers->lock, NULL);
	(void)pthread_cond_init(&workers->wake, NULL);
	job_list_init(&workers->waiting);
	job_list_init(&workers->finished);
	workers->queue_max = queue_max;
	workers->threads_max = n_threads;
	workers->context = context;
	(void)snprintf(workers->name, sizeof(workers->name), "%s", name);
	workers->threads = calloc(n_threads, sizeof(*workers->threads));
	workers->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!workers->threads || workers->event_fd < 0)
		r = workers->threads ? -errno : -ENOMEM;
	else
		r = sd_event_add_io(event, &workers->source, workers->event_fd, EPOLLIN,
				    on_finished, workers);
	if (r < 0) {
		(void)workers_free(workers);
		return r;
	}
	*ret_workers = workers;
	return 0;
}

void workers_stop(struct workers *workers)
{
	if (!workers)
		return;
	(void)pthread_mutex_lock(&workers->lock);
	workers->ending = true;
	(void)pthread_cond_broadcast(&workers->wake);
	(void)pthread_mutex_unlock(&workers->lock);
	for (; workers->n_threads > 0; workers->n_threads--)
		(void)pthread_join(workers->threads[workers->n_threads - 1], NULL);
	workers_collect(workers);
	assert(workers->n_open == 0);
}

struct workers *workers_free(struct workers *workers)
{
	if (!workers)
		return NULL;
	workers_stop(workers);
	(void)sd_event_source_disable_unref(workers->source);
	close_fd(&workers->event_fd);
	(void)pthread_cond_destroy(&workers->wake);
	(void)pthread_mutex_destroy(&workers->lock);
	free(workers->threads);
	free(workers);
	return NULL;
}

int workers_add(struct workers *workers, struct job *job)
{
	bool is_one_idle;

	if (workers->ending || workers->n_open >= workers->queue_max)
		return -ENOBUFS;
	(void)pthread_mutex_lock(&workers->lock);
	is_one_idle = workers->n_idle > 0 && !workers->waiting.first;
	(void)pthread_mutex_unlock(&workers->lock);
	/* A thread that cannot be had is no matter while there is another one. */
	if (!is_one_idle && workers->n_threads < workers->threads_max &&
	    worker_start(workers) < 0 && workers->n_threads == 0)
		return -ENOBUFS;
	workers->n_open++;
	(void)pthread_mutex_lock(&workers->lock);
	job_list_add(&workers->waiting, job);
	(void)pthread_cond_signal(&workers->wake);
	(void)pthread_mutex_unlock(&workers->lock);
	return 0;
}
