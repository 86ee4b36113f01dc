/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One sync: the steps of directory-private.h, each a job or a listing, one after the other. A step
 * that fails ends it with a fault.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/directory-private.h"

static const struct directories_env *env_of(const struct directory_run *run)
{
	return directories_env(run->directories);
}

static void over(struct directory_run *run, const char *fault)
{
	if (run->is_over)
		return;
	run->is_over = true;
	directories_ended(run, fault);
}

static void add_job(struct directory_run *run, void (*run_job)(struct job *job, void *context),
		    void (*done)(struct job *job))
{
	run->result = 0;
	run->job = (struct job){ .run = run_job, .done = done };
	if (store_add(env_of(run)->store, &run->job) < 0)
		over(run, "the store has too much to do");
}

static const char *fault_of(struct directory_run *run)
{
	if (run->result >= 0)
		return NULL;
	if (!run->fault[0]) {
		_cleanup_free_ char *text = text_format("the store failed: %s",
							strerror(-run->result));

		(void)text_into(run->fault, sizeof(run->fault), text);
	}
	return run->fault;
}

static struct directory_run *run_of(struct job *job)
{
	return container_of(job, struct directory_run, job);
}

/* --- nothing counts --- */

/* What was listed is dropped, unless a sysadmin is asked about it, or it can be gone on with. */
static int audit_changes(struct db *db, const struct directory_run *run)
{
	struct buf text = BUF_INIT(AUDIT_TEXT_MAX);
	int r;

	directory_report_text(&run->report, &text);
	r = directory_audit(db, &(struct directory_event){
		.directory = run->id, .now_s = run->now_s, .user = "", .uid = -1,
		.text = buf_text(&text),
	});
	buf_done(&text);
	return r;
}

/* A slice at a time, while there is much to drop. */
static int end_in(struct db *db, struct directory_run *run)
{
	bool is_asked = run->row.stage == DIRECTORY_LISTED;
	int r = 0;

	if (run->options.is_dry)
		run->row.stage = DIRECTORY_IDLE;
	if (run->row.stage == DIRECTORY_IDLE)
		r = stage_clear(db, run->id, DIRECTORY_SLICE);
	run->has_more = r == 1;
	if (r != 0)
		return r;
	run->row.tried_s = run->options.is_dry ? run->row.tried_s : run->now_s;
	(void)text_into(run->row.result, sizeof(run->row.result), run->fault);
	r = stage_set(db, run->id, &run->row);
	if (r == 0 && run->fault[0] && !run->options.is_dry)
		r = directory_audit(db, &(struct directory_event){
			.directory = run->id, .now_s = run->now_s, .user = "", .uid = -1,
			.is_failure = !is_asked, .is_denial = is_asked, .text = run->fault,
		});
	if (r == 0 && run->retries && !run->options.is_dry &&
	    directory_report_has_changes(&run->report))
		r = audit_changes(db, run);
	return r;
}

/* Many questions cost less in one transaction, too. */
static void only_reading(struct directory_run *run, struct db *db,
			 int (*work)(struct db *db, struct directory_run *run))
{
	int r = db_begin(db);

	if (r == 0) {
		r = work(db, run);
		db_rollback(db);
	}
	run->result = r;
}

static void in_transaction(struct directory_run *run, struct db *db,
			   int (*work)(struct db *db, struct directory_run *run))
{
	int r = db_begin(db);

	if (r == 0) {
		r = work(db, run);
		if (r < 0)
			db_rollback(db);
		else
			r = db_commit(db);
	}
	run->result = r;
}

static void run_end(struct job *job, void *context)
{
	in_transaction(run_of(job), context, end_in);
}

static void on_ended(struct job *job)
{
	struct directory_run *run = run_of(job);
	_cleanup_free_ char *fault = run->fault[0] ? text_copy(run->fault) : NULL;

	if (run->result == 0 && run->has_more)
		add_job(run, run_end, on_ended);
	else
		over(run, fault ? fault : fault_of(run));
}

/* A whole listing without changes writes only when it was. */
static void end_run(struct directory_run *run, const char *fault)
{
	run->step = RUN_ENDING;
	text_into_clean(run->fault, sizeof(run->fault), fault ? fault : "");
	add_job(run, run_end, on_ended);
}

