/* SPDX-License-Identifier: GPL-3.0-or-later */
/* See list-wait.h. */
#include "providers/list-wait.h"

#include "base/macro.h"

void list_go_on(struct login *login, struct list_wait *wait)
{
	struct api_login *own = login_own(login);

	/* A listing outlives tokens. */
	own->has_renewed = false;
	wait->last_ms = login_now_ms(login);
	api_start(login, wait->call);
}

void list_call(struct login *login, struct list_wait *wait, const struct api_call *call)
{
	int64_t due_ms = wait->last_ms + wait->gap_ms;
	int64_t now_ms = login_now_ms(login);

	wait->call = call;
	wait->n_waits = 0;
	if (wait->gap_ms && due_ms > now_ms)
		login_timer(login, due_ms - now_ms);
	else
		list_go_on(login, wait);
}

bool list_waits(struct login *login, struct list_wait *wait, const struct api_result *result)
{
	bool is_busy = result->class == API_AGAIN ||
		       (result->class == API_DENIED && result->reason == DENY_BUSY);

	if (!is_busy || wait->n_waits >= LIST_WAITS_MAX)
		return false;
	wait->n_waits++;
	login_timer(login, MAX(result->pause_ms, (int64_t)LIST_ROOM_MS));
	return true;
}
