/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What jauthd keeps for users, listed and removed: links, numbers, keys. */
#pragma once

#include "jauthctl/command.h"

struct listing {
	const char *what;                /* "link" */
	const char *list;                /* methods of org.jauth1.Accounts: of a user or all, */
	const char *remove;              /* and of one id */
	const char *const *keys;         /* columns, NULL-terminated */
};

/* The commands "… list [USER]" and "… remove ID...". */
enum exit_code listing_print(const struct listing *listing, struct ctl *ctl, int argc,
			     char **argv);
enum exit_code listing_remove(const struct listing *listing, struct ctl *ctl, int argc,
			      char **argv);
