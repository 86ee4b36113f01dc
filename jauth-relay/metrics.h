/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the relay has done, for Prometheus (text format 0.0.4). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "jauth-relay/request.h"
#include "jauth-relay/store.h"

enum metric {
	METRIC_LINKS_OPENED,
	METRIC_PAGES_SHOWN,              /* with a button */
	METRIC_PRESSES,
	METRIC_REFUSALS,
	METRIC_CALLBACK_TAKEN,           /* in the order of enum link_callback */
	METRIC_CALLBACK_AGAIN,
	METRIC_CALLBACK_FOREIGN,
	METRIC_CALLBACK_SUPERSEDED,
	METRIC_CALLBACK_USED,
	METRIC_CALLBACK_BAD,
	METRIC_CALLBACK_OVER,
	METRIC_RESULT_DIGITS,            /* in the order of enum relay_result */
	METRIC_RESULT_MESSAGE,
	METRIC_RESULT_GRANTED,
	METRIC_RESULT_DENIED,
	METRIC_RESULT_REFUSED,
	METRIC_RESULT_FAILED,
	METRIC_RESULT_BUSY,
	METRIC_RESULT_OVER,
	METRIC_RESULT_REGISTERED,
	METRIC_EVENTS_SENT,
	METRIC_PUSHES_TAKEN,             /* a host said yes */
	METRIC_PUSHES_REFUSED,           /* not the vendor's, say those who said anything */
	METRIC_PUSHES_SILENT,            /* no host said anything in time */
	METRIC_PUSHES_UNHEARD,           /* nobody listens, or it cannot be told */
	METRIC_PUSHES_LIMITED,           /* too many, or the store was away: 503 */
	METRIC_UNKNOWN_IDS,
	METRIC_LIMITED,                  /* unknown ids beyond the limit: 429 */
	METRIC_KEYS_REFUSED,             /* 401 */
	METRIC_CONNECTIONS_DROPPED,      /* too slow, or too many */
	N_METRICS
};

struct metrics {
	uint64_t n[N_METRICS];
	uint64_t answers[REQUEST_N_CLASSES][5];  /* by the status's first digit, 1..5 */
};

/* What is now. */
struct metrics_now {
	size_t n_waits, n_connections, n_keys;
	struct store_status store;
};

void metrics_add(const struct metrics *metrics, const struct metrics_now *now, struct buf *buf);
