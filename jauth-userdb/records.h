/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the calls of io.systemd.UserDatabase (https://systemd.io/USER_GROUP_API) and of
 * org.varlink.service mean, over a snapshot. No call waits for anything, and none changes anything.
 *
 * The records hold nothing secret, so everybody gets the same ones and none is "incomplete": the
 * interface has SSH keys in a section named "privileged", but these are public keys.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/snapshot.h"
#include "jauth-userdb/varlink.h"

#define USERDB_SERVICE "org.jauth1"

/* A reply of many parts that is under way. */
struct listing {
	const struct listing_kind *kind; /* NULL: none is */
	size_t next;
	char name[SNAPSHOT_NAME_MAX + 1];        /* of whom */
};

/* Appends the whole reply, or begins a listing in `listing`, of the same snapshot. `snapshot` NULL:
 * there is one, but it cannot be read. */
void records_answer(const struct varlink_call *call, const struct snapshot *snapshot,
		    struct buf *out, struct listing *listing);
/* Appends the next part. False: that was the last one. */
bool records_continue(const struct snapshot *snapshot, struct listing *listing, struct buf *out);
