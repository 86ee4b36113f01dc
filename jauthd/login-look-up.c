/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks up the user of a login: in the host's name sources, on a thread because they block, and
 * then among those whom jauth made, in the store. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/login-private.h"
#include "jauthd/people.h"

struct look_up {
	struct job job;
	struct logins *logins;
	uint64_t id;
	struct config *config;
	char name[USER_NAME_MAX + 1];
	struct unix_user user;
	bool is_person, is_locked;
	int result;
};

static void look_up_free(struct look_up *look_up)
{
	unix_user_done(&look_up->user);
	config_unref(look_up->config);
	free(look_up);
}

static void run_look_up(struct job *job, void *context UNUSED)
{
	struct look_up *look_up = container_of(job, struct look_up, job);

	look_up->result = unix_user_look_up(look_up->name, &look_up->user);
}

static struct login *find_login(const struct look_up *look_up)
{
	struct login *login = logins_find(look_up->logins, look_up->id);

	return login && login->stage != STAGE_OVER ? login : NULL;
}

static void finish(struct look_up *look_up)
{
	struct login *login = find_login(look_up);

	if (login && look_up->result < 0) {
		log_error("user look-up failed: %s", strerror(-look_up->result));
		login_end(login, LOGIN_UNAVAILABLE, N_("Users cannot be looked up now."));
	} else if (login) {
		login->user = look_up->user;
		memset(&look_up->user, 0, sizeof(look_up->user));
		login->has_user = true;
		login->is_person = look_up->is_person;
		login->is_locked = look_up->is_locked;
		login_go_on(login);
	}
	look_up_free(look_up);
}

static void run_person(struct job *job, void *context)
{
	struct look_up *look_up = container_of(job, struct look_up, job);
	struct unix_user user;
	struct person person;
	int r = person_by_name(context, look_up->name, &person);

	if (r == 0)
		r = person_unix_user(context, look_up->config, look_up->name,
				     look_up->user.host_groups, &user);
	if (r == 0) {
		unix_user_done(&look_up->user);
		look_up->user = user;
		look_up->is_person = true;
		r = person_is_locked(context, &person, &look_up->is_locked);
	}
	if (r < 0 && r != -ENOENT)
		look_up->result = r;
}

static void on_person(struct job *job)
{
	finish(container_of(job, struct look_up, job));
}

/* The host's own users go first. */
static void on_looked_up(struct job *job)
{
	struct look_up *look_up = container_of(job, struct look_up, job);
	struct login *login = find_login(look_up);

	if (login && look_up->result == 0 && !look_up->user.exists) {
		int r;

		look_up->job = (struct job){ .run = run_person, .done = on_person };
		r = store_add(logins_env(login->logins)->store, &look_up->job);
		if (r == 0)
			return;          /* it is the thread's, which may be done with it */
		look_up->result = r;
	}
	finish(look_up);
}

int login_look_up(struct login *login)
{
	struct look_up *look_up = calloc(1, sizeof(*look_up));
	int r;

	if (!look_up)
		abort();
	look_up->job.run = run_look_up;
	look_up->job.done = on_looked_up;
	look_up->logins = login->logins;
	look_up->id = login->id;
	look_up->config = config_ref(login->config);
	(void)text_into(look_up->name, sizeof(look_up->name), login->facts.user);
	r = workers_add(logins_env(login->logins)->names, &look_up->job);
	if (r < 0)
		look_up_free(look_up);
	return r;
}
