/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads for what may block: name look-ups, hashing, the store.
 *
 * A job is embedded in the struct that holds its input and output. `run` is called on a thread and
 * touches only that struct; `done` is called later on the loop, in the order the jobs finished,
 * and owns the struct from then on. Owners that may be gone by then are found again by
 * number, never by pointer.
 */
#pragma once

#include <stddef.h>
#include <systemd/sd-event.h>

struct job {
	void (*run)(struct job *job, void *context);
	void (*done)(struct job *job);
	struct job *next;                /* the workers' own */
};

struct workers;

/* `context` is handed to every run (the database for the store's single thread; else NULL).
 * Threads are started when jobs need them. `queue_max` bounds the jobs added and not yet done. */
int workers_new(sd_event *event, const char *name, unsigned n_threads, size_t queue_max,
		void *context, struct workers **ret_workers);
/* Runs what was added, calls `done` for it, and refuses every job from now on. Whoever hands jobs
 * from one set of workers to another stops them all before the first is freed. NULL is fine. */
void workers_stop(struct workers *workers);
/* Stops, then frees; NULL is fine. */
struct workers *workers_free(struct workers *workers);
/* 0: until `done` the job is the thread's, which may have run it before this returns. -ENOBUFS (too
 * many, no thread to be had, or the end has begun): it stays the caller's. */
int workers_add(struct workers *workers, struct job *job);
