/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the parts of the relay share. Made and freed by main.c. */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

#include "jauth-relay/config.h"
#include "jauth-relay/hosts.h"
#include "jauth-relay/metrics.h"
#include "jauth-relay/page.h"
#include "jauth-relay/pushes.h"
#include "jauth-relay/store.h"
#include "jauth-relay/strangers.h"
#include "jauth-relay/waits.h"

struct catalogs;
struct server;

struct relay {
	sd_event *event;
	struct config *config;
	struct store *store;
	struct hosts *hosts;
	struct waits *waits;
	struct strangers *strangers;     /* who asks for what is none */
	struct strangers *pushers;       /* whose pushes hosts are told of */
	struct pushes pushes;
	struct catalogs *catalogs;
	struct server *server;
	struct metrics metrics;
	char policy[PAGE_POLICY_MAX];    /* of every page */
	bool is_stopping;
};

static inline int64_t relay_now_s(const struct relay *relay)
{
	uint64_t usec = 0;

	(void)sd_event_now(relay->event, CLOCK_REALTIME, &usec);
	return (int64_t)(usec / 1000000);
}
