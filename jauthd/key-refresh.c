/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RESTING   a timer of SSH_KEYS_LOOK_S       → LOOKING
 * LOOKING   the store: who is due            nobody → RESTING; somebody → FETCHING
 * FETCHING  the provider                     its answer, or none → STORING
 * STORING   the store                        → LOOKING at once, for the next one; after a failure →
 *                                            RESTING
 */
#include "jauthd/key-refresh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/ssh-keys.h"

struct key_refresh {
	struct key_refresh_env env;
	sd_event_source *timer;
	struct job job;
	/* The job's, while it runs. */
	char **issuers;                  /* of the methods, in their order */
	char *method_ids[METHODS_MAX];   /* of the same */
	size_t n_issuers;
	size_t found;                    /* index of the due one's issuer */
	char subject[IDENTITY_TEXT_MAX + 1];
	char *keys;                      /* NULL: they could not be fetched */
	int64_t now_s;
	bool is_changed;
	int result;
};

static void look_in(struct key_refresh *refresh, unsigned seconds)
{
	(void)sd_event_source_set_time_relative(refresh->timer, seconds * 1000000ull);
	(void)sd_event_source_set_enabled(refresh->timer, SD_EVENT_ONESHOT);
}

static void rest(struct key_refresh *refresh)
{
	look_in(refresh, SSH_KEYS_LOOK_S);
}

static void start_job(struct key_refresh *refresh, void (*run)(struct job *, void *),
		      void (*done)(struct job *))
{
	refresh->job = (struct job){ .run = run, .done = done };
	refresh->now_s = logins_now_s(refresh->env.logins);
	refresh->is_changed = false;
	if (store_add(refresh->env.store, &refresh->job) < 0)
		rest(refresh);
}

static void tell_changed(struct key_refresh *refresh)
{
	if (refresh->is_changed && refresh->env.changed)
		refresh->env.changed(refresh->env.context);
}

static int in_transaction(struct key_refresh *refresh, struct db *db,
			  int (*change)(struct key_refresh *refresh, struct db *db))
{
	int r = db_begin(db);

	if (r == 0)
		r = change(refresh, db);
	if (r == 0)
		r = db_commit(db);
	if (r < 0) {
		db_rollback(db);
		refresh->is_changed = false;
	}
	return r;
}

/* --- storing --- */

static int store_keys(struct key_refresh *refresh, struct db *db)
{
	const char *issuer = refresh->issuers[refresh->found];

	if (refresh->keys)
		return ssh_keys_set(db, issuer, refresh->subject, refresh->keys, refresh->now_s,
				    &refresh->is_changed);
	return ssh_keys_failed(db, issuer, refresh->subject, refresh->now_s);
}

static void run_store(struct job *job, void *context)
{
	struct key_refresh *refresh = container_of(job, struct key_refresh, job);

	refresh->result = in_transaction(refresh, context, store_keys);
}

static void on_stored(struct job *job)
{
	struct key_refresh *refresh = container_of(job, struct key_refresh, job);
	bool was_fetched = refresh->keys != NULL;

	if (refresh->result < 0)
		log_error("SSH keys could not be stored: %s", strerror(-refresh->result));
	tell_changed(refresh);
	free(refresh->keys);
	refresh->keys = NULL;
	/* A provider that failed is not asked for the next one at once. */
	if (refresh->result == 0 && was_fetched)
		look_in(refresh, 0);
	else
		rest(refresh);
}

/* --- fetching --- */

static void on_fetched(void *context, const struct quiet_end *end)
{
	struct key_refresh *refresh = context;

	if (end->fault)
		log_warning("method %s: SSH keys of %s: %s",
			    refresh->method_ids[refresh->found], refresh->subject, end->fault);
	else
		refresh->keys = text_copy(end->keys);
	start_job(refresh, run_store, on_stored);
}

