/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows that commands list or remove: users, methods, requests; links, numbers, keys of a user. */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "jauthctl/command.h"

struct listing {
	/* Of bus.h: whose method `list` is. */
	enum exit_code (*call)(struct ctl *ctl, const char *method, json_t *args,
			       json_t **ret_reply);
	const char *list;
	const char *const *keys;         /* columns, NULL-terminated */
	bool is_of_user;                 /* `list` takes a user, or "" for all */

	const char *what;                /* "link"; this and `remove` for listing_remove() only */
	const char *remove;              /* method of org.jauth1.Accounts that takes one id */
};

/* The commands "… list", "… list [USER]" and "… remove ID...". */
enum exit_code listing_print(const struct listing *listing, struct ctl *ctl, int argc,
			     char **argv);
enum exit_code listing_remove(const struct listing *listing, struct ctl *ctl, int argc,
			      char **argv);
