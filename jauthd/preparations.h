/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When which method's caches are filled before anybody logs in, and what came of it: at once for a
 * new configuration, then in the provider's interval, sooner after a fault.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "jauthd/config.h"

/* Starts one; false when it could not, then it is tried again. Its end comes as
 * preparations_ended(). */
typedef bool (*preparation_start_fn)(void *context, struct method *method);

struct preparation {
	struct method *method;           /* of the configuration */
	char fault[256];                 /* "": ready, or nothing to prepare */
	int64_t due_ms;
	bool is_running;
};

struct preparations {
	preparation_start_fn start;
	void *context;
	sd_event *event;
	sd_event_source *timer;
	struct preparation rows[METHODS_MAX];
	unsigned n_rows;
};

int preparations_init(struct preparations *preparations, sd_event *event,
		      preparation_start_fn start, void *context);
void preparations_stop(struct preparations *preparations);
/* The methods must live until the next reset or stop. */
void preparations_reset(struct preparations *preparations, struct config *config);
/* A method of an earlier configuration is passed over. */
void preparations_ended(struct preparations *preparations, const struct method *method,
			const char *fault, int64_t now_ms);
const char *preparations_fault(const struct preparations *preparations, const char *method_id);