/* --- what it does --- */

static struct directory_pass pass_of(struct directory_run *run, struct db *db)
{
	return (struct directory_pass){
		.db = db,
		.config = run->config,
		.method = run->method,
		.host = run->host,
		.is_host_unsure = run->is_host_unsure,
		.now_s = run->now_s,
		.applies = run->step == RUN_APPLYING,
		.retries = run->retries,
		.report = &run->report,
	};
}

static int slice_in(struct db *db, struct directory_run *run)
{
	struct directory_pass pass = pass_of(run, db);
	char at[sizeof(run->at)];
	int r;

	(void)text_into(at, sizeof(at), run->at);
	r = directory_run_slice(&pass, at);
	run->has_more = r == 1;
	if (pass.fault[0])
		(void)text_into(run->fault, sizeof(run->fault), pass.fault);
	if (r < 0)
		return r;
	(void)text_into(run->at, sizeof(run->at), at);
	(void)text_into(run->row.at, sizeof(run->row.at), at);
	return pass.applies && !pass.retries ? stage_set(db, run->id, &run->row) : 0;
}

static void run_slice(struct job *job, void *context)
{
	struct directory_run *run = run_of(job);

	if (run->step == RUN_APPLYING)
		in_transaction(run, context, slice_in);
	else
		only_reading(run, context, slice_in);
}

/* What contradicts itself is not gone on with. What began to count is, at the next sync. */
static void fail(struct directory_run *run)
{
	if (run->result == -EBADMSG && run->step != RUN_APPLYING)
		run->row.stage = DIRECTORY_IDLE;
	end_run(run, run->fault);
}

static void planned(struct directory_run *run);
static void finish(struct directory_run *run);
static void collect(struct directory_run *run);

/* Whoever was locked does not wait for the end of a long sync. */
static void tell_of_locks(struct directory_run *run)
{
	const struct directories_env *env = env_of(run);
	int64_t n = run->report.n_changes[CHANGE_LOCK] + run->report.n_changes[CHANGE_REFUSE];

	if (run->step != RUN_APPLYING || n == run->n_told)
		return;
	run->n_told = n;
	env->changed(env->context);
}

static void on_slice(struct job *job)
{
	struct directory_run *run = run_of(job);

	tell_of_locks(run);
	if (fault_of(run))
		fail(run);
	else if (run->has_more)
		collect(run);
	else if (run->step == RUN_APPLYING && run->retries)
		end_run(run, NULL);
	else if (run->step == RUN_APPLYING)
		finish(run);
	else
		planned(run);
}

/* --- names of new users --- */

/* A name source that does not answer keeps new users out, and is not waited for again. Leavers it
 * does not keep in. */
static void run_look_up(struct job *job, void *context UNUSED)
{
	struct directory_run *run = run_of(job);

	run->result = run->host ? 0 : host_ids_read(&run->host);
	for (size_t i = 0; run->result == 0 && !run->is_host_unsure && run->names && run->names[i];
	     i++)
		run->is_host_unsure = host_ids_look_up(run->host, run->names[i]) < 0;
}

static void on_looked_up(struct job *job)
{
	struct directory_run *run = run_of(job);

	run->names = list_free(run->names);
	if (run->result < 0)
		end_run(run, "the host's own users cannot be looked up");
	else
		add_job(run, run_slice, on_slice);
}

static void look_up(struct directory_run *run)
{
	run->result = 0;
	run->job = (struct job){ .run = run_look_up, .done = on_looked_up };
	if (workers_add(env_of(run)->names, &run->job) < 0)
		end_run(run, "too much to look up");
}

static int collect_in(struct db *db, struct directory_run *run)
{
	struct directory_pass pass = pass_of(run, db);
	char at[sizeof(run->at)];
	int r;

	(void)text_into(at, sizeof(at), run->at);
	r = directory_collect_names(&pass, at, &run->names);
	if (pass.fault[0])
		(void)text_into(run->fault, sizeof(run->fault), pass.fault);
	return MIN(r, 0);
}

static void run_collect(struct job *job, void *context)
{
	only_reading(run_of(job), context, collect_in);
}

static void on_collected(struct job *job)
{
	struct directory_run *run = run_of(job);

	if (fault_of(run))
		fail(run);
	else if (run->names || !run->host)
		look_up(run);
	else
		add_job(run, run_slice, on_slice);
}

