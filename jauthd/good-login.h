/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When a user was last let in by a method that knows foreign identities, and as whom: what the
 * offline policy goes by. Kept only for methods that have one, in the transaction that grants, so
 * it is there when the login is. Store thread only.
 */
#pragma once

#include <stdint.h>

#include "base/url.h"
#include "jauthd/limits.h"
#include "jauthd/names.h"
#include "jauthd/store.h"
#include "providers/provider.h"

struct good_login {
	char method[METHOD_ID_MAX + 1];  /* "": none */
	char issuer[URL_MAX + 1], subject[IDENTITY_TEXT_MAX + 1];
	char mapping[16];                /* as in the audit */
	int64_t time_s;
};

/* In place of an earlier one by this method. */
int good_login_keep(struct db *db, const struct unix_user *user, const struct good_login *login);
/* -ENOENT; also for another user who had the name before. */
int good_login_get(struct db *db, const struct unix_user *user, const char *method,
		   struct good_login *ret_login);
