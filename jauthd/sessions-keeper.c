/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sees to it, on the loop, that what is due is done.
 *
 *	stage      what it waits for                        → next
 *	IDLE       the next moment, or sessions_look()      → TAKING
 *	TAKING     the store: what is due                   → ASKING; nothing → IDLE
 *	ASKING     the helper's answers, or why there are   → KEEPING
 *	           none
 *	KEEPING    the store                                → TAKING when more is due, else IDLE
 *
 * sessions_look() outside IDLE is remembered.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/macro.h"
#include "jauthd/sessions-helper.h"
#include "jauthd/sessions.h"

enum stage {
	STAGE_IDLE,
	STAGE_TAKING,
	STAGE_ASKING,
	STAGE_KEEPING,
};

struct sessions {
	sd_event *event;
	struct store *store;
	char *socket;
	sd_event_source *timer;
	enum stage stage;
	bool is_wanted;                  /* by sessions_look(), outside IDLE */
	bool is_fresh;                   /* nothing was taken since the start */
	int told;                        /* the fault that was logged last; 0: none */

	/* The job's: */
	struct job job;
	int64_t now_s, next_s;
	struct session_due due[END_SESSION_LINES_MAX];
	size_t n_due;
	struct helper_result result;
	struct helper_call *call;
	int error;
};

static int64_t now_s(const struct sessions *sessions)
{
	uint64_t usec = 0;

	(void)sd_event_now(sessions->event, CLOCK_REALTIME, &usec);
	return (int64_t)(usec / 1000000);
}

static void rest(struct sessions *sessions, int64_t seconds)
{
	sessions->stage = STAGE_IDLE;
	(void)sd_event_source_set_time_relative(sessions->timer, (uint64_t)seconds * 1000000);
	(void)sd_event_source_set_enabled(sessions->timer, SD_EVENT_ONESHOT);
}

static void add_job(struct sessions *sessions, enum stage stage,
		    void (*run)(struct job *job, void *context), void (*done)(struct job *job))
{
	sessions->stage = stage;
	sessions->now_s = now_s(sessions);
	sessions->job = (struct job){ .run = run, .done = done };
	if (store_add(sessions->store, &sessions->job) < 0)
		rest(sessions, SESSIONS_LOOK_S);
}

static int in_transaction(struct sessions *sessions, struct db *db,
			  int (*work)(struct sessions *sessions, struct db *db))
{
	int r = db_begin(db);

	if (r == 0)
		r = work(sessions, db);
	if (r == 0)
		r = db_commit(db);
	if (r < 0)
		db_rollback(db);
	return r;
}

/* A fault that stays is told once. */
static void tell(struct sessions *sessions, const char *what, int error)
{
	if (error < 0 && error != sessions->told)
		log_error("%s: %s", what, strerror(-error));
	sessions->told = error;
}

/* --- KEEPING --- */

static int keep(struct sessions *sessions, struct db *db)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sessions->n_due; i++)
		r = session_answered(db, &sessions->due[i],
				     i < sessions->result.n_answers ? sessions->result.answers[i]
								    : SAYS_FAILED, sessions->now_s);
	if (r == 0)
		r = sessions_next(db, sessions->now_s, &sessions->next_s);
	return r;
}

static void run_keep(struct job *job, void *context)
{
	struct sessions *sessions = container_of(job, struct sessions, job);

	sessions->error = in_transaction(sessions, context, keep);
}

static void on_kept(struct job *job)
{
	struct sessions *sessions = container_of(job, struct sessions, job);

	if (sessions->error < 0) {
		tell(sessions, "sessions cannot be kept", sessions->error);
		rest(sessions, SESSIONS_LOOK_S);
	} else {
		int64_t seconds = sessions->is_wanted ? 0 : sessions->next_s - sessions->now_s;

		/* A helper that fails at once is not asked without a pause. */
		rest(sessions, MAX(seconds, (int64_t)(sessions->result.error < 0)));
	}
}

/* --- ASKING --- */

static void on_answers(void *context, const struct helper_result *result)
{
	struct sessions *sessions = context;

	sessions->result = *result;
	sessions->call = helper_call_free(sessions->call);
	tell(sessions, "jauth-end-session does not do its work", result->error);
	add_job(sessions, STAGE_KEEPING, run_keep, on_kept);
}

static void ask(struct sessions *sessions)
{
	const struct end_order *orders[END_SESSION_LINES_MAX];
	int r;

	for (size_t i = 0; i < sessions->n_due; i++)
		orders[i] = &sessions->due[i].order;
	sessions->stage = STAGE_ASKING;
	r = helper_call_new(sessions->event, sessions->socket, orders, sessions->n_due, on_answers,
			    sessions, &sessions->call);
	if (r == 0)
		return;
	tell(sessions, "jauth-end-session cannot be asked", r);
	sessions->result = (struct helper_result){ .error = r };
	add_job(sessions, STAGE_KEEPING, run_keep, on_kept);
}

/* --- TAKING --- */

static int take_due(struct sessions *sessions, struct db *db)
{
	int r = sessions->is_fresh ? sessions_revive(db, sessions->now_s) : 0;

	if (r == 0)
		r = sessions_take_due(db, sessions->now_s, sessions->due, N_ELEMENTS(sessions->due),
				      &sessions->n_due);
	if (r == 0)
		r = sessions_next(db, sessions->now_s, &sessions->next_s);
	return r;
}

static void run_take(struct job *job, void *context)
{
	struct sessions *sessions = container_of(job, struct sessions, job);

	sessions->error = in_transaction(sessions, context, take_due);
}

static void on_taken(struct job *job)
{
	struct sessions *sessions = container_of(job, struct sessions, job);

	if (sessions->error < 0) {
		tell(sessions, "sessions cannot be read", sessions->error);
		rest(sessions, SESSIONS_LOOK_S);
		return;
	}
	sessions->is_fresh = false;
	if (sessions->n_due > 0)
		ask(sessions);
	else
		rest(sessions, sessions->is_wanted ? 0 :
			       MAX(sessions->next_s - sessions->now_s, (int64_t)1));
}

static void take(struct sessions *sessions)
{
	sessions->is_wanted = false;
	add_job(sessions, STAGE_TAKING, run_take, on_taken);
}

/* --- life --- */

static int on_time(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	take(userdata);
	return 0;
}

void sessions_look(struct sessions *sessions)
{
	if (sessions->stage != STAGE_IDLE) {
		sessions->is_wanted = true;
		return;
	}
	(void)sd_event_source_set_enabled(sessions->timer, SD_EVENT_OFF);
	take(sessions);
}

int sessions_new(sd_event *event, struct store *store, const char *socket,
		 struct sessions **ret_sessions)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));
	int r;

	if (!sessions)
		abort();
	sessions->event = event;
	sessions->store = store;
	sessions->is_fresh = true;
	sessions->socket = strdup(socket);
	if (!sessions->socket)
		abort();
	r = sd_event_add_time_relative(event, &sessions->timer, CLOCK_MONOTONIC, 0, 0, on_time,
				       sessions);
	if (r < 0) {
		(void)sessions_free(sessions);
		return r;
	}
	*ret_sessions = sessions;
	return 0;
}

struct sessions *sessions_free(struct sessions *sessions)
{
	if (!sessions)
		return NULL;
	(void)helper_call_free(sessions->call);
	(void)sd_event_source_disable_unref(sessions->timer);
	free(sessions->socket);
	free(sessions);
	return NULL;
}