/* A slice begins with its names, which block; in the second pass they are known, unless jauthd
 * ended in between. */
static void collect(struct directory_run *run)
{
	if (run->knows_names)
		add_job(run, run_slice, on_slice);
	else
		add_job(run, run_collect, on_collected);
}

static void begin_pass(struct directory_run *run, enum run_step step, const char *at)
{
	run->step = step;
	run->n_told = 0;
	directory_report_done(&run->report);
	(void)text_into(run->at, sizeof(run->at), at);
	collect(run);
}

/* --- it counts --- */

static int finish_in(struct db *db, struct directory_run *run)
{
	int r = stage_finish(db, run->id);

	run->row.stage = DIRECTORY_IDLE;
	run->row.at[0] = run->row.result[0] = '\0';
	run->row.synced_s = run->row.began_s;
	run->row.tried_s = run->now_s;
	if (r == 0)
		r = stage_set(db, run->id, &run->row);
	return r == 0 ? audit_changes(db, run) : r;
}

static void run_finish(struct job *job, void *context)
{
	in_transaction(run_of(job), context, finish_in);
}

static void on_finished(struct job *job)
{
	struct directory_run *run = run_of(job);

	over(run, fault_of(run));
}

static void finish(struct directory_run *run)
{
	run->step = RUN_FINISHING;
	add_job(run, run_finish, on_finished);
}

static int begin_in(struct db *db, struct directory_run *run)
{
	run->row.stage = DIRECTORY_APPLYING;
	run->row.at[0] = '\0';
	return stage_set(db, run->id, &run->row);
}

static void run_begin(struct job *job, void *context)
{
	in_transaction(run_of(job), context, begin_in);
}

static void on_begun(struct job *job)
{
	struct directory_run *run = run_of(job);

	if (fault_of(run))
		over(run, run->fault);
	else
		begin_pass(run, RUN_APPLYING, "");
}

/* At least one, unless none is allowed at all: else a small organisation would always be asked. */
static int64_t removals_max(const struct directory_run *run)
{
	int64_t percent = run->method->directory->removals_max;

	if (run->options.removals_allowed >= 0)
		return run->options.removals_allowed;
	return percent ? MAX(run->n_active * percent / 100, (int64_t)1) : 0;
}

static void ask(struct directory_run *run)
{
	_cleanup_free_ char *text = text_format(
		"%lld of %lld members would lose access; if that is right: jauthctl directory sync "
		"%s --allow-removals %lld", (long long)run->report.n_removals,
		(long long)run->n_active, run->id, (long long)run->report.n_removals);

	log_error("directory %s: %s", run->id, text);
	run->row.stage = DIRECTORY_LISTED;
	end_run(run, text);
}

static void planned(struct directory_run *run)
{
	/* There is no listing to ask about of those who were refused before. */
	bool is_too_many = !run->retries && run->report.n_removals > removals_max(run);

	run->knows_names = true;
	if (run->options.is_dry) {
		end_run(run, NULL);
	} else if (is_too_many) {
		ask(run);
	} else if (run->retries) {
		begin_pass(run, RUN_APPLYING, "");
	} else {
		run->step = RUN_BEGINNING;
		add_job(run, run_begin, on_begun);
	}
}

static void run_count(struct job *job, void *context)
{
	struct directory_run *run = run_of(job);

	run->result = stage_count_active(context, run->id, &run->n_active);
}

static void on_counted(struct job *job)
{
	struct directory_run *run = run_of(job);

	if (fault_of(run))
		end_run(run, run->fault);
	else
		begin_pass(run, RUN_PLANNING, "");
}

static void plan(struct directory_run *run)
{
	run->step = RUN_READING;
	add_job(run, run_count, on_counted);
}

/* --- the listing --- */

/* Also without changes those with a fault are looked at again: what was in their way may be
 * gone. */
