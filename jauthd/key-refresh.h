/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fetches the SSH keys of people from the methods that have them (PROVIDER_SSH_KEYS) and are not
 * disabled: one identity at a time, of each issuer those that wait longest first, in the intervals
 * of limits.h. What a method no longer wants is forgotten.
 */
#pragma once

#include <systemd/sd-event.h>

#include "jauthd/logins.h"
#include "jauthd/store.h"

struct key_refresh;

/* `changed`: somebody has other keys than before. */
struct key_refresh_env {
	sd_event *event;
	struct store *store;
	struct logins *logins;
	void (*changed)(void *context);
	void *context;
};

int key_refresh_new(const struct key_refresh_env *env, struct key_refresh **ret_refresh);
/* When the threads have stopped; NULL is fine. */
struct key_refresh *key_refresh_free(struct key_refresh *refresh);
