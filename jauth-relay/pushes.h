/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Vendors at /push/APP: each host that listens to the app is told, by a record of its own in the
 * store, and what the hosts answer becomes one answer within RELAY_PUSH_WAIT_MS. A record is an
 * event of its host's stream, changes once, by the host's answer, and is dropped when the vendor
 * has been answered.
 *
 * Whoever knows APP can send something here; only hosts can tell whether it is the vendor's. So
 * everything is bounded, by limits that links have no part in.
 */
#pragma once

#include "jauth-relay/request.h"

/* Vendors that wait at this relay. Embedded in struct relay, zeroed. */
struct pushes {
	struct hearing *first;
};

void pushes_take(struct request *request);       /* handler, see routes.c */
