/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends notices (notices.h) as messages of the apps that are linked to the user, where the method
 * of an identity delivers. Each goes out once or, when that fails or the daemon dies, never: at
 * the user's next login it is told all the same.
 */
#pragma once

#include "base/catalog.h"
#include "jauthd/logins.h"
#include "jauthd/store.h"

struct notify;

struct notify_env {
	struct store *store;
	struct logins *logins;
	const struct catalogs *catalogs;
};

struct notify *notify_new(const struct notify_env *env);
/* There may be something to send. NULL is fine. */
void notify_look(struct notify *notify);
/* When the threads have stopped; NULL is fine. */
struct notify *notify_free(struct notify *notify);
