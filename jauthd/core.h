/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The daemon's parts in one place: made by main, handed to the bus' handlers as their context. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/catalog.h"
#include "jauthd/logins.h"
#include "jauthd/password.h"
#include "jauthd/store.h"
#include "jauthd/worker.h"

struct bus;
struct directories;
struct metrics;
struct notify;
struct key_refresh;
struct publish;
struct sessions;

struct core {
	sd_event *event;
	struct store *store;
	struct workers *names, *hashes;
	struct catalogs *catalogs;
	struct codes *codes;
	struct logins *logins;
	struct bus *bus;
	struct metrics *metrics;
	struct directories *directories;
	struct notify *notify;
	struct key_refresh *key_refresh;
	struct publish *publish;
	struct sessions *sessions;
	const char *config_path;
	char dummy_hash[PASSWORD_HASH_SIZE];
	int64_t began_s;
	bool is_ready;
};

/* Reads the configuration again: 0, or -EINVAL and nothing changes; mistakes are logged. */
int core_reload(struct core *core);
