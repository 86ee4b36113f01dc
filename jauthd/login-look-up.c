/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks up the user of a login, on a thread: name sources block. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "jauthd/login-private.h"

struct look_up {
	struct job job;
	struct logins *logins;
	uint64_t id;
	char name[USER_NAME_MAX + 1];
	struct unix_user user;
	int result;
};

static void run_look_up(struct job *job, void *context UNUSED)
{
	struct look_up *look_up = container_of(job, struct look_up, job);

	look_up->result = unix_user_look_up(look_up->name, &look_up->user);
}

static void on_looked_up(struct job *job)
{
	struct look_up *look_up = container_of(job, struct look_up, job);
	struct login *login = logins_find(look_up->logins, look_up->id);

	if (!login || login->stage == STAGE_OVER) {
		unix_user_done(&look_up->user);
	} else if (look_up->result < 0) {
		log_error("user look-up failed: %s", strerror(-look_up->result));
		login_end(login, LOGIN_UNAVAILABLE, N_("Users cannot be looked up now."));
	} else {
		login->user = look_up->user;
		login->has_user = true;
		login_go_on(login);
	}
	free(look_up);
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
	(void)text_into(look_up->name, sizeof(look_up->name), login->facts.user);
	r = workers_add(logins_env(login->logins)->names, &look_up->job);
	if (r < 0)
		free(look_up);
	return r;
}