static void fetch(struct key_refresh *refresh)
{
	const struct quiet_errand errand = {
		.kind = QUIET_SSH_KEYS,
		.method_id = refresh->method_ids[refresh->found],
		.subject = refresh->subject,
		.ended = on_fetched,
		.context = refresh,
	};

	if (logins_start_quiet(refresh->env.logins, &errand) < 0)
		rest(refresh);
}

/* --- looking --- */

static int drop(struct key_refresh *refresh, struct db *db)
{
	bool are_old = false, are_unwanted = false;
	int r = ssh_keys_drop_old(db, refresh->now_s, &are_old);

	if (r == 0)
		r = ssh_keys_keep_only(db, refresh->issuers, &are_unwanted);
	refresh->is_changed = are_old || are_unwanted;
	return r;
}

/* From the issuer behind the last one: where one does not answer the others have their turn. */
static int find(struct key_refresh *refresh, struct db *db)
{
	int r = drop(refresh, db);

	refresh->subject[0] = '\0';
	for (size_t i = 0; r == 0 && i < refresh->n_issuers; i++) {
		refresh->found = (refresh->found + 1) % refresh->n_issuers;
		r = ssh_keys_find_due(db, refresh->issuers[refresh->found], refresh->now_s,
				      refresh->subject);
	}
	return r < 0 ? r : 0;
}

static void run_find(struct job *job, void *context)
{
	struct key_refresh *refresh = container_of(job, struct key_refresh, job);

	refresh->result = in_transaction(refresh, context, find);
}

static void on_found(struct job *job)
{
	struct key_refresh *refresh = container_of(job, struct key_refresh, job);

	if (refresh->result < 0)
		log_error("SSH keys could not be looked up: %s", strerror(-refresh->result));
	tell_changed(refresh);
	if (refresh->result == 0 && refresh->subject[0])
		fetch(refresh);
	else
		rest(refresh);
}

static void forget_methods(struct key_refresh *refresh)
{
	refresh->issuers = list_free(refresh->issuers);
	for (size_t i = 0; i < METHODS_MAX; i++) {
		free(refresh->method_ids[i]);
		refresh->method_ids[i] = NULL;
	}
}

/* Of two methods of one issuer the first one is asked. By what is disabled nobody logs in. */
static void collect_methods(struct key_refresh *refresh)
{
	const struct config *config = logins_config(refresh->env.logins);

	forget_methods(refresh);
	for (unsigned i = 0; i < config->n_methods; i++) {
		const struct method *method = config->methods[i];
		struct buf issuer = BUF_INIT(URL_MAX);

		if (method->enabled && method->features & PROVIDER_SSH_KEYS)
			method->provider->name_issuer(method->config, &issuer);
		if (issuer.len && !buf_failed(&issuer) &&
		    !list_has(refresh->issuers, buf_text(&issuer))) {
			refresh->method_ids[list_length(refresh->issuers)] = text_copy(method->id);
			if (list_add(&refresh->issuers, buf_text(&issuer)) < 0)
				abort();
		}
		buf_done(&issuer);
	}
	refresh->n_issuers = list_length(refresh->issuers);
}

/* --- life --- */

static int on_timer(sd_event_source *source UNUSED, uint64_t usec UNUSED, void *userdata)
{
	struct key_refresh *refresh = userdata;

	collect_methods(refresh);
	start_job(refresh, run_find, on_found);
	return 0;
}

int key_refresh_new(const struct key_refresh_env *env, struct key_refresh **ret_refresh)
{
	struct key_refresh *refresh = calloc(1, sizeof(*refresh));
	int r;

	if (!refresh)
		abort();
	refresh->env = *env;
	r = sd_event_add_time_relative(env->event, &refresh->timer, CLOCK_MONOTONIC, 0, 1000,
				       on_timer, refresh);
	if (r < 0) {
		key_refresh_free(refresh);
		return r;
	}
	*ret_refresh = refresh;
	return 0;
}

struct key_refresh *key_refresh_free(struct key_refresh *refresh)
{
	if (!refresh)
		return NULL;
	sd_event_source_disable_unref(refresh->timer);
	forget_methods(refresh);
	free(refresh->keys);
	free(refresh);
	return NULL;
}
