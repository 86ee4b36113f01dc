/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The snapshot that jauth-userdb answers from: written anew after people, groups, SSH keys or the
 * host's own users changed, in the background, and once for however many changes there were
 * meanwhile. People are read on the store's thread a few at a time, between the jobs of logins.
 * Only the loop calls here.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/buf.h"
#include "jauthd/config.h"
#include "jauthd/people.h"
#include "jauthd/store.h"
#include "jauthd/worker.h"

struct publish;

struct publish_env {
	sd_event *event;
	struct store *store;
	struct workers *names;
	const char *path;                /* of the snapshot; lent for good, as the next one */
	const char *host_folder;         /* where passwd and group are; changes there publish */
	/* MAY be NULL: nobody has keys. On the store's thread: appends the person's SSH keys, as
	 * lines of authorized_keys. 0 or -errno. */
	int (*add_keys)(struct db *db, const struct person *person, struct buf *keys);
};

/* The first snapshot is written at once. */
int publish_new(const struct publish_env *env, struct config *config,
		struct publish **ret_publish);
/* After both threads were stopped and before the logins are freed. Who waits is told -ECANCELED.
 * NULL is fine. */
struct publish *publish_free(struct publish *publish);

/* Groups follow the configuration, so this publishes, too. */
void publish_set_config(struct publish *publish, struct config *config);
/* Something was committed. NULL is fine: nothing is published. */
void publish_now(struct publish *publish);
/* The same; `done` is called exactly once, from the loop and never from here, when a snapshot that
 * holds all that was committed before this call is on the disk, or with -errno when it could not be
 * written (then it is tried again, but nobody waits for that). */
typedef void (*publish_done_fn)(void *data, int error);
void publish_wait(struct publish *publish, publish_done_fn done, void *data);

struct publish_status {
	int64_t n_written;               /* since the start */
	int error;                       /* of the last try: 0 or -errno */
	size_t n_users;                  /* of the last snapshot */
	size_t n_left_out;               /* the host has their name or uid, or they are too many */
};
void publish_get_status(const struct publish *publish, struct publish_status *ret_status);
