/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "jauth-relay/records.h"

#include <string.h>

#include "base/log.h"
#include "jauth-relay/relay.h"

#define RECORD_MAX 512

static int share(const struct host_record *record, void *context)
{
	struct relay *relay = context;
	struct buf line = BUF_INIT(RECORD_MAX);

	host_record_encode(record, &line);
	if (!buf_failed(&line))
		store_add_record(relay->store, buf_text(&line));
	buf_done(&line);
	return 0;
}

int records_add(struct relay *relay, const struct host_record *record)
{
	int r = hosts_merge(relay->hosts, record);

	if (r == 0)
		(void)share(record, relay);
	return r;
}

static void take(void *context, const char *text)
{
	struct relay *relay = context;
	struct host_record record;
	int r = host_record_decode(text, &record);

	if (r == 0)
		r = hosts_merge(relay->hosts, &record);
	if (r < 0)
		log_error("a record of the shared store is not taken: %s", strerror(-r));
}

static void on_read(void *context UNUSED, int error)
{
	if (error < 0)
		log_warning("the hosts of the shared store cannot be read: %s", strerror(-error));
}

void records_read(struct relay *relay)
{
	store_each_record(relay->store, take, on_read, relay);
}

void records_share(struct relay *relay)
{
	(void)hosts_each(relay->hosts, share, relay);
	records_read(relay);
}