static void on_kept(void *context)
{
	struct directory_run *run = context;
	const char *fault = listing_fault(run->listing);
	bool has_changes = listing_has_changes(run->listing);

	if (fault) {
		log_warning("directory %s: %s", run->id, fault);
		/* What contradicts itself is not gone on with; what was cut short is. */
		if (listing_is_bad(run->listing))
			run->row.stage = DIRECTORY_IDLE;
		else if (has_changes)
			run->row = *listing_row(run->listing);
		end_run(run, fault);
	} else if (has_changes) {
		run->row = *listing_row(run->listing);
		plan(run);
	} else {
		run->row.synced_s = run->now_s;
		run->row.stage = DIRECTORY_IDLE;
		run->retries = true;
		plan(run);
	}
}

static void on_listed(void *context, const char *fault)
{
	struct directory_run *run = context;

	run->login = 0;
	run->step = RUN_KEEPING;
	listing_end(run->listing, fault);
}

static void run_read_file(struct job *job, void *context)
{
	struct directory_run *run = run_of(job);
	struct buf why = BUF_INIT(4 * AUDIT_TEXT_MAX);

	run->result = directory_file_read(context, run->config, directory_file_path(run->method),
					  &run->file, &why);
	if (run->result < 0)
		text_into_clean(run->fault, sizeof(run->fault), buf_text(&why));
	buf_done(&why);
}

/* What is wrong with the file does not make the run go on: its listing ends with that. */
static void on_file_read(struct job *job)
{
	struct directory_run *run = run_of(job);
	const char *fault = fault_of(run);

	if (!fault)
		directory_file_tell(run->file, run->listing);
	run->file = directory_file_free(run->file);
	on_listed(run, fault);
}

static void ask_provider(struct directory_run *run)
{
	const struct logins_list start = {
		.config = run->config,
		.method = run->method,
		.listing = run->listing,
		.ended = on_listed,
		.context = run,
	};

	if (logins_list(env_of(run)->logins, &start, &run->login) < 0)
		end_run(run, "too many logins at once");
}

static void list(struct directory_run *run)
{
	run->step = RUN_LISTING;
	if (directory_file_path(run->method))
		add_job(run, run_read_file, on_file_read);
	else
		ask_provider(run);
}

/* What began to count before jauthd ended is brought to its end; what a sysadmin was asked about,
 * and said yes to, is not asked for again. */
static void on_ready(void *context, int error)
{
	struct directory_run *run = context;

	if (error < 0) {
		run->result = error;
		over(run, fault_of(run));
		return;
	}
	run->row = *listing_row(run->listing);
	if (run->row.stage == DIRECTORY_APPLYING && run->options.is_dry)
		over(run, "an earlier sync is not at its end; run one that is not dry");
	else if (run->row.stage == DIRECTORY_APPLYING)
		begin_pass(run, RUN_APPLYING, run->row.at);
	else if (run->row.stage == DIRECTORY_LISTED)
		plan(run);
	else
		list(run);
}

static int64_t now_ms(void *context)
{
	const struct directory_run *run = context;

	return logins_now_ms(env_of(run)->logins);
}

void directory_run_start(struct directory_run *run)
{
	const struct listing_start start = {
		.store = env_of(run)->store,
		.config = run->config,
		.method = run->method,
		.now_s = run->now_s,
		.takes_listed = run->options.removals_allowed >= 0,
		/* A file may be another one by now, and reading it costs nothing. */
		.begins_anew = directory_file_path(run->method),
		.ready = on_ready,
		.kept = on_kept,
		.now_ms = now_ms,
		.context = run,
	};

	run->step = RUN_LOADING;
	if (listing_new(&start, &run->listing) < 0)
		over(run, "the store has too much to do");
}

/* --- life --- */

struct directory_run *directory_run_new(struct directories *directories, struct config *config,
					struct method *method,
					const struct directory_options *options, int64_t now_s)
{
	struct directory_run *run = calloc(1, sizeof(*run));

	if (!run)
		abort();
	run->directories = directories;
	run->config = config_ref(config);
	run->method = method;
	run->options = *options;
	run->now_s = now_s;
	(void)text_into(run->id, sizeof(run->id), method->id);   /* the same size */
	return run;
}

struct directory_run *directory_run_free(struct directory_run *run)
{
	if (!run)
		return NULL;
	listing_free(run->listing);
	directory_file_free(run->file);
	host_ids_free(run->host);
	directory_report_done(&run->report);
	list_free(run->names);
	config_unref(run->config);
	free(run);
	return NULL;
}
