/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The snapshot that counts: the newest one that could be read. A new file is read by a thread of
 * its own while the old one is answered from; then they change places between two events of the
 * loop, so that there is no moment without one. What is damaged is refused and the old one stays.
 *
 *   NOBODY    there is no file: jauthd has made nobody yet
 *   READY
 *   BROKEN    the file cannot be read, and no earlier one was: whether somebody exists is not known
 */
#pragma once

#include <systemd/sd-event.h>

#include "base/snapshot.h"

enum source_state {
	SOURCE_NOBODY,
	SOURCE_READY,
	SOURCE_BROKEN,
};

/* A snapshot in use, counted: listings go on with the one that they began with. */
struct held;

struct source;

/* Called after another one took its place. */
typedef void source_changed(void *context);

/* Reads the file once before it returns, so that the first one who asks has an answer. */
int source_new(sd_event *event, const char *path, source_changed *changed, void *context,
	       struct source **ret_source);
struct source *source_free(struct source *source);       /* NULL is fine */

/* Behind this the one that counts is what the file holds now, unless that takes longer to read than
 * READING_WAIT_MS: then the old one counts until it is read, and nobody waits for it again. */
void source_refresh(struct source *source);
enum source_state source_state(const struct source *source);
/* The one that counts now; NULL unless READY, but an empty one for NOBODY. Drop it with
 * held_drop(). */
struct held *source_hold(struct source *source);
const struct snapshot *held_snapshot(const struct held *held);
/* How many have taken its place since. */
unsigned source_age(const struct source *source, const struct held *held);
struct held *held_drop(struct held *held);       /* returns NULL; NULL is fine */
