/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauthd/preparations.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"

static void look(struct preparations *preparations, int64_t now_ms)
{
	for (unsigned i = 0; i < preparations->n_rows; i++) {
		struct preparation *row = &preparations->rows[i];

		if (row->is_running || row->due_ms > now_ms)
			continue;
		row->is_running = true;
		if (!preparations->start(preparations->context, row->method))
			row->is_running = false;
	}
}

static int on_timer(sd_event_source *source, uint64_t usec UNUSED, void *userdata)
{
	struct preparations *preparations = userdata;
	uint64_t now_us = 0;

	(void)sd_event_now(preparations->event, CLOCK_MONOTONIC, &now_us);
	look(preparations, (int64_t)(now_us / 1000));
	(void)sd_event_source_set_time_relative(source, PREPARE_LOOK_S * 1000000ull);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int preparations_init(struct preparations *preparations, sd_event *event,
		      preparation_start_fn start, void *context)
{
	*preparations = (struct preparations){ .start = start, .context = context, .event = event };
	return sd_event_add_time_relative(event, &preparations->timer, CLOCK_MONOTONIC, 0, 1000,
					  on_timer, preparations);
}

void preparations_stop(struct preparations *preparations)
{
	preparations->timer = sd_event_source_disable_unref(preparations->timer);
	preparations->n_rows = 0;
}

/* With nothing to prepare the timer sleeps for good. */
void preparations_reset(struct preparations *preparations, struct config *config)
{
	memset(preparations->rows, 0, sizeof(preparations->rows));
	preparations->n_rows = 0;
	for (unsigned i = 0; i < config->n_methods; i++)
		if (config->methods[i]->provider->prepare)
			preparations->rows[preparations->n_rows++].method = config->methods[i];
	(void)sd_event_source_set_time_relative(preparations->timer, 0);
	(void)sd_event_source_set_enabled(preparations->timer, preparations->n_rows
								       ? SD_EVENT_ONESHOT
								       : SD_EVENT_OFF);
}

void preparations_ended(struct preparations *preparations, const struct method *method,
			const char *fault, int64_t now_ms)
{
	for (unsigned i = 0; i < preparations->n_rows; i++) {
		struct preparation *row = &preparations->rows[i];
		int64_t next_s = fault[0] ? PREPARE_AGAIN_S : method->provider->prepare_interval_s;

		if (row->method != method)
			continue;
		if (fault[0] && !text_equals(fault, row->fault))
			log_warning("method %s: not ready: %s", method->id, fault);
		else if (!fault[0] && row->fault[0])
			log_info("method %s: ready", method->id);
		(void)text_into(row->fault, sizeof(row->fault), fault);
		row->is_running = false;
		row->due_ms = next_s ? now_ms + next_s * 1000 : INT64_MAX;
	}
}

const char *preparations_fault(const struct preparations *preparations, const char *method_id)
{
	for (unsigned i = 0; i < preparations->n_rows; i++)
		if (text_equals(preparations->rows[i].method->id, method_id))
			return preparations->rows[i].fault;
	return "";
}
