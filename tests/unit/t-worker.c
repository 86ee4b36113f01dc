/* SPDX-License-Identifier: GPL-3.0-or-later */
/* worker.c: jobs go to threads and come back to the loop. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macro.h"
#include "jauthd/worker.h"

/* Holds jobs on their threads until the test opens it. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_open;
	unsigned n_inside;
};

#define GATE_INIT { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, 0 }

struct note {
	struct job job;
	struct gate *gate;               /* NULL: does not wait */
	struct workers *workers;         /* where `done` adds `next` */
	struct note *next;
	void *context;                   /* what run got */
	pthread_t thread;
	sigset_t blocked;
	unsigned *n_done;                /* counted by done */
	unsigned order;
	int add_result;
};

static void gate_pass(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->n_inside++;
	pthread_cond_broadcast(&gate->changed);
	while (!gate->is_open)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static void gate_wait_inside(struct gate *gate, unsigned n)
{
	pthread_mutex_lock(&gate->lock);
	while (gate->n_inside < n)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static void gate_open(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->is_open = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

static void note_run(struct job *job, void *context)
{
	struct note *note = container_of(job, struct note, job);

	note->context = context;
	note->thread = pthread_self();
	(void)pthread_sigmask(SIG_SETMASK, NULL, &note->blocked);
	if (note->gate)
		gate_pass(note->gate);
}

static void note_done(struct job *job)
{
	struct note *note = container_of(job, struct note, job);

	note->order = ++*note->n_done;
	if (note->next)
		note->add_result = workers_add(note->workers, &note->next->job);
}

static void note_init(struct note *note, struct gate *gate, unsigned *n_done)
{
	*note = (struct note){
		.job = { .run = note_run, .done = note_done },
		.gate = gate,
		.n_done = n_done,
	};
}

static int make_loop(void **state)
{
	sd_event *event = NULL;

	if (sd_event_new(&event) < 0)
		return -1;
	*state = event;
	return 0;
}

static int drop_loop(void **state)
{
	sd_event_unref(*state);
	return 0;
}

static struct workers *make_workers(sd_event *event, unsigned n_threads, size_t queue_max,
				    void *context)
{
	struct workers *workers = NULL;

	assert_int_equal(workers_new(event, "test", n_threads, queue_max, context, &workers), 0);
	return workers;
}

static void run_until(sd_event *event, const unsigned *n_done, unsigned n)
{
	while (*n_done < n)
		assert_true(sd_event_run(event, 5000000) > 0);
}

static void runs_on_a_thread_and_ends_on_the_loop(void **state)
{
	unsigned n_done = 0;
	int context;
	struct workers *workers = make_workers(*state, 1, 8, &context);
	struct note note;

	note_init(&note, NULL, &n_done);
	assert_int_equal(workers_add(workers, &note.job), 0);
	run_until(*state, &n_done, 1);
	assert_ptr_equal(note.context, &context);
	assert_false(pthread_equal(note.thread, pthread_self()));
	assert_null(workers_free(workers));
	assert_int_equal(n_done, 1);
}

static void signals_are_blocked_in_threads_only(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD, SIGALRM };
	unsigned n_done = 0;
	struct workers *workers = make_workers(*state, 1, 8, NULL);
	struct note note;
	sigset_t ours;

	note_init(&note, NULL, &n_done);
	assert_int_equal(workers_add(workers, &note.job), 0);
	run_until(*state, &n_done, 1);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &ours);
	for (size_t i = 0; i < N_ELEMENTS(signals); i++) {
		assert_int_equal(sigismember(&note.blocked, signals[i]), 1);
		assert_int_equal(sigismember(&ours, signals[i]), 0);
	}
	workers_free(workers);
}

static void one_thread_keeps_the_order(void **state)
{
	unsigned n_done = 0;
	struct workers *workers = make_workers(*state, 1, 64, NULL);
	struct note notes[64];

	for (unsigned i = 0; i < 64; i++) {
		note_init(&notes[i], NULL, &n_done);
		assert_int_equal(workers_add(workers, &notes[i].job), 0);
	}
	run_until(*state, &n_done, 64);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(notes[i].order, i + 1);
	workers_free(workers);
}

/* Would hang if a second thread were not started while the first is at work. */
static void several_threads_work_at_once(void **state)
{
	struct gate gate = GATE_INIT;
	unsigned n_done = 0;
	struct workers *workers = make_workers(*state, 3, 8, NULL);
	struct note notes[3];

	for (unsigned i = 0; i < 3; i++) {
		note_init(&notes[i], &gate, &n_done);
		assert_int_equal(workers_add(workers, &notes[i].job), 0);
	}
	gate_wait_inside(&gate, 3);
	gate_open(&gate);
	run_until(*state, &n_done, 3);
	workers_free(workers);
}

static void a_full_queue_refuses(void **state)
{
	struct gate gate = GATE_INIT;
	unsigned n_done = 0;
	struct workers *workers = make_workers(*state, 1, 4, NULL);
	struct note notes[6];

	for (unsigned i = 0; i < 6; i++)
		note_init(&notes[i], &gate, &n_done);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(workers_add(workers, &notes[i].job), 0);
	assert_int_equal(workers_add(workers, &notes[4].job), -ENOBUFS);
	gate_open(&gate);
	run_until(*state, &n_done, 4);
	assert_int_equal(workers_add(workers, &notes[5].job), 0);
	run_until(*state, &n_done, 5);
	assert_int_equal(notes[4].order, 0);
	workers_free(workers);
}

static void freeing_runs_and_ends_every_job(void **state)
{
	struct gate gate = GATE_INIT;
	unsigned n_done = 0;
	struct workers *workers = make_workers(*state, 2, 32, NULL);
	struct note notes[32];

	for (unsigned i = 0; i < 32; i++) {
		note_init(&notes[i], &gate, &n_done);
		assert_int_equal(workers_add(workers, &notes[i].job), 0);
	}
	gate_open(&gate);
	workers_free(workers);
	assert_int_equal(n_done, 32);
	for (unsigned i = 0; i < 32; i++)
		assert_false(pthread_equal(notes[i].thread, pthread_self()));
}

static void done_may_add_another_job(void **state)
{
	unsigned n_done = 0;
	struct workers *workers = make_workers(*state, 1, 1, NULL);
	struct note first, second;

	note_init(&first, NULL, &n_done);
	note_init(&second, NULL, &n_done);
	first.workers = workers;
	first.next = &second;
	assert_int_equal(workers_add(workers, &first.job), 0);
	run_until(*state, &n_done, 2);
	assert_int_equal(first.add_result, 0);
	assert_int_equal(second.order, 2);
	workers_free(workers);
}

static void a_job_added_at_the_end_is_refused(void **state)
{
	unsigned n_done = 0;
	struct workers *workers = make_workers(*state, 1, 8, NULL);
	struct note first, second;

	note_init(&first, NULL, &n_done);
	note_init(&second, NULL, &n_done);
	first.workers = workers;
	first.next = &second;
	assert_int_equal(workers_add(workers, &first.job), 0);
	workers_free(workers);
	assert_int_equal(n_done, 1);
	assert_int_equal(first.add_result, -ENOBUFS);
}

static void unused_workers_start_no_thread(void **state)
{
	struct workers *workers = make_workers(*state, 8, 8, NULL);
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	bool is_alone = false;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		is_alone |= strcmp(line, "Threads:\t1\n") == 0;
	fclose(file);
	assert_true(is_alone);
	workers_free(workers);
	assert_null(workers_free(NULL));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_loop, drop_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unused_workers_start_no_thread),
		TEST(runs_on_a_thread_and_ends_on_the_loop),
		TEST(signals_are_blocked_in_threads_only),
		TEST(one_thread_keeps_the_order),
		TEST(several_threads_work_at_once),
		TEST(a_full_queue_refuses),
		TEST(freeing_runs_and_ends_every_job),
		TEST(done_may_add_another_job),
		TEST(a_job_added_at_the_end_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
