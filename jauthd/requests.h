/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests of strangers: somebody proved an identity that leads to no such user, was denied as
 * ever, and may yet be linked to the user he asked for. Store thread only.
 *
 *   open      a sysadmin accepts it by the login's request id, within REQUEST_OPEN_S → accepted
 *   accepted  it has a link, which is pending; the user confirms it → in force, the request is
 *             gone; or LINK_PENDING_S pass → both are gone
 *
 * A row is no decision: what may be accepted and confirmed is looked at in bus-requests.c. Rows are
 * few, and whoever makes many pushes out his own. What was committed survives kill -9; a request
 * may be lost in a power cut, since strangers are not to make the disk work.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "jauthd/limits.h"
#include "jauthd/store.h"
#include "providers/provider.h"

struct link_request {
	char request[17];                /* of the login */
	char method[METHOD_ID_MAX + 1];
	char issuer[IDENTITY_TEXT_MAX + 1], subject[IDENTITY_TEXT_MAX + 1];
	char display[IDENTITY_TEXT_MAX + 1];     /* a name the person chose; or "" */
	char user[USER_NAME_MAX + 1];
	int64_t uid;
	char source[64];                 /* as in the audit */
	int64_t time_s;
	int64_t link_id;                 /* of an accepted one; 0: open */
	char linked[USER_NAME_MAX + 1];  /* users the identity is linked to; cut. Read only */
};

/* Open. Those that are over go first; then what is too much of this identity, network or user, or
 * in all, from the oldest of this one's own kind: if need be itself. */
int requests_add(struct db *db, const struct link_request *request);
/* Open or accepted, also one that is over. -ENOENT. */
int requests_get(struct db *db, const char *id, struct link_request *ret_request);
bool requests_is_over(const struct link_request *request, int64_t now_s);
/* Makes the pending link. -EEXIST: the identity has one to this user already. */
int requests_accept(struct db *db, const struct link_request *request, const char *note,
		   int64_t now_s, int64_t *ret_link_id);
/* The open ones, the oldest first. */
int requests_each(struct db *db, int64_t now_s,
		 int (*each)(const struct link_request *request, void *context), void *context);
/* A pending link that was accepted at this time. */
bool requests_link_is_over(int64_t accepted_s, int64_t now_s);
/* Drops what is over, with an audit row for each link that nobody confirmed. */
int requests_trim(struct db *db, int64_t now_s);
