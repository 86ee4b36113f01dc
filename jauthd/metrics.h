/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Numbers for monitoring, in a file that Prometheus' node exporter picks up (its textfile
 * collector): `metrics_file` of [general], replaced every METRICS_S seconds.
 */
#pragma once

#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/buf.h"
#include "jauthd/directory.h"
#include "jauthd/logins.h"
#include "jauthd/worker.h"

struct metrics_facts {
	uint64_t waiting, begun, granted, denied, failed, offline;       /* logins */
	uint64_t break_glass;                                    /* codes that were right */
	uint64_t http_connected, http_requests, http_failures;
	uint64_t relay_connected, relay_links, relay_opened, relay_failures;
	uint64_t directories, directories_syncing, directory_locked;
	uint64_t directory_syncs_done, directory_syncs_failed, directory_syncs_asking;
};

/* Appends the file's text, in Prometheus' text format 0.0.4. */
void metrics_render(const struct metrics_facts *facts, struct buf *buf);

struct metrics;

/* The first file is written at once. Where there is no `metrics_file`, nothing happens until a
 * configuration has one. `workers` write: they are stopped before metrics_free(). */
int metrics_new(sd_event *event, const struct logins *logins,
		const struct directories *directories, struct workers *workers,
		struct metrics **ret_metrics);
struct metrics *metrics_free(struct metrics *metrics);   /* NULL is fine; returns NULL */
