/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SSH keys that providers have of people: what was fetched, and when it is to be fetched again.
 * Store thread only; key-refresh.c asks the providers.
 *
 * Only people get them, by their user record: that of a user of the host is the host's. They are
 * those of a person's own identity and of the identities linked to him.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "jauthd/limits.h"
#include "jauthd/people.h"
#include "jauthd/store.h"

/* One identity of this issuer whose keys are wanted and due; the one that waits longest. 1: found;
 * 0: none. `ret_subject` holds IDENTITY_TEXT_MAX + 1 bytes. */
int ssh_keys_find_due(struct db *db, const char *issuer, int64_t now_s, char *ret_subject);
/* `keys`: lines "TYPE BASE64", or "". *ret_changed: they differ from before. */
int ssh_keys_set(struct db *db, const char *issuer, const char *subject, const char *keys,
		 int64_t now_s, bool *ret_changed);
/* They could not be fetched: what is there stays. */
int ssh_keys_failed(struct db *db, const char *issuer, const char *subject, int64_t now_s);
/* Forgets what was fetched SSH_KEYS_KEPT_S ago or before, whether it was asked for since or not. */
int ssh_keys_drop_old(struct db *db, int64_t now_s, bool *ret_changed);
/* Forgets those of every issuer that is not in the list (NULL: of all), and of identities that are
 * nobody's any more. */
int ssh_keys_keep_only(struct db *db, char *const *issuers, bool *ret_changed);
/* Appends the lines that this person may log in by, each once; nothing of locked identities. */
int ssh_keys_add_of(struct db *db, const struct person *person, struct buf *buf);
