/* SPDX-License-Identifier: GPL-3.0-or-later */
/* org.jauth1.Accounts on the bus: links, accounts, numbers and TOTP keys of users; root only, but
 * for what a user sees, confirms and removes of his own links. */
#pragma once

#include "jauthd/accounts.h"
#include "jauthd/bus-work.h"
#include "jauthd/bus.h"
#include "jauthd/people.h"

extern const struct bus_method bus_glass_methods[];
extern const struct bus_method bus_links_methods[];
extern const struct bus_method bus_own_methods[];
extern const struct bus_method bus_people_methods[];
extern const struct bus_method bus_phones_methods[];
extern const struct bus_method bus_requests_methods[];
extern const struct bus_method bus_sessions_methods[];
extern const struct bus_method bus_users_methods[];

/* What LockUser, UnlockUser and RemoveUser do to a person of this name. -ENOENT. */
int bus_people_set_locked(struct bus_work *work, struct db *db, const char *user, bool locked);
int bus_people_remove(struct bus_work *work, struct db *db, const char *user);
/* Members of a dictionary that tell of him: state, reason, source, issuer, subject, … */
void bus_people_add(const struct person *person, DBusMessageIter *dict);

/* For link_each(): a row of ListLinks, into a DBusMessageIter of rows. */
int bus_links_add_row(const struct link *link, void *rows);
